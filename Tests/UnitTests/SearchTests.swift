import Platform
import Testing

/// Binary search, and the index that finds elements by hashes.
@Suite struct SearchTests {
  @Test(arguments: 0..<20) func partitions(count: Int) {
    let odd = (0..<count).map { $0 * 2 + 1 }
    for value in 0...count * 2 + 1 {
      let index = odd.partitioningIndex { $0 >= value }
      #expect(index == odd.filter { $0 < value }.count)
      #expect(
        odd[...].dropFirst(count / 2).partitioningIndex { $0 >= value } == max(index, count / 2))
    }
  }

  @Test func findsTheRangeOfANumber() {
    let ranges: [Range<UInt64>] = [2..<4, 4..<5, 7..<9]
    let found = (0..<10 as Range<UInt64>).map { ranges.index(holding: $0) }
    #expect(found == [nil, nil, 0, 0, 1, nil, nil, 2, 2, nil])
    #expect([Range<UInt64>]().index(holding: 0) == nil)
  }

  /// Elements whose hashes agree in their upper half, in their lower half, and in both.
  @Test func findsElementsByHashes() {
    let keys = (0..<3000 as Range<UInt64>).map { ($0 % 50) << 32 | $0 / 100 << 3 }
    func hash(_ number: Int) -> UInt64 { keys[number] & ~0xf }
    var index = HashIndex(count: 1)
    defer { index.deallocate() }
    for (number, key) in keys.enumerated() {
      index.makeRoom(hash: hash)
      switch index.search(key & ~0xf, where: { keys[$0] == key }) {
      case .found(let other): #expect(keys[other] == key && other == keys.firstIndex(of: key))
      case .free(let slot):
        #expect(keys.firstIndex(of: key) == number)
        index.insert(number, key & ~0xf, at: slot)
      case .flooded: Issue.record("a search gave up")
      }
    }
    for key in keys {
      guard case .found(let number) = index.search(key & ~0xf, where: { keys[$0] == key }) else {
        Issue.record("\(key) is not found")
        continue
      }
      #expect(number == keys.firstIndex(of: key))
    }
    guard case .free = index.search(1 << 60, where: { _ in false }) else {
      Issue.record("an element is found that is not there")
      return
    }
  }

  @Test func searchesEndAtTheirLimit() {
    var index = HashIndex(count: 8)
    defer { index.deallocate() }
    for number in 0..<8 {
      guard case .free(let slot) = index.search(7, where: { _ in false }) else { return }
      index.insert(number, 7, at: slot)
    }
    guard case .flooded = index.search(7, limit: 8, where: { _ in false }),
      case .free = index.search(7, limit: 9, where: { _ in false }),
      case .found(7) = index.search(7, limit: 8, where: { $0 == 7 })
    else {
      Issue.record("a search looks at another number of slots than it may")
      return
    }
  }
}
