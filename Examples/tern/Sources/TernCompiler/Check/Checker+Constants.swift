/// Values that are known when a program is compiled, in the machine's word.
extension Checker {
  /// A constant expression's value and type; nil if something is wrong with it, which is reported.
  func constant(_ expression: Expression, expected: Type? = nil) -> (Constant, Type)? {
    switch expression.kind {
    case .integer(let value):
      return integer(value, isNegated: false, at: expression.position).map { (.integer($0), .int) }
    case .boolean(let value): return (.boolean(value), .bool)
    case .string(let text): return string(text, at: expression.position).map { ($0, .string) }
    case .name(let name): return named(name, at: expression.position)
    case .addressOf(let name):
      guard case .function(let signature, let isExternal)? = entry(name) else {
        report("there is no function '\(name)'\(suggestion(for: name))", at: expression.position)
        return nil
      }
      return (.symbol(reference(name, signature, isExternal: isExternal)), signature.type)
    case .list(let elements): return list(elements, expected, at: expression.position)
    case .unary(.negate, let operand):
      if case .integer(let value) = operand.kind {
        return integer(value, isNegated: true, at: expression.position)
          .map { (.integer($0), .int) }
      }
      return fold(expression, operand, .int) { .integer(self.wrapped(0 &- $0)) }
    case .unary(.complement, let operand):
      return fold(expression, operand, .int) { .integer(~$0) }
    case .unary(.not, let operand): return fold(expression, operand, .bool) { .boolean($0 == 0) }
    case .binary(let operation, let left, let right):
      guard let a = constant(left), let b = constant(right) else { return nil }
      guard let x = scalar(a.0), let y = scalar(b.0), a.1 == b.1 else {
        report("'\(operation.rawValue)' can't be worked out for these", at: expression.position)
        return nil
      }
      return evaluate(operation, x, y, a.1, at: expression.position)
    case .call(let callee, let arguments):
      if let count = length(callee, arguments) { return (.integer(Int64(count)), .int) }
      fallthrough
    case .index:
      report("this is not known when the program is compiled", at: expression.position)
      return nil
    }
  }

  /// The value of an integer that is constant; nil, and nothing is reported, for all else.
  func constantInteger(_ expression: Expression) -> Int64? {
    switch expression.kind {
    case .integer(let value): return Int64(exactly: value).flatMap { wrapped($0) == $0 ? $0 : nil }
    case .name(let name):
      if case .scalar(.integer(let value), .int)? = entry(name) { return value }
      return nil
    case .unary(.negate, let operand): return constantInteger(operand).map { wrapped(0 &- $0) }
    case .binary(let operation, let left, let right):
      guard let a = constantInteger(left), let b = constantInteger(right),
        case .integer(let value)? = arithmetic(operation, a, b)
      else { return nil }
      return value
    case .call(let callee, let arguments): return length(callee, arguments).map { Int64($0) }
    default: return nil
    }
  }

  /// `len(table)`: the number of elements, where it is part of the type.
  func length(_ callee: Expression, _ arguments: [Expression]) -> Int? {
    guard case .name("len") = callee.kind, entry("len") == nil, arguments.count == 1,
      case .name(let name) = arguments[0].kind, case .global(let global)? = entry(name),
      case .array(_, let count?) = global.type
    else { return nil }
    return count
  }

  /// The low bits that are the machine's word, with their sign.
  func wrapped(_ value: Int64) -> Int64 {
    machine.wordBytes == 4 ? Int64(Int32(truncatingIfNeeded: value)) : value
  }

  /// A literal's value. One that fits the word's bits without a sign is taken too: masks are
  /// written so.
  func integer(_ value: UInt64, isNegated: Bool, at position: SourcePosition) -> Int64? {
    let bits = machine.wordBytes * 8
    let limit: UInt64 = isNegated ? 1 << UInt64(bits - 1) : UInt64.max >> UInt64(64 - bits)
    guard value <= limit else {
      report("the number does not fit \(bits) bits", at: position)
      return nil
    }
    return wrapped(isNegated ? 0 &- Int64(bitPattern: value) : Int64(bitPattern: value))
  }

  func string(_ text: [UInt8], at position: SourcePosition) -> Constant? {
    guard !text.contains(0) else {
      report("a string ends at its first byte of zero", at: position)
      return nil
    }
    return .string(text)
  }

  private func named(_ name: String, at position: SourcePosition) -> (Constant, Type)? {
    switch entry(name) {
    case .scalar(let value, let type): return type == .error ? nil : (value, type)
    case .global(let global):
      if case .array(_, .some) = global.type, global.storage != .threadLocal {
        return (.symbol(.global(name)), global.type)
      }
      report("'\(name)' is a variable; its value is not known yet", at: position)
    case .function: report("'\(name)' is a function; its address is '&\(name)'", at: position)
    case .pending: report("'\(name)' is defined by itself", at: position)
    case nil: report("there is no '\(name)'\(suggestion(for: name))", at: position)
    }
    return nil
  }

  private func list(
    _ elements: [Expression], _ expected: Type?, at position: SourcePosition
  ) -> (Constant, Type)? {
    var elementType: Type?
    if case .array(let type, _)? = expected { elementType = type }
    var values: [Constant] = []
    var isWhole = true
    for element in elements {
      guard let (value, type) = constant(element) else {
        isWhole = false
        continue
      }
      if case .list = value {
        report("a table's elements can't be lists; name them as tables", at: element.position)
        isWhole = false
      }
      let wanted = elementType ?? type.reference
      elementType = wanted
      if !type.converts(to: wanted) {
        report(
          "the element is of type \(type.description), not \(wanted.description)",
          at: element.position)
        isWhole = false
      }
      values.append(value)
    }
    guard let elementType else {
      report("a table has at least one element", at: position)
      return nil
    }
    return isWhole && !values.isEmpty ? (.list(values), .array(elementType, values.count)) : nil
  }

  private func scalar(_ value: Constant) -> Int64? {
    switch value {
    case .integer(let number): number
    case .boolean(let flag): flag ? 1 : 0
    default: nil
    }
  }

  private func fold(
    _ whole: Expression, _ operand: Expression, _ type: Type, _ operation: (Int64) -> Constant
  ) -> (Constant, Type)? {
    guard let (value, actual) = constant(operand) else { return nil }
    guard actual == type, let number = scalar(value) else {
      report("the operand is of type \(actual.description)", at: whole.position)
      return nil
    }
    return (operation(number), type)
  }

  private func evaluate(
    _ operation: BinaryOperator, _ a: Int64, _ b: Int64, _ type: Type, at position: SourcePosition
  ) -> (Constant, Type)? {
    if type == .bool {
      switch operation {
      case .logicalAnd: return (.boolean(a & b != 0), .bool)
      case .logicalOr: return (.boolean(a | b != 0), .bool)
      case .equal: return (.boolean(a == b), .bool)
      case .notEqual: return (.boolean(a != b), .bool)
      default: break
      }
    } else if operation == .divide || operation == .remainder, b == 0 {
      report("division by zero", at: position)
      return nil
    } else if let result = arithmetic(operation, a, b) {
      if case .boolean = result { return (result, .bool) }
      return (result, .int)
    }
    report("'\(operation.rawValue)' can't be applied to \(type.description)", at: position)
    return nil
  }

  /// Of integers; nil for division by zero, and for operators of booleans.
  private func arithmetic(_ operation: BinaryOperator, _ a: Int64, _ b: Int64) -> Constant? {
    let count = b & Int64(machine.wordBytes * 8 - 1)
    switch operation {
    case .add: return .integer(wrapped(a &+ b))
    case .subtract: return .integer(wrapped(a &- b))
    case .multiply: return .integer(wrapped(a &* b))
    case .divide:
      return b == 0 ? nil : .integer(wrapped(b == -1 ? 0 &- a : a / b))
    case .remainder: return b == 0 ? nil : .integer(b == -1 ? 0 : a % b)
    case .shiftLeft: return .integer(wrapped(a << count))
    case .shiftRight: return .integer(a >> count)
    case .and: return .integer(a & b)
    case .or: return .integer(a | b)
    case .xor: return .integer(a ^ b)
    case .equal: return .boolean(a == b)
    case .notEqual: return .boolean(a != b)
    case .less: return .boolean(a < b)
    case .lessOrEqual: return .boolean(a <= b)
    case .greater: return .boolean(a > b)
    case .greaterOrEqual: return .boolean(a >= b)
    case .logicalAnd, .logicalOr: return nil
    }
  }
}
