/// What a section holds. Source: gABI, "Sections", sh_type.
@frozen
public struct SectionType: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt32
  @inlinable public init(rawValue: UInt32) { self.rawValue = rawValue }

  /// The corresponding ELF constant is `SHT_NULL`.
  @inlinable public static var null: SectionType { SectionType(rawValue: 0) }
  /// The corresponding ELF constant is `SHT_PROGBITS`.
  @inlinable public static var progbits: SectionType { SectionType(rawValue: 1) }
  /// The corresponding ELF constant is `SHT_SYMTAB`.
  @inlinable public static var symbolTable: SectionType { SectionType(rawValue: 2) }
  /// The corresponding ELF constant is `SHT_STRTAB`.
  @inlinable public static var stringTable: SectionType { SectionType(rawValue: 3) }
  /// The corresponding ELF constant is `SHT_RELA`.
  @inlinable public static var rela: SectionType { SectionType(rawValue: 4) }
  /// The corresponding ELF constant is `SHT_HASH`.
  @inlinable public static var hash: SectionType { SectionType(rawValue: 5) }
  /// The corresponding ELF constant is `SHT_DYNAMIC`.
  @inlinable public static var dynamic: SectionType { SectionType(rawValue: 6) }
  /// The corresponding ELF constant is `SHT_NOTE`.
  @inlinable public static var note: SectionType { SectionType(rawValue: 7) }
  /// The corresponding ELF constant is `SHT_NOBITS`.
  @inlinable public static var nobits: SectionType { SectionType(rawValue: 8) }
  /// The corresponding ELF constant is `SHT_REL`.
  @inlinable public static var rel: SectionType { SectionType(rawValue: 9) }
  /// The corresponding ELF constant is `SHT_DYNSYM`.
  @inlinable public static var dynamicSymbols: SectionType { SectionType(rawValue: 11) }
  /// The corresponding ELF constant is `SHT_INIT_ARRAY`.
  @inlinable public static var initArray: SectionType { SectionType(rawValue: 14) }
  /// The corresponding ELF constant is `SHT_FINI_ARRAY`.
  @inlinable public static var finiArray: SectionType { SectionType(rawValue: 15) }
  /// The corresponding ELF constant is `SHT_PREINIT_ARRAY`.
  @inlinable public static var preinitArray: SectionType { SectionType(rawValue: 16) }
  /// The corresponding ELF constant is `SHT_GROUP`.
  @inlinable public static var group: SectionType { SectionType(rawValue: 17) }
  /// The corresponding ELF constant is `SHT_SYMTAB_SHNDX`.
  @inlinable public static var sectionIndices: SectionType { SectionType(rawValue: 18) }
  /// The corresponding ELF constant is `SHT_RELR`.
  @inlinable public static var relr: SectionType { SectionType(rawValue: 19) }
  /// The corresponding ELF constant is `SHT_CREL`.
  @inlinable public static var crel: SectionType { SectionType(rawValue: 0x4000_0014) }
  /// The corresponding ELF constant is `SHT_LLVM_ADDRSIG`.
  @inlinable public static var llvmAddressSignificance: SectionType {
    SectionType(rawValue: 0x6fff_4c03)
  }
  /// The corresponding ELF constant is `SHT_LLVM_DEPENDENT_LIBRARIES`.
  @inlinable public static var llvmDependentLibraries: SectionType {
    SectionType(rawValue: 0x6fff_4c04)
  }
  /// The corresponding ELF constant is `SHT_LLVM_SYMPART`.
  @inlinable public static var llvmSymbolPartition: SectionType {
    SectionType(rawValue: 0x6fff_4c05)
  }
  /// The corresponding ELF constant is `SHT_LLVM_CALL_GRAPH_PROFILE`.
  @inlinable public static var llvmCallGraphProfile: SectionType {
    SectionType(rawValue: 0x6fff_4c09)
  }
  /// The corresponding ELF constant is `SHT_LLVM_LTO`.
  @inlinable public static var llvmLTO: SectionType { SectionType(rawValue: 0x6fff_4c0c) }
  /// The corresponding ELF constant is `SHT_GNU_ATTRIBUTES`.
  @inlinable public static var gnuAttributes: SectionType { SectionType(rawValue: 0x6fff_fff5) }
  /// The corresponding ELF constant is `SHT_GNU_HASH`.
  @inlinable public static var gnuHash: SectionType { SectionType(rawValue: 0x6fff_fff6) }
  /// The corresponding ELF constant is `SHT_GNU_verdef`.
  @inlinable public static var gnuVersionDefinitions: SectionType {
    SectionType(rawValue: 0x6fff_fffd)
  }
  /// The corresponding ELF constant is `SHT_GNU_verneed`.
  @inlinable public static var gnuVersionNeeds: SectionType { SectionType(rawValue: 0x6fff_fffe) }
  /// The corresponding ELF constant is `SHT_GNU_versym`.
  @inlinable public static var gnuVersionSymbols: SectionType { SectionType(rawValue: 0x6fff_ffff) }
  /// The corresponding ELF constant is `SHT_X86_64_UNWIND`.
  @inlinable public static var x86Unwind: SectionType { SectionType(rawValue: 0x7000_0001) }
}

/// Section attributes. Source: gABI, "Sections", sh_flags.
@frozen
public struct SectionFlags: OptionSet, Sendable {
  public let rawValue: UInt64
  @inlinable public init(rawValue: UInt64) { self.rawValue = rawValue }

  /// The corresponding ELF constant is `SHF_WRITE`.
  @inlinable public static var write: SectionFlags { SectionFlags(rawValue: 1) }
  /// The corresponding ELF constant is `SHF_ALLOC`.
  @inlinable public static var alloc: SectionFlags { SectionFlags(rawValue: 2) }
  /// The corresponding ELF constant is `SHF_EXECINSTR`.
  @inlinable public static var execute: SectionFlags { SectionFlags(rawValue: 4) }
  /// The corresponding ELF constant is `SHF_MERGE`.
  @inlinable public static var merge: SectionFlags { SectionFlags(rawValue: 0x10) }
  /// The corresponding ELF constant is `SHF_STRINGS`.
  @inlinable public static var strings: SectionFlags { SectionFlags(rawValue: 0x20) }
  /// The corresponding ELF constant is `SHF_INFO_LINK`.
  @inlinable public static var infoLink: SectionFlags { SectionFlags(rawValue: 0x40) }
  /// The corresponding ELF constant is `SHF_LINK_ORDER`.
  @inlinable public static var linkOrder: SectionFlags { SectionFlags(rawValue: 0x80) }
  /// The corresponding ELF constant is `SHF_OS_NONCONFORMING`.
  @inlinable public static var osNonconforming: SectionFlags { SectionFlags(rawValue: 0x100) }
  /// The corresponding ELF constant is `SHF_GROUP`.
  @inlinable public static var group: SectionFlags { SectionFlags(rawValue: 0x200) }
  /// The corresponding ELF constant is `SHF_TLS`.
  @inlinable public static var threadLocal: SectionFlags { SectionFlags(rawValue: 0x400) }
  /// The corresponding ELF constant is `SHF_COMPRESSED`.
  @inlinable public static var compressed: SectionFlags { SectionFlags(rawValue: 0x800) }
  /// The corresponding ELF constant is `SHF_GNU_RETAIN`.
  @inlinable public static var gnuRetain: SectionFlags { SectionFlags(rawValue: 0x20_0000) }
  /// The corresponding ELF constant is `SHF_X86_64_LARGE`.
  @inlinable public static var x86Large: SectionFlags { SectionFlags(rawValue: 0x1000_0000) }
  /// The corresponding ELF constant is `SHF_EXCLUDE`.
  @inlinable public static var exclude: SectionFlags { SectionFlags(rawValue: 0x8000_0000) }
}
