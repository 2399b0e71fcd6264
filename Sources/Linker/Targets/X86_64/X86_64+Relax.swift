import ELFFormat
import Platform

/// Instruction rewrites. Source: x86-64 psABI, "Linker Optimization" and "TLS Linker Optimization".
///
/// `p` points at a relocation's field; the instruction's bytes are before it. A `Place` is rewritten
/// only after the scan has asked its `Site`, and seen that the bytes are there and have the shape.
extension X86_64 {
  /// What the access through an offset-table slot can become.
  enum SlotRelaxation {
    case none
    /// `mov foo@GOTPCREL(%rip), %reg` → `lea foo(%rip), %reg`
    case lea
    /// `call *foo@GOTPCREL(%rip)` → `addr32 call foo`
    case call
    /// `jmp *foo@GOTPCREL(%rip)` → `jmp foo; nop`
    case jump
    /// `test`, `add`, `cmp`, … with the slot → with the address as an immediate
    case immediate
  }

  /// How `__tls_get_addr` is called after a general- or local-dynamic `lea`.
  enum ResolverCall {
    case unknown
    /// `call __tls_get_addr@PLT`
    case direct
    /// `call *__tls_get_addr@GOTPCREL(%rip)`
    case indirect
    /// `movabs $__tls_get_addr@PLTOFF, %rax; add %rbx, %rax; call *%rax`
    case large
  }
}

extension X86_64.Site {
  private typealias R = X86_64Relocation

  /// - Parameter isFixedAddress: the output is loaded where it was linked, below 2 GiB.
  @inline(__always)
  func slotRelaxation(isFixedAddress: Bool) -> X86_64.SlotRelaxation {
    switch type {
    case R.gotpcrelx:
      if offset < 2 { return .none }
      let opcode = p[-2]
      let operand = p[-1]
      if opcode == 0xff, operand == 0x15 { return .call }
      if opcode == 0xff, operand == 0x25 { return .jump }
      if operand & 0xc7 != 0x05 { return .none }
      if opcode == 0x8b { return .lea }
      return isFixedAddress && Self.isArithmetic(opcode) ? .immediate : .none
    case R.rexGotpcrelx, R.code4Gotpcrelx:
      if offset < (type == R.rexGotpcrelx ? 3 : 4) { return .none }
      if p[-1] & 0xc7 != 0x05 { return .none }
      if p[-2] == 0x8b { return .lea }
      if mayHaveOtherPrefix { return .none }
      return isFixedAddress && Self.isArithmetic(p[-2]) ? .immediate : .none
    default: return .none
    }
  }

  /// test, and the eight `op r/m, r` forms: add or adc sbb and sub xor cmp.
  @inline(__always)
  private static func isArithmetic(_ opcode: UInt8) -> Bool {
    opcode == 0x85 || opcode & 0xc7 == 0x03
  }

  /// Whether `mov x@gottpoff(%rip), %reg` or `add` can use the offset itself.
  @inline(__always)
  var canRelaxInitialExec: Bool {
    switch type {
    case R.gottpoff:
      return offset >= 3 && p[-3] & 0xf8 == 0x48 && (p[-2] == 0x8b || p[-2] == 0x03)
        && p[-1] & 0xc7 == 0x05 && !mayHaveOtherPrefix
    case R.code4Gottpoff:
      return offset >= 4 && p[-4] == 0xd5 && (p[-2] == 0x8b || p[-2] == 0x03)
        && p[-1] & 0xc7 == 0x05
    case R.code6Gottpoff:
      return offset >= 6 && p[-6] == 0x62 && (p[-2] == 0x01 || p[-2] == 0x03)
        && p[-1] & 0xc7 == 0x05
    default: return false
    }
  }

  /// Before the types for REX2 were agreed on, compilers used those for REX with both prefixes. The
  /// bytes do not tell which one is there, and the register's high bits lie elsewhere, so an
  /// instruction whose register would have to move is left alone.
  @inline(__always)
  private var mayHaveOtherPrefix: Bool {
    switch type {
    case R.rexGotpcrelx, R.gottpoff: offset >= 4 && p[-4] == 0xd5
    case R.code4Gotpcrelx: p[-4] != 0xd5
    default: false
    }
  }

  /// Whether a field is the displacement of `lea x@tlsdesc(%rip), %reg`.
  @inline(__always)
  var canRelaxDescriptor: Bool {
    if offset < 3 || p[-2] != 0x8d || p[-1] & 0xc7 != 0x05 { return false }
    if type == R.gotpc32Tlsdesc { return p[-3] & 0xfb == 0x48 }
    return type == R.code4Gotpc32Tlsdesc && offset >= 4 && p[-4] == 0xd5
  }

  /// `call *x@tlscall(%rax)`
  @inline(__always)
  var isDescriptorCall: Bool { p[0] == 0xff && p[1] == 0x10 }

  /// Whether a field is the target of `call`, `jmp` or a conditional jump.
  var isBranch: Bool {
    guard offset >= 1, addend == -4 else { return false }
    return p[-1] & 0xfe == 0xe8 || offset >= 2 && p[-2] == 0x0f && p[-1] & 0xf0 == 0x80
  }

  /// Whether a field is the displacement of `lea x(%rip), %reg`, with a register of 64 bits.
  var isAddressLoad: Bool {
    guard offset >= 3, addend == -4 else { return false }
    return p[-3] & 0xfb == 0x48 && p[-2] == 0x8d && p[-1] & 0xc7 == 0x05
  }

  /// The call after a general-dynamic `lea`.
  var generalDynamicCall: X86_64.ResolverCall {
    guard offset >= 3, p[-3] == 0x48, p[-2] == 0x8d, p[-1] == 0x3d, size - offset >= 12 else {
      return .unknown
    }
    if offset >= 4, p[-4] == 0x66 {
      if p[4] == 0x66, p[5] == 0x66, p[6] == 0x48, p[7] == 0xe8 { return .direct }
      if p[4] == 0x66, p[5] == 0x48, p[6] == 0xff, p[7] == 0x15 { return .indirect }
      // Clang without data16 prefixes on the call: 66 48 e8 with rex after one prefix.
      if p[4] == 0x66, p[5] == 0x48, p[6] == 0x67, p[7] == 0xe8 { return .direct }
    }
    return isLargeCall ? .large : .unknown
  }

  /// The call after a local-dynamic `lea`.
  var localDynamicCall: X86_64.ResolverCall {
    guard offset >= 3, p[-3] == 0x48, p[-2] == 0x8d, p[-1] == 0x3d, size - offset >= 9 else {
      return .unknown
    }
    if p[4] == 0xe8 { return .direct }
    if size - offset >= 10, p[4] == 0xff, p[5] == 0x15 { return .indirect }
    if size - offset >= 10, p[4] == 0x67, p[5] == 0xe8 { return .indirect }
    return isLargeCall ? .large : .unknown
  }

  private var isLargeCall: Bool {
    size - offset >= 19 && p[4] == 0x48 && p[5] == 0xb8 && (p[14] == 0x48 || p[14] == 0x4c)
      && p[15] == 0x01 && p[17] == 0xff && p[18] == 0xd0
  }
}

extension X86_64.Place {
  private typealias R = X86_64Relocation

  /// Rewrites `op foo@GOTPCREL(%rip), %reg` to `op $foo, %reg`; the immediate goes where the
  /// displacement was.
  func rewriteImmediate() {
    let register = p[-1] >> 3 & 7
    if p[-2] == 0x85 {
      p[-2] = 0xf7  // test $imm32, %reg: f7 /0
      p[-1] = 0xc0 | register
    } else {
      let operation = p[-2] & 0x38
      p[-2] = 0x81  // op $imm32, %reg: 81 /op
      p[-1] = 0xc0 | operation | register
    }
    moveRegisterBits()
  }

  /// `mov x@gottpoff(%rip), %reg` → `mov $x@tpoff, %reg`; `add` likewise.
  func rewriteInitialExec() {
    let register = p[-1] >> 3 & 7
    if site.type == R.code6Gottpoff {
      // EVEX, new data destination: the register of `reg` moves to `r/m`. R3, B3 and R4 are kept
      // inverted, B4 is not.
      let payload = p[-5]
      let r3 = payload & 0x80
      let isR4 = payload & 0x10 == 0
      p[-5] = payload & 0x47 | 0x90 | r3 >> 2 | (isR4 ? 0x08 : 0)
      p[-2] = 0x81
      p[-1] = 0xc0 | register
      return
    }
    p[-2] = p[-2] == 0x8b ? 0xc7 : 0x81
    p[-1] = 0xc0 | register
    moveRegisterBits()
  }

  /// The register was in the `reg` field and is now in `r/m`, so its high bits move, too.
  private func moveRegisterBits() {
    switch site.type {
    case R.rexGotpcrelx, R.gottpoff, R.gotpc32Tlsdesc:
      p[-3] = p[-3] & ~0x04 | (p[-3] & 0x04) >> 2  // REX.R → REX.B
    case R.code4Gotpcrelx, R.code4Gottpoff, R.code4Gotpc32Tlsdesc:
      p[-3] = p[-3] & ~0x44 | (p[-3] & 0x44) >> 2  // REX2.R3, R4 → B3, B4
    default: break
    }
  }

  /// `mov %fs:0, %rax; lea x@tpoff(%rax), %rax`. Returns where the offset goes.
  func rewriteGeneralDynamicToLocalExec(_ call: X86_64.ResolverCall) -> X86_64.Place {
    rewriteGeneralDynamic(call, [0x48, 0x8d, 0x80])
  }

  /// `mov %fs:0, %rax; add x@gottpoff(%rip), %rax`
  func rewriteGeneralDynamicToInitialExec(_ call: X86_64.ResolverCall) -> X86_64.Place {
    rewriteGeneralDynamic(call, [0x48, 0x03, 0x05])
  }

  private func rewriteGeneralDynamic(
    _ call: X86_64.ResolverCall, _ second: InlineArray<3, UInt8>
  ) -> X86_64.Place {
    let distance = call == .large ? -3 : -4
    let start = p + distance
    let load: InlineArray<9, UInt8> = [0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0]
    for i in 0..<9 { start[i] = load[i] }
    for i in 0..<3 { start[9 + i] = second[i] }
    if call == .large {
      let nop: InlineArray<6, UInt8> = [0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00]
      for i in 0..<6 { start[16 + i] = nop[i] }
    }
    return moved(by: distance + 12)
  }

  /// `mov %fs:0, %rax`, padded to the length of what was there.
  func rewriteLocalDynamic(_ call: X86_64.ResolverCall) {
    var at = p - 3
    let prefixes = call == .indirect ? 4 : 3
    for _ in 0..<prefixes {
      at[0] = 0x66
      at += 1
    }
    let load: InlineArray<9, UInt8> = [0x64, 0x48, 0x8b, 0x04, 0x25, 0, 0, 0, 0]
    for i in 0..<9 { at[i] = load[i] }
    if call == .large {
      let nop: InlineArray<10, UInt8> = [0x66, 0x2e, 0x0f, 0x1f, 0x84, 0, 0, 0, 0, 0]
      for i in 0..<10 { at[9 + i] = nop[i] }
    }
  }

  /// `lea x@tlsdesc(%rip), %reg` → `mov x@gottpoff(%rip), %reg`
  func rewriteDescriptorToInitialExec() { p[-2] = 0x8b }

  /// `lea x@tlsdesc(%rip), %reg` → `mov $x@tpoff, %reg`
  func rewriteDescriptorToLocalExec() {
    p[-2] = 0xc7
    p[-1] = 0xc0 | p[-1] >> 3 & 7
    moveRegisterBits()
  }

  /// `call *x@tlscall(%rax)` → `xchg %ax, %ax`
  func rewriteDescriptorCall() {
    p[0] = 0x66
    p[1] = 0x90
  }

  /// `lea x(%rip), %reg` → `mov $0, %reg`. Neither changes flags, and both have seven bytes.
  func rewriteAddressLoadToZero() {
    p[-3] = p[-3] & ~0x04 | (p[-3] & 0x04) >> 2  // REX.R → REX.B
    p[-2] = 0xc7
    p[-1] = 0xc0 | p[-1] >> 3 & 7
    // A store of all four bytes, not of each: with Swift 6.3's optimiser, typed stores from `p` on
    // make those before it vanish.
    store(truncating: 0, as: UInt32.self)
  }
}
