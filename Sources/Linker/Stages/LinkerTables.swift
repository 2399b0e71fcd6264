import ELFFormat
import Platform
import ScriptParsing

/// The sections that the linker makes, and what is in them.
struct LinkerTables: @unchecked Sendable {
  var synthetic = SyntheticSections()
  var dynamicSymbols = DynamicSymbolTable()
  var dynamicSection = DynamicSection()
  var symbolTable = SymbolTable()
  var sectionNameTable = StringTableBuilder()
  /// Pieces in which `.dynstr` is written.
  var dynamicNameParts: [StringTableBuilder.Part] = []
  /// Where linker-defined symbols lie, for their section number.
  var linkerDefinedSections: [SymbolIndex: OutputIndex] = [:]
  var offsetTableAnchor = OutputIndex.none
}

/// Reads the tables.
protocol ReadsTables: Sendable {
  var tables: LinkerTables { get }
}

extension ReadsTables {
  @inline(__always) var synthetic: SyntheticSections { tables.synthetic }
  @inline(__always) var dynamicSymbols: DynamicSymbolTable { tables.dynamicSymbols }
  @inline(__always) var dynamicSection: DynamicSection { tables.dynamicSection }
  @inline(__always) var symbolTable: SymbolTable { tables.symbolTable }
  @inline(__always) var sectionNameTable: StringTableBuilder { tables.sectionNameTable }
  @inline(__always) var dynamicNameParts: [StringTableBuilder.Part] { tables.dynamicNameParts }
  @inline(__always) var linkerDefinedSections: [SymbolIndex: OutputIndex] {
    tables.linkerDefinedSections
  }
  @inline(__always) var offsetTableAnchor: OutputIndex { tables.offsetTableAnchor }
}
