import ELFFormat
import Platform
import Synchronization

/// Elects `.gnu.linkonce` sections, from before there were groups, and drops what is linked to a
/// dropped section.
///
/// Both are rare: they are noted while sections are read, and settled afterwards, by links that have
/// them.
struct DropTwins<E: ELFEncoding>: UsesServices, ReadsInputs, ReadsNaming, ReadsContents {
  let serviceStage: Reading<Services>
  let inputStage: Reading<Inputs>
  let namingStage: Reading<Naming>
  let contentStage: Reading<Contents>

  static func run(
    _ services: Reading<Services>, _ inputs: Reading<Inputs>, _ naming: Reading<Naming>,
    _ contents: Reading<Contents>
  ) {
    DropTwins(
      serviceStage: services, inputStage: inputs, namingStage: naming, contentStage: contents
    )
    .drop()
  }

  private func drop() {
    electLinkOnce()
    if !rareSections.sawLinkOrder.load(ordering: .relaxed) { return }
    pool.forEach(chunks: liveObjects.count) { [self] i, _ in
      let file = objects.pointer(liveObjects[i])
      if file.pointee.has.contains(.hasLinkOrder) { dropFollowers(file) }
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
  private func dropFollowers(
    _ file: UnsafeMutablePointer<ObjectFile>
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
  private func electLinkOnce() {
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
      if let group = onlyMember(ofGroup: key),
        definitions.areEqual(E.self, objects, (section.file, section.section), group)
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
  private func onlyMember(
    ofGroup signature: ByteString
  ) -> (file: FileIndex, section: Int)? {
    guard let symbol = names.find(signature, in: symbols), groupClaims[symbol.int] != 0 else {
      return nil
    }
    let winner = keptGroup(symbol)
    let members = members(E.self, of: winner.group, in: objects.pointer(winner.file))
    return members.count == 1 ? (winner.file, members[0]) : nil
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
    _: E.Type, _ objects: Table<FileIndex, ObjectFile>, _ a: (file: FileIndex, section: Int),
    _ b: (file: FileIndex, section: Int)
  ) -> Bool {
    let names = names(E.self, objects, a)
    return !names.isEmpty && names == self.names(E.self, objects, b)
  }

  private mutating func names<E: ELFEncoding>(
    _: E.Type, _ objects: Table<FileIndex, ObjectFile>, _ place: (file: FileIndex, section: Int)
  ) -> [Definition] {
    if files[place.file.raw] == nil {
      let file = objects.pointer(place.file)
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
