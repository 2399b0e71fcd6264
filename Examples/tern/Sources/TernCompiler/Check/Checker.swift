/// Checks a program and makes instructions of its functions, collecting all errors.
///
/// First the names at the top are entered, then their types and constants found (a constant may
/// use others, in any order), then each function is lowered on its own by `FunctionLowering`.
final class Checker {
  struct Global {
    var type: Type
    var storage: CheckedGlobal.Storage
    var value: Constant?
  }
  enum Entry {
    case function(Signature, isExternal: Bool)
    case global(Global)
    /// A constant that is no table: it has no place in memory.
    case scalar(Constant, Type)
    /// Being worked out: whoever meets this is part of a circle.
    case pending
  }

  let machine: MachineFacts
  /// Whether names that start with `__` mean parts of the machine.
  let isRuntime: Bool
  private(set) var diagnostics: [Diagnostic]
  private let items: [Item]
  private var itemIndices: [String: Int] = [:]
  private var entries: [String: Entry] = [:]

  /// - Throws: all the errors of the source. Names and types are looked at when the syntax is right:
  ///   else much would be missing, and reported as unknown, that is there.
  static func check(
    _ source: [UInt8], machine: MachineFacts, isRuntime: Bool = false
  ) throws(CompileErrors) -> CheckedProgram {
    let checker = Checker(source, machine, isRuntime)
    if !checker.diagnostics.isEmpty { throw CompileErrors(checker.diagnostics) }
    let program = checker.run()
    if !checker.diagnostics.isEmpty { throw CompileErrors(checker.diagnostics) }
    return program
  }

  private init(_ source: [UInt8], _ machine: MachineFacts, _ isRuntime: Bool) {
    let parser = Parser(source)
    items = parser.items
    diagnostics = parser.diagnostics
    self.machine = machine
    self.isRuntime = isRuntime
    if isRuntime {
      for (name, value) in Runtime.constants(machine) {
        entries[name] = .scalar(.integer(value), .int)
      }
    }
  }

  func report(_ message: String, at position: SourcePosition) {
    diagnostics.append(Diagnostic(position: position, message: message))
  }

  private func run() -> CheckedProgram {
    enterNames()
    var program = CheckedProgram()
    for (index, item) in items.enumerated() where itemIndices[item.name] == index {
      let exported = item.exportedName.map { [$0] } ?? []
      switch (item.kind, entry(item.name)) {
      case (.function, .function(let signature, _)?):
        program.functions.append(
          FunctionLowering(self, item, signature).run(exported: exported))
      case (_, .function?): program.hasExternals = true
      case (_, .global(let global)?):
        program.globals.append(placed(global, item.name, exported))
      default:
        if item.exportedName != nil {
          report("a constant that is no table has no address to export", at: item.position)
        }
      }
    }
    if !isRuntime { checkMain() }
    return program
  }

  private func enterNames() {
    var exports: [String: Item] = [:]
    for (index, item) in items.enumerated() {
      if let first = itemIndices[item.name] {
        report(
          "'\(item.name)' is declared twice, first in line \(items[first].position.line)",
          at: item.position)
      } else {
        itemIndices[item.name] = index
      }
      if item.name.hasPrefix("__"), !isRuntime {
        report("names that start with '__' are the compiler's own", at: item.position)
      }
      guard let name = item.exportedName else { continue }
      if let first = exports.updateValue(item, forKey: name) {
        report(
          "'\(name)' is exported twice, first in line \(first.position.line)", at: item.position)
      }
      if name == "_start" || name == "main" {
        report("the export name '\(name)' is the compiler's own", at: item.position)
      }
    }
  }

  private func checkMain() {
    guard let index = itemIndices["main"], case .function? = entry("main"),
      case .function(let signature, false)? = entries["main"]
    else {
      let end = items.last?.end ?? SourcePosition(line: 1, column: 1)
      report("the program has no function 'main', at which it starts", at: end)
      return
    }
    let parameters = signature.parameters.map(\.valueType)
    let whole: [Type] = [.int, .array(.string, nil)]
    if !whole.starts(with: parameters) {
      report("'main' takes nothing, or (count: int, arguments: [str])", at: items[index].position)
    }
    if let result = signature.result, result.valueType != .int {
      report("'main' results in int or nothing", at: items[index].position)
    }
  }

  // MARK: Names

  /// What a name at the top means; nil if there is none, or something is wrong with it.
  func entry(_ name: String) -> Entry? {
    if let known = entries[name] { return known }
    guard let index = itemIndices[name] else { return nil }
    entries[name] = .pending
    let made = makeEntry(items[index])
    entries[name] = made ?? .scalar(.integer(0), .error)
    return entries[name]
  }

  /// The key of a function in references and in the session.
  func key(_ name: String, _ signature: Signature) -> String {
    name == "main" ? name : name + signature.type.description.dropFirst(2)
  }

  func reference(_ name: String, _ signature: Signature, isExternal: Bool) -> SymbolReference {
    isExternal ? .imported(name) : .function(key(name, signature))
  }

  /// Names that could be meant where `name` is not known.
  func suggestion(for name: String, among others: [String] = []) -> String {
    let close = (Array(itemIndices.keys) + others).filter {
      $0 != name && ($0.lowercased() == name.lowercased() || isOneEdit($0, name))
    }
    return close.min().map { "; did you mean '\($0)'?" } ?? ""
  }

  /// One character is changed, added, left out.
  private func isOneEdit(_ a: String, _ b: String) -> Bool {
    let (short, long) =
      a.utf8.count <= b.utf8.count
      ? (Array(a.utf8), Array(b.utf8))
      : (Array(b.utf8), Array(a.utf8))
    guard long.count - short.count <= 1, long.count > 2 else { return false }
    let same = zip(short, long).prefix { $0 == $1 }.count
    let rest = long.count == short.count ? same + 1 : same
    return short.dropFirst(rest).elementsEqual(long.dropFirst(same + 1))
  }

  private func makeEntry(_ item: Item) -> Entry? {
    switch item.kind {
    case .function(let parameters, let result, _):
      return .function(
        signature(parameters, result, at: item.position, isVariadic: false), isExternal: false)
    case .external(let parameters, let result, let isVariadic):
      return .function(
        signature(parameters, result, at: item.position, isVariadic: isVariadic), isExternal: true)
    case .constant(let written, let expression):
      guard let (value, type) = initialValue(written, expression) else { return nil }
      if case .list = value { return .global(Global(type: type, storage: .constant, value: value)) }
      return .scalar(value, type)
    case .variable(let written, let expression, let isThreadLocal):
      let storage: CheckedGlobal.Storage = isThreadLocal ? .threadLocal : .mutable
      if let expression {
        guard let (value, type) = initialValue(written, expression) else { return nil }
        return .global(Global(type: type, storage: storage, value: value))
      }
      guard let written, let type = resolve(written) else { return nil }
      return .global(Global(type: type, storage: storage, value: nil))
    }
  }

  private func signature(
    _ parameters: [Parameter], _ result: TypeSyntax?, at position: SourcePosition, isVariadic: Bool
  ) -> Signature {
    if parameters.count > 16 { report("there are more than 16 parameters", at: position) }
    return Signature(
      parameters: parameters.map { resolve($0.type, inSignature: true) ?? .error },
      result: result.map { resolve($0, inSignature: true) ?? .error }, isVariadic: isVariadic)
  }

  func resolve(_ syntax: TypeSyntax, inSignature: Bool = false) -> Type? {
    switch syntax.kind {
    case .name("int"): return .int
    case .name("bool"): return .bool
    case .name("str"): return .string
    case .name("i32"):
      if inSignature { return .int32 }
      report("'i32' is for what functions take and give; use 'int'", at: syntax.position)
    case .name(let name):
      report(
        "there is no type '\(name)'; types are int, bool, str, fn(...), [T; n]",
        at: syntax.position)
    case .function(let parameters, let result):
      let types = parameters.compactMap { resolve($0, inSignature: true) }
      let resultType = result.map { resolve($0, inSignature: true) ?? .error }
      return types.count == parameters.count ? .function(types, resultType) : nil
    case .array(let element, let count):
      guard let type = resolve(element) else { return nil }
      if case .array(_, .some) = type {
        report("an array can't hold sized arrays; use a table of references", at: element.position)
        return nil
      }
      guard let count else { return .array(type, nil) }
      if inSignature {
        report("what is passed is a reference; leave out the number", at: count.position)
      }
      guard let number = constantInteger(count), (1...1 << 24).contains(number) else {
        report("the number of elements is a constant from 1 to 16777216", at: count.position)
        return nil
      }
      return .array(type, Int(number))
    }
    return nil
  }

  // MARK: Data

  /// An initial value and the type that the declaration gets; nil if reported.
  private func initialValue(_ written: TypeSyntax?, _ expression: Expression) -> (Constant, Type)? {
    let expected = written.map { resolve($0) ?? .error }
    guard expected != .error, let (value, type) = constant(expression, expected: expected) else {
      return nil
    }
    guard let expected else {
      if case .list = value { return (value, type) }
      return (value, type.reference)
    }
    if case .array(let element, let count?) = type,
      case .array(let other, let otherCount) = expected,
      element == other, case .list = value
    {
      if let otherCount, otherCount != count {
        report(
          "there are \(count) elements where \(otherCount) are declared", at: expression.position)
        return nil
      }
      return (value, type)
    }
    if case .array(_, .some) = expected {
      report("a sized array's value is a list of its elements", at: expression.position)
      return nil
    }
    guard type.converts(to: expected) else {
      report(
        "the value is of type \(type.description), not \(expected.description)",
        at: expression.position)
      return nil
    }
    return (value, expected)
  }

  private func placed(_ global: Global, _ name: String, _ exported: [String]) -> CheckedGlobal {
    var count = 1
    if case .array(_, let number?) = global.type { count = number }
    let words: [Constant] =
      switch global.value {
      case .list(let elements)?: elements
      case let value?: [value]
      case nil: []
      }
    return CheckedGlobal(
      name: name, type: global.type, storage: global.storage, words: words, count: count,
      exportedNames: exported)
  }
}
