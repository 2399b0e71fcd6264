import ELFFormat
import Platform

/// Sections that live because another one does: SHF_LINK_ORDER sections follow the one they are
/// linked to, members of a group each other. Source: gABI, "Section Attribute Flags" and "Section
/// Groups".
///
/// Both are edges from an atom to another, found once; the walk takes them when it comes by. So the
/// work is linear however long the chains are. The members of a group are a ring: whichever is
/// reached first, all are in the end.
struct FollowerTable {
  struct Edge: BitwiseCopyable {
    var leader: AtomIndex
    var follower: AtomIndex
  }

  /// Sorted by leader.
  private(set) var edges: [Edge] = []

  /// - Parameter edges: in any order within a file, files in the order of their atoms.
  init(_ edges: [Edge] = []) {
    self.edges = edges
    self.edges.sort { ($0.leader.raw, $0.follower.raw) < ($1.leader.raw, $1.follower.raw) }
  }

  /// The edges that leave `leader`.
  func followers(of leader: AtomIndex) -> ArraySlice<Edge> {
    let behind = edges[edges.partitioningIndex { $0.leader.raw >= leader.raw }...]
    return behind.prefix { $0.leader == leader }
  }
}

extension FollowerTable {
  /// Finds all edges, and flags the atoms that have one. `roots` are the link-ordered sections that
  /// follow nothing that could die.
  ///
  /// What is not loaded lives, unless it follows something: it is linked to another section, or in a
  /// group with one that is loaded. A group of debug information alone lives.
  static func collect<E: ELFEncoding>(
    _: E.Type, _ services: Reading<Services>, _ inputs: Reading<Inputs>,
    _ contents: Reading<Contents>
  ) -> (table: FollowerTable, roots: [AtomIndex]) {
    FollowerSearch<E>(serviceStage: services, inputStage: inputs, contentStage: contents).run()
  }
}

private struct FollowerSearch<E: ELFEncoding>: UsesServices, ReadsInputs, ReadsContents,
  @unchecked Sendable
{
  let serviceStage: Reading<Services>
  let inputStage: Reading<Inputs>
  let contentStage: Reading<Contents>

  func run() -> (table: FollowerTable, roots: [AtomIndex]) {
    let found = pool.map(chunks: liveObjects.count) { [self] i, _ in
      var edges: [FollowerTable.Edge] = []
      var roots: [AtomIndex] = []
      let file = objects.pointer(liveObjects[i])
      for j in 0..<file.pointee.groupCount where !isLost(file.pointee.firstGroup + j, in: file) {
        addRing(file, Int(groups[file.pointee.firstGroup + j].section), &edges)
      }
      if file.pointee.has.contains(.hasPlainGroups) {
        for section in 1..<file.pointee.sectionCount
        where file.pointee.header(E.self, section).type == .group {
          // A ring that is there twice does no harm.
          addRing(file, section, &edges)
        }
      }
      if file.pointee.has.contains(.hasLinkOrder) {
        addLinkOrdered(file, &edges, &roots)
      }
      for edge in edges { atoms[edge.leader].flags |= AtomFlags.hasFollowers.rawValue }
      return (edges: edges, roots: roots)
    }
    return (FollowerTable(found.flatMap(\.edges)), found.flatMap(\.roots))
  }

  private func addLinkOrdered(
    _ file: UnsafeMutablePointer<ObjectFile>, _ edges: inout [FollowerTable.Edge],
    _ roots: inout [AtomIndex]
  ) {
    let range = file.pointee.firstAtom.int..<file.pointee.firstAtom.int + file.pointee.atomCount
    /// The section that an atom follows; nil if it follows none.
    func leader(_ atom: Atom) -> Int? {
      let link = Int(file.pointee.header(E.self, Int(atom.section)).link)
      return link != 0 && link < file.pointee.sectionCount ? link : nil
    }
    // A leader may be a follower itself.
    for j in range {
      let atom = atoms.pointer(AtomIndex(j))
      if atom.pointee.has.contains([.isLinkOrdered, .isLive]), leader(atom.pointee) != nil {
        atom.pointee.flags &= ~AtomFlags.isLive.rawValue
      }
    }
    for j in range {
      let index = AtomIndex(j)
      let atom = atoms.pointer(index)
      guard atom.pointee.has.contains(.isLinkOrdered) else { continue }
      guard let link = leader(atom.pointee) else {
        roots.append(index)
        continue
      }
      let leader = file.pointee.sectionAtoms[link]
      if leader.raw >= AtomIndex.discarded.raw || atoms[leader].has.contains(.isLive) {
        // A linker-made leader, or debug information, cannot die.
        if leader != .discarded { roots.append(index) }
      } else {
        edges.append(.init(leader: leader, follower: index))
      }
    }
  }

  private func addRing(
    _ file: UnsafeMutablePointer<ObjectFile>, _ group: Int,
    _ edges: inout [FollowerTable.Edge]
  ) {
    // Checked when the file was read; not if the file has changed since.
    guard let words = try? ObjectReader.contents(E.self, file.pointee, group) else { return }
    let own = file.pointee.firstAtom.int..<file.pointee.firstAtom.int + file.pointee.atomCount
    func forEachMember(_ body: (AtomIndex, Bool) -> Void) {
      for k in 1..<max(1, words.count / 4) {
        let member = Int(E.load32(words.start + k * 4))
        guard member < file.pointee.sectionCount else { continue }
        let index = file.pointee.sectionAtoms[member]
        // What was dropped has no atom, or one of another file that stands for it.
        if index.raw >= AtomIndex.discarded.raw || !own.contains(index.int) { continue }
        body(index, atoms[index].has.contains(.isAlloc))
      }
    }
    var takesUnloaded = false
    if file.pointee.has.contains(.hasUnloadedMembers) {
      forEachMember { if $1 { takesUnloaded = true } }
    }
    var first = AtomIndex.none
    var last = AtomIndex.none
    forEachMember { index, isLoaded in
      if !isLoaded {
        if !takesUnloaded { return }
        atoms[index].flags &= ~AtomFlags.isLive.rawValue
      }
      if first.isNone { first = index } else { edges.append(.init(leader: last, follower: index)) }
      last = index
    }
    if first != last { edges.append(.init(leader: last, follower: first)) }
  }
}
