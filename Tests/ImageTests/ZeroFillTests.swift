import Glibc
import Linker
import Testing
import Weld

/// Zeros behind bytes: what is written, the file and time follow the bytes.
@Suite struct ZeroFillTests {
  private func size(_ path: String) throws -> (bytes: Int, onDisk: Int) {
    var status = stat()
    try #require(stat(path, &status) == 0)
    return (Int(status.st_size), Int(status.st_blocks) * 512)
  }

  private func zeros(
    _ f: Fixture, _ key: UInt64, _ value: UInt32, _ count: UInt64, kind: DataKind
  ) throws {
    try f.image.updateData(
      Declaration(key), name: "d\(key)", kind: kind, bytes: f.emitter.bytes(value) + [0, 0, 0, 0],
      zeroFill: count)
  }

  @Test(arguments: [DataKind.mutable, .immutable], [64 << 20, 5 << 30] as [UInt64])
  func manyZeros(_ kind: DataKind, _ count: UInt64) throws {
    let f = try Fixture()
    try f.function(2, 2)
    try zeros(f, 3, 30, count, kind: kind)
    try f.data(4, 40, kind: kind)
    try f.reader(5, of: 3)
    try f.reader(6, of: 4)
    try f.start(calling: 2, 5, 6)
    // Each of the two files, and again with less, more and the same.
    var value: UInt32 = 31
    for size in [count, count, count / 2, count, count * 2, count * 2, 100, 100, count] {
      value += 1
      try zeros(f, 3, value, size, kind: kind)
      try f.image.updateExports(
        Declaration(3), value % 2 == 0 ? [Export("moved", section: "moved")] : [])
      try f.image.flush()
      #expect(f.image.violations() == [])
      let (_, onDisk) = try self.size(f.path)
      #expect(onDisk < 1 << 20, "\(size): \(onDisk)")
      if count < 1 << 30 { f.runs([2, value, 40]) }
      f.accepts()
    }
    #expect(f.image.counts.bytesWritten < 1 << 20)
    #expect(f.image.counts.fileBytesWritten < 1 << 20)
  }

  /// What was there before the zeros is gone from both files.
  @Test func zerosInPlaceOfBytes() throws {
    let f = try Fixture()
    try f.data(3, 3, extra: 8 << 20)
    try f.data(4, 4)
    try f.reader(5, of: 3)
    try f.start(calling: 5)
    let place = try f.address(3)
    for _ in 0..<3 {
      try f.data(3, 3, extra: 8 << 20)
      try f.check(3)
      try f.check(3)
      try zeros(f, 3, 7, 8 << 20 - 4, kind: .mutable)
      for _ in 0..<2 {
        try f.check(7)
        #expect(try f.address(3) == place)
        let bytes = try f.bytes(at: place, count: 8 << 20 + 4)
        #expect(bytes.dropFirst(4).allSatisfy { $0 == 0 })
      }
      // A place in the midst of zeros.
      try f.image.updateData(
        Declaration(3), name: "d3", kind: .mutable, bytes: f.emitter.bytes(9), zeroFill: 8 << 20,
        relocations: [
          DataRelocation(offset: 5 << 20, target: try f.symbol(4)),
          DataRelocation(offset: 8 << 20 - 4, target: try f.symbol(4)),
        ])
      for _ in 0..<2 {
        try f.check(9)
        for offset in [5 << 20, 8 << 20 - 4] as [UInt64] {
          let held = try f.bytes(at: place + offset, count: 8)
          #expect(f.number(held) == (try f.address(4)))
        }
      }
    }
  }

  /// More than there can be is refused before anything is touched.
  @Test(arguments: [ImageMachine.x86_64, .arm, .sparc64])
  func moreZerosThanThereCanBe(_ machine: ImageMachine) throws {
    let f = try Fixture(machine)
    try f.function(2, 2)
    try f.start(calling: 2)
    for shift in [32, 36, 40, 44, 46, 47, 62, 63] as [UInt64] {
      let power = (1 as UInt64) << shift
      for count in [power, power - 1, 0 &- power] {
        for kind in [DataKind.mutable, .immutable, .threadLocal] {
          for bytes in [[], [1], [0]] as [[UInt8]] {
            let before = f.image.dump()
            do throws(ImageError) {
              try f.image.updateData(
                Declaration(9), name: "many", kind: kind, bytes: bytes, zeroFill: count)
              try f.image.free(Declaration(9))
            } catch {
              #expect(error.code == .outOfRoom, "\(error)")
            }
            #expect(f.image.dump() == before)
          }
        }
      }
    }
    #expect(f.image.violations() == [])
    try f.check(2)
  }
}
