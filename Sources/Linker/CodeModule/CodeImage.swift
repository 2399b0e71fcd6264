import ELFFormat
import Platform

/// Under construction.
final class CodeImage<T: CodeTarget>: ImageEngine {
  let options: ImageOptions
  var counts = ImageCounts()
  var lazyProvider: ((LazyKind, LazyKey) throws(ImageError) -> LazyContent)?
  init(_ options: ImageOptions) throws(ImageError) { self.options = options }
  private func later() -> ImageError { ImageError(.invalid, "later") }
  func symbol(for declaration: Declaration) throws(ImageError) -> ImageSymbol { throw later() }
  func updateFunction(
    _ declaration: Declaration, name: String, code: UnsafeRawBufferPointer, alignment: UInt8,
    relocations: [DataRelocation], debug: FunctionDebugInfo?
  ) throws(ImageError) -> ImageSymbol { throw later() }
  func updateData(
    _ declaration: Declaration, name: String, kind: DataKind, bytes: UnsafeRawBufferPointer,
    zeroFill: UInt64, alignment: UInt8, relocations: [DataRelocation], debug: VariableDebugInfo?
  ) throws(ImageError) -> ImageSymbol { throw later() }
  func updateLines(_ declaration: Declaration, lines: [DebugLine]) throws(ImageError) {
    throw later()
  }
  func free(_ declaration: Declaration) throws(ImageError) { throw later() }
  func unnamedConstant(
    of declaration: Declaration, bytes: UnsafeRawBufferPointer, alignment: UInt8,
    relocations: [DataRelocation]
  ) throws(ImageError) -> ImageSymbol { throw later() }
  func updateExports(_ declaration: Declaration, _ exports: [Export]) throws(ImageError) {
    throw later()
  }
  func removeExport(_ declaration: Declaration, name: String) throws(ImageError) { throw later() }
  func importedSymbol(_ name: String, isWeak: Bool) throws(ImageError) -> ImageSymbol {
    throw later()
  }
  func offsetTableAddress(of symbol: ImageSymbol) throws(ImageError) -> UInt64 { throw later() }
  func callSequence(to symbol: ImageSymbol) throws(ImageError) -> [UInt8] { throw later() }
  func address(
    of symbol: ImageSymbol, referencedFrom holder: ImageSymbol, offset: UInt64, addend: Int64
  ) throws(ImageError) -> UInt64 { throw later() }
  func currentAddress(of symbol: ImageSymbol) -> UInt64? { nil }
  func lazySymbol(_ kind: LazyKind, _ key: LazyKey) throws(ImageError) -> ImageSymbol {
    throw later()
  }
  func addInput(_ input: ImageInput) throws(ImageError) { throw later() }
  func flush() throws(ImageError) { throw later() }
  func dump() -> String { "" }
  func dumpJSON() -> String { "" }
  func violations() -> [String] { [] }
  func beginSwapping() throws(ImageError) { throw later() }
  func takePatches() -> ImagePatchSet { ImagePatchSet() }
  func endSwapping() {}
  var retiredRanges: [Range<UInt64>] { [] }
  func reclaim(_ ranges: [Range<UInt64>]) {}
}
