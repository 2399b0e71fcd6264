import ELFFormat
import Platform

/// What is taken back when it is known what lives.
extension DecideExports {
  /// Takes back what only dead code asks of libraries, and bounds of sections that are gone.
  static func forgetUnreached(
    _ services: Reading<Services>, _ inputs: Reading<Inputs>, _ naming: Changing<Naming>,
    _ contents: Reading<Contents>
  ) {
    let pass = DecideExports(serviceStage: services, inputStage: inputs, changingNaming: naming)
    pass.dropBounds(contents)
    pass.forgetUnreachedImports()
  }

  /// What only dead code refers to is not asked of the loader, and a library that nothing else needs
  /// is not loaded for it.
  private func forgetUnreachedImports() {
    for i in libraries.indices { libraries[LibraryIndex(i)].isNeeded = false }
    for i in symbols.indices {
      let symbol = symbols.pointer(SymbolIndex(i))
      let has = symbol.pointee.has
      guard has.contains(.isImported) else { continue }
      if has.isDisjoint(with: [.isReached, .isRoot]) {
        symbol.pointee.flags &= ~SymbolFlags.isImported.rawValue
      } else {
        noteNeed(of: symbol.pointee)
      }
    }
    forgetUnloadedImports()
  }

  /// What is only referred to weakly does not load a library: if nothing else does, either, it is
  /// undefined.
  func forgetUnloadedImports() {
    for index in naming.weakImports {
      let symbol = symbols.pointer(index)
      guard symbol.pointee.has.contains(.isShared),
        !isNeededAtRunTime(LibraryIndex(raw: symbol.pointee.file))
      else { continue }
      let decided: SymbolFlags = [
        .isShared, .isWeak, .isFunction, .isThreadLocal, .isImported, .isPreemptible,
      ]
      let wasImported = symbol.pointee.has.contains(.isImported)
      symbol.pointee.flags &= ~decided.rawValue
      symbol.pointee.flags |= SymbolFlags.isUndefined.rawValue
      symbol.pointee.file = .max
      if wasImported { symbol.pointee.flags |= undefinedFacts(symbol.pointee.has).rawValue }
      if !symbol.pointee.has.contains(.isPreemptible) {
        symbol.pointee.flags &= ~SymbolFlags.needsPLT.rawValue
      }
    }
  }

  /// Takes `__start_X` and `__stop_X` back if garbage collection left nothing called X: weak
  /// references then find zero, others are told.
  private func dropBounds(_ contents: Reading<Contents>) {
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
        let atom = contents.value.atoms[AtomIndex(objects[file].firstAtom.int + i)]
        if atom.has.contains([.isNamedForC, .isLive]) {
          bounded.insert(contents.value.outputs[atom.output].name)
        }
      }
    }
    let symbols = symbols
    naming.linkerDefined.removeAll { own in
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
}
