extension AArch64Code {
  /// Source: DWARF for the Arm 64-bit Architecture (AADWARF64), 4.1 "DWARF register names".
  static var debugFrame: DebugFrameFacts {
    DebugFrameFacts(
      codeAlignment: 4, dataAlignment: -8, returnAddress: 30, stackPointer: 31, frameOffset: 0)
  }
}
