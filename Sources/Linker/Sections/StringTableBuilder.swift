import Glibc
import Platform

/// Makes a string table: names that end with NUL, each reached by its offset. Byte 0 is NUL, so that
/// offset 0 is the empty name. Source: gABI, "String Table".
///
/// The table remembers where the names lie and copies them only when it is written: a name costs one
/// 16-byte record until then. Names are looked up in an open-addressing table of their own, which
/// holds only what `add` put there; names that are known to be different from each other come in
/// bulk and in parallel through `reserveUnique`, without being looked up.
struct StringTableBuilder: @unchecked Sendable {
  /// A name and where it goes; a record with no bytes is nothing.
  struct Piece: BitwiseCopyable {
    var start: UnsafePointer<UInt8>
    /// Bytes without the NUL.
    var count: UInt32
    var offset: UInt32
  }

  /// Size of the table in bytes. Offsets have 32 bits: who fills a table from input checks this
  /// against `maximumCount`.
  private(set) var count = 1
  private let pieces = ReservedTable<Piece>(capacity: 1 << 28, of: "names")
  /// The upper half of a name's hash, and the index of its piece plus one; 0 for a free slot.
  private var slots = allocateForever(UInt64.self, count: 1)
  private var mask = -1
  private var used = 0

  static let maximumCount = Int(UInt32.max)

  init() {}

  /// The offset of `name`, which is added unless `add` has seen it before. The bytes must stay
  /// where they are until the table is written.
  mutating func add(_ name: ByteString) -> UInt32 {
    if name.isEmpty { return 0 }
    if used * 4 >= (mask + 1) * 3 { grow() }
    let hash = name.hash
    var slot = Int(truncatingIfNeeded: hash) & mask
    while slots[slot] != 0 {
      if slots[slot] >> 32 == hash >> 32 {
        let piece = pieces[Int(slots[slot] & 0xffff_ffff) - 1]
        if ByteString(start: piece.start, count: Int(piece.count)) == name { return piece.offset }
      }
      slot = (slot &+ 1) & mask
    }
    let offset = addUnique(name)
    slots[slot] = hash & 0xffff_ffff_0000_0000 | UInt64(pieces.count)
    used += 1
    return offset
  }

  /// Adds a name that is known to be new; `add` does not find it afterwards.
  mutating func addUnique(_ name: ByteString) -> UInt32 {
    if name.isEmpty { return 0 }
    let offset = UInt32(truncatingIfNeeded: count)
    pieces.append(Piece(start: name.start, count: UInt32(name.count), offset: offset))
    count += name.count + 1
    return offset
  }

  /// Makes room for `names` new names. The caller fills the records, whose offsets start at the
  /// table's present size, and says by `extend` how many bytes they take.
  func reserveUnique(names: Int) -> UnsafeMutablePointer<Piece> {
    pieces.base + pieces.reserve(count: names)
  }

  /// - Parameter bytes: what the names of `reserveUnique` take, with their NULs.
  mutating func extend(bytes: Int) { count += bytes }

  private mutating func grow() {
    let old = slots
    let oldCount = mask + 1
    mask = max(64, oldCount * 2) - 1
    slots = allocateZeroed(count: mask + 1)
    for i in 0..<oldCount where old[i] != 0 {
      // The slot has only half of the hash.
      let piece = pieces[Int(old[i] & 0xffff_ffff) - 1]
      let hash = hashBytes(piece.start, Int(piece.count))
      var slot = Int(truncatingIfNeeded: hash) & mask
      while slots[slot] != 0 { slot = (slot &+ 1) & mask }
      slots[slot] = old[i]
    }
  }

  /// Writes the table's `count` bytes.
  func write(to p: UnsafeMutableRawPointer) { write(0..<pieces.count, to: p) }

  /// Writes the table's `count` bytes with the workers of `pool`.
  func write(to p: UnsafeMutableRawPointer, pool: WorkerPool) {
    nonisolated(unsafe) let p = p
    p.storeBytes(of: 0, as: UInt8.self)
    pool.forEachRange(pieces.count, grain: 1 << 13) { range, _ in write(range, to: p) }
  }

  private func write(_ range: Range<Int>, to p: UnsafeMutableRawPointer) {
    p.storeBytes(of: 0, as: UInt8.self)
    for i in range {
      let piece = pieces.base[i]
      if piece.count == 0 { continue }
      let place = p + Int(piece.offset)
      memcpy(place, piece.start, Int(piece.count))
      place.storeBytes(of: 0, toByteOffset: Int(piece.count), as: UInt8.self)
    }
  }
}
