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
