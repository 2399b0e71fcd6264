/// A source as it is written, before names and types are looked at.

struct TypeSyntax: Hashable {
  indirect enum Kind: Hashable {
    case name(String)
    case function([TypeSyntax], TypeSyntax?)
    /// The number of elements, where it is written.
    case array(TypeSyntax, Expression?)
  }
  var kind: Kind
  var position: SourcePosition
}

struct Expression: Hashable {
  indirect enum Kind: Hashable {
    case integer(UInt64)
    case boolean(Bool)
    case string([UInt8])
    case name(String)
    case unary(UnaryOperator, Expression)
    case binary(BinaryOperator, Expression, Expression)
    case call(Expression, [Expression])
    case index(Expression, Expression)
    /// The address of a function.
    case addressOf(String)
    /// Elements of a table.
    case list([Expression])
  }
  var kind: Kind
  /// Of the operator, where there is one between operands.
  var position: SourcePosition
}

enum UnaryOperator: String {
  case negate = "-"
  case complement = "~"
  case not = "!"
}

enum BinaryOperator: String {
  case multiply = "*"
  case divide = "/"
  case remainder = "%"
  case add = "+"
  case subtract = "-"
  case shiftLeft = "<<"
  case shiftRight = ">>"
  case and = "&"
  case xor = "^"
  case or = "|"
  case equal = "=="
  case notEqual = "!="
  case less = "<"
  case lessOrEqual = "<="
  case greater = ">"
  case greaterOrEqual = ">="
  case logicalAnd = "&&"
  case logicalOr = "||"

  /// Higher binds tighter; operators of one level group to the left.
  var precedence: Int {
    switch self {
    case .multiply, .divide, .remainder, .shiftLeft, .shiftRight, .and: 5
    case .add, .subtract, .or, .xor: 4
    case .equal, .notEqual, .less, .lessOrEqual, .greater, .greaterOrEqual: 3
    case .logicalAnd: 2
    case .logicalOr: 1
    }
  }
}

struct Statement: Hashable {
  indirect enum Kind: Hashable {
    case variable(name: String, TypeSyntax?, Expression, isMutable: Bool)
    case assign(Expression, BinaryOperator?, Expression)
    case expression(Expression)
    case conditional(Expression, then: [Statement], else: [Statement])
    case whileLoop(Expression, [Statement])
    /// From the first number up to, without, the second.
    case forLoop(name: String, Expression, Expression, [Statement])
    case block([Statement])
    case returning(Expression?)
    case breaking
    case continuing
  }
  var kind: Kind
  var position: SourcePosition
}

struct Parameter: Hashable {
  var name: String
  var type: TypeSyntax
  var position: SourcePosition
}

/// Something at the top of a source.
struct Item: Hashable {
  enum Kind: Hashable {
    case function(parameters: [Parameter], result: TypeSyntax?, body: [Statement])
    case external(parameters: [Parameter], result: TypeSyntax?, isVariadic: Bool)
    case constant(TypeSyntax?, Expression)
    case variable(TypeSyntax?, Expression?, isThreadLocal: Bool)
  }
  var name: String
  var kind: Kind
  var position: SourcePosition
  /// Where its closing brace is, for functions.
  var end: SourcePosition
  /// The name by which it is known outside.
  var exportedName: String?
}
