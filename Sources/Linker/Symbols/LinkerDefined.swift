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
    case programBreak
  }
  var symbol: SymbolIndex
  var kind: Kind
}

/// A symbol set by `--defsym` or a script's assignment.
struct SymbolDefinition {
  var symbol: SymbolIndex
  var expression: Expression
  var isHidden: Bool
  /// For messages: where it was said.
  var origin: String
}

extension Link {
  /// Names that the command line speaks of and that need a symbol each.
  var optionSymbolNames: [String] {
    var list = rootSymbolNames
    list.append(options.initFunction)
    list.append(options.finiFunction)
    for name in options.wrappedSymbols { list += [name, "__wrap_" + name, "__real_" + name] }
    for definition in options.definitions { list.append(definition.name) }
    list += options.tracedSymbols
    for (command, _) in scriptCommands {
      if case .assignment(let assignment) = command, !assignment.isProvided {
        list.append(String(assignment.name))
      }
    }
    // An alias keeps what it stands for reachable.
    for definition in parsedDefinitions {
      for name in definition.expression.symbols { list.append(String(name)) }
    }
    return list
  }

  /// The names that must be kept, and pulled from archives.
  var rootSymbolNames: [String] {
    var list = [entryName]
    list += options.undefinedSymbols
    list += options.requiredSymbols
    for (command, _) in scriptCommands {
      if case .extern(let names) = command { list += names.map { String($0) } }
    }
    return list.filter { !$0.isEmpty }
  }

  /// `-e`, a script's ENTRY, or the custom `_start`; libraries have none unless asked.
  var entryName: String {
    if let entry = options.entry { return entry }
    for (command, _) in scriptCommands {
      if case .entry(let name) = command { return String(name) }
    }
    return options.outputKind == .executable ? "_start" : ""
  }

  /// Reads the expressions of `--defsym` and scripts before names are counted.
  func parseDefinitions() {
    for definition in options.definitions {
      let text = ByteString(copying: definition.expression)
      do {
        let expression = try Expression.parse(UnsafeRawBufferPointer(text.buffer))
        parsedDefinitions.append(
          (ByteString(copying: definition.name), expression, false, false, "--defsym"))
      } catch {
        diagnostics.error("--defsym \(definition.name)=\(definition.expression): \(error.message)")
      }
    }
    for (command, path) in scriptCommands {
      if case .assignment(let assignment) = command {
        parsedDefinitions.append(
          (
            assignment.name, assignment.expression, assignment.isProvided, assignment.isHidden,
            "\(path):\(assignment.line)"
          ))
      }
    }
  }

  /// Command-line definitions beat all others, as in GNU ld.
  func claimDefinitions() {
    for definition in parsedDefinitions {
      guard let index = names.find(definition.name, in: symbols) else { continue }
      let claim = ~claims[index.int]
      if definition.isProvided, Claim.rank(claim) < Claim.shared || !isWanted(index) { continue }
      claims[index.int] = ~Claim.make(rank: Claim.strong, order: 0, source: 0)
      definitions.append(
        SymbolDefinition(
          symbol: index, expression: definition.expression, isHidden: definition.isHidden,
          origin: definition.origin))
    }
    defineOwnSymbols()
  }

  private func isWanted(_ index: SymbolIndex) -> Bool {
    !symbols[index].has.isDisjoint(with: [.isMentioned, .isReferencedByLibrary])
  }

  func settleDefinitions() {
    for definition in definitions {
      let symbol = symbols.pointer(definition.symbol)
      symbol.pointee.file = 0
      symbol.pointee.source = 0
      symbol.pointee.flags &= ~SymbolFlags.isUndefined.rawValue
      symbol.pointee.flags |= SymbolFlags.isLinkerDefined.rawValue
      if definition.isHidden { symbol.pointee.flags |= SymbolFlags.sawHidden.rawValue }
      var facts: SymbolFlags = definition.expression.symbols.isEmpty ? .isAbsolute : []
      if let alias = definition.expression.aliasedSymbol,
        let other = names.find(alias, in: symbols)
      {
        // An alias is of the same kind, and keeps what it stands for alive.
        facts = symbols[other].has.intersection([
          .isFunction, .isIndirectFunction, .isThreadLocal, .isAbsolute,
        ])
        symbol.pointee.atom = symbols[other].has.contains(.isShared) ? .none : symbols[other].atom
        symbols[other].flags |= SymbolFlags([.isReferenced, .isMentioned, .isRoot]).rawValue
      }
      for name in definition.expression.symbols {
        if let other = names.find(name, in: symbols) {
          symbols[other].flags |= SymbolFlags([.isMentioned, .isRoot]).rawValue
        }
      }
      symbol.pointee.flags |= facts.rawValue
    }
    for own in linkerDefined {
      let symbol = symbols.pointer(own.symbol)
      symbol.pointee.file = 0
      symbol.pointee.source = 0
      var facts: SymbolFlags = [.isLinkerDefined, .sawHidden]
      switch own.kind {
      case .identifierStart, .identifierStop:
        if options.startStopVisibility == 0 { facts.remove(.sawHidden) }
        if options.startStopVisibility == 3 {
          facts.remove(.sawHidden)
          facts.insert(.sawProtected)
        }
      case .threadLocalBase: facts.insert(.isThreadLocal)
      // Libraries ask for the program's bounds by these, as the executable's come first at run time.
      case .textEnd, .dataEnd, .bssStart, .imageEnd: facts.remove(.sawHidden)
      default: break
      }
      symbol.pointee.flags |= facts.rawValue
    }
    findNumbers()
  }

  /// Which definitions are numbers, as differences of addresses are: relocations have to know
  /// before there are addresses. What is wrong with an expression is told when it is evaluated for
  /// good.
  private func findNumbers() {
    for definition in definitions where !definition.expression.symbols.isEmpty {
      let value = try? definition.expression.evaluate { name in
        guard let index = names.find(name, in: symbols) else { return nil }
        let symbol = symbols[index]
        if symbol.has.contains(.isUndefined) { return nil }
        return Expression.Value(
          symbol.word, section: symbol.has.contains(.isAbsolute) ? 0 : 1 &+ symbol.atom.raw / 2)
      }
      if let value, value.section == 0 {
        symbols[definition.symbol].flags |= SymbolFlags.isAbsolute.rawValue
      }
    }
  }

  /// Claims the linker's own symbols that somebody refers to and no object defines.
  private func defineOwnSymbols() {
    func define(_ name: ByteString, _ kind: LinkerDefinedSymbol.Kind, overLibraries: Bool = false) {
      guard let index = names.find(name, in: symbols) else { return }
      let claim = ~claims[index.int]
      if Claim.rank(claim) != Claim.shared || !isWanted(index) { return }
      if claim != Claim.none, !overLibraries, !symbols[index].has.contains(.isMentioned) { return }
      claims[index.int] = ~Claim.make(rank: Claim.strong, order: 0, source: 0)
      linkerDefined.append(LinkerDefinedSymbol(symbol: index, kind: kind))
    }
    define("__ehdr_start", .fileHeader)
    define("__executable_start", .executableStart)
    define("__dso_handle", .fileHeader)
    // Libraries of GNU ld and lld define those that they mention, and expect to find the program's.
    // The names without an underscore may be a library's own functions or variables.
    let isExecutable = options.outputKind == .executable
    define("_etext", .textEnd, overLibraries: isExecutable)
    define("_edata", .dataEnd, overLibraries: isExecutable)
    define("__bss_start", .bssStart, overLibraries: isExecutable)
    define("_end", .imageEnd, overLibraries: isExecutable)
    for name: ByteString in ["etext", "__etext"] { define(name, .textEnd) }
    define("edata", .dataEnd)
    define("end", .imageEnd)
    define("_DYNAMIC", .dynamic)
    define("_GLOBAL_OFFSET_TABLE_", .offsetTable)
    define("__GNU_EH_FRAME_HDR", .frameHeader)
    define("__rela_iplt_start", .indirectRelocationsStart)
    define("__rela_iplt_end", .indirectRelocationsEnd)
    define("_TLS_MODULE_BASE_", .threadLocalBase)
    define("__preinit_array_start", .sectionStart(".preinit_array"))
    define("__preinit_array_end", .sectionEnd(".preinit_array"))
    define("__init_array_start", .sectionStart(".init_array"))
    define("__init_array_end", .sectionEnd(".init_array"))
    define("__fini_array_start", .sectionStart(".fini_array"))
    define("__fini_array_end", .sectionEnd(".fini_array"))
    // Only for names that some live section has.
    var identifiers: [ByteString] = []
    contents.outputNames.indices.withLock { names in
      for key in names.keys where SectionNaming.isCIdentifier(key.name) {
        identifiers.append(key.name)
      }
    }
    for name in identifiers.sorted() {
      define(ByteString(copying: "__start_" + String(name)), .identifierStart(name))
      define(ByteString(copying: "__stop_" + String(name)), .identifierStop(name))
    }
  }

  /// Takes `__start_X` and `__stop_X` back if garbage collection left nothing called X: weak
  /// references then find zero, others are told.
  func dropIdentifierSymbols() {
    let isBound = linkerDefined.contains {
      switch $0.kind {
      case .identifierStart, .identifierStop: true
      default: false
      }
    }
    if !isBound { return }
    var bounded: Set<ByteString> = []
    for file in liveObjects {
      for i in 0..<objects[file].atomCount {
        let atom = atoms[AtomIndex(objects[file].firstAtom.int + i)]
        if atom.has.contains([.isNamedForC, .isLive]) { bounded.insert(outputs[atom.output].name) }
      }
    }
    let symbols = symbols
    linkerDefined.removeAll { own in
      switch own.kind {
      case .identifierStart(let name), .identifierStop(let name):
        if bounded.contains(name) { return false }
        let symbol = symbols.pointer(own.symbol)
        let decided: SymbolFlags = [.isLinkerDefined, .isExported, .isPreemptible]
        symbol.pointee.flags &= ~decided.rawValue
        symbol.pointee.flags |= SymbolFlags.isUndefined.rawValue
        return true
      default: return false
      }
    }
  }

  /// Gives the linker's symbols their addresses; after layout, before anything is written.
  func setLinkerDefinedValues() {
    if linkerDefined.isEmpty { return }
    var named: [ByteString: OutputIndex] = [:]
    for index in sectionOrder where named[outputs[index].name] == nil {
      named[outputs[index].name] = index
    }
    for own in linkerDefined {
      symbols[own.symbol].word = value(of: own.kind, own.symbol, named)
    }
  }

  /// - Parameter named: the output sections by name.
  private func value(
    of kind: LinkerDefinedSymbol.Kind, _ symbol: SymbolIndex, _ named: [ByteString: OutputIndex]
  ) -> UInt64 {
    func anchored(_ index: OutputIndex, atEnd: Bool) -> UInt64 {
      let section = outputs[index]
      linkerDefinedSections[symbol] = index
      return section.address &+ (atEnd ? section.size : 0)
    }
    func bound(_ name: ByteString, atEnd: Bool) -> UInt64 {
      guard let index = named[name] else { return atBase() }
      return anchored(index, atEnd: atEnd)
    }
    /// The start of the image, in a section that moves with it.
    func atBase() -> UInt64 {
      if let first = sectionOrder.first, outputs[first].has.contains(.alloc) {
        linkerDefinedSections[symbol] = first
      }
      return imageBase
    }
    func own(_ index: OutputIndex, atEnd: Bool = false) -> UInt64 {
      index.isNone ? 0 : anchored(index, atEnd: atEnd)
    }
    /// The last section of those that `isWanted` takes.
    func last(_ isWanted: (OutputSection) -> Bool) -> OutputIndex? {
      sectionOrder.last {
        outputs[$0].has.contains(.alloc) && !isDetached(outputs[$0]) && isWanted(outputs[$0])
      }
    }
    switch kind {
    case .sectionStart(let name), .identifierStart(let name): return bound(name, atEnd: false)
    case .sectionEnd(let name), .identifierStop(let name): return bound(name, atEnd: true)
    case .fileHeader, .executableStart: return atBase()
    case .textEnd:
      return last { $0.has.contains(.execute) }.map { anchored($0, atEnd: true) } ?? imageBase
    case .dataEnd:
      return last {
        // The large model's data lies behind `.bss`, which the name is to come before.
        $0.has.contains(.write) && $0.type != SectionType.nobits.rawValue
          && !$0.has.contains(.threadLocal) && !$0.isLarge
      }.map { anchored($0, atEnd: true) } ?? imageBase
    case .bssStart:
      if let index = named[".bss"] { return anchored(index, atEnd: false) }
      return last { $0.has.contains(.write) && !$0.has.contains(.threadLocal) }
        .map { anchored($0, atEnd: true) } ?? imageBase
    case .imageEnd, .programBreak:
      return last { !$0.has.contains(.threadLocal) }.map { anchored($0, atEnd: true) } ?? imageBase
    case .dynamic: return own(synthetic.dynamic)
    case .offsetTable: return own(offsetTableAnchor)
    case .frameHeader: return own(synthetic.frameHeader)
    case .indirectRelocationsStart:
      return isPositionIndependent || synthetic.pltRelocations.isNone
        ? 0 : own(synthetic.pltRelocations)
    case .indirectRelocationsEnd:
      return isPositionIndependent || synthetic.pltRelocations.isNone
        ? 0 : own(synthetic.pltRelocations, atEnd: true)
    // What a descriptor of the base gives, the code adds DTPOFF to, and in an executable that is the
    // offset from the thread pointer.
    case .threadLocalBase: return isSharedLibrary ? tlsStart : threadPointer
    }
  }

  /// An alias of a library's function is the function's stub, which is the only address that the
  /// link knows. In an executable all have to agree about the function's address, so it is that of
  /// the function, too.
  func demandStubsOfAliases() {
    for definition in definitions {
      guard let name = definition.expression.aliasedSymbol,
        let index = names.find(name, in: symbols)
      else { continue }
      let has = symbols[index].has
      guard has.contains([.isShared, .isFunction, .isImported]) else { continue }
      let demands: SymbolFlags = isSharedLibrary ? .needsPLT : [.needsPLT, .needsCanonicalPLT]
      symbols[index].flags |= demands.rawValue
    }
  }

  /// What an expression names that only the loader can find.
  private func libraryVariable(in expression: Expression) -> String? {
    for name in expression.symbols {
      guard let index = names.find(name, in: symbols) else { continue }
      let symbol = symbols[index]
      guard symbol.has.contains(.isShared), valueOfSymbol(name) == nil else { continue }
      return "'\(name)' is defined in \(libraries[LibraryIndex(raw: symbol.file)].path), and its"
        + " address is not known before the program runs; only functions of libraries can be"
        + " aliased, without arithmetic; define the symbol in an object or in that library"
    }
    return nil
  }

  /// Evaluates `--defsym` and scripts' assignments, in their order.
  func evaluateDefinitions() {
    let environment = Expression.Environment(
      location: nil, sizeOfHeaders: headersSize, maximumPageSize: maximumPageSize,
      commonPageSize: maximumPageSize)
    for definition in definitions {
      do {
        let value = try definition.expression.evaluate(in: environment) { valueOfSymbol($0) }
        symbols[definition.symbol].word = value.address
      } catch {
        let text = libraryVariable(in: definition.expression) ?? error.message
        diagnostics.error("\(definition.origin) \(symbols[definition.symbol].name): \(text)")
      }
    }
    for (command, path) in scriptCommands {
      guard case .assertion(let condition, let message) = command else { continue }
      do {
        if try condition.evaluate(in: environment, resolve: { valueOfSymbol($0) }).address == 0 {
          diagnostics.error("\(path):\(condition.line): assertion failed: \(message)")
        }
      } catch {
        diagnostics.error("\(path):\(condition.line): ASSERT: \(error.message)")
      }
    }
  }

  /// A symbol's value in expressions; nil if it has none.
  private func valueOfSymbol(_ name: ByteString) -> Expression.Value? {
    guard let index = names.find(name, in: symbols) else { return nil }
    let symbol = symbols[index]
    if symbol.has.contains(.isUndefined) { return nil }
    var address = symbol.word
    if symbol.has.contains(.isShared), address == 0 {
      guard !symbol.extra.isNone, let stub = pltAddress(extras[symbol.extra]) else { return nil }
      address = stub
    }
    return Expression.Value(
      address, section: symbol.has.contains(.isAbsolute) ? 0 : 1 &+ symbol.atom.raw / 2)
  }
}
