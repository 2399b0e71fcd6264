/// Who has which bytes of a growing file: the headers, the sections, what was linked in. Ranges
/// never overlap. There are a few dozen, so all searches are linear.
struct FileRanges {
  private struct Entry {
    var range: Range<UInt64>
    var owner: Int
  }
  /// Sorted by start.
  private var entries: [Entry] = []

  /// One past the last byte that anybody has.
  var end: UInt64 { entries.last?.range.upperBound ?? 0 }

  /// The first room of `size` bytes whose start is `offset` modulo `modulus`, a power of two.
  func find(size: UInt64, modulus: UInt64, offset: UInt64) -> UInt64 {
    var start = Self.first(from: 0, modulus, offset)
    for entry in entries where entry.range.upperBound > start {
      if start + size <= entry.range.lowerBound { return start }
      start = Self.first(from: entry.range.upperBound, modulus, offset)
    }
    return start
  }

  private static func first(from start: UInt64, _ modulus: UInt64, _ offset: UInt64) -> UInt64 {
    start &+ (offset &- start) & (modulus &- 1)
  }

  mutating func add(_ range: Range<UInt64>, owner: Int) {
    let place = entries.firstIndex { $0.range.lowerBound >= range.upperBound } ?? entries.count
    entries.insert(Entry(range: range, owner: owner), at: place)
  }

  mutating func remove(owner: Int) { entries.removeAll { $0.owner == owner } }

  func violations() -> [String] {
    var found: [String] = []
    for i in entries.indices.dropFirst()
    where entries[i].range.lowerBound < entries[i - 1].range.upperBound {
      found.append("file ranges \(entries[i - 1].range) and \(entries[i].range) overlap")
    }
    return found
  }
}
