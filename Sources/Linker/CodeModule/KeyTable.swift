import Platform

/// Declarations by the compiler's keys: open addressing, two words per declaration. Every update
/// begins with a look into it.
final class KeyTable {
  private struct Slot: BitwiseCopyable {
    var key: UInt64
    /// Raw index; 0 for a free slot: symbol 0 is nobody.
    var symbol: UInt32
  }
  private var slots: UnsafeMutablePointer<Slot>
  private var mask: Int
  private var used = 0

  init() {
    mask = 1023
    slots = Self.allocate(mask + 1)
  }

  deinit { Self.release(slots, mask + 1) }

  private static func allocate(_ count: Int) -> UnsafeMutablePointer<Slot> {
    let bytes = count * MemoryLayout<Slot>.stride
    let start = reserveAddressSpace(bytes: bytes)
    preferLargePages(start, bytes: bytes)
    return start.bindMemory(to: Slot.self, capacity: count)
  }

  private static func release(_ slots: UnsafeMutablePointer<Slot>, _ count: Int) {
    releaseAddressSpace(slots, bytes: count * MemoryLayout<Slot>.stride)
  }

  /// Where a search for a key starts. Keys are often counters or addresses: they are spread, but
  /// eight neighbours stay together, as those are often used one after the other.
  @inline(__always)
  private static func hash(_ key: UInt64) -> Int {
    let block = (key >> 3 &* 0x9e37_79b9_7f4a_7c15) >> 20
    return Int(truncatingIfNeeded: block << 3 | key & 7)
  }

  /// The key's slot, or the free one that a search for it ends at.
  @inline(__always)
  private func find(_ key: UInt64) -> Int {
    var slot = Self.hash(key) & mask
    while slots[slot].symbol != 0, slots[slot].key != key { slot = (slot &+ 1) & mask }
    return slot
  }

  subscript(key: UInt64) -> SymbolIndex? {
    let symbol = slots[find(key)].symbol
    return symbol == 0 ? nil : SymbolIndex(raw: symbol)
  }

  /// Adds a key that is not there.
  func add(_ key: UInt64, _ symbol: SymbolIndex) {
    if used * 4 >= (mask + 1) * 3 { grow() }
    slots[find(key)] = Slot(key: key, symbol: symbol.raw)
    used += 1
  }

  func remove(_ key: UInt64) {
    var slot = find(key)
    if slots[slot].symbol == 0 { return }
    used -= 1
    // Close the gap, so that a search never meets a grave.
    var next = (slot &+ 1) & mask
    while slots[next].symbol != 0 {
      let home = Self.hash(slots[next].key) & mask
      if (next &- home) & mask >= (next &- slot) & mask {
        slots[slot] = slots[next]
        slot = next
      }
      next = (next &+ 1) & mask
    }
    slots[slot].symbol = 0
  }

  private func grow() {
    let old = slots
    let count = mask + 1
    mask = count * 2 - 1
    slots = Self.allocate(mask + 1)
    for i in 0..<count where old[i].symbol != 0 { slots[find(old[i].key)] = old[i] }
    Self.release(old, count)
  }
}
