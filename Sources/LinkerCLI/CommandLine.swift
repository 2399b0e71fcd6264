// Reading a linker's command line.
//
// The line is written by compiler drivers more than by people, and each of them relies on its own
// corner of the traditional syntax:
//
// - A name of several letters takes one dash or two. One dash is ambiguous: `-omagic` is `-o magic`
//   and `-lto` is `-l to`, so names that begin with `o` or `lto` need two dashes; otherwise a whole
//   name wins over a letter with a joined value, hence `-dynamic-linker` isn't `-d`, and `-Ttext`
//   isn't `-T text`.
// - A value is joined by `=`, or is the next word, even if that begins with a dash. A letter's
//   value is joined without `=` or is the next word; of `-L=lib` the `=` belongs to the value.
// - Inputs are affected by the switches before them (`--as-needed`, `-Bstatic`), while most other
//   options count for the whole link wherever they stand, the last one winning.
//
// All errors of a line are collected, since a driver's user sees them far from where they arise.
//
// Words are Strings. A word that wasn't UTF-8 reaches the parser with U+FFFD in place of the bad
// bytes and would name another file than the caller meant, so such words are errors rather than a
// wrong output name.

import Glibc
import Linker
import Platform

/// What a command line asks for.
public enum ParsedCommandLine: Sendable {
  /// To link; the warnings are to be printed first.
  case link(LinkOptions, warnings: [String])
  /// To print a text on standard output, which ends in a line feed, and to exit with success.
  case print(String)
  /// The line is wrong; one message for each error, in order, without prefix.
  case failure([String])
}

/// The parser of command lines.
public struct CommandLineParser {
  /// Reads a whole file; the parser calls it for response files only.
  public typealias FileReader = (String) -> Result<MappedInput, Errno>

  /// What `arguments` ask for.
  ///
  /// - Parameters:
  ///   - arguments: the words after the program's name, response files not yet expanded.
  ///   - readFile: reads response files.
  ///   - environment: `LD_RUN_PATH` is used if there is no `-rpath`.
  public static func parse(
    _ arguments: [String], readFile: FileReader, environment: [String: String]
  ) -> ParsedCommandLine {
    var words = arguments
    if arguments.contains(where: { $0.utf8.first == UInt8(ascii: "@") }) {
      switch ResponseFileExpansion.expand(arguments, readFile: readFile) {
      case .success(let expanded): words = expanded
      case .failure(let error): return .failure([error.message])
      }
    }
    var parser = CommandLineParser(words: words)
    parser.run()
    return parser.finish(environment: environment)
  }

  /// The first line of `--version`.
  public static var versionText: String { Usage.versionLine }

  // MARK: State

  var options = LinkOptions()
  /// What the words read so far say about inputs that follow.
  var state = LinkOptions.InputState()
  var savedStates: [LinkOptions.InputState] = []
  var isInGroup = false
  var errors: [String] = []
  var warnings: [String] = []
  /// The first of `--help`, `--version` and other options that print and exit.
  var printRequest: RunOption?
  /// `--time-trace` without a file: the name is derived from the output's in the end.
  var wantsTimeTrace = false
  var warnsTextRelocations = false
  /// `-static` or a relative of it stands before all inputs.
  var startsStatic = false

  private let words: [String]
  private var position = 0
  /// The name in the word being read, up to its value: for messages only.
  private var nameLength = 0
  /// The `-z` keyword being read, or nil.
  var keyword: String?

  private init(words: [String]) { self.words = words }

  /// The option being read, as it is spelt on the command line.
  var optionName: String {
    if let keyword { return "-z \(keyword)" }
    return String(decoding: words[current].utf8.prefix(nameLength), as: UTF8.self)
  }

  private var current = 0

  mutating func fail(_ message: String) { errors.append(message) }

  /// Reports a value that the option being read can't take.
  mutating func fail(value: String, _ reason: String) {
    errors.append("value '\(value)' of option '\(optionName)' \(reason)")
  }

  // MARK: Words

  private mutating func run() {
    var onlyInputs = false
    options.inputs.reserveCapacity(words.count)
    while position < words.count {
      current = position
      keyword = nil
      var word = words[position]
      position += 1
      let isOption = word.withUTF8 { bytes -> Bool in
        // Only the first byte of U+FFFD is looked for at first: it is rare.
        if let start = bytes.baseAddress, memchr(start, 0xEF, bytes.count) != nil {
          checkEncoding(bytes)
        }
        return bytes.count > 1 && bytes[0] == UInt8(ascii: "-")
      }
      if onlyInputs || !isOption {
        addInput(.path(word))
      } else if word == "--" {
        onlyInputs = true
      } else {
        readOption(word)
      }
    }
  }

  private mutating func checkEncoding(_ bytes: UnsafeBufferPointer<UInt8>) {
    for i in 0..<max(bytes.count - 2, 0)
    where bytes[i] == 0xEF && bytes[i + 1] == 0xBF && bytes[i + 2] == 0xBD {
      let text = String(decoding: bytes, as: UTF8.self)
      fail("argument '\(text)' isn't valid UTF-8; rename the file or directory")
      return
    }
  }

  /// A found option: its row, and where a joined value begins (nil: there is none).
  private struct Match {
    var spelling: OptionIndex.Spelling
    var nameEnd: Int
    var valueStart: Int?
  }

  private mutating func readOption(_ word: String) {
    var bytesOfWord = word
    guard let match = bytesOfWord.withUTF8({ CommandLineParser.match($0) }) else {
      fail(Suggestion.unknownOption(word))
      return
    }
    nameLength = match.nameEnd
    let row = OptionTable.options.row(of: match.spelling)
    var value: String?
    if let start = match.valueStart {
      value = String(decoding: word.utf8.dropFirst(start), as: UTF8.self)
    }
    switch row.value {
    case .none:
      if value != nil { return fail("option '\(optionName)' takes no value") }
    case .required(let name):
      if value == nil {
        guard position < words.count else {
          return fail("option '\(optionName)' needs a value: \(name)")
        }
        value = words[position]
        position += 1
        if let value, value.utf8.contains(0xEF) {
          var copy = value
          copy.withUTF8 { checkEncoding($0) }
        }
      }
    case .optional: break
    case .digits:
      if value == nil, position < words.count,
        words[position].utf8.allSatisfy({ $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }),
        !words[position].isEmpty
      {
        value = words[position]
        position += 1
      }
    }
    apply(row, value, isNegated: match.spelling.isNegated)
  }

  /// Finds the option that a word which begins with a dash names, or nil.
  private static func match(_ word: UnsafeBufferPointer<UInt8>) -> Match? {
    let index = OptionTable.options
    guard let start = word.baseAddress else { return nil }
    let bytes = ByteString(start: start, count: word.count)
    let dashes = bytes[1] == UInt8(ascii: "-") ? 2 : 1
    let body = bytes.dropFirst(dashes)
    let nameCount = body.firstIndex(of: UInt8(ascii: "=")) ?? body.count
    let nameEnd = dashes + nameCount
    if nameCount > 1, dashes == 2 || !(body[0] == UInt8(ascii: "o") || body.hasPrefix("lto")),
      let spelling = index.find(body[0..<nameCount])
    {
      let valueStart = nameEnd < bytes.count ? nameEnd + 1 : nil
      return Match(spelling: spelling, nameEnd: nameEnd, valueStart: valueStart)
    }
    guard dashes == 1, let spelling = index.find(body[0..<1]) else { return nil }
    // A letter that takes no value must stand alone: `-sx` is more likely a slip than a cluster.
    if case .none = index.row(of: spelling).value, body.count > 1 { return nil }
    return Match(spelling: spelling, nameEnd: 2, valueStart: body.count > 1 ? 2 : nil)
  }

  private mutating func apply(_ row: OptionRow, _ value: String?, isNegated: Bool) {
    switch row.effect {
    case .output(let option): apply(option, value ?? "", value != nil, isOn: !isNegated)
    case .input(let option): apply(option, value ?? "", isOn: !isNegated)
    case .symbol(let option): apply(option, value ?? "", isOn: !isNegated)
    case .section(let option): apply(option, value, isOn: !isNegated)
    case .run(let option): apply(option, value, isOn: !isNegated)
    case .keyword(let keyword): apply(keyword, value ?? "", isOn: !isNegated)
    case .nothing: break
    case .refusal: options.unsupportedOptions.append(optionName)
    }
  }

  /// Reads what follows `-z`.
  ///
  /// Other linkers warn about keywords that they don't know and go on, and builds rely on it.
  mutating func readKeyword(_ text: String) {
    var copy = text
    let found = copy.withUTF8 { bytes -> (OptionIndex.Spelling, Int)? in
      guard let start = bytes.baseAddress else { return nil }
      let text = ByteString(start: start, count: bytes.count)
      let end = text.firstIndex(of: UInt8(ascii: "=")) ?? text.count
      return OptionTable.keywords.find(text[0..<end]).map { ($0, end) }
    }
    guard let (spelling, end) = found else {
      warnings.append(Suggestion.unknownKeyword(text))
      return
    }
    keyword = String(decoding: text.utf8.prefix(end), as: UTF8.self)
    let row = OptionTable.keywords.row(of: spelling)
    let value =
      end < text.utf8.count ? String(decoding: text.utf8.dropFirst(end + 1), as: UTF8.self) : nil
    switch row.value {
    case .required(let name) where value == nil:
      return fail("option '\(optionName)' needs a value: \(optionName)=\(name)")
    case .none where value != nil:
      return fail("option '\(optionName)' takes no value")
    default: apply(row, value, isNegated: spelling.isNegated)
    }
  }

  mutating func addInput(_ kind: LinkOptions.InputKind) {
    options.inputs.append(LinkOptions.Input(kind, state))
  }

  // MARK: The end

  /// Checks what can be said only of the whole line, and makes the result.
  private mutating func finish(environment: [String: String]) -> ParsedCommandLine {
    // Probes of build systems mix `--version` with options of the link; it wins even over errors.
    if let printRequest { return .print(Usage.text(for: printRequest, options)) }
    if errors.isEmpty, options.inputs.isEmpty {
      if options.printsVersion {
        let directories = options.verbose ? Link.searchDirectories(options) : ""
        return .print(Usage.version(withEmulations: options.printsEmulations) + directories)
      }
      fail("no input files")
    }
    if options.outputKind == .relocatable, options.isPositionIndependent {
      fail("-r and -pie may not be used together")
    }
    if options.outputKind != .sharedLibrary, errors.isEmpty {
      // Without this check a compiler's option such as -fPIC would pass for -f PIC unnoticed.
      if let name = options.auxiliaryFilters.first {
        fail("-f may not be used without -shared; -f\(name) may be meant for the compiler")
      }
      if !options.filters.isEmpty { fail("-F may not be used without -shared") }
    }
    if let common = options.commonPageSize, let maximum = options.maximumPageSize,
      common > maximum
    {
      fail("common page size \(common) is greater than the maximum page size \(maximum)")
    }
    if state.isLazy {
      // What the driver puts last, such as crtn.o, would become lazy, too.
      fail("--start-lib without --end-lib; put it behind the last object that is to be lazy")
    }
    if options.outputPath.isEmpty { fail("the name of the output is empty; give one by -o") }
    guard errors.isEmpty else { return .failure(errors) }

    if isInGroup { warnings.append("missing --end-group; the group ends with the last input") }
    if options.outputKind == .sharedLibrary {
      options.isPositionIndependent = false
    } else {
      // A driver that wants a dynamic program names the loader.
      options.isStatic = startsStatic && options.dynamicLinker == nil
    }
    if options.runPaths.isEmpty, let path = environment["LD_RUN_PATH"], !path.isEmpty {
      options.runPaths = [path]
    }
    if wantsTimeTrace { options.timeTrace = options.outputPath + ".time-trace" }
    if warnsTextRelocations, options.textRelocations == .allow { options.textRelocations = .warn }
    return .link(options, warnings: warnings)
  }
}
