/// A machine that a compiler's image can be for.
public enum ImageMachine: String, CaseIterable, Sendable {
  case x86_64 = "x86-64"
  case aarch64
  /// 32 bits, ARMv7 with hardware floating point.
  case arm
  case riscv64
  /// Big endian.
  case sparc64
}

/// An image for the machine that the options name.
///
/// - Throws: `ImageError` if the options contradict each other.
public func makeImageEngine(_ options: ImageOptions) throws(ImageError) -> any ImageEngine {
  switch options.machine {
  case .x86_64: try CodeImage<X86_64Code>(options)
  case .aarch64: try CodeImage<AArch64Code>(options)
  case .arm: try CodeImage<ARMCode>(options)
  case .riscv64: try CodeImage<RISCV64Code>(options)
  case .sparc64: try CodeImage<SPARC64Code>(options)
  }
}

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
