/// A word of the language.
struct Token: Hashable {
  enum Kind: Hashable {
    case name(String)
    case keyword(Keyword)
    case integer(UInt64)
    case string([UInt8])
    /// Operators and punctuation, as written.
    case symbol(String)
    case end
  }
  var kind: Kind
  var position: SourcePosition
  /// Nothing but blanks lies between it and the start of its line.
  var startsLine: Bool

  /// As messages name it.
  var description: String {
    switch kind {
    case .name(let name): "'\(name)'"
    case .keyword(let keyword): "'\(keyword.rawValue)'"
    case .integer(let value): "'\(value)'"
    case .string: "string"
    case .symbol(let text): "'\(text)'"
    case .end: "end of file"
    }
  }
}

enum Keyword: String, CaseIterable {
  case fn, `var`, `let`, const, thread, extern, export
  case `if`, `else`, `while`, `for`, `in`, `return`, `break`, `continue`
  case `true`, `false`
}

/// Splits a source into tokens. What is not one is an error, and skipped.
struct Lexer {
  private let bytes: [UInt8]
  private var offset = 0
  private var line = 1
  private var lineStart = 0
  private var startsLine = true
  private(set) var tokens: [Token] = []
  private(set) var diagnostics: [Diagnostic] = []

  /// Longer ones first.
  private static let symbols: [[UInt8]] = [
    "..<", "...", "<<=", ">>=", "->", "==", "!=", "<=", ">=", "&&", "||", "<<", ">>", "+=", "-=",
    "*=", "/=", "%=", "&=", "|=", "^=", "+", "-", "*", "/", "%", "&", "|", "^", "~", "!", "<", ">",
    "=", "(", ")", "[", "]", "{", "}", ",", ":", ";",
  ].map { Array($0.utf8) }

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    while skipBlanks() { readToken() }
    tokens.append(Token(kind: .end, position: position, startsLine: true))
  }

  private var position: SourcePosition {
    SourcePosition(line: line, column: offset - lineStart + 1)
  }
  private func byte(_ ahead: Int = 0) -> UInt8 {
    offset + ahead < bytes.count ? bytes[offset + ahead] : 0
  }
  private mutating func report(_ message: String, at position: SourcePosition) {
    diagnostics.append(Diagnostic(position: position, message: message))
  }

  /// Goes to the next token; false at the end.
  private mutating func skipBlanks() -> Bool {
    while offset < bytes.count {
      switch byte() {
      case UInt8(ascii: "\n"):
        offset += 1
        line += 1
        lineStart = offset
        startsLine = true
      case 32, 9, 13: offset += 1
      case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "/"):
        while offset < bytes.count, byte() != UInt8(ascii: "\n") { offset += 1 }
      default: return true
      }
    }
    return false
  }

  private static func isLetter(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "_"):
      true
    default: byte >= 0x80
    }
  }
  private static func isDigit(_ byte: UInt8) -> Bool { (48...57).contains(byte) }

  private mutating func readToken() {
    let start = position
    let kind: Token.Kind?
    if Self.isLetter(byte()) {
      let text = word()
      kind = Keyword(rawValue: text).map { .keyword($0) } ?? .name(text)
    } else if Self.isDigit(byte()) {
      kind = number(start)
    } else if byte() == UInt8(ascii: "\"") {
      kind = string(start)
    } else if byte() == UInt8(ascii: "'") {
      kind = character(start)
    } else if let symbol = Self.symbols.first(where: { bytes[offset...].starts(with: $0) }) {
      offset += symbol.count
      kind = .symbol(String(decoding: symbol, as: UTF8.self))
    } else {
      report("unexpected character '\(String(decoding: [byte()], as: UTF8.self))'", at: start)
      offset += 1
      kind = nil
    }
    if let kind { tokens.append(Token(kind: kind, position: start, startsLine: startsLine)) }
    startsLine = false
  }

  private mutating func word() -> String {
    let start = offset
    while Self.isLetter(byte()) || Self.isDigit(byte()) { offset += 1 }
    return String(decoding: bytes[start..<offset], as: UTF8.self)
  }

  /// Decimal, or hexadecimal or binary after `0x` or `0b`; `_` between digits means nothing.
  private mutating func number(_ start: SourcePosition) -> Token.Kind {
    let text = word().filter { $0 != "_" }.lowercased()
    let value: UInt64? =
      if text.hasPrefix("0x") {
        UInt64(text.dropFirst(2), radix: 16)
      } else if text.hasPrefix("0b") {
        UInt64(text.dropFirst(2), radix: 2)
      } else {
        UInt64(text)
      }
    if value == nil { report("'\(text)' is not a number of at most 64 bits", at: start) }
    return .integer(value ?? 0)
  }

  private mutating func string(_ start: SourcePosition) -> Token.Kind {
    offset += 1
    var text: [UInt8] = []
    while byte() != UInt8(ascii: "\"") {
      guard let value = textByte() else {
        report("string is not closed on its line; end it with '\"'", at: start)
        break
      }
      text.append(value)
    }
    if byte() == UInt8(ascii: "\"") { offset += 1 }
    return .string(text)
  }

  /// `'a'`: the value of the byte.
  private mutating func character(_ start: SourcePosition) -> Token.Kind {
    offset += 1
    let value = textByte() ?? 0
    if byte() == UInt8(ascii: "'") {
      offset += 1
    } else {
      report("a character is one byte between quotes, such as 'a'", at: start)
    }
    return .integer(UInt64(value))
  }

  /// The next byte of a string, escapes undone; nil at the line's end.
  private mutating func textByte() -> UInt8? {
    guard offset < bytes.count, byte() != UInt8(ascii: "\n") else { return nil }
    defer { offset += 1 }
    guard byte() == UInt8(ascii: "\\") else { return byte() }
    offset += 1
    switch byte() {
    case UInt8(ascii: "n"): return 10
    case UInt8(ascii: "t"): return 9
    case UInt8(ascii: "r"): return 13
    case UInt8(ascii: "e"): return 27
    case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "'"): return byte()
    default:
      report(
        "unknown escape in a string; there are \\n \\t \\r \\e \\\\ \\\" \\'",
        at: SourcePosition(line: line, column: offset - lineStart))
      return byte()
    }
  }
}
