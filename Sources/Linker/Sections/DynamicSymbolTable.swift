import CSystem
import ELFFormat
import Platform

/// The dynamic symbol table, `.dynsym`, and its names, `.dynstr`.
///
/// Order: the null symbol, then references (they cannot be found, and `.gnu.hash` leaves them out),
/// then what can be found, sorted by the hash table's bucket; among equals by symbol index, so that
/// the order doesn't depend on timing.
///
/// Libraries export hundreds of thousands of symbols. So each step is linear, walks the symbol table
/// in its own order (only the final place of an entry is random), and reads every name once, for the
/// hash; symbols need no `SymbolExtra` for this, as their places are in a flat side table.
struct DynamicSymbolTable: @unchecked Sendable {
  /// A symbol of the table, in the order of the link's symbols within its group. Its name is the
  /// record of `namePieces` with the same number.
  struct Entry: BitwiseCopyable {
    var symbol: SymbolIndex
    /// The hash of `.gnu.hash`.
    var hash: UInt32
    /// Place in `.dynsym`; while entries are sorted, the bucket.
    var index: UInt32
  }

  /// `.dynstr`; also has the names of libraries and versions.
  var names = StringTableBuilder()
  /// For each symbol of the link its place in `.dynsym`; 0 for those that aren't there.
  let indices = ReservedTable<UInt32>(capacity: 1 << 27, of: "dynamic symbols")
  /// References, then library symbols that this output stands in for, then own definitions.
  fileprivate(set) var entries = allocateForever(Entry.self, count: 1)
  /// Offset in `.dynstr`, and the bytes of the name; none for a name that another record has, which
  /// is how `foo@V` is named.
  fileprivate(set) var namePieces = allocateForever(StringTableBuilder.Piece.self, count: 1)
  fileprivate(set) var entryCount = 0
  fileprivate(set) var referenceCount = 0
  /// Entries from here on are defined by objects or the linker.
  fileprivate(set) var firstOwn = 0
  /// Hashes of the symbols that can be found, in the order of `.dynsym`.
  fileprivate(set) var hashes = allocateForever(UInt32.self, count: 1)
  /// Where each bucket of `.gnu.hash` ends, counted from the first symbol that can be found.
  fileprivate(set) var bucketEnds: UnsafeMutablePointer<UInt32> = allocateZeroed(count: 1)
  fileprivate(set) var shape = GNUHashShape(count: 0, wordSize: 8)

  /// Contents of `.dynsym_shndx`, if the output has it: for each symbol 0, or its section's number if
  /// `.dynsym` has no room for it. In the output's byte order.
  var sectionNumbers: UnsafeMutableRawPointer?

  /// Symbols, the null symbol included.
  var count: Int { entryCount + 1 }
  /// Index of the first symbol that can be found.
  var firstHashed: Int { referenceCount + 1 }

  /// Bytes of `.dynsym`.
  func size<E: ELFEncoding>(_: E.Type) -> Int { count * SymbolEntry<E>.size }

  /// Place of a symbol in `.dynsym`, 0 if it isn't there.
  @inline(__always)
  func index(of symbol: SymbolIndex) -> UInt32 { indices.base[symbol.int] }

  fileprivate enum Group {
    static let none = -1
    static let reference = 0
    /// A copied variable, or a function whose address is its PLT entry here.
    static let standIn = 1
    static let own = 2
  }

  @inline(__always)
  fileprivate static func group(of has: SymbolFlags) -> Int {
    let interesting: SymbolFlags = [.isImported, .isExported, .isShared]
    if has.isDisjoint(with: interesting) { return Group.none }
    if has.contains(.isShared) {
      let standsIn: SymbolFlags = [.needsCopy, .needsCanonicalPLT, .isExported]
      if !has.isDisjoint(with: standsIn) { return Group.standIn }
    } else if has.contains(.isExported) {
      return Group.own
    }
    return has.contains(.isImported) ? Group.reference : Group.none
  }

  /// Marks a name that has a version and whose place is found when all others are.
  fileprivate static let versioned = UInt32.max

  /// What a chunk of the link's symbols has of a group: first counts, then the numbers before it.
  fileprivate struct Share: BitwiseCopyable {
    var entries = 0
    var nameBytes = 0
  }
}

extension Link {
  private static var chunk: Int { 1 << 13 }

  /// Decides which symbols are in `.dynsym` and in which order, and adds their names to `.dynstr`.
  ///
  /// Runs after the relocation scan: `isImported`, `isExported` and the demands are final. Reports an
  /// error if the names take more than 4 GiB.
  func buildDynamicSymbols<E: ELFEncoding>(_: E.Type) {
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
    dynamicSymbols = table
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

// MARK: - Writing

extension Link {
  /// Bytes of `.dynstr`, once the dynamic section is listed.
  var dynamicNamesSize: Int { dynamicSymbols.names.count }

  /// Place of a symbol in `.dynsym`, 0 if it isn't there.
  @inline(__always)
  func dynamicIndex(of symbol: SymbolIndex) -> UInt32 { dynamicSymbols.index(of: symbol) }

  /// Writes `.dynsym`, once addresses are known. Uses the pool, so it is not for a worker to call;
  /// the same goes for `writeVersionSymbols` and the hash tables.
  ///
  /// An output section beyond number 0xfeff is written as SHN_XINDEX, and its number into the table
  /// beside. Source: gABI, "Symbol Table", on SHN_XINDEX, and "Dynamic Section", on
  /// DT_SYMTAB_SHNDX.
  func writeDynamicSymbols<E: ELFEncoding>(_: E.Type, to p: UnsafeMutableRawPointer) {
    if !synthetic.dynamicIndices.isNone {
      dynamicSymbols.sectionNumbers = UnsafeMutableRawPointer(
        allocateZeroed(count: dynamicSymbols.count) as UnsafeMutablePointer<UInt32>)
    }
    let table = dynamicSymbols
    nonisolated(unsafe) let p = p
    SymbolEntry<E>.write(
      to: p, name: 0, info: 0, other: 0, sectionIndex: 0, value: 0, byteCount: 0)
    let tlsStart = self.tlsStart
    pool.forEachRange(table.entryCount, grain: 1 << 11) { [self] range, _ in
      for k in range {
        let next = table.entries[min(k &+ 16, range.upperBound &- 1)].index
        weld_prefetch_write(p + Int(next) &* SymbolEntry<E>.size)
        let entry = table.entries[k]
        let name = table.namePieces[k].offset
        let place = p + Int(entry.index) &* SymbolEntry<E>.size
        if k < table.referenceCount {
          writeReference(E.self, entry, name: name, to: place)
        } else if k < table.firstOwn {
          writeStandIn(E.self, entry, name: name, to: place)
        } else {
          writeDefinition(E.self, entry, name: name, tlsStart: tlsStart, to: place)
        }
      }
    }
  }

  /// st_info: the binding is that of the references, as the definition is elsewhere. What an executable
  /// was allowed to leave undefined is zero if the loader does not find it either, and the program
  /// starts.
  private func referenceInfo<E: ELFEncoding>(_: E.Type, _ symbol: Symbol) -> UInt8 {
    let mayBeMissing = symbol.has.contains(.isUndefined) && !isSharedLibrary
    let binding: SymbolBinding =
      symbol.has.contains(.isReferenced) && !mayBeMissing ? .global : .weak
    var type: SymbolType = .none
    if symbol.has.contains(.isShared) {
      let library = libraries.pointer(LibraryIndex(raw: symbol.file))
      type = library.pointee.symbol(E.self, Int(symbol.source)).type
      // The caller doesn't see that the library chooses the function when it is loaded.
      if type == .gnuIndirectFunction { type = .function }
    } else if !symbol.has.isDisjoint(with: SymbolFlags.threadLocalDemands) {
      type = .threadLocal
    } else if symbol.has.contains(.isFunction) {
      type = .function
    }
    return binding.rawValue << 4 | type.rawValue
  }

  private func writeReference<E: ELFEncoding>(
    _: E.Type, _ entry: DynamicSymbolTable.Entry, name: UInt32, to p: UnsafeMutableRawPointer
  ) {
    SymbolEntry<E>.write(
      to: p, name: name, info: referenceInfo(E.self, symbols[entry.symbol]), other: 0,
      sectionIndex: 0, value: 0, byteCount: 0)
  }

  private func writeStandIn<E: ELFEncoding>(
    _: E.Type, _ entry: DynamicSymbolTable.Entry, name: UInt32, to p: UnsafeMutableRawPointer
  ) {
    let symbol = symbols[entry.symbol]
    let library = libraries.pointer(LibraryIndex(raw: symbol.file))
    let source = library.pointee.symbol(E.self, Int(symbol.source))
    guard symbol.has.contains(.needsCopy) else {
      // Undefined with a value: references to the address, but not calls, are bound to it.
      // Source: x86-64 psABI, "Function Addresses".
      let value = symbol.has.contains(.needsCanonicalPLT) ? symbol.word : 0
      SymbolEntry<E>.write(
        to: p, name: name, info: referenceInfo(E.self, symbol), other: 0,
        sectionIndex: 0, value: value, byteCount: 0)
      return
    }
    let binding: SymbolBinding = symbol.has.contains(.isWeak) ? .weak : .global
    SymbolEntry<E>.write(
      to: p, name: name, info: binding.rawValue << 4 | source.type.rawValue, other: 0,
      sectionIndex: sectionNumber(
        E.self, copyOutput(of: entry.symbol), address: symbol.word, of: entry),
      value: symbol.word, byteCount: source.byteCount)
  }

  private func writeDefinition<E: ELFEncoding>(
    _: E.Type, _ entry: DynamicSymbolTable.Entry, name: UInt32, tlsStart: UInt64,
    to p: UnsafeMutableRawPointer
  ) {
    let symbol = symbols[entry.symbol]
    let has = symbol.has
    var type: SymbolType =
      has.contains(.isIndirectFunction)
      ? .gnuIndirectFunction : has.contains(.isFunction) ? .function : .none
    var other: UInt8 = 0
    var size: UInt64 = 0
    // What the linker itself defines has no record.
    if symbol.file != 0, symbol.file < objects.count {
      let file = objects.pointer(FileIndex(raw: symbol.file))
      let source = file.pointee.symbol(E.self, Int(symbol.source))
      type = source.type
      // Machines use the upper bits, for instance to mark calling conventions.
      other = source.other & 0xfc
      size = source.byteCount
    }
    if type == .common { type = .object }
    if has.contains(.isThreadLocal) { type = .threadLocal }
    // The address that everybody has to agree on is the stub's.
    var stub: UInt64?
    if has.contains([.isIndirectFunction, .needsCanonicalPLT]), !symbol.extra.isNone {
      stub = pltAddress(extras[symbol.extra])
      if stub != nil {
        type = .function
        // The size in the file is the resolver's.
        size = 0
      }
    }
    let binding: SymbolBinding =
      has.contains(.isUnique) ? .gnuUnique : has.contains(.isWeak) ? .weak : .global
    if has.contains(.sawProtected) { other |= SymbolVisibility.protected.rawValue }

    var value = stub ?? symbol.word
    var section = UInt16(SectionIndex.absolute)
    if stub != nil {
      section = sectionNumber(E.self, .none, address: value, of: entry)
    } else if !has.contains(.isAbsolute) {
      var output = OutputIndex.none
      if symbol.atom.raw < AtomIndex.discarded.raw {
        let atom = atoms.pointer(symbol.atom)
        output = atom.pointee.output
        // Files may differ about a common symbol's size; its place has the largest.
        if has.contains(.isCommon) { size = max(size, atom.pointee.size) }
      } else if let section = linkerDefinedSections[entry.symbol] {
        output = section
      }
      section = sectionNumber(E.self, output, address: value, of: entry)
      if has.contains(.isThreadLocal) { value = value &- tlsStart }
    }
    SymbolEntry<E>.write(
      to: p, name: name, info: binding.rawValue << 4 | type.rawValue, other: other,
      sectionIndex: section, value: value, byteCount: size)
  }

  /// st_shndx of what lies in `output`, or of an address that belongs to no atom (`_end`): the last
  /// section that starts no later. Such a symbol must not be SHN_ABS, because it moves with the
  /// output.
  private func sectionNumber<E: ELFEncoding>(
    _: E.Type, _ output: OutputIndex, address: UInt64, of entry: DynamicSymbolTable.Entry
  ) -> UInt16 {
    var number: UInt32 = 0
    if !output.isNone {
      number = outputs[output].headerIndex
    } else {
      var best: UInt64 = 0
      for index in sectionOrder {
        let section = outputs.pointer(index)
        guard section.pointee.has.contains(.alloc), section.pointee.headerIndex != 0 else {
          continue
        }
        if number == 0 || section.pointee.address <= address && section.pointee.address >= best {
          number = section.pointee.headerIndex
          best = section.pointee.address
        }
      }
    }
    // Without section headers a definition still has to look like one.
    if number == 0 { number = 1 }
    if number < SectionIndex.reservedStart { return UInt16(number) }
    if let table = dynamicSymbols.sectionNumbers {
      E.store32(number, table + Int(entry.index) &* 4)
    }
    return UInt16(SectionIndex.extended)
  }
}
