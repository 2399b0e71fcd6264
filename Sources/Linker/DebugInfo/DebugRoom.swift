/// Free room within a range of bytes, found by size.
///
/// Neighbours are joined, and extents are listed by size class (four to each power of two), so that
/// taking and giving back cost the same however many there are.
struct DebugRoom {
  private struct Extent {
    var length: UInt32
    /// Index in the list of its class.
    var position: Int
  }
  private var byStart: [UInt32: Extent] = [:]
  private var startByEnd: [UInt32: UInt32] = [:]
  private var lists: [[UInt32]] = []
  /// A bit for each class that is not empty.
  private var occupied: (low: UInt64, high: UInt64) = (0, 0)

  private static var classCount: Int { 128 }

  /// The class of a length: all extents of a higher one are longer.
  private static func sizeClass(_ length: UInt32) -> Int {
    if length < 4 { return Int(length) }
    let exponent = 31 - length.leadingZeroBitCount
    return (exponent - 1) * 4 + Int((length >> (exponent - 2)) & 3)
  }

  /// Takes `length` bytes off the front of an extent; nil if none is known to be long enough.
  mutating func take(_ length: UInt32) -> UInt32? {
    precondition(length > 0)
    if lists.isEmpty { return nil }
    let wanted = Self.sizeClass(length)
    // In its own class only some are long enough: look at a few.
    var found = lists[wanted].suffix(8).last { byStart[$0]!.length >= length }
    if found == nil, let next = firstOccupied(after: wanted) { found = lists[next].last }
    guard let start = found else { return nil }
    let extent = remove(start)
    if extent > length { insert(start + length, extent - length) }
    return start
  }

  /// Gives back a range; returns the extent that it is now part of.
  @discardableResult
  mutating func give(_ start: UInt32, _ length: UInt32) -> Range<UInt32> {
    precondition(length > 0)
    var lower = start
    var upper = start + length
    if let before = startByEnd[lower] {
      _ = remove(before)
      lower = before
    }
    if byStart[upper] != nil { upper += remove(upper) }
    insert(lower, upper - lower)
    return lower..<upper
  }

  /// Makes an extent that begins at `start` no longer free room.
  mutating func drop(at start: UInt32) { _ = remove(start) }

  /// The length of the extent that begins at `start`, if one does.
  func length(at start: UInt32) -> UInt32? { byStart[start]?.length }

  /// All extents in ascending order: for checks.
  var extents: [Range<UInt32>] {
    byStart.map { $0.key..<$0.key + $0.value.length }.sorted { $0.lowerBound < $1.lowerBound }
  }

  private mutating func insert(_ start: UInt32, _ length: UInt32) {
    if lists.isEmpty { lists = Array(repeating: [], count: Self.classCount) }
    let index = Self.sizeClass(length)
    byStart[start] = Extent(length: length, position: lists[index].count)
    startByEnd[start + length] = start
    lists[index].append(start)
    mark(index, true)
  }

  /// Returns the length of what was there.
  private mutating func remove(_ start: UInt32) -> UInt32 {
    let extent = byStart.removeValue(forKey: start)!
    startByEnd[start + extent.length] = nil
    let index = Self.sizeClass(extent.length)
    let last = lists[index].removeLast()
    if last != start {
      lists[index][extent.position] = last
      byStart[last]!.position = extent.position
    }
    if lists[index].isEmpty { mark(index, false) }
    return extent.length
  }

  private mutating func mark(_ index: Int, _ isOccupied: Bool) {
    let bit = UInt64(1) << (index & 63)
    if index < 64 {
      occupied.low = isOccupied ? occupied.low | bit : occupied.low & ~bit
    } else {
      occupied.high = isOccupied ? occupied.high | bit : occupied.high & ~bit
    }
  }

  private func firstOccupied(after index: Int) -> Int? {
    let first = index + 1
    // Shifting by the width or more gives zero.
    let low = first < 64 ? (occupied.low >> first) << first : 0
    if low != 0 { return low.trailingZeroBitCount }
    let high = first <= 64 ? occupied.high : (occupied.high >> (first - 64)) << (first - 64)
    return high == 0 ? nil : 64 + high.trailingZeroBitCount
  }
}
