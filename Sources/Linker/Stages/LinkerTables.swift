import ELFFormat
import Platform
import ScriptParsing

/// The sections that the linker makes, and what is in them.
struct LinkerTables {
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
  var tableStage: Reading<LinkerTables> { get }
}

/// Changes the tables.
protocol ChangesTables: ReadsTables {
  var changingTables: Changing<LinkerTables> { get }
}

extension ChangesTables {
  @inline(__always) var tableStage: Reading<LinkerTables> { changingTables.reading }
  @inline(__always) var tables: LinkerTables {
    @inline(__always) _read { yield changingTables.value }
    @inline(__always) nonmutating _modify { yield &changingTables.value }
  }
}

extension ReadsTables {
  @inline(__always) var tables: LinkerTables {
    @inline(__always) _read { yield tableStage.value }
  }
  @inline(__always) var synthetic: SyntheticSections { tableStage.value.synthetic }
  @inline(__always) var dynamicSymbols: DynamicSymbolTable { tableStage.value.dynamicSymbols }
  @inline(__always) var dynamicSection: DynamicSection { tableStage.value.dynamicSection }
  @inline(__always) var symbolTable: SymbolTable { tableStage.value.symbolTable }
  @inline(__always) var sectionNameTable: StringTableBuilder { tableStage.value.sectionNameTable }
  @inline(__always) var dynamicNameParts: [StringTableBuilder.Part] {
    tableStage.value.dynamicNameParts
  }
  @inline(__always) var linkerDefinedSections: [SymbolIndex: OutputIndex] {
    tableStage.value.linkerDefinedSections
  }
  @inline(__always) var offsetTableAnchor: OutputIndex { tableStage.value.offsetTableAnchor }
}
