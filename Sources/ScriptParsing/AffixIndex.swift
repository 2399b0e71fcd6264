import Platform

/// Which globs a name is worth trying against: those whose literal beginning (or end) it has.
///
/// The distinct affixes are kept sorted. All of them that a name begins with are found from one
/// binary search: if P is the greatest affix not above the name, and Q is an affix that the name
/// begins with, then Q ≤ P ≤ name, and as everything between Q and the name begins with Q, so does
/// P. Hence each affix knows the longest other one that it begins with, and the answer is a walk
/// along these links. For ends of names the same is done with bytes in reverse.
///
/// Memory is plain and never changes after `init`; the owner calls ``deallocate()``.
struct AffixIndex {
  /// A glob as the matcher keeps it.
  struct Candidate {
    /// Higher wins.
    var rank: UInt64
    var payload: UInt32
    var shape: Glob.Shape
    /// The other affix, by place in the matcher's text.
    var suffixStart: Int
    var suffixCount: Int
    var tokenStart: Int
    var tokenCount: Int
    var prefixCount: Int
  }

  private struct Node {
    var affixStart: Int
    var affixCount: Int
    /// The longest other affix that this one begins with; -1 for none.
    var parent: Int
    var firstCandidate: Int
    var candidateCount: Int
    /// The best rank of this node's candidates and its ancestors'.
    var bestRank: UInt64
  }

  private let isReversed: Bool
  private let text: UnsafeMutableBufferPointer<UInt8>
  private let nodes: UnsafeMutableBufferPointer<Node>
  private let candidates: UnsafeMutableBufferPointer<Candidate>
  /// The nodes whose affix begins with byte b are those from `starts[b]` up to `starts[b + 1]`.
  private let starts: UnsafeMutableBufferPointer<UInt32>

  /// - Parameters:
  ///   - isReversed: affixes are ends of names.
  ///   - globs: the candidates with their affix.
  init(isReversed: Bool, _ globs: [(affix: [UInt8], candidate: Candidate)]) {
    self.isReversed = isReversed
    let keyed = isReversed ? globs.map { (Array($0.affix.reversed()), $0.candidate) } : globs
    // Better candidates first, so that the first match of a node decides.
    let sorted = keyed.sorted { a, b in
      if a.0 == b.0 { return a.1.rank > b.1.rank }
      return a.0.lexicographicallyPrecedes(b.0)
    }
    var text: [UInt8] = []
    var nodes: [Node] = []
    var starts = [UInt32](repeating: 0, count: 257)
    var previous: [UInt8] = []
    var open: [Int] = []
    for (index, (affix, candidate)) in sorted.enumerated() {
      if nodes.isEmpty || affix != previous {
        while let last = open.last {
          let shorter = nodes[last]
          if affix.starts(with: text[shorter.affixStart...].prefix(shorter.affixCount)) { break }
          open.removeLast()
        }
        let parent = open.last ?? -1
        open.append(nodes.count)
        nodes.append(
          Node(
            affixStart: text.count, affixCount: affix.count, parent: parent,
            firstCandidate: index, candidateCount: 0,
            bestRank: max(candidate.rank, parent < 0 ? 0 : nodes[parent].bestRank)))
        text += affix
        previous = affix
        starts[affix.first.map { Int($0) + 1 } ?? 0] += 1
      }
      nodes[nodes.count - 1].candidateCount += 1
    }
    // So far a count per first byte, one place up; the empty affix is in front of all.
    for byte in 1..<257 { starts[byte] += starts[byte - 1] }
    self.text = Self.copy(text)
    self.nodes = Self.copy(nodes)
    self.candidates = Self.copy(sorted.map { $0.1 })
    self.starts = Self.copy(starts)
  }

  private static func copy<T>(_ array: [T]) -> UnsafeMutableBufferPointer<T> {
    let buffer = UnsafeMutableBufferPointer<T>.allocate(capacity: array.count)
    _ = buffer.initialize(from: array)
    return buffer
  }

  func deallocate() {
    text.deallocate()
    nodes.deallocate()
    candidates.deallocate()
    starts.deallocate()
  }

  var isEmpty: Bool { nodes.isEmpty }

  /// Calls `tries` on candidates whose affix `name` has, better ones first among those with the
  /// same affix, until none that is left could beat the best so far.
  ///
  /// - Returns: the best candidate's rank and payload, or what was passed if none is better.
  @inline(__always)
  func best(
    for name: ByteString, beating start: (rank: UInt64, payload: UInt32),
    _ tries: (Candidate) -> Bool
  ) -> (rank: UInt64, payload: UInt32) {
    var best = start
    var node = lastNode(notAbove: name)
    if node < 0 { return best }
    let common = commonLength(nodes[node], name)
    while node >= 0, nodes[node].bestRank > best.rank {
      let current = nodes[node]
      node = current.parent
      if current.affixCount > common { continue }
      for index in current.firstCandidate..<current.firstCandidate + current.candidateCount {
        let candidate = candidates[index]
        if candidate.rank <= best.rank { break }
        if tries(candidate) {
          best = (candidate.rank, candidate.payload)
          break
        }
      }
    }
    return best
  }

  private func byte(_ name: ByteString, _ index: Int) -> UInt8 {
    name[isReversed ? name.count - 1 - index : index]
  }

  private func commonLength(_ node: Node, _ name: ByteString) -> Int {
    let limit = min(node.affixCount, name.count)
    var length = 0
    while length < limit, text[node.affixStart + length] == byte(name, length) { length += 1 }
    return length
  }

  /// The greatest node whose affix is not above `name`; -1 if all are.
  private func lastNode(notAbove name: ByteString) -> Int {
    // The empty affix, if there, sorts first and is below any name.
    let root = !nodes.isEmpty && nodes[0].affixCount == 0 ? 0 : -1
    if name.isEmpty { return root }
    let first = Int(byte(name, 0))
    let range = Int(starts[first])..<Int(starts[first + 1])
    let above = range.partitioningIndex { index in
      let node = nodes[index]
      let common = commonLength(node, name)
      return common < node.affixCount
        && (common == name.count || text[node.affixStart + common] > byte(name, common))
    }
    return above > range.lowerBound ? above - 1 : root
  }
}
