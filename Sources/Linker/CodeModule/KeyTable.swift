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
  private let memory = HashMemory(of: "declarations")

  init() {
    mask = 0
    // One free slot, until `makeRoom` is called: every search ends there.
    slots = .allocate(capacity: 1)
    slots.initialize(to: Slot(key: 0, symbol: 0))
  }

  deinit { release(slots, mask + 1) }

  private func release(_ slots: UnsafeMutablePointer<Slot>, _ count: Int) {
    if count == 1 { slots.deallocate() } else { memory.release(slots, count) }
  }

  /// Where a search for a key starts. Keys are often counters or addresses, or have numbers of their
  /// own in some of their bits: they are spread, whichever bits differ, but eight neighbours stay
  /// together, as those are often used one after the other.
  @inline(__always)
  private static func hash(_ key: UInt64) -> Int {
    Int(truncatingIfNeeded: hashNumber(key >> 3) << 3 | key & 7)
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

  /// Makes sure that one key can be added.
  @inline(__always)
  func makeRoom() throws(ImageError) {
    if (used + 1) * 4 > (mask + 1) * 3 { try grow() }
  }

  /// Adds a key that is not there; there is room for it.
  func add(_ key: UInt64, _ symbol: SymbolIndex) {
    precondition(used < mask)
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

  private func grow() throws(ImageError) {
    let old = slots
    let count = mask + 1
    let newCount = max(count * 2, 1024)
    slots = try memory.allocate(newCount)
    mask = newCount - 1
    for i in 0..<count where old[i].symbol != 0 { slots[find(old[i].key)] = old[i] }
    release(old, count)
  }
}
