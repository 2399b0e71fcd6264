import Weld

/// The few pieces of code that tests need for each machine. Instruction words carry their assembly.
struct Emitter {
  let machine: ImageMachine

  /// How to run a program of the machine here: natively, or under qemu-user.
  var runner: [String] {
    switch machine {
    case .x86_64: []
    case .aarch64: ["qemu-aarch64"]
    case .arm: ["qemu-arm"]
    case .riscv64: ["qemu-riscv64"]
    case .sparc64: ["qemu-sparc64"]
    }
  }

  var wordSize: Int { machine == .arm ? 4 : 8 }
  var isBigEndian: Bool { machine == .sparc64 }

  /// Four bytes in the target's order.
  func bytes(_ value: UInt32) -> [UInt8] {
    let little = (0..<4).map { UInt8(truncatingIfNeeded: value >> UInt32($0 * 8)) }
    return isBigEndian ? little.reversed() : little
  }

  private func words(_ words: [UInt32]) -> [UInt8] { words.flatMap { bytes($0) } }

  /// An instruction that does nothing.
  var nop: [UInt8] {
    switch machine {
    case .x86_64: [0x90]
    case .aarch64: words([0xd503_201f])
    case .arm: words([0xe320_f000])
    case .riscv64: words([0x0000_0013])
    case .sparc64: words([0x0100_0000])
    }
  }

  /// A function that returns a number.
  func constant(_ value: UInt32) -> [UInt8] {
    let low = value & 0xffff
    let high = value >> 16
    switch machine {
    case .x86_64:
      // mov eax, value; ret
      return [0xb8] + bytes(value) + [0xc3]
    case .aarch64:
      // movz w0, low; movk w0, high, lsl 16; ret
      return words([0x5280_0000 | low << 5, 0x72a0_0000 | high << 5, 0xd65f_03c0])
    case .arm:
      // movw r0, low; movt r0, high; bx lr
      return words([Self.arm(0xe300_0000, low), Self.arm(0xe340_0000, high), 0xe12f_ff1e])
    case .riscv64:
      // lui a0, hi; addiw a0, a0, lo; ret
      let (hi, lo) = Self.riscv(value)
      return words([hi | 10 << 7 | 0x37, lo << 20 | 10 << 15 | 10 << 7 | 0x1b, 0x0000_8067])
    case .sparc64:
      // sethi %hi(value), %o0; or %o0, %lo(value), %o0; retl; nop
      return words([
        0x1100_0000 | value >> 10, 0x9012_2000 | value & 0x3ff, 0x81c3_e008, 0x0100_0000,
      ])
    }
  }

  /// A function that returns the first four bytes of what a slot leads to.
  func reader(slot address: UInt64) -> [UInt8] {
    let slot = UInt32(truncatingIfNeeded: address)
    let top = UInt32(address >> 32)
    let low = slot & 0xffff
    let high = slot >> 16
    switch machine {
    case .x86_64:
      // mov rax, [slot]; mov eax, [rax]; ret
      return [0x48, 0x8b, 0x04, 0x25] + bytes(slot) + [0x8b, 0x00, 0xc3]
    case .aarch64:
      // movz x0, low; movk x0, high, lsl 16; movk x0, top, lsl 32; ldr x0, [x0]; ldr w0, [x0]; ret
      return words([
        0xd280_0000 | low << 5, 0xf2a0_0000 | high << 5, 0xf2c0_0000 | top << 5, 0xf940_0000,
        0xb940_0000, 0xd65f_03c0,
      ])
    case .arm:
      // movw r0, low; movt r0, high; ldr r0, [r0]; ldr r0, [r0]; bx lr
      return words([
        Self.arm(0xe300_0000, low), Self.arm(0xe340_0000, high), 0xe590_0000, 0xe590_0000,
        0xe12f_ff1e,
      ])
    case .riscv64:
      // lui a0, hi; addi a0, a0, lo; ld a0, 0(a0); lw a0, 0(a0); ret
      let (hi, lo) = Self.riscv(slot)
      return words([
        hi | 10 << 7 | 0x37, lo << 20 | 10 << 15 | 10 << 7 | 0x13, 0x0005_3503, 0x0005_2503,
        0x0000_8067,
      ])
    case .sparc64:
      // sethi %hi(slot), %o0; or %o0, %lo(slot), %o0; ldx [%o0], %o0; ld [%o0], %o0; retl; nop
      return words([
        0x1100_0000 | slot >> 10, 0x9012_2000 | slot & 0x3ff, 0xd05a_0000, 0xd002_0000,
        0x81c3_e008, 0x0100_0000,
      ])
    }
  }

  /// A function that jumps to the function whose address stands at what a slot leads to.
  func jumpThroughData(slot address: UInt64) -> [UInt8] {
    let slot = UInt32(truncatingIfNeeded: address)
    let top = UInt32(address >> 32)
    let low = slot & 0xffff
    let high = slot >> 16
    switch machine {
    case .x86_64:
      // mov rax, [slot]; jmp [rax]
      return [0x48, 0x8b, 0x04, 0x25] + bytes(slot) + [0xff, 0x20]
    case .aarch64:
      // movz x16, low; movk x16, high, lsl 16; movk x16, top, lsl 32; ldr x16, [x16];
      // ldr x16, [x16]; br x16
      return words([
        0xd280_0010 | low << 5, 0xf2a0_0010 | high << 5, 0xf2c0_0010 | top << 5, 0xf940_0210,
        0xf940_0210, 0xd61f_0200,
      ])
    case .arm:
      // movw r12, low; movt r12, high; ldr r12, [r12]; ldr r12, [r12]; bx r12
      return words([
        Self.arm(0xe300_c000, low), Self.arm(0xe340_c000, high), 0xe59c_c000, 0xe59c_c000,
        0xe12f_ff1c,
      ])
    case .riscv64:
      // lui t1, hi; addi t1, t1, lo; ld t1, 0(t1); ld t1, 0(t1); jr t1
      let (hi, lo) = Self.riscv(slot)
      return words([
        hi | 6 << 7 | 0x37, lo << 20 | 6 << 15 | 6 << 7 | 0x13, 0x0003_3303, 0x0003_3303,
        0x0003_0067,
      ])
    case .sparc64:
      // sethi %hi(slot), %g1; or %g1, %lo(slot), %g1; ldx [%g1], %g1; ldx [%g1], %g1; jmp %g1; nop
      return words([
        0x0300_0000 | slot >> 10, 0x8210_6000 | slot & 0x3ff, 0xc258_4000, 0xc258_4000,
        0x81c0_4000, 0x0100_0000,
      ])
    }
  }

  /// A program's start: calls through each slot in turn, folding the results into one number
  /// (times 31, plus the next), writes the four bytes of that and exits with 0.
  func start(calls: [[UInt8]]) -> [UInt8] {
    switch machine {
    case .x86_64:
      // xor ebx, ebx; (call; imul ebx, ebx, 31; add ebx, eax)*; push rbx; mov eax, 1; mov edi, 1;
      // mov rsi, rsp; mov edx, 4; syscall; xor edi, edi; mov eax, 60; syscall
      return [0x31, 0xdb] + calls.flatMap { $0 + [0x6b, 0xdb, 0x1f, 0x01, 0xc3] }
        + [0x53, 0xb8, 1, 0, 0, 0, 0xbf, 1, 0, 0, 0, 0x48, 0x89, 0xe6, 0xba, 4, 0, 0, 0, 0x0f, 5]
        + [0x31, 0xff, 0xb8, 60, 0, 0, 0, 0x0f, 5]
    case .aarch64:
      // mov w19, 0; mov w20, 31; (call; madd w19, w19, w20, w0)*; sub sp, sp, 16; str w19, [sp];
      // mov x0, 1; mov x1, sp; mov x2, 4; mov x8, 64; svc 0; mov x0, 0; mov x8, 93; svc 0
      return words([0x5280_0013, 0x5280_03f4])
        + calls.flatMap { $0 + words([0x1b00_0000 | 20 << 16 | 19 << 5 | 19]) }
        + words([
          0xd100_43ff, 0xb900_03f3, 0xd280_0020, 0x9100_03e1, 0xd280_0082, 0xd280_0808,
          0xd400_0001, 0xd280_0000, 0xd280_0ba8, 0xd400_0001,
        ])
    case .arm:
      // mov r4, 0; mov r5, 31; (call; mla r4, r4, r5, r0)*; sub sp, sp, 8; str r4, [sp]; mov r0, 1;
      // mov r1, sp; mov r2, 4; mov r7, 4; svc 0; mov r0, 0; mov r7, 1; svc 0
      return words([0xe3a0_4000, 0xe3a0_501f])
        + calls.flatMap { $0 + words([0xe024_0594]) }
        + words([
          0xe24d_d008, 0xe58d_4000, 0xe3a0_0001, 0xe1a0_100d, 0xe3a0_2004, 0xe3a0_7004,
          0xef00_0000, 0xe3a0_0000, 0xe3a0_7001, 0xef00_0000,
        ])
    case .riscv64:
      // li s1, 0; li s2, 31; (call; mulw s1, s1, s2; addw s1, s1, a0)*; addi sp, sp, -16;
      // sw s1, 0(sp); li a0, 1; mv a1, sp; li a2, 4; li a7, 64; ecall; li a0, 0; li a7, 93; ecall
      return words([0x0000_0493, 0x01f0_0913])
        + calls.flatMap {
          $0
            + words([
              0x0200_003b | 18 << 20 | 9 << 15 | 9 << 7, 0x0000_003b | 10 << 20 | 9 << 15 | 9 << 7,
            ])
        }
        + words([
          0xff01_0113, 0x0091_2023, 0x0010_0513, 0x0001_0593, 0x0040_0613, 0x0400_0893,
          0x0000_0073, 0x0000_0513, 0x05d0_0893, 0x0000_0073,
        ])
    case .sparc64:
      // mov 0, %l0; mov 31, %l1; (call; mulx %l0, %l1, %l0; add %l0, %o0, %l0)*;
      // st %l0, [%sp+2047]; mov 1, %o0; add %sp, 2047, %o1; mov 4, %o2; mov 4, %g1; ta 0x6d;
      // mov 0, %o0; mov 1, %g1; ta 0x6d
      return words([0xa010_2000, 0xa210_201f])
        + calls.flatMap { $0 + words([0xa04c_0011, 0xa004_0008]) }
        + words([
          0xe023_a7ff, 0x9010_2001, 0x9203_a7ff, 0x9410_2004, 0x8210_2004, 0x91d0_206d,
          0x9010_2000, 0x8210_2001, 0x91d0_206d,
        ])
    }
  }

  private static func arm(_ base: UInt32, _ half: UInt32) -> UInt32 {
    base | (half & 0xf000) << 4 | half & 0xfff
  }

  /// Upper 20 bits in place, and the lower 12, which are added with their sign.
  private static func riscv(_ value: UInt32) -> (UInt32, UInt32) {
    ((value &+ 0x800) & 0xffff_f000, value & 0xfff)
  }
}
