/// What a segment is for. Source: gABI, "Program Header", p_type.
@frozen
public struct SegmentType: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The corresponding ELF constant is `PT_LOAD`.
  @inlinable public static var load: SegmentType { SegmentType(rawValue: 1) }
  /// The corresponding ELF constant is `PT_DYNAMIC`.
  @inlinable public static var dynamic: SegmentType { SegmentType(rawValue: 2) }
  /// The corresponding ELF constant is `PT_INTERP`.
  @inlinable public static var interpreter: SegmentType { SegmentType(rawValue: 3) }
  /// The corresponding ELF constant is `PT_NOTE`.
  @inlinable public static var note: SegmentType { SegmentType(rawValue: 4) }
  /// The corresponding ELF constant is `PT_PHDR`.
  @inlinable public static var programHeaders: SegmentType { SegmentType(rawValue: 6) }
  /// The corresponding ELF constant is `PT_TLS`.
  @inlinable public static var threadLocal: SegmentType { SegmentType(rawValue: 7) }
  /// The corresponding ELF constant is `PT_GNU_EH_FRAME`.
  @inlinable public static var gnuEHFrame: SegmentType { SegmentType(rawValue: 0x6474_e550) }
  /// The corresponding ELF constant is `PT_GNU_STACK`.
  @inlinable public static var gnuStack: SegmentType { SegmentType(rawValue: 0x6474_e551) }
  /// The corresponding ELF constant is `PT_GNU_RELRO`.
  @inlinable public static var gnuRelro: SegmentType { SegmentType(rawValue: 0x6474_e552) }
  /// The corresponding ELF constant is `PT_GNU_PROPERTY`.
  @inlinable public static var gnuProperty: SegmentType { SegmentType(rawValue: 0x6474_e553) }
}

/// Segment permissions. Source: gABI, "Program Header", p_flags.
@frozen
public struct SegmentFlags: OptionSet, Sendable {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The corresponding ELF constant is `PF_X`.
  @inlinable public static var execute: SegmentFlags { SegmentFlags(rawValue: 1) }
  /// The corresponding ELF constant is `PF_W`.
  @inlinable public static var write: SegmentFlags { SegmentFlags(rawValue: 2) }
  /// The corresponding ELF constant is `PF_R`.
  @inlinable public static var read: SegmentFlags { SegmentFlags(rawValue: 4) }
}
