import CSystem
import Platform
import Synchronization

/// Name → symbol, for all files at once: every name is hashed once in a link.
///
/// Open addressing over 8-byte slots: the hash's upper half and, in the lower half, who has the
/// name: a symbol's index, or while a batch runs, the batch's occurrence that came first. Workers
/// claim slots by compare-and-swap and lower the occurrence atomically, so that which occurrence
/// names a new symbol, and with it every symbol's index, does not depend on timing. Probing is done
/// for sixteen names at a time with the slots prefetched: the table is larger than the caches, and
/// waiting for it one name at a time costs twice as much. `HashIndex`, for one thread, could do neither.
struct NameTable {
  /// A name in a batch and where its symbol's index goes.
  struct Occurrence: BitwiseCopyable {
    var start: UnsafePointer<UInt8>
    var count: UInt32
    /// During the batch the slot; marked, and later the symbol's index, where the name came first.
    var slot: UInt32
  }

  /// Occurrences of a batch, the share of one worker.
  struct Unit: BitwiseCopyable {
    var first: Int
    var end: Int
    @inline(__always) var range: Range<Int> { first..<end }
  }

  private var slots: UnsafeMutablePointer<UInt64>
  private var mask: Int
  private var capacity: Int
  private var used = 0
  private let probeLimit: Int
  private let flood: UnsafeMutablePointer<UInt32>

  private static let empty: UInt64 = 0

  /// - Parameter probeLimit: slots that a search looks at before it gives up; for tests.
  init(capacity wanted: Int, probeLimit: Int = Platform.probeLimit) {
    self.probeLimit = probeLimit
    flood = allocateZeroed(count: 1)
    capacity = Self.roundUp(max(wanted, 512))
    mask = capacity - 1
    slots = Self.makeSlots(capacity)
  }

  /// Slots are touched in no order, so nearly every page of them is: large ones, if there are many.
  private static func makeSlots(_ capacity: Int) -> UnsafeMutablePointer<UInt64> {
    let start = reserveAddressSpace(bytes: capacity * 8)
    expectWrites(start, bytes: capacity * 8)
    return start.bindMemory(to: UInt64.self, capacity: capacity)
  }

  private static func roundUp(_ n: Int) -> Int {
    var capacity = 512
    while capacity * 3 / 4 < n { capacity *= 2 }
    return capacity
  }

  @inline(__always)
  private static func tag(_ hash: UInt64) -> UInt64 { hash & 0xffff_ffff_0000_0000 | 1 << 63 }

  /// Whether a search gave up: names have symbols of others, and the link must end with an error.
  var isFlooded: Bool { flood.pointee != 0 }

  /// The symbol of that name, if there is one. Not while a batch runs.
  func find(_ name: ByteString, in symbols: Table<SymbolIndex, Symbol>) -> SymbolIndex? {
    let hash = name.hash
    let tag = Self.tag(hash)
    var slot = Int(truncatingIfNeeded: hash) & mask
    while true {
      let word = slots[slot]
      if word == Self.empty { return nil }
      if word & 0xffff_ffff_0000_0000 == tag {
        let index = SymbolIndex(raw: UInt32(truncatingIfNeeded: word))
        if symbols[index].name == name { return index }
      }
      slot = (slot &+ 1) & mask
    }
  }

  /// Gives each occurrence its symbol, making symbols for new names.
  ///
  /// - Parameters:
  ///   - occurrences: names in input order; `slot` holds the symbol's index afterwards.
  ///   - units: the shares of workers: one after the other, all occurrences.
  ///   - list: fills a unit's occurrences with names, which are then looked up at once.
  ///   - use: takes a unit's symbols.
  mutating func intern(
    _ occurrences: UnsafeMutableBufferPointer<Occurrence>, units: [Unit],
    symbols: Table<SymbolIndex, Symbol>, pool: WorkerPool,
    list: @escaping @Sendable (_ unit: Int) -> Void,
    use: @escaping @Sendable (_ unit: Int) -> Void
  ) {
    let total = occurrences.count
    if total == 0 { return }
    makeRoom(for: total, symbols: symbols)
    nonisolated(unsafe) let slots = self.slots
    nonisolated(unsafe) let names = occurrences.baseAddress!
    let mask = self.mask
    let known = UInt32(symbols.count)
    let probeLimit = self.probeLimit
    nonisolated(unsafe) let flood = self.flood
    // Few names are done before another thread has woken up.
    func forEachUnit(_ body: @escaping @Sendable (_ unit: Int) -> Void) {
      if total <= 1 << 13 {
        for unit in units.indices { body(unit) }
      } else {
        pool.forEach(chunks: units.count) { unit, _ in body(unit) }
      }
    }

    forEachUnit { unit in
      list(unit)
      let end = units[unit].end
      var start = units[unit].first
      withUnsafeTemporaryAllocation(of: UInt64.self, capacity: 16) { hashes in
        while start < end {
          let n = min(16, end - start)
          for i in 0..<n {
            let name = names[start + i]
            let hash = hashBytes(name.start, Int(name.count))
            hashes[i] = hash
            weld_prefetch_write(slots + Int(truncatingIfNeeded: hash) & mask)
          }
          for i in 0..<n {
            names[start + i].slot = Self.claim(
              slots, mask, hashes[i], occurrence: start + i, names: names, known: known,
              symbols: symbols, probeLimit: probeLimit, flood: flood)
          }
          start += n
        }
      }
    }

    // An occurrence that its slot names is the first of its name and becomes a symbol.
    let ahead = 16
    let firsts = UnsafeMutablePointer<Int>.allocate(capacity: units.count + 1)
    defer { firsts.deallocate() }
    nonisolated(unsafe) let counts = firsts
    forEachUnit { unit in
      var n = 0
      let end = units[unit].end
      for i in units[unit].range {
        weld_prefetch(slots + Int(names[min(i &+ ahead, end &- 1)].slot))
        let slot = names[i].slot
        if UInt32(truncatingIfNeeded: slots[Int(slot)]) == known &+ UInt32(i) {
          names[i].slot = slot | Self.isFirst
          n += 1
        }
      }
      counts[unit] = n
    }
    var sum = 0
    for unit in units.indices {
      let n = firsts[unit]
      firsts[unit] = sum
      sum += n
    }
    used += sum
    let first = symbols.reserve(count: sum)
    symbols.expectWrites(to: first.int..<symbols.count)
    forEachUnit { unit in
      var index = first.raw &+ UInt32(truncatingIfNeeded: counts[unit])
      let end = units[unit].end
      for i in units[unit].range where names[i].slot & Self.isFirst != 0 {
        weld_prefetch_write(slots + Int(names[min(i &+ ahead, end &- 1)].slot & ~Self.isFirst))
        let slot = slots + Int(names[i].slot & ~Self.isFirst)
        let symbol = symbols.pointer(SymbolIndex(raw: index))
        symbol.pointee.nameStart = names[i].start
        symbol.pointee.nameCount = names[i].count
        symbol.pointee.file = .max
        symbol.pointee.atom = .none
        symbol.pointee.extra = .none
        slot.pointee = slot.pointee & 0xffff_ffff_0000_0000 | UInt64(index)
        names[i].slot = index | Self.isFirst
        index &+= 1
      }
    }
    forEachUnit { unit in
      for i in units[unit].range {
        let slot = names[i].slot
        names[i].slot =
          slot & Self.isFirst != 0
          ? slot & ~Self.isFirst : UInt32(truncatingIfNeeded: slots[Int(slot)])
      }
      use(unit)
    }
  }

  /// Marks the first occurrence of a name; slots and symbols have smaller numbers.
  private static var isFirst: UInt32 { 1 << 31 }

  @inline(__always)
  private static func claim(
    _ slots: UnsafeMutablePointer<UInt64>, _ mask: Int, _ hash: UInt64, occurrence: Int,
    names: UnsafeMutablePointer<Occurrence>, known: UInt32, symbols: Table<SymbolIndex, Symbol>,
    probeLimit: Int, flood: UnsafeMutablePointer<UInt32>
  ) -> UInt32 {
    var left = probeLimit
    let tag = tag(hash)
    let mine = tag | UInt64(known &+ UInt32(occurrence))
    let name = ByteString(start: names[occurrence].start, count: Int(names[occurrence].count))
    var slot = Int(truncatingIfNeeded: hash) & mask
    while true {
      let cell = atomicView(slots + slot)
      // Who sees a slot's word sees the name that it stands for, which its worker has just listed.
      var word = cell.pointee.load(ordering: .acquiring)
      if word == empty {
        let (done, current) = cell.pointee.compareExchange(
          expected: empty, desired: mine, ordering: .acquiringAndReleasing)
        if done { return UInt32(slot) }
        word = current
      }
      if word & 0xffff_ffff_0000_0000 == tag {
        var holder = UInt32(truncatingIfNeeded: word)
        let other =
          holder < known
          ? symbols[SymbolIndex(raw: holder)].name
          : ByteString(
            start: names[Int(holder &- known)].start, count: Int(names[Int(holder &- known)].count))
        if other == name {
          // The slot keeps its name, but may come to name an earlier occurrence.
          while holder >= known, mine < word {
            let (done, current) = cell.pointee.weakCompareExchange(
              expected: word, desired: mine, ordering: .acquiringAndReleasing)
            if done { break }
            word = current
            holder = UInt32(truncatingIfNeeded: word)
          }
          return UInt32(slot)
        }
      }
      left &-= 1
      if left <= 0 {
        // Any symbol will do: nobody comes to see it.
        atomicOr(flood, 1)
        return UInt32(slot)
      }
      slot = (slot &+ 1) & mask
    }
  }

  /// Grows the table so that `more` new names keep it at most three quarters full.
  private mutating func makeRoom(for more: Int, symbols: Table<SymbolIndex, Symbol>) {
    let wanted = Self.roundUp(used + more)
    if wanted <= capacity { return }
    let old = slots
    let oldCapacity = capacity
    precondition(wanted <= Int(Self.isFirst), "names of more than 2³¹ slots")
    capacity = wanted
    mask = capacity - 1
    slots = Self.makeSlots(capacity)
    if used > 0 {
      for i in 0..<oldCapacity where old[i] != Self.empty {
        let name = symbols[SymbolIndex(raw: UInt32(truncatingIfNeeded: old[i]))].name
        var slot = Int(truncatingIfNeeded: name.hash) & mask
        while slots[slot] != Self.empty { slot = (slot &+ 1) & mask }
        slots[slot] = old[i]
      }
    }
    releaseAddressSpace(old, bytes: oldCapacity * 8)
  }
}
