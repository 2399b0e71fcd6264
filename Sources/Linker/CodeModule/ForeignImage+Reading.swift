import ELFFormat
import Platform

/// What a link leaves behind of itself for the image, taken from its tables while they are there.
extension LaidOutLink {
  /// The entry symbol has a definition: without one the batch link would start at `.text`.
  var entryIsDefined: Bool {
    guard let index = names.find(ByteString(copying: entryName), in: symbols) else { return false }
    return !symbols[index].has.contains(.isUndefined)
  }

  func foreignImage<T: Target>(
    _: T.Type, _ request: ForeignLinkRequest, _ output: OutputBytes
  ) -> ForeignImage {
    typealias E = T.Encoding
    let sections = foreignSections(E.self, output)
    var image = ForeignImage(
      bytes: output, entry: entryAddress, programHeaders: segments.map { ForeignSegment($0) },
      programHeaderRoom: (Int(headersSize) - FileHeader<E>.size) / ProgramHeader<E>.size,
      sections: sections, symbols: foreignSymbols(E.self, output),
      localSymbolCount: max(0, symbolTable.localCount - 1),
      imports: request.imports.map { foreignImport($0) },
      exports: foreignExports(E.self, request),
      wantedAddresses: request.wantedNames.map { foreignAddress($0) }, threadLocalRoom: nil,
      threadLocalBlock: nil, slotRoom: nil, warnings: [])
    if let tls = segments.first(where: { $0.type == .threadLocal }) {
      image.threadLocalBlock = ForeignThreadLocalBlock(
        address: tls.address, size: tls.memorySize, alignment: tls.alignment)
    }
    if request.threadLocalReserve > 0 {
      // The module's first section: `ModuleObject`.
      image.threadLocalRoom = foreignRoom(objects[moduleFile].sectionAtoms[1])
    }
    if request.slotCount > 0,
      let slots = sections.first(where: { $0.name == ModuleObject<T>.slotSection })
    {
      image.slotRoom = ForeignRoom(
        address: slots.address, fileOffset: slots.fileOffset, size: slots.size)
      fillSlots(E.self, request, image)
    }
    return image
  }

  /// The object that stands for the code module.
  private var moduleFile: FileIndex {
    liveObjects.first { objects[$0].has.contains(.isUnlisted) } ?? FileIndex(0)
  }

  private func foreignRoom(_ index: AtomIndex) -> ForeignRoom {
    let atom = atoms[index]
    let output = outputs[atom.output]
    return ForeignRoom(
      address: atom.address, fileOffset: output.fileOffset &+ (atom.address &- output.address),
      size: atom.size)
  }

  // MARK: Names

  private func symbol(named name: String) -> Symbol? {
    var name = name
    let index = name.withUTF8 { names.find(ByteString(UnsafeRawBufferPointer($0)), in: symbols) }
    return index.map { symbols[$0] }
  }

  /// What a reference to a symbol is given: of an indirect function, its stub. Nil where only the
  /// loader knows.
  private func knownAddress(_ symbol: Symbol) -> UInt64? {
    if symbol.has.contains(.isShared) {
      return symbol.has.isDisjoint(with: [.needsCopy, .needsCanonicalPLT]) ? nil : symbol.word
    }
    if symbol.has.contains(.isIndirectFunction), !symbol.extra.isNone,
      let stub = pltAddress(extras[symbol.extra])
    {
      return stub
    }
    return symbol.word
  }

  private func foreignAddress(_ name: String) -> UInt64? {
    guard let symbol = symbol(named: name), !symbol.has.contains(.isUndefined) else { return nil }
    return knownAddress(symbol)
  }

  private func foreignImport(_ wanted: ForeignImport) -> ForeignImportResult {
    guard let symbol = symbol(named: wanted.name) else { return .absent }
    if symbol.has.contains(.isUndefined) {
      return symbol.has.contains(.isPreemptible) && !wanted.needsAddress ? .loaded : .absent
    }
    guard let address = knownAddress(symbol) else { return .loaded }
    if wanted.isThreadLocal { return .fixed(address &- threadPointer) }
    return .fixed(address)
  }

  private func foreignExports<E: ELFEncoding>(
    _: E.Type, _ request: ForeignLinkRequest
  ) -> [ForeignExportResult] {
    let module = moduleFile
    var mentioned: Set<SymbolIndex> = []
    if !request.exports.isEmpty {
      var own: Set<SymbolIndex> = []
      for i in 0..<objects[module].globalCount { own.insert(objects[module].globals[i]) }
      for file in liveObjects.dropFirst() where file != module {
        let file = objects[file]
        for i in 0..<file.globalCount where own.contains(file.globals[i]) {
          mentioned.insert(file.globals[i])
        }
      }
    }
    return request.exports.map { export in
      var name = export.name
      let found = name.withUTF8 { names.find(ByteString(UnsafeRawBufferPointer($0)), in: symbols) }
      guard export.binding != .local, let index = found else {
        return ForeignExportResult(isReferenced: false)
      }
      let symbol = symbols[index]
      return ForeignExportResult(
        isReferenced: mentioned.contains(index) || symbol.has.contains(.isReferencedByLibrary),
        overriddenBy: symbol.file == module.raw ? nil : knownAddress(symbol))
    }
  }

  /// Where an address is known although the loader fills the slot with it, the file has it, too.
  private func fillSlots<E: ELFEncoding>(
    _: E.Type, _ request: ForeignLinkRequest, _ image: ForeignImage
  ) {
    guard let room = image.slotRoom else { return }
    for (wanted, result) in zip(request.imports, image.imports) {
      guard let slot = wanted.slot, case .fixed(let value) = result else { continue }
      E.storeWord(value, image.bytes.start + Int(room.fileOffset) + slot * E.wordSize)
    }
  }

  // MARK: Tables

  private func foreignSections<E: ELFEncoding>(
    _: E.Type, _ output: OutputBytes
  ) -> [ForeignSection] {
    let headers = UnsafeRawPointer(output.start) + Int(sectionHeadersOffset)
    return (0...sectionOrder.count).map { i in
      let header = SectionHeader<E>(headers + i * SectionHeader<E>.size)
      return ForeignSection(
        name: i == 0 ? "" : String(outputs[sectionOrder[i - 1]].name), type: header.type,
        flags: header.flags, address: header.address, fileOffset: header.offset,
        size: header.byteCount, link: header.link, info: header.info, alignment: header.alignment,
        entrySize: header.entrySize)
    }
  }

  private func foreignSymbols<E: ELFEncoding>(
    _: E.Type, _ output: OutputBytes
  ) -> [ForeignSymbol] {
    if synthetic[.symbolTable].isNone { return [] }
    let start = UnsafeRawPointer(output.start)
    let table = start + Int(outputs[synthetic[.symbolTable]].fileOffset)
    let names = start + Int(outputs[synthetic[.symbolNames]].fileOffset)
    let extended =
      synthetic[.extendedIndices].isNone
      ? nil : start + Int(outputs[synthetic[.extendedIndices]].fileOffset)
    return (1..<max(1, symbolTable.count)).map { i in
      let entry = SymbolEntry<E>(table + i * SymbolEntry<E>.size)
      let name = (names + Int(entry.name)).assumingMemoryBound(to: UInt8.self)
      var section = UInt32(entry.sectionIndex)
      if section == SectionIndex.absolute {
        section = ForeignSymbol.absoluteSection
      } else if section == SectionIndex.extended, let extended {
        section = E.load32(extended + i * 4)
      }
      return ForeignSymbol(
        name: ByteString(start: name, count: stringLength(name)), type: entry.type,
        binding: entry.binding, other: entry.other, section: section, value: entry.value,
        size: entry.byteCount)
    }
  }
}

extension ForeignSegment {
  fileprivate init(_ segment: Segment) {
    self.init(
      type: segment.type, flags: segment.flags, fileOffset: segment.offset,
      address: segment.address, fileSize: segment.fileSize, memorySize: segment.memorySize,
      alignment: segment.alignment)
  }
}
