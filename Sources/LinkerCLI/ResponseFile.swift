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
    for word in words { try append(word, readFile) }
  }

  private mutating func append(
    _ word: String, _ readFile: CommandLineParser.FileReader
  ) throws(Failure) {
    if word.utf8.first == UInt8(ascii: "@"), word.utf8.count > 1 {
      try append(file: String(Substring(word.utf8.dropFirst())), word, readFile)
    } else {
      result.append(word)
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
    let bytes: UnsafeRawBufferPointer
    switch readFile(file) {
    case .success(let contents): bytes = contents.bytes
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
    try append(wordsOf: bytes.bindMemory(to: UInt8.self), file, readFile)
    openFiles.removeLast()
  }

  /// Appends the words in a file's bytes.
  ///
  /// - Parameter file: its name, for messages.
  private mutating func append(
    wordsOf bytes: UnsafeBufferPointer<UInt8>, _ file: String,
    _ readFile: CommandLineParser.FileReader
  ) throws(Failure) {
    // What quotes and backslashes leave of a word; empty as long as it stands in the file as it is.
    var word: [UInt8] = []
    var isInWord = false
    var quote: UInt8?
    var i = 0
    while i <= bytes.count {
      if quote == nil, !isInWord {
        // Nearly all words are plain, and a long link has tens of thousands of them.
        let start = i
        i += Self.plainCount(bytes, from: i)
        var all: UInt8 = 0
        while i < bytes.count, Self.isPlain(bytes[i]) {
          all |= bytes[i]
          i += 1
        }
        if i > start {
          let plain = UnsafeBufferPointer(rebasing: bytes[start..<i])
          if i == bytes.count || Self.isSpace(bytes[i]), all < 0x80 {
            // ASCII needs no repair; the general initializer would look at every scalar.
            try append(String(decoding: plain, as: UTF8.self), readFile)
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
      case _ where quote == nil && Self.isSpace(byte):
        guard isInWord else { continue }
        guard let text = String(validating: word, as: UTF8.self) else {
          throw Failure(
            message: "response file '\(file)' isn't valid UTF-8 before byte \(i - 1)")
        }
        try append(text, readFile)
        word.removeAll(keepingCapacity: true)
        isInWord = false
      default:
        word.append(byte)
        isInWord = true
      }
    }
  }

  /// A number of plain ASCII bytes at `start`, eight at a time; there may be more.
  private static func plainCount(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    let ones: UInt64 = 0x0101_0101_0101_0101
    // In each byte the highest bit, if the byte is zero; above the first such byte, it may be wrong.
    func zeros(_ word: UInt64) -> UInt64 { (word &- ones) & ~word }
    var i = start
    while i + 8 <= bytes.count {
      let word = UInt64(
        littleEndian: UnsafeRawPointer(bytes.baseAddress! + i).loadUnaligned(as: UInt64.self))
      let spaceOrLess = (word &- ones &* 0x21) & ~word
      let quotes =
        zeros(word ^ ones &* UInt64(UInt8(ascii: "'")))
        | zeros(word ^ ones &* UInt64(UInt8(ascii: "\"")))
        | zeros(word ^ ones &* UInt64(UInt8(ascii: "\\")))
      let special = (word | spaceOrLess | quotes) & ones &* 0x80
      if special != 0 {
        i += special.trailingZeroBitCount / 8
        break
      }
      i += 8
    }
    return i - start
  }

  /// White space between words.
  @inline(__always)
  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte >= 9 && byte <= 13 }

  /// Neither white space, nor NUL, quote or backslash.
  @inline(__always)
  private static func isPlain(_ byte: UInt8) -> Bool {
    byte > 0x20 && byte != UInt8(ascii: "'") && byte != UInt8(ascii: "\"")
      && byte != UInt8(ascii: "\\") || byte != 0 && byte < 0x20 && !Self.isSpace(byte)
  }
}
