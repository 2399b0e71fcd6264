import ELFFormat
import Platform
import ScriptParsing
import Synchronization

/// A symbol that the linker gives a value when layout is known.
struct LinkerDefinedSymbol {
  enum Kind {
    case sectionStart(ByteString)
    case sectionEnd(ByteString)
    case fileHeader
    case executableStart
    case textEnd
    case dataEnd
    case bssStart
    case imageEnd
    case dynamic
    case offsetTable
    case frameHeader
    case indirectRelocationsStart
    case indirectRelocationsEnd
    /// `_TLS_MODULE_BASE_`: what DTPOFF relocations of code count from.
    case threadLocalBase
    /// `__start_X` and `__stop_X`: bounds of sections whose name is X.
    case identifierStart(ByteString)
    case identifierStop(ByteString)
  }
  var symbol: SymbolIndex
  var kind: Kind
}

extension Expression.Value {
  /// A symbol's value. Expressions tell numbers from addresses, but no section from another.
  init(_ value: UInt64, of symbol: Symbol) {
    self.init(value, section: symbol.has.contains(.isAbsolute) ? 0 : 1)
  }
}

/// The sections that linker-defined symbols lie in. A list: a hash table of a kind of its own costs a
/// small link more to begin with than all its look-ups.
struct SymbolAnchors {
  private var list: [(symbol: SymbolIndex, output: OutputIndex)] = []

  mutating func add(_ symbol: SymbolIndex, in output: OutputIndex) { list.append((symbol, output)) }

  /// Puts the list in order; once all are added, and before any is asked for.
  mutating func sort() { list.sort { $0.symbol.raw < $1.symbol.raw } }

  subscript(symbol: SymbolIndex) -> OutputIndex? {
    let place = list.partitioningIndex { $0.symbol.raw >= symbol.raw }
    return place < list.count && list[place].symbol == symbol ? list[place].output : nil
  }
}

/// A definition of `--defsym` or of a script, before names have symbols.
struct ParsedDefinition {
  var name: ByteString
  var expression: Expression
  /// PROVIDE: only if somebody refers to the name and nothing defines it.
  var isProvided: Bool
  var isHidden: Bool
  /// For messages: where it was said.
  var origin: String
}

/// A symbol set by `--defsym` or a script's assignment.
struct SymbolDefinition {
  var symbol: SymbolIndex
  var expression: Expression
  var isHidden: Bool
  /// For messages: where it was said.
  var origin: String
}

extension UsesServices where Self: ReadsInputs {
  /// The names that must be kept, and pulled from archives.
  var rootSymbolNames: [String] {
    var list = [entryName]
    list += options.undefinedSymbols
    list += options.requiredSymbols
    for entry in scriptCommands {
      if case .extern(let names) = entry.command { list += names.map { String($0) } }
    }
    return list.filter { !$0.isEmpty }
  }

  /// `-e`, a script's ENTRY, or the custom `_start`; libraries have none unless asked.
  var entryName: String {
    if let entry = options.entry { return entry }
    for entry in scriptCommands {
      if case .entry(let name) = entry.command { return String(name) }
    }
    return options.outputKind == .executable ? "_start" : ""
  }

  /// Reads the expressions of `--defsym` and scripts before names are counted.
  func parseDefinitions() -> [ParsedDefinition] {
    var found: [ParsedDefinition] = []
    for definition in options.definitions {
      let text = ByteString(copying: definition.expression)
      do {
        let expression = try Expression.parse(UnsafeRawBufferPointer(text.buffer))
        found.append(
          ParsedDefinition(
            name: ByteString(copying: definition.name), expression: expression, isProvided: false,
            isHidden: false, origin: "--defsym"))
      } catch {
        diagnostics.error("--defsym \(definition.name)=\(definition.expression): \(error.message)")
      }
    }
    for entry in scriptCommands {
      if case .assignment(let assignment) = entry.command {
        found.append(
          ParsedDefinition(
            name: assignment.name, expression: assignment.expression,
            isProvided: assignment.isProvided, isHidden: assignment.isHidden,
            origin: "\(entry.path):\(assignment.line)"))
      }
    }
    return found
  }
}

extension UsesServices where Self: ReadsInputs & ReadsNaming {
  /// Names that the command line speaks of and that need a symbol each.
  var optionSymbolNames: [String] {
    var list = rootSymbolNames
    list.append(options.initFunction)
    list.append(options.finiFunction)
    for name in options.wrappedSymbols { list += [name, "__wrap_" + name, "__real_" + name] }
    for definition in options.definitions { list.append(definition.name) }
    list += options.tracedSymbols
    for entry in scriptCommands {
      if case .assignment(let assignment) = entry.command, !assignment.isProvided {
        list.append(String(assignment.name))
      }
    }
    // An alias keeps what it stands for reachable.
    for definition in parsedDefinitions {
      for name in definition.expression.symbols { list.append(String(name)) }
    }
    return list
  }
}
