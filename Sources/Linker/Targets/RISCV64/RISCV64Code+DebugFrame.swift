extension RISCV64Code {
  /// Source: RISC-V ELF psABI, "DWARF Register Numbers". Compressed instructions have two bytes.
  static var debugFrame: DebugFrameFacts {
    DebugFrameFacts(
      codeAlignment: 2, dataAlignment: -8, returnAddress: 1, stackPointer: 2, frameOffset: 0)
  }
}
