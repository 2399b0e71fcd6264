/// What a symbol stands for. Source: gABI, "Symbol Table", ELF_ST_TYPE.
@frozen
public struct SymbolType: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt8
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The corresponding ELF constant is `STT_NOTYPE`.
  @inlinable public static var none: SymbolType { SymbolType(rawValue: 0) }
  /// The corresponding ELF constant is `STT_OBJECT`.
  @inlinable public static var object: SymbolType { SymbolType(rawValue: 1) }
  /// The corresponding ELF constant is `STT_FUNC`.
  @inlinable public static var function: SymbolType { SymbolType(rawValue: 2) }
  /// The corresponding ELF constant is `STT_SECTION`.
  @inlinable public static var section: SymbolType { SymbolType(rawValue: 3) }
  /// The corresponding ELF constant is `STT_FILE`.
  @inlinable public static var file: SymbolType { SymbolType(rawValue: 4) }
  /// The corresponding ELF constant is `STT_COMMON`.
  @inlinable public static var common: SymbolType { SymbolType(rawValue: 5) }
  /// The corresponding ELF constant is `STT_TLS`.
  @inlinable public static var threadLocal: SymbolType { SymbolType(rawValue: 6) }
  /// The corresponding ELF constant is `STT_GNU_IFUNC`.
  @inlinable public static var gnuIndirectFunction: SymbolType { SymbolType(rawValue: 10) }
}

/// How far a symbol is seen between files. Source: gABI, "Symbol Table", ELF_ST_BIND.
@frozen
public struct SymbolBinding: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt8
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The corresponding ELF constant is `STB_LOCAL`.
  @inlinable public static var local: SymbolBinding { SymbolBinding(rawValue: 0) }
  /// The corresponding ELF constant is `STB_GLOBAL`.
  @inlinable public static var global: SymbolBinding { SymbolBinding(rawValue: 1) }
  /// The corresponding ELF constant is `STB_WEAK`.
  @inlinable public static var weak: SymbolBinding { SymbolBinding(rawValue: 2) }
  /// The corresponding ELF constant is `STB_GNU_UNIQUE`.
  @inlinable public static var gnuUnique: SymbolBinding { SymbolBinding(rawValue: 10) }
}

/// How far a symbol is seen between components. Source: gABI, "Symbol Table", st_other.
@frozen
public struct SymbolVisibility: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt8
  @inlinable public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The corresponding ELF constant is `STV_DEFAULT`.
  @inlinable public static var `default`: SymbolVisibility { SymbolVisibility(rawValue: 0) }
  /// The corresponding ELF constant is `STV_INTERNAL`.
  @inlinable public static var `internal`: SymbolVisibility { SymbolVisibility(rawValue: 1) }
  /// The corresponding ELF constant is `STV_HIDDEN`.
  @inlinable public static var hidden: SymbolVisibility { SymbolVisibility(rawValue: 2) }
  /// The corresponding ELF constant is `STV_PROTECTED`.
  @inlinable public static var protected: SymbolVisibility { SymbolVisibility(rawValue: 3) }
}
