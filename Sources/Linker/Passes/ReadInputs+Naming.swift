import CSystem
import ELFFormat
import Platform

/// Names become symbols: in batches, as inputs are read, so that each name is hashed once.
extension ReadInputs {

  /// Gives the global names of `files` and `libraries`, those of archives that have none yet, and
  /// the first time also those of options, their symbols.
  func nameInputs(
    files: Range<Int>, libraries newLibraries: Range<Int>
  ) {
    let isFirst = symbols.count == 0
    let optionNames = isFirst ? self.optionNames : []
    // Where each file's occurrences begin: those of its global symbols, then those of its groups.
    var starts: [Int] = []
    starts.reserveCapacity(files.count + newLibraries.count + 1)
    var filesEnd = 0
    for i in files {
      starts.append(filesEnd)
      filesEnd += nameCount(FileIndex(i))
    }
    var total = filesEnd
    for i in newLibraries {
      starts.append(total)
      total += libraries[LibraryIndex(i)].symbolCount
    }
    let othersStart = total
    total += notes.archiveNames.count + optionNames.count
    if total == 0 { return }
    let bytes = total * MemoryLayout<NameTable.Occurrence>.stride
    let storage = scratch.take(bytes: bytes)
    defer { scratch.give(storage) }
    nonisolated(unsafe) let occurrences = storage.bindMemory(
      to: NameTable.Occurrence.self, capacity: total)
    var at = othersStart
    for entry in notes.archiveNames {
      occurrences[at] = .init(start: entry.name.start, count: UInt32(entry.name.count), slot: 0)
      at += 1
    }
    for name in optionNames {
      occurrences[at] = .init(start: name.start, count: UInt32(name.count), slot: 0)
      at += 1
    }

    starts.append(othersStart)
    let grain = 1 << 12
    func unit(_ source: NameUnit.Source, _ span: FileSpan, _ first: Int) -> NameUnit {
      let start = starts[span.firstFile - first]
      let items = span.items(starts[span.endFile - first] - start)
      return NameUnit(
        source: source, span: span,
        names: .init(first: start + items.lowerBound, end: start + items.upperBound))
    }
    var units = FileSpan.spans(files: files, grain: grain) {
      starts[$0 - files.lowerBound + 1] - starts[$0 - files.lowerBound]
    }.map { unit(.objects, $0, files.lowerBound) }
    units += FileSpan.spans(files: newLibraries, grain: grain) {
      libraries[LibraryIndex($0)].symbolCount
    }.map { unit(.libraries, $0, newLibraries.lowerBound - files.count) }
    for start in stride(from: othersStart, to: total, by: grain) {
      units.append(
        NameUnit(
          source: .others, span: FileSpan(files: 0..<0),
          names: .init(first: start, end: min(total, start + grain))))
    }

    let allGlobals = allocateForever(SymbolIndex.self, count: filesEnd)
    for (i, start) in zip(files, starts) { objects[FileIndex(i)].globals = allGlobals + start }
    let all = units
    naming.names.intern(
      UnsafeMutableBufferPointer(start: occurrences, count: total), units: units.map { $0.names },
      symbols: symbols, pool: pool
    ) { [self] i in
      var next = occurrences + all[i].names.first
      let span = all[i].span
      for file in span.files {
        switch all[i].source {
        case .objects: next = listNames(FileIndex(file), span, into: next)
        case .libraries: next = listNames(LibraryIndex(file), span, into: next)
        case .others: break
        }
      }
    } use: { [self] i in
      let next = occurrences + all[i].names.first
      let span = all[i].span
      switch all[i].source {
      case .objects: takeSymbols(span, next)
      case .libraries:
        var next = next
        for index in span.files {
          let library = libraries.pointer(LibraryIndex(index))
          for j in span.items(library.pointee.symbolCount) {
            library.pointee.globals[j] =
              next.pointee.count == 0 ? .none : SymbolIndex(raw: next.pointee.slot)
            next += 1
          }
        }
      case .others: break
      }
    }
    _ = groupClaims.reserve(count: symbols.count - groupClaims.count)
    if names.isFlooded {
      diagnostics.error("the names of more than \(probeLimit) symbols \(floodRemedy)")
    }

    let wraps = isFirst ? prepareWraps() : notes.wraps
    if !wraps.isEmpty {
      pool.forEach(chunks: files.count) { [self] i, _ in
        redirectWrapped(objects.pointer(FileIndex(files.lowerBound + i)), wraps)
      }
    }
    for i in newLibraries { claimAsProvider(LibraryIndex(i)) }
    for i in files where objects[FileIndex(i)].has.contains(.hasVersionedNames) {
      inputs.hasVersionedNames = true
    }
    at = othersStart
    for entry in notes.archiveNames {
      let symbol = SymbolIndex(raw: occurrences[at].slot)
      lowerProvider(symbol, entry.provider)
      if entry.namesVersion { notes.lazyVersions.insert(symbol) }
      at += 1
    }
    for (file, provider) in notes.lazyProviders {
      let file = objects.pointer(file)
      for j in 0..<file.pointee.globalCount {
        let entry = file.pointee.symbol(E.self, file.pointee.firstGlobal + j)
        if UInt32(entry.sectionIndex) != SectionIndex.undefined {
          lowerProvider(file.pointee.globals[j], provider)
        }
      }
    }
    notes.archiveNames = []
    let versioned = versionedNames(of: notes.lazyProviders)
    notes.lazyProviders = []
    if !versioned.isEmpty {
      notes.archiveNames = versioned
      nameInputs(files: 0..<0, libraries: 0..<0)
    }
  }

  /// Names that a file takes part in a batch with: its global symbols' and its groups'.
  private func nameCount(_ index: FileIndex) -> Int {
    let file = objects.pointer(index)
    return file.pointee.globalCount + file.pointee.groupCount
  }

  /// Gives files the symbols that were found for their names.
  private func takeSymbols(_ span: FileSpan, _ first: UnsafeMutablePointer<NameTable.Occurrence>) {
    var next = first
    for index in span.files {
      let file = objects.pointer(FileIndex(index))
      let globalCount = file.pointee.globalCount
      let globals = file.pointee.globals
      for i in span.items(globalCount + file.pointee.groupCount) {
        let symbol = SymbolIndex(raw: next.pointee.slot)
        next += 1
        if i < globalCount {
          globals[i] = symbol
        } else {
          groups[file.pointee.firstGroup + i - globalCount].signature = symbol
        }
      }
    }
  }

  /// Lists a file's names, or a part of them, and returns where the next file's go.
  private func listNames(
    _ index: FileIndex, _ span: FileSpan,
    into occurrences: UnsafeMutablePointer<NameTable.Occurrence>
  ) -> UnsafeMutablePointer<NameTable.Occurrence> {
    let file = objects.pointer(index)
    let globalCount = file.pointee.globalCount
    let range = span.items(globalCount + file.pointee.groupCount)
    var next = occurrences
    var versioned = false
    for i in range.clamped(to: 0..<globalCount) {
      let ahead = file.pointee.firstGlobal + min(i &+ 8, globalCount &- 1)
      weld_prefetch(file.pointee.symbolNames.start + Int(file.pointee.symbol(E.self, ahead).name))
      let entry = file.pointee.symbol(E.self, file.pointee.firstGlobal + i)
      var name = ObjectFile.name(file.pointee.symbolNames, at: entry.name)
      if let at = name.firstIndex(of: 0x40) {
        // foo@@V and foo@@@V (defined) are the default version: found by the plain name.
        versioned = true
        if at + 1 < name.count, name[at + 1] == 0x40 { name = name[0..<at] }
        // foo@V that is undefined asks for that version; it keeps its full name.
      }
      next.pointee = .init(start: name.start, count: UInt32(name.count), slot: 0)
      next += 1
    }
    if versioned { atomicOr(&file.pointee.flags, FileFlags.hasVersionedNames.rawValue) }
    for i in range.clamped(to: globalCount..<globalCount + file.pointee.groupCount) {
      let signature = Int(groups[file.pointee.firstGroup + i - globalCount].source)
      let entry = file.pointee.symbol(E.self, signature)
      var name = ObjectFile.name(file.pointee.symbolNames, at: entry.name)
      if name.isEmpty, entry.type == .section {
        let section = file.pointee.section(E.self, of: signature)
        if Int(section) < file.pointee.sectionCount {
          let header = file.pointee.header(E.self, Int(section))
          name = ObjectFile.name(file.pointee.sectionNames, at: header.name)
        }
      }
      next.pointee = .init(start: name.start, count: UInt32(name.count), slot: 0)
      next += 1
    }
    return next
  }

  /// A library's names: `foo` for the default version; `foo@V` for the others, which only an
  /// explicit reference reaches.
  private func listNames(
    _ index: LibraryIndex, _ span: FileSpan,
    into occurrences: UnsafeMutablePointer<NameTable.Occurrence>
  ) -> UnsafeMutablePointer<NameTable.Occurrence> {
    let library = libraries[index]
    let nothing = ByteString("")
    var next = occurrences
    for i in span.items(library.symbolCount) {
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
      next.pointee = .init(start: name.start, count: UInt32(name.count), slot: 0)
      next += 1
    }
    return next
  }

  private func claimAsProvider(_ index: LibraryIndex) {
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
    let first = pointer.pointee.extra.raw
    if pointer.pointee.extra.isNone { notes.providedSymbols.append(symbol) }
    if provider.raw < first {
      pointer.pointee.extra.raw = provider.raw
    } else if provider.raw > first, providers[ProviderIndex(raw: first)].kind == .library,
      providers[provider].kind != .library
    {
      notes.shadowedProviders.append((symbol, provider))
      notes.shadowedProvidersAreSorted = false
    }
  }
}

/// Some names of a batch, which one worker lists and looks up while they are in its cache.
private struct NameUnit {
  enum Source { case objects, libraries, others }
  var source: Source
  var span: FileSpan
  /// In the batch.
  var names: NameTable.Unit
}
