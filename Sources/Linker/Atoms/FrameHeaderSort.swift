/// Sorts the index: signed distances in the upper half of a word, numbers of FDEs in the lower.
enum FrameHeaderSort {
  /// The distance with its sign flipped, so that words sort as the distances do.
  @inline(__always)
  static func entry(_ distance: UInt64, _ index: Int) -> UInt64 {
    UInt64(UInt32(truncatingIfNeeded: distance) ^ 0x8000_0000) << 32
      | UInt64(UInt32(truncatingIfNeeded: index))
  }

  @inline(__always)
  static func distance(_ entry: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: entry >> 32) ^ 0x8000_0000
  }

  @inline(__always)
  static func index(_ entry: UInt64) -> Int { Int(UInt32(truncatingIfNeeded: entry)) }

  /// Sorts entries whose numbers rise; equal distances stay in order. Radix sort of the upper half,
  /// which is skipped where the order is right or a digit is the same everywhere.
  static func sort(_ entries: UnsafeMutablePointer<UInt64>, count: Int) {
    var isSorted = true
    for i in 1..<max(count, 1) where entries[i - 1] > entries[i] {
      isSorted = false
      break
    }
    if isSorted { return }
    let scratch = UnsafeMutablePointer<UInt64>.allocate(capacity: count)
    defer { scratch.deallocate() }
    var from = entries
    var to = scratch
    withUnsafeTemporaryAllocation(of: Int.self, capacity: 256) { places in
      for shift in stride(from: UInt64(32), to: 64, by: 8) {
        places.initialize(repeating: 0)
        for i in 0..<count { places[Int(from[i] >> shift & 0xff)] += 1 }
        if places.contains(count) { continue }
        var sum = 0
        for digit in 0..<256 {
          let n = places[digit]
          places[digit] = sum
          sum += n
        }
        for i in 0..<count {
          let digit = Int(from[i] >> shift & 0xff)
          to[places[digit]] = from[i]
          places[digit] &+= 1
        }
        swap(&from, &to)
      }
    }
    if from != entries { entries.update(from: from, count: count) }
  }
}
