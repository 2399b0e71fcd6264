import ELFFormat
import Glibc

/// What the image knows of a running process of its program: what that lacks, and what it must keep.
///
/// All of it is said of things as they are, atoms and addresses, not of the calls that made them so:
/// what is asked of the process, and what is refused, follows from comparing those with the image
/// when patches are taken. So a change that is taken back leaves nothing behind.
struct SwapState {
  var target: SwapTarget
  /// Atoms that the process does not have: those placed since it was last brought up to date.
  var fresh: Set<UInt32> = []
  /// Those of them that lie where the process has no memory.
  var outOfReach: Set<UInt32> = []
  /// Addresses of slots that were written.
  var slots: Set<UInt64> = []
  /// Places in constants that the process has which were written, with their widths.
  var constants: [UInt64: Int] = [:]
  /// Places in data that were written because their targets moved, with what the process has there.
  var addresses: [UInt64: [UInt8]] = [:]
  /// Variables that the process has at another place than the image: the change that led to it
  /// cannot be swapped, but can be taken back.
  var homes: [UInt32: AtomIndex] = [:]
  /// Code and constants that the process has, of symbols that have a new version.
  var former: [UInt32: AtomIndex] = [:]
  /// What was updated, in order; once for each time that a symbol came into `updatedSet`.
  var updated: [UInt32] = []
  var updatedSet: Set<UInt32> = []
  /// What was linked from files, as the process has it.
  var inputs: OutputBytes?
  /// Atoms that belong to no symbol any more, and whose room a thread may still use.
  var retired: [AtomIndex] = []
  /// The same, and the process leads there until it is brought up to date, as it does to `former`.
  var retiring: [AtomIndex] = []
  /// One past the last byte that the process has of each section, by the section's address.
  var reach: [UInt64: UInt64] = [:]
  /// Something has changed that no flush has written yet.
  var isUnflushed = false

  /// `former`, in an order that does not change from run to run.
  var formerAtoms: [AtomIndex] { Self.ordered(former) }

  /// All atoms that are no symbol's, in the order in which they are given up.
  var kept: [AtomIndex] { Self.ordered(homes) + retired + retiring + formerAtoms }

  private static func ordered(_ atoms: [UInt32: AtomIndex]) -> [AtomIndex] {
    atoms.sorted { $0.key < $1.key }.map(\.value)
  }

  mutating func noteSlot(address: UInt64) {
    slots.insert(address)
    isUnflushed = true
  }

  mutating func noteUpdate(_ symbol: SymbolIndex) {
    isUnflushed = true
    if updatedSet.insert(symbol.raw).inserted { updated.append(symbol.raw) }
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
  func beginSwapping(
    with target: SwapTarget, check: (ProcessPlace, UInt64, UnsafeRawBufferPointer) -> ProcessMatch
  ) throws(ImageError) {
    guard options.liveReserve > 0 else {
      throw ImageError(
        .notSwappable,
        "the image was made without room for growth in a running process: set `liveReserve` in its"
          + " options")
    }
    // With the process of the session before, what that lacks is known.
    let continues = swap?.target == target
    let lacking = try lackingSlots(of: target, continues: continues, check)
    swapSession += 1
    if continues { return }
    stopSwapping()
    var state = SwapState(target: target)
    state.inputs = foreign.image?.bytes
    for section in sections where section.isLoaded {
      state.reach[section.address] = section.address &+ section.mappedSize
    }
    state.slots = lacking
    swap = state
  }

  /// No process has to be thought of any more: all kept room falls free.
  func stopSwapping() {
    guard let state = swap else { return }
    swap = nil
    for atom in state.kept { release(atom) }
  }

  func release(_ atom: AtomIndex) {
    placed[store.atoms[atom].output.int].remove(atom)
    store.recycle(atom)
  }

  // MARK: Placing

  /// Whether a new version may not go where the old one is.
  func needsFreshPlace(_ symbol: SymbolIndex, _ content: Content) -> Bool {
    guard let swap else { return false }
    let atom = symbols[symbol].atom
    let record = store.atoms[atom]
    if swap.fresh.contains(atom.raw) {
      return !isInReach(placed[record.output.int].section, record.address, content.size)
    }
    switch content.kind {
    case .function, .immutable, .none:
      return !isSame(atom, content)
    case .mutable, .threadLocal:
      // The place of a variable that the process has is its layout.
      return record.size != content.size || !isAligned(record.address, content.alignment)
    }
  }

  private func isAligned(_ address: UInt64, _ alignment: UInt8) -> Bool {
    address & ((1 as UInt64) << UInt64(alignment) &- 1) == 0
  }

  /// Whether a running process has memory for these bytes of a section.
  func isInReach(_ section: ImageSection, _ address: UInt64, _ size: UInt64) -> Bool {
    guard let swap, !section.flags.contains(.threadLocal) else { return true }
    guard let end = swap.reach[section.address], address <= end else { return false }
    return size <= end - address
  }

  /// Whether code or constants are what an atom holds. Addresses in them are written again in any
  /// case.
  private func isSame(_ atom: AtomIndex, _ content: Content) -> Bool {
    let record = store.atoms[atom]
    let section = placed[record.output.int].section
    guard record.size == content.size, isAligned(record.address, content.alignment),
      section.hasBytes
    else { return false }
    let start = record.address &- section.address
    var position: UInt64 = 0
    for relocation in content.relocations.sorted(by: { $0.offset < $1.offset }) {
      guard isSame(section, start, position..<max(position, relocation.offset), content.bytes)
      else {
        return false
      }
      position = max(position, relocation.offset + Self.width(relocation.kind))
    }
    return isSame(section, start, position..<max(position, content.size), content.bytes)
  }

  /// - Parameters:
  ///   - start: of the atom, in its section.
  ///   - range: in the atom.
  ///   - bytes: zeros follow.
  private func isSame(
    _ section: ImageSection, _ start: UInt64, _ range: Range<UInt64>,
    _ bytes: UnsafeRawBufferPointer
  ) -> Bool {
    let end = min(max(range.lowerBound, UInt64(bytes.count)), range.upperBound)
    if range.lowerBound < end, let other = bytes.baseAddress,
      memcmp(
        section.pointer(start + range.lowerBound), other + Int(range.lowerBound),
        Int(end - range.lowerBound)) != 0
    {
      return false
    }
    return section.parts(of: start + end..<start + range.upperBound).allSatisfy { part in
      section.bytes[Int(part.lowerBound)..<Int(part.upperBound)].allSatisfy { $0 == 0 }
    }
  }

  /// The place in the process of code or constants that are as they are there.
  private func former(of symbol: SymbolIndex, _ content: Content) -> AtomIndex? {
    guard let former = swap?.former[symbol.raw], isSame(former, content) else { return nil }
    let key = sectionKey(content.kind, isZeroFill: false, section: sectionName(of: symbol))
    return parts[key]?.contains(store.atoms[former].output.int) == true ? former : nil
  }

  /// The place that a symbol has in the process, if the new bytes fit those there: of variables, the
  /// layout, of all else, the bytes.
  func home(of symbol: SymbolIndex, _ content: Content, isZero: Bool) -> AtomIndex? {
    if swap == nil { return nil }
    guard content.kind == .mutable || content.kind == .threadLocal else {
      return former(of: symbol, content)
    }
    guard let home = swap?.homes[symbol.raw] else { return nil }
    let atom = store.atoms[home]
    let hasNoBytes = !placed[atom.output.int].section.hasBytes
    guard atom.size == content.size, isAligned(atom.address, content.alignment),
      isZero || !hasNoBytes
    else { return nil }
    let key = sectionKey(content.kind, isZeroFill: hasNoBytes, section: sectionName(of: symbol))
    return parts[key]?.contains(atom.output.int) == true ? home : nil
  }

  /// Puts what lies beyond the process' memory within it, where there is room by now.
  func fetchIntoReach() {
    guard let beyond = swap?.outOfReach, !beyond.isEmpty else { return }
    for raw in beyond.sorted() {
      let atom = AtomIndex(raw: raw)
      let record = store.atoms[atom]
      let symbol = SymbolIndex(raw: record.side)
      let part = parts.siblings(of: record.output.int)
      let hasRoom = part.contains { index in
        guard let place = placed[index].find(size: record.size, alignment: record.alignment) else {
          return false
        }
        return isInReach(placed[index].section, place.address, record.size)
      }
      // If it fails, it stays where it is, and is refused.
      if hasRoom { try? migrate(symbol, to: sectionName(of: symbol)) }
    }
  }

  /// An atom has its place for the first time.
  func notePlaced(_ atom: AtomIndex) {
    guard swap != nil else { return }
    swap?.fresh.insert(atom.raw)
    let record = store.atoms[atom]
    if !isInReach(placed[record.output.int].section, record.address, record.size) {
      swap?.outOfReach.insert(atom.raw)
    }
  }

  /// An atom is about to be forgotten.
  func noteForgotten(_ atom: AtomIndex) {
    swap?.fresh.remove(atom.raw)
    swap?.outOfReach.remove(atom.raw)
  }

  /// Whether an atom that its symbol gives up may still be in use.
  func retires(_ atom: AtomIndex) -> Bool { swap.map { !$0.fresh.contains(atom.raw) } ?? false }

  /// Keeps the room of an atom that has become nobody's.
  func retire(_ atom: AtomIndex, of symbol: SymbolIndex) {
    store.atoms[atom].side = .max
    store.atoms[atom].relocations = RelocationIndex.none.raw
    let kind = records[symbol].content
    if records[symbol].flags.contains(.isDead) {
      swap?.retiring.append(atom)
    } else if kind == .mutable || kind == .threadLocal {
      swap?.homes[symbol.raw] = atom
    } else {
      swap?.former[symbol.raw] = atom
    }
  }

  /// A declaration is gone; its room in the process stays.
  func noteRemoval(_ symbol: SymbolIndex) {
    guard swap != nil else { return }
    if let home = swap?.homes.removeValue(forKey: symbol.raw) { swap?.retiring.append(home) }
    if let old = swap?.former.removeValue(forKey: symbol.raw) { swap?.retiring.append(old) }
    swap?.updatedSet.remove(symbol.raw)
    swap?.isUnflushed = true
  }

  /// A place is about to be written.
  ///
  /// - Parameter isMove: because its target moved: in data, what the process has there is kept.
  func notePlace(_ relocation: ModuleRelocation, at address: UInt64, isMove: Bool) {
    if swap == nil { return }
    let atom = symbols[relocation.holder].atom
    // The process gets all of what it does not have.
    if swap?.fresh.contains(atom.raw) == true { return }
    let section = placed[store.atoms[atom].output.int].section
    let width = Int(Self.width(relocation.kind))
    swap?.isUnflushed = true
    if !section.flags.contains(.write) {
      swap?.constants[address] = width
    } else if isMove, swap?.addresses[address] == nil {
      let start = section.pointer(address &- section.address)
      swap?.addresses[address] = Array(UnsafeRawBufferPointer(start: start, count: width))
    }
  }
}
