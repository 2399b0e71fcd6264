/// Expressions: each leaves its value in a slot.
extension FunctionLowering {
  private mutating func nothing() -> Value { Value(slot: temporary(), type: .error) }

  private func mismatch(_ type: Type, _ expected: Type, at position: SourcePosition) {
    if !type.converts(to: expected) {
      checker.report(
        "this is of type \(type.description), not \(expected.description)", at: position)
    }
  }

  /// The value of an expression, which has to be of a type, if one is given.
  mutating func evaluate(_ expression: Expression, as expected: Type? = nil) -> Value {
    let value = anyValue(expression)
    if let expected { mismatch(value.type, expected, at: expression.position) }
    return value
  }

  private mutating func anyValue(_ expression: Expression) -> Value {
    let position = expression.position
    switch expression.kind {
    case .integer, .boolean, .string, .addressOf:
      guard let (value, type) = checker.constant(expression) else { return nothing() }
      return materialized(value, type)
    case .name(let name): return named(name, at: position)
    case .unary(let operation, let operand): return unary(operation, operand, at: position)
    case .binary(.logicalAnd, let left, let right): return shortCircuit(left, right, isAnd: true)
    case .binary(.logicalOr, let left, let right): return shortCircuit(left, right, isAnd: false)
    case .binary(let operation, let left, let right):
      return arithmetic(operation, evaluate(left), right, at: position)
    case .call:
      if let value = call(expression, isStatement: false) { return value }
      return nothing()
    case .index(let base, let index):
      guard let place = elementPlace(base, index, at: position, isStore: false) else {
        return nothing()
      }
      let result = temporary()
      let isByte = place.isByte
      ir.append(.load(result, isByte ? .byte : .word, address: place.slot))
      return Value(slot: result, type: place.type)
    case .list:
      checker.report("tables are constants or globals; declare this at the top", at: position)
      return nothing()
    }
  }

  private mutating func materialized(_ value: Constant, _ type: Type) -> Value {
    let slot = temporary()
    switch value {
    case .integer(let number): ir.append(.constant(slot, number))
    case .boolean(let flag): ir.append(.constant(slot, flag ? 1 : 0))
    case .string(let text): ir.append(.symbolAddress(slot, .string(text)))
    case .symbol(let reference): ir.append(.symbolAddress(slot, reference))
    case .list: preconditionFailure("a list is no scalar")
    }
    return Value(slot: slot, type: type)
  }

  private mutating func named(_ name: String, at position: SourcePosition) -> Value {
    if let local = local(name) { return Value(slot: local.slot, type: local.type) }
    switch checker.entry(name) {
    case .scalar(let value, let type):
      return type == .error ? nothing() : materialized(value, type)
    case .global(let global):
      let address = address(of: global, name)
      if case .array(_, .some) = global.type { return Value(slot: address, type: global.type) }
      let result = temporary()
      ir.append(.load(result, .word, address: address))
      return Value(slot: result, type: global.type)
    case .function:
      checker.report("'\(name)' is a function; its address is '&\(name)'", at: position)
    case .pending, nil:
      let known = scopes.flatMap(\.keys)
      checker.report(
        "there is no '\(name)'\(checker.suggestion(for: name, among: known))", at: position)
    }
    return nothing()
  }

  private mutating func address(of global: Checker.Global, _ name: String) -> Slot {
    let slot = temporary()
    ir.append(
      global.storage == .threadLocal
        ? .threadAddress(slot, .global(name)) : .symbolAddress(slot, .global(name)))
    return slot
  }

  /// Where a global variable of one word lies, to be set.
  mutating func globalPlace(
    _ name: String, at position: SourcePosition
  ) -> (address: Slot, type: Type)? {
    switch checker.entry(name) {
    case .global(let global):
      if case .array(_, .some) = global.type {
        checker.report("an array is set element by element", at: position)
        return nil
      }
      return (address(of: global, name), global.type)
    case .scalar(_, let type):
      if type != .error { checker.report("'\(name)' is a constant", at: position) }
    case .function: checker.report("'\(name)' is a function", at: position)
    case .pending, nil:
      let known = scopes.flatMap(\.keys)
      checker.report(
        "there is no '\(name)'\(checker.suggestion(for: name, among: known))", at: position)
    }
    return nil
  }

  /// Where an element lies. Elements of sized arrays are checked to be in them.
  mutating func elementPlace(
    _ base: Expression, _ index: Expression, at position: SourcePosition, isStore: Bool
  ) -> (slot: Slot, type: Type, isByte: Bool)? {
    let array = evaluate(base)
    let offset = evaluate(index, as: .int).slot
    switch array.type {
    case .string:
      if isStore {
        checker.report("the bytes of a string can't be set", at: position)
        return nil
      }
      return (binary(.add, array.slot, offset), .int, true)
    case .array(let element, let count):
      if isStore, case .name(let name) = base.kind, local(name) == nil,
        case .global(let global)? = checker.entry(name), global.storage == .constant
      {
        checker.report("'\(name)' is a table of constants", at: position)
        return nil
      }
      if let count { trap(if: binary(.below, constant(Int64(count - 1)), offset)) }
      let bytes = binary(.shiftLeft, offset, constant(checker.machine.wordBytes == 8 ? 3 : 2))
      return (binary(.add, array.slot, bytes), element, false)
    case .error: return nil
    default:
      checker.report("a value of type \(array.type.description) has no elements", at: position)
      return nil
    }
  }

  // MARK: Operators

  private mutating func unary(
    _ operation: UnaryOperator, _ operand: Expression, at position: SourcePosition
  ) -> Value {
    switch operation {
    case .negate:
      if case .integer = operand.kind {
        let whole = Expression(kind: .unary(operation, operand), position: position)
        guard let (value, type) = checker.constant(whole) else { return nothing() }
        return materialized(value, type)
      }
      let value = evaluate(operand, as: .int)
      return Value(slot: binary(.subtract, constant(0), value.slot), type: .int)
    case .complement:
      let value = evaluate(operand, as: .int)
      return Value(slot: binary(.xor, value.slot, constant(-1)), type: .int)
    case .not:
      let value = evaluate(operand, as: .bool)
      return Value(slot: binary(.equal, value.slot, constant(0)), type: .bool)
    }
  }

  private mutating func shortCircuit(
    _ left: Expression, _ right: Expression, isAnd: Bool
  ) -> Value {
    let result = temporary()
    let end = ir.makeLabel()
    ir.append(.copy(result, from: evaluate(left, as: .bool).slot))
    ir.append(.branchIfZero(isAnd ? result : binary(.equal, result, constant(0)), end))
    ir.append(.copy(result, from: evaluate(right, as: .bool).slot))
    ir.append(.label(end))
    return Value(slot: result, type: .bool)
  }

  /// `left operation right`, other than `&&` and `||`.
  mutating func arithmetic(
    _ operation: BinaryOperator, _ left: Value, _ expression: Expression,
    at position: SourcePosition
  ) -> Value {
    let right = evaluate(expression)
    let isEquality = operation == .equal || operation == .notEqual
    if left.type == .error || right.type == .error { return nothing() }
    let isComparable: Bool =
      switch left.type {
      case .bool, .function: isEquality
      default: left.type == .int
      }
    guard isComparable, left.type == right.type else {
      let types = "\(left.type.description) and \(right.type.description)"
      checker.report("'\(operation.rawValue)' can't be applied to \(types)", at: position)
      return nothing()
    }
    let (a, b) = (left.slot, right.slot)
    func result(_ slot: Slot, _ type: Type = .int) -> Value { Value(slot: slot, type: type) }
    switch operation {
    case .add: return result(binary(.add, a, b))
    case .subtract: return result(binary(.subtract, a, b))
    case .multiply: return result(binary(.multiply, a, b))
    case .and: return result(binary(.and, a, b))
    case .or: return result(binary(.or, a, b))
    case .xor: return result(binary(.xor, a, b))
    case .shiftLeft, .shiftRight:
      let mask = constant(Int64(checker.machine.wordBytes * 8 - 1))
      let count = binary(.and, b, mask)
      return result(binary(operation == .shiftLeft ? .shiftLeft : .shiftRight, a, count))
    case .divide: return result(quotient(a, b, expression))
    case .remainder:
      let product = binary(.multiply, quotient(a, b, expression), b)
      return result(binary(.subtract, a, product))
    case .equal: return result(binary(.equal, a, b), .bool)
    case .notEqual: return result(binary(.notEqual, a, b), .bool)
    case .less: return result(binary(.less, a, b), .bool)
    case .lessOrEqual: return result(binary(.lessOrEqual, a, b), .bool)
    case .greater: return result(binary(.less, b, a), .bool)
    case .greaterOrEqual: return result(binary(.lessOrEqual, b, a), .bool)
    case .logicalAnd, .logicalOr: preconditionFailure("not arithmetic")
    }
  }

  /// Machines disagree about division by 0, which ends the program here, and about the least
  /// number by -1, which is itself.
  private mutating func quotient(_ a: Slot, _ b: Slot, _ divisor: Expression) -> Slot {
    if case .name(let name) = divisor.kind, local(name) != nil {
    } else if let known = checker.constantInteger(divisor) {
      if known == 0 { checker.report("division by zero", at: divisor.position) }
      return known == -1 ? binary(.subtract, constant(0), a) : binary(.divide, a, b)
    }
    trap(if: binary(.equal, b, constant(0)))
    let result = temporary()
    let (negate, end) = (ir.makeLabel(), ir.makeLabel())
    ir.append(.branchIfZero(binary(.add, b, constant(1)), negate))
    ir.append(.binary(result, .divide, a, b))
    ir.append(.jump(end))
    ir.append(.label(negate))
    ir.append(.binary(result, .subtract, constant(0), a))
    ir.append(.label(end))
    return result
  }

  // MARK: Calls

  /// The result of a call; nil if it has none.
  mutating func call(_ expression: Expression, isStatement: Bool) -> Value? {
    guard case .call(let callee, let arguments) = expression.kind else { preconditionFailure() }
    let position = callee.position
    var value: Value?
    if case .name(let name) = callee.kind, local(name) == nil {
      switch checker.entry(name) {
      case .function(let signature, let isExternal):
        let target = checker.reference(name, signature, isExternal: isExternal)
        value = call(.symbol(target), signature, arguments, name, at: position)
      case .global, .scalar: value = indirectCall(callee, arguments)
      case .pending, nil: value = builtIn(name, arguments, at: position)
      }
    } else {
      value = indirectCall(callee, arguments)
    }
    if value == nil, !isStatement {
      checker.report("this call gives no value", at: position)
    }
    return value
  }

  private mutating func indirectCall(_ callee: Expression, _ arguments: [Expression]) -> Value? {
    let target = evaluate(callee)
    guard case .function(let parameters, let result) = target.type else {
      if target.type != .error {
        checker.report(
          "a value of type \(target.type.description) can't be called", at: callee.position)
      }
      return nothing()
    }
    return call(
      .slot(target.slot), Signature(parameters: parameters, result: result), arguments,
      "the function", at: callee.position)
  }

  private mutating func call(
    _ target: Callee, _ signature: Signature, _ arguments: [Expression], _ name: String,
    at position: SourcePosition
  ) -> Value? {
    let expected = signature.parameters.count
    if signature.isVariadic ? arguments.count < expected : arguments.count != expected {
      checker.report(
        "'\(name)' takes \(signature.isVariadic ? "at least " : "")\(expected)"
          + " argument\(expected == 1 ? "" : "s"), not \(arguments.count)", at: position)
    } else if arguments.count > 16 {
      checker.report("there are more than 16 arguments", at: position)
    }
    var slots: [Slot] = []
    for (index, argument) in arguments.enumerated() {
      let type = index < expected ? signature.parameters[index] : nil
      let value = evaluate(argument, as: type?.valueType)
      slots.append(value.slot)
      if type == .int32 {
        slots[index] = temporary()
        ir.append(.signExtend32(slots[index], value.slot))
      }
    }
    guard let type = signature.result else {
      ir.append(.call(nil, target, slots))
      return nil
    }
    let result = temporary()
    ir.append(.call(result, target, slots))
    if type == .int32 { ir.append(.signExtend32(result, result)) }
    return Value(slot: result, type: type.valueType)
  }

  /// What the language itself provides.
  private mutating func builtIn(
    _ name: String, _ arguments: [Expression], at position: SourcePosition
  ) -> Value? {
    if checker.isRuntime, let value = intrinsic(name, arguments) { return value }
    func has(_ count: Int) -> Bool {
      if arguments.count == count { return true }
      checker.report("'\(name)' takes one argument, not \(arguments.count)", at: position)
      return false
    }
    switch name {
    case "print":
      arguments.forEach { print($0) }
      return nil
    case "exit", "sleep":
      if has(1) {
        let value = evaluate(arguments[0], as: .int)
        let function: RuntimeFunction = name == "exit" ? .exit : .sleep
        ir.append(.call(nil, .symbol(.runtime(function)), [value.slot]))
      }
      return nil
    case "int":
      return has(1) ? Value(slot: evaluate(arguments[0], as: .bool).slot, type: .int) : nothing()
    case "len":
      guard has(1) else { return nothing() }
      let array = evaluate(arguments[0])
      guard case .array(_, let count?) = array.type else {
        if array.type != .error {
          checker.report(
            "the number of elements of \(array.type.description) is not known",
            at: arguments[0].position)
        }
        return nothing()
      }
      return Value(slot: constant(Int64(count)), type: .int)
    default:
      for argument in arguments { _ = evaluate(argument) }
      checker.report("there is no function '\(name)'\(checker.suggestion(for: name))", at: position)
      return nothing()
    }
  }

  private mutating func print(_ argument: Expression) {
    let value = evaluate(argument)
    switch value.type {
    case .int: ir.append(.call(nil, .symbol(.runtime(.printInteger)), [value.slot]))
    case .string: ir.append(.call(nil, .symbol(.runtime(.printString)), [value.slot]))
    case .bool:
      let text = temporary()
      let end = ir.makeLabel()
      ir.append(.symbolAddress(text, .string(Array("false".utf8))))
      ir.append(.branchIfZero(value.slot, end))
      ir.append(.symbolAddress(text, .string(Array("true".utf8))))
      ir.append(.label(end))
      ir.append(.call(nil, .symbol(.runtime(.printString)), [text]))
    case .error: break
    default:
      checker.report(
        "a value of type \(value.type.description) can't be printed", at: argument.position)
    }
  }

  /// Parts of the machine, by which the runtime is written.
  private mutating func intrinsic(_ name: String, _ arguments: [Expression]) -> Value? {
    if name == "__frame" {
      let count = checker.constantInteger(arguments[0]) ?? 1
      let result = temporary()
      ir.append(.frameAddress(result, of: ir.makeSlots(Int(count))))
      return Value(slot: result, type: .int)
    }
    guard name.hasPrefix("__") else { return nil }
    let slots = arguments.map { evaluate($0).slot }
    let result = temporary()
    switch name {
    case "__address": ir.append(.copy(result, from: slots[0]))
    case "__load": ir.append(.load(result, .word, address: slots[0]))
    case "__load_byte": ir.append(.load(result, .byte, address: slots[0]))
    case "__store": ir.append(.store(.word, address: slots[0], value: slots[1]))
    case "__store_byte": ir.append(.store(.byte, address: slots[0], value: slots[1]))
    case "__write": ir.append(.systemCall(result, .write, slots))
    case "__exit": ir.append(.systemCall(result, .exitGroup, slots))
    case "__nanosleep": ir.append(.systemCall(result, .nanosleep, slots))
    case "__set_thread_pointer": ir.append(.setThreadPointer(slots[0]))
    case "__main": ir.append(.call(result, .symbol(.imported("main")), slots))
    default: return nil
    }
    return Value(slot: result, type: .int)
  }
}
