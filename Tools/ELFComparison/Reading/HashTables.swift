import Platform

/// The SysV symbol hash (gABI, "Hash Table Section"); version records use it too.
func sysvHash(_ name: ByteString) -> UInt32 {
  var h: UInt32 = 0
  for byte in name.buffer {
    h = (h << 4) &+ UInt32(byte)
    let g = h & 0xf000_0000
    if g != 0 { h ^= g >> 24 }
    h &= ~g
  }
  return h
}

/// The hash of `DT_GNU_HASH`: h * 33 + c from 5381.
func gnuHash(_ name: ByteString) -> UInt32 {
  var h: UInt32 = 5381
  for byte in name.buffer { h = h &* 33 &+ UInt32(byte) }
  return h
}

/// `DT_GNU_HASH` as the loader walks it: a bloom filter, buckets of first indices, chains whose
/// last hash has its low bit set.
struct GNUHashTable {
  let view: ByteView
  let is64: Bool
  let bucketCount: Int
  let firstSymbol: Int
  let bloomCount: Int
  let bloomShift: UInt32

  private var bloomSize: Int { bloomCount * (is64 ? 8 : 4) }
  private var buckets: Int { 16 + bloomSize }
  private var chains: Int { buckets + bucketCount * 4 }

  func bucket(_ i: Int) -> Int? { view.u32(buckets + i * 4).map(Int.init) }

  /// The chain word of a symbol: its hash with the end mark in bit 0.
  func chain(_ symbol: Int) -> UInt32? {
    symbol < firstSymbol ? nil : view.u32(chains + (symbol - firstSymbol) * 4)
  }

  /// One past the last symbol that any chain reaches.
  var symbolCount: Int {
    var last = 0
    for i in 0..<bucketCount { last = max(last, bucket(i) ?? 0) }
    guard last >= firstSymbol, last != 0 else { return firstSymbol }
    while let word = chain(last), word & 1 == 0 { last += 1 }
    return last + 1
  }

  /// Every index the loader would visit for `name` whose hash fits; empty when the bloom filter
  /// says no.
  func candidates(_ name: ByteString) -> [Int] {
    let hash = gnuHash(name)
    let bits: UInt32 = is64 ? 64 : 32
    guard bloomCount > 0, bucketCount > 0 else { return [] }
    let wordIndex = Int((hash / bits) % UInt32(clamping: bloomCount))
    guard let filter = view.word(16 + wordIndex * (is64 ? 8 : 4), is64: is64) else { return [] }
    let second = bloomShift < 32 ? hash >> bloomShift : 0
    guard filter >> UInt64(hash % bits) & 1 != 0, filter >> UInt64(second % bits) & 1 != 0 else {
      return []
    }
    guard var index = bucket(Int(hash % UInt32(bucketCount))), index != 0 else { return [] }
    var found: [Int] = []
    while let word = chain(index) {
      if word | 1 == hash | 1 { found.append(index) }
      if word & 1 != 0 || found.count > 64 { break }
      index += 1
    }
    return found
  }
}

/// `DT_HASH`: buckets and chains of symbol indices.
struct SysVHashTable {
  let view: ByteView
  let bucketCount: Int
  let chainCount: Int

  func bucket(_ i: Int) -> Int? { view.u32(8 + i * 4).map(Int.init) }
  func chain(_ i: Int) -> Int? { view.u32(8 + (bucketCount + i) * 4).map(Int.init) }

  /// Every index on the chain of `name`; the walk is cut where it cycles.
  func candidates(_ name: ByteString) -> [Int] {
    guard bucketCount > 0 else { return [] }
    var found: [Int] = []
    var index = bucket(Int(sysvHash(name) % UInt32(clamping: bucketCount))) ?? 0
    var steps = 0
    while index != 0, steps <= min(chainCount, 4096) {
      found.append(index)
      index = chain(index) ?? 0
      steps += 1
    }
    return found
  }
}

extension ELFFile {
  /// The GNU hash table at `address`; `nil` when its header or buckets are not in the file.
  func gnuHashTable(at address: UInt64) -> GNUHashTable? {
    guard let view = bytes(from: address), let buckets = view.u32(0), let first = view.u32(4),
      let bloom = view.u32(8), let shift = view.u32(12)
    else { return nil }
    let table = GNUHashTable(
      view: view, is64: is64, bucketCount: Int(buckets), firstSymbol: Int(first),
      bloomCount: Int(bloom), bloomShift: shift)
    let size = 16 + table.bloomCount * wordSize + table.bucketCount * 4
    return size <= view.count ? table : nil
  }

  func sysvHashTable(at address: UInt64) -> SysVHashTable? {
    guard let view = bytes(from: address), let buckets = view.u32(0), let chains = view.u32(4)
    else { return nil }
    let table = SysVHashTable(view: view, bucketCount: Int(buckets), chainCount: Int(chains))
    return 8 + (table.bucketCount + table.chainCount) * 4 <= view.count ? table : nil
  }
}
