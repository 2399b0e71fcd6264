import Platform

/// An expression of `--defsym` or of an assignment in a linker script.
///
/// Kept as code for a small stack machine rather than as a tree: a chain of a million additions
/// would make a tree that deep, and walking it would exhaust the stack. The parser recurses only
/// for brackets, prefix operators and conditionals, which it limits.
///
/// Names point into the text that was parsed, which must outlive the expression. Operators and
/// their precedence are those of C, as in "Expressions in Linker Scripts" of the GNU ld manual.
public struct Expression: Sendable {
  /// A number, or an address that moves with a section.
  public struct Value: Sendable, Equatable {
    /// The number or the virtual address.
    public var address: UInt64
    /// What the address moves with, in the caller's numbering; 0 for plain numbers.
    public var section: UInt32

    public init(_ address: UInt64, section: UInt32 = 0) {
      self.address = address
      self.section = section
    }
  }

  /// What an expression can ask about the link besides the values of symbols.
  public struct Environment: Sendable {
    /// The value of `.`; nil where it has none.
    public var location: Value?
    /// `SIZEOF_HEADERS`, in bytes.
    public var sizeOfHeaders: UInt64
    /// `CONSTANT(MAXPAGESIZE)`, in bytes.
    public var maximumPageSize: UInt64
    /// `CONSTANT(COMMONPAGESIZE)`, in bytes.
    public var commonPageSize: UInt64

    public init(
      location: Value? = nil, sizeOfHeaders: UInt64 = 0, maximumPageSize: UInt64 = 4096,
      commonPageSize: UInt64 = 4096
    ) {
      self.location = location
      self.sizeOfHeaders = sizeOfHeaders
      self.maximumPageSize = maximumPageSize
      self.commonPageSize = commonPageSize
    }
  }

  enum Operation: UInt8 {
    /// Push `operand`.
    case constant
    /// Push the value of `symbols[operand]`.
    case symbol
    /// Push whether `testedSymbols[operand]` has a value.
    case defined
    case location, sizeOfHeaders, maximumPageSize, commonPageSize
    case negate, complement, not, truth, absolute, log2Ceiling
    case multiply, divide, remainder, add, subtract, shiftLeft, shiftRight
    case less, lessOrEqual, greater, greaterOrEqual, equal, notEqual
    case and, exclusiveOr, or
    case align, maximum, minimum
    /// Pop; if zero, push 0 and go to `operand`.
    case andThen
    /// Pop; if not zero, push 1 and go to `operand`.
    case orElse
    /// Pop; if zero, go to `operand`.
    case jumpIfZero
    case jump
  }

  struct Instruction {
    var operation: Operation
    /// Byte offset in the text, for messages.
    var position: UInt32
    var operand: UInt64
  }

  /// The whole text that the expression is part of; positions count from its start.
  let source: ByteString
  var code: [Instruction] = []

  /// The symbols whose values the expression needs, each once, in order of appearance.
  public internal(set) var symbols: [ByteString] = []

  /// The symbols that occur in `DEFINED(…)`: asking doesn't make them needed.
  public internal(set) var testedSymbols: [ByteString] = []

  /// 1-based line on which the expression starts.
  public internal(set) var line: UInt32

  /// The symbol that the expression names and does nothing to, also if in brackets: a symbol
  /// defined so is its alias and shares type, size and section.
  public var aliasedSymbol: ByteString? {
    code.count == 1 && code[0].operation == .symbol ? symbols[0] : nil
  }

  /// Whether the expression uses `.`.
  public var usesLocation: Bool { code.contains { $0.operation == .location } }

  /// Parses all of `bytes` as one expression, as `--defsym` gives it after the `=`.
  ///
  /// - Throws: `ScriptError` if there is anything but one expression.
  public static func parse(_ bytes: UnsafeRawBufferPointer) throws(ScriptError) -> Expression {
    var parser = ExpressionParser(try ScriptScanner(bytes))
    try parser.parseExpression()
    if !parser.scanner.isAtEnd {
      throw parser.scanner.error("expected an operator or the end, found \(parser.scanner.found)")
    }
    return parser.expression
  }
}
