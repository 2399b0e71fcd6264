import Platform

/// A set of bytes: 256 bits.
struct ByteSet: Sendable, Equatable, BitwiseCopyable {
  private var bits: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)

  static func == (a: ByteSet, b: ByteSet) -> Bool { a.bits == b.bits }

  func contains(_ byte: UInt8) -> Bool {
    let word =
      switch byte >> 6 {
      case 0: bits.0
      case 1: bits.1
      case 2: bits.2
      default: bits.3
      }
    return word >> UInt64(byte & 63) & 1 != 0
  }

  mutating func insert(_ byte: UInt8) {
    let bit: UInt64 = 1 << UInt64(byte & 63)
    switch byte >> 6 {
    case 0: bits.0 |= bit
    case 1: bits.1 |= bit
    case 2: bits.2 |= bit
    default: bits.3 |= bit
    }
  }

  mutating func invert() { bits = (~bits.0, ~bits.1, ~bits.2, ~bits.3) }

  /// Parses a bracket expression from the byte after its `[`.
  ///
  /// - Returns: the set and the index after `]`; nil if there is no `]`.
  static func parse(_ pattern: ByteString, from start: Int) -> (set: ByteSet, end: Int)? {
    var set = ByteSet()
    var index = start
    var isInverted = false
    if index < pattern.count,
      pattern[index] == UInt8(ascii: "!") || pattern[index] == UInt8(ascii: "^")
    {
      isInverted = true
      index += 1
    }
    let first = index
    while index < pattern.count {
      var low = pattern[index]
      // A `]` in front is a member.
      if low == UInt8(ascii: "]"), index > first {
        if isInverted { set.invert() }
        return (set, index + 1)
      }
      if low == UInt8(ascii: "["), let end = insertClass(pattern, from: index + 1, into: &set) {
        index = end
        continue
      }
      index += 1
      if low == UInt8(ascii: "\\"), index < pattern.count {
        low = pattern[index]
        index += 1
      }
      // A `-` in front of the `]` is a member, any other one makes a range.
      guard index + 1 < pattern.count, pattern[index] == UInt8(ascii: "-"),
        pattern[index + 1] != UInt8(ascii: "]")
      else {
        set.insert(low)
        continue
      }
      var high = pattern[index + 1]
      index += 2
      if high == UInt8(ascii: "\\"), index < pattern.count {
        high = pattern[index]
        index += 1
      }
      if low <= high {
        for byte in low...high { set.insert(byte) }
      }
    }
    return nil
  }

  /// Adds the members of `:name:]`, a character class of the C locale, at `start`.
  ///
  /// - Returns: the index after it; nil if no class is there.
  private static func insertClass(
    _ pattern: ByteString, from start: Int, into set: inout ByteSet
  ) -> Int? {
    let rest = pattern.dropFirst(start)
    // The longest is `:xdigit:]`.
    guard !rest.isEmpty, rest[0] == UInt8(ascii: ":"),
      let length = rest[1..<min(rest.count, 9)].firstIndex(of: UInt8(ascii: ":")),
      length + 2 < rest.count, rest[length + 2] == UInt8(ascii: "]"),
      let belongs = classMembership(rest[1..<1 + length])
    else { return nil }
    for byte in UInt8(0)..<128 where belongs(byte) { set.insert(byte) }
    return start + length + 3
  }

  private static func classMembership(_ name: ByteString) -> ((UInt8) -> Bool)? {
    func isDigit(_ byte: UInt8) -> Bool { byte >= 0x30 && byte <= 0x39 }
    func isUpper(_ byte: UInt8) -> Bool { byte >= 0x41 && byte <= 0x5A }
    func isLower(_ byte: UInt8) -> Bool { byte >= 0x61 && byte <= 0x7A }
    func isAlphanumeric(_ byte: UInt8) -> Bool { isDigit(byte) || isUpper(byte) || isLower(byte) }
    if name == "digit" { return isDigit }
    if name == "upper" { return isUpper }
    if name == "lower" { return isLower }
    if name == "alnum" { return isAlphanumeric }
    if name == "alpha" { return { isUpper($0) || isLower($0) } }
    if name == "xdigit" { return { isDigit($0) || (($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x66) } }
    if name == "blank" { return { $0 == 0x20 || $0 == 0x09 } }
    if name == "space" { return { $0 == 0x20 || ($0 >= 0x09 && $0 <= 0x0D) } }
    if name == "cntrl" { return { $0 < 0x20 || $0 == 0x7F } }
    if name == "print" { return { $0 >= 0x20 && $0 < 0x7F } }
    if name == "graph" { return { $0 > 0x20 && $0 < 0x7F } }
    if name == "punct" { return { $0 > 0x20 && $0 < 0x7F && !isAlphanumeric($0) } }
    return nil
  }
}
