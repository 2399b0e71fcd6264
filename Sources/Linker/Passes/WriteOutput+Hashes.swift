import ELFFormat
import Platform

extension WriteOutput {
  /// Writes `.gnu.hash`.
  func writeGNUHash(to p: UnsafeMutableRawPointer) {
    let table = dynamicSymbols
    let shape = table.shape
    let first = UInt32(table.firstHashed)
    E.store32(UInt32(shape.bucketCount), p)
    E.store32(first, p + 4)
    E.store32(UInt32(shape.filterWords), p + 8)
    E.store32(GNUHashShape.shift, p + 12)
    nonisolated(unsafe) let filter = p + 16
    nonisolated(unsafe) let buckets = filter + shape.filterWords * E.wordSize
    nonisolated(unsafe) let chains = buckets + shape.bucketCount * 4
    let grain = 1 << 13
    let chunks = (shape.bucketCount + grain - 1) / grain
    // The filter's words are hit at random, so one worker does them all while others do buckets.
    pool.forEach(chunks: chunks + 1) { chunk, _ in
      if chunk == 0 {
        Self.writeFilter(table, to: filter)
        return
      }
      for b in (chunk - 1) * grain..<min(shape.bucketCount, chunk * grain) {
        let start = b == 0 ? 0 : table.bucketEnds[b - 1]
        let end = table.bucketEnds[b]
        E.store32(start == end ? 0 : first &+ start, buckets + b * 4)
        for i in Int(start)..<Int(end) {
          let last: UInt32 = i == Int(end) - 1 ? 1 : 0
          E.store32(table.hashes[i] & ~1 | last, chains + i * 4)
        }
      }
    }
  }

  private static func writeFilter(
    _ table: DynamicSymbolTable, to p: UnsafeMutableRawPointer
  ) {
    let words = table.shape.filterWords
    for i in 0..<words { E.storeWord(0, p + i &* E.wordSize) }
    let bits = UInt32(E.wordSize * 8)
    let mask = UInt32(words - 1)
    for i in 0..<table.shape.count {
      let hash = table.hashes[i]
      let place = p + Int(hash / bits & mask) &* E.wordSize
      let one: UInt64 = 1
      let two = one << UInt64(hash % bits) | one << UInt64((hash >> GNUHashShape.shift) % bits)
      E.storeWord(E.loadWord(place) | two, place)
    }
  }

  /// Writes `.hash`, which has all dynamic symbols, references too.
  func writeSysvHash(to p: UnsafeMutableRawPointer) {
    let table = dynamicSymbols
    let bucketCount = sysvBucketCount
    E.store32(UInt32(bucketCount), p)
    E.store32(UInt32(table.count), p + 4)
    let buckets = p + 8
    nonisolated(unsafe) let chains = buckets + bucketCount * 4
    for i in 0..<bucketCount { E.store32(0, buckets + i &* 4) }
    E.store32(0, chains)
    // The chain's words hold the bucket numbers until they are linked.
    let divisor = UInt32(bucketCount)
    pool.forEachRange(table.entryCount, grain: 1 << 12) { [symbols] range, _ in
      for i in range {
        let entry = table.entries[i]
        let piece = table.namePieces[i]
        var name = ByteString(start: piece.start, count: Int(piece.count))
        if piece.count == 0 {
          name = symbols[entry.symbol].name
          name = name[0..<NameHash.gnu(name).count]
        }
        E.store32(NameHash.sysv(name) % divisor, chains + Int(entry.index) &* 4)
      }
    }
    for i in stride(from: table.count - 1, to: 0, by: -1) {
      let bucket = buckets + Int(E.load32(chains + i &* 4)) &* 4
      E.store32(E.load32(bucket), chains + i &* 4)
      E.store32(UInt32(i), bucket)
    }
  }
}
