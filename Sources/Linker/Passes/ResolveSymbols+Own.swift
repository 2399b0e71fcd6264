import ELFFormat
import Platform
import ScriptParsing
import Synchronization

/// Names that the command line, a script or the linker itself defines.
extension ResolveSymbols {
  /// Command-line definitions beat all others, as in GNU ld.
  func claimDefinitions() {
    for definition in parsedDefinitions {
      guard let index = names.find(definition.name, in: symbols) else { continue }
      let claim = ~claims[index.int]
      if definition.isProvided, Claim.rank(claim) < Claim.shared || !isWanted(index) { continue }
      claims[index.int] = ~Claim.make(rank: Claim.strong, order: 0, source: 0)
      naming.definitions.append(
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
        return Expression.Value(symbol.word, of: symbol)
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
      naming.linkerDefined.append(LinkerDefinedSymbol(symbol: index, kind: kind))
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
}
