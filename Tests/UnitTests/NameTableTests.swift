import Platform
import Testing

@testable import Linker

@Suite struct NameTableTests {
  @Test func spansCoverAllItemsOnce() {
    let counts = [0, 3, 5, 100, 0, 0, 9, 8, 1, 41, 20, 21, 0]
    let spans = FileSpan.spans(files: 0..<counts.count, grain: 10) { counts[$0] }
    var seen: [[Int]] = counts.map { _ in [] }
    var order: [(Int, Int)] = []
    for span in spans {
      #expect(!span.files.isEmpty)
      for file in span.files {
        for item in span.items(counts[file]) {
          seen[file].append(item)
          order.append((file, item))
        }
      }
    }
    for (file, count) in counts.enumerated() { #expect(seen[file] == Array(0..<count)) }
    #expect(zip(order, order.dropFirst()).allSatisfy { $0 < $1 })
    // Every file is in some span, and its parts begin with item 0.
    #expect(Set(spans.flatMap { Array($0.files) }).count == counts.count)
    #expect(FileSpan.spans(files: 2..<2, grain: 10) { _ in 0 }.isEmpty)
  }

  /// Symbols are numbered in the order in which names come first, whoever looks them up when.
  @Test(arguments: [1, 2, 8]) func numbersFollowFirstOccurrences(threads: Int) {
    let pool = WorkerPool(count: threads)
    let symbols = Table<SymbolIndex, Symbol>(capacity: 1 << 20, of: "symbols")
    var table = NameTable(capacity: 16)
    var numbers: [String: UInt32] = [:]
    var random = 1
    for batch in 0..<3 {
      let words = (0..<30_000).map { _ in
        random = random &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        return "name\(random >> 40 & 0x1fff + batch)"
      }
      nonisolated(unsafe) let room = UnsafeMutableBufferPointer<NameTable.Occurrence>.allocate(
        capacity: words.count)
      defer { room.deallocate() }
      let names = words.map { ByteString(copying: $0) }
      let units = stride(from: 0, to: words.count, by: 777).map {
        NameTable.Unit(first: $0, end: min(words.count, $0 + 777))
      }
      nonisolated(unsafe) var found = [UInt32](repeating: 0, count: words.count)
      found.withUnsafeMutableBufferPointer { buffer in
        nonisolated(unsafe) let found = buffer
        table.intern(room, units: units, symbols: symbols, pool: pool) { unit in
          for i in units[unit].range {
            room[i] = .init(start: names[i].start, count: UInt32(names[i].count), slot: 0)
          }
        } use: { unit in
          for i in units[unit].range { found[i] = room[i].slot }
        }
      }
      for (word, symbol) in zip(words, found) {
        if numbers[word] == nil { numbers[word] = UInt32(numbers.count) }
        #expect(symbol == numbers[word]!)
      }
      #expect(symbols.count == numbers.count)
    }
    for (word, number) in numbers {
      #expect(table.find(ByteString(copying: word), in: symbols)?.raw == number)
      #expect(symbols[SymbolIndex(raw: number)].name == ByteString(copying: word))
    }
  }
}
