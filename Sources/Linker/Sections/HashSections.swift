import ELFFormat
import Platform

/// The hash tables through which a dynamic linker finds symbols by name.
///
/// `.gnu.hash`: four words (number of buckets, index of the first symbol that can be found, number
/// of words of the filter, shift), a Bloom filter of address-sized words, the buckets, and a hash for
/// each symbol, whose lowest bit marks the last of a bucket. The symbols of a bucket lie next to
/// each other, which is why the symbol table is sorted. There is no specification; this is what the
/// dynamic linkers of glibc, musl and Android read.
///
/// `.hash`: number of buckets and of chain entries, then both. Source: gABI, "Hash Table".
enum NameHash {
  /// The hash of `.gnu.hash`: h₀ = 5381, hᵢ₊₁ = 33hᵢ + byte, over the name up to the `@` of a version.
  ///
  /// Eight bytes a step, the last ones with zeros before them: so that one multiplication is in the
  /// dependent chain of each.
  ///
  /// - Returns: the hash, and the bytes of the name without its version.
  @inline(__always)
  static func gnu(_ name: ByteString) -> (hash: UInt32, count: Int) {
    var h: UInt32 = 5381
    var i = 0
    let start = name.start
    var hasVersion = false
    while i &+ 8 <= name.count {
      let word = UInt64(littleEndian: UnsafeRawPointer(start + i).loadUnaligned(as: UInt64.self))
      hasVersion = Self.hasVersion(word)
      if hasVersion { break }
      h = h &* 0x747c_7101 &+ eight(word)
      i &+= 8
    }
    let left = name.count &- i
    if !hasVersion, left > 0, i > 0 {
      // The eight bytes that end with the name, without those that were there before.
      let place = start + (i &+ left &- 8)
      let word =
        UInt64(littleEndian: UnsafeRawPointer(place).loadUnaligned(as: UInt64.self))
        & (UInt64.max &<< UInt64(64 &- 8 &* left))
      if !Self.hasVersion(word) {
        // 33 to the power of `left`.
        let power =
          (left & 1 != 0 ? 33 : 1) &* (left & 2 != 0 ? 1089 : 1)
          &* (left & 4 != 0 ? 1_185_921 : 1 as UInt32)
        return (h &* power &+ eight(word), name.count)
      }
    }
    while i < name.count {
      let byte = start[i]
      if byte == 0x40, i > 0 { break }
      h = h &* 33 &+ UInt32(byte)
      i &+= 1
    }
    return (h, i)
  }

  /// Whether one of eight bytes is an `@`.
  @inline(__always)
  private static func hasVersion(_ word: UInt64) -> Bool {
    let marks = word ^ 0x4040_4040_4040_4040
    return (marks &- 0x0101_0101_0101_0101) & ~marks & 0x8080_8080_8080_8080 != 0
  }

  /// Σ33⁷⁻ⁱaᵢ of eight bytes: of pairs 33a + b, pairs of pairs, and pairs of these, each in all
  /// lanes of the word at once.
  @inline(__always)
  private static func eight(_ word: UInt64) -> UInt32 {
    let bytes: UInt64 = 0x00ff_00ff_00ff_00ff
    let pairs = (word & bytes) &* 33 &+ (word >> 8 & bytes)
    let halves: UInt64 = 0x0000_ffff_0000_ffff
    let fours = (pairs & halves) &* 1089 &+ (pairs >> 16 & halves)
    // The upper half of the product is the lower half times 33⁴, and the upper one.
    return UInt32(truncatingIfNeeded: (fours &* (1_185_921 &<< 32 | 1)) >> 32)
  }

  /// The hash of `.hash` and of version names. Source: gABI, "Hash Table", `elf_hash`.
  @inline(__always)
  static func sysv(_ name: ByteString) -> UInt32 {
    var h: UInt32 = 0
    for byte in name.buffer {
      h = h << 4 &+ UInt32(byte)
      let top = h & 0xf000_0000
      h ^= top >> 24
      h &= ~top
    }
    return h
  }
}

/// How large `.gnu.hash` is made.
struct GNUHashShape {
  /// Symbols that can be found.
  var count: Int
  var bucketCount: Int
  /// A power of two.
  var filterWords: Int

  static let shift: UInt32 = 26

  /// Four symbols a bucket: a chain is contiguous, so longer ones cost less than more buckets would.
  /// Twelve to twenty-four filter bits a symbol, two of which are set: at most one lookup in forty
  /// for a name that isn't there gets past the filter.
  init(count: Int, wordSize: Int) {
    self.count = count
    bucketCount = max(1, count / 4) | 1
    let wanted = max(1, (count * 12 + wordSize * 8 - 1) / (wordSize * 8))
    var words = 1
    while words < wanted { words *= 2 }
    filterWords = words
  }

  /// Bytes.
  func size(wordSize: Int) -> Int { 16 + filterWords * wordSize + (bucketCount + count) * 4 }
}

extension Link {
  /// Size of `.gnu.hash` in bytes, once the dynamic symbols are known.
  func gnuHashSize<E: ELFEncoding>(_: E.Type) -> Int {
    dynamicSymbols.shape.size(wordSize: E.wordSize)
  }

  /// Size of `.hash` in bytes, once the dynamic symbols are known.
  func sysvHashSize<E: ELFEncoding>(_: E.Type) -> Int {
    8 + (sysvBucketCount + dynamicSymbols.count) * 4
  }

  private var sysvBucketCount: Int { dynamicSymbols.count | 1 }

  /// Writes `.gnu.hash`.
  func writeGNUHash<E: ELFEncoding>(_: E.Type, to p: UnsafeMutableRawPointer) {
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
        Self.writeFilter(E.self, table, to: filter)
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

  private static func writeFilter<E: ELFEncoding>(
    _: E.Type, _ table: DynamicSymbolTable, to p: UnsafeMutableRawPointer
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
  func writeSysvHash<E: ELFEncoding>(_: E.Type, to p: UnsafeMutableRawPointer) {
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
