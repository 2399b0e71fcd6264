import ELFFormat
import Platform

/// What is the same in every output of a section that the linker makes. Its place in the output is a row
/// of `SectionOrder`, its size is found by `MakeTables`, its bytes are written by `WriteOutput`.
///
/// Source: gABI, "Special Sections" and "sh_link and sh_info Interpretation"; Linux Standard Base,
/// "Symbol Versioning".
struct LinkerSection {
  var name: ByteString
  var type: SectionType
  var flags: SectionFlags
  /// log2 of the alignment in bytes.
  var alignment: UInt8 = 0
  /// Bytes.
  var entrySize = 0
  /// What sh_link leads to.
  var link: SectionContent?
}

extension SectionContent {
  /// Nil for what inputs make.
  func form<T: Target>(_: T.Type) -> LinkerSection? {
    typealias E = T.Encoding
    let word = E.wordSize
    let wordLog2: UInt8 = E.is64 ? 3 : 2
    let data: SectionFlags = [.alloc, .write]
    let code: SectionFlags = [.alloc, .execute]
    let symbolSize = SymbolEntry<E>.size
    let relocations = LoaderRelocation<T>.self
    let hasAddends = T.relocationsHoldAddends
    switch self {
    case .atoms, .compressed: return nil
    case .interpreter: return .init(name: ".interp", type: .progbits, flags: .alloc)
    case .buildID:
      return .init(name: ".note.gnu.build-id", type: .note, flags: .alloc, alignment: 2)
    case .propertyNote:
      return .init(name: ".note.gnu.property", type: .note, flags: .alloc, alignment: wordLog2)
    case .packageNote:
      return .init(name: ".note.package", type: .note, flags: .alloc, alignment: 2)
    case .dynamicSymbols:
      return .init(
        name: ".dynsym", type: .dynamicSymbols, flags: .alloc, alignment: wordLog2,
        entrySize: symbolSize, link: .dynamicNames)
    case .dynamicIndices:
      return .init(
        name: ".dynsym_shndx", type: .sectionIndices, flags: .alloc, alignment: 2, entrySize: 4,
        link: .dynamicSymbols)
    case .dynamicNames: return .init(name: ".dynstr", type: .stringTable, flags: .alloc)
    case .sysvHash:
      return .init(
        name: ".hash", type: .hash, flags: .alloc, alignment: 2, entrySize: 4,
        link: .dynamicSymbols)
    case .gnuHash:
      return .init(
        name: ".gnu.hash", type: .gnuHash, flags: .alloc, alignment: wordLog2,
        link: .dynamicSymbols)
    case .versionSymbols:
      return .init(
        name: ".gnu.version", type: .gnuVersionSymbols, flags: .alloc, alignment: 1, entrySize: 2,
        link: .dynamicSymbols)
    case .versionDefinitions:
      return .init(
        name: ".gnu.version_d", type: .gnuVersionDefinitions, flags: .alloc, alignment: 2,
        link: .dynamicNames)
    case .versionNeeds:
      return .init(
        name: ".gnu.version_r", type: .gnuVersionNeeds, flags: .alloc, alignment: 2,
        link: .dynamicNames)
    case .dynamicRelocations:
      return .init(
        name: hasAddends ? ".rela.dyn" : ".rel.dyn", type: relocations.sectionType, flags: .alloc,
        alignment: wordLog2, entrySize: relocations.size, link: .dynamicSymbols)
    // In a static program they have no symbols; its `.symtab` would be none that is loaded, and
    // tools that strip refuse such a link.
    case .pltRelocations:
      return .init(
        name: hasAddends ? ".rela.plt" : ".rel.plt", type: relocations.sectionType, flags: .alloc,
        alignment: wordLog2, entrySize: relocations.size, link: .dynamicSymbols)
    case .relativeRelocations:
      return .init(
        name: ".relr.dyn", type: .relr, flags: .alloc, alignment: wordLog2, entrySize: word)
    case .procedureLinkage:
      return .init(
        name: ".plt", type: .progbits, flags: code, alignment: 4, entrySize: Int(T.pltEntrySize))
    case .procedureLinkageSecond:
      return .init(
        name: ".plt.sec", type: .progbits, flags: code, alignment: 4,
        entrySize: Int(T.landingPLTEntrySize))
    case .procedureLinkageOffset:
      return .init(
        name: ".plt.got", type: .progbits, flags: code, alignment: 3,
        entrySize: Int(T.directPLTEntrySize))
    case .offsetTable:
      return .init(
        name: ".got", type: .progbits, flags: data, alignment: wordLog2, entrySize: word)
    case .pltOffsetTable:
      return .init(
        name: ".got.plt", type: .progbits, flags: data, alignment: wordLog2, entrySize: word)
    case .dynamic:
      return .init(
        name: ".dynamic", type: .dynamic, flags: data, alignment: wordLog2, entrySize: 2 * word,
        link: .dynamicNames)
    case .frames:
      return .init(name: ".eh_frame", type: .progbits, flags: .alloc, alignment: wordLog2)
    case .frameHeader:
      return .init(name: ".eh_frame_hdr", type: .progbits, flags: .alloc, alignment: 2)
    case .symbolTable:
      return .init(
        name: ".symtab", type: .symbolTable, flags: [], alignment: wordLog2,
        entrySize: symbolSize, link: .symbolNames)
    case .symbolNames: return .init(name: ".strtab", type: .stringTable, flags: [])
    case .sectionNames: return .init(name: ".shstrtab", type: .stringTable, flags: [])
    case .extendedIndices:
      return .init(
        name: ".symtab_shndx", type: .sectionIndices, flags: [], alignment: 2, entrySize: 4,
        link: .symbolTable)
    }
  }
}
