/// Makes items of tokens. After an error it goes on at the next statement or item, so that all
/// errors of a file are told at once.
struct Parser {
  private struct Failure: Error {}

  private let tokens: [Token]
  private var index = 0
  private(set) var items: [Item] = []
  private(set) var diagnostics: [Diagnostic]
  /// Blocks, types and expressions within each other; a bound keeps the stack whole.
  private var depth = 0

  init(_ source: [UInt8]) {
    let lexer = Lexer(source)
    tokens = lexer.tokens
    diagnostics = lexer.diagnostics
    while token.kind != .end {
      let start = index
      do throws(Failure) { items.append(try item()) } catch {
        // An item starts at a line's beginning, and so is found again whatever braces are missing.
        if index == start { index += 1 }
        while token.kind != .end, !(token.position.column == 1 && startsItem) { index += 1 }
        depth = 0
      }
    }
  }

  private var token: Token { tokens[index] }
  private var startsItem: Bool {
    switch token.kind {
    case .keyword(.fn), .keyword(.var), .keyword(.const), .keyword(.thread), .keyword(.extern),
      .keyword(.export):
      true
    default: false
    }
  }

  private mutating func fail(_ message: String, at place: SourcePosition? = nil) -> Failure {
    diagnostics.append(Diagnostic(position: place ?? token.position, message: message))
    return Failure()
  }
  private mutating func accept(_ symbol: String) -> Bool {
    guard token.kind == .symbol(symbol) else { return false }
    index += 1
    return true
  }
  private mutating func accept(_ keyword: Keyword) -> Bool {
    guard token.kind == .keyword(keyword) else { return false }
    index += 1
    return true
  }
  private mutating func expect(_ symbol: String, _ place: String) throws(Failure) {
    guard accept(symbol) else {
      throw fail("expected '\(symbol)' \(place), found \(token.description)")
    }
  }
  private mutating func name(_ what: String) throws(Failure) -> String {
    guard case .name(let text) = token.kind else {
      throw fail("expected \(what), found \(token.description)")
    }
    index += 1
    return text
  }
  private mutating func nest<R>(
    _ parse: (inout Parser) throws(Failure) -> R
  ) throws(Failure) -> R {
    guard depth < 200 else {
      throw fail("this is nested more than 200 deep; take parts of it out into functions")
    }
    depth += 1
    let result = try parse(&self)
    depth -= 1
    return result
  }
  /// Elements between commas up to a closing symbol; the last may be followed by a comma.
  private mutating func list<R>(
    until close: String, _ parse: (inout Parser) throws(Failure) -> R
  ) throws(Failure) -> [R] {
    var elements: [R] = []
    while token.kind != .symbol(close) {
      elements.append(try parse(&self))
      if !accept(",") { break }
    }
    try expect(close, "after a list")
    return elements
  }

  // MARK: Items

  private mutating func item() throws(Failure) -> Item {
    var exported: String??
    let start = token.position
    if accept(.export) {
      exported = .some(nil)
      if accept("(") {
        guard case .string(let text) = token.kind, !text.isEmpty else {
          throw fail("expected the exported name as a string, such as export(\"name\")")
        }
        index += 1
        exported = String(decoding: text, as: UTF8.self)
        try expect(")", "after the exported name")
      }
    }
    let isThreadLocal = accept(.thread)
    var item: Item
    if isThreadLocal || token.kind == .keyword(.var) {
      guard accept(.var) else { throw fail("expected 'var' after 'thread'") }
      item = try variable(isThreadLocal)
    } else if accept(.const) {
      item = try constant()
    } else if accept(.extern) {
      if exported != nil { throw fail("what is defined elsewhere can't be exported", at: start) }
      guard accept(.fn) else { throw fail("expected 'fn' after 'extern'") }
      item = try external()
    } else if accept(.fn) {
      item = try function()
    } else {
      throw fail(
        "expected a declaration (fn, var, const, thread var, extern fn, export), found"
          + " \(token.description)")
    }
    if let exported { item.exportedName = exported ?? item.name }
    _ = accept(";")
    return item
  }

  private mutating func variable(_ isThreadLocal: Bool) throws(Failure) -> Item {
    let place = token.position
    let name = try name("a variable's name")
    let type = accept(":") ? try type() : nil
    let value = accept("=") ? try expression() : nil
    if type == nil, value == nil { throw fail("'\(name)' needs a type or a value", at: place) }
    return Item(
      name: name, kind: .variable(type, value, isThreadLocal: isThreadLocal), position: place,
      end: place)
  }

  private mutating func constant() throws(Failure) -> Item {
    let place = token.position
    let name = try name("a constant's name")
    let type = accept(":") ? try type() : nil
    try expect("=", "and a constant's value")
    return Item(
      name: name, kind: .constant(type, try expression()), position: place, end: place)
  }

  private mutating func external() throws(Failure) -> Item {
    let place = token.position
    let name = try name("a function's name")
    try expect("(", "before parameters")
    var isVariadic = false
    var parameters: [Parameter] = []
    while token.kind != .symbol(")") {
      if accept("...") {
        isVariadic = true
        break
      }
      parameters.append(try parameter())
      if !accept(",") { break }
    }
    try expect(")", "after parameters")
    let result = accept("->") ? try type() : nil
    return Item(
      name: name, kind: .external(parameters: parameters, result: result, isVariadic: isVariadic),
      position: place, end: place)
  }

  private mutating func parameter() throws(Failure) -> Parameter {
    let place = token.position
    let name = try name("a parameter's name")
    try expect(":", "and a parameter's type")
    return Parameter(name: name, type: try type(), position: place)
  }

  private mutating func function() throws(Failure) -> Item {
    let place = token.position
    let name = try name("a function's name")
    try expect("(", "before parameters")
    let parameters = try list(until: ")") { (p) throws(Failure) in try p.parameter() }
    let result = accept("->") ? try type() : nil
    let body = try block("of the function '\(name)'")
    return Item(
      name: name, kind: .function(parameters: parameters, result: result, body: body),
      position: place, end: tokens[index - 1].position)
  }

  private mutating func type() throws(Failure) -> TypeSyntax {
    try nest { (p) throws(Failure) in
      let place = p.token.position
      if p.accept(.fn) {
        try p.expect("(", "after 'fn' of a type")
        let parameters = try p.list(until: ")") { (p) throws(Failure) in try p.type() }
        let result = p.accept("->") ? try p.type() : nil
        return TypeSyntax(kind: .function(parameters, result), position: place)
      }
      if p.accept("[") {
        let element = try p.type()
        let count = p.accept(";") ? try p.expression() : nil
        try p.expect("]", "after an array's type")
        return TypeSyntax(kind: .array(element, count), position: place)
      }
      return TypeSyntax(kind: .name(try p.name("a type")), position: place)
    }
  }

  // MARK: Statements

  private mutating func block(_ what: String) throws(Failure) -> [Statement] {
    try nest { (p) throws(Failure) in
      let open = p.token.position
      try p.expect("{", "before the statements \(what)")
      var statements: [Statement] = []
      let before = p.diagnostics.count
      while !p.accept("}") {
        if p.token.kind == .end || (p.token.position.column == 1 && p.startsItem) {
          // After an error in the block, what looks like its missing end follows from that.
          if p.diagnostics.count > before { throw Failure() }
          throw p.fail("'{' has no '}'", at: open)
        }
        let start = p.index
        let depth = p.depth
        do throws(Failure) { statements.append(try p.statement()) } catch {
          p.depth = depth
          // On at the next line of this block.
          if p.index == start { p.index += 1 }
          while p.token.kind != .end, p.token.kind != .symbol("}"), !p.token.startsLine {
            p.index += 1
          }
        }
      }
      return statements
    }
  }

  private mutating func statement() throws(Failure) -> Statement {
    let place = token.position
    let kind: Statement.Kind
    if accept(.var) || accept(.let) {
      let isMutable = tokens[index - 1].kind == .keyword(.var)
      let name = try name("a variable's name")
      let type = accept(":") ? try type() : nil
      try expect("=", "and the variable's value")
      kind = .variable(name: name, type, try expression(), isMutable: isMutable)
    } else if token.kind == .keyword(.if) {
      kind = try conditional()
    } else if accept(.while) {
      let condition = try expression()
      kind = .whileLoop(condition, try block("of the loop"))
    } else if accept(.for) {
      let name = try name("the name of the loop's variable")
      guard accept(.in) else { throw fail("expected 'in', found \(token.description)") }
      let first = try expression()
      try expect("..<", "between the loop's bounds")
      kind = .forLoop(name: name, first, try expression(), try block("of the loop"))
    } else if token.kind == .symbol("{") {
      kind = .block(try block("of the block"))
    } else if accept(.return) {
      let isAlone = token.startsLine || token.kind == .symbol("}") || token.kind == .symbol(";")
      kind = .returning(isAlone ? nil : try expression())
    } else if accept(.break) {
      kind = .breaking
    } else if accept(.continue) {
      kind = .continuing
    } else {
      kind = try expressionStatement()
    }
    let endsBlock = tokens[index - 1].kind == .symbol("}")
    guard accept(";") || endsBlock || token.startsLine || token.kind == .symbol("}") else {
      throw fail("expected the statement's end, found \(token.description)")
    }
    return Statement(kind: kind, position: place)
  }

  private mutating func conditional() throws(Failure) -> Statement.Kind {
    _ = accept(.if)
    let condition = try expression()
    let then = try block("after 'if'")
    var otherwise: [Statement] = []
    if accept(.else) {
      let place = token.position
      if token.kind == .keyword(.if) {
        let kind = try nest { (p) throws(Failure) in try p.conditional() }
        otherwise = [Statement(kind: kind, position: place)]
      } else {
        otherwise = try block("after 'else'")
      }
    }
    return .conditional(condition, then: then, else: otherwise)
  }

  private mutating func expressionStatement() throws(Failure) -> Statement.Kind {
    let target = try expression()
    guard case .symbol(let text) = token.kind, text.hasSuffix("="), text != "==" else {
      return .expression(target)
    }
    let operation = BinaryOperator(rawValue: String(text.dropLast()))
    guard text == "=" || operation != nil else { return .expression(target) }
    index += 1
    return .assign(target, operation, try expression())
  }

  // MARK: Expressions

  private mutating func expression(_ least: Int = 1) throws(Failure) -> Expression {
    try nest { (p) throws(Failure) in
      var left = try p.prefix()
      while case .symbol(let text) = p.token.kind, let operation = BinaryOperator(rawValue: text),
        operation.precedence >= least
      {
        let place = p.token.position
        p.index += 1
        let right = try p.expression(operation.precedence + 1)
        left = Expression(kind: .binary(operation, left, right), position: place)
      }
      return left
    }
  }

  private mutating func prefix() throws(Failure) -> Expression {
    let place = token.position
    if case .symbol(let text) = token.kind, let operation = UnaryOperator(rawValue: text) {
      index += 1
      let operand = try nest { (p) throws(Failure) in try p.prefix() }
      return Expression(kind: .unary(operation, operand), position: place)
    }
    if accept("&") {
      return Expression(
        kind: .addressOf(try name("the function whose address is taken")), position: place)
    }
    var result = try primary()
    // A parenthesis or bracket on a line of its own starts another statement.
    while !token.startsLine {
      let place = token.position
      if accept("(") {
        let arguments = try list(until: ")") { (p) throws(Failure) in try p.expression() }
        result = Expression(kind: .call(result, arguments), position: result.position)
      } else if accept("[") {
        let index = try expression()
        try expect("]", "after an index")
        result = Expression(kind: .index(result, index), position: place)
      } else {
        break
      }
    }
    return result
  }

  private mutating func primary() throws(Failure) -> Expression {
    let place = token.position
    let kind: Expression.Kind
    switch token.kind {
    case .integer(let value): kind = .integer(value)
    case .string(let text): kind = .string(text)
    case .keyword(.true): kind = .boolean(true)
    case .keyword(.false): kind = .boolean(false)
    case .name(let name): kind = .name(name)
    case .symbol("("):
      index += 1
      let inner = try expression()
      try expect(")", "after an expression in parentheses")
      return inner
    case .symbol("["):
      index += 1
      let elements = try list(until: "]") { (p) throws(Failure) in try p.expression() }
      return Expression(kind: .list(elements), position: place)
    default: throw fail("expected an expression, found \(token.description)")
    }
    index += 1
    return Expression(kind: kind, position: place)
  }
}
