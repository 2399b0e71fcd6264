extension X86_64Code {
  /// Source: System V ABI, AMD64 supplement, 3.6.2 "DWARF Register Number Mapping".
  static var debugFrame: DebugFrameFacts {
    DebugFrameFacts(
      codeAlignment: 1, dataAlignment: -8, returnAddress: 16, stackPointer: 7, frameOffset: 8,
      pushesReturnAddress: true)
  }
}
