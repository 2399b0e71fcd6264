import CSystem
import Glibc
import Platform
import Synchronization

/// The hash table of one merged section while its pieces are found: see `MergeTable`. No `HashIndex`:
/// all workers fill it at the same time, and a slot's word is at last the piece's place.
struct ClaimTable: @unchecked Sendable {
  /// A piece that waits for its slot to be fetched.
  private struct Pending: BitwiseCopyable {
    var hash: UInt64
    var offset: UInt32
    var count: UInt32
  }

  let slots: UnsafeMutablePointer<UInt64>
  private let mask: Int
  private let inputs: UnsafeMutableBufferPointer<MergeInput>
  /// Bits of a slot's word that hold the offset; above them is the input, above that the tag.
  private let offsetBits: UInt64
  private let tagMask: UInt64

  private let probeLimit: Int
  private let flood: UnsafeMutablePointer<UInt32>

  /// Set in every taken slot.
  private static let taken: UInt64 = 1 << 63
  /// Bytes from which on a table has pages of its own.
  private static let touchedBytes = 1 << 17

  /// - Parameters:
  ///   - pieces: below 2³⁰, so that the number of a slot leaves a bit free in 32.
  ///   - probeLimit: slots that a search looks at before it gives up.
  init(
    pieces: Int, inputs: UnsafeMutableBufferPointer<MergeInput>, pool: WorkerPool, probeLimit: Int
  ) {
    self.probeLimit = probeLimit
    flood = allocateZeroed(count: 1)
    var capacity = 16
    while capacity * 3 / 4 < pieces { capacity *= 2 }
    mask = capacity - 1
    slots = allocateZeroed(count: capacity)
    if capacity * 8 >= Self.touchedBytes { Self.touch(slots, capacity * 8, pool) }
    self.inputs = inputs
    var largest: UInt32 = 0
    for input in inputs { largest = max(largest, input.count) }
    // At most 32 bits, and at most 24 for the input, which leaves eight for the tag.
    offsetBits = UInt64(32 - largest.leadingZeroBitCount)
    let inputBits = UInt64(Int.bitWidth - inputs.count.leadingZeroBitCount)
    tagMask = ~((1 << (offsetBits + inputBits)) - 1)
  }

  /// Writes to every page before anything is read: a page that is read first is the shared page of
  /// zeros, and the write that then replaces it interrupts all processors that this process runs on.
  /// With two threads, those interrupts cost as much as the rest of merging.
  private static func touch(_ start: UnsafeMutablePointer<UInt64>, _ bytes: Int, _ pool: WorkerPool)
  {
    madvise(start, bytes, MADV_HUGEPAGE)
    nonisolated(unsafe) let words = start
    let page = 4096
    pool.forEachRange(bytes / page, grain: 512) { range, _ in
      for i in range { words[i * (page / 8)] = 0 }
    }
  }

  /// Whether a search gave up: pieces have places of others, and the link must end with an error.
  var isFlooded: Bool { flood.pointee != 0 }

  func release() {
    deallocate(zeroed: flood, count: 1)
    deallocate(zeroed: slots, count: mask + 1)
  }

  @inline(__always)
  private func position(_ input: UInt32, _ offset: UInt32) -> UInt64 {
    UInt64(input) << offsetBits | UInt64(offset)
  }

  /// Whether the piece is the first of those equal to it; `place` holds its slot. After claiming.
  @inline(__always)
  func isFirst(_ piece: MergePiece, input: UInt32) -> Bool {
    piece.place != MergePiece.dead
      && slots[Int(piece.place)] & ~tagMask == position(input, piece.offset)
  }

  /// Whether something refers to one of the bytes from `offset` on.
  @inline(__always)
  private func isMarked(
    _ marks: UnsafeMutablePointer<UInt32>, _ offset: UInt32, _ count: UInt32
  ) -> Bool {
    for i in offset..<offset &+ count where marks[Int(i >> 5)] & 1 << (i & 31) != 0 { return true }
    return false
  }

  /// Splits all segments into pieces and leaves in each piece's `place` its slot.
  func claimAll(
    _ segments: UnsafeMutablePointer<MergeTable.Segment>,
    _ chunks: UnsafeMutableBufferPointer<MergeTable.Chunk>, _ reader: PieceReader,
    _ pool: WorkerPool
  ) {
    nonisolated(unsafe) let segments = segments
    nonisolated(unsafe) let chunks = chunks
    pool.forEach(chunks: chunks.count) { i, _ in
      for j in chunks[i].firstSegment..<chunks[i].firstSegment + chunks[i].segmentCount {
        claim(segments[j], reader)
      }
    }
  }

  /// A slot, and then the bytes that it names, are far away in memory: both are fetched ahead, for
  /// a batch of pieces at a time.
  private func claim(_ segment: MergeTable.Segment, _ reader: PieceReader) {
    let batchSize = 32
    withUnsafeTemporaryAllocation(of: Pending.self, capacity: batchSize) { batch in
      let start = inputs[Int(segment.input)].start
      let marks = inputs[Int(segment.input)].marks
      let end = Int(segment.end)
      var offset = Int(segment.start)
      var piece = segment.pieces
      let offsetMask: UInt64 = 1 << offsetBits &- 1
      let index = inputs[Int(segment.input)].index
      let pieces = inputs[Int(segment.input)].pieces
      let indexStep = 1 << Int(MergeInput.indexShift)
      var indexed = (offset &+ indexStep &- 1) & ~(indexStep &- 1)
      while offset < end {
        var n = 0
        while n < batchSize, offset < end {
          let next = reader.end(of: offset, in: start, limit: end)
          let hash = hashBytes(start + offset, next &- offset)
          batch[n] = Pending(
            hash: hash, offset: UInt32(truncatingIfNeeded: offset),
            count: UInt32(truncatingIfNeeded: next &- offset))
          weld_prefetch_write(slots + (Int(truncatingIfNeeded: hash) & mask))
          offset = next
          n &+= 1
        }
        for i in 0..<n {
          let slot = slots + (Int(truncatingIfNeeded: batch[i].hash) & mask)
          let word = atomicView(slot).pointee.load(ordering: .relaxed)
          if word & tagMask == tag(batch[i].hash) {
            let owner = inputs[Int((word & ~tagMask) >> offsetBits)].start
            weld_prefetch(owner + Int(word & offsetMask))
          }
        }
        if let index {
          // Every multiple of the step that lies in a piece leads to it.
          var number = UInt32(truncatingIfNeeded: piece - pieces)
          for i in 0..<n {
            let end = Int(batch[i].offset &+ batch[i].count)
            while indexed < end {
              index[indexed >> Int(MergeInput.indexShift)] = number
              indexed &+= indexStep
            }
            number &+= 1
          }
        }
        for i in 0..<n {
          let isLive = marks == nil || isMarked(marks!, batch[i].offset, batch[i].count)
          piece.pointee = MergePiece(
            offset: batch[i].offset,
            place: isLive
              ? claim(batch[i], input: segment.input, start: start) : MergePiece.dead)
          piece += 1
        }
      }
    }
  }

  @inline(__always)
  private func tag(_ hash: UInt64) -> UInt64 { hash & tagMask | Self.taken }

  @inline(__always)
  private func claim(
    _ piece: Pending, input: UInt32, start: UnsafePointer<UInt8>
  ) -> UInt32 {
    let tag = tag(piece.hash)
    let mine = tag | position(input, piece.offset)
    let bytes = start + Int(piece.offset)
    var slot = Int(truncatingIfNeeded: piece.hash) & mask
    var left = probeLimit
    while true {
      let cell = atomicView(slots + slot)
      var word = cell.pointee.load(ordering: .relaxed)
      if word == 0 {
        let (done, current) = cell.pointee.compareExchange(
          expected: 0, desired: mine, ordering: .relaxed)
        if done { return UInt32(truncatingIfNeeded: slot) }
        word = current
      }
      if word & tagMask == tag, isEqual(word, bytes, Int(piece.count)) {
        atomicMin(slots + slot, mine)
        return UInt32(truncatingIfNeeded: slot)
      }
      left &-= 1
      if left <= 0 {
        atomicOr(flood, 1)
        return UInt32(truncatingIfNeeded: slot)
      }
      slot = (slot &+ 1) & mask
    }
  }

  /// Whether the piece that `word` names has these bytes. A string of another length differs within
  /// `count` bytes, since its end lies elsewhere.
  @inline(__always)
  private func isEqual(_ word: UInt64, _ bytes: UnsafePointer<UInt8>, _ count: Int) -> Bool {
    let owner = inputs[Int((word & ~tagMask) >> offsetBits)]
    let offset = Int(word & (1 << offsetBits &- 1))
    guard Int(owner.count) &- offset >= count else { return false }
    return memcmp(owner.start + offset, bytes, count) == 0
  }
}
