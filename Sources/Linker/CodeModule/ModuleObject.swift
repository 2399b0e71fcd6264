import ELFFormat
import Platform

/// The code module as a relocatable object, made in memory: what the other inputs of an image see of
/// it, and what it wants of them.
///
/// Exports are absolute symbols: the module has placed its declarations, and the link is not to move
/// them. Imports are undefined symbols with a relocation for each place that wants an address:
///
/// - a word of the slot table, which is writable data. The engine fills it, or where a shared library
///   has the name it leaves a dynamic relocation for the loader.
/// - a word of read-only data where the address is needed now. That the loader must not write there
///   is what makes the engine give a function a stub, and a variable a copy, in the program.
///
/// Room for thread-local variables is a section like any input's, so it becomes a part of the
/// program's one thread-local block.
///
/// Source: gABI, "Object Files".
struct ModuleObject<T: Target> {
  typealias E = T.Encoding

  /// What messages call it.
  static var name: String { ForeignLink.moduleName }
  static var slotSection: String { ".got.imports" }
  private static var addressSection: String { ".rodata.imports" }
  private static var threadSection: String { ".tdata.module" }

  private struct Section {
    var name: String
    var type: SectionType
    var flags: SectionFlags
    var bytes: [UInt8]
    var link = 0
    var info = 0
    /// log2.
    var alignment: UInt8
    var entrySize = 0
  }

  private var sections: [Section] = []
  private var names: [UInt8] = [0]
  private var symbols = [UInt8](repeating: 0, count: SymbolEntry<E>.size)
  private var symbolNumbers: [String: UInt32] = [:]
  private var slotRelocations: [UInt8] = []
  private var addressRelocations: [UInt8] = []

  /// The object's bytes.
  static func bytes(for request: ForeignLinkRequest) -> [UInt8] {
    var object = Self()
    object.build(request)
    return object.assemble()
  }

  private mutating func build(_ request: ForeignLinkRequest) {
    let wordAlignment = UInt8(E.wordSize.trailingZeroBitCount)
    // The room for thread-locals is section 1, if there is one: exports refer to it.
    if request.threadLocalReserve > 0 {
      sections.append(
        Section(
          name: Self.threadSection, type: .progbits, flags: [.alloc, .write, .threadLocal],
          bytes: [UInt8](repeating: 0, count: Int(request.threadLocalReserve)),
          alignment: request.threadLocalAlignment))
    }
    for export in request.exports { define(export) }
    var addressCount = 0
    for wanted in request.imports {
      let number = reference(wanted)
      if let slot = wanted.slot {
        let type =
          wanted.isThreadLocal ? T.dynamicTypes.tlsStaticOffset : T.dynamicTypes.absolute
        add(&slotRelocations, word: slot, type: type, symbol: number)
      }
      if wanted.needsAddress {
        add(
          &addressRelocations, word: addressCount, type: T.dynamicTypes.absolute, symbol: number)
        addressCount += 1
      }
    }
    addWords(
      Self.slotSection, count: request.slotCount, flags: [.alloc, .write], slotRelocations,
      wordAlignment)
    addWords(
      Self.addressSection, count: addressCount, flags: .alloc, addressRelocations, wordAlignment)
    sections.append(
      Section(name: ".note.GNU-stack", type: .progbits, flags: [], bytes: [], alignment: 0))
    sections.append(
      Section(
        name: ".symtab", type: .symbolTable, flags: [], bytes: symbols, link: sections.count + 2,
        info: 1, alignment: wordAlignment, entrySize: SymbolEntry<E>.size))
    sections.append(
      Section(name: ".strtab", type: .stringTable, flags: [], bytes: names, alignment: 0))
    for i in sections.indices where sections[i].type == .rela {
      sections[i].link = sections.count - 1
    }
  }

  // MARK: Symbols

  private mutating func add(
    _ name: String, type: SymbolType, binding: SymbolBinding, visibility: SymbolVisibility,
    section: UInt32, value: UInt64, size: UInt64
  ) -> UInt32 {
    let number = UInt32(symbols.count / SymbolEntry<E>.size)
    let entry = UnsafeMutableRawPointer.allocate(byteCount: SymbolEntry<E>.size, alignment: 8)
    defer { entry.deallocate() }
    SymbolEntry<E>.write(
      to: entry, name: UInt32(names.count), info: binding.rawValue << 4 | type.rawValue,
      other: visibility.rawValue, sectionIndex: UInt16(section), value: value, byteCount: size)
    symbols += UnsafeRawBufferPointer(start: entry, count: SymbolEntry<E>.size)
    names += Array(name.utf8) + [0]
    symbolNumbers[name] = number
    return number
  }

  private mutating func define(_ export: ForeignExport) {
    if export.binding == .local { return }
    let type: SymbolType
    var section = SectionIndex.absolute
    switch export.kind {
    case .function: type = .function
    case .object: type = .object
    case .threadLocal:
      type = .threadLocal
      section = 1
    }
    let visibility: SymbolVisibility
    switch export.visibility {
    case .default: visibility = .default
    case .hidden: visibility = .hidden
    case .protected: visibility = .protected
    }
    _ = add(
      export.name, type: type, binding: export.binding == .strong ? .global : .weak,
      visibility: visibility, section: section, value: export.address, size: export.size)
  }

  /// The number of an import's symbol: that of the export, if the module has one of the name.
  private mutating func reference(_ wanted: ForeignImport) -> UInt32 {
    if let number = symbolNumbers[wanted.name] { return number }
    return add(
      wanted.name, type: wanted.isThreadLocal ? .threadLocal : .none,
      binding: wanted.isWeak ? .weak : .global, visibility: .default,
      section: SectionIndex.undefined, value: 0, size: 0)
  }

  // MARK: Sections

  private func add(_ records: inout [UInt8], word: Int, type: UInt32, symbol: UInt32) {
    let entry = UnsafeMutableRawPointer.allocate(byteCount: RelaEntry<E>.size, alignment: 8)
    defer { entry.deallocate() }
    RelaEntry<E>.write(
      to: entry, offset: UInt64(word * E.wordSize), type: type, symbol: symbol, addend: 0)
    records += UnsafeRawBufferPointer(start: entry, count: RelaEntry<E>.size)
  }

  private mutating func addWords(
    _ name: String, count: Int, flags: SectionFlags, _ relocations: [UInt8], _ alignment: UInt8
  ) {
    if count == 0 { return }
    sections.append(
      Section(
        name: name, type: .progbits, flags: flags,
        bytes: [UInt8](repeating: 0, count: count * E.wordSize), alignment: alignment))
    if relocations.isEmpty { return }
    let place = sections.count
    // The symbol table is behind all of them; its number is filled in at the end.
    sections.append(
      Section(
        name: ".rela" + name, type: .rela, flags: .infoLink, bytes: relocations, info: place,
        alignment: alignment, entrySize: RelaEntry<E>.size))
  }

  // MARK: File

  private func assemble() -> [UInt8] {
    var sections = self.sections
    var sectionNames: [UInt8] = [0]
    var nameOffsets: [UInt32] = []
    func add(_ name: String) {
      nameOffsets.append(UInt32(sectionNames.count))
      sectionNames += Array(name.utf8) + [0]
    }
    for section in sections { add(section.name) }
    add(".shstrtab")
    sections.append(
      Section(name: ".shstrtab", type: .stringTable, flags: [], bytes: sectionNames, alignment: 0))

    var file = [UInt8](repeating: 0, count: FileHeader<E>.size)
    var offsets: [Int] = []
    func pad(to alignment: Int) {
      while file.count % alignment != 0 { file.append(0) }
    }
    for section in sections {
      // Alignments beyond a word are about addresses, not about the file.
      pad(to: min(1 << Int(section.alignment), 8))
      offsets.append(file.count)
      file += section.bytes
    }
    pad(to: 8)
    let headers = file.count
    file += [UInt8](repeating: 0, count: (sections.count + 1) * SectionHeader<E>.size)
    file.withUnsafeMutableBytes { buffer in
      let p = buffer.baseAddress!
      var header = FileHeader<E>.Fields(type: FileType.relocatable, machine: T.machine)
      header.flags = T.headerFlags
      header.sectionHeaderOffset = UInt64(headers)
      header.sectionCount = sections.count + 1
      header.sectionNameIndex = UInt32(sections.count)
      FileHeader<E>.write(header, to: p)
      for (i, section) in sections.enumerated() {
        var header = SectionHeader<E>.Fields(
          name: nameOffsets[i], type: section.type, flags: section.flags)
        header.offset = UInt64(offsets[i])
        header.size = UInt64(section.bytes.count)
        header.link = UInt32(section.link)
        header.info = UInt32(section.info)
        header.alignment = 1 << UInt64(section.alignment)
        header.entrySize = UInt64(section.entrySize)
        SectionHeader<E>.write(header, to: p + headers + (i + 1) * SectionHeader<E>.size)
      }
    }
    return file
  }
}
