import Platform

/// Name → the definition in force, among those of the code module.
///
/// A name is known by its offset in the image's string table, which is its identity there. All
/// definitions of a name are kept, so that when one goes the next best takes its place: strong ones
/// before weak ones, and among equals the one that has been so for longer: two lists, of which the
/// first of the first is in force, whatever their number. What files define beside them is decided by the
/// link of those files, to which the module's names are given.
struct NameResolver {
  struct Name {
    var offset: UInt32
    /// The definition in force; `.none` if the module has none.
    var winner = SymbolIndex.none
    /// Definitions that others may see, chained by `ModuleRecord.nextCandidate`, the oldest first.
    var strong = Candidates()
    var weak = Candidates()
    /// All definitions, local ones too.
    var definitionCount: UInt32 = 0

    subscript(isStrong isStrong: Bool) -> Candidates {
      get { isStrong ? strong : weak }
      set { if isStrong { strong = newValue } else { weak = newValue } }
    }
    /// The symbol by which the module refers to the name.
    var reference = SymbolIndex.none
  }
  struct Candidates {
    var first = SymbolIndex.none
    var last = SymbolIndex.none
  }
  private(set) var names: [Name] = []
  /// The symbols by which the module refers to names, in the order in which they were made; they stay.
  private(set) var references: [SymbolIndex] = []
  /// Those whose names mean places of the image unless somebody defines them.
  private(set) var linkerNamed: [SymbolIndex] = []
  /// Other ones that the next flush looks at: perhaps needed, and perhaps defined by nobody.
  var unsettled: Set<UInt32> = []
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
    guard name.definitionCount == 0, name.reference.isNone else { return }
    indices[name.offset] = nil
    unused.append(index)
  }

  /// Lets the module refer to a name.
  mutating func add(reference: SymbolIndex, to index: UInt32, isLinkerNamed: Bool) {
    names[Int(index)].reference = reference
    references.append(reference)
    if isLinkerNamed { linkerNamed.append(reference) } else { unsettled.insert(reference.raw) }
  }
}
