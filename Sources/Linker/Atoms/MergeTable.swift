import CSystem
import Glibc
import Platform
import Synchronization

/// Splits the inputs of one merged section into pieces and finds which of them are equal.
///
/// The bytes are read twice: once to count pieces, which is as fast as memory, and once to split,
/// hash and claim while they are in the cache. A piece costs 8 bytes, a slot of the table 8 bytes: a
/// tag of the hash above the number of the input and the offset in it. The lower part orders pieces
/// as the inputs do, so that lowering a slot atomically leaves the piece that came first, whoever
/// was quicker; and it leads to the bytes of that piece without another table. A length is not kept:
/// strings carry their end, and constants have one size.
///
/// Pieces that their slot names are unique. They get their places in the order in which they appear,
/// by counting in chunks of the input, summing up, and filling.
struct MergeTable {
  /// A stretch of an input that one worker splits; it begins and ends between pieces.
  struct Segment: BitwiseCopyable {
    var input: UInt32
    var start: UInt32
    var end: UInt32
    var pieceCount: UInt32
    /// Place of the first piece among those of all inputs.
    var firstPiece = 0
    var pieces = MergeTable.noPieces
  }
  /// Consecutive segments, for one worker at a time.
  struct Chunk: BitwiseCopyable {
    var firstSegment: Int
    var segmentCount: Int
    /// Unique pieces, and the bytes that they need; then, those before the chunk.
    var uniques = 0
    var bytes: UInt64 = 0
  }

  let inputs: UnsafeMutableBufferPointer<MergeInput>
  /// Bytes of a unit: a character or a constant.
  let entrySize: Int
  let isStrings: Bool
  /// log2 of the alignment of every piece.
  let alignment: UInt8
  let sharesTails: Bool
  /// A cut is made after this many bytes of an input.
  var segmentBytes = 1 << 20
  /// Segments are handed out together up to this many bytes.
  var chunkBytes = 1 << 16
  /// Slots that a search looks at before it gives up.
  var probeLimit = Platform.probeLimit

  // MARK: Results

  /// Inputs whose last string has no end; they have no pieces.
  private(set) var unterminated: [Int] = []
  private(set) var hasTooManyPieces = false
  /// A search gave up, and the other results mean nothing.
  private(set) var isFlooded = false
  var uniques = MergeTable.noUniques
  var uniqueCount = 0
  /// Bytes of the merged section.
  private(set) var size: UInt64 = 0

  nonisolated(unsafe) static let noPieces = UnsafeMutablePointer<MergePiece>.allocate(capacity: 1)
  nonisolated(unsafe) static let noUniques = UnsafeMutablePointer<UniquePiece>.allocate(capacity: 1)

  init(
    inputs: UnsafeMutableBufferPointer<MergeInput>, entrySize: Int, isStrings: Bool,
    alignment: UInt8, sharesTails: Bool
  ) {
    self.inputs = inputs
    self.entrySize = entrySize
    self.isStrings = isStrings
    self.alignment = alignment
    self.sharesTails = sharesTails && isStrings && entrySize == 1 && alignment == 0
  }

  /// Fills the inputs' pieces and the results.
  mutating func merge(pool: WorkerPool) {
    var segments = makeSegments()
    var chunks = makeChunks(segments)
    let reader = PieceReader(entrySize: entrySize, isStrings: isStrings)
    segments.withUnsafeMutableBufferPointer { segments in
      chunks.withUnsafeMutableBufferPointer { chunks in
        guard let first = segments.baseAddress, let firstChunk = chunks.baseAddress else { return }
        count(first, chunks, reader, pool)
        guard let total = placePieces(segments) else {
          hasTooManyPieces = true
          return
        }
        let claims = ClaimTable(pieces: total, inputs: inputs, pool: pool, probeLimit: probeLimit)
        claims.claimAll(first, chunks, reader, pool)
        isFlooded = claims.isFlooded
        number(first, firstChunk, chunks.count, reader, claims, pool)
        claims.release()
      }
    }
  }

  private func makeSegments() -> [Segment] {
    let reader = PieceReader(entrySize: entrySize, isStrings: isStrings)
    var segments: [Segment] = []
    segments.reserveCapacity(inputs.count)
    for (i, input) in inputs.enumerated() {
      let count = Int(input.count)
      var start = 0
      while start < count {
        var end = count
        if count - start > segmentBytes {
          let cut = start + max(segmentBytes / entrySize, 1) * entrySize
          end = cut < count ? reader.end(of: cut, in: input.start, limit: count) : count
        }
        segments.append(
          Segment(
            input: UInt32(i), start: UInt32(start), end: UInt32(end), pieceCount: 0))
        start = end
      }
    }
    return segments
  }

  private func makeChunks(_ segments: [Segment]) -> [Chunk] {
    var chunks: [Chunk] = []
    var first = 0
    var bytes = 0
    for i in segments.indices {
      bytes += Int(segments[i].end - segments[i].start)
      if bytes >= chunkBytes || i == segments.count - 1 {
        chunks.append(Chunk(firstSegment: first, segmentCount: i + 1 - first))
        first = i + 1
        bytes = 0
      }
    }
    return chunks
  }

  private func count(
    _ segments: UnsafeMutablePointer<Segment>, _ chunks: UnsafeMutableBufferPointer<Chunk>,
    _ reader: PieceReader, _ pool: WorkerPool
  ) {
    nonisolated(unsafe) let segments = segments
    nonisolated(unsafe) let chunks = chunks
    nonisolated(unsafe) let inputs = inputs
    pool.forEach(chunks: chunks.count) { i, _ in
      for j in chunks[i].firstSegment..<chunks[i].firstSegment + chunks[i].segmentCount {
        let segment = segments + j
        let start = inputs[Int(segment.pointee.input)].start
        segment.pointee.pieceCount = UInt32(
          truncatingIfNeeded: reader.count(
            start + Int(segment.pointee.start), Int(segment.pointee.end - segment.pointee.start)))
      }
    }
  }

  /// Gives inputs room for their pieces.
  /// - Returns: the number of pieces; nil if there are too many.
  private mutating func placePieces(_ segments: UnsafeMutableBufferPointer<Segment>) -> Int? {
    let reader = PieceReader(entrySize: entrySize, isStrings: isStrings)
    var total = 0
    for i in segments.indices {
      let input = Int(segments[i].input)
      // Only the last segment of an input can lack an end.
      if isStrings, segments[i].end == inputs[input].count,
        !reader.isTerminated(inputs[input].start, Int(inputs[input].count))
      {
        unterminated.append(input)
        var j = i
        while j >= 0, Int(segments[j].input) == input {
          total -= j == i ? 0 : Int(segments[j].pieceCount)
          segments[j].end = segments[j].start
          segments[j].pieceCount = 0
          j -= 1
        }
        inputs[input].pieceCount = 0
        continue
      }
      segments[i].firstPiece = total
      if segments[i].start == 0 { inputs[input].pieceCount = 0 }
      inputs[input].pieceCount &+= segments[i].pieceCount
      total += Int(segments[i].pieceCount)
    }
    if total >= 1 << 30 {
      for i in inputs.indices { inputs[i].pieceCount = 0 }
      return nil
    }
    let pieces = allocateForWriting(MergePiece.self, count: total)
    var indices = 0
    for i in inputs.indices where inputs[i].pieceCount > 0 { indices += inputs[i].indexCount }
    var nextIndex = allocateForWriting(UInt32.self, count: indices)
    for i in inputs.indices where inputs[i].pieceCount > 0 && inputs[i].indexCount > 0 {
      inputs[i].index = nextIndex
      nextIndex += inputs[i].indexCount
    }
    for i in segments.indices {
      segments[i].pieces = pieces + segments[i].firstPiece
      if segments[i].start == 0 { inputs[Int(segments[i].input)].pieces = segments[i].pieces }
    }
    return total
  }

  /// Numbers the unique pieces, gives them their places, and tells all pieces.
  private mutating func number(
    _ segments: UnsafeMutablePointer<Segment>, _ chunks: UnsafeMutablePointer<Chunk>,
    _ chunkCount: Int, _ reader: PieceReader, _ claims: ClaimTable, _ pool: WorkerPool
  ) {
    nonisolated(unsafe) let segments = segments
    nonisolated(unsafe) let chunks = chunks
    nonisolated(unsafe) let inputs = inputs
    let roundUp = UInt64(1) << UInt64(alignment) - 1

    // A slot must name its first piece until all have compared, so winners are marked first.
    let won: UInt32 = 1 << 31
    pool.forEach(chunks: chunkCount) { i, _ in
      var uniques = 0
      var bytes: UInt64 = 0
      for j in chunks[i].firstSegment..<chunks[i].firstSegment + chunks[i].segmentCount {
        let segment = segments[j]
        reader.forEachPiece(segment) { piece, count in
          guard claims.isFirst(piece.pointee, input: segment.input) else { return }
          piece.pointee.place |= won
          uniques &+= 1
          bytes &+= (UInt64(count) &+ roundUp) & ~roundUp
        }
      }
      chunks[i].uniques = uniques
      chunks[i].bytes = bytes
    }
    var total: UInt64 = 0
    for i in 0..<chunkCount {
      let (uniques, bytes) = (chunks[i].uniques, chunks[i].bytes)
      chunks[i].uniques = uniqueCount
      chunks[i].bytes = total
      uniqueCount += uniques
      total += bytes
    }
    if uniqueCount == 0 { return }
    uniques = allocateZeroed(count: uniqueCount)
    nonisolated(unsafe) let table = uniques
    let isWide = total > UInt64(UInt32.max)
    let sharesTails = sharesTails && !isWide
    let usesIndices = isWide || sharesTails

    pool.forEach(chunks: chunkCount) { i, _ in
      var next = chunks[i].uniques
      var offset = chunks[i].bytes
      for j in chunks[i].firstSegment..<chunks[i].firstSegment + chunks[i].segmentCount {
        let segment = segments[j]
        let input = inputs[Int(segment.input)]
        reader.forEachPiece(segment) { piece, count in
          guard piece.pointee.place & won != 0 else { return }
          table[next] = UniquePiece(
            start: input.start + Int(piece.pointee.offset), offset: offset, count: UInt32(count),
            host: UInt32(next))
          claims.slots[Int(piece.pointee.place & ~won)] = usesIndices ? UInt64(next) : offset
          next &+= 1
          offset &+= (UInt64(count) &+ roundUp) & ~roundUp
        }
      }
    }
    if sharesTails { TailSharing.share(uniques, count: uniqueCount, pool: pool) }
    pool.forEach(chunks: chunkCount) { i, _ in
      for j in chunks[i].firstSegment..<chunks[i].firstSegment + chunks[i].segmentCount {
        reader.forEachPiece(segments[j]) { piece, _ in
          if piece.pointee.place == MergePiece.dead {
            piece.pointee.place = 0
            return
          }
          var value = claims.slots[Int(piece.pointee.place & ~won)]
          if sharesTails { value = table[Int(value)].offset }
          piece.pointee.place = UInt32(truncatingIfNeeded: value)
        }
      }
    }
    if isWide {
      for i in inputs.indices { inputs[i].uniques = uniques }
    }
    if sharesTails { uniqueCount = TailSharing.dropShared(uniques, count: uniqueCount) }
    let last = uniques[uniqueCount - 1]
    size = last.offset + UInt64(last.count)
  }

  /// Copies the pieces that lie in `range` of the merged section; `p` is where the range starts.
  static func write(
    _ uniques: UnsafeMutablePointer<UniquePiece>, count: Int, range: Range<Int>,
    to p: UnsafeMutableRawPointer
  ) {
    let later = (0..<count).partitioningIndex { uniques[$0].offset > UInt64(range.lowerBound) }
    // The piece before may reach into the range.
    for i in max(later - 1, 0)..<count {
      let piece = uniques[i]
      let start = Int(piece.offset)
      if start >= range.upperBound { return }
      let from = max(start, range.lowerBound)
      let to = min(start + Int(piece.count), range.upperBound)
      if from < to {
        memcpy(p + (from - range.lowerBound), piece.start + (from - start), to - from)
      }
    }
  }
}
