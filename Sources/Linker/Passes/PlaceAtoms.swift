import ELFFormat
import Platform

/// Which atoms each output section has, in which order, and at which offset.
///
/// Order: part, then file, then section: a stable counting sort, linear in atoms. Groups of files are
/// counted side by side, each for every output section; then each group knows where its atoms go.
/// SHF_LINK_ORDER sections come in the order of what they are linked to.
struct PlaceAtoms<E: ELFEncoding>: UsesServices, ReadsInputs, ChangesContents, ReadsDemands,
  ChangesLayout
{
  let serviceStage: Reading<Services>
  let inputStage: Reading<Inputs>
  let changingContents: Changing<Contents>
  let demandStage: Reading<Demands>
  let changingLayout: Changing<Layout>

  /// Gives all live atoms that need one a place in their output section.
  static func run(
    _ services: Reading<Services>, _ inputs: Reading<Inputs>, _ contents: Changing<Contents>,
    _ demands: Reading<Demands>, _ layout: Changing<Layout>
  ) {
    PlaceAtoms(
      serviceStage: services, inputStage: inputs, changingContents: contents,
      demandStage: demands, changingLayout: layout
    ).place()
  }

  private func place() {
    let outputCount = outputs.count
    // The linker's own atoms come last: they are a group of their own.
    let groupCount = max(1, min(pool.count * 8, (1 << 20) / max(outputCount, 1), liveObjects.count))
    let grain = (liveObjects.count + groupCount - 1) / groupCount
    let found = pool.map(chunks: groupCount + 1) { [self] group, _ in
      var counts = [Int](repeating: 0, count: outputCount)
      var facts = [PlacementFacts](repeating: PlacementFacts(), count: outputCount)
      let isOwn = group == groupCount
      forEachPlacedAtom(grain * group, grain, isOwn: isOwn) { index, order in
        let atom = atoms.pointer(index)
        let output = atom.pointee.output.int
        counts[output] &+= 1
        note(atom, order, &facts[output])
      }
      return (counts: counts, facts: facts)
    }
    // What all groups found together; and where each begins.
    var counts = [Int](repeating: 0, count: outputCount)
    var facts = [PlacementFacts](repeating: PlacementFacts(), count: outputCount)
    for group in found {
      for i in 0..<outputCount where group.counts[i] > 0 {
        counts[i] += group.counts[i]
        facts[i].add(group.facts[i])
      }
    }
    let total = counts.reduce(0, +)
    layout.atomOrder = allocateZeroed(count: max(total, 1))
    var next = [Int](repeating: 0, count: outputCount)
    var sum = 0
    for i in 0..<outputCount where outputs[OutputIndex(i)].content == .atoms {
      outputs[OutputIndex(i)].firstAtom = sum
      outputs[OutputIndex(i)].atomCount = counts[i]
      next[i] = sum
      sum += counts[i]
    }
    var starts: [[Int]] = []
    for group in found {
      starts.append(next)
      for i in 0..<outputCount { next[i] += group.counts[i] }
    }
    let groupStarts = starts
    nonisolated(unsafe) let order = atomOrder
    pool.forEach(chunks: groupCount + 1) { [self] group, _ in
      var next = groupStarts[group]
      forEachPlacedAtom(grain * group, grain, isOwn: group == groupCount) { index, _ in
        let output = atoms[index].output.int
        order[next[output]] = index
        next[output] &+= 1
      }
    }
    for i in 0..<outputCount {
      let output = outputs.pointer(OutputIndex(i))
      guard output.pointee.content == .atoms, counts[i] > 0 else { continue }
      if facts[i].parts > 1 { sortByPart(output.pointee) }
      if options.sectionSort != .none { sortByOption(output.pointee) }
      apply(facts[i], to: output)
    }
    let isLinkOrdered = facts.map(\.isLinkOrdered)
    pool.forEach(chunks: outputCount) { [self] i, _ in
      if !isLinkOrdered[i] { setOffsets(outputs.pointer(OutputIndex(i))) }
    }
    // In the order of the inputs: indices of outputs are a matter of timing, and what one is linked
    // to may be among these.
    let linkOrdered = outputs.indices.map { OutputIndex($0) }.filter { isLinkOrdered[$0.int] }
      .sorted { outputs[$0].firstSeen < outputs[$1].firstSeen }
    for index in linkOrdered {
      sortByLink(index)
      setOffsets(outputs.pointer(index))
    }
  }

  /// Live atoms of `count` files that get a place of their own, in order; or the linker's own.
  @inline(__always)
  private func forEachPlacedAtom(
    _ first: Int, _ count: Int, isOwn: Bool, _ body: (AtomIndex, UInt32) -> Void
  ) {
    if isOwn {
      for index in syntheticAtoms where atoms[index].has.contains(.isLive) { body(index, .max) }
      return
    }
    for i in first..<max(first, min(liveObjects.count, first + count)) {
      let object = objects.pointer(liveObjects[i])
      let order = object.pointee.order
      let start = object.pointee.firstAtom.int
      for j in start..<start &+ object.pointee.atomCount {
        let index = AtomIndex(j)
        let atom = atoms.pointer(index)
        if atom.pointee.kind == .merged || atom.pointee.kind == .frames
          || !atom.pointee.has.contains(.isLive)
        {
          continue
        }
        body(index, order)
      }
    }
  }

  @inline(__always)
  private func note(
    _ atom: UnsafeMutablePointer<Atom>, _ order: UInt32, _ facts: inout PlacementFacts
  ) {
    facts.alignment = max(facts.alignment, atom.pointee.alignment)
    if facts.parts == 0 {
      facts.part = atom.pointee.part
      facts.parts = 1
    } else if facts.part != atom.pointee.part {
      facts.parts = 2
    }
    facts.firstSeen = min(
      facts.firstSeen, UInt64(order) << 32 | UInt64(atom.pointee.section))
    var flags: SectionFlags = []
    let has = atom.pointee.has
    if has.contains(.isAlloc) { flags.insert(.alloc) }
    if has.contains(.isWritable) { flags.insert(.write) }
    if has.contains(.isExecutable) { flags.insert(.execute) }
    if has.contains(.isThreadLocal) { flags.insert(.threadLocal) }
    if has.contains(.isLarge) { flags.insert(.x86Large) } else { facts.isSmall = true }
    if has.contains(.isLinkOrdered) {
      facts.isLinkOrdered = true
      flags.insert(.linkOrder)
    }
    facts.flags.formUnion(flags)
    if atom.pointee.kind == .zeroFill {
      if facts.type == .null { facts.type = .nobits }
    } else if facts.type == .null || facts.type == .nobits {
      facts.type =
        atom.pointee.kind == .synthetic
        ? .progbits
        : objects[atom.pointee.file].header(E.self, Int(atom.pointee.section)).type
    }
    var merge: SectionFlags = []
    var entrySize: UInt64 = 0
    if atom.pointee.kind == .synthetic {
      merge = mergedSections[Int(atom.pointee.side)].isStrings ? [.merge, .strings] : .merge
      entrySize = mergedSections[Int(atom.pointee.side)].entrySize
    }
    if facts.mergeFlags == nil {
      facts.mergeFlags = merge
      facts.entrySize = entrySize
    } else if facts.mergeFlags != merge || facts.entrySize != entrySize {
      facts.mergeFlags = SectionFlags([])
      facts.entrySize = 0
    }
  }

  private func apply(
    _ facts: PlacementFacts, to output: UnsafeMutablePointer<OutputSection>
  ) {
    var flags = facts.flags.union(facts.mergeFlags ?? [])
    if facts.isSmall { flags.remove(.x86Large) }
    // All thread-locals are in one segment, so one read-only section among them is not.
    let isWritten =
      flags.contains(.threadLocal) || OutputSection.isAlwaysWritable(output.pointee.name)
    if isWritten, flags.contains(.alloc) { flags.insert(.write) }
    output.pointee.flags = flags.rawValue
    output.pointee.entrySize = facts.entrySize
    output.pointee.alignment = facts.alignment
    output.pointee.firstSeen = facts.firstSeen
    var type = facts.type
    let name = output.pointee.name
    if type == .x86Unwind { type = .progbits }
    // Copies of read-only variables: among data that has bytes in the file, this has them, too.
    if type == .nobits, name == ".data.rel.ro" || name == ".bss.rel.ro" { type = .progbits }
    if type != .nobits {
      for array in SectionOrder.arrays where name == ByteString(array.name) { type = array.type }
    }
    output.pointee.type = type.rawValue
    // An address each, whatever the inputs say, which do not all say it.
    switch type {
    case .initArray, .finiArray, .preinitArray: output.pointee.entrySize = E.is64 ? 8 : 4
    default: break
    }
  }

  private func sortByPart(_ output: OutputSection) {
    let range = UnsafeMutableBufferPointer(
      start: atomOrder + output.firstAtom, count: output.atomCount)
    var lowest = Int(UInt16.max)
    var highest = 0
    for index in range {
      lowest = min(lowest, Int(atoms[index].part))
      highest = max(highest, Int(atoms[index].part))
    }
    // Counts, then where the next atom of each part goes.
    let places = allocateZeroed(Int.self, count: highest + 1)
    for index in range { places[Int(atoms[index].part)] &+= 1 }
    var sum = 0
    for part in lowest...highest {
      let count = places[part]
      places[part] = sum
      sum += count
    }
    let copy = Array(range)
    for index in copy {
      let part = Int(atoms[index].part)
      range[places[part]] = index
      places[part] &+= 1
    }
  }

  /// `--sort-section`.
  private func sortByOption(_ output: OutputSection) {
    let range = UnsafeMutableBufferPointer(
      start: atomOrder + output.firstAtom, count: output.atomCount)
    if output.name == ".init_array" || output.name == ".fini_array" { return }
    let keyed = range.enumerated().map { ($0.offset, $0.element) }
    let sorted: [(Int, AtomIndex)]
    if options.sectionSort == .alignment {
      sorted = keyed.sorted {
        (255 - atoms[$0.1].alignment, $0.0) < (255 - atoms[$1.1].alignment, $1.0)
      }
    } else {
      func name(_ index: AtomIndex) -> ByteString {
        let atom = atoms[index]
        let file = objects[atom.file]
        if file.sectionCount == 0 { return "" }
        return ObjectFile.name(
          file.sectionNames, at: file.header(E.self, Int(atom.section)).name)
      }
      sorted = keyed.sorted { a, b in
        let x = name(a.1)
        let y = name(b.1)
        return x == y ? a.0 < b.0 : x < y
      }
    }
    for (i, entry) in sorted.enumerated() { range[i] = entry.1 }
  }

  /// The atom that an SHF_LINK_ORDER atom is linked to.
  private func linkedAtom(_ index: AtomIndex) -> AtomIndex? {
    let atom = atoms[index]
    guard atom.has.contains(.isLinkOrdered) else { return nil }
    let file = objects[atom.file]
    let link = file.header(E.self, Int(atom.section)).link
    guard link != 0, Int(link) < file.sectionCount else { return nil }
    let other = file.sectionAtoms[Int(link)]
    return other.raw < AtomIndex.discarded.raw ? other : nil
  }

  private func sortByLink(_ index: OutputIndex) {
    let output = outputs[index]
    let range = UnsafeMutableBufferPointer(
      start: atomOrder + output.firstAtom, count: output.atomCount)
    var keyed: [(key: LinkedPlace, atom: AtomIndex)] = []
    var linked: OutputIndex?
    for (i, index) in range.enumerated() {
      var key = LinkedPlace(position: i)
      if let other = linkedAtom(index) {
        linked = linked ?? atoms[other].output
        let leader = outputs[atoms[other].output]
        key.rank = rank(leader)
        key.firstSeen = leader.firstSeen
        key.offset = atoms[other].address
      }
      keyed.append((key, index))
    }
    keyed.sort { LinkedPlace.isBefore($0.key, $1.key) }
    for (i, entry) in keyed.enumerated() { range[i] = entry.atom }
    if let linked { contents.linkOrders[index] = linked }
  }

  private func setOffsets(_ output: UnsafeMutablePointer<OutputSection>) {
    guard output.pointee.content == .atoms else { return }
    var offset: UInt64 = 0
    let order = atomOrder + output.pointee.firstAtom
    for i in 0..<output.pointee.atomCount {
      let atom = atoms.pointer(order[i])
      let mask = (1 as UInt64) << UInt64(atom.pointee.alignment) &- 1
      offset = (offset &+ mask) & ~mask
      atom.pointee.address = offset
      offset = offset &+ min(atom.pointee.size, 1 << 47)
      if offset >= 1 << 47 {
        diagnostics.error("output section \(output.pointee.name) is too large")
        return
      }
    }
    output.pointee.size = offset
  }
}

private struct PlacementFacts: Sendable {
  var flags: SectionFlags = []
  var type = SectionType.null
  var alignment: UInt8 = 0
  var firstSeen = UInt64.max
  var part: UInt16 = 0
  var parts = 0
  var isLinkOrdered = false
  /// Some input has to be within reach of the small model.
  var isSmall = false
  /// All inputs are mergeable alike.
  var mergeFlags: SectionFlags?
  var entrySize: UInt64 = 0

  /// Adds what is known of atoms that come later.
  mutating func add(_ later: PlacementFacts) {
    if parts == 0 {
      self = later
      return
    }
    flags.formUnion(later.flags)
    if type == .null || type == .nobits && later.type != .null { type = later.type }
    alignment = max(alignment, later.alignment)
    firstSeen = min(firstSeen, later.firstSeen)
    if later.parts > 1 || part != later.part { parts = 2 }
    isLinkOrdered = isLinkOrdered || later.isLinkOrdered
    isSmall = isSmall || later.isSmall
    if mergeFlags != later.mergeFlags || entrySize != later.entrySize {
      mergeFlags = SectionFlags([])
      entrySize = 0
    }
  }
}

/// Where a linked section will be: output sections have no addresses yet, but a known order.
private struct LinkedPlace {
  var rank: UInt32 = 0
  var firstSeen: UInt64 = 0
  var offset: UInt64 = 0
  var position: Int

  static func isBefore(_ a: LinkedPlace, _ b: LinkedPlace) -> Bool {
    (a.rank, a.firstSeen, a.offset, a.position) < (b.rank, b.firstSeen, b.offset, b.position)
  }
}
