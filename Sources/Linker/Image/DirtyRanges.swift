/// Ranges of a section that were written since they were last taken.
///
/// Writes come in runs (a function, then the next one behind it), so a range that touches the last
/// one is joined with it; all others wait until the list is taken, sorted and merged, which costs
/// what was written, not what the section holds.
struct DirtyRanges {
  private var ranges: [Range<UInt64>] = []
  /// The last one, which most writes touch; empty if there is none.
  private var last: Range<UInt64> = 0..<0
  /// How long the list may get before it is merged.
  private var mergeLimit = 1 << 16

  var isEmpty: Bool { ranges.isEmpty && last.isEmpty }

  mutating func add(_ range: Range<UInt64>) {
    if range.isEmpty { return }
    if range.lowerBound <= last.upperBound, range.upperBound >= last.lowerBound, !last.isEmpty {
      last =
        min(last.lowerBound, range.lowerBound)..<max(last.upperBound, range.upperBound)
      return
    }
    if !last.isEmpty { ranges.append(last) }
    last = range
    // An editor at work for hours must not grow the list without end.
    if ranges.count > mergeLimit {
      merge()
      // Where nothing touches, each further range would sort them all again.
      mergeLimit = max(1 << 16, 2 * ranges.count)
    }
  }

  mutating func removeAll() {
    ranges.removeAll(keepingCapacity: true)
    last = 0..<0
  }

  private mutating func merge() {
    ranges.sort { $0.lowerBound < $1.lowerBound }
    var merged: [Range<UInt64>] = []
    for range in ranges {
      if let last = merged.last, range.lowerBound <= last.upperBound {
        merged[merged.count - 1] =
          last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    ranges = merged
  }

  /// The ranges in ascending order, none touching another; the list is empty afterwards.
  mutating func take() -> [Range<UInt64>] {
    if ranges.isEmpty {
      defer { last = 0..<0 }
      return last.isEmpty ? [] : [last]
    }
    ranges.append(last)
    last = 0..<0
    merge()
    defer {
      ranges = []
      mergeLimit = 1 << 16
    }
    return ranges
  }
}
