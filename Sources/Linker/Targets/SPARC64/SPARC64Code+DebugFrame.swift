extension SPARC64Code {
  /// %o7 holds the call's address; the stack pointer is biased by 2047. Source: SPARC Compliance
  /// Definition 2.4, "64-bit: The Stack Frame".
  static var debugFrame: DebugFrameFacts {
    DebugFrameFacts(
      codeAlignment: 4, dataAlignment: -8, returnAddress: 15, stackPointer: 14, frameOffset: 2047)
  }
}
