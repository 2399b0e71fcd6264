import ELFFormat
import Platform
import Synchronization

/// Which of several equal things is kept: section groups, and the `.gnu.linkonce` sections from
/// before there were groups. What depends on a dropped one is dropped along, or led to the kept one.
///
/// Groups are elected before sections are read, and the losers never looked at. The rest is rare: it
/// is noted while sections are read, and settled afterwards, by links that have it.
extension ReadsContents {
  /// A group's claim: first by the place of its file, then by its own.
  @inline(__always)
  fileprivate func groupClaim(_ group: Int, in file: UnsafeMutablePointer<ObjectFile>) -> UInt64 {
    ~(UInt64(file.pointee.order) << 32 | UInt64(group))
  }

  /// Whether another group with the signature is kept.
  @inline(__always)
  func isLost(_ group: Int, in file: UnsafeMutablePointer<ObjectFile>) -> Bool {
    groupClaims[groups[group].signature.int] != groupClaim(group, in: file)
  }
}

extension Link {
  // MARK: Groups

  /// The first file that has a group keeps it.
  func electGroups() {
    pool.forEach(chunks: liveObjects.count) { [self] i, _ in
      let file = objects.pointer(liveObjects[i])
      for group in file.pointee.firstGroup..<file.pointee.firstGroup + file.pointee.groupCount {
        atomicMax(groupClaims.base + groups[group].signature.int, groupClaim(group, in: file))
      }
    }
  }

  func discardLostGroups<E: ELFEncoding>(
    _: E.Type, _ index: FileIndex, _ map: UnsafeMutablePointer<AtomIndex>
  ) throws(InputError) {
    let file = objects.pointer(index)
    for group in file.pointee.firstGroup..<file.pointee.firstGroup + file.pointee.groupCount {
      if !isLost(group, in: file) { continue }
      let section = Int(groups[group].section)
      let words = try ObjectReader.contents(E.self, file.pointee, section)
      for k in 1..<max(1, words.count / 4) {
        let member = Int(E.load32(words.start + k * 4))
        guard member > 0, member < file.pointee.sectionCount else {
          throw InputError("section group \(section) has bad member \(member)")
        }
        map[member] = .discarded
      }
    }
  }

  // MARK: What is settled when sections are read

  /// Elects `.gnu.linkonce` sections, and drops what is linked to a dropped section.
  func dropRareTwins<E: ELFEncoding>(_: E.Type) {
    electLinkOnce(E.self)
    if !rareSections.sawLinkOrder.load(ordering: .relaxed) { return }
    pool.forEach(chunks: liveObjects.count) { [self] i, _ in
      let file = objects.pointer(liveObjects[i])
      if file.pointee.has.contains(.hasLinkOrder) { dropFollowers(E.self, file) }
    }
  }

  /// Takes back an atom that was made.
  private func discard(_ file: UnsafeMutablePointer<ObjectFile>, _ section: Int) {
    let index = file.pointee.sectionAtoms[section]
    file.pointee.sectionAtoms[section] = .discarded
    if index.raw >= AtomIndex.discarded.raw { return }
    let atom = atoms.pointer(index)
    atom.pointee.flags = 0
    atom.pointee.relocations = 0
    atom.pointee.relocationStart = nil
  }

  /// An SHF_LINK_ORDER section says something about the section that it is linked to, and goes with
  /// it. Source: gABI, "Section Attribute Flags".
  private func dropFollowers<E: ELFEncoding>(
    _: E.Type, _ file: UnsafeMutablePointer<ObjectFile>
  ) {
    let map = file.pointee.sectionAtoms
    // What was visited and is not discarded stays: chains, and rings, are walked once.
    var isVisited = [Bool](repeating: false, count: file.pointee.sectionCount)
    for first in 1..<file.pointee.sectionCount {
      var chain: [Int] = []
      var section = first
      while map[section].raw < AtomIndex.discarded.raw, !isVisited[section],
        atoms[map[section]].has.contains(.isLinkOrdered), atoms[map[section]].kind != .frames
      {
        isVisited[section] = true
        chain.append(section)
        let link = Int(file.pointee.header(E.self, section).link)
        if link >= file.pointee.sectionCount { break }
        section = link
      }
      if map[section] == .discarded {
        for follower in chain { discard(file, follower) }
      }
    }
  }

  // MARK: .gnu.linkonce

  /// The first of a name is kept. One that stands for the same function or variable as a section
  /// group counts as such a group, as GNU ld has it: if the group has one section, which defines the
  /// same symbols with the same bindings. And `.gnu.linkonce.r.F` belongs to `.gnu.linkonce.t.F` of its file.
  private func electLinkOnce<E: ELFEncoding>(_: E.Type) {
    var sections = rareSections.linkOnce.withLock { $0 }
    if sections.isEmpty { return }
    sections.sort {
      (objects[$0.file].order, $0.section) < (objects[$1.file].order, $1.section)
    }
    var kept: [ByteString: LinkOnceSection] = [:]
    var keptCode: [ByteString: FileIndex] = [:]
    var definitions = DefinedNames()
    for section in sections {
      let file = objects.pointer(section.file)
      if let winner = kept[section.name] {
        discard(file, section.section)
        let own = LinkOnceSection(file: section.file, section: section.section, name: section.name)
        rareSections.linkOncePairs.append((lost: own, kept: winner))
        continue
      }
      let key = section.key
      if section.name.hasPrefix(".gnu.linkonce.r."), let code = keptCode[key],
        code != section.file
      {
        discard(file, section.section)
        continue
      }
      if let group = onlyMember(E.self, ofGroup: key),
        definitions.areEqual(E.self, self, (section.file, section.section), group)
      {
        if objects[group.file].order <= file.pointee.order {
          discard(file, section.section)
          continue
        }
        discard(objects.pointer(group.file), group.section)
      }
      kept[section.name] = section
      if section.name.hasPrefix(".gnu.linkonce.t.") { keptCode[key] = section.file }
    }
  }

  /// The section of the kept group with the signature, if it has just one beside relocations.
  private func onlyMember<E: ELFEncoding>(
    _: E.Type, ofGroup signature: ByteString
  ) -> (file: FileIndex, section: Int)? {
    guard let symbol = names.find(signature, in: symbols), groupClaims[symbol.int] != 0 else {
      return nil
    }
    let winner = keptGroup(symbol)
    let members = members(E.self, of: winner.group, in: objects.pointer(winner.file))
    return members.count == 1 ? (winner.file, members[0]) : nil
  }

  private func keptGroup(_ signature: SymbolIndex) -> (file: FileIndex, group: Int) {
    let claim = ~groupClaims[signature.int]
    return (liveFile(order: UInt32(claim >> 32)), Int(claim & 0xffff_ffff))
  }

  /// Header indices of a group's sections, without those of relocations.
  private func members<E: ELFEncoding>(
    _: E.Type, of group: Int, in file: UnsafeMutablePointer<ObjectFile>
  ) -> [Int] {
    var found: [Int] = []
    forEachMember(E.self, of: group, in: file) { member, _ in found.append(member) }
    return found
  }

  @inline(__always)
  private func forEachMember<E: ELFEncoding>(
    _: E.Type, of group: Int, in file: UnsafeMutablePointer<ObjectFile>,
    _ body: (Int, SectionHeader<E>) -> Void
  ) {
    guard
      let words = try? ObjectReader.contents(E.self, file.pointee, Int(groups[group].section))
    else { return }
    for k in 1..<max(1, words.count / 4) {
      let member = Int(E.load32(words.start + k * 4))
      guard member > 0, member < file.pointee.sectionCount else { continue }
      let header = file.pointee.header(E.self, member)
      switch header.type {
      case .rela, .rel, .crel: continue
      default: body(member, header)
      }
    }
  }

  // MARK: References to what was dropped

  /// References to a dropped section that is not loaded go to the section that was kept in its
  /// place, if both groups have the same sections of the same sizes: the macros that units have from
  /// one header are in such a group. From here on the dropped section's atom is the kept one.
  ///
  /// Not so for code and data: nothing says that a compiler laid them out alike in both files, and
  /// debug information that describes a dropped function is about no code. As in lld and mold; GNU
  /// ld and gold take equal sizes for equal layouts there, too.
  ///
  /// After resolution: what the dropped section defines is not defined twice.
  func pairDroppedMembers<E: ELFEncoding>(_: E.Type) {
    for pair in rareSections.linkOncePairs {
      let lost = objects.pointer(pair.lost.file)
      let kept = objects.pointer(pair.kept.file)
      if isTwin(E.self, pair.lost.section, in: lost, of: pair.kept.section, in: kept) {
        lost.pointee.sectionAtoms[pair.lost.section] = kept.pointee.sectionAtoms[pair.kept.section]
      }
    }
    if !rareSections.sawUnloadedMembers.load(ordering: .relaxed) { return }
    pool.forEach(chunks: liveObjects.count) { [self] i, _ in
      let file = objects.pointer(liveObjects[i])
      guard file.pointee.has.contains(.hasUnloadedMembers) else { return }
      for group in file.pointee.firstGroup..<file.pointee.firstGroup + file.pointee.groupCount
      where isLost(group, in: file) {
        pairMembers(E.self, group, file)
      }
    }
  }

  private func pairMembers<E: ELFEncoding>(
    _: E.Type, _ group: Int, _ file: UnsafeMutablePointer<ObjectFile>
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
      && isTwin(E.self, section, in: file, of: twin, in: keeper)
    {
      let atom = keeper.pointee.sectionAtoms[twin]
      // Not if the keeper has lost the section by another group.
      if atom.raw < AtomIndex.discarded.raw, atoms[atom].file == winner.file {
        file.pointee.sectionAtoms[section] = atom
      }
    }
  }

  /// Whether two sections that are not loaded have the same name and size, compressed or not.
  private func isTwin<E: ELFEncoding>(
    _: E.Type, _ section: Int, in file: UnsafeMutablePointer<ObjectFile>, of other: Int,
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

/// Sections that few links have, noted while sections are read.
final class RareSections: Sendable {
  /// Some section is SHF_LINK_ORDER.
  let sawLinkOrder = Atomic<Bool>(false)
  /// Some file has `FileFlags.hasUnloadedMembers`.
  let sawUnloadedMembers = Atomic<Bool>(false)
  let linkOnce = Mutex<[LinkOnceSection]>([])
  /// Sections that were dropped, and what is kept in their place.
  nonisolated(unsafe) var linkOncePairs: [(lost: LinkOnceSection, kept: LinkOnceSection)] = []
}

/// A `.gnu.linkonce.KIND.NAME` section.
struct LinkOnceSection: Sendable {
  var file: FileIndex
  var section: Int
  var name: ByteString

  /// NAME.
  var key: ByteString {
    let rest = name.dropFirst(14)
    guard let dot = rest.firstIndex(of: 0x2e) else { return name }
    return rest.dropFirst(dot + 1)
  }
}

/// The names that sections of some files define. Each file is read once.
private struct DefinedNames {
  private struct Definition: Comparable {
    var name: ByteString
    var binding: UInt8

    static func < (a: Definition, b: Definition) -> Bool { a.name < b.name }
  }

  private var files: [UInt32: [UInt32: [Definition]]] = [:]

  /// Whether both sections define the same symbols with the same bindings, and at least one.
  mutating func areEqual<E: ELFEncoding>(
    _: E.Type, _ link: Link, _ a: (file: FileIndex, section: Int),
    _ b: (file: FileIndex, section: Int)
  ) -> Bool {
    let names = names(E.self, link, a)
    return !names.isEmpty && names == self.names(E.self, link, b)
  }

  private mutating func names<E: ELFEncoding>(
    _: E.Type, _ link: Link, _ place: (file: FileIndex, section: Int)
  ) -> [Definition] {
    if files[place.file.raw] == nil {
      let file = link.objects.pointer(place.file)
      var sections: [UInt32: [Definition]] = [:]
      for i in file.pointee.firstGlobal..<file.pointee.symbolCount {
        let section = file.pointee.section(E.self, of: i)
        if section == 0 || Int(section) >= file.pointee.sectionCount { continue }
        let entry = file.pointee.symbol(E.self, i)
        let name = ObjectFile.name(file.pointee.symbolNames, at: entry.name)
        sections[section, default: []].append(
          Definition(name: name, binding: entry.binding.rawValue))
      }
      for section in sections.keys { sections[section]!.sort() }
      files[place.file.raw] = sections
    }
    return files[place.file.raw]![UInt32(place.section)] ?? []
  }
}

/// A section group of a live file. Source: gABI, "Section Groups".
struct SectionGroup: BitwiseCopyable {
  /// Header index of the SHT_GROUP section.
  var section: UInt32
  var signature: SymbolIndex
}
