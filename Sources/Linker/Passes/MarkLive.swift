import ELFFormat
import Platform

/// `--gc-sections`: what can be reached from the roots stays.
///
/// The walk goes level by level; a level's atoms are visited in parallel, and each worker lists the
/// atoms that it was the first to mark. Marking is an atomic OR, so an atom is visited once. What is
/// marked in the end does not depend on the order.
///
/// Roots: the entry, `-u`, what is exported, `.init` and its like, notes, SHF_GNU_RETAIN. A function
/// carries its frame descriptions with it: their LSDA and personality are reached through them. A
/// reference to `__start_X` reaches all sections called X (unless `-z start-stop-gc`). SHF_LINK_ORDER
/// sections follow the section they are linked to, group members follow each other:
/// `MarkLive+Followers`.
extension Link {
  func markLive<T: Target>(_: T.Type) {
    guard options.collectsGarbage else { return }
    collectIdentifierSections()
    preparePieceMarks()
    let leaderless = collectFollowers(T.Encoding.self)
    var level = roots()
    for index in leaderless { mark(index, &level) }
    while !level.isEmpty {
      let current = level
      let grain = 64
      let found = pool.map(chunks: (current.count + grain - 1) / grain) { [self] chunk, _ in
        var next: [AtomIndex] = []
        for i in chunk * grain..<min(current.count, (chunk + 1) * grain) {
          visit(T.self, current[i], &next)
        }
        return next
      }
      level = found.flatMap { $0 }
    }
    followers = FollowerTable()
    dropIdentifierSymbols()
    forgetUnreachedImports()
    if options.printsGarbage { printGarbage(T.Encoding.self) }
  }

  @inline(__always)
  private func mark(_ index: AtomIndex, _ found: inout [AtomIndex]) {
    if index.raw >= AtomIndex.discarded.raw { return }
    if atoms.pointer(index).pointee.kind == .merged {
      atomicOr(&atoms.pointer(index).pointee.flags, AtomFlags.keepsAllPieces.rawValue)
    }
    markAtom(index, &found)
  }

  /// Marks the piece at `offset` of a merged section, or any other atom.
  @inline(__always)
  private func mark(_ index: AtomIndex, at offset: UInt64, _ found: inout [AtomIndex]) {
    if index.raw >= AtomIndex.discarded.raw { return }
    let atom = atoms.pointer(index)
    if atom.pointee.kind == .merged, offset < atom.pointee.size, let marks = marks(of: atom.pointee)
    {
      atomicOr(marks + Int(offset >> 5), 1 << UInt32(offset & 31))
    }
    markAtom(index, &found)
  }

  @inline(__always)
  private func markAtom(_ index: AtomIndex, _ found: inout [AtomIndex]) {
    let live = AtomFlags.isLive.rawValue
    if atomicOr(&atoms.pointer(index).pointee.flags, live) & live == 0 { found.append(index) }
  }

  /// Gives each loaded merged section a bit for each of its bytes; `side` tells where.
  private func preparePieceMarks() {
    pieceMarkWords.append(0)
    for file in liveObjects {
      let object = objects[file]
      for i in 0..<object.atomCount {
        let atom = atoms.pointer(AtomIndex(object.firstAtom.int + i))
        guard atom.pointee.kind == .merged, !atom.pointee.has.contains(.isLive),
          !atom.pointee.has.contains(.isCompressed)
        else { continue }
        let words = Int(atom.pointee.size + 31) / 32
        guard pieceMarkWords.count + words <= pieceMarkWords.capacity else { return }
        atom.pointee.side = UInt32(pieceMarkWords.reserve(count: words))
      }
    }
  }

  @inline(__always)
  private func marks(of atom: Atom) -> UnsafeMutablePointer<UInt32>? {
    atom.side == 0 || atom.has.contains(.isCompressed) ? nil : pieceMarkWords.base + Int(atom.side)
  }

  /// The bytes of a merged section that something live refers to; nil if all count.
  func pieceMarks(of atom: Atom) -> UnsafeMutablePointer<UInt32>? {
    if !options.collectsGarbage || !atom.has.contains(.isAlloc)
      || atom.has.contains(.keepsAllPieces)
    {
      return nil
    }
    return marks(of: atom)
  }

  private func roots() -> [AtomIndex] {
    var found: [AtomIndex] = []
    for i in symbols.indices {
      let symbol = symbols[SymbolIndex(i)]
      let isKept =
        symbol.has.contains(.isRoot)
        || symbol.has.contains(.isExported)
          && (isSharedLibrary || options.keepsExported
            || symbol.has.contains(.isReferencedByLibrary))
      if isKept, !symbol.has.contains(.isShared) { mark(symbol.atom, &found) }
    }
    for name in [options.initFunction, options.finiFunction] {
      if let index = names.find(ByteString(copying: name), in: symbols),
        !symbols[index].has.contains(.isShared)
      {
        mark(symbols[index].atom, &found)
      }
    }
    for file in liveObjects {
      let object = objects[file]
      for i in 0..<object.atomCount {
        let index = AtomIndex(object.firstAtom.int + i)
        if atoms[index].has.contains(.isRoot) { mark(index, &found) }
      }
    }
    return found
  }

  /// Atoms by the identifier that names them, for `__start_` and `__stop_`.
  private func collectIdentifierSections() {
    for file in liveObjects {
      let object = objects[file]
      for i in 0..<object.atomCount {
        let index = AtomIndex(object.firstAtom.int + i)
        let atom = atoms[index]
        if atom.has.contains(.isNamedForC), atom.has.contains(.isAlloc),
          !atom.has.contains(.isLinkOrdered)
        {
          identifierSections[outputs[atom.output].name, default: []].append(index)
        }
      }
    }
    for own in linkerDefined {
      switch own.kind {
      case .identifierStart(let name), .identifierStop(let name):
        identifierSymbols[own.symbol] = name
      default: break
      }
    }
  }

  private func visit<T: Target>(_: T.Type, _ index: AtomIndex, _ found: inout [AtomIndex]) {
    typealias E = T.Encoding
    let atom = atoms[index]
    if atom.has.contains(.hasFollowers) {
      for edge in followers.followers(of: index) { mark(edge.follower, &found) }
    }
    guard atom.kind != .zeroFill, atom.kind != .synthetic, atom.kind != .frames else { return }
    let file = objects.pointer(atom.file)
    let relocations = relocations(E.self, atom)
    for i in 0..<relocations.count {
      let entry = RelaEntry<E>(relocations.start + i &* RelaEntry<E>.size)
      markTarget(E.self, entry.symbol, entry.addend, file, &found)
    }
    if !atom.frames.isNone {
      visitFrameReferences(E.self, of: index) { owner, symbol, addend in
        markTarget(E.self, symbol, addend, objects.pointer(owner), &found)
      }
    }
  }

  @inline(__always)
  private func markTarget<E: ELFEncoding>(
    _: E.Type, _ symbol: UInt32, _ addend: Int64, _ file: UnsafeMutablePointer<ObjectFile>,
    _ found: inout [AtomIndex]
  ) {
    let symbol = Int(symbol)
    // Bad indices are reported by the scan.
    if symbol >= file.pointee.symbolCount { return }
    if symbol < file.pointee.firstGlobal {
      let section = file.pointee.section(E.self, of: symbol)
      if Int(section) < file.pointee.sectionCount {
        // Only a section symbol's addend chooses a piece.
        let entry = file.pointee.symbol(E.self, symbol)
        let offset =
          entry.type == .section ? entry.value &+ UInt64(bitPattern: addend) : entry.value
        mark(file.pointee.sectionAtoms[Int(section)], at: offset, &found)
      }
      return
    }
    let index = file.pointee.globals[symbol - file.pointee.firstGlobal]
    let target = symbols.pointer(index)
    if !target.pointee.has.isDisjoint(with: [.isShared, .isUndefined]) {
      if !target.pointee.has.contains(.isReached) {
        atomicOr(&target.pointee.flags, SymbolFlags.isReached.rawValue)
      }
      return
    }
    if target.pointee.has.contains(.isLinkerDefined), !options.startStopGarbageCollected,
      let name = identifierSymbols[index]
    {
      // Once: many references to many sections would take the product of both.
      let reached = SymbolFlags.isReached.rawValue
      if atomicOr(&target.pointee.flags, reached) & reached != 0 { return }
      for atom in identifierSections[name] ?? [] { mark(atom, &found) }
    }
    mark(target.pointee.atom, at: target.pointee.word, &found)
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
  }

  private func printGarbage<E: ELFEncoding>(_: E.Type) {
    var text = ""
    for file in liveObjects {
      let object = objects[file]
      for i in 0..<object.atomCount {
        let atom = atoms[AtomIndex(object.firstAtom.int + i)]
        if atom.has.contains(.isLive) || atom.kind == .frames { continue }
        let name = ObjectFile.name(
          object.sectionNames, at: object.header(E.self, Int(atom.section)).name)
        text += "removing unused section \(object.displayName):(\(name))\n"
      }
    }
    FileDescriptor.standardOutput.write(text)
  }
}
