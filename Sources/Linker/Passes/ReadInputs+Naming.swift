import ELFFormat
import Platform

/// Names become symbols: in batches, as inputs are read, so that each name is hashed once.
extension Link {
  /// Gives the global names of `files` and `libraries`, those of archives that have none yet, and
  /// the first time also those of options, their symbols.
  func nameInputs<T: Target>(
    _: T.Type, files: Range<Int>, libraries newLibraries: Range<Int>
  ) {
    typealias E = T.Encoding
    let isFirst = symbols.count == 0
    let optionNames = isFirst ? self.optionNames : []
    // Where each file's occurrences begin.
    var starts: [Int] = []
    starts.reserveCapacity(files.count + 1)
    var total = 0
    for i in files {
      starts.append(total)
      let file = objects[FileIndex(i)]
      total += file.globalCount + file.groupCount
    }
    let filesEnd = total
    var libraryStarts: [Int] = []
    for i in newLibraries {
      libraryStarts.append(total)
      total += libraries[LibraryIndex(i)].symbolCount
    }
    total += archiveNames.count + optionNames.count
    if total == 0 { return }
    let bytes = total * MemoryLayout<NameTable.Occurrence>.stride
    let storage = reserveAddressSpace(bytes: bytes)
    defer { releaseAddressSpace(storage, bytes: bytes) }
    expectWrites(storage, bytes: bytes)
    nonisolated(unsafe) let occurrences = storage.bindMemory(
      to: NameTable.Occurrence.self, capacity: total)
    let fileStarts = starts
    pool.forEach(chunks: files.count) { [self] i, _ in
      listNames(E.self, FileIndex(files.lowerBound + i), into: occurrences + fileStarts[i])
    }
    let ownStarts = libraryStarts
    pool.forEach(chunks: ownStarts.count) { [self] i, _ in
      listNames(
        E.self, LibraryIndex(newLibraries.lowerBound + i), into: occurrences + ownStarts[i])
    }
    var at = total - archiveNames.count - optionNames.count
    for entry in archiveNames {
      occurrences[at] = .init(start: entry.name.start, count: UInt32(entry.name.count), slot: 0)
      at += 1
    }
    for name in optionNames {
      occurrences[at] = .init(start: name.start, count: UInt32(name.count), slot: 0)
      at += 1
    }
    names.intern(
      UnsafeMutableBufferPointer(start: occurrences, count: total), symbols: symbols, pool: pool)
    _ = groupClaims.reserve(count: symbols.count - groupClaims.count)

    let wraps = isFirst ? prepareWraps() : self.wraps
    nonisolated(unsafe) let allGlobals = allocateForever(SymbolIndex.self, count: filesEnd)
    pool.forEach(chunks: files.count) { [self] i, _ in
      let file = objects.pointer(FileIndex(files.lowerBound + i))
      let start = fileStarts[i]
      let globals = allGlobals + start
      let count = file.pointee.globalCount
      for j in 0..<count { globals[j] = SymbolIndex(raw: occurrences[start + j].slot) }
      for j in 0..<file.pointee.groupCount {
        groups[file.pointee.firstGroup + j].signature = SymbolIndex(
          raw: occurrences[start + count + j].slot)
      }
      file.pointee.globals = globals
      if !wraps.isEmpty { redirectWrapped(E.self, file, wraps) }
    }
    for (i, start) in zip(newLibraries, libraryStarts) {
      let library = libraries.pointer(LibraryIndex(i))
      for j in 0..<library.pointee.symbolCount {
        let occurrence = occurrences[start + j]
        library.pointee.globals[j] =
          occurrence.count == 0 ? .none : SymbolIndex(raw: occurrence.slot)
      }
      claimAsProvider(E.self, LibraryIndex(i))
    }
    at = total - archiveNames.count - optionNames.count
    for entry in archiveNames {
      lowerProvider(SymbolIndex(raw: occurrences[at].slot), entry.provider)
      at += 1
    }
    for (file, provider) in lazyProviders {
      let file = objects.pointer(file)
      for j in 0..<file.pointee.globalCount {
        let entry = file.pointee.symbol(E.self, file.pointee.firstGlobal + j)
        if UInt32(entry.sectionIndex) != SectionIndex.undefined {
          lowerProvider(file.pointee.globals[j], provider)
        }
      }
    }
    archiveNames = []
    lazyProviders = []
    assert(filesEnd <= total)
  }

  private func listNames<E: ELFEncoding>(
    _: E.Type, _ index: FileIndex, into occurrences: UnsafeMutablePointer<NameTable.Occurrence>
  ) {
    let file = objects.pointer(index)
    var versioned = false
    for i in 0..<file.pointee.globalCount {
      let entry = file.pointee.symbol(E.self, file.pointee.firstGlobal + i)
      var name = ObjectFile.name(file.pointee.symbolNames, at: entry.name)
      if let at = name.firstIndex(of: 0x40) {
        // foo@@V and foo@@@V (defined) are the default version: found by the plain name.
        versioned = true
        if at + 1 < name.count, name[at + 1] == 0x40 { name = name[0..<at] }
        // foo@V that is undefined asks for that version; it keeps its full name.
      }
      occurrences[i] = .init(start: name.start, count: UInt32(name.count), slot: 0)
    }
    if versioned { file.pointee.flags |= FileFlags.hasVersionedNames.rawValue }
    for i in 0..<file.pointee.groupCount {
      let signature = Int(groups[file.pointee.firstGroup + i].signature.raw)
      let entry = file.pointee.symbol(E.self, signature)
      var name = ObjectFile.name(file.pointee.symbolNames, at: entry.name)
      if name.isEmpty, entry.type == .section {
        let section = file.pointee.section(E.self, of: signature)
        if Int(section) < file.pointee.sectionCount {
          let header = file.pointee.header(E.self, Int(section))
          name = ObjectFile.name(file.pointee.sectionNames, at: header.name)
        }
      }
      occurrences[file.pointee.globalCount + i] = .init(
        start: name.start, count: UInt32(name.count), slot: 0)
    }
  }

  /// A library's names: `foo` for the default version; `foo@V` for the others, which only an
  /// explicit reference reaches.
  private func listNames<E: ELFEncoding>(
    _: E.Type, _ index: LibraryIndex, into occurrences: UnsafeMutablePointer<NameTable.Occurrence>
  ) {
    let library = libraries[index]
    let nothing = ByteString("")
    for i in 0..<library.symbolCount {
      let entry = library.symbol(E.self, i)
      var name = ObjectFile.name(library.symbolNames, at: entry.name)
      if i == 0 || entry.binding == .local {
        name = nothing
      } else {
        let version = library.version(E.self, of: i)
        if UInt32(entry.sectionIndex) != SectionIndex.undefined {
          if version.index == 0 {
            name = nothing
          } else if version.isHidden, version.index < library.versionCount {
            let versionName = library.versionNames[version.index]
            name = versionName.isEmpty ? nothing : joinedName(name, versionName)
          }
        }
      }
      occurrences[i] = .init(start: name.start, count: UInt32(name.count), slot: 0)
    }
  }

  func joinedName(_ name: ByteString, _ version: ByteString) -> ByteString {
    let count = name.count + 1 + version.count
    let bytes = allocateForever(UInt8.self, count: count)
    bytes.initialize(from: name.start, count: name.count)
    bytes[name.count] = 0x40
    (bytes + name.count + 1).initialize(from: version.start, count: version.count)
    return ByteString(start: bytes, count: count)
  }

  private func claimAsProvider<E: ELFEncoding>(_: E.Type, _ index: LibraryIndex) {
    let library = libraries[index]
    if library.isDuplicate || library.provider.isNone { return }
    for i in 1..<max(1, library.symbolCount) {
      let symbol = library.globals[i]
      if symbol.isNone { continue }
      if UInt32(library.symbol(E.self, i).sectionIndex) != SectionIndex.undefined {
        lowerProvider(symbol, library.provider)
      }
    }
  }

  /// During reading, `extra` is the first provider of a symbol.
  @inline(__always)
  private func lowerProvider(_ symbol: SymbolIndex, _ provider: ProviderIndex) {
    let pointer = symbols.pointer(symbol)
    if provider.raw < pointer.pointee.extra.raw { pointer.pointee.extra.raw = provider.raw }
  }
}
