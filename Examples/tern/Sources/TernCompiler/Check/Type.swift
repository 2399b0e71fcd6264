/// A type. Each value but a sized array is one word; a sized array stands for its address.
indirect enum Type: Hashable, Sendable {
  case int
  case bool
  case string
  /// A C `int`, in signatures alone: a value of it is an `int`.
  case int32
  case function([Type], Type?)
  /// Without a number: a reference to elements whose number is not known.
  case array(Type, Int?)
  /// Of what has been reported already; goes with everything.
  case error

  var description: String {
    switch self {
    case .int: "int"
    case .bool: "bool"
    case .string: "str"
    case .int32: "i32"
    case .function(let parameters, let result):
      "fn(\(parameters.map(\.description).joined(separator: ", ")))"
        + (result.map { " -> \($0.description)" } ?? "")
    case .array(let element, let count):
      "[\(element.description)\(count.map { "; \($0)" } ?? "")]"
    case .error: "?"
    }
  }

  /// What a value has that is declared as this in a signature.
  var valueType: Type { self == .int32 ? .int : self }

  /// What a table's or variable's element is that holds this.
  var reference: Type {
    if case .array(let element, _) = self { .array(element, nil) } else { self }
  }

  /// A value of this type can be where one of `target` is asked for.
  func converts(to target: Type) -> Bool {
    if self == target || self == .error || target == .error { return true }
    if case .array(let element, _) = self, case .array(let other, nil) = target {
      return element == other
    }
    return false
  }
}

/// What a function takes and gives.
struct Signature: Hashable, Sendable {
  var parameters: [Type]
  var result: Type?
  var isVariadic = false

  var type: Type { .function(parameters, result) }
}

/// A value known when the program is compiled.
indirect enum Constant: Hashable, Sendable {
  case integer(Int64)
  case boolean(Bool)
  case string([UInt8])
  case symbol(SymbolReference)
  case list([Constant])
}

// MARK: What the checker makes

/// A function that is free of errors.
struct CheckedFunction: Hashable, Sendable {
  /// Everything that its code depends on; lines are kept apart.
  struct Body: Hashable, Sendable {
    var ir: IRFunction
    var name: String
    var result: Type?
    var variables: [Variable]
  }
  struct Variable: Hashable, Sendable {
    var name: String
    var type: Type
    var slot: Slot
    var isParameter: Bool
  }
  /// Stays the same across edits, other than of the signature: code that still runs the old
  /// version goes on to call what it was compiled for.
  var key: String
  var body: Body
  /// One for each position of the instructions.
  var positions: [SourcePosition]
  var exportedNames: [String]
}

/// A global variable or a table of constants, free of errors.
struct CheckedGlobal: Hashable, Sendable {
  enum Storage: Hashable, Sendable {
    case mutable
    case constant
    case threadLocal
  }
  var name: String
  var type: Type
  var storage: Storage
  /// Its words; empty if all of `count` are zero.
  var words: [Constant]
  var count: Int
  var exportedNames: [String]
}

/// A program that is free of errors.
struct CheckedProgram: Sendable {
  var functions: [CheckedFunction] = []
  var globals: [CheckedGlobal] = []
  /// Declares functions of C libraries.
  var hasExternals = false

  /// Names that are used of what others define.
  var imports: Set<String> {
    var references = functions.flatMap(\.body.ir.references)
    for global in globals {
      for case .symbol(let reference) in global.words { references.append(reference) }
    }
    return Set(
      references.compactMap { reference in
        if case .imported(let name) = reference { name } else { nil }
      })
  }
}
