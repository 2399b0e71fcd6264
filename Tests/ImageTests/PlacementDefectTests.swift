import Glibc
import Linker
import Testing
import Weld

/// Places of declarations: what earlier systems of this kind got wrong, and what lies at the limits.
@Suite struct PlacementDefectTests {
  @Test func theLastAtomMovesBehindItself() throws {
    let f = try Fixture()
    try f.function(2, 20, size: 40)
    try f.function(3, 30, size: 40)
    let old = try f.address(3)
    #expect(old % 4096 != 0)
    // More alignment than its place has: it goes elsewhere, and nothing lies behind it.
    try f.function(3, 31, size: 40, alignment: 12)
    #expect(try f.address(3) != old)
    try f.function(4, 40, size: 40)
    try f.start(calling: 2, 3, 4)
    try f.check(20, 31, 40)
    // And again, when it has become the last by the freeing of others.
    try f.image.free(Declaration(4))
    try f.image.free(Declaration(1))
    try f.function(3, 32, size: 40, alignment: 13)
    try f.function(4, 41, size: 40)
    try f.start(calling: 2, 3, 4)
    try f.check(20, 32, 41)
  }

  @Test func successorsKnowWhoIsBeforeThem() throws {
    let f = try Fixture()
    for key in 2...7 as ClosedRange<UInt64> { try f.function(key, UInt32(key), size: 100) }
    try f.image.free(Declaration(3))
    // Its successor's predecessor is now 2; it moves, and 5 comes behind 2.
    try f.function(4, 44, size: 4000)
    try f.image.free(Declaration(5))
    try f.function(2, 22, size: 300)
    try f.image.free(Declaration(2))
    try f.function(8, 88, size: 100)
    try f.function(9, 99, size: 10)
    try f.start(calling: 4, 6, 7, 8, 9)
    try f.check(44, 6, 7, 88, 99)
  }

  @Test func freeingTheLastAtomShrinksItsSection() throws {
    let f = try Fixture()
    try f.data(2, 2, extra: 96)
    try f.data(3, 3, extra: 196)
    try f.data(4, 4, extra: 396)
    try f.reader(5, of: 2)
    try f.reader(6, of: 3)
    try f.start(calling: 5, 6)
    try f.check(2, 3)
    let third = try f.address(4)
    let size = try #require(f.section(".data")?.size)
    try f.image.free(Declaration(4))
    try f.check(2, 3)
    #expect(try #require(f.section(".data")?.size) < size - 396)
    // The next one goes where the freed one was, its old bytes are gone.
    try f.image.updateData(
      Declaration(7), name: "d7", kind: .mutable, bytes: [1], zeroFill: 100)
    #expect(try f.address(7) == third)
    try f.check(2, 3)
    #expect(try f.bytes(at: third, count: 8) == [1, 0, 0, 0, 0, 0, 0, 0])
    // All of them go: the section is empty, and fills again from its start.
    for key in [2, 3, 7] as [UInt64] { try f.image.free(Declaration(key)) }
    try f.start(calling: [])
    try f.check()
    try f.data(8, 8)
    try f.reader(9, of: 8)
    try f.start(calling: 9)
    try f.check(8)
  }

  @Test func theLastAtomGrowsInPlaceToTheEndOfTheReserve() throws {
    let f = try Fixture { $0.reserve = 8192 }
    try f.function(2, 2, size: 100)
    try f.start(calling: 2)
    try f.function(3, 3, size: 100)
    let place = try f.address(3)
    let room = Int(8192 - place % 4096)
    try f.function(3, 30, size: 2000)
    #expect(try f.address(3) == place)
    try f.check(2)
    try f.function(3, 31, size: room)
    #expect(try f.address(3) == place)
    try f.start(calling: 2, 3)
    try f.check(2, 31)
    // One byte more: another part of the section, and the room falls free.
    try f.function(3, 32, size: room + 1)
    #expect(try f.address(3) != place)
    try f.function(4, 4, size: 1000)
    #expect(try f.address(4) < place + 200)
    try f.start(calling: 2, 3, 4)
    try f.check(2, 32, 4)
    #expect(f.sections().count { $0.name == ".text" } == 2)
  }

  @Test func addressesAboveFourGiB() throws {
    // Sections four GiB apart; slots stay where calls reach them.
    let f = try Fixture { $0.reserve = 4 << 30 }
    try f.function(2, 2)
    try f.data(3, 3)
    try f.data(4, 4, kind: .immutable)
    try f.image.updateData(
      Declaration(5), name: "table", kind: .mutable, bytes: [UInt8](repeating: 0, count: 16),
      relocations: [
        DataRelocation(offset: 0, target: f.symbol(2)),
        DataRelocation(offset: 8, target: f.symbol(4), addend: -0x1_0000_0000),
      ])
    try f.image.updateFunction(
      Declaration(6), name: "f6", code: f.emitter.jumpThroughData(slot: f.slot(5)))
    try f.reader(7, of: 3)
    try f.reader(8, of: 4)
    try f.start(calling: 2, 6, 7, 8)
    for key in 3...5 as ClosedRange<UInt64> { #expect(try f.address(key) > 1 << 32) }
    #expect(try f.slot(5) < 1 << 31)
    try f.check(2, 2, 3, 4)
    let constant = try f.address(4)
    let table = try f.address(5)
    #expect(try f.number(f.bytes(at: table + 8, count: 8)) == constant &- 0x1_0000_0000)
    #expect(try f.number(f.bytes(at: f.slot(4), count: 8)) == constant)
    // The target moves: all eight bytes of both are written again.
    try f.data(4, 44, kind: .mutable)
    try f.check(2, 2, 3, 44)
    let moved = try f.address(4)
    #expect(moved != constant)
    #expect(try f.number(f.bytes(at: table + 8, count: 8)) == moved &- 0x1_0000_0000)
  }

  @Test func baseAddressesThatMakeNoSenseAreRefused() throws {
    for base in [1, 0x1001, 1 << 62] as [UInt64] {
      #expect(throws: ImageError.self) { try Fixture { $0.baseAddress = base } }
    }
    // On x86-64, slots have to lie where an instruction can name them.
    #expect(throws: ImageError.self) { try Fixture { $0.baseAddress = 1 << 32 } }
    let f = try Fixture { $0.baseAddress = 0x2000_0000 }
    try f.function(2, 2)
    try f.start(calling: 2)
    try f.check(2)
    #expect(try f.address(2) > 0x2000_0000)
  }

  @Test func hugeAlignments() throws {
    let f = try Fixture()
    try f.data(2, 2, alignment: 16)
    try f.image.updateData(
      Declaration(3), name: "zeros", kind: .mutable, bytes: [], zeroFill: 64, alignment: 22)
    try f.function(4, 4, alignment: 13)
    try f.reader(5, of: 2)
    try f.reader(6, of: 3)
    try f.start(calling: 4, 5, 6)
    try f.check(4, 2, 0)
    #expect(try f.address(2) % (1 << 16) == 0)
    #expect(try f.address(3) % (1 << 22) == 0)
    #expect(try f.address(4) % (1 << 13) == 0)
    f.rejects(.invalid, "aligned to 2^31") { try f.data(7, 7, alignment: 31) }
    f.rejects(.invalid) { try f.function(7, 7, alignment: 255) }
  }

  @Test func nothingAtAllHasAnAddressOfItsOwn() throws {
    let f = try Fixture()
    try f.image.updateFunction(Declaration(2), name: "nothing", code: [])
    try f.image.updateFunction(Declaration(3), name: "nothing_more", code: [])
    try f.image.updateData(Declaration(4), name: "no_data", kind: .mutable, bytes: [])
    try f.image.updateData(Declaration(5), name: "no_constant", kind: .immutable, bytes: [])
    #expect(try f.address(2) != f.address(3))
    try f.function(2, 2)
    try f.start(calling: 2)
    try f.check(2)
    try f.image.updateFunction(Declaration(2), name: "nothing", code: [])
    try f.start(calling: [])
    try f.check()
  }

  @Test func aGibibyteOfZerosTakesNoRoomInTheFile() throws {
    let f = try Fixture()
    try f.image.updateData(
      Declaration(2), name: "zeros", kind: .mutable, bytes: [], zeroFill: 1 << 30)
    try f.reader(3, of: 2)
    try f.start(calling: 3)
    try f.check(0)
    #expect(contents(f.path).count < 64 << 10)
    #expect(f.symbol(named: "zeros")?.size == 1 << 30)
    // Beside it, another, and a small one again.
    try f.image.updateData(
      Declaration(4), name: "more", kind: .mutable, bytes: [], zeroFill: 1 << 28)
    try f.data(2, 7)
    try f.check(7)
    f.rejects(.outOfRoom) {
      try f.image.updateData(
        Declaration(5), name: "too_much", kind: .mutable, bytes: [], zeroFill: 1 << 60)
    }
  }

  @Test func slotsAreAsWideAsPointers() throws {
    for machine in ImageMachine.allCases {
      let f = try Fixture(machine)
      try f.function(2, 2)
      try f.data(3, 3)
      let slots = [try f.slot(2), try f.slot(3)]
      #expect(slots[1] - slots[0] == UInt64(f.emitter.wordSize))
      try f.reader(4, of: 3)
      try f.start(calling: 2, 4)
      try f.check(2, 3, lints: machine == .x86_64 || machine == .arm)
      for (slot, key) in zip(slots, [2, 3] as [UInt64]) {
        #expect(try f.number(f.bytes(at: slot, count: f.emitter.wordSize)) == f.address(key))
      }
      try f.data(3, 33, extra: 4000)
      try f.function(2, 22, size: 4000)
      try f.check(22, 33, lints: false)
      for (slot, key) in zip(slots, [2, 3] as [UInt64]) {
        #expect(try f.number(f.bytes(at: slot, count: f.emitter.wordSize)) == f.address(key))
      }
    }
  }

  #if arch(x86_64)
    @Test func slotsOfARunningProgram() throws {
      let f = try Fixture()
      try f.function(2, 2)
      try f.data(3, 3)
      let slots = [try f.slot(2), try f.slot(3)]
      try f.start(calling: try [f.image.symbol(for: Declaration(4))])
      // mov eax, 34 (pause); syscall
      try f.image.updateFunction(
        Declaration(4), name: "wait", code: [0xb8, 34, 0, 0, 0, 0x0f, 0x05, 0xc3])
      try f.image.flush()
      let child = try Child(f.path)
      for (slot, key) in zip(slots, [2, 3] as [UInt64]) {
        #expect(try f.number(child.bytes(at: slot, count: 8)) == f.address(key))
      }
      #expect(f.number(try child.bytes(at: f.address(3), count: 4)) == 3)
    }
  #endif

  @Test func manySections() throws {
    let f = try Fixture { $0.reserve = 1 << 16 }
    try f.function(2, 2)
    try f.start(calling: 2)
    try f.check(2)
    // More segments than the headers had room for: what is behind them in the file moves away.
    for i in 0..<200 as Range<UInt64> {
      try f.data(100 + i, UInt32(i))
      try f.image.updateExports(
        Declaration(100 + i), [Export("e\(i)", section: "section_\(i)")])
      try f.reader(400 + i, of: 100 + i)
    }
    try f.start(calling: 2, 400, 599)
    try f.check(2, 0, 199)
    #expect(f.symbol(named: "e77")?.section == "section_77")
    let first = try f.image.importedSymbol("__start_section_150")
    #expect(try f.image.offsetTableAddress(of: first) > 0)
    try f.check(2, 0, 199)
    #expect(f.image.currentAddress(of: first) == (try f.address(250)))
  }

  @Test func moreSegmentsThanASystemLoadsAreRefused() throws {
    let f = try Fixture {
      $0.reserve = 1 << 12
      $0.checksInvariants = false
    }
    try f.start(calling: [])
    for i in 0..<1300 as Range<UInt64> {
      try f.data(100 + i, 1)
      try f.image.updateExports(Declaration(100 + i), [Export("e\(i)", section: "s\(i)")])
      if i == 20 { try f.check() }
    }
    f.refuses(.outOfRoom, "segments", "fewer sections")
    for i in 20..<1300 as Range<UInt64> { try f.image.free(Declaration(100 + i)) }
    try f.check()
  }
}

/// A program that was started and is ended with the test.
final class Child {
  let pid: pid_t

  init(_ path: String) throws {
    var child: pid_t = 0
    var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(path), nil]
    var status = posix_spawn(&child, path, nil, nil, &arguments, nil)
    for _ in 0..<200 where status == ETXTBSY {
      usleep(5000)
      status = posix_spawn(&child, path, nil, nil, &arguments, nil)
    }
    Glibc.free(arguments[0])
    try #require(status == 0, "\(String(cString: strerror(status)))")
    pid = child
    // Until it sleeps in its system call.
    for _ in 0..<500 {
      let state = String(decoding: contents("/proc/\(pid)/stat"), as: UTF8.self)
      if state.contains(") S ") { break }
      usleep(2000)
    }
  }

  deinit {
    kill(pid, SIGKILL)
    var status: Int32 = 0
    waitpid(pid, &status, 0)
  }

  var isAlive: Bool {
    var status: Int32 = 0
    return waitpid(pid, &status, WNOHANG) == 0
  }

  func bytes(at address: UInt64, count: Int) throws -> [UInt8] {
    let file = open("/proc/\(pid)/mem", O_RDONLY)
    try #require(file >= 0)
    defer { close(file) }
    var bytes = [UInt8](repeating: 0, count: count)
    try #require(pread(file, &bytes, count, off_t(address)) == count)
    return bytes
  }
}
