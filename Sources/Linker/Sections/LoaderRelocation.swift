import ELFFormat

/// How a machine's relocations lie in the output, for the loader.
enum LoaderRelocation<T: Target> {
  typealias E = T.Encoding

  /// Bytes.
  @inline(__always)
  static var size: Int { T.relocationsHoldAddends ? RelaEntry<E>.size : RelEntry<E>.size }
  static var sectionType: SectionType { T.relocationsHoldAddends ? .rela : .rel }

  /// - Parameter addend: left out where the place holds it, whose writer sees to that.
  @inline(__always)
  static func write(
    to p: UnsafeMutableRawPointer, offset: UInt64, type: UInt32, symbol: UInt32, addend: Int64
  ) {
    if T.relocationsHoldAddends {
      RelaEntry<E>.write(to: p, offset: offset, type: type, symbol: symbol, addend: addend)
    } else {
      RelEntry<E>.write(to: p, offset: offset, type: type, symbol: symbol)
    }
  }
}
