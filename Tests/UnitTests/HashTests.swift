import Platform
import ScriptParsing
import Testing

@testable import Linker

/// Hashes of what inputs hold, and tables that are given more than chance would put in one place.
@Suite struct HashTests {
  private func name(_ bytes: [UInt8]) -> ByteString {
    let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count)
    copy.initialize(from: bytes, count: bytes.count)
    return ByteString(start: copy, count: bytes.count)
  }

  private func digits(_ number: Int) -> [UInt8] {
    Array(String(1_000_000_000_000_000 + number).utf8)
  }

  /// A block that is the hash's own constant made its product 0, and everything before it forgotten.
  @Test func noBlockMakesTheHashForget() {
    let block: [UInt8] = [0x93, 0xfd, 0x59, 0x66, 0xb8, 0xfe, 0xe8, 0xd6]
    let tail = [UInt8](repeating: 65, count: 16)
    for block in [block, [UInt8](repeating: 0, count: 8), [UInt8](repeating: 255, count: 8)] {
      let hashes = Set((0..<1000).map { name(digits($0) + block + tail).hash })
      #expect(hashes.count == 1000)
    }
  }

  /// Names of one byte in all lengths, and numbers at either end of a name.
  @Test func differentNamesHaveDifferentHashes() {
    var names = (0..<300).map { [UInt8](repeating: 0, count: $0) }
    names += (1..<300).map { [UInt8](repeating: 97, count: $0) }
    names += (0..<3000).map { digits($0) + Array("suffix of the name".utf8) }
    names += (0..<3000).map { Array("prefix of the name".utf8) + digits($0) }
    #expect(Set(names.map { name($0).hash }).count == names.count)
    // Slots are chosen by the lower bits, tags by the upper ones.
    #expect(Set(names.map { name($0).hash & 0xfff }).count > 2000)
    #expect(Set(names.map { name($0).hash >> 52 }).count > 2000)
  }

  /// Changes of an early number cannot be taken back by a later one.
  @Test func sequencesOfNumbersHaveDifferentHashes() {
    let top: UInt64 = 1 << 63
    var hashes: Set<UInt64> = []
    for bits in 0..<1024 as Range<UInt64> {
      var value = hashNumber(7)
      for i in 0..<10 as Range<UInt64> { value = hash(value, followedBy: bits >> i & 1 * top) }
      hashes.insert(value)
    }
    #expect(hashes.count == 1024)
  }

  @Test func keysThatDifferInOneFieldAreSpread() {
    for shift in [0, 3, 20, 32, 40, 48] as [UInt64] {
      let slots = Set((0..<1024 as Range<UInt64>).map { hashNumber($0 << shift) & 0xffff })
      #expect(slots.count > 900)
    }
  }

  /// Names of one place end the search, and what was found until then is in order.
  @Test(arguments: [1, 4]) func symbolTableGivesUp(threads: Int) {
    let symbols = Table<SymbolIndex, Symbol>(capacity: 1 << 20, of: "symbols")
    let names = (0..<20_000).map { name(digits($0)) }
    nonisolated(unsafe) let room = UnsafeMutableBufferPointer<NameTable.Occurrence>.allocate(
      capacity: names.count)
    defer { room.deallocate() }
    for (limit, isFlooded) in [(1, true), (probeLimit, false)] {
      var table = NameTable(capacity: 16, probeLimit: limit)
      let units = [NameTable.Unit(first: 0, end: 9000), NameTable.Unit(first: 9000, end: 20_000)]
      table.intern(room, units: units, symbols: symbols, pool: WorkerPool(count: threads)) { unit in
        for i in units[unit].range {
          room[i] = .init(start: names[i].start, count: UInt32(names[i].count), slot: 0)
        }
      } use: { unit in
        for i in units[unit].range { #expect(Int(room[i].slot) < symbols.count) }
      }
      #expect(table.isFlooded == isFlooded)
    }
  }

  @Test func scriptPatternsGiveUp() {
    let entries = (0..<5000).map {
      PatternMatcher.Entry(Pattern(unquoted: name(digits($0))), payload: UInt32($0))
    }
    #expect(PatternMatcher(entries, probeLimit: 1).isFlooded)
    let matcher = PatternMatcher(entries)
    #expect(!matcher.isFlooded)
    #expect(matcher.match(name(digits(77))) == 77)
  }
}
