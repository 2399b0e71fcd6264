import CXXHash
import CXXHashVector
import Testing

@testable import Linker

@Suite struct ScratchMemoryTests {
  @Test func whatWasGivenIsTakenAgain() {
    let scratch = ScratchMemory()
    let large = scratch.take(bytes: 1 << 20)
    let small = scratch.take(bytes: 100)
    #expect(large != small)
    scratch.give(large)
    scratch.give(small)
    // The smallest that is large enough; and a region keeps its size.
    #expect(scratch.take(bytes: 50) == small)
    #expect(scratch.take(bytes: 60) == large)
    scratch.give(large)
    #expect(scratch.take(bytes: 1 << 20) == large)
    #expect(scratch.take(bytes: 1) != large)
  }

  @Test func memoryFromElsewhereServesToo() {
    let scratch = ScratchMemory()
    let own = UnsafeMutableRawPointer.allocate(byteCount: 256, alignment: 16)
    defer { own.deallocate() }
    scratch.give(own, bytes: 256)
    #expect(scratch.take(bytes: 257) != own)
    #expect(scratch.take(bytes: 256) == own)
  }
}

@Suite struct VectorHashTests {
  /// Whatever the processor has, the hash is that of libxxhash.
  @Test func equalsTheLibrarys() {
    let bytes = (0..<70_000).map { UInt8(truncatingIfNeeded: $0 &* 167 &+ $0 >> 7) }
    bytes.withUnsafeBytes { all in
      for count in Array(0..<600) + [1023, 1024, 1025, 4096, 65_537, 70_000] {
        let hash = weld_xxh3_128(all.baseAddress, count)
        let expected = XXH3_128bits(all.baseAddress, count)
        #expect(hash.low == expected.low64 && hash.high == expected.high64, "\(count) bytes")
      }
    }
  }
}
