// Response files: `@file` stands for the words in the file, which may name further files.
//
// The syntax is that of GNU tools (the manual of GNU ld, "Command-line Options", @file): words are
// separated by white space; single and double quotes keep white space; a backslash makes the next
// character ordinary, inside of quotes as well. A file that doesn't exist leaves `@file` as a word,
// since it may name an input. Lines as long as these can come from anywhere, so nesting, the number
// of files and the bytes read are limited: a file that includes itself twice must not take the
// machine down.

import Platform

/// Replaces `@file` words by the words in the files.
struct ResponseFileExpansion {
  /// Why a response file can't be used.
  struct Failure: Error {
    let message: String
  }

  static let maximumDepth = 64
  static let maximumFileCount = 2000
  static let maximumByteCount = 1 << 28

  /// The files being expanded, outermost first.
  private var openFiles: [String] = []
  private var fileCount = 0
  private var byteCount = 0
  private var result: [String] = []

  /// `arguments` with all response files expanded.
  static func expand(
    _ arguments: [String], readFile: CommandLineParser.FileReader
  ) -> Result<[String], Failure> {
    var expansion = ResponseFileExpansion()
    expansion.result.reserveCapacity(arguments.count)
    do throws(Failure) {
      try expansion.append(arguments, readFile)
    } catch {
      return .failure(error)
    }
    return .success(expansion.result)
  }

  private mutating func append(
    _ words: [String], _ readFile: CommandLineParser.FileReader
  ) throws(Failure) {
    for word in words {
      if word.utf8.first == UInt8(ascii: "@"), word.utf8.count > 1 {
        try append(file: String(Substring(word.utf8.dropFirst())), word, readFile)
      } else {
        result.append(word)
      }
    }
  }

  private mutating func append(
    file: String, _ word: String, _ readFile: CommandLineParser.FileReader
  ) throws(Failure) {
    if openFiles.contains(file) {
      throw Failure(message: "response file '\(file)' includes itself")
    }
    if openFiles.count >= ResponseFileExpansion.maximumDepth {
      throw Failure(message: "response file '\(file)' is nested too deeply")
    }
    fileCount += 1
    if fileCount > ResponseFileExpansion.maximumFileCount {
      throw Failure(
        message: "response file '\(file)' is one too many; the limit is "
          + "\(ResponseFileExpansion.maximumFileCount)")
    }
    let bytes: [UInt8]
    switch readFile(file) {
    case .success(let content): bytes = content
    case .failure(.noEntry):
      result.append(word)
      return
    case .failure(let error):
      throw Failure(message: "cannot read response file '\(file)': \(error)")
    }
    byteCount += bytes.count
    if byteCount > ResponseFileExpansion.maximumByteCount {
      throw Failure(message: "response file '\(file)' is too large")
    }
    openFiles.append(file)
    let words = bytes.withUnsafeBufferPointer { bytes in
      Result { () throws(Failure) in try ResponseFileExpansion.words(of: bytes, file) }
    }
    try append(words.get(), readFile)
    openFiles.removeLast()
  }

  /// The words in a file's bytes.
  ///
  /// - Parameter file: its name, for messages.
  private static func words(
    of bytes: UnsafeBufferPointer<UInt8>, _ file: String
  ) throws(Failure) -> [String] {
    var words: [String] = []
    // What quotes and backslashes leave of a word; empty as long as it stands in the file as it is.
    var word: [UInt8] = []
    var isInWord = false
    var quote: UInt8?
    var i = 0
    while i <= bytes.count {
      if quote == nil, !isInWord {
        // Nearly all words are plain, and a long link has tens of thousands of them.
        let start = i
        var all: UInt8 = 0
        while i < bytes.count, isPlain(bytes[i]) {
          all |= bytes[i]
          i += 1
        }
        if i > start {
          let plain = UnsafeBufferPointer(rebasing: bytes[start..<i])
          if i == bytes.count || isSpace(bytes[i]), all < 0x80 {
            // ASCII needs no repair; the general initializer would look at every scalar.
            words.append(String(decoding: plain, as: UTF8.self))
            continue
          }
          word.append(contentsOf: plain)
          isInWord = true
        }
      }
      // The end of the file ends a word as a space does.
      let byte = i < bytes.count ? bytes[i] : UInt8(ascii: "\n")
      let isAtEnd = i == bytes.count
      i += 1
      if byte == 0 { throw Failure(message: "response file '\(file)' contains a NUL byte") }
      if isAtEnd, quote != nil {
        throw Failure(message: "response file '\(file)' ends inside of a quoted word")
      }
      switch byte {
      case UInt8(ascii: "\\"):
        isInWord = true
        if i < bytes.count {
          if bytes[i] == 0 {
            throw Failure(message: "response file '\(file)' contains a NUL byte")
          }
          word.append(bytes[i])
          i += 1
        }
      case quote:
        quote = nil
      case UInt8(ascii: "'") where quote == nil, UInt8(ascii: "\"") where quote == nil:
        quote = byte
        isInWord = true
      case _ where quote == nil && isSpace(byte):
        guard isInWord else { continue }
        guard let text = String(validating: word, as: UTF8.self) else {
          throw Failure(
            message: "response file '\(file)' isn't valid UTF-8 before byte \(i - 1)")
        }
        words.append(text)
        word.removeAll(keepingCapacity: true)
        isInWord = false
      default:
        word.append(byte)
        isInWord = true
      }
    }
    return words
  }
  /// White space between words.
  @inline(__always)
  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte >= 9 && byte <= 13 }

  /// Neither white space, nor NUL, quote or backslash.
  @inline(__always)
  private static func isPlain(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte != UInt8(ascii: "'") && byte != UInt8(ascii: "\"")
      && byte != UInt8(ascii: "\\") || byte != 0 && byte < 0x20 && !isSpace(byte)
  }
}
