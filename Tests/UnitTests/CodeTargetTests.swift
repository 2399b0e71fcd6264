import ELFFormat
import Glibc
import Testing

@testable import Linker

/// The bytes below are what GNU as makes of the instructions beside them.
@Suite struct CodeTargetTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var machine: ImageMachine
    var slot: UInt64
    var call: [UInt8]
    var jump: [UInt8]
    var testDescription: String { "\(machine.rawValue) \(String(slot, radix: 16))" }

    /// - Parameters:
    ///   - call, jump: bytes, or instructions of four bytes.
    init(_ machine: ImageMachine, _ slot: UInt64, _ call: String, _ jump: String) {
      self.machine = machine
      self.slot = slot
      (self.call, self.jump) = (Self.bytes(call, machine), Self.bytes(jump, machine))
    }

    private static func bytes(_ text: String, _ machine: ImageMachine) -> [UInt8] {
      text.split(separator: " ").flatMap { item in
        let value = UInt32(item, radix: 16)!
        if item.count == 2 { return [UInt8(value)] }
        let ordered = machine == .sparc64 ? value.bigEndian : value.littleEndian
        return withUnsafeBytes(of: ordered) { [UInt8]($0) }
      }
    }
  }

  @Test(arguments: cases) func sequencesAreTheInstructionsMeant(_ item: Case) throws {
    #expect(try CallSequence.bytes(for: item.machine, slot: item.slot) == item.call)
    #expect(target(item.machine).jumpSequence(slot: item.slot) == item.jump)
  }

  @Test func slotsThatCodeCannotReachAreRefused() throws {
    let limits: [(ImageMachine, UInt64)] = [
      (.x86_64, 0x8000_0000), (.aarch64, 1 << 48), (.arm, 1 << 32), (.riscv64, 0x7fff_f800),
      (.sparc64, 1 << 32),
    ]
    for (machine, limit) in limits {
      #expect(target(machine).slotLimit == limit)
      #expect(try !CallSequence.bytes(for: machine, slot: limit - 8).isEmpty)
      let error = #expect(throws: ImageError.self) {
        try CallSequence.bytes(for: machine, slot: limit)
      }
      #expect(error?.code == .range)
    }
  }

  @Test(arguments: ImageMachine.allCases) func figuresAgreeWithEachOther(_ machine: ImageMachine) {
    let target = target(machine)
    #expect(target.imageMachine == machine)
    #expect(target.imagePageSize.nonzeroBitCount == 1)
    #expect(target.imageBase % target.imagePageSize == 0)
    #expect(target.imageBase < target.slotLimit)
    #expect((1 << target.codeAlignment) % target.trap.count == 0)
  }

  /// What `readelf` says of programs that GNU compilers make for the same conventions.
  @Test func headerFlagsAreThoseOfTheConventions() {
    #expect(X86_64Code.headerFlags == 0)
    #expect(AArch64Code.headerFlags == 0)
    #expect(ARMCode.headerFlags == 0x500_0400)  // version 5 EABI, hard-float ABI
    #expect(RISCV64Code.headerFlags == 5)  // RVC, double-float ABI
    #expect(SPARC64Code.headerFlags == 2)  // rmo
  }

  @Test func threadOffsetsFollowTheMachinesVariant() {
    /// A variable 4 bytes into a block of 20.
    func offset(_ machine: ImageMachine, alignment: UInt64) -> Int64 {
      target(machine).threadOffset(
        address: 0x4000_0104, start: 0x4000_0100, size: 20, alignment: alignment)
    }
    #expect(offset(.x86_64, alignment: 8) == 4 - 24)
    #expect(offset(.x86_64, alignment: 64) == 4 - 64)
    #expect(offset(.sparc64, alignment: 1) == 4 - 20)
    #expect(offset(.sparc64, alignment: 16) == 4 - 32)
    #expect(offset(.aarch64, alignment: 8) == 4 + 16)
    #expect(offset(.aarch64, alignment: 64) == 4 + 64)
    #expect(offset(.arm, alignment: 4) == 4 + 8)
    #expect(offset(.arm, alignment: 16) == 4 + 16)
    #expect(offset(.riscv64, alignment: 8) == 4)
    #expect(offset(.riscv64, alignment: 64) == 4)
  }

  struct Run: Sendable, CustomTestStringConvertible {
    var machine: ImageMachine
    var slot: UInt64
    var testDescription: String { "\(machine.rawValue) \(String(slot, radix: 16))" }
  }

  /// A program that calls through the slot at the address given; what is called there jumps through
  /// the slot behind it to a function that makes the exit status out of its argument.
  @Test(arguments: runs) func sequencesReachWhatSlotsPointAt(_ run: Run) throws {
    let program = target(run.machine).program(slot: run.slot)
    #expect(try execute(program, on: run.machine) == 42)
  }

  /// Those machines whose programs the present one can execute.
  static var runs: [Run] {
    let slots: [(ImageMachine, [UInt64])] = [
      (.x86_64, [0x40_07f8, 0x1000_0ff8, 0x1000_0800, 0x7fff_f7f8]),
      (.aarch64, [0x40_07f8, 0x1000_0ff8, 0xffff_0800, 0x1_0000_0800, 0x12_3456_7ff8]),
      (.arm, [0x1_07f8, 0x1000_0ffc, 0x8000_0800, 0xa5a5_f7f8]),
      (.riscv64, [0x1_07f8, 0x1000_0800, 0x1000_0ff8, 0x7fff_e7f8]),
      (.sparc64, [0x10_07f8, 0x1000_0ff8, 0x8000_0400, 0xffff_0bf8]),
    ]
    return slots.flatMap { machine, slots in
      runner(machine) == nil ? [] : slots.map { Run(machine: machine, slot: $0) }
    }
  }
}

private let cases: [CodeTargetTests.Case] = [
  CodeTargetTests.Case(
    .x86_64, 0x800,
    "ff 14 25 00 08 00 00",
    "ff 24 25 00 08 00 00"),
  CodeTargetTests.Case(
    .x86_64, 0x7fff_f7f8,
    "ff 14 25 f8 f7 ff 7f",
    "ff 24 25 f8 f7 ff 7f"),
  CodeTargetTests.Case(
    .x86_64, 0x1000_0fff,
    "ff 14 25 ff 0f 00 10",
    "ff 24 25 ff 0f 00 10"),
  CodeTargetTests.Case(
    .aarch64, 0x800,
    "d281001e f2a0001e f94003de d63f03c0",
    "d2810010 f2a00010 f9400210 d61f0200"),
  CodeTargetTests.Case(
    .aarch64, 0x7fff_f7f8,
    "d29eff1e f2affffe f94003de d63f03c0",
    "d29eff10 f2affff0 f9400210 d61f0200"),
  CodeTargetTests.Case(
    .aarch64, 0xffff_fff8,
    "d29fff1e f2bffffe f94003de d63f03c0",
    "d29fff10 f2bffff0 f9400210 d61f0200"),
  CodeTargetTests.Case(
    .aarch64, 0x1234_5678_9ab8,
    "d293571e f2aacf1e f2c2469e f94003de d63f03c0",
    "d2935710 f2aacf10 f2c24690 f9400210 d61f0200"),
  CodeTargetTests.Case(
    .aarch64, 0xffff_0000_0800,
    "d281001e f2a0001e f2dffffe f94003de d63f03c0",
    "d2810010 f2a00010 f2dffff0 f9400210 d61f0200"),
  CodeTargetTests.Case(
    .arm, 0x800,
    "e300e800 e340e000 e59ee000 e12fff3e",
    "e300c800 e340c000 e59cf000"),
  CodeTargetTests.Case(
    .arm, 0x7fff_f7fc,
    "e30fe7fc e347efff e59ee000 e12fff3e",
    "e30fc7fc e347cfff e59cf000"),
  CodeTargetTests.Case(
    .arm, 0x1000_0fff,
    "e300efff e341e000 e59ee000 e12fff3e",
    "e300cfff e341c000 e59cf000"),
  CodeTargetTests.Case(
    .arm, 0xffff_fffc,
    "e30feffc e34fefff e59ee000 e12fff3e",
    "e30fcffc e34fcfff e59cf000"),
  CodeTargetTests.Case(
    .riscv64, 0x7f8,
    "000000b7 7f808093 0000b083 000080e7",
    "00000337 7f833303 00030067"),
  CodeTargetTests.Case(
    .riscv64, 0x800,
    "000010b7 80008093 0000b083 000080e7",
    "00001337 80033303 00030067"),
  CodeTargetTests.Case(
    .riscv64, 0x1000_0fff,
    "100010b7 fff08093 0000b083 000080e7",
    "10001337 fff33303 00030067"),
  CodeTargetTests.Case(
    .riscv64, 0x7fff_f7f8,
    "7ffff0b7 7f808093 0000b083 000080e7",
    "7ffff337 7f833303 00030067"),
  CodeTargetTests.Case(
    .sparc64, 0x3f8,
    "1f000000 9e13e3f8 de5bc000 9fc3c000 01000000",
    "03000000 c25863f8 81c04000 01000000"),
  CodeTargetTests.Case(
    .sparc64, 0x800,
    "1f000002 9e13e000 de5bc000 9fc3c000 01000000",
    "03000002 c2586000 81c04000 01000000"),
  CodeTargetTests.Case(
    .sparc64, 0x1000_0fff,
    "1f040003 9e13e3ff de5bc000 9fc3c000 01000000",
    "03040003 c25863ff 81c04000 01000000"),
  CodeTargetTests.Case(
    .sparc64, 0x7fff_f7f8,
    "1f1ffffd 9e13e3f8 de5bc000 9fc3c000 01000000",
    "031ffffd c25863f8 81c04000 01000000"),
  CodeTargetTests.Case(
    .sparc64, 0xffff_fff8,
    "1f3fffff 9e13e3f8 de5bc000 9fc3c000 01000000",
    "033fffff c25863f8 81c04000 01000000"),
]

// MARK: Programs

extension CodeTarget {
  /// A program without sections. Its only segment is the page, or the pages, around the slot.
  fileprivate static func program(slot: UInt64) -> [UInt8] {
    let isWide = Encoding.is64
    let word = UInt64(Encoding.wordSize)
    let page = slot & ~(imagePageSize - 1)
    let parts = parts
    let headersSize = isWide ? 64 + 56 : 52 + 32
    // Slots lie behind the first 1 KiB of their page in all cases above.
    var code = [UInt8](repeating: 0, count: (headersSize + 15) & ~15)
    func place(_ bytes: [UInt8]) -> UInt64 {
      let address = page + UInt64(code.count)
      code += bytes + [UInt8](repeating: trap[0], count: -(code.count + bytes.count) & 15)
      return address
    }
    let entry = place(parts.argument + callSequence(slot: slot) + parts.exit)
    let jump = place(jumpSequence(slot: slot + word))
    let function = place(parts.function)
    precondition(page + UInt64(code.count) <= slot)

    let size = Int(slot - page + 2 * word)
    code += [UInt8](repeating: 0, count: size - code.count)
    code.withUnsafeMutableBytes { bytes in
      let p = bytes.baseAddress!
      Encoding.storeWord(jump, p + Int(slot - page))
      Encoding.storeWord(function, p + Int(slot + word - page))
      writeHeaders(p, entry: entry, page: page, size: UInt64(size), headersSize: headersSize)
    }
    return code
  }

  private static func writeHeaders(
    _ p: UnsafeMutableRawPointer, entry: UInt64, page: UInt64, size: UInt64, headersSize: Int
  ) {
    let isWide = Encoding.is64
    let word = Encoding.wordSize
    let identification: [UInt8] = [
      0x7f, 0x45, 0x4c, 0x46, isWide ? 2 : 1, Encoding.isBigEndian ? 2 : 1, 1,
    ]
    p.copyMemory(from: identification, byteCount: identification.count)
    Encoding.store16(FileType.executable, p + 16)
    Encoding.store16(machine, p + 18)
    Encoding.store32(1, p + 20)
    Encoding.storeWord(entry, p + 24)
    let headerSize = isWide ? 64 : 52
    Encoding.storeWord(UInt64(headerSize), p + 24 + word)
    let rest = p + 24 + 3 * word
    Encoding.store32(headerFlags, rest)
    Encoding.store16(UInt16(headerSize), rest + 4)
    Encoding.store16(UInt16(headersSize - headerSize), rest + 6)
    Encoding.store16(1, rest + 8)

    let segment = p + headerSize
    Encoding.store32(1, segment)
    let flags: UInt32 = 1 | 2 | 4
    Encoding.store32(flags, segment + (isWide ? 4 : 24))
    let fields = segment + (isWide ? 8 : 4)
    let alignment = fields + 5 * word + (isWide ? 0 : 4)
    for (i, value) in [0, page, page, size, size].enumerated() {
      Encoding.storeWord(value, fields + i * word)
    }
    Encoding.storeWord(imagePageSize, alignment)
  }

  /// What the program does beside the calls: sets the first argument to 35, adds 7 to it as a
  /// function that returns it, and ends with the result as status.
  private static var parts: (argument: [UInt8], function: [UInt8], exit: [UInt8]) {
    switch imageMachine {
    case .x86_64:
      (
        [0xbf, 35, 0, 0, 0],  // mov $35, %edi
        [0x8d, 0x47, 7, 0xc3],  // lea 7(%rdi), %eax; ret
        [0x89, 0xc7, 0xb8, 60, 0, 0, 0, 0x0f, 0x05]  // mov %eax, %edi; mov $60, %eax; syscall
      )
    case .aarch64:
      (
        instructions([0xd280_0460]),  // mov x0, #35
        instructions([0x9100_1c00, 0xd65f_03c0]),  // add x0, x0, #7; ret
        instructions([0xd280_0ba8, 0xd400_0001])  // mov x8, #93; svc #0
      )
    case .arm:
      (
        instructions([0xe3a0_0023]),  // mov r0, #35
        instructions([0xe280_0007, 0xe12f_ff1e]),  // add r0, r0, #7; bx lr
        instructions([0xe3a0_7001, 0xef00_0000])  // mov r7, #1; svc 0
      )
    case .riscv64:
      (
        instructions([0x0230_0513]),  // li a0, 35
        instructions([0x0075_0513, 0x0000_8067]),  // addi a0, a0, 7; ret
        instructions([0x05d0_0893, 0x0000_0073])  // li a7, 93; ecall
      )
    case .sparc64:
      (
        instructions([0x9010_2023]),  // mov 35, %o0
        instructions([0x81c3_e008, 0x9002_2007]),  // retl; add %o0, 7, %o0
        instructions([0x8210_2001, 0x91d0_206d])  // mov 1, %g1; ta 0x6d
      )
    }
  }
}

/// How to execute a program for a machine: directly (empty), with an emulator, or not at all.
private func runner(_ machine: ImageMachine) -> String? {
  var name = utsname()
  uname(&name)
  let native = withUnsafeBytes(of: &name.machine) { bytes in
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
  }
  let names = ["x86-64": "x86_64"]
  let ours = names[machine.rawValue] ?? machine.rawValue
  if native == ours { return "" }
  let emulator = "/usr/bin/qemu-\(ours)"
  return access(emulator, X_OK) == 0 ? emulator : nil
}

/// The status with which `program` ends.
private func execute(_ program: [UInt8], on machine: ImageMachine) throws -> Int {
  struct Failed: Error, CustomStringConvertible {
    var description: String
  }
  var path = "/tmp/code-target-XXXXXX".utf8CString.map { $0 }
  let file = mkstemp(&path)
  guard file >= 0 else { throw Failed(description: "no temporary file") }
  _ = fcntl(file, F_SETFD, FD_CLOEXEC)
  defer { unlink(path) }
  let written = write(file, program, program.count)
  fchmod(file, 0o700)
  close(file)
  guard written == program.count else { throw Failed(description: "the file is not complete") }

  let emulator = try #require(runner(machine))
  var arguments: [UnsafeMutablePointer<CChar>?] =
    emulator.isEmpty ? [] : [strdup(emulator)]
  arguments += [path.withUnsafeBufferPointer { strdup($0.baseAddress!) }, nil]
  defer { for argument in arguments { free(argument) } }
  var child: pid_t = 0
  var error: CInt = 0
  // A process that another test is about to start has the file open until its own `execve`.
  for _ in 0..<100 {
    error = posix_spawn(&child, arguments[0]!, nil, nil, &arguments, environ)
    if error != ETXTBSY { break }
    usleep(10_000)
  }
  guard error == 0 else { throw Failed(description: String(cString: strerror(error))) }
  var status: CInt = 0
  while waitpid(child, &status, 0) < 0, errno == EINTR {}
  guard status & 0x7f == 0 else { throw Failed(description: "ended by signal \(status & 0x7f)") }
  return Int(status >> 8 & 0xff)
}

private func target(_ machine: ImageMachine) -> any CodeTarget.Type {
  switch machine {
  case .x86_64: X86_64Code.self
  case .aarch64: AArch64Code.self
  case .arm: ARMCode.self
  case .riscv64: RISCV64Code.self
  case .sparc64: SPARC64Code.self
  }
}
