import CSystem
import ELFFormat
import Platform
import Synchronization

/// `--gc-sections`: what can be reached from the roots stays.
///
/// The walk goes level by level; a level's atoms are visited in parallel, and each worker lists the
/// atoms that it was the first to mark. It follows these at once as long as they are few: what a
/// function refers to is often in its own file, which is in the cache. Marking is an atomic exchange,
/// so an atom is visited once. What is marked in the end does not depend on the order.
///
/// What made it quick: a relocation costs its own line, a word of its file's `destinations`, and a
/// byte of `marks`. The byte is a copy of `isLive` that stays in the cache, as the records of all
/// atoms do not; an atom's record is only touched when it is visited, which is once.
///
/// Roots: the entry, `-u`, what is exported, `.init` and its like, notes, SHF_GNU_RETAIN. A function
/// carries its frame descriptions with it: their LSDA and personality are reached through them. A
/// reference to `__start_X` reaches all sections called X (unless `-z start-stop-gc`). SHF_LINK_ORDER
/// sections follow the section they are linked to, group members follow each other:
/// `MarkLive+Followers`.
///
/// Sets `isLive` and `isLeftToScan` of atoms, and `isReached` of symbols that nothing here defines.
struct MarkLive<T: Target>: UsesServices, ReadsInputs, ReadsNaming, ReadsContents,
  @unchecked Sendable
{
  typealias E = T.Encoding

  let serviceStage: Reading<Services>
  let inputStage: Reading<Inputs>
  let namingStage: Reading<Naming>
  let contentStage: Reading<Contents>
  private let atoms: Table<AtomIndex, Atom>
  /// A byte for each atom that is not zero if the atom lives.
  private let marks: UnsafeMutablePointer<UInt8>
  private let pieceMarks = PieceMarks()
  private var followers = FollowerTable()
  /// Loaded sections by the C identifier that names them.
  private var identifierSections: [ByteString: [AtomIndex]] = [:]
  /// The identifiers whose sections `__start_X` and `__stop_X` bound.
  private var identifiers: [SymbolIndex: ByteString] = [:]

  /// Marks what is reached in all live files; returns which pieces of merged sections are.
  static func run(
    _ services: Reading<Services>, _ inputs: Reading<Inputs>, _ naming: Reading<Naming>,
    _ contents: Reading<Contents>
  ) -> PieceMarks {
    var pass = MarkLive(services, inputs, naming, contents)
    defer { releaseAddressSpace(pass.marks, bytes: pass.markBytes) }
    pass.markAll()
    if services.value.options.printsGarbage { pass.printGarbage() }
    return pass.pieceMarks
  }

  private init(
    _ services: Reading<Services>, _ inputs: Reading<Inputs>, _ naming: Reading<Naming>,
    _ contents: Reading<Contents>
  ) {
    serviceStage = services
    inputStage = inputs
    namingStage = naming
    contentStage = contents
    atoms = contents.value.atoms
    let bytes = max(contents.value.atoms.count, 1)
    marks = reserveAddressSpace(bytes: bytes).bindMemory(to: UInt8.self, capacity: bytes)
  }

  private var markBytes: Int { max(atoms.count, 1) }

  private mutating func markAll() {
    let leaderless: [AtomIndex]
    (followers, leaderless) = FollowerTable.collect(
      E.self, serviceStage, inputStage, contentStage)
    var level = survey()
    level += roots()
    for index in leaderless { mark(index, &level) }
    while !level.isEmpty {
      let current = level
      let grain = max(1, min(64, current.count / (pool.count * 4)))
      let found = pool.map(chunks: (current.count + grain - 1) / grain) { [self] chunk, _ in
        follow(current[chunk * grain..<min(current.count, (chunk + 1) * grain)])
      }
      level = found.flatMap { $0 }
    }
  }

  /// Visits atoms and what they lead to; returns what is left to be visited, if that is much.
  ///
  /// Their records are fetched ahead, and when these are there, their relocations.
  private func follow(_ first: ArraySlice<AtomIndex>) -> [AtomIndex] {
    var queue = Array(first)
    var next = 0
    while next < queue.count, next < 4096 {
      let far = next &+ 8
      if far < queue.count { weld_prefetch(atoms.pointer(queue[far])) }
      let near = next &+ 4
      if near < queue.count, let start = atoms.pointer(queue[near]).pointee.relocationStart {
        weld_prefetch(start)
      }
      visit(queue[next], &queue)
      next &+= 1
    }
    return Array(queue[next...])
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
    if atom.pointee.kind == .merged, offset < atom.pointee.size,
      let marks = pieceMarks.marks(inMarked: atom.pointee)
    {
      atomicOr(marks + Int(offset >> 5), 1 << UInt32(offset & 31))
    }
    markAtom(index, &found)
  }

  @inline(__always)
  private func markAtom(_ index: AtomIndex, _ found: inout [AtomIndex]) {
    let mark = UnsafeMutableRawPointer(marks + index.int).assumingMemoryBound(
      to: Atomic<UInt8>.self)
    if mark.pointee.load(ordering: .relaxed) != 0 { return }
    if mark.pointee.exchange(1, ordering: .relaxed) == 0 { found.append(index) }
  }

  /// Looks at every atom once: copies what is live already to the marks, finds the roots, and gives
  /// each loaded merged section a bit for each of its bytes; `side` tells where.
  private mutating func survey() -> [AtomIndex] {
    let grain = 32
    let found = pool.map(chunks: (liveObjects.count + grain - 1) / grain) { [self] chunk, _ in
      var result = Survey()
      for i in chunk * grain..<min(liveObjects.count, (chunk + 1) * grain) {
        let file = objects.pointer(liveObjects[i])
        let first = file.pointee.firstAtom.int
        for j in first..<first + file.pointee.atomCount {
          let atom = atoms.pointer(AtomIndex(j))
          let has = atom.pointee.has
          if has.contains(.isLive) { marks[j] = 1 }
          if has.contains(.isRoot) { result.roots.append(AtomIndex(j)) }
          if has.contains([.isNamedForC, .isAlloc]), !has.contains(.isLinkOrdered) {
            result.identified.append(AtomIndex(j))
          }
          if atom.pointee.kind == .merged, !has.contains(.isLive) {
            result.merged.append(AtomIndex(j))
          }
        }
      }
      return result
    }
    for index in syntheticAtoms where atoms[index].has.contains(.isLive) {
      marks[index.int] = 1
    }
    for index in found.lazy.flatMap(\.identified) {
      identifierSections[outputs[atoms[index].output].name, default: []].append(index)
    }
    for own in linkerDefined {
      switch own.kind {
      case .identifierStart(let name), .identifierStop(let name):
        identifiers[own.symbol] = name
      default: break
      }
    }
    for index in found.lazy.flatMap(\.merged) {
      guard pieceMarks.makeRoom(for: atoms.pointer(index)) else { break }
    }
    var level: [AtomIndex] = []
    for index in found.lazy.flatMap(\.roots) { mark(index, &level) }
    return level
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
    return found
  }

  private func visit(_ index: AtomIndex, _ found: inout [AtomIndex]) {
    atomicOr(&atoms.pointer(index).pointee.flags, AtomFlags.isLive.rawValue)
    let atom = atoms[index]
    if atom.has.contains(.hasFollowers) {
      for edge in followers.followers(of: index) { mark(edge.follower, &found) }
    }
    // What is not loaded keeps nothing but its group.
    guard atom.has.contains(.isAlloc) else { return }
    guard atom.kind != .zeroFill, atom.kind != .synthetic, atom.kind != .frames else {
      if atom.relocations != 0 { leaveToScan(index) }
      return
    }
    let file = objects.pointer(atom.file)
    let relocations = atom.relocationList
    let destinations = file.pointee.destinations
    let symbolCount = file.pointee.symbolCount
    let isPositionIndependent = isPositionIndependent
    var isScanned = false
    var hasCalls = false
    for i in 0..<relocations.count {
      let entry = RelaEntry<E>(relocations.start + i &* RelaEntry<E>.size)
      let symbol = Int(entry.symbol)
      let type = entry.type
      // Bad indices are reported by the scan.
      guard symbol < symbolCount else {
        isScanned = true
        continue
      }
      let destination = destinations[symbol]
      let width = T.plainWidth(type: type, isPositionIndependent: isPositionIndependent)
      let offset = entry.offset
      if width == 0 || offset > atom.size || atom.size &- offset < width { isScanned = true }
      if destination & (Destination.isIndirectlyMarked | Destination.isSpecial) == 0 {
        markAtom(Destination.atom(destination), &found)
        continue
      }
      if destination & Destination.isSpecial != 0 {
        if T.isCall(type: type), needsOnlyStub(symbol, in: file) {
          hasCalls = true
        } else {
          isScanned = true
        }
      }
      markTarget(entry.symbol, entry.addend, file, &found)
    }
    if isScanned {
      // Calls, too: one may be part of a sequence that becomes another.
      leaveToScan(index)
    } else if hasCalls {
      demandStubs(relocations.start, relocations.count, file)
    }
    if atom.has.contains(.hasFrameReferences) {
      visitFrameReferences(E.self, of: index) { owner, symbol, addend in
        markTarget(symbol, addend, objects.pointer(owner), &found)
      }
    }
  }

  /// The scan need not come by atoms with none but plain references.
  @inline(__always)
  private func leaveToScan(_ index: AtomIndex) {
    atomicOr(&atoms.pointer(index).pointee.flags, AtomFlags.isLeftToScan.rawValue)
  }

  /// Most calls that are not plain lead to functions of libraries, which need a stub and nothing else.
  @inline(__always)
  private func needsOnlyStub(_ source: Int, in file: UnsafeMutablePointer<ObjectFile>) -> Bool {
    guard source >= file.pointee.firstGlobal else { return false }
    let symbol = symbols.pointer(file.pointee.globals[source &- file.pointee.firstGlobal])
    let has = symbol.pointee.has
    return has.contains(.isPreemptible) && has.isDisjoint(with: [.isUndefined, .isThreadLocal])
  }

  /// For an atom whose only special references are such calls.
  private func demandStubs(
    _ relocations: UnsafePointer<UInt8>, _ count: Int,
    _ file: UnsafeMutablePointer<ObjectFile>
  ) {
    for i in 0..<count {
      let entry = RelaEntry<E>(relocations + i &* RelaEntry<E>.size)
      let source = Int(entry.symbol)
      if file.pointee.destinations[source] & Destination.isSpecial == 0 { continue }
      let symbol = file.pointee.globals[source &- file.pointee.firstGlobal]
      atomicOr(&symbols.pointer(symbol).pointee.flags, SymbolFlags.needsPLT.rawValue)
    }
  }

  private func markTarget(
    _ symbol: UInt32, _ addend: Int64, _ file: UnsafeMutablePointer<ObjectFile>,
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
      let name = identifiers[index]
    {
      // Once: many references to many sections would take the product of both.
      let reached = SymbolFlags.isReached.rawValue
      if atomicOr(&target.pointee.flags, reached) & reached != 0 { return }
      for atom in identifierSections[name] ?? [] { mark(atom, &found) }
    }
    mark(target.pointee.atom, at: target.pointee.word, &found)
  }

  private func printGarbage() {
    var text = ""
    for file in liveObjects {
      let object = objects[file]
      for i in 0..<object.atomCount {
        let atom = atoms[AtomIndex(object.firstAtom.int + i)]
        if atom.has.contains(.isLive) || atom.kind == .frames { continue }
        // What another one stands for was dropped before.
        if object.sectionAtoms[Int(atom.section)].int != object.firstAtom.int + i { continue }
        let name = ObjectFile.name(
          object.sectionNames, at: object.header(E.self, Int(atom.section)).name)
        text += "removing unused section \(object.displayName):(\(name))\n"
      }
    }
    StandardOutput.print(text)
  }
}

/// What one group of files holds for the walk.
private struct Survey: Sendable {
  var roots: [AtomIndex] = []
  /// Loaded sections whose name is a C identifier.
  var identified: [AtomIndex] = []
  /// Loaded merged sections, which get a bit for each of their bytes.
  var merged: [AtomIndex] = []
}
