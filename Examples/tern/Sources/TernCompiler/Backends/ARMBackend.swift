import Weld

/// ARMv7 in ARM state, hardware floating point. `first` is r0, `second` r1; r12 holds distances
/// that no immediate can. The frame pointer is r11; slots lie below it.
///
/// Sources: Arm Architecture Reference Manual, ARMv7-A and ARMv7-R edition, A8.8; Procedure Call
/// Standard for the Arm Architecture (AAPCS32), "The Base Procedure Call Standard".
struct ARMBackend: RegisterBackend {
  static let machine = ImageMachine.arm
  static let wordBytes = 4
  static let isBigEndian = false
  static let codeAlignment: UInt8 = 4
  static let frameRegister: UInt8 = 11
  static let frameFactors = FrameFactors(code: 2, data: -4)
  static let threadLayout = ThreadLayout.above(reserved: 8)

  static func number(of call: SystemCall) -> Int64 {
    switch call {
    case .write: 4
    case .exitGroup: 248
    case .nanosleep: 162
    }
  }

  static func entryCode(slot: UInt64) throws(ImageError) -> [UInt8] {
    var code = CodeBuffer(isBigEndian: false, factors: frameFactors)
    code.append32(0xe3a0_b000)  // mov r11, #0
    code.append32(0xe3a0_e000)  // mov lr, #0
    code.append32(0xe1a0_000d)  // mov r0, sp
    code.append32(0xe3cd_d007)  // bic sp, sp, #7
    code.append(try CallSequence.bytes(for: .arm, slot: slot))
    code.append32(0xe7f0_00f0)  // udf #0
    return code.bytes
  }

  var buffer = CodeBuffer(isBigEndian: false, factors: frameFactors)
  private var slotCount = 0

  init() {}

  /// For calls on their way; holds what does not fit in an instruction.
  private static let spare: Register = 12
  /// Numbers system calls; calls preserve it.
  private static let systemCallNumber: Register = 7
  static let firstArgument: Register = 0
  static let argumentRegisters = 4
  static let stackAlignment = 8

  func number(_ register: Scratch) -> Register { register == .first ? 0 : 1 }

  // MARK: Frame

  func frameOffset(of slot: Slot) -> Int64 { Int64(slot.index - slotCount) * 4 }

  mutating func enter(slotCount: Int, parameterCount: Int) {
    self.slotCount = slotCount
    emit(0xe92d_4800)  // push {r11, lr}
    buffer.frame.advance(to: buffer.count)
    buffer.frame.setFrameOffset(8)
    buffer.frame.saved(register: 11, at: -8)
    buffer.frame.saved(register: 14, at: -4)
    emit(0xe1a0_b00d)  // mov r11, sp
    buffer.frame.advance(to: buffer.count)
    buffer.frame.setFrameRegister(11)
    moveStack(by: -Self.stackSize(words: slotCount))
    storeParameters(parameterCount)
  }

  mutating func leave() {
    emit(0xe1a0_d00b)  // mov sp, r11
    emit(0xe8bd_8800)  // pop {r11, pc}
  }

  mutating func moveStack(by bytes: Int) {
    let size = UInt32(bytes.magnitude)
    if size < 1024 {
      // sub sp, sp, #size; add sp, sp, #size: eight bits, or eight rotated to the left by two
      let immediate = size < 256 ? size : 0xf00 | size >> 2
      emit((bytes < 0 ? 0xe24d_d000 : 0xe28d_d000) | immediate)
    } else {
      constant(Self.spare, Int64(size))
      emit(bytes < 0 ? 0xe04d_d00c : 0xe08d_d00c)  // sub sp, sp, r12; add sp, sp, r12
    }
  }

  mutating func access(_ register: Register, store: Bool, _ offset: Int64) {
    let direction: UInt32 = store ? 0 : 1 << 20
    if offset.magnitude < 4096 {
      let sign: UInt32 = offset < 0 ? 0 : 1 << 23
      // str rR, [r11, #offset]; ldr likewise
      emit(0xe50b_0000 | direction | sign | register << 12 | UInt32(offset.magnitude))
    } else {
      constant(Self.spare, offset)
      emit(0xe78b_000c | direction | register << 12)  // str rR, [r11, r12]; ldr likewise
    }
  }

  mutating func frameAddress(of slot: Slot) {
    constant(.first, frameOffset(of: slot))
    emit(0xe08b_0000)  // add r0, r11, r0
  }

  // MARK: Values

  mutating func constant(_ register: Register, _ value: Int64) {
    let bits = UInt32(truncatingIfNeeded: value)
    emit(0xe300_0000 | register << 12 | Self.split(bits))  // movw
    if bits >> 16 != 0 { emit(0xe340_0000 | register << 12 | Self.split(bits >> 16)) }  // movt
  }
  /// Sixteen bits as an immediate: four above the register, twelve at the end.
  private static func split(_ bits: UInt32) -> UInt32 { (bits & 0xf000) << 4 | bits & 0xfff }

  mutating func signExtend32() {}  // A word has 32 bits.

  mutating func binary(_ operation: BinaryOperation) {
    switch operation {
    case .add: emit(0xe080_0001)  // add r0, r0, r1
    case .subtract: emit(0xe040_0001)  // sub r0, r0, r1
    case .multiply: emit(0xe000_0091)  // mul r0, r1, r0
    case .divide: divide()
    case .and: emit(0xe000_0001)  // and r0, r0, r1
    case .or: emit(0xe180_0001)  // orr r0, r0, r1
    case .xor: emit(0xe020_0001)  // eor r0, r0, r1
    case .shiftLeft: emit(0xe1a0_0110)  // lsl r0, r0, r1
    case .shiftRight: emit(0xe1a0_0150)  // asr r0, r0, r1
    case .equal: compare(0)
    case .notEqual: compare(1)
    case .less: compare(11)
    case .lessOrEqual: compare(13)
    case .below: compare(3)
    }
  }

  /// Not all processors of this architecture divide integers, but those with hardware floating
  /// point divide doubles. A quotient of 32-bit numbers that is no integer is at least 2^-31 of
  /// its size away from the nearest one: a double's 53 bits never round it to that.
  private mutating func divide() {
    emit(0xee06_0a10)  // vmov s12, r0
    emit(0xee07_1a10)  // vmov s14, r1
    emit(0xeeb8_6bc6)  // vcvt.f64.s32 d6, s12
    emit(0xeeb8_7bc7)  // vcvt.f64.s32 d7, s14
    emit(0xee86_6b07)  // vdiv.f64 d6, d6, d7
    emit(0xeebd_6bc6)  // vcvt.s32.f64 s12, d6: towards zero
    emit(0xee16_0a10)  // vmov r0, s12
  }

  /// 1 if a condition holds, else 0.
  private mutating func compare(_ condition: UInt32) {
    emit(0xe150_0001)  // cmp r0, r1
    emit(0xe3a0_0000)  // mov r0, #0
    emit(0x03a0_0001 | condition << 28)  // mov<condition> r0, #1
  }

  // MARK: Memory

  mutating func loadTableEntry(_ address: UInt64) {
    constant(.first, Int64(address))
    loadMemory(.word)
  }

  mutating func threadAddress(of reference: SymbolReference) {
    emit(0xe59f_0000)  // ldr r0, .+8
    emit(0xea00_0000)  // b .+8
    buffer.addRelocation(to: reference, kind: .threadOffset32)
    emit(0)
    emit(0xee1d_1f70)  // mrc p15, 0, r1, c13, c0, 3
    emit(0xe080_0001)  // add r0, r0, r1
  }

  mutating func loadMemory(_ width: Width) {
    switch width {
    case .byte: emit(0xe5d0_0000)  // ldrb r0, [r0]
    case .word: emit(0xe590_0000)  // ldr r0, [r0]
    }
  }
  mutating func storeMemory(_ width: Width) {
    switch width {
    case .byte: emit(0xe5c0_1000)  // strb r1, [r0]
    case .word: emit(0xe580_1000)  // str r1, [r0]
    }
  }

  // MARK: Calls

  /// Behind the two saved registers.
  var stackedParameters: Int64 { 8 }

  mutating func stackArgument(_ index: Int) {
    precondition(index < 1024, "a call with more arguments than the stack pointer reaches")
    emit(0xe58d_0000 | UInt32(index) << 2)  // str r0, [sp, #4*index]
  }

  mutating func callThrough(_ slot: Slot) {
    access(Self.spare, store: false, frameOffset(of: slot))
    emit(0xe12f_ff3c)  // blx r12
  }

  /// The number's register is the caller's, and goes to r12 for that long: the kernel changes r0
  /// alone.
  mutating func systemCall(_ number: Int64, arguments: [Slot]) {
    precondition(arguments.count <= Self.argumentRegisters)
    loadArguments(arguments)
    emit(0xe1a0_c007)  // mov r12, r7
    constant(Self.systemCallNumber, number)
    emit(0xef00_0000)  // svc #0
    emit(0xe1a0_700c)  // mov r7, r12
  }

  /// The register is the kernel's to write. Source: Linux, arch/arm/include/uapi/asm/unistd.h,
  /// __ARM_NR_set_tls.
  mutating func setThreadPointer() { systemCall(0xf_0005, arguments: []) }

  // MARK: Jumps

  mutating func jump(to label: Label) {
    buffer.addFixup(to: label)
    emit(0xea00_0000)  // b label
  }
  mutating func branchIfZero(to label: Label) {
    emit(0xe350_0000)  // cmp r0, #0
    buffer.addFixup(to: label)
    emit(0x0a00_0000)  // beq label
  }
  /// Distances count from two instructions behind.
  mutating func resolve(_ fixup: CodeBuffer.Fixup, to offset: Int) {
    let words = (offset - fixup.offset - 8) / 4
    precondition(words.magnitude < 1 << 23, "a function of more than 32 MiB")
    let operation = buffer.word32(at: fixup.offset) & 0xff00_0000
    buffer.set32(operation | UInt32(truncatingIfNeeded: words) & 0xff_ffff, at: fixup.offset)
  }
  mutating func trap() { emit(0xe7f0_00f0) }  // udf #0
}
