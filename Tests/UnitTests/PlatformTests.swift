import Platform
import Synchronization
import Testing

@Suite struct PlatformTests {
  @Test func byteStringsCompareAndHashByContent() {
    let a = ByteString(copying: "hello, a name longer than sixteen bytes")
    let b = ByteString(copying: "hello, a name longer than sixteen bytes")
    #expect(a == b)
    #expect(a.hash == b.hash)
    #expect(a.dropFirst(1).hash != b.hash)
    #expect(a.hasPrefix("hello") && a.hasSuffix("bytes") && !a.hasPrefix("bytes"))
    #expect(ByteString("abc") < ByteString("abd") && ByteString("ab") < ByteString("abc"))
  }

  @Test(arguments: [1, 2, 8]) func everyChunkRunsOnce(threads: Int) {
    let pool = WorkerPool(count: threads)
    let table = ReservedTable<UInt32>(capacity: 10_000)
    _ = table.reserve(count: 10_000)
    for _ in 0..<50 {
      pool.forEachRange(10_000, grain: 7) { range, _ in
        for i in range { table.base[i] += 1 }
      }
    }
    #expect(table.buffer.allSatisfy { $0 == 50 })
  }
}
