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
  @_disfavoredOverload
  public func hasSuffix(_ suffix: StaticString) -> Bool {
    let n = suffix.utf8CodeUnitCount
    return count >= n && memcmp(start + (count - n), suffix.utf8Start, n) == 0
  }

  @inlinable
  public func hasSuffix(_ suffix: ByteString) -> Bool {
    count >= suffix.count
      && memcmp(start + (count - suffix.count), suffix.start, suffix.count) == 0
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

  /// A 64-bit hash of the bytes, another in every process: see `hashBytes`.
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

extension ByteString: ExpressibleByStringLiteral {
  @inlinable public init(stringLiteral value: StaticString) { self.init(value) }
}

/// The bytes before the NUL that the caller knows to be there.
@inlinable
public func stringLength(_ start: UnsafePointer<UInt8>) -> Int {
  strlen(UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self))
}
