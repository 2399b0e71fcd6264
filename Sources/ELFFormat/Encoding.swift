/// How numbers lie in an ELF file: its class (32 or 64 bits) and its byte order.
///
/// Source: gABI, "Object Files", ELF identification. Conforming types have no instances; passes
/// that read or write the format are generic over one of them and are specialised for it.
public protocol ELFEncoding: Sendable {
  /// True for ELFCLASS64.
  static var is64: Bool { get }
  /// True for ELFDATA2MSB.
  static var isBigEndian: Bool { get }
}

/// ELFCLASS64, ELFDATA2LSB.
public enum ELF64Little: ELFEncoding {
  @inlinable public static var is64: Bool { true }
  @inlinable public static var isBigEndian: Bool { false }
}

/// ELFCLASS64, ELFDATA2MSB.
public enum ELF64Big: ELFEncoding {
  @inlinable public static var is64: Bool { true }
  @inlinable public static var isBigEndian: Bool { true }
}

/// ELFCLASS32, ELFDATA2LSB.
public enum ELF32Little: ELFEncoding {
  @inlinable public static var is64: Bool { false }
  @inlinable public static var isBigEndian: Bool { false }
}

/// ELFCLASS32, ELFDATA2MSB.
public enum ELF32Big: ELFEncoding {
  @inlinable public static var is64: Bool { false }
  @inlinable public static var isBigEndian: Bool { true }
}

extension ELFEncoding {
  /// Bytes of an address: 4 or 8.
  @inlinable public static var wordSize: Int { is64 ? 8 : 4 }

  @inlinable @inline(__always)
  public static func load16(_ p: UnsafeRawPointer) -> UInt16 {
    let value = p.loadUnaligned(as: UInt16.self)
    return isBigEndian ? UInt16(bigEndian: value) : UInt16(littleEndian: value)
  }

  @inlinable @inline(__always)
  public static func load32(_ p: UnsafeRawPointer) -> UInt32 {
    let value = p.loadUnaligned(as: UInt32.self)
    return isBigEndian ? UInt32(bigEndian: value) : UInt32(littleEndian: value)
  }

  @inlinable @inline(__always)
  public static func load64(_ p: UnsafeRawPointer) -> UInt64 {
    let value = p.loadUnaligned(as: UInt64.self)
    return isBigEndian ? UInt64(bigEndian: value) : UInt64(littleEndian: value)
  }

  /// An address-sized number.
  @inlinable @inline(__always)
  public static func loadWord(_ p: UnsafeRawPointer) -> UInt64 {
    is64 ? load64(p) : UInt64(load32(p))
  }

  @inlinable @inline(__always)
  public static func store16(_ value: UInt16, _ p: UnsafeMutableRawPointer) {
    let ordered = isBigEndian ? value.bigEndian : value.littleEndian
    p.storeBytes(of: ordered, as: UInt16.self)
  }

  @inlinable @inline(__always)
  public static func store32(_ value: UInt32, _ p: UnsafeMutableRawPointer) {
    let ordered = isBigEndian ? value.bigEndian : value.littleEndian
    p.storeBytes(of: ordered, as: UInt32.self)
  }

  @inlinable @inline(__always)
  public static func store64(_ value: UInt64, _ p: UnsafeMutableRawPointer) {
    let ordered = isBigEndian ? value.bigEndian : value.littleEndian
    p.storeBytes(of: ordered, as: UInt64.self)
  }

  @inlinable @inline(__always)
  public static func storeWord(_ value: UInt64, _ p: UnsafeMutableRawPointer) {
    if is64 { store64(value, p) } else { store32(UInt32(truncatingIfNeeded: value), p) }
  }
}
