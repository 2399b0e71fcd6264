import Weld

/// 64-bit RISC-V with multiplication, no compressed instructions. `first` is a0, `second` a1; t0
/// holds distances that no immediate can. The frame pointer, s0, is the stack pointer as the caller
/// left it; slots lie below the two registers saved under it.
///
/// Sources: The RISC-V Instruction Set Manual, volume I, "RV32/64G Instruction Set Listings";
/// RISC-V ELF psABI, "Integer Calling Convention".
struct RISCV64Backend: RegisterBackend {
  static let machine = ImageMachine.riscv64
  static let wordBytes = 8
  static let isBigEndian = false
  static let codeAlignment: UInt8 = 4
  static let frameRegister: UInt8 = 8
  static let frameFactors = FrameFactors(code: 2, data: -8)
  static let threadLayout = ThreadLayout.above(reserved: 0)

  static func number(of call: SystemCall) -> Int64 { call.commonNumber }

  static func entryCode(slot: UInt64) throws(ImageError) -> [UInt8] {
    var code = CodeBuffer(isBigEndian: false, factors: frameFactors)
    code.append32(0x0000_0413)  // li s0, 0
    code.append32(0x0000_0093)  // li ra, 0
    code.append32(0x0001_0513)  // mv a0, sp
    code.append32(0xff01_7113)  // andi sp, sp, -16
    code.append(try CallSequence.bytes(for: .riscv64, slot: slot))
    code.append32(unimplemented)
    return code.bytes
  }

  var buffer = CodeBuffer(isBigEndian: false, factors: frameFactors)
  private var slotCount = 0

  init() {}

  private static let returnAddress: Register = 1
  private static let stackPointer: Register = 2
  private static let threadPointer: Register = 4
  /// t0 and t1, which calls may change.
  private static let spare: Register = 5
  private static let target: Register = 6
  private static let framePointer: Register = 8
  static let firstArgument: Register = 10
  private static let systemCallNumber: Register = 17
  static let argumentRegisters = 8
  static let stackAlignment = 16
  /// unimp: a write to a register that is only read.
  private static let unimplemented: UInt32 = 0xc000_1073

  func number(_ register: Scratch) -> Register { register == .first ? 10 : 11 }

  // MARK: Instructions

  /// An I-type instruction: opcode with function, destination, source, twelve bits with a sign.
  private mutating func immediate(
    _ operation: UInt32, _ to: Register, _ from: Register, _ value: Int64
  ) {
    emit(operation | to << 7 | from << 15 | UInt32(truncatingIfNeeded: value) << 20)
  }
  private static let addImmediate: UInt32 = 0x13
  private static let addWordImmediate: UInt32 = 0x1b
  private static let setBelowImmediate: UInt32 = 0x3013
  private static let xorImmediate: UInt32 = 0x4013
  private static let shiftLeftImmediate: UInt32 = 0x1013
  private static let loadDouble: UInt32 = 0x3003
  private static let jumpRegister: UInt32 = 0x67

  /// sd from, offset(base)
  private mutating func storeDouble(_ from: Register, _ base: Register, _ offset: Int64) {
    let bits = UInt32(truncatingIfNeeded: offset)
    emit(0x3023 | (bits & 0x1f) << 7 | base << 15 | from << 20 | (bits >> 5 & 0x7f) << 25)
  }

  private static func isShort(_ value: Int64) -> Bool { -2048..<2048 ~= value }

  // MARK: Frame

  func frameOffset(of slot: Slot) -> Int64 { Int64(slot.index - slotCount) * 8 - 16 }

  mutating func enter(slotCount: Int, parameterCount: Int) {
    self.slotCount = slotCount
    moveStack(by: -16)
    buffer.frame.advance(to: buffer.count)
    buffer.frame.setFrameOffset(16)
    storeDouble(Self.returnAddress, Self.stackPointer, 8)
    storeDouble(Self.framePointer, Self.stackPointer, 0)
    immediate(Self.addImmediate, Self.framePointer, Self.stackPointer, 16)
    buffer.frame.advance(to: buffer.count)
    buffer.frame.saved(register: 1, at: -8)
    buffer.frame.saved(register: 8, at: -16)
    buffer.frame.defineFrame(register: 8, offset: 0)
    moveStack(by: -Self.stackSize(words: slotCount))
    storeParameters(parameterCount)
  }

  mutating func leave() {
    immediate(Self.addImmediate, Self.stackPointer, Self.framePointer, -16)
    immediate(Self.loadDouble, Self.returnAddress, Self.stackPointer, 8)
    immediate(Self.loadDouble, Self.framePointer, Self.stackPointer, 0)
    buffer.frame.advance(to: buffer.count)
    buffer.frame.append([0x0a])  // DW_CFA_remember_state
    buffer.frame.defineFrame(register: 2, offset: 16)
    moveStack(by: 16)
    buffer.frame.advance(to: buffer.count)
    buffer.frame.append([0x0e, 0, 0xc0 | 1, 0xc0 | 8])  // DW_CFA_def_cfa_offset, _restore
    immediate(Self.jumpRegister, 0, Self.returnAddress, 0)
    buffer.frame.advance(to: buffer.count)
    buffer.frame.append([0x0b])  // DW_CFA_restore_state
  }

  mutating func moveStack(by bytes: Int) {
    if Self.isShort(Int64(bytes)) {
      immediate(Self.addImmediate, Self.stackPointer, Self.stackPointer, Int64(bytes))
    } else {
      constant(Self.spare, Int64(bytes))
      emit(0x0051_0133)  // add sp, sp, t0
    }
  }

  mutating func access(_ register: Register, store: Bool, _ offset: Int64) {
    var base = Self.framePointer
    var rest = offset
    if !Self.isShort(offset) {
      constant(Self.spare, offset)
      emit(0x0082_82b3)  // add t0, t0, s0
      (base, rest) = (Self.spare, 0)
    }
    if store {
      storeDouble(register, base, rest)
    } else {
      immediate(Self.loadDouble, register, base, rest)
    }
  }

  mutating func frameAddress(of slot: Slot) {
    constant(.first, frameOffset(of: slot))
    emit(0x0085_0533)  // add a0, a0, s0
  }

  // MARK: Values

  /// The low twelve bits are added last, with their sign; what is before them was made smaller by
  /// it.
  mutating func constant(_ register: Register, _ value: Int64) {
    let low = (value << 52) >> 52
    if low == value { return immediate(Self.addImmediate, register, 0, low) }
    if Int32(exactly: value) != nil {
      // lui register, upper; the sum wraps as 32 bits do.
      emit(0x37 | register << 7 | UInt32(truncatingIfNeeded: value &- low))
      if low != 0 { immediate(Self.addWordImmediate, register, register, low) }
      return
    }
    let upper = (value &- low) >> 12
    let zeros = Int64(upper.trailingZeroBitCount)
    constant(register, upper >> zeros)
    immediate(Self.shiftLeftImmediate, register, register, 12 + zeros)
    if low != 0 { immediate(Self.addImmediate, register, register, low) }
  }

  mutating func signExtend32() {
    immediate(Self.addWordImmediate, number(.first), number(.first), 0)
  }

  mutating func binary(_ operation: BinaryOperation) {
    switch operation {
    case .add: emit(0x00b5_0533)  // add a0, a0, a1
    case .subtract: emit(0x40b5_0533)  // sub a0, a0, a1
    case .multiply: emit(0x02b5_0533)  // mul a0, a0, a1
    case .divide: emit(0x02b5_4533)  // div a0, a0, a1
    case .and: emit(0x00b5_7533)  // and a0, a0, a1
    case .or: emit(0x00b5_6533)  // or a0, a0, a1
    case .xor: emit(0x00b5_4533)  // xor a0, a0, a1
    case .shiftLeft: emit(0x00b5_1533)  // sll a0, a0, a1
    case .shiftRight: emit(0x40b5_5533)  // sra a0, a0, a1
    case .equal:
      emit(0x00b5_4533)  // xor a0, a0, a1
      immediate(Self.setBelowImmediate, number(.first), number(.first), 1)  // seqz a0, a0
    case .notEqual:
      emit(0x00b5_4533)  // xor a0, a0, a1
      emit(0x00a0_3533)  // snez a0, a0
    case .less: emit(0x00b5_2533)  // slt a0, a0, a1
    case .lessOrEqual:
      emit(0x00a5_a533)  // slt a0, a1, a0
      immediate(Self.xorImmediate, number(.first), number(.first), 1)
    case .below: emit(0x00b5_3533)  // sltu a0, a0, a1
    }
  }

  // MARK: Memory

  /// Slots lie where `lui` reaches them without setting the upper half.
  mutating func loadTableEntry(_ address: UInt64) {
    let upper = UInt32(truncatingIfNeeded: address &+ 0x800) & 0xffff_f000
    emit(0x0000_0537 | upper)  // lui a0, %hi(address)
    immediate(Self.loadDouble, number(.first), number(.first), Int64(address))
  }

  mutating func threadAddress(of reference: SymbolReference) {
    emit(0x0000_0297)  // auipc t0, 0
    emit(0x00c2_a503)  // lw a0, 12(t0)
    emit(0x0080_006f)  // j .+8
    buffer.addRelocation(to: reference, kind: .threadOffset32)
    emit(0)
    emit(0x0045_0533)  // add a0, a0, tp
  }

  mutating func loadMemory(_ width: Width) {
    switch width {
    case .byte: emit(0x0005_4503)  // lbu a0, 0(a0)
    case .word: emit(0x0005_3503)  // ld a0, 0(a0)
    }
  }
  mutating func storeMemory(_ width: Width) {
    switch width {
    case .byte: emit(0x00b5_0023)  // sb a1, 0(a0)
    case .word: emit(0x00b5_3023)  // sd a1, 0(a0)
    }
  }

  // MARK: Calls

  /// The frame pointer is the stack pointer as the caller left it.
  var stackedParameters: Int64 { 0 }

  mutating func stackArgument(_ index: Int) {
    precondition(index < 256, "a call with more arguments than the stack pointer reaches")
    storeDouble(number(.first), Self.stackPointer, Int64(index) * 8)
  }

  mutating func callThrough(_ slot: Slot) {
    access(Self.target, store: false, frameOffset(of: slot))
    immediate(Self.jumpRegister, Self.returnAddress, Self.target, 0)
  }

  mutating func systemCall(_ number: Int64, arguments: [Slot]) {
    loadArguments(arguments)
    constant(Self.systemCallNumber, number)
    emit(0x0000_0073)  // ecall
  }

  mutating func setThreadPointer() {
    immediate(Self.addImmediate, Self.threadPointer, number(.first), 0)
  }

  // MARK: Jumps

  /// Two instructions: the second is only used where one does not reach far enough.
  mutating func jump(to label: Label) {
    buffer.addFixup(to: label)
    emit(0)
    emit(0)
  }
  mutating func branchIfZero(to label: Label) {
    emit(0x0005_1663)  // bnez a0, .+12
    jump(to: label)
  }
  mutating func resolve(_ fixup: CodeBuffer.Fixup, to offset: Int) {
    let distance = offset - fixup.offset
    let bits = UInt32(truncatingIfNeeded: distance)
    if -(1 << 20)..<(1 << 20) ~= distance {
      // jal zero, label: bits 20, 10 to 1, 11, 19 to 12.
      let pieces = (bits >> 20 & 1) << 31 | (bits >> 1 & 0x3ff) << 21 | (bits >> 11 & 1) << 20
      buffer.set32(0x6f | pieces | bits & 0xf_f000, at: fixup.offset)
      buffer.set32(0x0000_0013, at: fixup.offset + 4)  // nop
    } else {
      precondition(distance.magnitude < 1 << 31 - 1 << 11, "a function of more than 2 GiB")
      buffer.set32(0x0000_0317 | (bits &+ 0x800) & 0xffff_f000, at: fixup.offset)  // auipc t1
      buffer.set32(0x0003_0067 | bits << 20, at: fixup.offset + 4)  // jr %lo(label)(t1)
    }
  }
  mutating func trap() { emit(Self.unimplemented) }
}
