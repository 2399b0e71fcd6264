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

extension ReadsTables {
  /// Size of `.gnu.hash` in bytes, once the dynamic symbols are known.
  func gnuHashSize<E: ELFEncoding>(_: E.Type) -> Int {
    dynamicSymbols.shape.size(wordSize: E.wordSize)
  }

  /// Size of `.hash` in bytes, once the dynamic symbols are known.
  var sysvHashSize: Int {
    8 + (sysvBucketCount + dynamicSymbols.count) * 4
  }

  var sysvBucketCount: Int { dynamicSymbols.count | 1 }
}
