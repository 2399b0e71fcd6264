import ELFFormat
import Platform
import ScriptParsing

/// What names mean: a record for each global name, who defines it, versions.
///
/// Made by reading inputs and resolving symbols; exports are decided in it.
struct Naming {
  let symbols = Table<SymbolIndex, Symbol>(capacity: 1 << 27, of: "symbols")
  var names = NameTable(capacity: 1 << 10)
  var parsedDefinitions: [ParsedDefinition] = []
  /// Symbols that the linker defines if somebody refers to them, and the value that they'll have.
  var linkerDefined: [LinkerDefinedSymbol] = []
  /// Values of `--defsym`, evaluated after layout.
  var definitions: [SymbolDefinition] = []
  var versions = VersionTable()
  /// Symbols that a reference names with a version which is the default one of a library.
  var askedByVersion: Set<SymbolIndex> = []
  /// Some definition is STB_GNU_UNIQUE or STT_GNU_IFUNC.
  var hasGNUSymbols = false
  let extras = Table<ExtraIndex, SymbolExtra>(capacity: 1 << 26, of: "symbols with slots")
  /// What libraries define and is only referred to weakly, in the order of symbols.
  var weakImports: [SymbolIndex] = []
  /// Where the symbols of files lead; nil if no file has relocations.
  var destinations: Destinations?
}

/// Reads the naming.
protocol ReadsNaming: Sendable {
  var namingStage: Reading<Naming> { get }
}

/// Changes the naming.
protocol ChangesNaming: ReadsNaming {
  var changingNaming: Changing<Naming> { get }
}

extension ChangesNaming {
  @inline(__always) var namingStage: Reading<Naming> { changingNaming.reading }
  @inline(__always) var naming: Naming {
    @inline(__always) _read { yield changingNaming.value }
    @inline(__always) nonmutating _modify { yield &changingNaming.value }
  }
}

extension ReadsNaming {
  @inline(__always) var naming: Naming {
    @inline(__always) _read { yield namingStage.value }
  }
  @inline(__always) var symbols: Table<SymbolIndex, Symbol> { namingStage.value.symbols }
  @inline(__always) var names: NameTable { namingStage.value.names }
  @inline(__always) var parsedDefinitions: [ParsedDefinition] {
    namingStage.value.parsedDefinitions
  }
  @inline(__always) var linkerDefined: [LinkerDefinedSymbol] { namingStage.value.linkerDefined }
  @inline(__always) var definitions: [SymbolDefinition] { namingStage.value.definitions }
  @inline(__always) var versions: VersionTable { namingStage.value.versions }
  @inline(__always) var askedByVersion: Set<SymbolIndex> { namingStage.value.askedByVersion }
  @inline(__always) var extras: Table<ExtraIndex, SymbolExtra> { namingStage.value.extras }

  /// Whether some definition is still STB_GNU_UNIQUE or STT_GNU_IFUNC.
  var hasGNUSymbols: Bool {
    namingStage.value.hasGNUSymbols
      && symbols.indices.contains {
        !symbols[SymbolIndex($0)].has.isDisjoint(with: [.isUnique, .isIndirectFunction])
      }
  }
}
