/// What `.debug_frame` says of a machine's functions on entry: what a function's own frame
/// instructions (`FunctionDebugInfo.frameInstructions`) add to.
struct DebugFrameFacts: Sendable {
  /// Bytes by which DW_CFA_advance_loc counts.
  var codeAlignment: UInt8
  /// Bytes by which DW_CFA_offset counts.
  var dataAlignment: Int8
  /// Column of the return address.
  var returnAddress: UInt8
  /// DWARF number of the stack pointer.
  var stackPointer: UInt8
  /// Bytes from the stack pointer on entry to the frame's address (the CFA).
  var frameOffset: UInt64
  /// True if the return address lies just below the frame's address on entry, rather than in its
  /// register.
  var pushesReturnAddress = false
}

extension X86_64Code {
  /// Source: System V ABI, AMD64 supplement, 3.6.2 "DWARF Register Number Mapping".
  static var debugFrame: DebugFrameFacts {
    DebugFrameFacts(
      codeAlignment: 1, dataAlignment: -8, returnAddress: 16, stackPointer: 7, frameOffset: 8,
      pushesReturnAddress: true)
  }
}

extension AArch64Code {
  /// Source: DWARF for the Arm 64-bit Architecture (AADWARF64), 4.1 "DWARF register names".
  static var debugFrame: DebugFrameFacts {
    DebugFrameFacts(
      codeAlignment: 4, dataAlignment: -8, returnAddress: 30, stackPointer: 31, frameOffset: 0)
  }
}

extension ARMCode {
  /// Source: DWARF for the Arm Architecture (AADWARF32), "DWARF register names". Thumb
  /// instructions have two bytes.
  static var debugFrame: DebugFrameFacts {
    DebugFrameFacts(
      codeAlignment: 2, dataAlignment: -4, returnAddress: 14, stackPointer: 13, frameOffset: 0)
  }
}

extension RISCV64Code {
  /// Source: RISC-V ELF psABI, "DWARF Register Numbers". Compressed instructions have two bytes.
  static var debugFrame: DebugFrameFacts {
    DebugFrameFacts(
      codeAlignment: 2, dataAlignment: -8, returnAddress: 1, stackPointer: 2, frameOffset: 0)
  }
}

extension SPARC64Code {
  /// %o7 holds the call's address; the stack pointer is biased by 2047. Source: SPARC Compliance
  /// Definition 2.4, "64-bit: The Stack Frame".
  static var debugFrame: DebugFrameFacts {
    DebugFrameFacts(
      codeAlignment: 4, dataAlignment: -8, returnAddress: 15, stackPointer: 14, frameOffset: 2047)
  }
}
