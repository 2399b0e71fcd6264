import Weld

/// AArch64, `first` is x0, `second` x1; x16 holds addresses and distances that no immediate can.
///
/// The frame pointer is at the low end of the frame, as in what C compilers make: the pair of the
/// caller's frame pointer and the return address lies there, and the slots above it.
///
/// Sources: Arm Architecture Reference Manual for A-profile, C6.2; Procedure Call Standard for the
/// Arm 64-bit Architecture, "The Base Procedure Call Standard".
struct AArch64Backend: RegisterBackend {
  static let machine = ImageMachine.aarch64
  static let wordBytes = 8
  static let isBigEndian = false
  static let codeAlignment: UInt8 = 4
  static let frameRegister: UInt8 = 29
  static let frameFactors = FrameFactors(code: 4, data: -8)
  static let threadLayout = ThreadLayout.above(reserved: 16)

  static func number(of call: SystemCall) -> Int64 { call.commonNumber }

  static func entryCode(slot: UInt64) throws(ImageError) -> [UInt8] {
    var code = CodeBuffer(isBigEndian: false, factors: frameFactors)
    code.append32(0xd280_001d)  // mov x29, #0
    code.append32(0xd280_001e)  // mov x30, #0
    code.append32(0x9100_03e0)  // mov x0, sp
    code.append(try CallSequence.bytes(for: .aarch64, slot: slot))
    code.append32(0)  // udf #0
    return code.bytes
  }

  var buffer = CodeBuffer(isBigEndian: false, factors: frameFactors)
  private var frameSize = 0

  init() {}

  private static let framePointer: Register = 29
  private static let stackPointer: Register = 31
  /// For calls on their way; holds what does not fit in an instruction.
  private static let spare: Register = 16
  static let firstArgument: Register = 0
  static let argumentRegisters = 8
  static let stackAlignment = 16

  func number(_ register: Scratch) -> Register { register == .first ? 0 : 1 }

  // MARK: Frame

  func frameOffset(of slot: Slot) -> Int64 { 16 + Int64(slot.index) * 8 }

  mutating func enter(slotCount: Int, parameterCount: Int) {
    frameSize = Self.stackSize(words: 2 + slotCount)
    moveStack(by: -frameSize)
    buffer.frame.advance(to: buffer.count)
    buffer.frame.setFrameOffset(frameSize)
    emit(0xa900_7bfd)  // stp x29, x30, [sp]
    emit(0x9100_03fd)  // mov x29, sp
    buffer.frame.advance(to: buffer.count)
    buffer.frame.saved(register: 29, at: -frameSize)
    buffer.frame.saved(register: 30, at: 8 - frameSize)
    buffer.frame.setFrameRegister(29)
    storeParameters(parameterCount)
  }

  mutating func leave() {
    emit(0xa940_7bfd)  // ldp x29, x30, [sp]
    buffer.frame.advance(to: buffer.count)
    buffer.frame.append([0x0a])  // DW_CFA_remember_state
    buffer.frame.defineFrame(register: 31, offset: frameSize)
    moveStack(by: frameSize)
    buffer.frame.advance(to: buffer.count)
    buffer.frame.append([0x0e, 0, 0xc0 | 29, 0xc0 | 30])  // DW_CFA_def_cfa_offset, _restore
    emit(0xd65f_03c0)  // ret
    buffer.frame.advance(to: buffer.count)
    buffer.frame.append([0x0b])  // DW_CFA_restore_state
  }

  mutating func moveStack(by bytes: Int) {
    let size = UInt32(bytes.magnitude)
    if size < 4096 {
      // sub sp, sp, #size; add sp, sp, #size
      emit((bytes < 0 ? 0xd100_03ff : 0x9100_03ff) | size << 10)
    } else {
      constant(Self.spare, Int64(size))
      emit(bytes < 0 ? 0xcb30_63ff : 0x8b30_63ff)  // sub sp, sp, x16; add sp, sp, x16
    }
  }

  mutating func access(_ register: Register, store: Bool, _ offset: Int64) {
    if offset < 4096 * 8 {
      // str xR, [x29, #offset]; ldr xR, [x29, #offset]
      emit((store ? 0xf900_03a0 : 0xf940_03a0) | UInt32(offset / 8) << 10 | register)
    } else {
      constant(Self.spare, offset)
      emit((store ? 0xf830_6ba0 : 0xf870_6ba0) | register)  // str xR, [x29, x16]; ldr likewise
    }
  }

  mutating func frameAddress(of slot: Slot) {
    let offset = frameOffset(of: slot)
    if offset < 4096 {
      emit(0x9100_03a0 | UInt32(offset) << 10)  // add x0, x29, #offset
    } else {
      constant(Self.spare, offset)
      emit(0x8b10_03a0)  // add x0, x29, x16
    }
  }

  // MARK: Values

  /// Sixteen bits at a time; the first move sets the other bits to whichever of 0 and 1 spares more
  /// of the others.
  mutating func constant(_ register: Register, _ value: Int64) {
    let pieces = (0..<4).map { UInt32(truncatingIfNeeded: value >> (16 * $0) & 0xffff) }
    let isInverted =
      pieces.count { $0 == 0xffff } > pieces.count { $0 == 0 }
    let rest: UInt32 = isInverted ? 0xffff : 0
    let first = pieces.firstIndex { $0 != rest } ?? 0
    for (i, piece) in pieces.enumerated() where i == first || piece != rest {
      let operation: UInt32 =
        i > first ? 0xf280_0000 : isInverted ? 0x9280_0000 : 0xd280_0000  // movk, movn, movz
      let bits = i == first && isInverted ? ~piece & 0xffff : piece
      emit(operation | UInt32(i) << 21 | bits << 5 | register)
    }
  }

  mutating func signExtend32() { emit(0x9340_7c00) }  // sxtw x0, w0

  mutating func binary(_ operation: BinaryOperation) {
    switch operation {
    case .add: emit(0x8b01_0000)  // add x0, x0, x1
    case .subtract: emit(0xcb01_0000)  // sub x0, x0, x1
    case .multiply: emit(0x9b01_7c00)  // mul x0, x0, x1
    case .divide: emit(0x9ac1_0c00)  // sdiv x0, x0, x1
    case .and: emit(0x8a01_0000)  // and x0, x0, x1
    case .or: emit(0xaa01_0000)  // orr x0, x0, x1
    case .xor: emit(0xca01_0000)  // eor x0, x0, x1
    case .shiftLeft: emit(0x9ac1_2000)  // lsl x0, x0, x1
    case .shiftRight: emit(0x9ac1_2800)  // asr x0, x0, x1
    case .equal: compare(0)
    case .notEqual: compare(1)
    case .less: compare(11)
    case .lessOrEqual: compare(13)
    case .below: compare(3)
    }
  }
  /// 1 if a condition holds, else 0; the instruction's own is the opposite one.
  private mutating func compare(_ condition: UInt32) {
    emit(0xeb01_001f)  // cmp x0, x1
    emit(0x9a9f_07e0 | (condition ^ 1) << 12)  // cset x0, condition
  }

  // MARK: Memory

  mutating func loadTableEntry(_ address: UInt64) {
    constant(.first, Int64(address))
    loadMemory(.word)
  }

  mutating func threadAddress(of reference: SymbolReference) {
    emit(0xd53b_d041)  // mrs x1, tpidr_el0
    emit(0x9800_0040)  // ldrsw x0, .+8
    emit(0x1400_0002)  // b .+8
    buffer.addRelocation(to: reference, kind: .threadOffset32)
    emit(0)
    emit(0x8b01_0000)  // add x0, x0, x1
  }

  mutating func loadMemory(_ width: Width) {
    switch width {
    case .byte: emit(0x3940_0000)  // ldrb w0, [x0]
    case .word: emit(0xf940_0000)  // ldr x0, [x0]
    }
  }
  mutating func storeMemory(_ width: Width) {
    switch width {
    case .byte: emit(0x3900_0001)  // strb w1, [x0]
    case .word: emit(0xf900_0001)  // str x1, [x0]
    }
  }

  // MARK: Calls

  var stackedParameters: Int64 { Int64(frameSize) }

  mutating func stackArgument(_ index: Int) {
    precondition(index < 4096, "a call with more arguments than the stack pointer reaches")
    emit(0xf900_03e0 | UInt32(index) << 10)  // str x0, [sp, #8*index]
  }

  mutating func callThrough(_ slot: Slot) {
    access(Self.spare, store: false, frameOffset(of: slot))
    emit(0xd63f_0200)  // blr x16
  }

  mutating func systemCall(_ number: Int64, arguments: [Slot]) {
    loadArguments(arguments)
    constant(8 as Register, number)
    emit(0xd400_0001)  // svc #0
  }

  mutating func setThreadPointer() { emit(0xd51b_d040) }  // msr tpidr_el0, x0

  // MARK: Jumps

  mutating func jump(to label: Label) {
    buffer.addFixup(to: label)
    emit(0x1400_0000)  // b label
  }
  /// Around a jump, as a conditional branch reaches less far.
  mutating func branchIfZero(to label: Label) {
    emit(0xb500_0040)  // cbnz x0, .+8
    jump(to: label)
  }
  mutating func resolve(_ fixup: CodeBuffer.Fixup, to offset: Int) {
    let words = (offset - fixup.offset) / 4
    precondition(words.magnitude < 1 << 25, "a function of more than 128 MiB")
    let distance = UInt32(truncatingIfNeeded: words) & 0x3ff_ffff
    buffer.set32(0x1400_0000 | distance, at: fixup.offset)
  }
  mutating func trap() { emit(0) }  // udf #0
}
