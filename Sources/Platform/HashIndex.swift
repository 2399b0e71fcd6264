/// The numbers of elements that lie elsewhere, by the hashes of their keys; for one thread.
///
/// Open addressing over 8-byte slots: the upper half of a hash, and below it the element's number plus
/// one; 0 is a free slot. What a key is only the caller knows, who compares those whose hashes agree.
///
/// Safety: the memory belongs to all copies; it lives until `deallocate`, or as what `allocateZeroed`
/// returns.
@frozen
public struct HashIndex: @unchecked Sendable {
  /// How a search ends.
  public enum Search {
    /// At the element.
    case found(Int)
    /// At the free slot where it would have been.
    case free(slot: Int)
    /// At its limit, as a flood of equal hashes makes it: `probeLimit`.
    case flooded
  }

  @usableFromInline var slots: UnsafeMutablePointer<UInt64>
  @usableFromInline var mask: Int
  @usableFromInline var used = 0

  /// - Parameter count: of elements; half of the slots stay free, and no room need be made for them.
  public init(count: Int) {
    var capacity = 2
    while capacity < count * 2 { capacity *= 2 }
    slots = allocateZeroed(count: capacity)
    mask = capacity - 1
  }

  public func deallocate() { Platform.deallocate(zeroed: slots, count: mask + 1) }

  /// Looks for an element.
  ///
  /// - Parameters:
  ///   - limit: slots to look at before giving up.
  ///   - isSame: whether the element of that number has the key.
  @inlinable
  @inline(__always)
  public func search(
    _ hash: UInt64, limit: Int = probeLimit, where isSame: (Int) -> Bool
  ) -> Search {
    var left = limit
    var slot = Int(truncatingIfNeeded: hash) & mask
    while true {
      let word = slots[slot]
      if word == 0 { return .free(slot: slot) }
      if (word ^ hash) >> 32 == 0 {
        let number = Int(truncatingIfNeeded: word & 0xffff_ffff) &- 1
        if isSame(number) { return .found(number) }
      }
      left &-= 1
      if left <= 0 { return .flooded }
      slot = (slot &+ 1) & mask
    }
  }

  /// Notes a new element.
  ///
  /// - Parameters:
  ///   - number: below 2³² - 1.
  ///   - slot: where the search for it ended; none has been filled since.
  @inlinable
  @inline(__always)
  public mutating func insert(_ number: Int, _ hash: UInt64, at slot: Int) {
    assert(slots[slot] == 0 && used < mask)
    slots[slot] = hash & 0xffff_ffff_0000_0000 | UInt64(number &+ 1)
    used += 1
  }

  /// Makes sure that a quarter of the slots stays free when an element is added. Slots that a search
  /// ended at are no longer good.
  ///
  /// - Parameter hash: of the element of that number: a slot has only half of it.
  @inlinable
  @inline(__always)
  public mutating func makeRoom(hash: (Int) -> UInt64) {
    if (used + 1) * 4 > (mask + 1) * 3 { grow(hash) }
  }

  @inlinable
  @inline(never)
  mutating func grow(_ hash: (Int) -> UInt64) {
    let old = self
    slots = allocateZeroed(count: (old.mask + 1) * 2)
    mask = old.mask * 2 + 1
    for i in 0...old.mask where old.slots[i] != 0 {
      var slot = Int(truncatingIfNeeded: hash(Int(old.slots[i] & 0xffff_ffff) - 1)) & mask
      while slots[slot] != 0 { slot = (slot &+ 1) & mask }
      slots[slot] = old.slots[i]
    }
    old.deallocate()
  }
}
