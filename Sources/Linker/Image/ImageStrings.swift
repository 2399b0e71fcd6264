import ELFFormat
import Platform

/// A string table that grows and shrinks: names that end with NUL, each kept once, with a count of
/// its users. The offset of a name is its identity for as long as it has users.
///
/// Source: gABI, "String Table": byte 0 is NUL, so that offset 0 is the empty name. Room of names
/// that lost their last user is used for new names of the same length.
final class ImageStrings {
  let section: ImageSection

  private struct Slot: BitwiseCopyable {
    var hash: UInt32
    /// 0: free.
    var offset: UInt32
    var users: UInt32
  }
  private var slots: UnsafeMutablePointer<Slot>
  private var mask: Int
  private var used = 0
  private let memory = HashMemory(of: "names")
  /// Offsets of unused room, by the length of the name that was there.
  private var holes: [Int: [UInt32]] = [:]

  init(section: ImageSection) throws(ImageError) {
    self.section = section
    try section.grow(to: 1)
    mask = 1023
    slots = try memory.allocate(mask + 1)
  }

  deinit { memory.release(slots, mask + 1) }

  /// The name at `offset`, without its NUL.
  func name(at offset: UInt32) -> ByteString {
    let start = section.pointer(UInt64(offset)).assumingMemoryBound(to: UInt8.self)
    var count = 0
    while start[count] != 0 { count += 1 }
    return ByteString(start: start, count: count)
  }

  /// The offset of a name that is in the table, nil otherwise; adds no user.
  func find(_ name: ByteString) -> UInt32? {
    if name.isEmpty { return 0 }
    let slot = slot(of: name, hash: UInt32(truncatingIfNeeded: name.hash))
    return slots[slot].offset == 0 ? nil : slots[slot].offset
  }

  /// The offset of `name`, which has one user more.
  ///
  /// - Throws: `ImageError` if there is no room, or the name has a NUL in it.
  func add(_ name: ByteString) throws(ImageError) -> UInt32 {
    if name.isEmpty { return 0 }
    // Half of the slots stay free: most names that are added are new, and a search for a name that
    // is not there goes on to the next free slot.
    if used * 2 >= mask + 1 { try grow() }
    let hash = UInt32(truncatingIfNeeded: name.hash)
    let slot = slot(of: name, hash: hash)
    guard (slot &- Int(hash)) & mask < probeLimit else {
      throw ImageError(.outOfRoom, "more than \(probeLimit) names \(floodRemedy)")
    }
    if slots[slot].offset != 0 {
      slots[slot].users += 1
      return slots[slot].offset
    }
    for byte in UnsafeBufferPointer(start: name.start, count: name.count) where byte == 0 {
      throw ImageError(.invalid, "a name holds a NUL byte: '\(name)'")
    }
    let offset: UInt32
    if !holes.isEmpty, let hole = takeHole(name.count) {
      offset = hole
    } else {
      guard section.size + UInt64(name.count) + 1 <= UInt64(UInt32.max) else {
        throw ImageError(.outOfRoom, "the image's names take more than 4 GiB")
      }
      offset = UInt32(section.size)
      try section.grow(to: section.size + UInt64(name.count) + 1)
    }
    section.write(UnsafeRawBufferPointer(start: name.start, count: name.count), at: UInt64(offset))
    slots[slot] = Slot(hash: hash, offset: offset, users: 1)
    used += 1
    return offset
  }

  private func takeHole(_ count: Int) -> UInt32? {
    guard let hole = holes[count]?.popLast() else { return nil }
    if holes[count]?.isEmpty == true { holes[count] = nil }
    return hole
  }

  /// One user less. A name without users is forgotten, and its room used again.
  func release(_ offset: UInt32) {
    if offset == 0 { return }
    let name = name(at: offset)
    var slot = slot(of: name, hash: UInt32(truncatingIfNeeded: name.hash))
    precondition(slots[slot].offset == offset)
    slots[slot].users -= 1
    if slots[slot].users > 0 { return }
    holes[name.count, default: []].append(offset)
    used -= 1
    // Close the gap, so that a search never meets a grave.
    var next = (slot &+ 1) & mask
    while slots[next].offset != 0 {
      let home = Int(slots[next].hash) & mask
      if (next &- home) & mask >= (next &- slot) & mask {
        slots[slot] = slots[next]
        slot = next
      }
      next = (next &+ 1) & mask
    }
    slots[slot].offset = 0
  }

  private func slot(of name: ByteString, hash: UInt32) -> Int {
    var slot = Int(hash) & mask
    while slots[slot].offset != 0 {
      if slots[slot].hash == hash, isName(name, at: slots[slot].offset) { return slot }
      slot = (slot &+ 1) & mask
    }
    return slot
  }

  @inline(__always)
  private func isName(_ name: ByteString, at offset: UInt32) -> Bool {
    // The table ends with a NUL, and names have none: a comparison cannot run past the end.
    let bytes = section.pointer(UInt64(offset)).assumingMemoryBound(to: UInt8.self)
    for i in 0..<name.count where bytes[i] != name.start[i] { return false }
    return bytes[name.count] == 0
  }

  private func grow() throws(ImageError) {
    let old = slots
    let oldCount = mask + 1
    slots = try memory.allocate(oldCount * 2)
    mask = oldCount * 2 - 1
    for i in 0..<oldCount where old[i].offset != 0 {
      var slot = Int(old[i].hash) & mask
      while slots[slot].offset != 0 { slot = (slot &+ 1) & mask }
      slots[slot] = old[i]
    }
    memory.release(old, oldCount)
  }

  /// What does not hold though it must: the table finds each of its names where it says.
  func violations() -> [String] {
    var found: [String] = []
    if section.bytes.first != 0 { found.append("byte 0 of \(section.name) is not NUL") }
    for i in 0...mask where slots[i].offset != 0 {
      let name = name(at: slots[i].offset)
      if find(name) != slots[i].offset { found.append("name '\(name)' is not found where it is") }
    }
    return found
  }
}
