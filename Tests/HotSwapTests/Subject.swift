// A running program whose functions the tests swap: `Programs/subject.c`, built once.

import Glibc
import Linker
import Synchronization
import Testing

@testable import HotSwap

/// All tests of the module, one after the other: they measure and wait, on a machine with few
/// processors.
@Suite(.serialized) struct HotSwapTests {}

struct SubjectFailure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

enum Fixture {
  /// Where programs and counters are kept while the tests run.
  static let directory: String = {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    let path = "\(base)/weld-hot-swap.\(getpid())"
    mkdir(path, 0o755)
    // Counters go with their subjects.
    atexit {
      unlink(Fixture.directory + "/subject")
      rmdir(Fixture.directory)
    }
    return path
  }()

  /// The subject's program, or why it could not be built.
  static let program = Result { () throws(SubjectFailure) in
    let parts = #filePath.split(separator: "/").dropLast()
    let source = "/" + parts.joined(separator: "/") + "/Programs/subject.c"
    let output = directory + "/subject"
    let status = run([
      "gcc", "-O1", "-fno-pie", "-no-pie", "-static", "-pthread", "-Wl,--build-id=0x1234abcd",
      "-o", output, source,
    ]).status
    guard status == 0 else {
      throw SubjectFailure("gcc cannot build \(source); install gcc and the static C library")
    }
    return output
  }

  /// The probe that was built beside this test bundle.
  static var probe: String {
    for argument in CommandLine.arguments {
      guard let range = argument.firstRange(of: ".xctest") else { continue }
      let path = argument[..<range.lowerBound]
      guard let slash = path.lastIndex(of: "/") else { continue }
      return path[...slash] + "hot-swap-probe"
    }
    let parts = #filePath.split(separator: "/").dropLast(3)
    return "/" + parts.joined(separator: "/") + "/.build/debug/hot-swap-probe"
  }

  /// Runs a command to its end: its status, and what it wrote.
  static func run(_ words: [String]) -> (status: Int32, output: String) {
    var ends: [Int32] = [0, 0]
    guard let id = start(words, &ends) else { return (127, "cannot start \(words[0])") }
    var output: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(ends[0], &buffer, buffer.count)
      if count <= 0 { break }
      output += buffer[..<count]
    }
    close(ends[0])
    var status: Int32 = 0
    while waitpid(id, &status, 0) < 0, errno == EINTR {}
    return (status, String(decoding: output, as: UTF8.self))
  }

  /// Starts a command whose output can be read from `ends[0]`.
  static func start(_ words: [String], _ ends: inout [Int32]) -> pid_t? {
    guard pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    var arguments = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var id: pid_t = 0
    let status = posix_spawnp(&id, words[0], &actions, nil, &arguments, environ)
    close(ends[1])
    return status == 0 ? id : nil
  }
}

/// A word of the counters' page: in the order of `struct counters`.
enum Counter: Int {
  case room, roomSize, slots, variable, readOnlyFile, constants
  case ready, stop, hold, errors, calls, version
  case alarms, sent, received, threadsMade, childrenMade, oddResults
  case held, interrupted, generation, holdPointer
}

/// The subject: ended and removed when the object goes.
final class Subject {
  static let slotCount = 16
  static let sharedSlots = 15

  let process: LiveProcess
  private let counters: UnsafeMutablePointer<UInt64>
  private let path: String
  private var tableAddress: UInt64
  /// What each slot holds.
  private(set) var slots: [UInt64]
  /// Where the next function goes.
  var next: UInt64
  private var version: UInt32 = 0

  /// - Parameter other: a subject that has told its addresses, which are the same each time: this one
  ///   is not waited for then.
  init(_ modes: String..., limits: SwapLimits = SwapLimits(), like other: Subject? = nil) throws {
    let program = try Fixture.program.get()
    path = "\(Fixture.directory)/counters.\(Self.number.add(1, ordering: .relaxed).newValue)"
    let file = open(path, O_RDWR | O_CREAT | O_TRUNC, 0o666)
    guard file >= 0, ftruncate(file, 4096) == 0 else { throw SubjectFailure("cannot make \(path)") }
    let page = mmap(nil, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0)
    close(file)
    guard let page, page != MAP_FAILED else { throw SubjectFailure("cannot map \(path)") }
    counters = page.bindMemory(to: UInt64.self, capacity: 512)
    process = try LiveProcess.launch(program, arguments: ["subject", path] + modes, limits: limits)
    tableAddress = other?.tableAddress ?? 0
    slots = []
    next = 0
    if other == nil {
      guard waitUntil({ self[.ready] == 1 }) else { throw SubjectFailure("the subject hangs") }
      tableAddress = self[.slots]
    }
    let room = other?[.room] ?? self[.room]
    slots = [UInt64](repeating: room, count: Self.slotCount)
    next = room + 64
  }

  private static let number = Atomic<Int>(0)

  deinit {
    try? process.send(signal: SIGKILL)
    process.waitForExit()
    munmap(counters, 4096)
    unlink(path)
  }

  subscript(_ counter: Counter) -> UInt64 {
    get { UnsafeMutablePointer<UInt64>(counters + counter.rawValue).volatileValue }
    set { counters[counter.rawValue] = newValue }
  }

  func address(of counter: Counter) -> UnsafeMutablePointer<UInt64> {
    counters + counter.rawValue
  }

  /// Tells the subject to end, and waits for it.
  func finish() -> ProcessEnd {
    self[.hold] = 0
    self[.stop] = 1
    return process.waitForExit()
  }

  /// A function at the next free place of the room.
  func place(_ code: [UInt8]) -> ImagePatch {
    let patch = ImagePatch(kind: .code, address: next, bytes: code)
    next += UInt64((code.count + 31) / 32 * 32)
    return patch
  }

  func slotPatch(_ index: Int, to address: UInt64) -> ImagePatch {
    ImagePatch(
      kind: .slot, address: tableAddress + UInt64(8 * index), bytes: Self.bytes(address),
      old: Self.bytes(slots[index]))
  }

  static func bytes(_ word: UInt64) -> [UInt8] {
    (0..<8).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) }
  }

  /// Patches that lead some slots to a function.
  func patches(_ function: ImagePatch, slots: Range<Int>, name: String = "f") -> ImagePatchSet {
    var set = ImagePatchSet()
    set.patches = slots.map { slotPatch($0, to: function.address) } + [function]
    set.swapped = [name]
    return set
  }

  /// Leads slots to a function in the process.
  @discardableResult
  func lead(
    _ range: Range<Int>, to function: ImagePatch, retired: [Range<UInt64>] = []
  ) throws -> SwapReport {
    let report = try process.apply(patches(function, slots: range), retired: retired)
    for index in range { slots[index] = function.address }
    return report
  }

  /// Swaps the next version into all slots that the subject compares.
  @discardableResult
  func swapVersion(loops: UInt16 = 1, retired: [Range<UInt64>] = []) throws -> SwapReport {
    version += 1
    let function = place(MachineCode.function(returning: version, loops: loops))
    return try lead(0..<Self.sharedSlots, to: function, retired: retired)
  }

  var currentVersion: UInt64 { UInt64(version) }

  /// Bytes of the process.
  func memory(_ address: UInt64, _ count: Int) throws -> [UInt8] {
    try process.memory().bytes(address, count: count)
  }
}

extension UnsafeMutablePointer<UInt64> {
  /// Read anew each time: another process writes it.
  fileprivate var volatileValue: UInt64 {
    UnsafeMutableRawPointer(self).assumingMemoryBound(to: Atomic<UInt64>.self)
      .pointee.load(ordering: .acquiring)
  }
}

/// Waits for something another process does; whether it happened in time.
func waitUntil(seconds: Double = 10, _ condition: () -> Bool) -> Bool {
  let deadline = monotonicNanoseconds() + UInt64(seconds * 1e9)
  while !condition() {
    if monotonicNanoseconds() > deadline { return false }
    sleep(microseconds: 100)
  }
  return true
}

/// Functions for the room.
enum MachineCode {
  #if arch(x86_64)
    /// Returns a number after so many turns of an empty loop.
    static func function(returning value: UInt32, loops: UInt16 = 1) -> [UInt8] {
      // mov $loops, %ecx; 1: dec %ecx; jnz 1b; mov $value, %eax; ret
      [0xb9] + little(UInt32(loops)) + [0xff, 0xc9, 0x75, 0xfc, 0xb8] + little(value) + [0xc3]
    }
    /// Never returns: jmp to itself.
    static let endless: [UInt8] = [0xeb, 0xfe]
    /// Calls what a pointer in memory points to.
    static func calling(pointer: UInt64) -> [UInt8] {
      // sub $8, %rsp; mov $pointer, %rax; call *(%rax); add $8, %rsp; ret
      [0x48, 0x83, 0xec, 0x08, 0x48, 0xb8] + Subject.bytes(pointer)
        + [0xff, 0x10, 0x48, 0x83, 0xc4, 0x08, 0xc3]
    }
    static func little(_ value: UInt32) -> [UInt8] {
      (0..<4).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }
  #elseif arch(arm64)
    static func function(returning value: UInt32, loops: UInt16 = 1) -> [UInt8] {
      // mov w1, #loops; 1: subs w1, w1, #1; b.ne 1b; mov w0, #low; movk w0, #high; ret
      words([
        0x5280_0001 | UInt32(loops) << 5, 0x7100_0421, 0x54ff_ffe1,
        0x5280_0000 | (value & 0xffff) << 5, 0x72a0_0000 | value >> 16 << 5, 0xd65f_03c0,
      ])
    }
    static let endless: [UInt8] = words([0x1400_0000])
    static func calling(pointer: UInt64) -> [UInt8] {
      // stp x29, x30, [sp, #-16]!; mov x9, #pointer; ldr x9, [x9]; blr x9; ldp; ret
      let parts = (0..<3).map { UInt32(pointer >> (16 * $0) & 0xffff) << 5 }
      return words([
        0xa9bf_7bfd, 0xd280_0009 | parts[0], 0xf2a0_0009 | parts[1], 0xf2c0_0009 | parts[2],
        0xf940_0129, 0xd63f_0120, 0xa8c1_7bfd, 0xd65f_03c0,
      ])
    }
    static func words(_ words: [UInt32]) -> [UInt8] {
      words.flatMap { word in (0..<4).map { UInt8(truncatingIfNeeded: word >> (8 * $0)) } }
    }
  #endif
}
