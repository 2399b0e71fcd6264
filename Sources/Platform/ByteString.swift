import Glibc

/// Bytes that somebody else owns: a name or a piece of a mapped file.
///
/// A pointer and a length without ownership; whoever makes one guarantees that the memory lives as
/// long as the link does (mapped inputs and arenas are never freed before exit). Comparing and
/// classifying names through it costs a tenth of what `String` does.
@frozen
public struct ByteString: @unchecked Sendable {
  public let start: UnsafePointer<UInt8>
  public let count: Int

  @inlinable
  public init(start: UnsafePointer<UInt8>, count: Int) {
    self.start = start
    self.count = count
  }

  @inlinable
  public init(_ buffer: UnsafeRawBufferPointer) {
    if let base = buffer.baseAddress {
      self.init(start: base.assumingMemoryBound(to: UInt8.self), count: buffer.count)
    } else {
      self.init("")
    }
  }

  /// The bytes of a literal.
  @inlinable
  public init(_ literal: StaticString) {
    self.init(start: literal.utf8Start, count: literal.utf8CodeUnitCount)
  }

  /// A copy of `string` that lives until exit.
  public init(copying string: String) {
    var string = string
    self = string.withUTF8 { bytes in
      let copy = allocateForever(UInt8.self, count: bytes.count)
      if let base = bytes.baseAddress { copy.initialize(from: base, count: bytes.count) }
      return ByteString(start: copy, count: bytes.count)
    }
  }

  @inlinable
  public var isEmpty: Bool { count == 0 }

  @inlinable
  public subscript(index: Int) -> UInt8 {
    assert(index >= 0 && index < count)
    return start[index]
  }

  /// The bytes in `range`, which the caller has checked.
  @inlinable
  public subscript(range: Range<Int>) -> ByteString {
    assert(range.lowerBound >= 0 && range.upperBound <= count)
    return ByteString(start: start + range.lowerBound, count: range.count)
  }

  @inlinable
  public func dropFirst(_ n: Int) -> ByteString { self[min(n, count)..<count] }

  @inlinable
  @_disfavoredOverload
  public func hasPrefix(_ prefix: StaticString) -> Bool {
    let n = prefix.utf8CodeUnitCount
    return count >= n && memcmp(start, prefix.utf8Start, n) == 0
  }

  @inlinable
  public func hasPrefix(_ prefix: ByteString) -> Bool {
    count >= prefix.count && memcmp(start, prefix.start, prefix.count) == 0
  }

  @inlinable
  public func hasSuffix(_ suffix: StaticString) -> Bool {
    let n = suffix.utf8CodeUnitCount
    return count >= n && memcmp(start + (count - n), suffix.utf8Start, n) == 0
  }

  @inlinable
  public func firstIndex(of byte: UInt8) -> Int? {
    guard let found = memchr(start, Int32(byte), count) else { return nil }
    return UnsafeRawPointer(found) - UnsafeRawPointer(start)
  }

  @inlinable
  public static func == (a: ByteString, b: ByteString) -> Bool {
    a.count == b.count && memcmp(a.start, b.start, a.count) == 0
  }

  @inlinable
  @_disfavoredOverload
  public static func == (a: ByteString, b: StaticString) -> Bool {
    a.count == b.utf8CodeUnitCount && memcmp(a.start, b.utf8Start, a.count) == 0
  }

  @inlinable
  public var buffer: UnsafeBufferPointer<UInt8> { UnsafeBufferPointer(start: start, count: count) }

  /// A 64-bit hash of the bytes; the same in every process.
  @inlinable
  public var hash: UInt64 { hashBytes(start, count) }
}

extension ByteString: Equatable, Comparable, Hashable, CustomStringConvertible {
  public static func < (a: ByteString, b: ByteString) -> Bool {
    let order = memcmp(a.start, b.start, min(a.count, b.count))
    return order == 0 ? a.count < b.count : order < 0
  }

  public func hash(into hasher: inout Hasher) { hasher.combine(hash) }

  public var description: String { String(decoding: buffer, as: UTF8.self) }
}

extension String {
  public init(_ bytes: ByteString) { self.init(decoding: bytes.buffer, as: UTF8.self) }
}

/// Multiplies to 128 bits and folds: one `mul` and one `xor`.
@inlinable
@inline(__always)
func foldedMultiply(_ a: UInt64, _ b: UInt64) -> UInt64 {
  let product = a.multipliedFullWidth(by: b)
  return product.high ^ product.low
}

@inlinable
@inline(__always)
func load64(_ p: UnsafePointer<UInt8>) -> UInt64 {
  UnsafeRawPointer(p).loadUnaligned(as: UInt64.self)
}

@inlinable
@inline(__always)
func load32(_ p: UnsafePointer<UInt8>) -> UInt64 {
  UInt64(UnsafeRawPointer(p).loadUnaligned(as: UInt32.self))
}

/// A folded-multiply hash over 16 bytes a step; quality comes from the 128-bit products.
@inlinable
public func hashBytes(_ start: UnsafePointer<UInt8>, _ count: Int) -> UInt64 {
  let k0: UInt64 = 0x9E37_79B9_7F4A_7C15
  let k1: UInt64 = 0xD6E8_FEB8_6659_FD93
  var state = UInt64(truncatingIfNeeded: count) &* k0
  var a: UInt64
  var b: UInt64
  if count <= 16 {
    if count >= 8 {
      a = load64(start)
      b = load64(start + (count &- 8))
    } else if count >= 4 {
      a = load32(start)
      b = load32(start + (count &- 4))
    } else if count > 0 {
      a =
        UInt64(start[0]) << 16 | UInt64(start[count >> 1]) << 8 | UInt64(start[count &- 1])
      b = 0
    } else {
      a = 0
      b = 0
    }
  } else {
    var p = start
    var left = count
    while left > 16 {
      state = foldedMultiply(load64(p) ^ k1, load64(p + 8) ^ state)
      p += 16
      left &-= 16
    }
    a = load64(start + (count &- 16))
    b = load64(start + (count &- 8))
  }
  return foldedMultiply(
    foldedMultiply(a ^ k0, b ^ state) ^ k1, UInt64(truncatingIfNeeded: count) ^ k0)
}

extension ByteString: ExpressibleByStringLiteral {
  @inlinable public init(stringLiteral value: StaticString) { self.init(value) }
}

/// The bytes before the NUL that the caller knows to be there.
@inlinable
public func stringLength(_ start: UnsafePointer<UInt8>) -> Int {
  strlen(UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self))
}
