extension ARMCode {
  /// Source: DWARF for the Arm Architecture (AADWARF32), "DWARF register names". Thumb
  /// instructions have two bytes.
  static var debugFrame: DebugFrameFacts {
    DebugFrameFacts(
      codeAlignment: 2, dataAlignment: -4, returnAddress: 14, stackPointer: 13, frameOffset: 0)
  }
}
