import ELFFormat
import Glibc
import Platform

/// The link of an image's other inputs, and what the image takes from it.
extension CodeImage {
  func linkInputs() throws(ImageError) {
    guard let settings = options.inputs, let slots = importSlots else { return }
    var request = ForeignLinkRequest(
      machine: options.machine, path: options.path, entry: options.entry, settings: settings,
      inputs: foreign.inputs, addressLimit: foreign.addressLimit)
    let exports = visibleExports()
    request.exports = exports.map { foreignExport($0) }
    let unresolved = resolver.references.filter { resolver[records[$0].name].winner.isNone }
    // What the program has stopped to use need not be there any more.
    let imports = unresolved.filter { isNeeded($0) }
    request.imports = imports.map { reference in
      let record = records[reference]
      return ForeignImport(
        name: String(describing: name(reference)),
        isWeak: record.flags.contains(.isWeakReference),
        slot: record.slot < 0 ? nil : Int(record.slot),
        needsAddress: foreign.addressImports.contains(reference.raw))
    }
    request.slotAddress = foreign.slotAddress
    request.slotCount = slots.count == 0 ? 0 : (slots.count + 255) & ~255
    request.threadLocalReserve = threadLocalRoom?.reserve ?? 0
    request.threadLocalAlignment = Self.threadLocalAlignment
    request.spareProgramHeaders = programHeaderRoom
    try headroom.checkForLink()
    let image: ForeignImage
    do throws(ImageError) {
      image = try ForeignLink.link(request)
    } catch {
      // An input that cannot be mapped is not in error.
      let isMemory = error.message.contains("\(Errno(ENOMEM))")
      throw ImageError(isMemory ? .outOfRoom : error.code, withReferrers(error.message, imports))
    }

    let sectionsBefore = foreign.kept.count
    foreign.image = image
    keepSections(of: image)
    if foreign.kept.count != sectionsBefore { renumberEverything() }
    takeFileRange(of: image)
    try mergeSymbols(of: image)
    for (reference, result) in zip(imports, image.imports) {
      switch result {
      case .fixed(let value): setAbsolute(reference, value)
      case .loaded: setAbsolute(reference, 0)
      case .absent: setAbsolute(reference, nil)
      }
    }
    foreign.unusedImports = []
    for reference in unresolved where !isNeeded(reference) {
      foreign.unusedImports.insert(reference.raw)
      setAbsolute(reference, nil)
    }
    foreign.referenced = []
    let overriddenBefore = foreign.overridden
    foreign.overridden = []
    for (export, result) in zip(exports, image.exports) {
      if result.isReferenced { foreign.referenced.insert(records[export].nameOffset) }
      if result.overriddenBy != nil { foreign.overridden.insert(records[export].nameOffset) }
      if (result.overriddenBy != nil) != overriddenBefore.contains(records[export].nameOffset) {
        settleSide(export)
      }
      let reference = resolver[records[export].name].reference
      if reference.isNone { continue }
      if let address = result.overriddenBy {
        setAbsolute(reference, address)
      } else {
        follow(reference, export)
      }
    }
    if let room = image.threadLocalRoom, let block = image.threadLocalBlock,
      let section = threadLocalRoom
    {
      setThreadLocalArea(
        ThreadLocalArea(
          start: block.address, size: block.size, alignment: block.alignment,
          shift: room.address &- section.address))
    }
    foreign.isStale = false
  }

  /// The messages of a link, with the module's places that refer to what it could not find.
  private func withReferrers(_ message: String, _ imports: [SymbolIndex]) -> String {
    var lines: [String] = []
    var reference: SymbolIndex?
    for line in message.split(separator: "\n", omittingEmptySubsequences: false) {
      let undefined = "undefined symbol: "
      if line.hasPrefix(undefined) {
        let wanted = line.dropFirst(undefined.count)
        reference = imports.first { wanted == String(describing: name($0)) }
      }
      guard let known = reference, line.hasPrefix(">>> referenced by \(ForeignLink.moduleName)")
      else {
        lines.append(String(line))
        continue
      }
      // To the link, all of the module is one place; it has several to name.
      lines.append(String(referrers(of: known).dropFirst()))
      reference = nil
    }
    return lines.joined(separator: "\n")
  }

  /// Exports that other inputs can see, in the order of their names' records.
  private func visibleExports() -> [SymbolIndex] {
    resolver.names.indices.compactMap { index in
      let name = resolver[UInt32(index)]
      guard resolver.find(name.offset) == UInt32(index), !name.winner.isNone,
        !symbols[name.winner].atom.isNone
      else { return nil }
      return name.winner
    }
  }

  private func foreignExport(_ export: SymbolIndex) -> ForeignExport {
    let record = records[export]
    let atom = store.atoms[symbols[export].atom]
    var address = symbols[export].word
    var kind = ForeignExport.Kind.object
    if record.content == .function { kind = .function }
    if record.content == .threadLocal, let room = threadLocalRoom {
      kind = .threadLocal
      address -= room.address
    }
    return ForeignExport(
      name: String(describing: name(export)), kind: kind, address: address, size: atom.size,
      binding: record.binding, visibility: record.visibility)
  }

  /// Chooses which of the link's section headers the image has: all but its symbol table, which is
  /// merged into the image's, and where the image has debug information of its own, the link's.
  private func keepSections(of image: ForeignImage) {
    foreign.kept = []
    foreign.headerIndices = Array(repeating: 0, count: image.sections.count)
    foreign.nameOffsets = [:]
    foreign.symbolTable = image.sections.firstIndex { $0.type == .symbolTable }
    for (i, section) in image.sections.enumerated().dropFirst() {
      if section.type == .symbolTable || section.name == ".strtab" || section.name == ".shstrtab" {
        continue
      }
      if debugInfo != nil, section.name.hasPrefix(".debug_") { continue }
      foreign.kept.append(i)
      foreign.headerIndices[i] = UInt32(foreign.kept.count)
    }
    foreign.threadLocalHeader = 0
    if let room = image.threadLocalRoom {
      for i in foreign.kept {
        let section = image.sections[i]
        if section.flags.contains(.threadLocal), section.address <= room.address,
          room.address - section.address < max(section.size, 1)
        {
          foreign.threadLocalHeader = foreign.headerIndices[i]
        }
      }
    }
  }

  /// The numbers of all sections have changed, and with them all entries of the symbol table.
  private func renumberEverything() {
    numberSections()
    for raw in 1..<max(symbols.count, 1) where records[SymbolIndex(raw)].entry != 0 {
      markStale(SymbolIndex(raw))
    }
  }

  /// The link's part of the file grows: sections that are in the way of its new room go elsewhere.
  private func takeFileRange(of image: ForeignImage) {
    let size = UInt64(image.bytes.count)
    if size > foreign.fileCapacity {
      let capacity = idealCapacity(size)
      takeFileStart(capacity, owner: Self.inputsOwner)
      foreign.fileCapacity = capacity
    }
    pendingChanges.append(0..<foreign.fileCapacity)
  }

  private func mergeSymbols(of image: ForeignImage) throws(ImageError) {
    symbolTable.removeUnowned()
    for name in foreign.names { strings.release(name) }
    foreign.names = []
    for index in foreign.kept {
      foreign.nameOffsets[index] = try sectionNames.add(scratch(image.sections[index].name))
    }
    for (i, symbol) in image.symbols.enumerated() {
      let name = try strings.add(symbol.name)
      foreign.names.append(name)
      let entry = try symbolTable.add(.none, isLocal: i < image.localSymbolCount)
      let section: UInt16 =
        symbol.section == ForeignSymbol.absoluteSection
        ? UInt16(SectionIndex.absolute)
        : UInt16(truncatingIfNeeded: foreign.headerIndices[Int(symbol.section)])
      symbolTable.write(
        entry, name: name, binding: symbol.binding, type: symbol.type,
        visibility: SymbolVisibility(rawValue: symbol.other & 3), sectionIndex: section,
        value: symbol.value, byteCount: symbol.size)
    }
  }

  // MARK: Bytes

  /// Sections of the image that lie within the link's part of the file.
  func overlays() -> [(ImageSection, ForeignRoom)] {
    guard let image = foreign.image else { return [] }
    var list: [(ImageSection, ForeignRoom)] = []
    if let room = image.slotRoom, let section = importSlots?.parts.first?.section {
      list.append((section, room))
    }
    if let room = image.threadLocalRoom, let section = threadLocalRoom {
      list.append((section, room))
    }
    return list.sorted { $0.1.fileOffset < $1.1.fileOffset }
  }

  /// The link's bytes but for the headers, with the image's own in between.
  func inputPieces() -> [FilePiece] {
    guard let image = foreign.image else { return [] }
    var pieces: [FilePiece] = []
    var position = headersSize
    let start = UnsafeRawPointer(image.bytes.start)
    func copy(to end: UInt64) {
      if position < end {
        pieces.append(
          FilePiece(offset: position, bytes: start + Int(position), count: end - position))
      }
      position = max(position, end)
    }
    for (section, room) in overlays() where section.size > 0 {
      copy(to: room.fileOffset)
      let count = min(section.size, room.size)
      pieces.append(FilePiece(offset: position, bytes: section.pointer(0), count: count))
      position += count
    }
    copy(to: UInt64(image.bytes.count))
    return pieces
  }
}
