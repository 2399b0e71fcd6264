import ELFFormat
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
extension MergedSection {
  var isStrings: Bool { false }
  var entrySize: UInt64 { 1 }
}
extension Link {
  func mergeInputs<E: ELFEncoding>(_: E.Type) {}
  func writeMerged(_ section: Int, to p: UnsafeMutableRawPointer) {}
  func writeMerged(_ section: Int, range: Range<Int>, to p: UnsafeMutableRawPointer) {}
}
