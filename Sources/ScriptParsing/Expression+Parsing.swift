import Platform

/// Makes the code of one expression, by precedence climbing.
struct ExpressionParser {
  var scanner: ScriptScanner
  private(set) var expression: Expression
  private var symbolNumbers: [ByteString: Int] = [:]
  private var testedNumbers: [ByteString: Int] = [:]
  private var depth = 0

  init(_ scanner: ScriptScanner) {
    self.scanner = scanner
    expression = Expression(source: scanner.source, line: scanner.line)
  }

  /// Parses up to the first byte that can't continue the expression, and skips blanks before it.
  mutating func parseExpression() throws(ScriptError) {
    try skipBlanks()
    expression.line = scanner.line
    try parseConditional()
  }

  /// `name OP= expression`: the code is that of `name OP (expression)`.
  mutating func parseCompound(
    _ name: ByteString, _ operation: Expression.Operation, at position: Int
  ) throws(ScriptError) {
    pushSymbol(name, at: position)
    try parseExpression()
    emit(operation, at: position)
  }

  private mutating func emit(
    _ operation: Expression.Operation, at position: Int, _ operand: UInt64 = 0
  ) {
    expression.code.append(
      .init(operation: operation, position: UInt32(position), operand: operand))
  }

  private mutating func pushSymbol(_ name: ByteString, at position: Int) {
    let number = Self.number(of: name, in: &expression.symbols, &symbolNumbers)
    emit(.symbol, at: position, UInt64(number))
  }

  /// The place of a name in a list, at whose end it is put if it is new.
  private static func number(
    of name: ByteString, in list: inout [ByteString], _ numbers: inout [ByteString: Int]
  ) -> Int {
    if let number = numbers[name] { return number }
    list.append(name)
    numbers[name] = list.count - 1
    return list.count - 1
  }

  private mutating func skipBlanks() throws(ScriptError) {
    try scanner.skipBlanks(hashComments: false)
  }

  private mutating func enter() throws(ScriptError) {
    depth += 1
    if depth > nestingLimit {
      throw scanner.error("expression nests deeper than \(nestingLimit) levels; split it up")
    }
  }

  /// Makes the jump at `index` go to the next instruction.
  private mutating func land(_ index: Int) {
    expression.code[index].operand = UInt64(expression.code.count)
  }

  private mutating func parseConditional() throws(ScriptError) {
    try enter()
    try parseBinary(minimum: 1)
    let position = scanner.offset
    if scanner.take(UInt8(ascii: "?")) {
      let condition = expression.code.count
      emit(.jumpIfZero, at: position)
      try parseConditional()
      try scanner.expect(UInt8(ascii: ":"), "between the values of '?'")
      let skip = expression.code.count
      emit(.jump, at: position)
      land(condition)
      try parseConditional()
      land(skip)
    }
    depth -= 1
  }

  /// The binary operator at the cursor, with its precedence (higher binds tighter) and length.
  private func binaryOperator() -> (operation: Expression.Operation, precedence: Int, length: Int)?
  {
    let next = scanner.byte(ahead: 1)
    let equals = UInt8(ascii: "=")
    // `+=` and its like begin nothing inside an expression; leaving them makes a clear error.
    switch scanner.current {
    case UInt8(ascii: "|"): return next == UInt8(ascii: "|") ? (.orElse, 1, 2) : (.or, 3, 1)
    case UInt8(ascii: "&"): return next == UInt8(ascii: "&") ? (.andThen, 2, 2) : (.and, 5, 1)
    case UInt8(ascii: "^"): return (.exclusiveOr, 4, 1)
    case UInt8(ascii: "="): return next == equals ? (.equal, 6, 2) : nil
    case UInt8(ascii: "!"): return next == equals ? (.notEqual, 6, 2) : nil
    case UInt8(ascii: "<"):
      if next == UInt8(ascii: "<") { return (.shiftLeft, 8, 2) }
      return next == equals ? (.lessOrEqual, 7, 2) : (.less, 7, 1)
    case UInt8(ascii: ">"):
      if next == UInt8(ascii: ">") { return (.shiftRight, 8, 2) }
      return next == equals ? (.greaterOrEqual, 7, 2) : (.greater, 7, 1)
    case UInt8(ascii: "+"): return (.add, 9, 1)
    case UInt8(ascii: "-"): return (.subtract, 9, 1)
    case UInt8(ascii: "*"): return (.multiply, 10, 1)
    case UInt8(ascii: "/"): return (.divide, 10, 1)
    case UInt8(ascii: "%"): return (.remainder, 10, 1)
    default: return nil
    }
  }

  /// Recurses once per level of precedence at most, between two calls of `enter`.
  private mutating func parseBinary(minimum: Int) throws(ScriptError) {
    try parseUnary()
    while let (operation, precedence, length) = binaryOperator(), precedence >= minimum {
      let position = scanner.offset
      scanner.advance(length)
      switch operation {
      case .andThen, .orElse:
        let jump = expression.code.count
        emit(operation, at: position)
        try parseBinary(minimum: precedence + 1)
        emit(.truth, at: position)
        land(jump)
      default:
        try parseBinary(minimum: precedence + 1)
        emit(operation, at: position)
      }
    }
  }

  private mutating func parseUnary() throws(ScriptError) {
    try skipBlanks()
    let position = scanner.offset
    let operation: Expression.Operation?
    switch scanner.current {
    case UInt8(ascii: "-"): operation = .negate
    case UInt8(ascii: "~"): operation = .complement
    case UInt8(ascii: "!"): operation = .not
    case UInt8(ascii: "+"): operation = nil
    default:
      try parsePrimary()
      return try skipBlanks()
    }
    scanner.advance()
    try enter()
    try parseUnary()
    depth -= 1
    if let operation { emit(operation, at: position) }
  }

  private mutating func parsePrimary() throws(ScriptError) {
    let position = scanner.offset
    if scanner.take(UInt8(ascii: "(")) {
      try parseConditional()
      return try scanner.expect(UInt8(ascii: ")"), "to close '('")
    }
    if let name = try scanner.takeQuoted() {
      if name.isEmpty { throw scanner.error("empty symbol name", at: position) }
      return pushSymbol(name, at: position)
    }
    let word = scanner.takeWhile(isWordByte)
    guard !word.isEmpty else {
      throw scanner.error("expected a number, a symbol or '(', found \(scanner.found)")
    }
    if word[0] >= UInt8(ascii: "0") && word[0] <= UInt8(ascii: "9") {
      return emit(.constant, at: position, try number(word, at: position))
    }
    if word == "." { return emit(.location, at: position) }
    if word == "SIZEOF_HEADERS" { return emit(.sizeOfHeaders, at: position) }
    let afterWord = scanner
    try skipBlanks()
    if scanner.current == UInt8(ascii: "(") {
      return try parseCall(word, at: position)
    }
    scanner = afterWord
    pushSymbol(word, at: position)
  }

  private mutating func parseCall(_ name: ByteString, at position: Int) throws(ScriptError) {
    let code: Expression.Operation
    let two: Bool
    if name == "DEFINED" || name == "CONSTANT" { return try parseNameCall(name, at: position) }
    if name == "ABSOLUTE" {
      (code, two) = (.absolute, false)
    } else if name == "LOG2CEIL" {
      (code, two) = (.log2Ceiling, false)
    } else if name == "MAX" {
      (code, two) = (.maximum, true)
    } else if name == "MIN" {
      (code, two) = (.minimum, true)
    } else if name == "ALIGN" {
      return try parseAlign(at: position)
    } else {
      throw scanner.error("function \(quoted(name)) is not supported in expressions", at: position)
    }
    scanner.advance()
    try parseConditional()
    if two {
      try scanner.expect(UInt8(ascii: ","), "between the arguments of \(quoted(name))")
      try parseConditional()
    }
    try scanner.expect(UInt8(ascii: ")"), "after the arguments of \(quoted(name))")
    emit(code, at: position)
  }

  /// `ALIGN(n)` aligns `.`, `ALIGN(x, n)` aligns x. Which it is shows after the first argument, so
  /// `.` is put in front and made an absolute 0 to be dropped by `add` in the longer form.
  private mutating func parseAlign(at position: Int) throws(ScriptError) {
    scanner.advance()
    let first = expression.code.count
    emit(.location, at: position)
    try parseConditional()
    if scanner.take(UInt8(ascii: ",")) {
      // 0 + x is x, section and all; jump targets inside x stay right, since nothing moves.
      expression.code[first].operation = .constant
      emit(.add, at: position)
      try parseConditional()
    }
    try scanner.expect(UInt8(ascii: ")"), "after the arguments of 'ALIGN'")
    emit(.align, at: position)
  }

  private mutating func parseNameCall(_ name: ByteString, at position: Int) throws(ScriptError) {
    scanner.advance()
    try skipBlanks()
    let place = scanner.offset
    let argument = try scanner.takeQuoted() ?? scanner.takeWhile(isWordByte)
    if argument.isEmpty {
      throw scanner.error("expected a name in \(quoted(name)), found \(scanner.found)")
    }
    try skipBlanks()
    try scanner.expect(UInt8(ascii: ")"), "after the name in \(quoted(name))")
    if name == "DEFINED" {
      let number = Self.number(of: argument, in: &expression.testedSymbols, &testedNumbers)
      emit(.defined, at: position, UInt64(number))
    } else if argument == "MAXPAGESIZE" {
      emit(.maximumPageSize, at: position)
    } else if argument == "COMMONPAGESIZE" {
      emit(.commonPageSize, at: position)
    } else {
      throw scanner.error(
        "unknown constant \(quoted(argument)); known are MAXPAGESIZE and COMMONPAGESIZE", at: place)
    }
  }

  /// Decimal, `0x` or trailing `h` for hexadecimal, leading `0` for octal; `K` and `M` multiply by
  /// 1024 and 1024².
  private func number(_ word: ByteString, at position: Int) throws(ScriptError) -> UInt64 {
    var digits = word
    var radix: UInt64 = 10
    var scale: UInt64 = 1
    switch digits[digits.count - 1] | 0x20 {
    case UInt8(ascii: "k"): scale = 1 << 10
    case UInt8(ascii: "m"): scale = 1 << 20
    case UInt8(ascii: "h"): radix = 16
    default: break
    }
    if scale != 1 || radix == 16 { digits = digits[0..<digits.count - 1] }
    if digits.count > 1, digits[0] == UInt8(ascii: "0"), radix == 10 {
      let isHexadecimal = digits[1] | 0x20 == UInt8(ascii: "x")
      radix = isHexadecimal ? 16 : 8
      digits = digits.dropFirst(isHexadecimal ? 2 : 1)
    }
    var value: UInt64 = 0
    var isValid = !digits.isEmpty
    var overflows = false
    for index in 0..<digits.count {
      let byte = digits[index]
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "F"): digit = byte - UInt8(ascii: "A") + 10
      default: digit = 0xFF
      }
      if UInt64(digit) >= radix {
        isValid = false
        break
      }
      let (product, carry) = value.multipliedReportingOverflow(by: radix)
      let (sum, carry2) = product.addingReportingOverflow(UInt64(digit))
      overflows = overflows || carry || carry2
      value = sum
    }
    if !isValid { throw scanner.error("malformed number \(quoted(word))", at: position) }
    let (scaled, carry) = value.multipliedReportingOverflow(by: scale)
    if overflows || carry {
      throw scanner.error("number \(quoted(word)) does not fit in 64 bits", at: position)
    }
    return scaled
  }
}
