import ELFFormat
import Glibc
import Platform

extension LaidOutLink {
  /// Writes an atom's bytes, relocated.
  @inline(__always)
  func writeAtom<T: Target>(
    _: T.Type, _ index: AtomIndex, _ atom: Atom, _ p: UnsafeMutableRawPointer,
    _ context: inout ApplyContext
  ) {
    switch atom.kind {
    case .regular:
      let bytes = atom.contents
      memcpy(p, bytes.start, Int(atom.size))
      if atom.relocations != 0 { T.apply(self, &context, index, p) }
      if atom.has.contains(.isReversed) { reverseWords(p, Int(atom.size), T.Encoding.wordSize) }
    case .synthetic:
      memset(p, 0, Int(atom.size))
      writeMerged(Int(atom.side), to: p)
    case .zeroFill, .merged, .frames: memset(p, 0, Int(atom.size))
    }
  }

  private func reverseWords(_ p: UnsafeMutableRawPointer, _ size: Int, _ width: Int) {
    var low = 0
    var high = size / width * width - width
    while low < high {
      for k in 0..<width {
        let a = p.load(fromByteOffset: low + k, as: UInt8.self)
        let b = p.load(fromByteOffset: high + k, as: UInt8.self)
        p.storeBytes(of: b, toByteOffset: low + k, as: UInt8.self)
        p.storeBytes(of: a, toByteOffset: high + k, as: UInt8.self)
      }
      low += width
      high -= width
    }
  }
}
