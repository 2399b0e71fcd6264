/// Reads little-endian DWARF from bytes that nobody has checked.
///
/// Past the end, every read yields zero and `hasFailed` is set: a parser checks once per item
/// instead of after each field, and its loops end because they look at `hasFailed`.
struct ByteReader {
  let bytes: UnsafeRawBufferPointer
  private(set) var position: Int
  let end: Int
  private(set) var hasFailed = false

  /// Reads `bytes[range]`; a range that is not inside the bytes fails at once.
  init(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) {
    self.bytes = bytes
    if range.lowerBound >= 0, range.upperBound <= bytes.count {
      position = range.lowerBound
      end = range.upperBound
    } else {
      position = 0
      end = 0
      hasFailed = true
    }
  }

  var isAtEnd: Bool { hasFailed || position >= end }
  var remaining: Int { end - position }

  mutating func fail() {
    hasFailed = true
    position = end
  }

  mutating func skip(_ count: UInt64) {
    guard !hasFailed, count <= UInt64(remaining) else { return fail() }
    position += Int(count)
  }

  /// An unsigned integer of `size` bytes, at most 8.
  mutating func unsigned(_ size: Int) -> UInt64 {
    guard !hasFailed, size <= 8, size <= remaining else {
      fail()
      return 0
    }
    var value: UInt64 = 0
    for i in 0..<size { value |= UInt64(bytes[position + i]) << UInt64(8 * i) }
    position += size
    return value
  }

  mutating func byte() -> UInt8 { UInt8(truncatingIfNeeded: unsigned(1)) }

  /// An unsigned LEB128 number; bits beyond the 64th are dropped.
  mutating func uleb() -> UInt64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while !hasFailed {
      let next = byte()
      if shift < 64 { value |= UInt64(next & 0x7F) << shift }
      if next & 0x80 == 0 { break }
      shift &+= 7
    }
    return value
  }

  /// A signed LEB128 number; bits beyond the 64th are dropped.
  mutating func sleb() -> Int64 {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while !hasFailed {
      let next = byte()
      if shift < 64 { value |= UInt64(next & 0x7F) << shift }
      shift &+= 7
      if next & 0x80 == 0 {
        if shift < 64, next & 0x40 != 0 { value |= .max << shift }
        break
      }
    }
    return Int64(bitPattern: value)
  }

  /// The range of a NUL-terminated string, without the NUL.
  mutating func string() -> Range<Int> {
    let start = position
    while !hasFailed {
      if position == end {
        fail()
        break
      }
      position += 1
      if bytes[position - 1] == 0 { return start..<position - 1 }
    }
    return start..<start
  }
}
