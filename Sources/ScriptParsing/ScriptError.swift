import Platform

/// Why a script, list or expression could not be read or evaluated.
///
/// Names the place but not the file, which the parsers don't know; whoever reports it puts the
/// file's name in front of ``description``.
public struct ScriptError: Error, Sendable, Equatable, CustomStringConvertible {
  /// 1-based.
  public var line: Int
  /// 1-based, in bytes.
  public var column: Int
  /// Lower case, without a full stop; bytes taken from the input are clipped and escaped.
  public var message: String

  public init(line: Int, column: Int, message: String) {
    self.line = line
    self.column = column
    self.message = message
  }

  /// Places `message` at byte `offset` of `source`; counts the lines before it.
  init(_ message: String, at offset: Int, of source: ByteString) {
    var line = 1
    var lineStart = 0
    for index in 0..<min(offset, source.count) where source[index] == UInt8(ascii: "\n") {
      line += 1
      lineStart = index + 1
    }
    self.init(line: line, column: offset - lineStart + 1, message: message)
  }

  public var description: String { "\(line):\(column): \(message)" }
}

/// `bytes` in quotes for a message: at most 80 of them, with unprintable ones as `\xNN`, so that a
/// hostile file can neither flood the terminal nor send it control sequences.
func quoted(_ bytes: ByteString) -> String {
  var text = "'"
  for index in 0..<min(bytes.count, 80) {
    let byte = bytes[index]
    if byte >= 0x20 && byte < 0x7F {
      text.unicodeScalars.append(Unicode.Scalar(byte))
    } else {
      text += byte < 16 ? "\\x0" : "\\x"
      text += String(byte, radix: 16)
    }
  }
  return text + (bytes.count > 80 ? "…'" : "'")
}

/// How deep brackets, blocks and conditional expressions may nest, so that no input can exhaust the
/// stack.
let nestingLimit = 64
