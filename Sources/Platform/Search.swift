extension RandomAccessCollection where Index == Int {
  /// The first index whose element `belongsBehind`, where all elements behind it do, too; `endIndex` if
  /// none does. Looks at as many elements as the count has binary digits.
  @inlinable
  @inline(__always)
  public func partitioningIndex(where belongsBehind: (Element) -> Bool) -> Int {
    var low = startIndex
    var high = endIndex
    while low < high {
      let middle = low &+ (high &- low) &>> 1
      if belongsBehind(self[middle]) { high = middle } else { low = middle &+ 1 }
    }
    return low
  }
}

extension RandomAccessCollection where Index == Int, Element == Range<UInt64> {
  /// The index of the range that holds `value`, among ranges in ascending order that do not overlap.
  @inlinable
  @inline(__always)
  public func index(holding value: UInt64) -> Int? {
    let index = partitioningIndex { $0.upperBound > value }
    return index < endIndex && self[index].contains(value) ? index : nil
  }
}
