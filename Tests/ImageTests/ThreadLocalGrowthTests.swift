import Glibc
import Linker
import Testing
import Weld

/// Thread-local variables that outgrow their block: it is made anew, with more room, and what refers
/// to the variables is written again.
@Suite struct ThreadLocalGrowthTests {
  /// Sets the thread pointer, as a program without a library does, and calls functions.
  private func start(_ f: Fixture, calling keys: [UInt64]) throws {
    let pointer = try f.image.importedSymbol("__weld_thread_pointer")
    // A word with the thread pointer's value, which the block ends with.
    try f.image.updateData(
      Declaration(900), name: "pointer", kind: .immutable,
      bytes: [UInt8](repeating: 0, count: 8),
      relocations: [DataRelocation(offset: 0, target: pointer)])
    let slot = f.emitter.bytes(UInt32(try f.slot(900)))
    // mov rsi, [slot]; mov rsi, [rsi]; mov edi, 0x1002 (ARCH_SET_FS); mov eax, 158; syscall
    let setup: [UInt8] =
      [0x48, 0x8b, 0x34, 0x25] + slot
      + [0x48, 0x8b, 0x36, 0xbf, 0x02, 0x10, 0, 0, 0xb8, 158, 0, 0, 0, 0x0f, 0x05]
    try f.image.updateFunction(
      Declaration(1), name: "start",
      code: setup
        + f.emitter.start(calls: keys.map { try f.image.callSequence(to: f.symbol($0)) }))
    try f.image.updateExports(Declaration(1), [Export("_start")])
  }

  /// A function that returns the first word of a thread-local variable.
  private func reader(_ f: Fixture, _ key: UInt64, of variable: UInt64) throws {
    // mov rax, [slot]; mov eax, fs:[rax]; ret
    try f.image.updateFunction(
      Declaration(key), name: "f\(key)",
      code: [0x48, 0x8b, 0x04, 0x25] + f.emitter.bytes(UInt32(try f.slot(variable)))
        + [0x64, 0x8b, 0x00, 0xc3])
  }

  #if arch(x86_64)
    @Test func theBlockGrows() throws {
      let f = try Fixture { $0.threadLocalReserve = 256 }
      try f.data(10, 10, kind: .threadLocal, extra: 12)
      try f.data(11, 0, kind: .threadLocal, extra: 12)
      // Offsets in data, of both widths, and an address in a variable itself.
      try f.image.updateData(
        Declaration(12), name: "offsets", kind: .mutable, bytes: [UInt8](repeating: 0, count: 24),
        relocations: [
          DataRelocation(offset: 0, target: f.symbol(10), addend: 4, kind: .threadOffset),
          DataRelocation(offset: 8, target: f.symbol(11), kind: .threadOffset32),
        ])
      try f.image.updateData(
        Declaration(13), name: "holder", kind: .threadLocal,
        bytes: [UInt8](repeating: 0, count: 16),
        relocations: [DataRelocation(offset: 8, target: f.symbol(12))])
      try reader(f, 20, of: 10)
      try reader(f, 21, of: 11)
      try start(f, calling: [20, 21])
      try f.check(10, 0)
      let slot = try f.slot(10)
      var keys: [UInt64] = [20, 21]
      var values: [UInt32] = [10, 0]
      for i in 0..<40 as Range<UInt64> {
        let value = i % 3 == 0 ? 0 : UInt32(1000 + i)
        try f.data(100 + i, value, kind: .threadLocal, extra: Int(40 + i * 20), alignment: 4)
        try reader(f, 200 + i, of: 100 + i)
        keys.append(200 + i)
        values.append(value)
        guard i % 8 == 7 else { continue }
        try start(f, calling: keys)
        try f.image.flush()
        f.runs(values)
        f.accepts()
      }
      #expect(try f.slot(10) == slot)
      let words = try f.bytes(at: f.address(12), count: 24)
      let offset = f.number(try f.bytes(at: slot, count: 8))
      #expect(f.number(Array(words[0..<8])) == offset &+ 4)
      #expect(
        f.number(Array(words[8..<12])) == f.number(try f.bytes(at: f.slot(11), count: 8))
          & 0xffff_ffff)
      // One that is larger than all before.
      try f.data(300, 3, kind: .threadLocal, extra: 100_000)
      try reader(f, 301, of: 300)
      try f.image.updateData(
        Declaration(302), name: "zeros", kind: .threadLocal, bytes: [], zeroFill: 200_000)
      try start(f, calling: keys + [301])
      try f.image.flush()
      f.runs(values + [3])
      f.accepts()
      // Freed, the room is used again.
      let size = try #require(f.section(".tdata")).size
      try f.image.free(Declaration(300))
      try f.image.free(Declaration(301))
      try f.data(303, 5, kind: .threadLocal, extra: 90_000)
      try start(f, calling: keys)
      try f.image.flush()
      f.runs(values)
      f.accepts()
      #expect(try #require(f.section(".tdata")).size <= size)
    }
  #endif

  @Test func growthThatFailsChangesNothing() throws {
    for machine in [ImageMachine.x86_64, .aarch64, .arm] {
      let f = try Fixture(machine) { $0.threadLocalReserve = 128 }
      try f.start(calling: [])
      try f.data(10, 10, kind: .threadLocal)
      try f.data(11, 0, kind: .threadLocal)
      _ = try f.slot(10)
      _ = try f.slot(11)
      try f.image.updateExports(Declaration(10), [Export("ten")])
      let ten = try f.image.importedSymbol("ten")
      _ = try f.image.offsetTableAddress(of: ten)
      try f.check(lints: machine == .x86_64)
      let gate = RandomEditTests.gate(f.image)
      var isDone = false
      for steps in 0..<20 where !isDone {
        gate.stepsUntilFailure = steps
        let before = f.image.dump()
        do {
          try f.data(12, 12, kind: .threadLocal, extra: 4000)
          isDone = true
          #expect(steps > 3)
        } catch let error as ImageError {
          #expect(error.code == .outOfRoom)
          #expect(f.image.dump() == before)
        }
        #expect(f.image.violations() == [])
      }
      gate.stepsUntilFailure = nil
      #expect(isDone)
      // One that is refused for another reason, when the block has grown for it already.
      f.rejects(.range) {
        try f.image.updateData(
          Declaration(14), name: "d14", kind: .threadLocal, bytes: [1], zeroFill: 20000,
          relocations: [
            DataRelocation(offset: 8, target: ten, addend: .max, kind: .threadOffset32)
          ])
      }
      try f.check(lints: machine == .x86_64)
      f.rejects(.outOfRoom, "thread-local block", "1 GiB") {
        try f.image.updateData(
          Declaration(15), name: "d15", kind: .threadLocal, bytes: [], zeroFill: 1 << 31)
      }
    }
  }
}
