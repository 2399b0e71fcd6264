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
    var low = 0
    var high = edges.count
    while low < high {
      let middle = (low + high) / 2
      if edges[middle].leader.raw < leader.raw { low = middle + 1 } else { high = middle }
    }
    var end = low
    while end < edges.count, edges[end].leader == leader { end += 1 }
    return edges[low..<end]
  }
}

extension Link {
  /// Finds all edges, and flags the atoms that have one. Returns the link-ordered sections that
  /// follow nothing that could die: those are roots.
  func collectFollowers<E: ELFEncoding>(_: E.Type) -> [AtomIndex] {
    let found = pool.map(chunks: liveObjects.count) { [self] i, _ in
      var edges: [FollowerTable.Edge] = []
      var roots: [AtomIndex] = []
      let file = objects.pointer(liveObjects[i])
      for j in 0..<file.pointee.atomCount {
        let index = AtomIndex(file.pointee.firstAtom.int + j)
        let atom = atoms.pointer(index)
        guard atom.pointee.has.contains(.isLinkOrdered), !atom.pointee.has.contains(.isLive) else {
          continue
        }
        let link = Int(file.pointee.header(E.self, Int(atom.pointee.section)).link)
        guard link != 0, link < file.pointee.sectionCount else {
          roots.append(index)
          continue
        }
        let leader = file.pointee.sectionAtoms[link]
        if leader.raw >= AtomIndex.discarded.raw { continue }
        if atoms[leader].has.contains(.isLive) {
          roots.append(index)
        } else {
          edges.append(.init(leader: leader, follower: index))
        }
      }
      for j in 0..<file.pointee.groupCount {
        addRing(E.self, file, groups[file.pointee.firstGroup + j], &edges)
      }
      for edge in edges { atoms[edge.leader].flags |= AtomFlags.hasFollowers.rawValue }
      return (edges: edges, roots: roots)
    }
    followers = FollowerTable(found.flatMap(\.edges))
    return found.flatMap(\.roots)
  }

  private func addRing<E: ELFEncoding>(
    _: E.Type, _ file: UnsafeMutablePointer<ObjectFile>, _ group: SectionGroup,
    _ edges: inout [FollowerTable.Edge]
  ) {
    let header = file.pointee.header(E.self, Int(group.section))
    let words = file.pointee.base + Int(header.offset)
    var first = AtomIndex.none
    var last = AtomIndex.none
    for k in 1..<max(1, Int(header.byteCount) / 4) {
      let member = Int(E.load32(words + k * 4))
      guard member < file.pointee.sectionCount else { continue }
      let index = file.pointee.sectionAtoms[member]
      if index.raw >= AtomIndex.discarded.raw || !atoms[index].has.contains(.isAlloc) { continue }
      if first.isNone { first = index } else { edges.append(.init(leader: last, follower: index)) }
      last = index
    }
    if first != last { edges.append(.init(leader: last, follower: first)) }
  }
}
