import Glibc
import Platform

/// Lets strings that are the end of other strings lie in them (`-O2`): "bar" in "foobar".
///
/// Strings are sorted by their bytes from the last to the first. A string that is the end of others
/// then comes right before one of them, or before another end of it. Sorting is split by the last
/// character, and done with a three-way radix quicksort, which looks at a byte once however long the
/// common ends are.
enum TailSharing {
  /// Gives shared strings their host's end as offset, and the others new offsets without gaps.
  ///
  /// - Parameter uniques: strings with their terminators, no two equal, in the order of the output.
  static func share(_ uniques: UnsafeMutablePointer<UniquePiece>, count: Int, pool: WorkerPool) {
    nonisolated(unsafe) let uniques = uniques
    var starts = [Int](repeating: 0, count: 257)
    for i in 0..<count { starts[Int(byte(uniques[i], 0)) + 1] += 1 }
    for i in 0..<256 { starts[i + 1] += starts[i] }
    let order = UnsafeMutablePointer<UInt32>.allocate(capacity: count)
    defer { order.deallocate() }
    var next = starts
    for i in 0..<count {
      let bucket = Int(byte(uniques[i], 0))
      order[next[bucket]] = UInt32(i)
      next[bucket] += 1
    }
    nonisolated(unsafe) let sorted = order
    let bounds = starts
    let used = (1..<256).filter { bounds[$0] < bounds[$0 + 1] }
    pool.forEach(chunks: used.count) { i, _ in
      let bucket = sorted + bounds[used[i]]
      let n = bounds[used[i] + 1] - bounds[used[i]]
      sort(bucket, n, uniques)
      findHosts(bucket, n, uniques)
    }
    // The empty string is the end of any.
    if bounds[1] == 1, let first = (0..<count).first(where: { $0 != Int(sorted[0]) }) {
      uniques[Int(sorted[0])].host = uniques[first].host
    }

    var offset: UInt64 = 0
    for i in 0..<count where uniques[i].host == UInt32(i) {
      uniques[i].offset = offset
      offset += UInt64(uniques[i].count)
    }
    for i in 0..<count where uniques[i].host != UInt32(i) {
      let host = uniques[Int(uniques[i].host)]
      uniques[i].offset = host.offset + UInt64(host.count - uniques[i].count)
    }
  }

  /// Moves the strings that are kept in full together; returns their number.
  static func dropShared(_ uniques: UnsafeMutablePointer<UniquePiece>, count: Int) -> Int {
    var kept = 0
    for i in 0..<count where uniques[i].host == UInt32(i) {
      uniques[kept] = uniques[i]
      kept += 1
    }
    return kept
  }

  /// The byte at `depth` from the end, the terminator not counted; 0 before the start.
  @inline(__always)
  private static func byte(_ piece: UniquePiece, _ depth: Int) -> UInt8 {
    let index = Int(piece.count) &- 2 &- depth
    return index >= 0 ? piece.start[index] : 0
  }

  private static func sort(
    _ order: UnsafeMutablePointer<UInt32>, _ count: Int,
    _ uniques: UnsafeMutablePointer<UniquePiece>
  ) {
    // A list instead of recursion: inputs decide how deep it goes.
    var open = [(low: 0, high: count, depth: 1)]
    while let (low, high, depth) = open.popLast() {
      if high - low < 2 { continue }
      let pivot = byte(uniques[Int(order[low + (high - low) / 2])], depth)
      var less = low
      var greater = high
      var i = low
      while i < greater {
        let c = byte(uniques[Int(order[i])], depth)
        if c < pivot {
          swap(order + less, order + i)
          less += 1
          i += 1
        } else if c > pivot {
          greater -= 1
          swap(order + greater, order + i)
        } else {
          i += 1
        }
      }
      open.append((low, less, depth))
      open.append((greater, high, depth))
      if pivot != 0 { open.append((less, greater, depth + 1)) }
    }
  }

  @inline(__always)
  private static func swap(_ a: UnsafeMutablePointer<UInt32>, _ b: UnsafeMutablePointer<UInt32>) {
    let kept = a.pointee
    a.pointee = b.pointee
    b.pointee = kept
  }

  private static func findHosts(
    _ order: UnsafeMutablePointer<UInt32>, _ count: Int,
    _ uniques: UnsafeMutablePointer<UniquePiece>
  ) {
    var i = count - 2
    while i >= 0 {
      let piece = uniques[Int(order[i])]
      let next = uniques[Int(order[i + 1])]
      if piece.count <= next.count,
        memcmp(next.start + Int(next.count - piece.count), piece.start, Int(piece.count)) == 0
      {
        uniques[Int(order[i])].host = next.host
      }
      i -= 1
    }
  }
}
