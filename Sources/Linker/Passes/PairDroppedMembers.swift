import ELFFormat
import Platform
import Synchronization

/// References to a dropped section that is not loaded go to the section that was kept in its
/// place, if both groups have the same sections of the same sizes: the macros that units have from
/// one header are in such a group. From here on the dropped section's atom is the kept one.
///
/// Not so for code and data: nothing says that a compiler laid them out alike in both files, and
/// debug information that describes a dropped function is about no code. As in lld and mold; GNU
/// ld and gold take equal sizes for equal layouts there, too.
///
/// After resolution: what the dropped section defines is not defined twice.
struct PairDroppedMembers<E: ELFEncoding>: UsesServices, ReadsInputs, ReadsContents {
  let serviceStage: Reading<Services>
  let inputStage: Reading<Inputs>
  let contentStage: Reading<Contents>

  static func run(
    _ services: Reading<Services>, _ inputs: Reading<Inputs>, _ contents: Reading<Contents>
  ) {
    PairDroppedMembers(serviceStage: services, inputStage: inputs, contentStage: contents)
      .pair()
  }

  private func pair() {
    for pair in rareSections.linkOncePairs {
      let lost = objects.pointer(pair.lost.file)
      let kept = objects.pointer(pair.kept.file)
      if isTwin(pair.lost.section, in: lost, of: pair.kept.section, in: kept) {
        lost.pointee.sectionAtoms[pair.lost.section] = kept.pointee.sectionAtoms[pair.kept.section]
      }
    }
    if !rareSections.sawUnloadedMembers.load(ordering: .relaxed) { return }
    pool.forEach(chunks: liveObjects.count) { [self] i, _ in
      let file = objects.pointer(liveObjects[i])
      guard file.pointee.has.contains(.hasUnloadedMembers) else { return }
      for group in file.pointee.firstGroup..<file.pointee.firstGroup + file.pointee.groupCount
      where isLost(group, in: file) {
        pairMembers(group, file)
      }
    }
  }

  private func pairMembers(
    _ group: Int, _ file: UnsafeMutablePointer<ObjectFile>
  ) {
    // Most groups are of code or data alone.
    var hasUnloaded = false
    forEachMember(E.self, of: group, in: file) {
      if !$1.flags.contains(.alloc) { hasUnloaded = true }
    }
    if !hasUnloaded { return }
    let lost = members(E.self, of: group, in: file)
    let winner = keptGroup(groups[group].signature)
    let keeper = objects.pointer(winner.file)
    let kept = members(E.self, of: winner.group, in: keeper)
    guard lost.count == kept.count else { return }
    for (section, twin) in zip(lost, kept)
    where file.pointee.sectionAtoms[section] == .discarded
      && isTwin(section, in: file, of: twin, in: keeper)
    {
      let atom = keeper.pointee.sectionAtoms[twin]
      // Not if the keeper has lost the section by another group.
      if atom.raw < AtomIndex.discarded.raw, atoms[atom].file == winner.file {
        file.pointee.sectionAtoms[section] = atom
      }
    }
  }

  /// Whether two sections that are not loaded have the same name and size, compressed or not.
  private func isTwin(
    _ section: Int, in file: UnsafeMutablePointer<ObjectFile>, of other: Int,
    in keeper: UnsafeMutablePointer<ObjectFile>
  ) -> Bool {
    let a = file.pointee.header(E.self, section)
    let b = keeper.pointee.header(E.self, other)
    if a.flags.contains(.alloc) || b.flags.contains(.alloc) { return false }
    let index = keeper.pointee.sectionAtoms[other]
    guard index.raw < AtomIndex.discarded.raw else { return false }
    /// `.zdebug_macro` is `.debug_macro`, compressed.
    func isSame(_ one: ByteString, _ other: ByteString) -> Bool {
      if one == other { return true }
      let isExpanded = one.hasPrefix(".debug") && other.hasPrefix(".zdebug")
      return isExpanded && one.dropFirst(1) == other.dropFirst(2)
    }
    let name = ObjectFile.name(file.pointee.sectionNames, at: a.name)
    let otherName = ObjectFile.name(keeper.pointee.sectionNames, at: b.name)
    guard isSame(name, otherName) || isSame(otherName, name) else { return false }
    return Expansion.size(E.self, file.pointee, section) == atoms[index].size
  }
}
