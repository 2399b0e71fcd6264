import ELFFormat
import Glibc

/// What the image knows of a running process of its program: what that lacks, and what it must keep.
struct SwapState {
  /// Written since the process was last brought up to date, by address of a section's start.
  var dirty: [UInt64: DirtyRanges] = [:]
  /// Addresses of slots that were written.
  var slots: Set<UInt64> = []
  /// Places in data that were written because their targets moved, with what the process has there.
  var addresses: [UInt64: [UInt8]] = [:]
  /// Variables that the process does not have yet.
  var newVariables: Set<UInt32> = []
  /// Variables whose place in the process is no longer theirs in the image: the change that led to
  /// it cannot be swapped, but can be taken back.
  var homes: [UInt32: Home] = [:]
  /// Why a change cannot be swapped, by symbol.
  var refusals: [UInt32: String] = [:]
  /// What was updated, in order.
  var updated: [UInt32] = []
  /// What was linked from files, as the process has it.
  var inputs: OutputBytes?
  /// Atoms that belong to no symbol any more, and whose room a thread may still use.
  var retired: [AtomIndex] = []

  struct Home {
    var atom: AtomIndex
    var description: String
  }

  mutating func noteSlot(address: UInt64) { slots.insert(address) }

  mutating func noteUpdate(_ symbol: SymbolIndex) {
    if !updated.contains(symbol.raw) { updated.append(symbol.raw) }
  }
}

/// Changing a program that runs. From `beginSwapping` on, code and constants that the process may be
/// using are not written over: a new version takes a fresh place, and the old one's room is kept until
/// nobody can be in it. Variables stay where they are, and with them what the process made of them;
/// an edit that would need another layout is refused, until it is taken back.
///
/// What a flush changed is told as patches, which `HotSwap` writes into the process while it stands
/// still, slots last.
extension CodeImage {
  func beginSwapping() throws(ImageError) {
    guard options.liveReserve > 0 else {
      throw ImageError(
        .notSwappable,
        "the image was made without room for growth in a running process: set `liveReserve` in its"
          + " options")
    }
    stopSwapping()
    swap = SwapState()
    swap?.inputs = foreign.image?.bytes
  }

  /// No process has to be thought of any more: all kept room falls free.
  func stopSwapping() {
    guard let state = swap else { return }
    swap = nil
    for home in state.homes.values { release(home.atom) }
    for atom in state.retired { release(atom) }
  }

  private func release(_ atom: AtomIndex) {
    placed[store.atoms[atom].output.int].remove(atom)
    store.recycle(atom)
  }

  // MARK: Placing

  /// Whether a new version may not go where the old one is.
  func needsFreshPlace(_ symbol: SymbolIndex, _ content: Content) -> Bool {
    guard let swap else { return false }
    switch content.kind {
    case .function, .immutable, .none:
      return true
    case .mutable, .threadLocal:
      let atom = store.atoms[symbols[symbol].atom]
      // The place of a variable that the process has is its layout.
      return !swap.newVariables.contains(symbol.raw)
        && (atom.size != content.size || atom.alignment < content.alignment)
    }
  }

  /// The place that a variable has in the process, if the new bytes have the layout of those there.
  func home(of symbol: SymbolIndex, _ content: Content, _ key: SectionKey) -> AtomIndex? {
    guard let home = swap?.homes[symbol.raw] else { return nil }
    let atom = store.atoms[home.atom]
    guard atom.size == content.size, atom.alignment >= content.alignment,
      parts[key]?.contains(atom.output.int) == true
    else { return nil }
    return home.atom
  }

  /// Whether an atom that its symbol gives up may still be in use.
  func retires(_ atom: AtomIndex, of symbol: SymbolIndex) -> Bool {
    swap.map { !$0.newVariables.contains(symbol.raw) } ?? false
  }

  /// Keeps the room of an atom that has become nobody's.
  func retire(_ atom: AtomIndex, of symbol: SymbolIndex) {
    store.atoms[atom].side = .max
    store.atoms[atom].relocations = RelocationIndex.none.raw
    let kind = records[symbol].content
    if kind == .mutable || kind == .threadLocal, swap?.homes[symbol.raw] == nil,
      !records[symbol].flags.contains(.isDead)
    {
      let record = store.atoms[atom]
      swap?.homes[symbol.raw] = SwapState.Home(
        atom: atom, description: "\(record.size) bytes aligned to \(1 << UInt64(record.alignment))")
    } else {
      swap?.retired.append(atom)
    }
  }

  /// A symbol has a place for the first time since the process began.
  func noteNewVariable(_ symbol: SymbolIndex, isZero: Bool) {
    guard swap != nil else { return }
    let kind = records[symbol].content
    guard kind == .mutable || kind == .threadLocal else { return }
    swap?.newVariables.insert(symbol.raw)
    if kind == .threadLocal, !isZero {
      swap?.refusals[symbol.raw] =
        "thread-local variable \(described(symbol)) is new and does not begin as zero: running"
        + " threads have their copies already"
    }
  }

  /// A declaration is gone; its room in the process stays.
  func noteRemoval(_ symbol: SymbolIndex) {
    guard swap != nil else { return }
    if let home = swap?.homes.removeValue(forKey: symbol.raw) { swap?.retired.append(home.atom) }
    swap?.refusals[symbol.raw] = nil
    swap?.newVariables.remove(symbol.raw)
    swap?.updated.removeAll { $0 == symbol.raw }
  }

  /// A place is about to be written because its target moved: what the process has there is kept.
  func noteAddress(_ relocation: ModuleRelocation, at address: UInt64) {
    guard swap != nil, swap?.newVariables.contains(relocation.holder.raw) == false,
      swap?.addresses[address] == nil
    else { return }
    let section = placed[store.atoms[symbols[relocation.holder].atom].output.int].section
    let width = Int(Self.width(relocation.kind))
    let start = section.pointer(address &- section.address)
    swap?.addresses[address] = Array(UnsafeRawBufferPointer(start: start, count: width))
  }

  /// Sections whose bytes go to the process as they are written.
  func noteWritten(_ section: ImageSection, _ range: Range<UInt64>) {
    guard swap != nil, section.isLoaded, !section.flags.contains(.write) else { return }
    swap?.dirty[section.address, default: DirtyRanges()].add(range)
  }

  // MARK: Patches

  /// What the process lacks, as of the last flush.
  func takePatches() -> ImagePatchSet {
    guard var state = swap else { return ImagePatchSet() }
    var set = ImagePatchSet()
    for section in sections where section.isLoaded && !section.flags.contains(.write) {
      guard var dirty = state.dirty[section.address] else { continue }
      let ranges = dirty.take()
      for range in ranges { state.dirty[section.address]?.add(range) }
      let kind: ImagePatch.Kind = section.flags.contains(.execute) ? .code : .constant
      for range in ranges where range.lowerBound < section.size {
        let end = min(range.upperBound, section.size)
        let bytes = Array(section.bytes[Int(range.lowerBound)..<Int(end)])
        set.patches.append(
          ImagePatch(kind: kind, address: section.address + range.lowerBound, bytes: bytes))
      }
    }
    for raw in state.newVariables.sorted() {
      let symbol = SymbolIndex(raw: raw)
      let atom = symbols[symbol].atom
      guard records[symbol].kind == .declaration, !atom.isNone,
        store.atoms[atom].kind == .regular, records[symbol].content == .mutable
      else { continue }
      let section = placed[store.atoms[atom].output.int].section
      let start = Int(store.atoms[atom].address &- section.address)
      set.patches.append(
        ImagePatch(
          kind: .variable, address: store.atoms[atom].address,
          bytes: Array(section.bytes[start..<start + Int(store.atoms[atom].size)])))
    }
    for (address, old) in state.addresses.sorted(by: { $0.key < $1.key }) {
      guard let section = writableSection(at: address) else { continue }
      let start = Int(address &- section.address)
      guard start + old.count <= section.bytes.count else { continue }
      let bytes = Array(section.bytes[start..<start + old.count])
      if bytes != old {
        set.patches.append(ImagePatch(kind: .address, address: address, bytes: bytes, old: old))
      }
    }
    for address in state.slots.sorted() {
      guard let section = slotSection(at: address) else { continue }
      let start = Int(address &- section.address)
      let bytes = Array(section.bytes[start..<start + E.wordSize])
      set.patches.append(ImagePatch(kind: .slot, address: address, bytes: bytes))
    }
    swap?.dirty = state.dirty
    set.swapped = state.updated.compactMap { raw in
      let symbol = SymbolIndex(raw: raw)
      guard records[symbol].kind == .declaration || records[symbol].kind == .lazy,
        records[symbol].nameOffset != 0
      else { return nil }
      return String(describing: name(symbol))
    }
    set.refusals = refusals(state)
    return set
  }

  private func refusals(_ state: SwapState) -> [String] {
    var found: [String] = []
    if !inputsAreThose(of: state) {
      found.append(
        "what is linked from files has changed, as it does with a new reference to one of their"
          + " names; the running program has them as they were")
    }
    for (raw, home) in state.homes.sorted(by: { $0.key < $1.key }) {
      let symbol = SymbolIndex(raw: raw)
      let atom = symbols[symbol].atom
      guard records[symbol].kind == .declaration, !atom.isNone, atom != home.atom else { continue }
      let record = store.atoms[atom]
      let now = "\(record.size) bytes aligned to \(1 << UInt64(record.alignment))"
      found.append(
        now == home.description
          ? "\(described(symbol)) has become another kind of data; the running program has its value"
            + " where it was"
          : "the layout of \(described(symbol)) has changed from \(home.description) to \(now); the"
            + " running program has its value in the old one")
    }
    for (raw, reason) in state.refusals.sorted(by: { $0.key < $1.key })
    where records[SymbolIndex(raw: raw)].kind == .declaration {
      found.append(reason)
    }
    return found
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

  private func writableSection(at address: UInt64) -> ImageSection? {
    placed.first {
      let section = $0.section
      return section.hasBytes && section.flags.contains(.write)
        && !section.flags.contains(.threadLocal) && address >= section.address
        && address < section.endAddress
    }?.section
  }

  private func slotSection(at address: UInt64) -> ImageSection? {
    let all = slots.parts + (importSlots?.parts ?? [])
    return all.first { address >= $0.section.address && address < $0.section.endAddress }?.section
  }

  /// The process has what `takePatches` gave.
  func endSwapping() {
    guard swap != nil else { return }
    swap?.dirty = [:]
    swap?.slots = []
    swap?.addresses = [:]
    swap?.newVariables = []
    swap?.updated = []
    swap?.refusals = [:]
  }

  // MARK: Old room

  var retiredRanges: [Range<UInt64>] {
    (swap?.retired ?? []).compactMap { atom in
      let record = store.atoms[atom]
      guard !placed[record.output.int].section.flags.contains(.write) else { return nil }
      return record.address..<record.address + record.size
    }
  }

  func reclaim(_ ranges: [Range<UInt64>]) {
    let starts = Set(ranges.map(\.lowerBound))
    guard let state = swap else { return }
    swap?.retired = []
    for atom in state.retired {
      let record = store.atoms[atom]
      if starts.contains(record.address),
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
