import ELFFormat
import Glibc
import Platform

/// What a running process lacks, and what of its old room can be used again.
extension CodeImage {
  // MARK: Patches

  /// What the process lacks, as of the last flush.
  func takePatches() -> ImagePatchSet {
    guard let state = swap else { return ImagePatchSet() }
    var set = ImagePatchSet()
    addFreshAtoms(state, &set)
    for (address, width) in state.constants.sorted(by: { $0.key < $1.key }) {
      guard let section = section(at: address, isWritable: false) else { continue }
      let start = Int(address &- section.address)
      guard start + width <= section.bytes.count else { continue }
      set.patches.append(
        ImagePatch(
          kind: section.flags.contains(.execute) ? .code : .constant, address: address,
          bytes: Array(section.bytes[start..<start + width])))
    }
    for (address, old) in state.addresses.sorted(by: { $0.key < $1.key }) {
      guard let section = section(at: address, isWritable: true) else { continue }
      let start = Int(address &- section.address)
      guard start + old.count <= section.bytes.count else { continue }
      let bytes = Array(section.bytes[start..<start + old.count])
      if bytes != old {
        set.patches.append(ImagePatch(kind: .address, address: address, bytes: bytes, old: old))
      }
    }
    for address in state.slots.sorted() {
      guard let section = slotSection(at: address) else { continue }
      // A slot that was given up may lie where the process has no memory, and nobody reads it.
      if let slot = slots.slot(at: address), slots.owner(slot).isNone { continue }
      let start = Int(address &- section.address)
      let bytes = Array(section.bytes[start..<start + E.wordSize])
      set.patches.append(ImagePatch(kind: .slot, address: address, bytes: bytes))
    }
    var seen: Set<UInt32> = []
    set.swapped = state.updated.compactMap { raw in
      let symbol = SymbolIndex(raw: raw)
      guard state.updatedSet.contains(raw), seen.insert(raw).inserted,
        records[symbol].kind == .declaration || records[symbol].kind == .lazy,
        records[symbol].nameOffset != 0
      else { return nil }
      return String(describing: name(symbol))
    }
    set.refusals = refusals(state)
    return set
  }

  /// The bytes of atoms that the process does not have, those of neighbours together.
  private func addFreshAtoms(_ state: SwapState, _ set: inout ImagePatchSet) {
    let fresh = state.fresh.map { AtomIndex(raw: $0) }
      .sorted { store.atoms[$0].address < store.atoms[$1].address }
    var index = 0
    while index < fresh.count {
      var atom = fresh[index]
      let first = store.atoms[atom]
      index += 1
      let section = placed[first.output.int].section
      if section.flags.contains(.threadLocal) { continue }
      if !section.hasBytes {
        set.patches.append(
          ImagePatch(kind: .variable, address: first.address, bytes: [], zeroCount: first.size))
        continue
      }
      var end = first.address + first.size
      while index < fresh.count, store.links[atom].next == fresh[index],
        store.atoms[fresh[index]].address - end < 1024
      {
        atom = fresh[index]
        end = store.atoms[atom].address + store.atoms[atom].size
        index += 1
      }
      let kind: ImagePatch.Kind =
        section.flags.contains(.execute)
        ? .code : section.flags.contains(.write) ? .variable : .constant
      var start = first.address &- section.address
      end = end &- section.address
      let parts = section.parts(of: start..<end)
      for part in parts + [end..<end] {
        if start < part.lowerBound {
          set.patches.append(
            ImagePatch(
              kind: kind, address: section.address + start, bytes: [],
              zeroCount: part.lowerBound - start))
        }
        start = part.upperBound
        if part.isEmpty { continue }
        let bytes = Array(section.bytes[Int(part.lowerBound)..<Int(part.upperBound)])
        set.patches.append(
          ImagePatch(kind: kind, address: section.address + part.lowerBound, bytes: bytes))
      }
    }
  }

  private func refusals(_ state: SwapState) -> [String] {
    var found: [String] = []
    if state.isUnflushed {
      found.append(
        "the image has been changed since its last flush, or that failed: flush it, then swap")
    }
    if !inputsAreThose(of: state) {
      found.append(
        "what is linked from files has changed, as it does with a new reference to one of their"
          + " names; the running program has them as they were")
    }
    for (raw, home) in state.homes.sorted(by: { $0.key < $1.key }) {
      let symbol = SymbolIndex(raw: raw)
      let atom = symbols[symbol].atom
      guard records[symbol].kind == .declaration, !atom.isNone, atom != home else { continue }
      let (then, now) = (layout(home), layout(atom))
      found.append(
        now == then
          ? "\(described(symbol)) has become another kind of data; the running program has its value"
            + " where it was"
          : "the layout of \(described(symbol)) has changed from \(then) to \(now); the running"
            + " program has its value in the old one")
    }
    for raw in state.fresh.sorted() {
      let atom = store.atoms[AtomIndex(raw: raw)]
      let section = placed[atom.output.int].section
      guard section.flags.contains(.threadLocal), section.hasBytes, atom.side != .max else {
        continue
      }
      let symbol = SymbolIndex(raw: atom.side)
      let start = Int(atom.address &- section.address)
      let isZero = section.bytes[start..<start + Int(atom.size)].allSatisfy { $0 == 0 }
      if isZero || state.homes[symbol.raw] != nil { continue }
      found.append(
        "thread-local variable \(described(symbol)) is new and does not begin as zero: running"
          + " threads have their copies already")
    }
    return found
  }

  private func layout(_ atom: AtomIndex) -> String {
    let record = store.atoms[atom]
    return "\(record.size) bytes aligned to \((1 as UInt64) << UInt64(record.alignment))"
  }

  /// Whether the link of other inputs would load into memory what the process has there.
  private func inputsAreThose(of state: SwapState) -> Bool {
    guard let now = foreign.image, let then = state.inputs, now.bytes !== then else { return true }
    // The headers are the image's own.
    let end = now.programHeaders.map { $0.type == .load ? $0.fileOffset + $0.fileSize : 0 }.max()
    guard let end, end <= UInt64(then.count), headersSize <= end else { return false }
    let start = Int(headersSize)
    return memcmp(now.bytes.start + start, then.start + start, Int(end) - start) == 0
  }

  private func section(at address: UInt64, isWritable: Bool) -> ImageSection? {
    placed.first {
      let section = $0.section
      return section.hasBytes && section.flags.contains(.write) == isWritable
        && !section.flags.contains(.threadLocal) && address >= section.address
        && address < section.endAddress
    }?.section
  }

  private func slotSection(at address: UInt64) -> ImageSection? {
    slots.section(at: address) ?? importSlots?.section(at: address)
  }

  /// The process has what `takePatches` gave.
  func endSwapping() {
    guard let state = swap else { return }
    swap?.fresh = []
    swap?.outOfReach = []
    swap?.slots = []
    swap?.constants = [:]
    swap?.addresses = [:]
    swap?.updated = []
    swap?.updatedSet = []
    swap?.retired += state.retiring + state.formerAtoms
    swap?.retiring = []
    swap?.former = [:]
  }

  // MARK: Old room

  var retiredRanges: [Range<UInt64>] { ranges(swap?.retired ?? []) }
  var retiringRanges: [Range<UInt64>] {
    guard let swap else { return [] }
    return ranges(swap.retiring + swap.formerAtoms)
  }

  private func ranges(_ atoms: [AtomIndex]) -> [Range<UInt64>] {
    atoms.compactMap { atom in
      let record = store.atoms[atom]
      guard !placed[record.output.int].section.flags.contains(.write) else { return nil }
      return record.address..<record.address + record.size
    }
  }

  func reclaim(_ ranges: [Range<UInt64>]) {
    // Those of neighbours may have come as one.
    let ranges = Publisher.merged(ranges)
    guard let state = swap else { return }
    swap?.retired = []
    for atom in state.retired {
      let record = store.atoms[atom]
      if let index = ranges.index(holding: record.address),
        record.address + record.size <= ranges[index].upperBound,
        !placed[record.output.int].section.flags.contains(.write)
      {
        release(atom)
      } else {
        swap?.retired.append(atom)
      }
    }
    verify()
  }
}
