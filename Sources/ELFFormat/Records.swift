/// Views of the format's records: a pointer into bytes that somebody has bounds-checked.
///
/// Each view reads fields where the class and byte order put them; reading is a plain load once the
/// encoding is known. Who makes a view guarantees that `size` bytes are there.

/// The file header. Source: gABI, "ELF Header".
@frozen
public struct FileHeader<E: ELFEncoding> {
  public let p: UnsafeRawPointer
  @inlinable public init(_ p: UnsafeRawPointer) { self.p = p }
  /// Bytes of the record: 52 or 64.
  @inlinable public static var size: Int { E.is64 ? 64 : 52 }
  @inlinable public var type: UInt16 { E.load16(p + 16) }
  @inlinable public var machine: UInt16 { E.load16(p + 18) }
  @inlinable public var entry: UInt64 { E.loadWord(p + 24) }
  @inlinable public var programHeaderOffset: UInt64 { E.loadWord(p + (E.is64 ? 32 : 28)) }
  @inlinable public var sectionHeaderOffset: UInt64 { E.loadWord(p + (E.is64 ? 40 : 32)) }
  @inlinable public var flags: UInt32 { E.load32(p + (E.is64 ? 48 : 36)) }
  @inlinable public var sectionHeaderSize: UInt16 { E.load16(p + (E.is64 ? 58 : 46)) }
  @inlinable public var sectionCount: UInt16 { E.load16(p + (E.is64 ? 60 : 48)) }
  @inlinable public var sectionNameIndex: UInt16 { E.load16(p + (E.is64 ? 62 : 50)) }
}

/// A section header. Source: gABI, "Sections".
@frozen
public struct SectionHeader<E: ELFEncoding> {
  public let p: UnsafeRawPointer
  @inlinable public init(_ p: UnsafeRawPointer) { self.p = p }
  /// Bytes of the record: 40 or 64.
  @inlinable public static var size: Int { E.is64 ? 64 : 40 }
  @inlinable public var name: UInt32 { E.load32(p) }
  @inlinable public var type: SectionType { SectionType(rawValue: E.load32(p + 4)) }
  @inlinable public var flags: SectionFlags { SectionFlags(rawValue: E.loadWord(p + 8)) }
  @inlinable public var address: UInt64 { E.loadWord(p + (E.is64 ? 16 : 12)) }
  @inlinable public var offset: UInt64 { E.loadWord(p + (E.is64 ? 24 : 16)) }
  @inlinable public var byteCount: UInt64 { E.loadWord(p + (E.is64 ? 32 : 20)) }
  @inlinable public var link: UInt32 { E.load32(p + (E.is64 ? 40 : 24)) }
  @inlinable public var info: UInt32 { E.load32(p + (E.is64 ? 44 : 28)) }
  @inlinable public var alignment: UInt64 { E.loadWord(p + (E.is64 ? 48 : 32)) }
  @inlinable public var entrySize: UInt64 { E.loadWord(p + (E.is64 ? 56 : 36)) }
}

/// A symbol table entry. Source: gABI, "Symbol Table".
@frozen
public struct SymbolEntry<E: ELFEncoding> {
  public let p: UnsafeRawPointer
  @inlinable public init(_ p: UnsafeRawPointer) { self.p = p }
  /// Bytes of the record: 16 or 24.
  @inlinable public static var size: Int { E.is64 ? 24 : 16 }
  @inlinable public var name: UInt32 { E.load32(p) }
  @inlinable public var info: UInt8 { p.load(fromByteOffset: E.is64 ? 4 : 12, as: UInt8.self) }
  @inlinable public var other: UInt8 { p.load(fromByteOffset: E.is64 ? 5 : 13, as: UInt8.self) }
  @inlinable public var sectionIndex: UInt16 { E.load16(p + (E.is64 ? 6 : 14)) }
  @inlinable public var value: UInt64 { E.loadWord(p + (E.is64 ? 8 : 4)) }
  @inlinable public var byteCount: UInt64 { E.loadWord(p + (E.is64 ? 16 : 8)) }
  @inlinable public var type: SymbolType { SymbolType(rawValue: info & 15) }
  @inlinable public var binding: SymbolBinding { SymbolBinding(rawValue: info >> 4) }
  @inlinable public var visibility: SymbolVisibility { SymbolVisibility(rawValue: other & 3) }

  /// Writes a record at `p`.
  @inlinable
  public static func write(
    to p: UnsafeMutableRawPointer, name: UInt32, info: UInt8, other: UInt8, sectionIndex: UInt16,
    value: UInt64, byteCount: UInt64
  ) {
    E.store32(name, p)
    (p + (E.is64 ? 4 : 12)).storeBytes(of: info, as: UInt8.self)
    (p + (E.is64 ? 5 : 13)).storeBytes(of: other, as: UInt8.self)
    E.store16(sectionIndex, p + (E.is64 ? 6 : 14))
    E.storeWord(value, p + (E.is64 ? 8 : 4))
    E.storeWord(byteCount, p + (E.is64 ? 16 : 8))
  }
}

/// A relocation whose addend is in the place that it relocates. Source: gABI, "Relocation", Elf_Rel.
@frozen
public struct RelEntry<E: ELFEncoding> {
  public let p: UnsafeRawPointer
  @inlinable public init(_ p: UnsafeRawPointer) { self.p = p }
  /// Bytes of the record: 8 or 16.
  @inlinable public static var size: Int { E.is64 ? 16 : 8 }
  @inlinable public var offset: UInt64 { E.loadWord(p) }
  @inlinable public var type: UInt32 {
    E.is64 ? UInt32(truncatingIfNeeded: E.load64(p + 8)) : E.load32(p + 4) & 0xff
  }
  @inlinable public var symbol: UInt32 {
    E.is64 ? UInt32(truncatingIfNeeded: E.load64(p + 8) >> 32) : E.load32(p + 4) >> 8
  }

  @inlinable
  public static func write(
    to p: UnsafeMutableRawPointer, offset: UInt64, type: UInt32, symbol: UInt32
  ) {
    E.storeWord(offset, p)
    if E.is64 {
      E.store64(UInt64(symbol) << 32 | UInt64(type), p + 8)
    } else {
      E.store32(symbol << 8 | type & 0xff, p + 4)
    }
  }
}

/// The same with its addend behind it. Source: gABI, "Relocation", Elf_Rela.
@frozen
public struct RelaEntry<E: ELFEncoding> {
  public let p: UnsafeRawPointer
  @inlinable public init(_ p: UnsafeRawPointer) { self.p = p }
  /// Bytes of the record: 12 or 24.
  @inlinable public static var size: Int { RelEntry<E>.size + E.wordSize }
  @inlinable public var offset: UInt64 { RelEntry<E>(p).offset }
  @inlinable public var type: UInt32 { RelEntry<E>(p).type }
  @inlinable public var symbol: UInt32 { RelEntry<E>(p).symbol }
  @inlinable public var addend: Int64 {
    E.is64
      ? Int64(bitPattern: E.load64(p + 16)) : Int64(Int32(bitPattern: E.load32(p + 8)))
  }

  @inlinable
  public static func write(
    to p: UnsafeMutableRawPointer, offset: UInt64, type: UInt32, symbol: UInt32, addend: Int64
  ) {
    RelEntry<E>.write(to: p, offset: offset, type: type, symbol: symbol)
    E.storeWord(UInt64(bitPattern: addend), p + RelEntry<E>.size)
  }
}

/// The header of a compressed section. Source: gABI, "Section Compression".
@frozen
public struct CompressionHeader<E: ELFEncoding> {
  public let p: UnsafeRawPointer
  @inlinable public init(_ p: UnsafeRawPointer) { self.p = p }
  /// Bytes of the record: 12 or 24.
  @inlinable public static var size: Int { E.is64 ? 24 : 12 }
  /// ELFCOMPRESS_ZLIB (1) or ELFCOMPRESS_ZSTD (2).
  @inlinable public var type: UInt32 { E.load32(p) }
  @inlinable public var byteCount: UInt64 { E.loadWord(p + (E.is64 ? 8 : 4)) }
  @inlinable public var alignment: UInt64 { E.loadWord(p + (E.is64 ? 16 : 8)) }

  @inlinable
  public static func write(
    to p: UnsafeMutableRawPointer, type: UInt32, byteCount: UInt64, alignment: UInt64
  ) {
    E.store32(type, p)
    if E.is64 { E.store32(0, p + 4) }
    E.storeWord(byteCount, p + (E.is64 ? 8 : 4))
    E.storeWord(alignment, p + (E.is64 ? 16 : 8))
  }
}

/// Indices of sections with a meaning of their own. Source: gABI, "Special Section Indexes".
public enum SectionIndex {
  /// The corresponding ELF constant is `SHN_UNDEF`.
  public static let undefined: UInt32 = 0
  /// The corresponding ELF constant is `SHN_LORESERVE`.
  public static let reservedStart: UInt32 = 0xff00
  /// The corresponding ELF constant is `SHN_X86_64_LCOMMON`.
  public static let x86LargeCommon: UInt32 = 0xff02
  /// The corresponding ELF constant is `SHN_ABS`.
  public static let absolute: UInt32 = 0xfff1
  /// The corresponding ELF constant is `SHN_COMMON`.
  public static let common: UInt32 = 0xfff2
  /// The corresponding ELF constant is `SHN_XINDEX`.
  public static let extended: UInt32 = 0xffff
}

/// File types. Source: gABI, "ELF Header", e_type.
public enum FileType {
  public static let relocatable: UInt16 = 1
  public static let executable: UInt16 = 2
  public static let shared: UInt16 = 3
}

/// Machine numbers. Source: gABI, "ELF Header", e_machine.
public enum MachineNumber {
  public static let i386: UInt16 = 3
  public static let arm: UInt16 = 40
  public static let sparcv9: UInt16 = 43
  public static let x86_64: UInt16 = 62
  public static let aarch64: UInt16 = 183
  public static let riscv: UInt16 = 243

  /// A name for messages.
  public static func name(_ number: UInt16) -> String {
    switch number {
    case i386: "i386"
    case arm: "arm"
    case sparcv9: "sparc64"
    case x86_64: "x86-64"
    case aarch64: "aarch64"
    case riscv: "riscv"
    case 2: "sparc"
    case 8: "mips"
    case 20: "ppc"
    case 21: "ppc64"
    case 22: "s390"
    case 258: "loongarch"
    default: "machine \(number)"
    }
  }
}
