import Platform

/// A pattern of a version script, compiled: `*`, `?`, `[a-z]`, `[!x]`, `[^x]`, `[[:alpha:]]`, and
/// `\` before a byte that stands for itself.
///
/// The rules are those of `fnmatch` in POSIX (XCU 2.14, Pattern Matching Notation) without flags,
/// over bytes. Every text is a pattern: a `[` without its `]`, or a `\` at the end, stands for
/// itself.
///
/// The literal bytes at both ends are split off, so that most names are decided by comparing
/// memory; what is left in the middle is matched with one place to go back to, the last `*` seen,
/// which bounds the work by the product of the lengths.
public struct Glob: Sendable {
  enum Shape: UInt8, Sendable {
    /// Only `prefix`.
    case literal
    /// `prefix`, any bytes, `suffix`.
    case affixes
    /// `prefix`, what `tokens` describe, `suffix`.
    case general
  }

  /// A byte below 256, or one of the constants, or `firstSet` plus an index in `sets`.
  typealias Token = UInt32
  static let anyByte: Token = 256
  static let anyBytes: Token = 257
  static let firstSet: Token = 258

  private(set) var shape: Shape
  private(set) var prefix: [UInt8] = []
  private(set) var suffix: [UInt8] = []
  private(set) var tokens: [Token] = []
  private(set) var sets: [ByteSet] = []

  /// Whether `pattern` contains `*`, `?`, `[` or `\`, without which it matches only itself.
  public static func hasMetacharacter(_ pattern: ByteString) -> Bool {
    pattern.buffer.contains {
      $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "[")
        || $0 == UInt8(ascii: "\\")
    }
  }

  /// Compiles `pattern`; takes linear time and copies what it keeps.
  public init(_ pattern: ByteString) {
    var all: [Token] = []
    all.reserveCapacity(pattern.count)
    // Looking for the end of a set costs a walk to the end of the pattern; once there is none,
    // there is none for any later `[` either.
    var hasSetEnd = true
    var index = 0
    while index < pattern.count {
      let byte = pattern[index]
      index += 1
      switch byte {
      case UInt8(ascii: "*"):
        if all.last != Self.anyBytes { all.append(Self.anyBytes) }
      case UInt8(ascii: "?"): all.append(Self.anyByte)
      case UInt8(ascii: "\\") where index < pattern.count:
        all.append(Token(pattern[index]))
        index += 1
      case UInt8(ascii: "[") where hasSetEnd:
        if let (set, end) = ByteSet.parse(pattern, from: index) {
          all.append(Self.firstSet + Token(sets.count))
          sets.append(set)
          index = end
        } else {
          hasSetEnd = false
          all.append(Token(byte))
        }
      default: all.append(Token(byte))
      }
    }
    let head = all.firstIndex { $0 > 255 } ?? all.count
    prefix = all[..<head].map { UInt8(truncatingIfNeeded: $0) }
    guard head < all.count else {
      shape = .literal
      return
    }
    var tail = all.count
    // Bytes after the last `*` must be at the end of the name; without a `*` that is no news.
    if all.contains(Self.anyBytes) {
      while all[tail - 1] < 256 { tail -= 1 }
    }
    suffix = all[tail...].map { UInt8(truncatingIfNeeded: $0) }
    shape = tail - head == 1 && all[head] == Self.anyBytes ? .affixes : .general
    if shape == .general { tokens = Array(all[head..<tail]) }
  }

  /// Whether all of `name` matches.
  public func matches(_ name: ByteString) -> Bool {
    let isLiteral = shape == .literal
    guard isLiteral ? name.count == prefix.count : name.count >= prefix.count + suffix.count
    else { return false }
    for index in prefix.indices where name[index] != prefix[index] { return false }
    let middleEnd = name.count - suffix.count
    for index in suffix.indices where name[middleEnd + index] != suffix[index] { return false }
    if shape != .general { return true }
    let middle = name[prefix.count..<middleEnd]
    return tokens.withUnsafeBufferPointer { tokens in
      sets.withUnsafeBufferPointer { sets in Self.matches(tokens, sets: sets, middle) }
    }
  }

  /// Whether all of `name` matches `tokens`.
  ///
  /// After a mismatch only the last `*` takes one more byte: if an earlier one could do better by
  /// taking more, so could the last, since it takes anything.
  static func matches(
    _ tokens: UnsafeBufferPointer<Token>, sets: UnsafeBufferPointer<ByteSet>, _ name: ByteString
  ) -> Bool {
    var token = 0
    var position = 0
    var starToken = -1
    var starPosition = 0
    while position < name.count {
      if token < tokens.count {
        let wanted = tokens[token]
        if wanted == anyBytes {
          token += 1
          if token == tokens.count { return true }
          starToken = token
          starPosition = position
          continue
        }
        let byte = name[position]
        if wanted < 256
          ? wanted == Token(byte)
          : wanted == anyByte || sets[Int(wanted - firstSet)].contains(byte)
        {
          token += 1
          position += 1
          continue
        }
      }
      if starToken < 0 { return false }
      starPosition += 1
      position = starPosition
      token = starToken
    }
    while token < tokens.count, tokens[token] == anyBytes { token += 1 }
    return token == tokens.count
  }
}
