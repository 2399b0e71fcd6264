import Platform

/// Parses version scripts and the block form of dynamic lists.
struct VersionScriptParser {
  var scanner: ScriptScanner

  private mutating func skipBlanks() throws(ScriptError) {
    try scanner.skipBlanks(hashComments: true)
  }

  /// Parses nodes up to the end of the text, or up to the `}` that closes `VERSION {`.
  mutating func parseNodes(isBlock: Bool) throws(ScriptError) -> VersionScript {
    var script = VersionScript()
    var names = Set<ByteString>()
    while true {
      try skipBlanks()
      if isBlock ? scanner.take(UInt8(ascii: "}")) : scanner.isAtEnd { break }
      let start = scanner
      let node = try parseNode()
      if node.name.isEmpty ? !script.nodes.isEmpty : script.nodes.first?.name.isEmpty == true {
        throw start.error("a node without a name must be the only one; name all versions")
      }
      if !names.insert(node.name).inserted {
        throw start.error("version \(quoted(node.name)) is defined twice; merge the two nodes")
      }
      script.nodes.append(node)
    }
    if script.nodes.isEmpty {
      throw scanner.error("no version node; write at least '{ local: *; };'")
    }
    return script
  }

  /// A word of the version script's kind, or one in quotes.
  private mutating func takeName() throws(ScriptError) -> ByteString {
    try scanner.takeQuoted() ?? scanner.takePatternWord()
  }

  private mutating func parseNode() throws(ScriptError) -> VersionScript.Node {
    let line = scanner.line
    let name = try takeName()
    try skipBlanks()
    try scanner.expect(UInt8(ascii: "{"), name.isEmpty ? "or a version name" : "after the version")
    var node = VersionScript.Node(name: name, parents: [], globals: [], locals: [], line: line)
    try parseBody(into: &node, allowsLabels: true)
    while true {
      try skipBlanks()
      if scanner.take(UInt8(ascii: ";")) { return node }
      let parent = try takeName()
      if parent.isEmpty {
        throw scanner.error("expected ';' after '}', found \(scanner.found)")
      }
      node.parents.append(parent)
    }
  }

  /// Parses `{ pattern; … };` blocks up to the end: a dynamic list.
  mutating func parseLists() throws(ScriptError) -> [Pattern] {
    var node = VersionScript.Node(
      name: ByteString(""), parents: [], globals: [], locals: [], line: 1)
    repeat {
      try skipBlanks()
      try scanner.expect(UInt8(ascii: "{"), "at the start of a list of symbols")
      try parseBody(into: &node, allowsLabels: false)
      try skipBlanks()
      try scanner.expect(UInt8(ascii: ";"), "after '}'")
      try skipBlanks()
    } while !scanner.isAtEnd
    return node.globals
  }

  /// Parses up to and with the `}` that closes the node; `extern` blocks are a stack of languages.
  private mutating func parseBody(
    into node: inout VersionScript.Node, allowsLabels: Bool
  ) throws(ScriptError) {
    var languages: [Pattern.Language] = []
    var scope = VersionScript.Scope.global
    while true {
      try skipBlanks()
      if scanner.take(UInt8(ascii: "}")) {
        if languages.isEmpty { return }
        languages.removeLast()
        try skipBlanks()
        try endStatement(isInExtern: !languages.isEmpty, "after the extern block")
        continue
      }
      let start = scanner
      let quotedText = try scanner.takeQuoted()
      let text = quotedText ?? scanner.takePatternWord()
      if text.isEmpty {
        throw start.error("expected a symbol name or pattern, or '}', found \(start.found)")
      }
      try skipBlanks()
      if quotedText == nil {
        if scanner.current == UInt8(ascii: ":"), text == "global" || text == "local" {
          if !allowsLabels {
            throw start.error("\(quoted(text)) has no place in a list of symbols; remove the label")
          }
          if !languages.isEmpty {
            throw start.error("\(quoted(text)) has no place in an extern block; close it first")
          }
          scanner.advance()
          scope = text == "global" ? .global : .local
          continue
        }
        if text == "extern", scanner.current != UInt8(ascii: ";") {
          languages.append(try parseLanguage())
          if languages.count > nestingLimit {
            throw start.error("extern blocks nest deeper than \(nestingLimit) levels")
          }
          continue
        }
      }
      let language = languages.last ?? .c
      let pattern =
        quotedText == nil
        ? Pattern(unquoted: text, language: language, line: start.line)
        : Pattern(text: text, language: language, isExact: true, line: start.line)
      if scope == .global { node.globals.append(pattern) } else { node.locals.append(pattern) }
      try endStatement(isInExtern: !languages.isEmpty, "after \(quoted(text))")
    }
  }

  /// Takes the semicolon, which GNU ld lets the last pattern of an extern block omit.
  private mutating func endStatement(
    isInExtern: Bool, _ context: @autoclosure () -> String
  ) throws(ScriptError) {
    if scanner.take(UInt8(ascii: ";")) { return }
    if isInExtern, scanner.current == UInt8(ascii: "}") { return }
    throw scanner.error("expected ';' \(context()), found \(scanner.found)")
  }

  /// `"C" {` or `"C++" {` after `extern`.
  private mutating func parseLanguage() throws(ScriptError) -> Pattern.Language {
    let start = scanner
    guard let name = try scanner.takeQuoted() else {
      throw start.error("expected \"C\" or \"C++\" after 'extern', found \(start.found)")
    }
    let language: Pattern.Language
    if name == "C" {
      language = .c
    } else if name == "C++" {
      language = .cxx
    } else {
      throw start.error("unknown language \(quoted(name)); use \"C\" or \"C++\"")
    }
    try skipBlanks()
    try scanner.expect(UInt8(ascii: "{"), "after the language of 'extern'")
    return language
  }
}
