import Glibc
import Platform

/// Finds the ends of the pieces of one merged section.
struct PieceReader {
  /// Bytes of a unit: a character or a constant.
  let entrySize: Int
  let isStrings: Bool

  /// Whether `count` bytes end with a unit of zeros. `count` is a multiple of the unit.
  func isTerminated(_ start: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    count >= entrySize && isZero(start + (count - entrySize))
  }

  @inline(__always)
  private func isZero(_ p: UnsafePointer<UInt8>) -> Bool {
    var bits: UInt8 = 0
    for i in 0..<entrySize { bits |= p[i] }
    return bits == 0
  }

  /// The offset past the piece that starts at, or for strings contains, `offset`.
  @inline(__always)
  func end(of offset: Int, in start: UnsafePointer<UInt8>, limit: Int) -> Int {
    if !isStrings { return min(offset &+ entrySize, limit) }
    if entrySize == 1 {
      guard let found = memchr(start + offset, 0, limit &- offset) else { return limit }
      return UnsafeRawPointer(found) - UnsafeRawPointer(start) &+ 1
    }
    var next = offset
    while next < limit {
      let isEnd = isZero(start + next)
      next &+= entrySize
      if isEnd { break }
    }
    return next
  }

  /// The number of pieces in bytes that begin and end between pieces.
  func count(_ start: UnsafePointer<UInt8>, _ count: Int) -> Int {
    if !isStrings { return count / entrySize }
    var total = 0
    if entrySize == 1 {
      // Byte counters that can't overflow let the loop run on vectors.
      var i = 0
      while i < count {
        let end = min(i &+ 255, count)
        var zeros: UInt8 = 0
        while i < end {
          zeros &+= start[i] == 0 ? 1 : 0
          i &+= 1
        }
        total &+= Int(zeros)
      }
      return total
    }
    for i in stride(from: 0, to: count, by: entrySize) where isZero(start + i) { total &+= 1 }
    return total
  }

  /// Calls `body` with each piece of a segment and its size in bytes.
  @inline(__always)
  func forEachPiece(
    _ segment: MergeTable.Segment,
    _ body: (_ piece: UnsafeMutablePointer<MergePiece>, _ count: Int) -> Void
  ) {
    let count = Int(segment.pieceCount)
    if count == 0 { return }
    let first = segment.pieces
    for i in 0..<count {
      let end = i &+ 1 < count ? first[i &+ 1].offset : segment.end
      body(first + i, Int(end &- first[i].offset))
    }
  }
}
