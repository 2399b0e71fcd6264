import Glibc
import Platform

/// Makes a string table: names that end with NUL, each reached by its offset. Byte 0 is NUL, so that
/// offset 0 is the empty name. Source: gABI, "String Table".
///
/// The table remembers where the names lie and copies them only when it is written: a name costs one
/// 16-byte record until then. Only what `add` put there is looked up; names that are known to be
/// different from each other come in bulk and in parallel through `reserveUnique`. A table can be
/// written in parts, side by side.
struct StringTableBuilder: @unchecked Sendable {
  /// A name and where it goes; a record with no bytes is nothing.
  struct Piece: BitwiseCopyable {
    var start: UnsafePointer<UInt8>
    /// Bytes without the NUL.
    var count: UInt32
    var offset: UInt32

    fileprivate var name: ByteString { ByteString(start: start, count: Int(count)) }
  }

  /// A part of the table that is written by itself.
  struct Part: BitwiseCopyable {
    var firstPiece: Int
    var endPiece: Int
    var offset: Int
    /// Bytes.
    var count: Int
  }

  /// Size of the table in bytes. Offsets have 32 bits: who fills a table from input checks this
  /// against `maximumCount`.
  private(set) var count = 1
  private let pieces = ReservedTable<Piece>(capacity: 1 << 28, of: "names")
  /// The pieces that `add` put there.
  private var added = HashIndex(count: 32)
  /// Parts that are filled, and where what comes after them begins.
  private var closed: [Part] = []
  private var openPiece = 0
  private var openOffset = 0

  static let maximumCount = Int(UInt32.max)

  init() {}

  /// The offset of `name`, which is added unless `add` has seen it before. The bytes must stay
  /// where they are until the table is written. A name whose search ends at the limit of probes is in
  /// the table once more, which harms nobody.
  mutating func add(_ name: ByteString) -> UInt32 {
    if name.isEmpty { return 0 }
    added.makeRoom { pieces[$0].name.hash }
    let hash = name.hash
    switch added.search(hash, where: { pieces[$0].name == name }) {
    case .found(let piece): return pieces[piece].offset
    case .free(let slot): added.insert(pieces.count, hash, at: slot)
    case .flooded: break
    }
    return addUnique(name)
  }

  /// Adds a name that is known to be new; `add` does not find it afterwards.
  mutating func addUnique(_ name: ByteString) -> UInt32 {
    if name.isEmpty { return 0 }
    let offset = UInt32(truncatingIfNeeded: count)
    pieces.append(Piece(start: name.start, count: UInt32(name.count), offset: offset))
    count += name.count + 1
    return offset
  }

  /// Makes room for `names` new names. The caller fills the records, in the order of their offsets,
  /// which start at the table's present size; and says by `extend` how many bytes they take.
  func reserveUnique(names: Int) -> UnsafeMutablePointer<Piece> {
    let first = pieces.reserve(count: names)
    pieces.expectWrites(to: first..<first + names)
    return pieces.base + first
  }

  /// - Parameters:
  ///   - bytes: what the names of `reserveUnique` take, with their NULs.
  ///   - parts: how these may be divided, with pieces and offsets counted from the first of them.
  mutating func extend(names: Int, bytes: Int, parts newParts: [Part]) {
    let firstPiece = pieces.count - names
    closePart(firstPiece)
    for var part in newParts {
      part.firstPiece += firstPiece
      part.endPiece += firstPiece
      part.offset += count
      closed.append(part)
    }
    count += bytes
    openPiece = pieces.count
    openOffset = count
  }

  private mutating func closePart(_ endPiece: Int) {
    if count > openOffset {
      closed.append(
        Part(
          firstPiece: openPiece, endPiece: endPiece, offset: openOffset, count: count - openOffset))
    }
    openPiece = endPiece
    openOffset = count
  }

  /// The whole table, in order.
  var parts: [Part] {
    var copy = self
    copy.closePart(pieces.count)
    return copy.closed
  }

  /// Writes the table's `count` bytes.
  func write(to p: UnsafeMutableRawPointer) {
    for part in parts { write(part, to: p + part.offset) }
  }

  /// Writes a part's bytes. Names that follow one another where they lie are copied at once.
  func write(_ part: Part, to start: UnsafeMutableRawPointer) {
    var p = start
    if part.offset == 0 {
      p.storeBytes(of: 0, as: UInt8.self)
      p += 1
    }
    var i = part.firstPiece
    while i < part.endPiece {
      let first = pieces.base[i]
      i += 1
      if first.count == 0 { continue }
      var bytes = Int(first.count)
      while i < part.endPiece {
        let next = pieces.base[i]
        // The byte before a name can be read if the one before that can.
        guard next.count > 0, next.start == first.start + bytes + 1, first.start[bytes] == 0 else {
          break
        }
        bytes += 1 + Int(next.count)
        i += 1
      }
      memcpy(p, first.start, bytes)
      p.storeBytes(of: 0, toByteOffset: bytes, as: UInt8.self)
      p += bytes + 1
    }
  }
}
