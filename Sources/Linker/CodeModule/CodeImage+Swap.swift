import ELFFormat

/// What the image knows of a running program that it changes.
struct SwapState {
  mutating func noteSlot(address: UInt64) {}
  mutating func noteAddress(_ address: UInt64, section: ImageSection, width: UInt64) {}
  mutating func noteUpdate(_ symbol: SymbolIndex, isMove: Bool) {}
  mutating func noteRemoval(_ symbol: SymbolIndex) {}
}

extension CodeImage {
  func needsFreshPlace(_ symbol: SymbolIndex, _ content: ModuleContent, size: UInt64) -> Bool {
    false
  }
  func retires(_ atom: AtomIndex) -> Bool { false }
  func retire(_ atom: AtomIndex, of symbol: SymbolIndex) {}
  func beginSwapping() throws(ImageError) {}
  func takePatches() -> ImagePatchSet { ImagePatchSet() }
  func endSwapping() {}
  var retiredRanges: [Range<UInt64>] { [] }
  func reclaim(_ ranges: [Range<UInt64>]) {}
}
