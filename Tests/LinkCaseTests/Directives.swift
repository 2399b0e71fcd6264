// Reads the directives out of a case's main source. Tests/LinkCases/README.md describes them; this
// file is the grammar.

/// One directive line: `//#key[conditions]: value`.
struct Directive: Sendable, Equatable {
  var key: String
  /// Tags of which one must hold, and tags (written with `!`) of which none may.
  var conditions: [String]
  var value: String
  var line: Int

  /// Whether the directive holds for a run with these tags.
  func applies(to tags: Set<String>) -> Bool {
    let negative = conditions.filter { $0.hasPrefix("!") }.map { String($0.dropFirst()) }
    let positive = conditions.filter { !$0.hasPrefix("!") }
    return !negative.contains(where: tags.contains)
      && (positive.isEmpty || positive.contains(where: tags.contains))
  }
}

extension Directive {
  static let knownKeys: Set<String> = [
    "drivers", "kinds", "each", "without", "needs", "compile", "object", "unit", "shared", "module",
    "prepare", "link", "inputs", "run", "env", "exit", "signal", "stdout", "check", "no-run",
    "expect-error", "expect-error~", "expect-warning", "no-diagnostic", "timeout",
  ]

  /// All directives of a source.
  ///
  /// - Throws: `CaseFailure` naming the line for an unknown key or a missing colon: a directive
  ///   with a typing mistake must not silently test nothing.
  static func parse(_ source: String, file: String) throws(CaseFailure) -> [Directive] {
    var result: [Directive] = []
    var number = 0
    for line in source.split(separator: "\n", omittingEmptySubsequences: false) {
      number += 1
      let text = trimmed(line)
      guard text.hasPrefix("//#") else { continue }
      // Conditions may contain colons: look for the one behind their bracket.
      let bracket = text.firstIndex(of: "]")
      let beforeBracket = bracket.map { text[..<$0].contains("[") && !text[..<$0].contains(": ") }
      let start = beforeBracket == true ? bracket! : text.startIndex
      guard let colon = text[start...].firstIndex(of: ":") else {
        throw CaseFailure("\(file):\(number): a directive is written `//#key: value`")
      }
      var key = trimmed(text[..<colon].dropFirst(3))
      var conditions: [String] = []
      if let open = key.firstIndex(of: "["), key.hasSuffix("]") {
        conditions = key[key.index(after: open)...].dropLast().split(separator: ",").map(trimmed)
        key = trimmed(key[..<open])
      }
      guard knownKeys.contains(key) else {
        throw CaseFailure("\(file):\(number): unknown directive \(key)")
      }
      result.append(
        Directive(
          key: key, conditions: conditions, value: trimmed(text[text.index(after: colon)...]),
          line: number))
    }
    return result
  }
}

/// The right side of `object`, `unit`: a source, its flags, and the object's name.
struct UnitSpecification: Equatable {
  var source: String
  var flags: [String]
  var object: String

  init(_ value: String) {
    var words = splitWords(value)
    var object: String?
    if let arrow = words.firstIndex(of: "->"), arrow + 1 < words.count {
      object = words[arrow + 1]
      words.removeSubrange(arrow...)
    }
    source = words.first ?? ""
    flags = Array(words.dropFirst())
    self.object = object ?? objectName(of: source)
  }
}

/// The right side of `shared`, `module`: `libx.so = a.c b.c flags | link words`.
struct SharedSpecification: Equatable {
  var library: String
  var sources: [String]
  var flags: [String]
  var linkWords: [String]

  init?(_ value: String) {
    guard let equals = value.firstIndex(of: "=") else { return nil }
    library = trimmed(value[..<equals])
    let right = value[value.index(after: equals)...]
    let bar = right.firstIndex(of: "|")
    let words = splitWords(right[..<(bar ?? right.endIndex)])
    sources = words.filter { isSource($0) && !$0.hasPrefix("-") }
    flags = words.filter { !isSource($0) || $0.hasPrefix("-") }
    linkWords = bar.map { splitWords(right[right.index(after: $0)...]) } ?? []
  }
}

/// The right side of `check`: a shell command, optionally `~ pattern` or `!~ pattern`.
struct CheckSpecification: Equatable {
  var command: String
  var pattern: String?
  var mustMatch = true

  init(_ value: String) {
    let words = value.split(separator: " ", omittingEmptySubsequences: false)
    // The last one counts: awk programs use the same operator.
    if let index = words.lastIndex(where: { $0 == "~" || $0 == "!~" }) {
      command = trimmed(words[..<index].joined(separator: " "))
      pattern = trimmed(words[(index + 1)...].joined(separator: " "))
      mustMatch = words[index] == "~"
    } else {
      command = value
    }
  }
}

private let sourceSuffixes = [".c", ".cc", ".s", ".S"]

func isSource(_ name: String) -> Bool { sourceSuffixes.contains { name.hasSuffix($0) } }

func objectName(of source: String) -> String {
  let base = source.split(separator: "/").last.map(String.init) ?? source
  guard let dot = base.lastIndex(of: ".") else { return base + ".o" }
  return base[..<dot] + ".o"
}
