import Platform

extension Expression {
  /// The expression's value.
  ///
  /// Numbers are unsigned and of 64 bits, and wrap around; shift counts are taken modulo 64.
  /// `&&`, `||` and `?:` evaluate only what they need, so `DEFINED(x) ? x : 0` is safe. An address
  /// keeps its section when a number is added or subtracted, when it is aligned, and when `?:`,
  /// `MAX` or `MIN` picks it; anything else (also a difference of addresses) makes a number.
  ///
  /// - Parameters:
  ///   - resolve: the value of a symbol, or nil if it has none; `DEFINED` asks it too.
  /// - Throws: `ScriptError` for a symbol without a value, a division by zero, or `.` where the
  ///   environment has none; with the place of the operator or name.
  public func evaluate(
    in environment: Environment = Environment(), resolve: (ByteString) -> Value?
  ) throws(ScriptError) -> Value {
    var stack: [Value] = []
    var index = 0
    while index < code.count {
      let instruction = code[index]
      index += 1
      switch instruction.operation {
      case .constant: stack.append(Value(instruction.operand))
      case .symbol:
        let name = symbols[Int(instruction.operand)]
        guard let value = resolve(name) else {
          throw error("undefined symbol \(quoted(name)) in expression", instruction)
        }
        stack.append(value)
      case .defined:
        let isDefined = resolve(testedSymbols[Int(instruction.operand)]) != nil
        stack.append(Value(isDefined ? 1 : 0))
      case .location:
        guard let value = environment.location else {
          throw error("'.' has no value here; name a symbol instead", instruction)
        }
        stack.append(value)
      case .sizeOfHeaders: stack.append(Value(environment.sizeOfHeaders))
      case .maximumPageSize: stack.append(Value(environment.maximumPageSize))
      case .commonPageSize: stack.append(Value(environment.commonPageSize))
      case .negate, .complement, .not, .truth, .absolute, .log2Ceiling:
        stack.append(Self.unary(instruction.operation, stack.removeLast().address))
      case .jump: index = Int(instruction.operand)
      case .jumpIfZero:
        if stack.removeLast().address == 0 { index = Int(instruction.operand) }
      case .andThen, .orElse:
        let isTrue = stack.removeLast().address != 0
        if isTrue == (instruction.operation == .orElse) {
          stack.append(Value(isTrue ? 1 : 0))
          index = Int(instruction.operand)
        }
      default:
        let right = stack.removeLast()
        let left = stack.removeLast()
        stack.append(try binary(instruction, left, right))
      }
    }
    return stack.removeLast()
  }

  private func error(_ message: String, _ instruction: Instruction) -> ScriptError {
    ScriptError(message, at: Int(instruction.position), of: source)
  }

  private static func unary(_ operation: Operation, _ x: UInt64) -> Value {
    switch operation {
    case .negate: Value(0 &- x)
    case .complement: Value(~x)
    case .not: Value(x == 0 ? 1 : 0)
    case .truth: Value(x == 0 ? 0 : 1)
    case .log2Ceiling: Value(x <= 1 ? 0 : UInt64(64 - (x - 1).leadingZeroBitCount))
    default: Value(x)
    }
  }

  private func binary(
    _ instruction: Instruction, _ left: Value, _ right: Value
  ) throws(ScriptError) -> Value {
    let (x, y) = (left.address, right.address)
    switch instruction.operation {
    case .add:
      let section = left.section == 0 ? right.section : right.section == 0 ? left.section : 0
      return Value(x &+ y, section: section)
    case .subtract: return Value(x &- y, section: right.section == 0 ? left.section : 0)
    case .multiply: return Value(x &* y)
    case .divide:
      if y == 0 { throw error("division by zero", instruction) }
      return Value(x / y)
    case .remainder:
      if y == 0 { throw error("remainder of a division by zero", instruction) }
      return Value(x % y)
    case .shiftLeft: return Value(x &<< y)
    case .shiftRight: return Value(x &>> y)
    case .less: return Value(x < y ? 1 : 0)
    case .lessOrEqual: return Value(x <= y ? 1 : 0)
    case .greater: return Value(x > y ? 1 : 0)
    case .greaterOrEqual: return Value(x >= y ? 1 : 0)
    case .equal: return Value(x == y ? 1 : 0)
    case .notEqual: return Value(x != y ? 1 : 0)
    case .and: return Value(x & y)
    case .exclusiveOr: return Value(x ^ y)
    case .or: return Value(x | y)
    case .maximum: return x >= y ? left : right
    case .minimum: return x <= y ? left : right
    default:
      // ALIGN; an alignment of 0 changes nothing, and one that isn't a power of two rounds up to
      // its multiple, both as GNU ld has it.
      return Value(y == 0 ? x : (x &+ (y - 1)) / y &* y, section: left.section)
    }
  }
}
