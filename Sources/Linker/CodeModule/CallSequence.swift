/// How code calls through a slot of the offset table, for compilers that lay out their own code.
public enum CallSequence {
  /// The instructions that call through the slot at `slot`.
  ///
  /// - Throws: `ImageError.Code.range` if the machine cannot reach that address.
  public static func bytes(for machine: ImageMachine, slot: UInt64) throws(ImageError) -> [UInt8] {
    switch machine {
    case .x86_64: try bytes(X86_64Code.self, slot)
    case .aarch64: try bytes(AArch64Code.self, slot)
    case .arm: try bytes(ARMCode.self, slot)
    case .riscv64: try bytes(RISCV64Code.self, slot)
    case .sparc64: try bytes(SPARC64Code.self, slot)
    }
  }

  private static func bytes<T: CodeTarget>(
    _: T.Type, _ slot: UInt64
  ) throws(ImageError) -> [UInt8] {
    guard slot < T.slotLimit else {
      throw ImageError(
        .range,
        "code for \(T.imageMachine.rawValue) cannot call through a slot at"
          + " 0x\(String(slot, radix: 16)): it has to lie below 0x\(String(T.slotLimit, radix: 16))"
      )
    }
    return T.callSequence(slot: slot)
  }
}
