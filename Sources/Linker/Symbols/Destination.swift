import ELFFormat
import Platform

/// Where a symbol of a file leads: one word for each entry of the file's symbol table.
///
/// Relocations outnumber symbols several times over. Asking the records for each relocation (entry,
/// section, atom, or global symbol) misses the cache three times; the words of one file are
/// neighbours, and one of them answers nearly all that is asked. What it cannot answer is marked,
/// and looked up as before.
///
/// Before layout the word holds the atom and two facts. After layout it holds the address.
enum Destination {
  // MARK: Before layout

  /// The reference has to be looked at closely by the scan: it may be replaced at run time, or is
  /// undefined, thread-local, absolute, indirect, of the large model, or discarded.
  static let isSpecial: UInt64 = 1 << 32
  /// What is marked live depends on more than the atom: on the place in a merged section, or on who
  /// defines the symbol.
  static let isIndirectlyMarked: UInt64 = 1 << 33
  /// Nothing is known.
  static let unknown: UInt64 = isSpecial | isIndirectlyMarked | UInt64(UInt32.max)

  @inline(__always) static func atom(_ word: UInt64) -> AtomIndex {
    AtomIndex(raw: UInt32(truncatingIfNeeded: word))
  }

  // MARK: After layout

  /// The address has to be asked for with the relocation's type and addend.
  static let unsettled: UInt64 = 0x8000_0000_0000_0000
  /// The symbol lies in a section that is not in the output.
  static let isGone: UInt64 = 0x8000_0000_0000_0001

  /// Whether the word is an address.
  @inline(__always) static func isAddress(_ word: UInt64) -> Bool { word &- unsettled > 1 }
  /// The word for an address. One that would be taken for something else is asked for.
  @inline(__always) static func settled(_ address: UInt64) -> UInt64 {
    isAddress(address) ? address : unsettled
  }
}

/// The words of all live files.
struct Destinations {
  /// A word for each global symbol, if files name many of them.
  fileprivate var bySymbol: UnsafeMutablePointer<UInt64>?
}

/// Fills the words. Global symbols are looked at once, not once for each file that names them.
struct FillDestinations<E: ELFEncoding>: UsesServices, ReadsInputs, ReadsNaming, ReadsContents,
  @unchecked Sendable
{
  let serviceStage: Reading<Services>
  let inputStage: Reading<Inputs>
  let namingStage: Reading<Naming>
  let contentStage: Reading<Contents>

  /// Finds the atom that each symbol leads to, when definitions and exports are settled. Nil if no
  /// file has relocations: nobody asks.
  static func find(
    _ services: Reading<Services>, _ inputs: Reading<Inputs>, _ naming: Reading<Naming>,
    _ contents: Reading<Contents>
  ) -> Destinations? {
    Self(
      serviceStage: services, inputStage: inputs, namingStage: naming, contentStage: contents
    ).find()
  }

  /// Puts addresses in place of atoms, when all symbols have theirs.
  static func settle(
    _ destinations: Destinations, _ services: Reading<Services>, _ inputs: Reading<Inputs>,
    _ naming: Reading<Naming>,
    _ contents: Reading<Contents>
  ) {
    Self(
      serviceStage: services, inputStage: inputs, namingStage: naming, contentStage: contents
    )
    .settle(destinations)
  }

  private func find() -> Destinations? {
    var total = 0
    for index in liveObjects where objects[index].has.contains(.hasRelocations) {
      total += objects[index].symbolCount
    }
    // Who has no relocations is not asked.
    if total == 0 { return nil }
    var next = scratch.take(bytes: total * 8).bindMemory(to: UInt64.self, capacity: total)
    for index in liveObjects where objects[index].has.contains(.hasRelocations) {
      objects[index].destinations = next
      next += objects[index].symbolCount
    }
    var destinations = Destinations()
    if total >= symbols.count {
      destinations.bySymbol = allocateForWriting(UInt64.self, count: symbols.count)
    }
    nonisolated(unsafe) let table = destinations
    fillSymbols(table) { $0.destination($1) }
    forEachFileWithRelocations { [self] in find(in: $0, table) }
    return destinations
  }

  private func find(in file: UnsafeMutablePointer<ObjectFile>, _ table: Destinations) {
    let words = file.pointee.destinations
    let first = min(file.pointee.firstGlobal, file.pointee.symbolCount)
    for i in 0..<first {
      var word = Destination.unknown
      let section = file.pointee.section(E.self, of: i)
      if section != 0, Int(section) < file.pointee.sectionCount {
        let index = file.pointee.sectionAtoms[Int(section)]
        if index.raw < AtomIndex.discarded.raw {
          word = destination(index)
          switch file.pointee.symbol(E.self, i).type {
          case .threadLocal, .gnuIndirectFunction: word |= Destination.isSpecial
          default: break
          }
        }
      }
      words[i] = word
    }
    fillGlobals(file, table) { destination($0) }
  }

  private func destination(_ symbol: UnsafePointer<Symbol>) -> UInt64 {
    let nowhere: SymbolFlags = [.isUndefined, .isShared, .isLinkerDefined]
    let special: SymbolFlags = [.isPreemptible, .isAbsolute, .isThreadLocal, .isIndirectFunction]
    let has = symbol.pointee.has
    guard symbol.pointee.atom.raw < AtomIndex.discarded.raw, has.isDisjoint(with: nowhere) else {
      return Destination.unknown
    }
    let word = destination(symbol.pointee.atom)
    return has.isDisjoint(with: special) ? word : word | Destination.isSpecial
  }

  @inline(__always)
  private func fillSymbols(
    _ destinations: Destinations,
    _ word: @escaping @Sendable (Self, UnsafePointer<Symbol>) -> UInt64
  ) {
    guard let table = destinations.bySymbol else { return }
    nonisolated(unsafe) let words = table
    pool.forEachRange(symbols.count, grain: 1 << 12) { [self] range, _ in
      for i in range { words[i] = word(self, symbols.base + i) }
    }
  }

  @inline(__always)
  private func fillGlobals(
    _ file: UnsafeMutablePointer<ObjectFile>, _ destinations: Destinations,
    _ word: (UnsafePointer<Symbol>) -> UInt64
  ) {
    let globals = file.pointee.globals
    let words = file.pointee.destinations + file.pointee.firstGlobal
    if let table = destinations.bySymbol {
      for i in 0..<file.pointee.globalCount { words[i] = table[globals[i].int] }
    } else {
      for i in 0..<file.pointee.globalCount { words[i] = word(symbols.base + globals[i].int) }
    }
  }

  @inline(__always)
  private func destination(_ index: AtomIndex) -> UInt64 {
    let atom = atoms.pointer(index)
    var word = UInt64(index.raw)
    if !atom.pointee.has.isDisjoint(with: [.isThreadLocal, .isLarge]) {
      word |= Destination.isSpecial
    }
    if atom.pointee.kind == .merged { word |= Destination.isIndirectlyMarked }
    return word
  }

  private func settle(_ destinations: Destinations) {
    nonisolated(unsafe) let table = destinations
    fillSymbols(table) { $0.settledDestination($1) }
    forEachFileWithRelocations { [self] in settle(in: $0, table) }
  }

  private func settle(in file: UnsafeMutablePointer<ObjectFile>, _ table: Destinations) {
    let words = file.pointee.destinations
    let first = min(file.pointee.firstGlobal, file.pointee.symbolCount)
    for i in 0..<first {
      let section = file.pointee.section(E.self, of: i)
      let entry = file.pointee.symbol(E.self, i)
      guard Int(section) < file.pointee.sectionCount else {
        // SHN_ABS; other reserved numbers were refused.
        words[i] = Destination.settled(entry.value)
        continue
      }
      let index = file.pointee.sectionAtoms[Int(section)]
      guard index.raw < AtomIndex.discarded.raw else {
        words[i] = index == .discarded ? Destination.isGone : Destination.unsettled
        continue
      }
      let atom = atoms.pointer(index)
      if !atom.pointee.has.contains(.isLive) {
        words[i] = Destination.isGone
      } else if atom.pointee.kind == .merged {
        // A section symbol names the piece that its addend leads to.
        words[i] =
          entry.type == .section
          ? Destination.unsettled
          : Destination.settled(mergedAddress(atom.pointee, offset: entry.value))
      } else {
        words[i] =
          entry.type == .gnuIndirectFunction
          ? Destination.unsettled : Destination.settled(atom.pointee.address &+ entry.value)
      }
    }
    fillGlobals(file, table) { settledDestination($0) }
  }

  private func settledDestination(_ symbol: UnsafePointer<Symbol>) -> UInt64 {
    let index = symbol.pointee.atom
    if index == .discarded
      || index.raw < AtomIndex.discarded.raw && !atoms.pointer(index).pointee.has.contains(.isLive)
    {
      return Destination.isGone
    }
    let has = symbol.pointee.has
    if has.isDisjoint(with: [.isPreemptible, .isUndefined, .isIndirectFunction, .isAbsolute]) {
      return Destination.settled(symbol.pointee.word)
    }
    // A number is called through a stub in a program that moves.
    let isNumber = has.isDisjoint(with: [
      .isPreemptible, .isUndefined, .isIndirectFunction, .needsPLT,
    ])
    return isNumber ? Destination.settled(symbol.pointee.word) : Destination.unsettled
  }

  /// Several files for each call of the pool.
  private func forEachFileWithRelocations(
    _ body: @escaping @Sendable (UnsafeMutablePointer<ObjectFile>) -> Void
  ) {
    let grain = max(1, min(32, liveObjects.count / (pool.count * 16)))
    pool.forEachRange(liveObjects.count, grain: grain) { [self] range, _ in
      for i in range {
        let file = objects.pointer(liveObjects[i])
        if file.pointee.has.contains(.hasRelocations) { body(file) }
      }
    }
  }
}
