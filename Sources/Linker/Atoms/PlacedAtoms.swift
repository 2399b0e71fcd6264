import ELFFormat
import Platform

/// What placement knows of an atom beside its record: its neighbours by address, and its place in
/// the lists of free room. 20 bytes.
struct AtomLinks: BitwiseCopyable {
  var previous: AtomIndex
  var next: AtomIndex
  var freePrevious: AtomIndex
  var freeNext: AtomIndex
  /// Index of the list that it is in; -1 for none.
  var bucket: Int32

  static let none = AtomLinks(
    previous: .none, next: .none, freePrevious: .none, freeNext: .none, bucket: -1)
}

/// Atoms of images: records with their neighbours, recycled when an atom dies.
final class AtomStore {
  let atoms = GrowingTable<AtomIndex, Atom>(of: "atoms")
  let links = GrowingTable<AtomIndex, AtomLinks>(of: "atoms")
  private var unused: [AtomIndex] = []

  deinit {
    atoms.release()
    links.release()
  }

  /// Makes sure that `more` atoms can be made: all of it that can fail.
  func makeRoom(for more: Int) throws(ImageError) {
    try atoms.makeRoom(for: more + 1)
    try links.makeRoom(for: more + 1)
    if atoms.count > 0 { return }
    // Index 0 is nothing.
    atoms.append(.blank)
    links.append(.none)
  }

  /// A record for an atom that has no place yet.
  func make(_ atom: Atom) -> AtomIndex {
    if let index = unused.popLast() {
      atoms[index] = atom
      links[index] = .none
      return index
    }
    links.append(.none)
    return atoms.append(atom)
  }

  func recycle(_ index: AtomIndex) {
    atoms[index].flags = 0
    unused.append(index)
  }
}

/// The room that an atom of so many bytes should have, so that most edits of it stay in place.
@inline(__always)
func idealCapacity(_ size: UInt64) -> UInt64 {
  let (sum, overflow) = size.addingReportingOverflow(size / 3)
  return overflow ? .max : sum
}

/// The atoms of one growing section, in the order of their addresses, and the free room between
/// them.
///
/// Each atom has the room up to the next one. Beyond its ideal capacity that room is surplus, and
/// where a surplus is worth it (`minimumSurplus`), its owner is in one of the free lists, which
/// are sorted into buckets by size: four to each power of two. An allocation takes the end of a
/// surplus, so that the owner keeps the room next to it; it looks at a few owners of the bucket
/// that may fit, then at those of larger ones, which fit but for alignment. Nothing is ever
/// coalesced: room that falls free belongs to the atom before it from that moment on.
///
/// Edits leave holes of sizes that few others have. Once the section spans more than its atoms ideally
/// have (`isTight`), all room beyond an atom's bytes is surplus, the smallest one that fits is taken,
/// and an edit takes the atom to one further down if it can. That goes on until the span is well
/// below the ideal one.
///
/// An atom of no bytes at the section's start owns the room before the first real one.
///
/// Placing is done in three steps, so that a failure changes nothing: `find` a place; grow the
/// section, which can fail; `insert` the atom.
final class PlacedAtoms {
  let section: ImageSection
  /// The section's number in the image.
  let index: OutputIndex
  private let store: AtomStore
  /// The atom of no bytes before all others.
  let head: AtomIndex
  /// The atom with the highest address; `head` if there are none.
  private(set) var last: AtomIndex
  private var buckets: [AtomIndex]
  /// A bit for each bucket that is not empty.
  private var filled: (UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0)
  /// Live atoms, `head` not among them.
  private(set) var count = 0
  /// Bytes that those ideally have.
  private var idealBytes: UInt64 = 0
  /// Room is short: atoms get no more than their bytes.
  private(set) var isTight = false

  /// Bytes of surplus below which it is not worth a list entry: the ideal capacity of the smallest
  /// atom worth placing, 64 bytes.
  static let minimumSurplus = idealCapacity(64)
  private var minimumSurplus: UInt64 { isTight ? 16 : Self.minimumSurplus }
  /// How many owners of one bucket an allocation looks at.
  private static let attempts = 8
  /// The same where room is short, and the smallest that fits is taken.
  private static let tightAttempts = 32

  init(section: ImageSection, index: OutputIndex, store: AtomStore) {
    self.section = section
    self.index = index
    self.store = store
    buckets = Array(repeating: .none, count: 256)
    var atom = Atom.blank
    atom.address = section.address
    atom.output = index
    head = store.make(atom)
    last = head
  }

  /// Where an atom will go.
  struct Place {
    var address: UInt64
    var previous: AtomIndex
    /// What the section's size has to be.
    var sectionSize: UInt64
  }

  // MARK: Finding room

  /// A place for `size` bytes; nil if the section's address space is used up.
  ///
  /// - Parameter alignment: log2 of bytes.
  func find(size: UInt64, alignment: UInt8) -> Place? {
    let alignment = (1 as UInt64) << UInt64(alignment)
    if let hole = findHole(size: size, alignment: alignment) { return hole }
    let start = alignUp(last == head ? section.address : idealEnd(last), alignment)
    let (end, overflow) = start.addingReportingOverflow(size)
    if overflow || end - section.address > section.reserve { return nil }
    return Place(
      address: start, previous: last, sectionSize: max(section.size, end - section.address))
  }

  /// A place for an atom that is given other bytes, below the one that it has: for when room is short.
  func findBelow(_ atom: AtomIndex, size: UInt64, alignment: UInt8) -> Place? {
    guard isTight, let hole = findHole(size: size, alignment: (1 as UInt64) << UInt64(alignment)),
      hole.address < store.atoms[atom].address, hole.previous != atom
    else { return nil }
    return hole
  }

  private func findHole(size: UInt64, alignment: UInt64) -> Place? {
    let wanted = ideal(size)
    var bucket = Self.bucket(max(wanted, minimumSurplus))
    while let found = nextFilled(from: bucket) {
      var owner = buckets[found]
      var left = isTight ? Self.tightAttempts : Self.attempts
      var best: Place?
      var bestRoom = UInt64.max
      while !owner.isNone, left > 0 {
        let limit = endOfRoom(owner)
        let start = (limit &- wanted) & ~(alignment &- 1)
        let floor = idealEnd(owner)
        if wanted <= limit &- floor, start >= floor, limit &- floor < bestRoom {
          best = Place(address: start, previous: owner, sectionSize: section.size)
          if !isTight { break }
          bestRoom = limit &- floor
        }
        owner = store.links[owner].freeNext
        left -= 1
      }
      if let best { return best }
      bucket = found + 1
    }
    return nil
  }

  /// Whether `atom` can have `size` bytes where it is.
  func fits(_ atom: AtomIndex, size: UInt64, alignment: UInt8) -> Bool {
    let address = store.atoms[atom].address
    return address & ((1 as UInt64) << UInt64(alignment) &- 1) == 0 && size <= capacity(atom)
  }

  /// Bytes from the atom's start to the next one's, or to the end of the section's address space.
  func capacity(_ atom: AtomIndex) -> UInt64 {
    let next = store.links[atom].next
    let end = next.isNone ? section.address &+ section.reserve : store.atoms[next].address
    return end - store.atoms[atom].address
  }

  // MARK: Changing

  /// Puts an atom at a place that `find` gave; the section has grown to `place.sectionSize`.
  func insert(_ atom: AtomIndex, at place: Place) {
    let record = store.atoms.pointer(atom)
    record.pointee.address = place.address
    record.pointee.output = index
    let next = store.links[place.previous].next
    store.links[atom].previous = place.previous
    store.links[atom].next = next
    store.links[place.previous].next = atom
    if next.isNone { last = atom } else { store.links[next].previous = atom }
    section.raiseAlignment(to: record.pointee.alignment)
    count += 1
    idealBytes += Self.idealRoom(record.pointee.size)
    relist(place.previous)
    relist(atom)
    settleTightness()
  }

  /// Takes an atom out; its room becomes that of the one before it. The section ends with its last
  /// atom.
  func remove(_ atom: AtomIndex) {
    unlist(atom)
    let links = store.links[atom]
    store.links[links.previous].next = links.next
    if links.next.isNone {
      last = links.previous
    } else {
      store.links[links.next].previous = links.previous
    }
    store.links[atom] = .none
    count -= 1
    idealBytes -= Self.idealRoom(store.atoms[atom].size)
    relist(links.previous)
    if links.next.isNone { trim() }
    settleTightness()
  }

  /// Changes an atom's size where it is; it `fits`, and the section has grown if it had to.
  func resize(_ atom: AtomIndex, to size: UInt64) {
    idealBytes += Self.idealRoom(size)
    idealBytes -= Self.idealRoom(store.atoms[atom].size)
    store.atoms[atom].size = size
    relist(atom)
    if atom == last { trim() }
    settleTightness()
  }

  /// What the section's size has to be for `atom` to have `size` bytes where it is.
  func sectionSize(for atom: AtomIndex, size: UInt64) -> UInt64 {
    atom == last ? store.atoms[atom].address &+ size &- section.address : section.size
  }

  /// The section covers its last atom, and nothing behind it.
  func trim() {
    let atom = store.atoms[last]
    section.shrink(to: atom.address &+ atom.size &- section.address)
  }

  // MARK: Tightness

  /// The room that an atom takes if nothing was ever edited, alignment included as most have it.
  private static func idealRoom(_ size: UInt64) -> UInt64 { alignUp(idealCapacity(size), 16) }

  /// Whether room is short follows from how the section's span compares with what its atoms ideally
  /// have. Between coming and going of that lie edits of a fifth of the section's bytes at least, so
  /// that listing all atoms anew costs each of them little.
  private func settleTightness() {
    let span = section.size
    if isTight
      ? span > idealBytes - idealBytes / 5 : span <= idealBytes + max(idealBytes / 64, 4096)
    {
      return
    }
    isTight.toggle()
    var atom = head
    while !atom.isNone {
      relist(atom)
      atom = store.links[atom].next
    }
  }

  /// The room that an atom of so many bytes gets.
  @inline(__always)
  private func ideal(_ size: UInt64) -> UInt64 { isTight ? size : idealCapacity(size) }

  // MARK: Free lists

  @inline(__always)
  private func idealEnd(_ atom: AtomIndex) -> UInt64 {
    let atom = store.atoms[atom]
    return atom.address &+ ideal(atom.size)
  }

  @inline(__always)
  private func endOfRoom(_ atom: AtomIndex) -> UInt64 {
    store.atoms[store.links[atom].next].address
  }

  /// Surplus bytes of an atom that is not the last; 0 if it has none.
  func surplus(_ atom: AtomIndex) -> UInt64 {
    if store.links[atom].next.isNone { return 0 }
    let end = endOfRoom(atom)
    let ideal = idealEnd(atom)
    return end > ideal ? end - ideal : 0
  }

  /// Four buckets to each power of two.
  static func bucket(_ surplus: UInt64) -> Int {
    let log = 63 - surplus.leadingZeroBitCount
    return log < 2 ? Int(surplus) : log * 4 + Int(surplus >> UInt64(log - 2) & 3)
  }

  /// Puts an atom into the list that its surplus calls for, or into none.
  private func relist(_ atom: AtomIndex) {
    let surplus = surplus(atom)
    let wanted = surplus >= minimumSurplus ? Int32(Self.bucket(surplus)) : -1
    if store.links[atom].bucket == wanted { return }
    unlist(atom)
    if wanted < 0 { return }
    let first = buckets[Int(wanted)]
    store.links[atom].bucket = wanted
    store.links[atom].freePrevious = .none
    store.links[atom].freeNext = first
    if !first.isNone { store.links[first].freePrevious = atom }
    buckets[Int(wanted)] = atom
    setFilled(Int(wanted), true)
  }

  private func unlist(_ atom: AtomIndex) {
    let links = store.links[atom]
    if links.bucket < 0 { return }
    if links.freePrevious.isNone {
      buckets[Int(links.bucket)] = links.freeNext
      if links.freeNext.isNone { setFilled(Int(links.bucket), false) }
    } else {
      store.links[links.freePrevious].freeNext = links.freeNext
    }
    if !links.freeNext.isNone { store.links[links.freeNext].freePrevious = links.freePrevious }
    store.links[atom].bucket = -1
    store.links[atom].freePrevious = .none
    store.links[atom].freeNext = .none
  }

  private func setFilled(_ bucket: Int, _ isFilled: Bool) {
    withUnsafeMutableBytes(of: &filled) { words in
      let words = words.assumingMemoryBound(to: UInt64.self)
      let bit = (1 as UInt64) << UInt64(bucket & 63)
      if isFilled { words[bucket >> 6] |= bit } else { words[bucket >> 6] &= ~bit }
    }
  }

  /// The first bucket from `start` on that is not empty.
  private func nextFilled(from start: Int) -> Int? {
    if start >= 256 { return nil }
    return withUnsafeBytes(of: filled) { words in
      let words = words.assumingMemoryBound(to: UInt64.self)
      var word = start >> 6
      var bits = words[word] & (.max << UInt64(start & 63))
      while bits == 0 {
        word += 1
        if word == 4 { return nil }
        bits = words[word]
      }
      return word << 6 + bits.trailingZeroBitCount
    }
  }

  /// The atoms in the order of their addresses.
  var atoms: [AtomIndex] {
    var all: [AtomIndex] = []
    var atom = store.links[head].next
    while !atom.isNone {
      all.append(atom)
      atom = store.links[atom].next
    }
    return all
  }

  // MARK: Invariants

  /// What does not hold though it must; for tests, in time linear in the number of atoms.
  func violations() -> [String] {
    var found: [String] = []
    var seen = 0
    var previous = head
    var atom = store.links[head].next
    if !store.links[head].previous.isNone { found.append("something lies before the head") }
    while !atom.isNone {
      let record = store.atoms[atom]
      let before = store.atoms[previous]
      if store.links[atom].previous != previous {
        found.append("atom \(atom.raw): its back link does not lead to \(previous.raw)")
      }
      if before.address &+ before.size > record.address {
        found.append("atoms \(previous.raw) and \(atom.raw) overlap")
      }
      if record.address & ((1 as UInt64) << UInt64(record.alignment) &- 1) != 0 {
        found.append("atom \(atom.raw) is not aligned")
      }
      if record.output != index { found.append("atom \(atom.raw) is of another section") }
      if record.alignment > section.alignment {
        found.append("section \(section.name) is aligned less than atom \(atom.raw)")
      }
      seen += 1
      previous = atom
      atom = store.links[atom].next
    }
    if previous != last { found.append("\(section.name): last atom is stale") }
    if seen != count { found.append("\(section.name): \(seen) atoms, \(count) counted") }
    let end = store.atoms[last]
    if end.address &+ end.size != section.address &+ section.size {
      found.append("\(section.name): its size is not the end of its last atom")
    }
    // Exactly the atoms with surplus are listed, each in its bucket.
    var listed = 0
    for bucket in buckets.indices {
      var owner = buckets[bucket]
      if owner.isNone != (nextFilled(from: bucket) != bucket) {
        found.append("\(section.name): bit of bucket \(bucket) is wrong")
      }
      var back = AtomIndex.none
      while !owner.isNone {
        listed += 1
        if Self.bucket(max(surplus(owner), 1)) != bucket || surplus(owner) < minimumSurplus {
          found.append("\(section.name): atom \(owner.raw) is listed in the wrong bucket")
        }
        if store.links[owner].freePrevious != back {
          found.append("\(section.name): free list of bucket \(bucket) is not symmetric")
        }
        back = owner
        owner = store.links[owner].freeNext
      }
    }
    var owners = 0
    atom = head
    while !atom.isNone {
      if surplus(atom) >= minimumSurplus { owners += 1 }
      atom = store.links[atom].next
    }
    if owners != listed {
      found.append("\(section.name): \(owners) atoms have surplus, \(listed) are listed")
    }
    return found
  }
}
