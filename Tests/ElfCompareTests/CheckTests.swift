import ELFComparison
import TestSupport
import Testing

@Suite struct CheckTests {
  @Test(arguments: Sample.all) func realOutputsPass(sample: Sample) throws {
    let tools = Toolchain()
    defer { tools.remove() }
    for linker in ["bfd", "lld"] where Toolchain.has("ld.\(linker)") {
      let path = try #require(
        tools.build(
          sample.source, language: sample.language, compile: sample.compile, link: sample.link,
          linker: linker))
      #expect(try check(path: path).list == [])
    }
  }

  /// The bytes of a shared library.
  private func libraryBytes(_ tools: Toolchain) throws -> [UInt8] {
    let sample = Sample.all[2]
    let path = try #require(
      tools.build(
        sample.source, language: "c", compile: sample.compile, link: sample.link, linker: "bfd"))
    return tools.read(path)
  }

  @Test func damageIsFound() throws {
    let tools = Toolchain()
    defer { tools.remove() }
    let good = try libraryBytes(tools)
    /// Findings after the section `name` was changed.
    func aspects(damaging name: String, _ change: (inout [UInt8], Int, Int) -> Void) throws
      -> Set<Aspect>
    {
      var bytes = good
      let (offset, size) = try #require(section(name, in: bytes))
      change(&bytes, offset, size)
      return try bytes.withUnsafeBytes {
        Set(try check(bytes: $0, name: "damaged").list.map(\.aspect))
      }
    }
    #expect(try aspects(damaging: ".gnu.hash") { b, o, n in b[o + n - 4] ^= 0x10 }.contains(.hash))
    #expect(try aspects(damaging: ".hash") { b, o, _ in b[o + 4] ^= 1 }.contains(.hash))
    #expect(try aspects(damaging: ".gnu.version") { b, o, n in b[o + 2] = 99 }.contains(.versions))
    #expect(try aspects(damaging: ".rela.dyn") { b, o, _ in b[o + 5] = 7 }.contains(.relocations))
    #expect(try aspects(damaging: ".eh_frame_hdr") { b, o, _ in b[o + 12] ^= 4 }.contains(.unwind))
    #expect(
      try aspects(damaging: ".dynsym") { b, o, n in b[o + n - 24 + 6] = 200 }.contains(.symbols))
    #expect(
      try aspects(damaging: ".gnu.version_r") { b, o, _ in b[o + 16] ^= 1 }.contains(.versions))
  }

  /// Whatever a file holds, reading it ends without a trap.
  @Test func hostileBytesAreHarmless() throws {
    let tools = Toolchain()
    defer { tools.remove() }
    let good = try libraryBytes(tools)
    var generator = Chance(seed: 0x9e37_79b9_7f4a_7c15)
    for round in 0..<300 {
      var bytes = good
      for _ in 0..<(1 + round % 12) {
        // Headers and tables are what is read, so half of the damage goes there.
        let limit = round % 2 == 0 ? 1024 : bytes.count
        let at = Int(generator.next() % UInt64(limit))
        let values: [UInt8] = [0, 1, 0x7f, 0x80, 0xff, UInt8(truncatingIfNeeded: generator.next())]
        let value = values[Int(generator.next() % 6)]
        for i in at..<min(at + Int(generator.next() % 8) + 1, bytes.count) { bytes[i] = value }
      }
      if round % 10 == 0 { bytes.removeLast(Int(generator.next() % UInt64(bytes.count))) }
      bytes.withUnsafeBytes { damaged in
        _ = try? check(bytes: damaged, name: "damaged")
        good.withUnsafeBytes { _ = try? compare(bytes: damaged, $0) }
      }
    }
  }

  private func section(_ name: String, in bytes: [UInt8]) -> (offset: Int, size: Int)? {
    func u64(_ at: Int) -> Int {
      (0..<8).reduce(0) { $0 | Int(bytes[at + $1]) << ($1 * 8) }
    }
    func u16(_ at: Int) -> Int { Int(bytes[at]) | Int(bytes[at + 1]) << 8 }
    let table = u64(40)
    let names = u64(table + u16(62) * 64 + 24)
    for i in 0..<u16(60) {
      let header = table + i * 64
      let start = names + (u64(header) & 0xffff_ffff)
      let end = bytes[start...].firstIndex(of: 0)!
      if String(decoding: bytes[start..<end], as: UTF8.self) == name {
        return (u64(header + 24), u64(header + 32))
      }
    }
    return nil
  }
}
