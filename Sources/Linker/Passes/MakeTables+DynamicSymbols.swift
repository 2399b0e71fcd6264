import ELFFormat
import Platform

/// Which symbols are in the dynamic symbol table, in which order, and their names.
extension MakeTables {
  private static var chunk: Int { 1 << 13 }

  /// Decides which symbols are in `.dynsym` and in which order, and adds their names to `.dynstr`.
  ///
  /// Runs after the relocation scan: `isImported`, `isExported` and the demands are final. Reports an
  /// error if the names take more than 4 GiB.
  func buildDynamicSymbols() {
    let symbols = self.symbols
    let total = symbols.count
    let chunkSize = Self.chunk
    let chunks = (total + chunkSize - 1) / chunkSize
    var table = dynamicSymbols
    _ = table.indices.reserve(count: total - table.indices.count)

    // What every chunk has of each group, group by group, and hashes, which for now are where the
    // symbols' places will be.
    let shares: UnsafeMutablePointer<DynamicSymbolTable.Share> = allocateZeroed(
      count: 3 * chunks + 1)
    let hasVersions: UnsafeMutablePointer<Bool> = allocateZeroed(count: chunks)
    nonisolated(unsafe) let places = shares
    nonisolated(unsafe) let versioned = hasVersions
    nonisolated(unsafe) let hashes = table.indices.base
    pool.forEach(chunks: chunks) { chunk, _ in
      var counts = InlineArray<3, DynamicSymbolTable.Share>(repeating: .init())
      for i in chunk * chunkSize..<min(total, (chunk + 1) * chunkSize) {
        let symbol = symbols.base + i
        let group = DynamicSymbolTable.group(of: symbol.pointee.has)
        if group < 0 { continue }
        let name = symbol.pointee.name
        let (hash, nameCount) = NameHash.gnu(name)
        hashes[i] = hash
        counts[group].entries &+= 1
        if nameCount == name.count, nameCount > 0 {
          counts[group].nameBytes &+= nameCount &+ 1
        } else {
          versioned[chunk] = true
        }
      }
      for group in 0..<3 { places[group * chunks + chunk] = counts[group] }
    }
    let all = Self.sumUp(shares, count: 3 * chunks)
    let count = all.entries
    table.referenceCount = shares[chunks].entries
    table.firstOwn = shares[2 * chunks].entries
    table.entryCount = count
    table.entries = scratch.take(bytes: count * MemoryLayout<DynamicSymbolTable.Entry>.stride)
      .bindMemory(to: DynamicSymbolTable.Entry.self, capacity: count)
    table.shape = GNUHashShape(count: count - table.referenceCount, wordSize: E.wordSize)

    // Entries and names.
    let firstName = table.names.count
    table.namePieces = table.names.reserveUnique(names: count)
    nonisolated(unsafe) let entries = table.entries
    nonisolated(unsafe) let pieces = table.namePieces
    let divisor = UInt32(table.shape.bucketCount)
    pool.forEach(chunks: chunks) { chunk, _ in
      var next: InlineArray<3, DynamicSymbolTable.Share> = [
        places[chunk], places[chunks + chunk], places[2 * chunks + chunk],
      ]
      for i in chunk * chunkSize..<min(total, (chunk + 1) * chunkSize) {
        let symbol = symbols.base + i
        let group = DynamicSymbolTable.group(of: symbol.pointee.has)
        if group < 0 { continue }
        let hash = hashes[i]
        let k = next[group].entries
        next[group].entries = k &+ 1
        entries[k] = .init(symbol: SymbolIndex(i), hash: hash, index: hash % divisor)
        let name = symbol.pointee.name
        let isWhole =
          !versioned[chunk] || !name.isEmpty && NameHash.gnu(name).count == name.count
        if isWhole {
          let offset = next[group].nameBytes
          next[group].nameBytes = offset &+ name.count &+ 1
          pieces[k] = .init(
            start: name.start, count: symbol.pointee.nameCount,
            offset: UInt32(truncatingIfNeeded: firstName &+ offset))
        } else {
          pieces[k] = .init(
            start: name.start, count: 0, offset: DynamicSymbolTable.versioned)
        }
      }
    }
    table.names.extend(
      names: count, bytes: all.nameBytes,
      parts: (0..<3 * chunks).compactMap { i in
        let start = shares[i]
        let end = shares[i + 1]
        if start.nameBytes == end.nameBytes { return nil }
        return .init(
          firstPiece: start.entries, endPiece: end.entries, offset: start.nameBytes,
          count: end.nameBytes - start.nameBytes)
      })
    shares.deallocateTable(count: 3 * chunks + 1)
    hasVersions.deallocateTable(count: chunks)

    Self.sortByBucket(&table)
    nameVersionedSymbols(&table)
    if table.names.count > StringTableBuilder.maximumCount {
      diagnostics.error(
        "the names of the dynamic symbols take \(table.names.count) bytes, more than the format's"
          + " 4 GiB; export fewer symbols (--version-script, -fvisibility=hidden)")
    }
    tables.dynamicSymbols = table
  }

  /// Replaces each share by the sum of those before it; one more holds the sum of all.
  private static func sumUp(
    _ shares: UnsafeMutablePointer<DynamicSymbolTable.Share>, count: Int
  ) -> DynamicSymbolTable.Share {
    var sum = DynamicSymbolTable.Share()
    for i in 0..<count {
      let share = shares[i]
      shares[i] = sum
      sum.entries += share.entries
      sum.nameBytes += share.nameBytes
    }
    shares[count] = sum
    return sum
  }

  /// Gives entries their places: a counting sort, which keeps the order within a bucket.
  private static func sortByBucket(_ table: inout DynamicSymbolTable) {
    let entries = table.entries
    let indices = table.indices.base
    for k in 0..<table.referenceCount {
      entries[k].index = UInt32(k + 1)
      indices[entries[k].symbol.int] = UInt32(k + 1)
    }
    let ends: UnsafeMutablePointer<UInt32> = allocateZeroed(count: table.shape.bucketCount + 1)
    for k in table.referenceCount..<table.entryCount { ends[Int(entries[k].index) &+ 1] &+= 1 }
    var sum: UInt32 = 0
    for b in 0...table.shape.bucketCount {
      sum &+= ends[b]
      ends[b] = sum
    }
    let hashes: UnsafeMutablePointer<UInt32> = allocateZeroed(count: table.shape.count)
    let first = UInt32(table.firstHashed)
    for k in table.referenceCount..<table.entryCount {
      let bucket = Int(entries[k].index)
      let place = ends[bucket]
      ends[bucket] = place &+ 1
      hashes[Int(place)] = entries[k].hash
      entries[k].index = first &+ place
      indices[entries[k].symbol.int] = first &+ place
    }
    // Each bucket's start has moved to its end.
    table.bucketEnds = ends
    table.hashes = hashes
  }

  /// `foo@V` is named `foo`: the plain symbol's name serves if it is in the table.
  private func nameVersionedSymbols(_ table: inout DynamicSymbolTable) {
    var isSorted = false
    var byIndex: [UInt32] = []
    for k in 0..<table.entryCount
    where table.namePieces[k].offset == DynamicSymbolTable.versioned
      && table.namePieces[k].count == 0
    {
      let full = symbols[table.entries[k].symbol].name
      let name = full[0..<NameHash.gnu(full).count]
      if !name.isEmpty, let plain = names.find(name, in: symbols), table.index(of: plain) != 0 {
        if !isSorted {
          isSorted = true
          byIndex = [UInt32](repeating: 0, count: table.count)
          for j in 0..<table.entryCount { byIndex[Int(table.entries[j].index)] = UInt32(j) }
        }
        let other = table.namePieces[Int(byIndex[Int(table.index(of: plain))])]
        if other.count > 0 {
          table.namePieces[k].offset = other.offset
          continue
        }
      }
      table.namePieces[k].offset = table.names.add(name)
    }
  }
}

extension UnsafeMutablePointer where Pointee: BitwiseCopyable {
  /// Frees what `allocateZeroed` returned for as many elements.
  fileprivate func deallocateTable(count: Int) {
    let bytes = count * MemoryLayout<Pointee>.stride
    if bytes >= 1 << 17 {
      releaseAddressSpace(UnsafeMutableRawPointer(self), bytes: bytes)
    } else {
      MemoryLedger.forget(UnsafeMutableRawPointer(self))
      deallocate()
    }
  }
}
