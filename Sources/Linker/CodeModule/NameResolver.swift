import Platform

/// Name → the definition in force, among those of the code module.
///
/// A name is known by its offset in the image's string table, which is its identity there. All
/// definitions of a name are kept, so that when one goes the next best takes its place: strong ones
/// before weak ones, and among equals the earlier. What files define beside them is decided by the
/// link of those files, to which the module's names are given.
struct NameResolver {
  struct Name {
    var offset: UInt32
    /// The definition in force; `.none` if the module has none.
    var winner = SymbolIndex.none
    /// All definitions, chained by `ModuleRecord.nextCandidate`, the newest first.
    var candidates = SymbolIndex.none
    /// The symbol by which the module refers to the name.
    var reference = SymbolIndex.none
  }
  private(set) var names: [Name] = []
  private var indices: [UInt32: UInt32] = [:]
  private var unused: [UInt32] = []

  /// The record of the name at `offset`.
  mutating func intern(_ offset: UInt32) -> UInt32 {
    if let index = indices[offset] { return index }
    let index: UInt32
    if let hole = unused.popLast() {
      index = hole
      names[Int(hole)] = Name(offset: offset)
    } else {
      index = UInt32(names.count)
      names.append(Name(offset: offset))
    }
    indices[offset] = index
    return index
  }

  func find(_ offset: UInt32) -> UInt32? { indices[offset] }

  subscript(index: UInt32) -> Name {
    get { names[Int(index)] }
    set { names[Int(index)] = newValue }
  }

  /// Forgets a name that nobody defines or refers to.
  mutating func forgetIfUnused(_ index: UInt32) {
    let name = names[Int(index)]
    guard name.candidates.isNone, name.reference.isNone else { return }
    indices[name.offset] = nil
    unused.append(index)
  }

  /// Names that the module refers to.
  var references: [SymbolIndex] {
    var found: [SymbolIndex] = []
    for name in names where indices[name.offset] != nil && !name.reference.isNone {
      found.append(name.reference)
    }
    return found
  }
}
