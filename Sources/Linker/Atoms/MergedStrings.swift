import Platform

/// A merged section of an input file.
struct MergeInput: BitwiseCopyable {
  var atom: AtomIndex
}

/// What all merge inputs of one kind become.
struct MergedSection {
}

extension Link {
  func mergedAddress(_ atom: Atom, offset: UInt64) -> UInt64 { 0 }
}
