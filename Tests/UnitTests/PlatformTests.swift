import Glibc
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

  /// Who embeds the linker is told why the process ends.
  @Test func fullTableSaysWhatRanOut() async throws {
    let result = await #expect(
      processExitsWith: .exitCode(1), observing: [\.standardErrorContent]
    ) {
      let table = ReservedTable<UInt32>(capacity: 4, of: "numbers")
      _ = table.reserve(count: 3)
      _ = table.reserve(count: 2)
    }
    let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(
      text.contains("weld: error: out of memory: no room for 2 more numbers than 3; at most 4"))
  }

  @Test func unfinishedOutputGoesWhenMemoryRunsOut() async throws {
    let path = "memory-runs-out-\(getpid())"
    await #expect(processExitsWith: .exitCode(1)) { [path = path as String] in
      try FileDescriptor.open(path, flags: O_WRONLY | O_CREAT).close()
      TemporaryFile.guardAgainstSignals(path)
      _ = reserveAddressSpace(bytes: 1 << 60)
    }
    #expect(access(path, F_OK) != 0)
  }

  /// The runtime traps; only `weld` itself, not its library, makes that a message.
  @Test func failedAllocationIsAnErrorWhereItIsWatched() async throws {
    let result = await #expect(
      processExitsWith: .exitCode(1), observing: [\.standardErrorContent]
    ) {
      AllocationFailure.watch()
      UnsafeMutablePointer<UInt8>.allocate(capacity: 1 << 60)[0] = 1
    }
    let text = String(decoding: try #require(result).standardErrorContent, as: UTF8.self)
    #expect(text.contains("weld: error: out of memory"))
    await #expect(processExitsWith: .failure) {
      AllocationFailure.watch()
      abort()
    }
  }
}
