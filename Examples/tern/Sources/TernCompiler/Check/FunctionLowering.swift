/// Checks a function's body and makes its instructions at the same time: each expression leaves
/// its value in a slot. After an error, lowering goes on with the type `error`, so that the rest is
/// checked as well; the instructions are then thrown away.
struct FunctionLowering {
  struct Local {
    var slot: Slot
    var type: Type
    var isMutable: Bool
  }
  struct Value {
    var slot: Slot
    var type: Type
  }
  struct Loop {
    var next: Label
    var end: Label
    var hasBreak = false
  }

  let checker: Checker
  let item: Item
  let signature: Signature
  var ir: IRFunction
  var positions: [SourcePosition] = []
  var variables: [CheckedFunction.Variable] = []
  var scopes: [[String: Local]] = [[:]]
  var loops: [Loop] = []
  /// Slots of intermediate values: those of a statement are used again by the next. Variables keep
  /// theirs to the function's end, for the debugger's sake.
  private var freeTemporaries: [Slot] = []
  private var usedTemporaries: [Slot] = []

  init(_ checker: Checker, _ item: Item, _ signature: Signature) {
    self.checker = checker
    self.item = item
    self.signature = signature
    ir = IRFunction(parameterCount: signature.parameters.count)
  }

  consuming func run(exported: [String]) -> CheckedFunction {
    guard case .function(let parameters, _, let body) = item.kind else { preconditionFailure() }
    mark(item.position)
    for (index, parameter) in parameters.enumerated() {
      let type = signature.parameters[index]
      let slot = Slot(index)
      // The C start-up code hands `main` a C `int`.
      if type == .int32 || (item.name == "main" && type == .int) {
        ir.append(.signExtend32(slot, slot))
      }
      declare(
        parameter.name, slot, type.valueType, isMutable: false, isParameter: true,
        at: parameter.position)
    }
    let goesOn = lower(body)
    mark(item.end)
    if signature.result != nil, goesOn {
      checker.report(
        "'\(item.name)' reaches its end without returning a value", at: item.end)
    }
    leave(nil)
    return CheckedFunction(
      key: checker.key(item.name, signature),
      body: CheckedFunction.Body(
        ir: ir, name: item.name, result: signature.result, variables: variables),
      positions: positions, exportedNames: exported)
  }

  // MARK: Pieces

  /// What follows belongs to `position`.
  mutating func mark(_ position: SourcePosition) {
    ir.append(.position)
    positions.append(position)
  }

  mutating func temporary() -> Slot {
    let slot = freeTemporaries.popLast() ?? ir.makeSlot()
    usedTemporaries.append(slot)
    return slot
  }
  /// The statement's intermediate values are done with.
  mutating func releaseTemporaries() {
    freeTemporaries += usedTemporaries.reversed()
    usedTemporaries = []
  }
  /// A value that lives on across statements takes its slot out of the pool.
  mutating func keep(_ slot: Slot) { usedTemporaries.removeAll { $0 == slot } }

  mutating func declare(
    _ name: String, _ slot: Slot, _ type: Type, isMutable: Bool, isParameter: Bool = false,
    at position: SourcePosition
  ) {
    let local = Local(slot: slot, type: type, isMutable: isMutable)
    if scopes[scopes.count - 1].updateValue(local, forKey: name) != nil {
      checker.report("'\(name)' is declared twice in this block", at: position)
    }
    variables.append(
      CheckedFunction.Variable(name: name, type: type, slot: slot, isParameter: isParameter))
  }

  func local(_ name: String) -> Local? {
    for scope in scopes.reversed() {
      if let found = scope[name] { return found }
    }
    return nil
  }

  mutating func constant(_ value: Int64) -> Slot {
    let slot = temporary()
    ir.append(.constant(slot, value))
    return slot
  }

  mutating func binary(_ operation: BinaryOperation, _ a: Slot, _ b: Slot) -> Slot {
    let slot = temporary()
    ir.append(.binary(slot, operation, a, b))
    return slot
  }

  /// Ends the program unless `condition` is 0.
  mutating func trap(if condition: Slot) {
    let fine = ir.makeLabel()
    ir.append(.branchIfZero(condition, fine))
    ir.append(.trap)
    ir.append(.label(fine))
  }

  mutating func leave(_ value: Slot?) {
    // What the program's start ends it with.
    if item.name == "main", signature.result == nil {
      ir.append(.leave(constant(0)))
    } else {
      ir.append(.leave(value))
    }
  }

  // MARK: Statements

  /// - Returns: whether control reaches the end.
  mutating func lower(_ statements: [Statement]) -> Bool {
    scopes.append([:])
    defer { scopes.removeLast() }
    var goesOn = true
    for statement in statements {
      mark(statement.position)
      goesOn = lower(statement) && goesOn
      releaseTemporaries()
    }
    return goesOn
  }

  private mutating func lower(_ statement: Statement) -> Bool {
    switch statement.kind {
    case .variable(let name, let written, let expression, let isMutable):
      variable(name, written, expression, isMutable, at: statement.position)
    case .assign(let target, let operation, let value): assign(target, operation, value)
    case .expression(let expression):
      guard case .call = expression.kind else {
        checker.report("the value of this expression is not used", at: expression.position)
        break
      }
      if call(expression, isStatement: true) == nil { return !endsProgram(expression) }
    case .conditional(let condition, let then, let otherwise):
      return conditional(condition, then, otherwise)
    case .whileLoop(let condition, let body): return whileLoop(condition, body)
    case .forLoop(let name, let first, let end, let body):
      forLoop(name, first, end, body, at: statement.position)
    case .block(let statements): return lower(statements)
    case .returning(let expression):
      returning(expression, at: statement.position)
      return false
    case .breaking, .continuing:
      guard let loop = loops.last else {
        checker.report("there is no loop here to leave or to go on with", at: statement.position)
        break
      }
      let isBreak = statement.kind == .breaking
      if isBreak { loops[loops.count - 1].hasBreak = true }
      ir.append(.jump(isBreak ? loop.end : loop.next))
      return false
    }
    return true
  }

  private func endsProgram(_ expression: Expression) -> Bool {
    guard case .call(let callee, _) = expression.kind, case .name("exit") = callee.kind else {
      return false
    }
    return checker.entry("exit") == nil && local("exit") == nil
  }

  private mutating func variable(
    _ name: String, _ written: TypeSyntax?, _ expression: Expression, _ isMutable: Bool,
    at position: SourcePosition
  ) {
    let expected = written.map { checker.resolve($0) ?? .error }
    if case .array(_, .some)? = expected {
      checker.report("arrays lie in globals; here is room for a reference: [T]", at: position)
    }
    let value = evaluate(expression, as: expected)
    let slot = ir.makeSlot()
    ir.append(.copy(slot, from: value.slot))
    // A reference whose target may be set anew is of no fixed length.
    let type = expected ?? (isMutable ? value.type.reference : value.type)
    declare(name, slot, type, isMutable: isMutable, at: position)
  }

  private mutating func assign(
    _ target: Expression, _ operation: BinaryOperator?, _ expression: Expression
  ) {
    switch target.kind {
    case .name(let name):
      if let local = local(name) {
        if !local.isMutable {
          checker.report(
            "'\(name)' can't be set; declare it with 'var'", at: target.position)
        }
        let value = combined(
          Value(slot: local.slot, type: local.type), operation, expression, at: target.position)
        ir.append(.copy(local.slot, from: value.slot))
        return
      }
      guard let place = globalPlace(name, at: target.position) else {
        _ = evaluate(expression)
        return
      }
      store(to: place.address, place.type, operation, expression, at: target.position)
    case .index(let base, let index):
      guard let place = elementPlace(base, index, at: target.position, isStore: true) else {
        _ = evaluate(expression)
        return
      }
      store(to: place.slot, place.type, operation, expression, at: target.position)
    default: checker.report("this can't be set", at: target.position)
    }
  }

  private mutating func store(
    to address: Slot, _ type: Type, _ operation: BinaryOperator?, _ expression: Expression,
    at position: SourcePosition
  ) {
    var old = Value(slot: address, type: type)
    if operation != nil {
      old.slot = temporary()
      ir.append(.load(old.slot, .word, address: address))
    }
    let value = combined(old, operation, expression, at: position)
    ir.append(.store(.word, address: address, value: value.slot))
  }

  /// The value of `old operation expression`, or of the expression alone.
  private mutating func combined(
    _ old: Value, _ operation: BinaryOperator?, _ expression: Expression,
    at position: SourcePosition
  ) -> Value {
    guard let operation else { return evaluate(expression, as: old.type) }
    return arithmetic(operation, old, expression, at: position)
  }

  private mutating func conditional(
    _ condition: Expression, _ then: [Statement], _ otherwise: [Statement]
  ) -> Bool {
    let (elseLabel, end) = (ir.makeLabel(), ir.makeLabel())
    ir.append(.branchIfZero(evaluate(condition, as: .bool).slot, elseLabel))
    releaseTemporaries()
    let thenGoesOn = lower(then)
    if !otherwise.isEmpty { ir.append(.jump(end)) }
    ir.append(.label(elseLabel))
    let elseGoesOn = lower(otherwise)
    ir.append(.label(end))
    return thenGoesOn || elseGoesOn
  }

  private mutating func whileLoop(_ condition: Expression, _ body: [Statement]) -> Bool {
    let loop = Loop(next: ir.makeLabel(), end: ir.makeLabel())
    ir.append(.label(loop.next))
    ir.append(.branchIfZero(evaluate(condition, as: .bool).slot, loop.end))
    releaseTemporaries()
    loops.append(loop)
    _ = lower(body)
    ir.append(.jump(loop.next))
    ir.append(.label(loop.end))
    let hasBreak = loops.removeLast().hasBreak
    return condition.kind != .boolean(true) || hasBreak
  }

  private mutating func forLoop(
    _ name: String, _ first: Expression, _ end: Expression, _ body: [Statement],
    at position: SourcePosition
  ) {
    let (counter, limit) = (ir.makeSlot(), ir.makeSlot())
    ir.append(.copy(counter, from: evaluate(first, as: .int).slot))
    ir.append(.copy(limit, from: evaluate(end, as: .int).slot))
    let test = ir.makeLabel()
    let loop = Loop(next: ir.makeLabel(), end: ir.makeLabel())
    ir.append(.label(test))
    ir.append(.branchIfZero(binary(.less, counter, limit), loop.end))
    releaseTemporaries()
    scopes.append([:])
    declare(name, counter, .int, isMutable: false, at: position)
    loops.append(loop)
    _ = lower(body)
    loops.removeLast()
    scopes.removeLast()
    ir.append(.label(loop.next))
    mark(position)
    ir.append(.binary(counter, .add, counter, constant(1)))
    ir.append(.jump(test))
    ir.append(.label(loop.end))
  }

  private mutating func returning(_ expression: Expression?, at position: SourcePosition) {
    switch (expression, signature.result) {
    case (nil, nil): leave(nil)
    case (nil, .some(let type)):
      checker.report("'\(item.name)' has to return \(type.description)", at: position)
    case (.some(let expression), nil):
      checker.report("'\(item.name)' returns nothing", at: expression.position)
    case (.some(let expression), .some(let type)):
      let value = evaluate(expression, as: type.valueType)
      if type == .int32 {
        let narrow = temporary()
        ir.append(.signExtend32(narrow, value.slot))
        leave(narrow)
      } else {
        leave(value.slot)
      }
    }
  }
}
