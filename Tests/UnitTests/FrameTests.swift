import ELFFormat
import Platform
import Testing

@testable import Linker

@Suite struct FrameTests {
  private func parse(_ bytes: [UInt8]) throws -> [FrameParser<ELF64Little>.Record] {
    let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: max(bytes.count, 1))
    for (i, byte) in bytes.enumerated() { copy[i] = byte }
    var parser = FrameParser<ELF64Little>(ByteString(start: copy, count: bytes.count))
    var records: [FrameParser<ELF64Little>.Record] = []
    while let record = try parser.next() { records.append(record) }
    return records
  }

  private func record(_ id: UInt32, _ rest: Int) -> [UInt8] {
    let length = UInt32(4 + rest)
    return (0..<4).map { UInt8(truncatingIfNeeded: length >> ($0 * 8)) }
      + (0..<4).map { UInt8(truncatingIfNeeded: id >> ($0 * 8)) }
      + [UInt8](repeating: 7, count: rest)
  }

  @Test func recordsBeforeAndBehindTerminators() throws {
    let bytes = record(0, 8) + record(20, 12) + [0, 0, 0, 0] + record(0, 8)
    let records = try parse(bytes)
    #expect(
      records == [
        .init(offset: 0, size: 16, isExtended: false, id: 0),
        .init(offset: 16, size: 20, isExtended: false, id: 20),
        .init(offset: 40, size: 16, isExtended: false, id: 0),
      ])
    #expect(records[0].isCIE && !records[1].isCIE)
    #expect(records[1].idOffset == 20)
    #expect(try parse([]).isEmpty)
    #expect(try parse([0, 0, 0, 0]).isEmpty)
    #expect(try parse(record(0, 8) + [UInt8](repeating: 0, count: 11)).count == 1)
  }

  @Test func longLengths() throws {
    let bytes: [UInt8] =
      [255, 255, 255, 255, 12, 0, 0, 0, 0, 0, 0, 0, 5, 0, 0, 0] + [UInt8](repeating: 1, count: 8)
    let records = try parse(bytes)
    #expect(records == [.init(offset: 0, size: 24, isExtended: true, id: 5)])
    #expect(records[0].idOffset == 12)
  }

  @Test(
    arguments: [
      [1, 0], [1, 0, 0, 0], [3, 0, 0, 0, 0, 0, 0, 0], [5, 0, 0, 0, 0, 0, 0, 0],
      [255, 255, 255, 255, 0, 0], [254, 255, 255, 255, 0, 0, 0, 0],
      [255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0, 0],
      [255, 255, 255, 255, 0, 0, 0, 0, 0, 0, 0, 0],
    ] as [[UInt8]])
  func brokenLengthsAreErrors(bytes: [UInt8]) {
    #expect(throws: InputError.self) { try parse(bytes) }
    #expect(throws: InputError.self) { try parse(record(0, 4) + bytes) }
  }

  @Test func indexIsSortedBySignedDistance() {
    var state: UInt64 = 7
    for count in [0, 1, 2, 300, 5000] {
      let distances = (0..<count).map { _ -> Int32 in
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        // A narrow range now and then, for equal ones and for digits that are all the same.
        return Int32(truncatingIfNeeded: count == 300 ? Int64(state >> 58) : Int64(state >> 32))
      }
      let entries = UnsafeMutablePointer<UInt64>.allocate(capacity: max(count, 1))
      defer { entries.deallocate() }
      for (i, distance) in distances.enumerated() {
        entries[i] = FrameHeaderSort.entry(UInt64(bitPattern: Int64(distance)), i)
      }
      FrameHeaderSort.sort(entries, count: count)
      let sorted = (0..<count).map {
        (
          Int32(bitPattern: FrameHeaderSort.distance(entries[$0])),
          FrameHeaderSort.index(entries[$0])
        )
      }
      let expected = distances.enumerated().map { ($0.element, $0.offset) }.sorted { $0 < $1 }
      #expect(sorted.elementsEqual(expected, by: ==))
    }
  }

  @Test func recordsStaySmall() {
    #expect(MemoryLayout<Frame>.stride == 40)
    #expect(MemoryLayout<MergePiece>.stride == 8)
    #expect(MemoryLayout<UniquePiece>.stride == 24)
  }
}
