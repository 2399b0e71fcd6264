import Weld

/// 64-bit SPARC: big endian, register windows. `first` is %o0, `second` %o1; %g1 holds distances
/// that no immediate can. Frame and stack pointer are 2047 bytes below what they mean.
///
/// `save` makes the caller's %o registers this function's %i: the return address is then in %i7,
/// and %o7 is free. A frame begins, from below, with room for a window's sixteen registers and for
/// six arguments, which belong to the functions that it calls.
///
/// Sources: The SPARC Architecture Manual, version 9, appendix A; SPARC Compliance Definition
/// 2.4.1, "Registers and the Stack Frame".
struct SPARC64Backend: RegisterBackend {
  static let machine = ImageMachine.sparc64
  static let wordBytes = 8
  static let isBigEndian = true
  static let codeAlignment: UInt8 = 4
  /// %fp
  static let frameRegister: UInt8 = 30
  static let frameFactors = FrameFactors(code: 4, data: -8)
  static let threadLayout = ThreadLayout.below

  static func number(of call: SystemCall) -> Int64 {
    switch call {
    case .write: 4
    case .exitGroup: 188
    case .nanosleep: 249
    }
  }

  static func entryCode(slot: UInt64) throws(ImageError) -> [UInt8] {
    var code = CodeBuffer(isBigEndian: true, factors: frameFactors)
    code.append32(0xbc10_2000)  // mov 0, %fp
    code.append32(0xbe10_2000)  // mov 0, %i7
    // The kernel leaves room for a window below the argument count, but none for arguments.
    code.append32(0x9003_a87f)  // add %sp, 2047 + 128, %o0
    code.append32(0x9c23_a030)  // sub %sp, 48, %sp
    code.append(try CallSequence.bytes(for: .sparc64, slot: slot))
    code.append32(0)  // illtrap 0
    return code.bytes
  }

  var buffer = CodeBuffer(isBigEndian: true, factors: frameFactors)
  private var slotCount = 0

  init() {}

  private static let spare: Register = 1
  /// %o0, which `save` makes %i0.
  static let firstArgument: Register = 8
  static let firstParameter: Register = 24
  private static let stackPointer: Register = 14
  private static let framePointer: Register = 30
  static let argumentRegisters = 6
  static let stackAlignment = 16
  private static let bias: Int64 = 2047

  func number(_ register: Scratch) -> Register { register == .first ? 8 : 9 }

  private mutating func nop() { emit(0x0100_0000) }

  /// Thirteen bits with a sign.
  private static func isShort(_ value: Int64) -> Bool { -4096..<4096 ~= value }
  private static func short(_ value: Int64) -> UInt32 {
    0x2000 | UInt32(truncatingIfNeeded: value) & 0x1fff
  }

  // MARK: Frame

  func frameOffset(of slot: Slot) -> Int64 { Self.bias + Int64(slot.index - slotCount) * 8 }

  mutating func enter(slotCount: Int, parameterCount: Int) {
    self.slotCount = slotCount
    let size = Int64(128 + 48 + Self.stackSize(words: slotCount))
    if Self.isShort(-size) {
      emit(0x9de3_8000 | Self.short(-size))  // save %sp, -size, %sp
    } else {
      constant(Self.spare, -size)
      emit(0x9de3_8001)  // save %sp, %g1, %sp
    }
    buffer.frame.advance(to: buffer.count)
    buffer.frame.setFrameRegister(30)
    // DW_CFA_GNU_window_save; DW_CFA_register: %o7 is now in %i7.
    buffer.frame.append([0x2d, 0x09, 15, 31])
    storeParameters(parameterCount)
  }

  mutating func leave() {
    emit(0x81c7_e008)  // ret: jmpl %i7 + 8, %g0
    emit(0x91ea_2000)  // restore %o0, 0, %o0: the second %o0 is the caller's
  }

  mutating func moveStack(by size: Int) {
    let bytes = Int64(size)
    if Self.isShort(bytes) {
      emit(0x9c03_8000 | Self.short(bytes))  // add %sp, bytes, %sp
    } else {
      constant(Self.spare, bytes)
      emit(0x9c03_8001)  // add %sp, %g1, %sp
    }
  }

  mutating func access(_ register: Register, store: Bool, _ offset: Int64) {
    access(register, store: store, offset, base: Self.framePointer)
  }

  private mutating func access(
    _ register: Register, store: Bool, _ offset: Int64, base: Register
  ) {
    // stx register, [base + offset]; ldx likewise
    let operation = (store ? 0xc070_0000 : 0xc058_0000) | register << 25 | base << 14
    if Self.isShort(offset) {
      emit(operation | Self.short(offset))
    } else {
      constant(Self.spare, offset)
      emit(operation | Self.spare)
    }
  }

  mutating func frameAddress(of slot: Slot) {
    constant(.first, frameOffset(of: slot))
    emit(0x9002_001e)  // add %o0, %fp, %o0
  }

  // MARK: Values

  mutating func constant(_ register: Register, _ value: Int64) {
    if Self.isShort(value) {
      emit(0x8010_0000 | register << 25 | Self.short(value))  // mov value, register
    } else if let half = UInt32(exactly: value) {
      constant32(register, half)
    } else {
      // Both halves; the register that is spare here may be the one asked for.
      let other: Register = register == Self.spare ? 4 : Self.spare
      constant32(register, UInt32(truncatingIfNeeded: value >> 32))
      emit(0x8128_3020 | register << 25 | register << 14)  // sllx register, 32, register
      constant32(other, UInt32(truncatingIfNeeded: value))
      emit(0x8010_0000 | register << 25 | register << 14 | other)  // or register, other, register
    }
  }
  private mutating func constant32(_ register: Register, _ value: UInt32) {
    emit(0x0100_0000 | register << 25 | value >> 10)  // sethi %hi(value), register
    // or register, %lo(value), register
    emit(0x8010_2000 | register << 25 | register << 14 | value & 0x3ff)
  }

  mutating func signExtend32() { emit(0x913a_2000) }  // sra %o0, 0, %o0

  mutating func binary(_ operation: BinaryOperation) {
    switch operation {
    case .add: emit(0x9002_0009)  // add %o0, %o1, %o0
    case .subtract: emit(0x9022_0009)  // sub %o0, %o1, %o0
    case .multiply: emit(0x904a_0009)  // mulx %o0, %o1, %o0
    case .divide: emit(0x916a_0009)  // sdivx %o0, %o1, %o0
    case .and: emit(0x900a_0009)  // and %o0, %o1, %o0
    case .or: emit(0x9012_0009)  // or %o0, %o1, %o0
    case .xor: emit(0x901a_0009)  // xor %o0, %o1, %o0
    case .shiftLeft: emit(0x912a_1009)  // sllx %o0, %o1, %o0
    case .shiftRight: emit(0x913a_1009)  // srax %o0, %o1, %o0
    case .equal: compare(1)
    case .notEqual: compare(9)
    case .less: compare(3)
    case .lessOrEqual: compare(2)
    case .below: compare(5)
    }
  }
  /// 1 if a condition holds, else 0.
  private mutating func compare(_ condition: UInt32) {
    emit(0x80a2_0009)  // cmp %o0, %o1
    emit(0x9010_2000)  // mov 0, %o0
    emit(0x9164_3001 | condition << 14)  // mov<condition> %xcc, 1, %o0
  }

  // MARK: Memory

  mutating func loadTableEntry(_ address: UInt64) {
    let low = UInt32(truncatingIfNeeded: address)
    emit(0x1100_0000 | low >> 10)  // sethi %hi(address), %o0
    emit(0xd05a_2000 | low & 0x3ff)  // ldx [%o0 + %lo(address)], %o0
  }

  mutating func threadAddress(of reference: SymbolReference) {
    emit(0x9341_4000)  // rd %pc, %o1
    emit(0x3080_0002)  // ba,a .+8: not what follows
    buffer.addRelocation(to: reference, kind: .threadOffset32)
    emit(0)
    emit(0xd042_6008)  // ldsw [%o1 + 8], %o0
    emit(0x9002_0007)  // add %o0, %g7, %o0
  }

  mutating func loadMemory(_ width: Width) {
    switch width {
    case .byte: emit(0xd00a_0000)  // ldub [%o0], %o0
    case .word: emit(0xd05a_0000)  // ldx [%o0], %o0
    }
  }
  mutating func storeMemory(_ width: Width) {
    switch width {
    case .byte: emit(0xd22a_0000)  // stb %o1, [%o0]
    case .word: emit(0xd272_0000)  // stx %o1, [%o0]
    }
  }

  // MARK: Calls

  /// Behind the room for a window and for the arguments in registers.
  var stackedParameters: Int64 { Self.bias + 128 + 48 }

  mutating func stackArgument(_ index: Int) {
    let place = stackedParameters + Int64(index) * 8
    access(number(.first), store: true, place, base: Self.stackPointer)
  }

  mutating func callThrough(_ slot: Slot) {
    access(Self.spare, store: false, frameOffset(of: slot))
    emit(0x9fc0_4000)  // jmpl %g1, %o7
    nop()
  }

  mutating func systemCall(_ number: Int64, arguments: [Slot]) {
    loadArguments(arguments)
    constant(Self.spare, number)
    emit(0x91d0_206d)  // ta 0x6d
  }

  mutating func setThreadPointer() { emit(0x8e10_0008) }  // mov %o0, %g7

  // MARK: Jumps

  /// What follows a jump is executed before it takes effect.
  mutating func jump(to label: Label) {
    buffer.addFixup(to: label)
    emit(0)
    nop()
  }
  mutating func branchIfZero(to label: Label) {
    emit(0x0aca_0004)  // brnz %o0, .+16
    nop()
    jump(to: label)
  }
  /// A call reaches everything, where a jump does not: %o7 is free.
  mutating func resolve(_ fixup: CodeBuffer.Fixup, to offset: Int) {
    let words = (offset - fixup.offset) / 4
    let bits = UInt32(truncatingIfNeeded: words)
    let isNear = -(1 << 21)..<(1 << 21) ~= words
    // ba label; call label
    buffer.set32(
      isNear ? 0x1080_0000 | bits & 0x3f_ffff : 1 << 30 | bits & 0x3fff_ffff,
      at: fixup.offset)
  }
  mutating func trap() { emit(0) }  // illtrap 0
}
