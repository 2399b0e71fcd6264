import Weld

/// x86-64, System V convention. `first` is rax, `second` rcx. Source: Intel SDM volume 2;
/// System V ABI, AMD64 supplement, 3.2.
struct X86_64Backend: Backend {
  static let machine = ImageMachine.x86_64
  static let wordBytes = 8
  static let isBigEndian = false
  static let codeAlignment: UInt8 = 4
  static let frameRegister: UInt8 = 6
  static let frameFactors = FrameFactors(code: 1, data: -8)
  static let threadLayout = ThreadLayout.below

  static func number(of call: SystemCall) -> Int64 {
    switch call {
    case .write: 1
    case .exitGroup: 231
    case .nanosleep: 35
    }
  }

  static func entryCode(slot: UInt64) throws(ImageError) -> [UInt8] {
    // xor ebp, ebp; mov rdi, rsp: the kernel aligned the stack.
    [0x31, 0xed, 0x48, 0x89, 0xe7] + (try CallSequence.bytes(for: .x86_64, slot: slot))
      + [0x0f, 0x0b]
  }

  var buffer = CodeBuffer(isBigEndian: false, factors: frameFactors)
  private var slotCount = 0

  init() {}

  /// Numbers of the registers that carry arguments: rdi, rsi, rdx, rcx, r8, r9.
  private static let argumentRegisters: [UInt8] = [7, 6, 2, 1, 8, 9]
  /// The same for system calls: r10 in place of rcx.
  private static let systemCallRegisters: [UInt8] = [7, 6, 2, 10, 8, 9]

  private func number(_ register: Scratch) -> UInt8 { register == .first ? 0 : 1 }

  func frameOffset(of slot: Slot) -> Int64 { Int64(slot.index - slotCount) * 8 }

  mutating func enter(slotCount: Int, parameterCount: Int) {
    self.slotCount = slotCount
    buffer.append(0x55)  // push rbp
    buffer.frame.advance(to: buffer.count)
    buffer.frame.setFrameOffset(16)
    buffer.frame.saved(register: 6, at: -16)
    buffer.append(0x48, 0x89, 0xe5)  // mov rbp, rsp
    buffer.frame.advance(to: buffer.count)
    buffer.frame.setFrameRegister(6)
    buffer.append(0x48, 0x81, 0xec)  // sub rsp, imm32
    buffer.append32(UInt32((slotCount * 8 + 15) & ~15))
    for index in 0..<parameterCount {
      if index < 6 {
        move(Self.argumentRegisters[index], toMemory: true, offset: frameOffset(of: Slot(index)))
      } else {
        move(0, toMemory: false, offset: Int64(16 + (index - 6) * 8))
        store(.first, to: Slot(index))
      }
    }
  }

  mutating func leave() { buffer.append(0xc9, 0xc3) }

  /// mov between a register and [rbp + offset].
  private mutating func move(_ register: UInt8, toMemory: Bool, offset: Int64) {
    buffer.append(0x48 | (register >> 3) << 2, toMemory ? 0x89 : 0x8b)
    memory(register, offset)
  }
  /// ModRM for [rbp + offset].
  private mutating func memory(_ register: UInt8, _ offset: Int64) {
    if let short = Int8(exactly: offset) {
      buffer.append(0x45 | (register & 7) << 3, UInt8(bitPattern: short))
    } else {
      buffer.append(0x85 | (register & 7) << 3)
      buffer.append32(UInt32(truncatingIfNeeded: offset))
    }
  }

  mutating func load(_ register: Scratch, from slot: Slot) {
    move(number(register), toMemory: false, offset: frameOffset(of: slot))
  }
  mutating func store(_ register: Scratch, to slot: Slot) {
    move(number(register), toMemory: true, offset: frameOffset(of: slot))
  }

  mutating func constant(_ register: Scratch, _ value: Int64) {
    let number = number(register)
    if let short = Int32(exactly: value) {
      buffer.append(0x48, 0xc7, 0xc0 | number)  // mov r/m64, imm32 with its sign
      buffer.append32(UInt32(bitPattern: short))
    } else {
      buffer.append(0x48, 0xb8 | number)  // mov r64, imm64
      buffer.append64(UInt64(bitPattern: value))
    }
  }

  mutating func frameAddress(of slot: Slot) {
    buffer.append(0x48, 0x8d)  // lea
    memory(0, frameOffset(of: slot))
  }

  mutating func signExtend32() { buffer.append(0x48, 0x98) }  // cdqe

  mutating func binary(_ operation: BinaryOperation) {
    switch operation {
    case .add: buffer.append(0x48, 0x01, 0xc8)
    case .subtract: buffer.append(0x48, 0x29, 0xc8)
    case .multiply: buffer.append(0x48, 0x0f, 0xaf, 0xc1)
    case .divide: buffer.append(0x48, 0x99, 0x48, 0xf7, 0xf9)  // cqo; idiv rcx
    case .and: buffer.append(0x48, 0x21, 0xc8)
    case .or: buffer.append(0x48, 0x09, 0xc8)
    case .xor: buffer.append(0x48, 0x31, 0xc8)
    case .shiftLeft: buffer.append(0x48, 0xd3, 0xe0)
    case .shiftRight: buffer.append(0x48, 0xd3, 0xf8)
    case .equal: compare(0x94)
    case .notEqual: compare(0x95)
    case .less: compare(0x9c)
    case .lessOrEqual: compare(0x9e)
    case .below: compare(0x92)
    }
  }
  /// cmp rax, rcx; setcc al; movzx eax, al
  private mutating func compare(_ setOpcode: UInt8) {
    buffer.append(0x48, 0x39, 0xc8, 0x0f, setOpcode, 0xc0, 0x0f, 0xb6, 0xc0)
  }

  mutating func loadTableEntry(_ address: UInt64) {
    buffer.append(0x48, 0x8b, 0x04, 0x25)  // mov rax, [disp32]; slots lie below 2 GiB
    buffer.append32(UInt32(truncatingIfNeeded: address))
  }

  mutating func threadAddress(of reference: SymbolReference) {
    buffer.append(0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0)  // mov rax, fs:[0]
    buffer.append(0x48, 0x05)  // add rax, imm32
    buffer.addRelocation(to: reference, kind: .threadOffset32)
    buffer.append32(0)
  }

  mutating func loadMemory(_ width: Width) {
    switch width {
    case .byte: buffer.append(0x0f, 0xb6, 0x00)  // movzx eax, byte [rax]
    case .word: buffer.append(0x48, 0x8b, 0x00)
    }
  }
  mutating func storeMemory(_ width: Width) {
    switch width {
    case .byte: buffer.append(0x88, 0x08)
    case .word: buffer.append(0x48, 0x89, 0x08)
    }
  }

  mutating func call(_ target: CallTarget, arguments: [Slot]) throws(ImageError) {
    let stacked = arguments.dropFirst(6)
    // Pushes are made in pairs, so that the stack stays aligned to 16 bytes.
    let padding = stacked.count % 2 * 8
    if padding > 0 { buffer.append(0x48, 0x83, 0xec, UInt8(padding)) }
    for slot in stacked.reversed() {
      buffer.append(0xff)  // push [rbp + offset]
      memory(6, frameOffset(of: slot))
    }
    for (slot, register) in zip(arguments, Self.argumentRegisters) {
      move(register, toMemory: false, offset: frameOffset(of: slot))
    }
    switch target {
    case .table(let address):
      // A C function of variable arguments is told that no vector registers carry any.
      buffer.append(0x31, 0xc0)
      buffer.append(try CallSequence.bytes(for: .x86_64, slot: address))
    case .slot(let slot):
      move(10, toMemory: false, offset: frameOffset(of: slot))
      buffer.append(0x31, 0xc0, 0x41, 0xff, 0xd2)  // call r10
    }
    if !stacked.isEmpty {
      buffer.append(0x48, 0x81, 0xc4)  // add rsp, imm32
      buffer.append32(UInt32(stacked.count * 8 + padding))
    }
  }

  mutating func systemCall(_ number: Int64, arguments: [Slot]) {
    for (slot, register) in zip(arguments, Self.systemCallRegisters) {
      move(register, toMemory: false, offset: frameOffset(of: slot))
    }
    constant(.first, number)
    buffer.append(0x0f, 0x05)
  }

  mutating func setThreadPointer() {
    buffer.append(0x48, 0x89, 0xc6)  // mov rsi, rax
    buffer.append(0xbf, 0x02, 0x10, 0x00, 0x00)  // mov edi, ARCH_SET_FS
    constant(.first, 158)  // arch_prctl
    buffer.append(0x0f, 0x05)
  }

  mutating func jump(to label: Label) {
    buffer.addFixup(to: label)
    buffer.append(0xe9, 0, 0, 0, 0)
  }
  mutating func branchIfZero(to label: Label) {
    buffer.append(0x48, 0x85, 0xc0)  // test rax, rax
    buffer.addFixup(to: label, kind: 1)
    buffer.append(0x0f, 0x84, 0, 0, 0, 0)
  }
  mutating func resolve(_ fixup: CodeBuffer.Fixup, to offset: Int) {
    let operand = fixup.offset + (fixup.kind == 0 ? 1 : 2)
    buffer.set32(UInt32(truncatingIfNeeded: offset - (operand + 4)), at: operand)
  }
  mutating func trap() { buffer.append(0x0f, 0x0b) }
}
