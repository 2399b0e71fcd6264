import Glibc
import Platform

/// A borrowed range of a file's bytes with a byte order, readable at any offset without a trap.
///
/// Everything read from a file is hostile, so each accessor answers `nil` outside the range and no
/// offset arithmetic overflows: offsets of 64 bits are clamped to `Int`, and a clamped one is out
/// of any range. The memory must outlive the view; mapped inputs are never unmapped.
struct ByteView: @unchecked Sendable {
  let start: UnsafeRawPointer
  let count: Int
  let isBigEndian: Bool

  init(start: UnsafeRawPointer, count: Int, isBigEndian: Bool) {
    self.start = start
    self.count = count
    self.isBigEndian = isBigEndian
  }

  /// The `count` bytes from `offset`, or `nil` when they are not all here.
  func slice(_ offset: Int, _ count: Int) -> ByteView? {
    guard offset >= 0, count >= 0, offset <= self.count, count <= self.count - offset else {
      return nil
    }
    return ByteView(start: start + offset, count: count, isBigEndian: isBigEndian)
  }

  func slice(_ offset: UInt64, _ count: UInt64) -> ByteView? {
    slice(Int(clamping: offset), Int(clamping: count))
  }

  @inline(__always)
  private func load<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, _ offset: Int) -> T? {
    guard offset >= 0, offset <= count - MemoryLayout<T>.size else { return nil }
    let value = start.loadUnaligned(fromByteOffset: offset, as: T.self)
    return isBigEndian ? T(bigEndian: value) : T(littleEndian: value)
  }

  func u8(_ offset: Int) -> UInt8? { load(UInt8.self, offset) }
  func u16(_ offset: Int) -> UInt16? { load(UInt16.self, offset) }
  func u32(_ offset: Int) -> UInt32? { load(UInt32.self, offset) }
  func u64(_ offset: Int) -> UInt64? { load(UInt64.self, offset) }
  func i32(_ offset: Int) -> Int32? { load(Int32.self, offset) }

  /// A word of 4 or 8 bytes, zero-extended.
  func word(_ offset: Int, is64: Bool) -> UInt64? {
    is64 ? u64(offset) : u32(offset).map(UInt64.init)
  }

  /// The NUL-terminated string at `offset`; `nil` without a terminator within `limit` bytes.
  func string(_ offset: Int, limit: Int = 1 << 16) -> ByteString? {
    guard offset >= 0, offset < count else { return nil }
    let from = start + offset
    guard let end = memchr(from, 0, min(count - offset, limit)) else { return nil }
    return ByteString(
      start: from.assumingMemoryBound(to: UInt8.self), count: UnsafeRawPointer(end) - from)
  }

  var isAllZero: Bool {
    for i in 0..<count where start.load(fromByteOffset: i, as: UInt8.self) != 0 { return false }
    return true
  }

  func hasSameBytes(as other: ByteView) -> Bool {
    count == other.count && memcmp(start, other.start, count) == 0
  }
}

/// A position in a `ByteView` that moves over what it reads; the LEB128 forms of DWARF included.
struct ByteCursor {
  let view: ByteView
  var offset: Int

  init(_ view: ByteView, at offset: Int = 0) {
    self.view = view
    self.offset = offset
  }

  var isAtEnd: Bool { offset >= view.count }

  mutating func u8() -> UInt8? { advance(view.u8(offset), 1) }
  mutating func u16() -> UInt16? { advance(view.u16(offset), 2) }
  mutating func u32() -> UInt32? { advance(view.u32(offset), 4) }
  mutating func u64() -> UInt64? { advance(view.u64(offset), 8) }

  private mutating func advance<T>(_ value: T?, _ size: Int) -> T? {
    if value != nil { offset += size }
    return value
  }

  mutating func string() -> ByteString? {
    guard let string = view.string(offset) else { return nil }
    offset += string.count + 1
    return string
  }

  /// An unsigned LEB128 number; `nil` past the end or beyond 64 bits.
  mutating func unsignedLEB() -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while let byte = u8() {
      guard shift < 64 else { return nil }
      value |= UInt64(byte & 0x7f) << shift
      shift += 7
      if byte & 0x80 == 0 { return value }
    }
    return nil
  }

  /// A signed LEB128 number; `nil` past the end or beyond 64 bits.
  mutating func signedLEB() -> Int64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while let byte = u8() {
      guard shift < 64 else { return nil }
      value |= UInt64(byte & 0x7f) << shift
      shift += 7
      if byte & 0x80 == 0 {
        if shift < 64, byte & 0x40 != 0 { value |= ~0 << shift }
        return Int64(bitPattern: value)
      }
    }
    return nil
  }
}

func hex<T: BinaryInteger>(_ value: T) -> String { "0x" + String(value, radix: 16) }
