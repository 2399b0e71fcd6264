import ELFFormat
import Platform
import ScriptParsing

/// The sections that the linker makes, and what is in them.
struct LinkerTables {
  var synthetic = SyntheticSections()
  var dynamicSymbols = DynamicSymbolTable()
  var dynamicSection = DynamicSection()
  var versions = VersionSections()
  var relocations = RelocationCounts()
  /// Bits of GNU_PROPERTY_X86_FEATURE_1_AND and GNU_PROPERTY_X86_ISA_1_NEEDED.
  var properties: (features: UInt32, isaNeeded: UInt32) = (0, 0)
  var symbolTable = SymbolTable()
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
  @inline(__always) var offsetTableAnchor: OutputIndex { tableStage.value.offsetTableAnchor }
  @inline(__always) var properties: (features: UInt32, isaNeeded: UInt32) {
    tableStage.value.properties
  }
}
