import ELFFormat
import Platform

/// The linker-made sections of an output; `.none` for those that it does without.
struct SyntheticSections {
  private var indices = InlineArray<32, OutputIndex>(repeating: .none)

  subscript(content: SectionContent) -> OutputIndex {
    @inline(__always) get { indices[Int(content.rawValue)] }
    set { indices[Int(content.rawValue)] = newValue }
  }
}

extension UsesServices {
  /// The loader's path; nil if the output has none.
  var interpreterPath: String? {
    if options.noDynamicLinker || isSharedLibrary && options.dynamicLinker == nil { return nil }
    if isSharedLibrary || options.isStatic { return nil }
    return options.dynamicLinker ?? target.interpreter
  }
}
