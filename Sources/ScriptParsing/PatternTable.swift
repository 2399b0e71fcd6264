import Platform

/// The patterns of one language in plain memory; see ``PatternMatcher`` for the rules.
struct PatternTable {
  /// Rank 0 is no match.
  typealias Match = (rank: UInt64, payload: UInt32)

  private struct ExactName {
    var start: Int
    var count: Int
    var rank: UInt64
    var payload: UInt32
  }

  /// All text that is compared, each piece addressed by its place.
  private let text: UnsafeMutableBufferPointer<UInt8>
  private let exactNames: UnsafeMutableBufferPointer<ExactName>
  private let exactIndex: HashIndex
  private let tokens: UnsafeMutableBufferPointer<Glob.Token>
  private let sets: UnsafeMutableBufferPointer<ByteSet>
  private let byPrefix: AffixIndex
  /// Globs that begin with a metacharacter but end with literal bytes.
  private let bySuffix: AffixIndex
  /// The best `*`.
  private let everything: Match

  let isEmpty: Bool
  /// Whether exact names were left out because too many have one place in the hash table.
  let isFlooded: Bool

  /// `UInt64` so that five kinds, then the order of entries, compare in one go.
  private static func rank(_ kind: UInt64, _ order: Int) -> UInt64 { kind << 32 | UInt64(order) }

  init(
    _ entries: [PatternMatcher.Entry], language: Pattern.Language,
    _ conflicts: inout [PatternMatcher.Conflict], probeLimit: Int
  ) {
    var builder = Builder()
    var isFlooded = false
    for (index, entry) in entries.enumerated() where entry.pattern.language == language {
      if entry.pattern.isExact {
        builder.exact.append((index, Array(entry.pattern.text.buffer)))
        continue
      }
      let glob = Glob(entry.pattern.text)
      if glob.shape == .literal {
        builder.exact.append((index, glob.prefix))
      } else if entry.pattern.text == "*" {
        // `**` matches the same but counts as any other glob, in GNU ld too.
        let rank = Self.rank(entry.isLocal ? 1 : 2, index)
        if rank > builder.everything.rank { builder.everything = (rank, entry.payload) }
      } else {
        builder.add(glob, Self.rank(entry.isLocal ? 3 : 4, index), entry.payload)
      }
    }
    isEmpty = builder.isEmpty
    everything = builder.everything
    var exactIndex = HashIndex(count: builder.exact.count)
    var exactNames: [ExactName] = []
    var kept: [Int] = []
    for (index, name) in builder.exact {
      let start = builder.text.count
      builder.text += name
      let (hash, search) = builder.text.withUnsafeBufferPointer { text in
        let text = ByteString(UnsafeRawBufferPointer(text))
        let key = text.dropFirst(start)
        return (
          key.hash,
          exactIndex.search(key.hash, limit: probeLimit) {
            text[exactNames[$0].start..<exactNames[$0].start + exactNames[$0].count] == key
          }
        )
      }
      switch search {
      case .found(let first):
        builder.text.removeLast(name.count)
        if entries[kept[first]].payload != entries[index].payload {
          conflicts.append(.init(kept: kept[first], dropped: index))
        }
        continue
      case .free(let slot): exactIndex.insert(exactNames.count, hash, at: slot)
      case .flooded: isFlooded = true
      }
      kept.append(index)
      // The first exact pattern wins, also over one in the other language.
      exactNames.append(
        ExactName(
          start: start, count: name.count, rank: Self.rank(5, (1 << 31) - index),
          payload: entries[index].payload))
    }
    self.exactIndex = exactIndex
    self.isFlooded = isFlooded
    self.exactNames = Self.copy(exactNames)
    text = Self.copy(builder.text)
    tokens = Self.copy(builder.tokens)
    sets = Self.copy(builder.sets)
    byPrefix = AffixIndex(isReversed: false, builder.byPrefix)
    bySuffix = AffixIndex(isReversed: true, builder.bySuffix)
  }

  func deallocate() {
    text.deallocate()
    exactNames.deallocate()
    exactIndex.deallocate()
    tokens.deallocate()
    sets.deallocate()
    byPrefix.deallocate()
    bySuffix.deallocate()
  }

  /// The best of the patterns that match `name` and rank above `start`, or `start`.
  func best(for name: ByteString, beating start: Match) -> Match {
    if !exactNames.isEmpty {
      let search = exactIndex.search(name.hash, limit: .max) {
        piece(exactNames[$0].start, exactNames[$0].count) == name
      }
      if case .found(let found) = search {
        let exact = exactNames[found]
        return exact.rank > start.rank ? (exact.rank, exact.payload) : start
      }
    }
    var best = everything.rank > start.rank ? everything : start
    if !byPrefix.isEmpty {
      best = byPrefix.best(for: name, beating: best) { matches($0, name) }
    }
    if !bySuffix.isEmpty {
      best = bySuffix.best(for: name, beating: best) { matches($0, name) }
    }
    return best
  }

  /// Whether `name`, which begins with the candidate's prefix, also has the rest.
  private func matches(_ candidate: AffixIndex.Candidate, _ name: ByteString) -> Bool {
    guard name.count >= candidate.prefixCount + candidate.suffixCount else { return false }
    let end = name.count - candidate.suffixCount
    if piece(candidate.suffixStart, candidate.suffixCount) != name[end..<name.count] {
      return false
    }
    if candidate.shape != .general { return true }
    let pattern = UnsafeBufferPointer(
      rebasing: tokens[candidate.tokenStart..<candidate.tokenStart + candidate.tokenCount])
    return Glob.matches(
      pattern, sets: UnsafeBufferPointer(sets), name[candidate.prefixCount..<end])
  }

  private func piece(_ start: Int, _ count: Int) -> ByteString {
    ByteString(UnsafeRawBufferPointer(text))[start..<start + count]
  }

  private static func copy<T>(_ array: [T]) -> UnsafeMutableBufferPointer<T> {
    let buffer = UnsafeMutableBufferPointer<T>.allocate(capacity: array.count)
    _ = buffer.initialize(from: array)
    return buffer
  }

  /// What grows while the patterns are sorted into their kinds.
  private struct Builder {
    var text: [UInt8] = []
    var exact: [(entry: Int, name: [UInt8])] = []
    var tokens: [Glob.Token] = []
    var sets: [ByteSet] = []
    var byPrefix: [(affix: [UInt8], candidate: AffixIndex.Candidate)] = []
    var bySuffix: [(affix: [UInt8], candidate: AffixIndex.Candidate)] = []
    var everything: Match = (0, 0)

    var isEmpty: Bool {
      exact.isEmpty && byPrefix.isEmpty && bySuffix.isEmpty && everything.rank == 0
    }

    mutating func add(_ glob: Glob, _ rank: UInt64, _ payload: UInt32) {
      let candidate = AffixIndex.Candidate(
        rank: rank, payload: payload, shape: glob.shape, suffixStart: text.count,
        suffixCount: glob.suffix.count, tokenStart: tokens.count, tokenCount: glob.tokens.count,
        prefixCount: glob.prefix.count)
      text += glob.suffix
      // Sets of all globs share one table.
      let shift = Glob.Token(sets.count)
      tokens += glob.tokens.map { $0 >= Glob.firstSet ? $0 + shift : $0 }
      sets += glob.sets
      if glob.prefix.isEmpty, !glob.suffix.isEmpty {
        bySuffix.append((glob.suffix, candidate))
      } else {
        byPrefix.append((glob.prefix, candidate))
      }
    }
  }
}
