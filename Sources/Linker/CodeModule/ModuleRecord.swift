import ELFFormat

/// What a code module knows of a symbol beside its `Symbol`: the module seen as a source file.
/// Parallel to the table of symbols, and recycled with it.
struct ModuleRecord: BitwiseCopyable {
  enum Kind: UInt8, BitwiseCopyable {
    /// Nothing: the record waits for another symbol.
    case unused
    case declaration
    /// Read-only bytes without a name, owned by a declaration.
    case constant
    case lazy
    /// Another name of a declaration, its owner.
    case export
    /// A name that something refers to, whoever defines it.
    case importReference
  }
  var kind = Kind.unused
  var content = ModuleContent.none
  var binding = Export.Binding.local
  var visibility = Export.Visibility.default
  var flags: ModuleFlags = []
  /// Slot in the offset table; -1 for none.
  var slot: Int32 = -1
  /// Offset in the string table; 0 for none.
  var nameOffset: UInt32 = 0
  /// Index in the symbol table; 0 for none.
  var entry: UInt32 = 0
  /// First relocation that refers to the symbol.
  var incoming: RelocationIndex = .none
  /// Of a declaration: its exports; of an export: the next one of the same declaration.
  var exports = SymbolIndex.none
  /// Of a declaration: its constants; of a constant: the next one of the same declaration.
  var constants = SymbolIndex.none
  /// Of an export: the neighbours in the list of definitions of the same name that it is in.
  var nextCandidate = SymbolIndex.none
  var previousCandidate = SymbolIndex.none
  /// Of exports, constants: the declaration.
  var owner = SymbolIndex.none
  /// Of exports and imports: the name's record in the resolver.
  var name: UInt32 = .max
  /// The compiler's key.
  var key: UInt64 = 0
}

struct ModuleFlags: OptionSet, BitwiseCopyable {
  let rawValue: UInt16
  /// Its entry in the symbol table is out of date.
  static let isEntryStale = ModuleFlags(rawValue: 1)
  static let hasDebugInfo = ModuleFlags(rawValue: 2)
  /// Of an import: nothing need define it.
  static let isWeakReference = ModuleFlags(rawValue: 4)
  /// Freed while places in data still hold its address.
  static let isDead = ModuleFlags(rawValue: 8)
  /// In the list of what was updated since the last flush.
  static let isUpdated = ModuleFlags(rawValue: 16)
  /// Some place in data holds its address, or did.
  static let isAddressTaken = ModuleFlags(rawValue: 32)
  /// The compiler tells which bytes use its slot (`DataRelocation.Kind.slotUse`).
  static let isTracked = ModuleFlags(rawValue: 64)
  /// Of an export: it names the section that holds its declaration.
  static let namesSection = ModuleFlags(rawValue: 128)
  /// Of an export: which of its name's lists it is in.
  static let isStrongCandidate = ModuleFlags(rawValue: 256)
  static let isWeakCandidate = ModuleFlags(rawValue: 512)
}

/// What a symbol's bytes are.
enum ModuleContent: UInt8, BitwiseCopyable {
  case none
  case function
  case mutable
  case immutable
  case threadLocal

  init(_ kind: DataKind) {
    switch kind {
    case .mutable: self = .mutable
    case .immutable: self = .immutable
    case .threadLocal: self = .threadLocal
    }
  }

  var symbolType: SymbolType {
    switch self {
    case .none: .none
    case .function: .function
    case .mutable, .immutable: .object
    case .threadLocal: .threadLocal
    }
  }
}

struct RelocationIndex: TableIndex { var raw: UInt32 }

/// A place in an atom that holds the address of a symbol; in two chains: of its holder, and of its
/// target, so that a symbol that moves finds the places to write, and only those.
struct ModuleRelocation: BitwiseCopyable {
  /// Bytes from the holder's start.
  var offset: UInt64
  var addend: Int64
  var holder: SymbolIndex
  var target: SymbolIndex
  var nextOfHolder: RelocationIndex
  var previousOfTarget: RelocationIndex
  var nextOfTarget: RelocationIndex
  var kind: DataRelocation.Kind
}
