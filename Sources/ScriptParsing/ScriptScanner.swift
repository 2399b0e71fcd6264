import Platform

/// A cursor over the bytes of a script.
///
/// The grammar of GNU scripts has no single set of tokens: `a-b` is a file name in `INPUT`, a
/// pattern in a version script and a subtraction in an assignment. So there is no token stream:
/// each parser asks for the kind of word that its place in the grammar allows. A scanner is a
/// value; keeping a copy and putting it back is how a parser looks ahead.
struct ScriptScanner {
  let source: ByteString
  private(set) var offset = 0
  /// 1-based line of `offset`.
  private(set) var line: UInt32 = 1

  /// - Throws: `ScriptError` if the text is 2 GiB or larger, since positions are kept in 32 bits.
  init(_ bytes: UnsafeRawBufferPointer) throws(ScriptError) {
    source = ByteString(bytes)
    if bytes.count > Int(Int32.max) {
      throw ScriptError(line: 1, column: 1, message: "text of 2 GiB or more; split the file")
    }
  }

  var isAtEnd: Bool { offset >= source.count }

  /// The byte at the cursor; 0 at the end.
  var current: UInt8 { offset < source.count ? source[offset] : 0 }

  /// The byte `distance` after the cursor; 0 beyond the end.
  func byte(ahead distance: Int) -> UInt8 {
    offset + distance < source.count ? source[offset + distance] : 0
  }

  func error(_ message: String, at place: Int? = nil) -> ScriptError {
    ScriptError(message, at: place ?? offset, of: source)
  }

  /// What is at the cursor, for a message.
  var found: String {
    if isAtEnd { return "the end of the text" }
    var end = offset + 1
    if isWordByte(current) {
      while end < source.count, end - offset <= 80, isWordByte(source[end]) { end += 1 }
    }
    return quoted(source[offset..<end])
  }

  mutating func advance(_ count: Int = 1) { offset += count }

  /// Skips white space and `/* */` comments, and `#` comments where the grammar has them.
  mutating func skipBlanks(hashComments: Bool) throws(ScriptError) {
    while offset < source.count {
      switch source[offset] {
      case UInt8(ascii: "\n"):
        line &+= 1
        offset += 1
      case UInt8(ascii: " "), 0x09, 0x0B, 0x0C, 0x0D:
        offset += 1
      case UInt8(ascii: "/") where byte(ahead: 1) == UInt8(ascii: "*"):
        try skipComment()
      case UInt8(ascii: "#") where hashComments:
        offset += source.dropFirst(offset).firstIndex(of: UInt8(ascii: "\n")) ?? source.count
        offset = min(offset, source.count)
      default: return
      }
    }
  }

  private mutating func skipComment() throws(ScriptError) {
    let start = offset
    offset += 2
    while offset < source.count {
      if source[offset] == UInt8(ascii: "*"), byte(ahead: 1) == UInt8(ascii: "/") {
        offset += 2
        return
      }
      if source[offset] == UInt8(ascii: "\n") { line &+= 1 }
      offset += 1
    }
    throw error("comment without an end; add '*/'", at: start)
  }

  /// Takes `byte` if it is at the cursor.
  mutating func take(_ byte: UInt8) -> Bool {
    guard offset < source.count, source[offset] == byte else { return false }
    offset += 1
    return true
  }

  mutating func expect(
    _ byte: UInt8, _ context: @autoclosure () -> String
  ) throws(ScriptError) {
    if !take(byte) {
      let wanted = Unicode.Scalar(byte)
      throw error("expected '\(wanted)' \(context()), found \(found)")
    }
  }

  /// A name in double quotes, which know no escapes; nil if there is no quote at the cursor.
  mutating func takeQuoted() throws(ScriptError) -> ByteString? {
    guard current == UInt8(ascii: "\"") else { return nil }
    let start = offset
    offset += 1
    while offset < source.count {
      let byte = source[offset]
      offset += 1
      if byte == UInt8(ascii: "\"") { return source[start + 1..<offset - 1] }
      if byte == UInt8(ascii: "\n") { line &+= 1 }
    }
    throw error("quoted name without an end; add '\"'", at: start)
  }

  /// Takes bytes as long as `belongs` says so; may be empty.
  @inline(__always)
  mutating func takeWhile(_ belongs: (UInt8) -> Bool) -> ByteString {
    let start = offset
    while offset < source.count, belongs(source[offset]) { offset += 1 }
    return source[start..<offset]
  }

  /// A file name, format or similar: all that isn't blank, bracket, comma, semicolon or quote; a
  /// comment ends it.
  mutating func takeFileWord() -> ByteString {
    let start = offset
    while offset < source.count, isFileByte(source[offset]) {
      if source[offset] == UInt8(ascii: "/"), byte(ahead: 1) == UInt8(ascii: "*") { break }
      offset += 1
    }
    return source[start..<offset]
  }

  /// A symbol pattern or version name: as a file word, but a single colon ends it (`::` doesn't)
  /// and so does `#`.
  mutating func takePatternWord() -> ByteString {
    let start = offset
    while offset < source.count, isFileByte(source[offset]) || source[offset] == UInt8(ascii: ",") {
      switch source[offset] {
      case UInt8(ascii: "#"): return source[start..<offset]
      case UInt8(ascii: "/") where byte(ahead: 1) == UInt8(ascii: "*"):
        return source[start..<offset]
      case UInt8(ascii: ":"):
        if byte(ahead: 1) != UInt8(ascii: ":") { return source[start..<offset] }
        offset += 2
      default: offset += 1
      }
    }
    return source[start..<offset]
  }
}

/// Whether `byte` may be in a symbol name without quotes.
///
/// Beyond what the manual lists, `$` (Swift, Rust and assembler names), `@` (versions) and bytes of
/// UTF-8 are taken; none of them can mean anything else in an expression.
@inline(__always)
func isWordByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "."),
    UInt8(ascii: "$"), UInt8(ascii: "@"), 0x80...0xFF:
    true
  default: false
  }
}

@inline(__always)
func isFileByte(_ byte: UInt8) -> Bool {
  switch byte {
  case 0...0x20, 0x7F, UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "{"), UInt8(ascii: "}"),
    UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\""):
    false
  default: true
  }
}
