import ELFFormat
import Platform

/// The symbol table of an image, kept while symbols come and go: an entry is added, changed or
/// removed in constant time, and local symbols always come before the others, as the format asks.
///
/// Source: gABI, "Symbol Table": sh_info is the index of the first symbol that is not local. To make
/// room for a local symbol, the first of the others moves to the end; to close the gap of a local
/// one, the last local moves into it, and the last of the others behind it. An entry that changes sides
/// exchanges its place with the one at the border.
final class ImageSymbolTable<E: ELFEncoding> {
  let section: ImageSection
  /// Who each entry is for; `.none` for those of files that were linked in.
  private let owners = GrowingMemory<SymbolIndex>(of: "entries of the symbol table")
  /// Local entries, the null entry among them.
  private(set) var localCount: UInt32 = 1
  /// Called when an entry that belongs to a symbol gets another index.
  private let moved: (SymbolIndex, UInt32) -> Void

  init(
    section: ImageSection, moved: @escaping (SymbolIndex, UInt32) -> Void
  ) throws(ImageError) {
    self.section = section
    self.moved = moved
    try section.grow(to: UInt64(SymbolEntry<E>.size))
    try owners.makeRoom(for: 1)
    owners.append(.none)
    section.info = 1
  }

  deinit { owners.release() }

  var count: UInt32 { UInt32(owners.count) }

  /// Makes an entry, all zero, and returns its index.
  func add(_ owner: SymbolIndex, isLocal: Bool) throws(ImageError) -> UInt32 {
    let size = UInt64(SymbolEntry<E>.size)
    try owners.makeRoom(for: 1)
    try section.grow(to: UInt64(owners.count + 1) * size)
    let end = UInt32(owners.append(.none))
    guard isLocal else {
      owners[end] = owner
      return end
    }
    let index = localCount
    if index != end { move(index, to: end) }
    owners[index] = owner
    localCount += 1
    section.info = localCount
    let bytes = section.mutableBytes(range(index))
    bytes.initializeMemory(as: UInt8.self, repeating: 0)
    return index
  }

  /// Removes the entry at `index`.
  func remove(_ index: UInt32) {
    var gap = index
    if gap < localCount {
      let lastLocal = localCount - 1
      if gap != lastLocal { move(lastLocal, to: gap) }
      gap = lastLocal
      localCount = lastLocal
      section.info = localCount
    }
    let end = UInt32(owners.count - 1)
    if gap != end { move(end, to: gap) }
    owners.removeLast()
    section.shrink(to: UInt64(owners.count) * UInt64(SymbolEntry<E>.size))
  }

  /// Puts the entry at `index` among the local ones, or among the others.
  func setSide(_ index: UInt32, isLocal: Bool) {
    if (index < localCount) == isLocal { return }
    if isLocal {
      exchange(index, localCount)
      localCount += 1
    } else {
      localCount -= 1
      exchange(index, localCount)
    }
    section.info = localCount
  }

  private func exchange(_ first: UInt32, _ second: UInt32) {
    if first == second { return }
    let size = SymbolEntry<E>.size
    let one = section.mutableBytes(range(first))
    let other = section.mutableBytes(range(second))
    for i in 0..<size { (one[i], other[i]) = (other[i], one[i]) }
    (owners[first], owners[second]) = (owners[second], owners[first])
    for index in [first, second] where !owners[index].isNone { moved(owners[index], index) }
  }

  /// Removes all entries that belong to no symbol.
  func removeUnowned() {
    var index = count - 1
    while index > 0 {
      // What moves into the gap comes from behind it, where all entries have owners by now.
      if owners[index].isNone { remove(index) }
      index -= 1
    }
  }

  func write(
    _ index: UInt32, name: UInt32, binding: SymbolBinding, type: SymbolType,
    visibility: SymbolVisibility, sectionIndex: UInt16, value: UInt64, byteCount: UInt64
  ) {
    SymbolEntry<E>.write(
      to: section.mutableBytes(range(index)).baseAddress.unsafelyUnwrapped, name: name,
      info: binding.rawValue << 4 | type.rawValue, other: visibility.rawValue,
      sectionIndex: sectionIndex, value: value, byteCount: byteCount)
  }

  func entry(_ index: UInt32) -> SymbolEntry<E> {
    SymbolEntry<E>(section.pointer(range(index).lowerBound))
  }

  private func range(_ index: UInt32) -> Range<UInt64> {
    let size = UInt64(SymbolEntry<E>.size)
    return UInt64(index) * size..<(UInt64(index) + 1) * size
  }

  private func move(_ from: UInt32, to: UInt32) {
    let source = UnsafeRawBufferPointer(
      start: section.pointer(range(from).lowerBound), count: SymbolEntry<E>.size)
    section.mutableBytes(range(to)).copyMemory(from: source)
    owners[to] = owners[from]
    if !owners[to].isNone { moved(owners[to], to) }
  }

  /// What does not hold though it must; `index` says where a symbol believes its entry to be, and
  /// `isStale` whether that waits for being written.
  func violations(
    index: (SymbolIndex) -> UInt32, isStale: (SymbolIndex) -> Bool
  ) -> [String] {
    var found: [String] = []
    for i in 1..<max(count, 1) {
      let isLocal = entry(i).binding == .local
      if isLocal != (i < localCount), owners[i].isNone || !isStale(owners[i]) {
        found.append("symbol table entry \(i) is on the wrong side of the first global one")
      }
      if !owners[i].isNone, index(owners[i]) != i {
        found.append("symbol \(owners[i].raw) does not know that its entry is \(i)")
      }
    }
    if section.info != localCount { found.append("sh_info of the symbol table is stale") }
    return found
  }
}
