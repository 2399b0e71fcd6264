import Platform

/// With `--gc-sections`: a bit for each byte of loaded merged sections, set where something live
/// refers to it.
struct PieceMarks: Sendable {
  /// Index 0 is unused.
  private let words = ReservedTable<UInt32>(
    capacity: 1 << 28, of: "marks of mergeable sections")

  init() { words.append(0) }

  /// Gives a merged section its bits; its `side` tells where. False if there is no room left: all of
  /// the section counts.
  func makeRoom(for atom: UnsafeMutablePointer<Atom>) -> Bool {
    let count = Int(atom.pointee.size + 31) / 32
    guard words.count + count <= words.capacity else { return false }
    atom.pointee.side = UInt32(words.reserve(count: count))
    return true
  }

  /// The bits of a merged section; nil if it has none.
  @inline(__always)
  func marks(inMarked atom: Atom) -> UnsafeMutablePointer<UInt32>? {
    atom.side == 0 ? nil : words.base + Int(atom.side)
  }

  /// The bytes of a merged section that something live refers to; nil if all count.
  func marks(of atom: Atom) -> UnsafeMutablePointer<UInt32>? {
    if !atom.has.contains(.isAlloc) || atom.has.contains(.keepsAllPieces) { return nil }
    return marks(inMarked: atom)
  }
}
