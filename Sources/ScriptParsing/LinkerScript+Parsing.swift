import Platform

struct LinkerScriptParser {
  var scanner: ScriptScanner

  mutating func parseCommands() throws(ScriptError) -> [ScriptCommand] {
    var commands: [ScriptCommand] = []
    while true {
      try scanner.skipBlanks(hashComments: true)
      if scanner.isAtEnd { return commands }
      if scanner.take(UInt8(ascii: ";")) { continue }
      commands.append(try parseCommand())
    }
  }

  private mutating func skipBlanks() throws(ScriptError) {
    try scanner.skipBlanks(hashComments: false)
  }

  private mutating func parseCommand() throws(ScriptError) -> ScriptCommand {
    let start = scanner
    let quotedName = try scanner.takeQuoted()
    let name = quotedName ?? scanner.takeWhile(isWordByte)
    if name.isEmpty {
      throw start.error("expected a linker script command, found \(start.found)")
    }
    try skipBlanks()
    if isAtAssignment {
      let assignment = try parseAssignment(
        name, at: start, isQuoted: quotedName != nil, provided: false, hidden: false)
      try skipBlanks()
      if !scanner.take(UInt8(ascii: ",")) {
        try scanner.expect(UInt8(ascii: ";"), "after the value of \(quoted(name))")
      }
      return .assignment(assignment)
    }
    if quotedName != nil {
      throw scanner.error("expected '=' after the quoted symbol name, found \(scanner.found)")
    }
    if name == "INPUT" { return .input(try parseInputs("INPUT")) }
    if name == "GROUP" { return .group(try parseInputs("GROUP")) }
    if name == "SEARCH_DIR" { return .searchDirectory(try parseArgument(name)) }
    if name == "OUTPUT_ARCH" { return .outputArchitecture(try parseArgument(name)) }
    if name == "ENTRY" { return .entry(try parseArgument(name)) }
    if name == "OUTPUT" { return .output(try parseArgument(name)) }
    if name == "TARGET" { return .target(try parseArgument(name)) }
    if name == "OUTPUT_FORMAT" { return try parseOutputFormat() }
    if name == "EXTERN" { return try parseExtern() }
    if name == "ASSERT" { return try parseAssertion() }
    if name == "VERSION" { return try parseVersion() }
    if name == "INCLUDE" { return .include(try parseWord("file name"), line: start.line) }
    if name == "PROVIDE" { return try parseProvide(name, provided: true, hidden: false) }
    if name == "HIDDEN" { return try parseProvide(name, provided: false, hidden: true) }
    if name == "PROVIDE_HIDDEN" { return try parseProvide(name, provided: true, hidden: true) }
    throw start.error(Self.complaint(about: name))
  }

  /// The message for a word that begins no command that is understood.
  private static func complaint(about name: ByteString) -> String {
    let layout: [StaticString] = [
      "SECTIONS", "PHDRS", "MEMORY", "OVERLAY", "INSERT", "REGION_ALIAS", "NOCROSSREFS",
      "NOCROSSREFS_TO", "STARTUP", "FLOAT", "SYSLIB", "LD_FEATURE", "FORCE_COMMON_ALLOCATION",
      "FORCE_GROUP_ALLOCATION", "INHIBIT_COMMON_ALLOCATION", "CREATE_OBJECT_SYMBOLS",
      "CONSTRUCTORS",
    ]
    for command in layout where name == command {
      return "the linker script command \(command) is not supported; "
        + "use another linker for scripts that lay out the output"
    }
    if name == "AS_NEEDED" { return "AS_NEEDED is only known inside INPUT and GROUP" }
    return "unknown linker script command \(quoted(name)); "
      + "is this file neither an object, an archive nor a script?"
  }

  // MARK: Assignments

  /// Whether `=` or `OP=` is at the cursor.
  private var isAtAssignment: Bool { assignmentOperator() != nil }

  private func assignmentOperator() -> (operation: Expression.Operation?, length: Int)? {
    let equals = UInt8(ascii: "=")
    let next = scanner.byte(ahead: 1)
    switch scanner.current {
    case equals: return next == equals ? nil : (nil, 1)
    case UInt8(ascii: "+") where next == equals: return (.add, 2)
    case UInt8(ascii: "-") where next == equals: return (.subtract, 2)
    case UInt8(ascii: "*") where next == equals: return (.multiply, 2)
    case UInt8(ascii: "/") where next == equals: return (.divide, 2)
    case UInt8(ascii: "&") where next == equals: return (.and, 2)
    case UInt8(ascii: "|") where next == equals: return (.or, 2)
    case UInt8(ascii: "^") where next == equals: return (.exclusiveOr, 2)
    case UInt8(ascii: "<") where next == scanner.current && scanner.byte(ahead: 2) == equals:
      return (.shiftLeft, 3)
    case UInt8(ascii: ">") where next == scanner.current && scanner.byte(ahead: 2) == equals:
      return (.shiftRight, 3)
    default: return nil
    }
  }

  private mutating func parseAssignment(
    _ name: ByteString, at start: ScriptScanner, isQuoted: Bool, provided: Bool, hidden: Bool
  ) throws(ScriptError) -> ScriptAssignment {
    if name == ".", !isQuoted {
      throw start.error("assigning to '.' needs SECTIONS, which is not supported")
    }
    if !isQuoted, name[0] >= UInt8(ascii: "0"), name[0] <= UInt8(ascii: "9") {
      throw start.error("\(quoted(name)) is not a symbol name; put it in quotes if it is meant")
    }
    guard let (operation, length) = assignmentOperator() else {
      throw scanner.error("expected '=' after \(quoted(name)), found \(scanner.found)")
    }
    let position = scanner.offset
    scanner.advance(length)
    var parser = ExpressionParser(scanner)
    if let operation {
      try parser.parseCompound(name, operation, at: position)
    } else {
      try parser.parseExpression()
    }
    scanner = parser.scanner
    return ScriptAssignment(
      name: name, expression: parser.expression, isProvided: provided, isHidden: hidden,
      line: start.line)
  }

  private mutating func parseProvide(
    _ command: ByteString, provided: Bool, hidden: Bool
  ) throws(ScriptError) -> ScriptCommand {
    try open(command)
    let start = scanner
    let quotedName = try scanner.takeQuoted()
    let name = quotedName ?? scanner.takeWhile(isWordByte)
    if name.isEmpty { throw start.error("expected a symbol name, found \(start.found)") }
    try skipBlanks()
    // Only `=` makes sense for a symbol that isn't there yet.
    if scanner.current != UInt8(ascii: "=") {
      throw scanner.error("expected '=' after \(quoted(name)), found \(scanner.found)")
    }
    let assignment = try parseAssignment(
      name, at: start, isQuoted: quotedName != nil, provided: provided, hidden: hidden)
    try scanner.expect(UInt8(ascii: ")"), "to close \(quoted(command))")
    try skipBlanks()
    if !scanner.take(UInt8(ascii: ",")) {
      try scanner.expect(UInt8(ascii: ";"), "after \(quoted(command))")
    }
    return .assignment(assignment)
  }

  private mutating func parseAssertion() throws(ScriptError) -> ScriptCommand {
    try open(ByteString("ASSERT"))
    var parser = ExpressionParser(scanner)
    try parser.parseExpression()
    scanner = parser.scanner
    try scanner.expect(UInt8(ascii: ","), "before the message of 'ASSERT'")
    let message = try parseWord("message")
    try close(ByteString("ASSERT"))
    return .assertion(parser.expression, message: message)
  }

  // MARK: Lists

  private mutating func open(_ command: ByteString) throws(ScriptError) {
    try skipBlanks()
    try scanner.expect(UInt8(ascii: "("), "after \(quoted(command))")
    try skipBlanks()
  }

  private mutating func close(_ command: ByteString) throws(ScriptError) {
    try skipBlanks()
    try scanner.expect(UInt8(ascii: ")"), "to close \(quoted(command))")
  }

  private mutating func parseWord(_ what: String) throws(ScriptError) -> ByteString {
    try skipBlanks()
    let start = scanner
    let word = try scanner.takeQuoted() ?? scanner.takeFileWord()
    if word.isEmpty { throw start.error("expected a \(what), found \(start.found)") }
    return word
  }

  private mutating func parseArgument(_ command: ByteString) throws(ScriptError) -> ByteString {
    try open(command)
    let word = try parseWord("name")
    try close(command)
    return word
  }

  private mutating func parseOutputFormat() throws(ScriptError) -> ScriptCommand {
    let command = ByteString("OUTPUT_FORMAT")
    try open(command)
    let first = try parseWord("format name")
    try skipBlanks()
    if !scanner.take(UInt8(ascii: ",")) {
      try close(command)
      return .outputFormat(first, big: nil, little: nil)
    }
    let big = try parseWord("format name")
    try skipBlanks()
    try scanner.expect(UInt8(ascii: ","), "before the third format; give one format or three")
    let little = try parseWord("format name")
    try close(command)
    return .outputFormat(first, big: big, little: little)
  }

  private mutating func parseExtern() throws(ScriptError) -> ScriptCommand {
    try open(ByteString("EXTERN"))
    var names: [ByteString] = []
    while true {
      try skipBlanks()
      if scanner.take(UInt8(ascii: ")")) { return .extern(names) }
      if scanner.take(UInt8(ascii: ",")) { continue }
      names.append(try parseWord("symbol name"))
    }
  }

  /// The files of `INPUT` or `GROUP`. `AS_NEEDED` inside itself means no more than once, so a
  /// count of open brackets is all the state there is.
  private mutating func parseInputs(_ command: StaticString) throws(ScriptError) -> [ScriptInput] {
    try open(ByteString(command))
    var inputs: [ScriptInput] = []
    var depth = 0
    while true {
      try skipBlanks()
      let start = scanner
      if scanner.take(UInt8(ascii: ",")) { continue }
      if scanner.take(UInt8(ascii: ")")) {
        if depth == 0 { return inputs }
        depth -= 1
        continue
      }
      let quotedName = try scanner.takeQuoted()
      let word = quotedName ?? scanner.takeFileWord()
      if word.isEmpty {
        throw start.error("expected a file name or ')' in \(command), found \(start.found)")
      }
      if quotedName == nil {
        if word[0] == UInt8(ascii: "#") {
          throw start.error(
            "'#' starts a comment only between commands; use '/* */', or quote the file name")
        }
        if word == "AS_NEEDED" {
          try open(ByteString("AS_NEEDED"))
          depth += 1
          if depth > nestingLimit {
            throw start.error("AS_NEEDED nests deeper than \(nestingLimit) levels")
          }
          continue
        }
      }
      let isLibrary = word.hasPrefix("-l")
      if isLibrary, word.count == 2 {
        throw start.error("expected a library name after '-l'")
      }
      inputs.append(
        ScriptInput(
          kind: isLibrary ? .library : .path, name: isLibrary ? word.dropFirst(2) : word,
          asNeeded: depth > 0, line: start.line))
    }
  }

  private mutating func parseVersion() throws(ScriptError) -> ScriptCommand {
    try skipBlanks()
    try scanner.expect(UInt8(ascii: "{"), "after 'VERSION'")
    var parser = VersionScriptParser(scanner: scanner)
    let script = try parser.parseNodes(isBlock: true)
    scanner = parser.scanner
    return .version(script)
  }
}
