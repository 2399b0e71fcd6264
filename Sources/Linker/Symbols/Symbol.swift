import ELFFormat
import Platform

/// A name that crosses files, and what it stands for after resolution. 40 bytes.
///
/// Local symbols have no record: they are read from their file's symbol table, and the few that
/// need a slot in a linker-made table are listed with the file (`LocalDemand`).
///
/// `word` is the offset in `atom`, or the value if there is no atom; once layout is done, the
/// address. `extra` is, while files are read, the first provider of the symbol (`ProviderIndex`).
struct Symbol: BitwiseCopyable {
  var nameStart: UnsafePointer<UInt8>
  var nameCount: UInt32
  /// Atomic while passes run in parallel.
  var flags: SymbolFlags.RawValue
  var word: UInt64
  /// The defining object, or the library if `.isShared` is set; `.none`: nobody.
  var file: UInt32
  /// Index in the symbol table of `file`.
  var source: UInt32
  var atom: AtomIndex
  var extra: ExtraIndex

  @inline(__always) var name: ByteString { ByteString(start: nameStart, count: Int(nameCount)) }
  @inline(__always) var has: SymbolFlags { SymbolFlags(rawValue: flags) }
}

/// What is known of a symbol and what is asked for it.
struct SymbolFlags: OptionSet, Sendable {
  let rawValue: UInt32
  @inline(__always) init(rawValue: UInt32) { self.rawValue = rawValue }

  // Facts gathered while reading; set atomically.

  /// A live object refers to it with a binding other than weak.
  static let isReferenced = SymbolFlags(rawValue: 1 << 0)
  /// A live object refers to it, weakly or not.
  static let isMentioned = SymbolFlags(rawValue: 1 << 1)
  /// A live object defines it, and not as a common symbol.
  static let isDefinedInObject = SymbolFlags(rawValue: 1 << 2)
  /// A library refers to it, so it is exported if an object defines it.
  static let isReferencedByLibrary = SymbolFlags(rawValue: 1 << 3)
  /// Some object says STV_HIDDEN or STV_INTERNAL.
  static let sawHidden = SymbolFlags(rawValue: 1 << 4)
  /// Some object says STV_PROTECTED.
  static let sawProtected = SymbolFlags(rawValue: 1 << 5)
  /// A live object has it as a common symbol.
  static let sawCommon = SymbolFlags(rawValue: 1 << 6)

  // Decided by resolution.

  /// Defined by a library: `file` is a `LibraryIndex`.
  static let isShared = SymbolFlags(rawValue: 1 << 7)
  /// The definition that won is weak.
  static let isWeak = SymbolFlags(rawValue: 1 << 8)
  /// Nobody defines it; it resolves to zero (weak) or is an error.
  static let isUndefined = SymbolFlags(rawValue: 1 << 9)
  /// The value is not an address (SHN_ABS).
  static let isAbsolute = SymbolFlags(rawValue: 1 << 10)
  static let isThreadLocal = SymbolFlags(rawValue: 1 << 11)
  static let isFunction = SymbolFlags(rawValue: 1 << 12)
  static let isIndirectFunction = SymbolFlags(rawValue: 1 << 13)
  static let isCommon = SymbolFlags(rawValue: 1 << 14)
  /// In the dynamic symbol table as a definition.
  static let isExported = SymbolFlags(rawValue: 1 << 15)
  /// In the dynamic symbol table as a reference.
  static let isImported = SymbolFlags(rawValue: 1 << 16)
  /// Another component may supply the definition that is used at run time.
  static let isPreemptible = SymbolFlags(rawValue: 1 << 17)
  /// A version script or `--exclude-libs` made it local.
  static let isForcedLocal = SymbolFlags(rawValue: 1 << 18)
  /// Defined by the linker; `source` is a `LinkerDefinedKind`.
  static let isLinkerDefined = SymbolFlags(rawValue: 1 << 19)

  // Demands found by the relocation scan; set atomically.

  static let needsOffsetSlot = SymbolFlags(rawValue: 1 << 20)
  static let needsPLT = SymbolFlags(rawValue: 1 << 21)
  static let needsCopy = SymbolFlags(rawValue: 1 << 22)
  /// The PLT entry is the function's address for everybody.
  static let needsCanonicalPLT = SymbolFlags(rawValue: 1 << 23)
  static let needsTLSModuleAndOffset = SymbolFlags(rawValue: 1 << 24)
  static let needsTLSOffset = SymbolFlags(rawValue: 1 << 25)
  static let needsTLSDescriptor = SymbolFlags(rawValue: 1 << 26)
  /// Named by a dynamic relocation, so it needs an entry in the dynamic symbol table.
  static let needsDynamicSymbol = SymbolFlags(rawValue: 1 << 27)

  /// Named by `-u`, `--require-defined`, the entry, a root of garbage collection.
  static let isRoot = SymbolFlags(rawValue: 1 << 28)
  /// `--trace-symbol`.
  static let isTraced = SymbolFlags(rawValue: 1 << 29)
  /// Garbage collection has come upon a reference to it; only for names that nothing here defines.
  static let isReached = SymbolFlags(rawValue: 1 << 30)
  /// STB_GNU_UNIQUE.
  static let isUnique = SymbolFlags(rawValue: 1 << 31)

  /// The demands that only thread-local variables have.
  static let threadLocalDemands: SymbolFlags = [
    .needsTLSModuleAndOffset, .needsTLSOffset, .needsTLSDescriptor,
  ]

  /// The demands that give a symbol an `extra` record.
  static let demands: SymbolFlags = [
    .needsOffsetSlot, .needsPLT, .needsCopy, .needsCanonicalPLT, .needsTLSModuleAndOffset,
    .needsTLSOffset, .needsTLSDescriptor,
  ]
}

/// A claim on a name: rank, then file order, then index in the file; lowest wins.
///
/// Ranks: strong definition, common, weak definition, then libraries; `none` is higher than all.
/// Source: gABI, "Symbol Table", on STB_WEAK: a common definition is honoured, a weak one ignored.
enum Claim {
  static let none = UInt64.max
  static let strong: UInt64 = 0
  static let common: UInt64 = 1
  static let weak: UInt64 = 2
  static let shared: UInt64 = 3

  /// - Parameters:
  ///   - order: the file's place in the order of inputs, below 2³⁰.
  ///   - source: index in the file's symbol table, below 2³².
  @inline(__always)
  static func make(rank: UInt64, order: UInt32, source: UInt32) -> UInt64 {
    rank << 62 | UInt64(order) << 32 | UInt64(source)
  }
  @inline(__always) static func rank(_ claim: UInt64) -> UInt64 { claim >> 62 }
  @inline(__always) static func order(_ claim: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: claim >> 32) & 0x3fff_ffff
  }
  @inline(__always) static func source(_ claim: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: claim)
  }
}

/// What only few symbols have: places in linker-made tables; -1 where there is none.
struct SymbolExtra: BitwiseCopyable {
  /// The global symbol, or `.none` for a local one.
  var symbol: SymbolIndex
  /// For a local symbol: its file and index there.
  var file: FileIndex
  var source: UInt32
  var offsetSlot: Int32 = -1
  /// An entry that the loader binds at its first call.
  var lazyEntry: Int32 = -1
  /// An entry that jumps through a slot which is filled at start.
  var directEntry: Int32 = -1
  /// The slot of `directEntry`, if it is not `offsetSlot`.
  var directSlot: Int32 = -1
  /// Two slots: module and offset.
  var tlsModuleSlot: Int32 = -1
  var tlsOffsetSlot: Int32 = -1
  /// Two slots: resolver and argument.
  var tlsDescriptorSlot: Int32 = -1
  /// Where the copy of a library's variable lies: offset in the copy area.
  var copyOffset: Int64 = -1
}

/// A local symbol that needs slots. Sorted by `source` for each file.
struct LocalDemand: BitwiseCopyable {
  var file: FileIndex
  var source: UInt32
  var flags: SymbolFlags.RawValue
  var extra: ExtraIndex
}
