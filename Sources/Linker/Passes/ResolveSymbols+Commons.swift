import ELFFormat

/// `--warn-common` and `--sort-common`.
extension ResolveSymbols {
  /// What one file's common symbol meets, if it is not the one that the others are told of.
  func warnOfCommon(_ claim: CommonClaim) {
    let symbol = symbols[claim.symbol]
    let winner = FileIndex(raw: symbol.file)
    if winner == claim.file { return }
    let name = displayName(claim.symbol)
    let other = objects[winner].displayName
    let text =
      symbol.has.contains(.isCommon)
      ? "common symbol '\(name)' of \(claim.size) bytes is common in \(other), too"
      : "common symbol '\(name)' is overridden by the definition in \(other)"
    diagnostics.warning(
      "\(objects[claim.file].displayName): \(text)",
      key: UInt64(objects[claim.file].order) << 32)
  }

  /// Lays the atoms of common symbols out by their alignment, equal ones as they were found: each
  /// takes the place of another, as their places follow from their indices.
  func sortCommons(_ places: [SymbolIndex: AtomIndex]) {
    let found = places.sorted { $0.value.raw < $1.value.raw }
    let contents = found.map { atoms[$0.value] }
    let ascends = options.commonOrder == .ascending
    let order = contents.indices.sorted {
      let (a, b) = (contents[$0].alignment, contents[$1].alignment)
      return a == b ? $0 < $1 : (a < b) == ascends
    }
    for (slot, k) in order.enumerated() {
      atoms[found[slot].value] = contents[k]
      symbols.pointer(found[k].key).pointee.atom = found[slot].value
    }
  }
}
