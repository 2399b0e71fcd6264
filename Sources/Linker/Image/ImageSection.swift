import ELFFormat
import Glibc
import Platform

/// An output section that grows while it is in use: its bytes in memory, where they lie in the
/// program's address space and in the file, and which of them the file does not have yet.
///
/// The bytes live in address space that is reserved once, so that pointers into a section stay
/// valid; what outgrows the reserve goes on in another section of the same name. There are a dozen
/// sections in an image: a class costs nothing here.
final class ImageSection {
  let name: String
  let type: SectionType
  let flags: SectionFlags
  /// log2 of bytes.
  private(set) var alignment: UInt8
  /// Where it starts in the program's address space; 0 for sections that are not loaded.
  let address: UInt64
  /// Bytes that it can grow to.
  let reserve: UInt64
  let entrySize: UInt64
  /// Header fields that the writer of the section keeps.
  var link: UInt32 = 0
  /// The section whose index `link` is, where that is one of the image's own.
  unowned(safe) var linkedSection: ImageSection?
  var info: UInt32 = 0
  /// Bytes in use.
  private(set) var size: UInt64 = 0
  /// Where the bytes lie in the file, and how many may before the next range begins; set by the
  /// image's file layout.
  var fileOffset: UInt64 = 0
  var fileCapacity: UInt64 = 0
  /// Of a section without bytes: the one before it, in whose segment it is.
  var anchor: ImageSection?
  /// It has no segment of its own: it is that section before another, or lies in another's.
  var isAnchor = false
  /// Index in the section header table.
  var headerIndex: UInt32 = 0
  var nameOffset: UInt32 = 0
  var dirty = DirtyRanges()
  /// Nil for sections without bytes (SHT_NOBITS).
  private let memory: UnsafeMutableRawPointer?
  private let growth: GrowthGate

  /// - Throws: `ImageError.Code.outOfRoom` if the address space cannot be reserved.
  init(
    name: String, type: SectionType, flags: SectionFlags, alignment: UInt8, address: UInt64,
    reserve: UInt64, entrySize: UInt64 = 0, growth: GrowthGate
  ) throws(ImageError) {
    self.name = name
    self.type = type
    self.flags = flags
    self.alignment = alignment
    self.address = address
    self.reserve = reserve
    self.entrySize = entrySize
    self.growth = growth
    if type == .nobits {
      memory = nil
    } else {
      try growth.pass("section \(name)")
      guard let start = tryReservingAddressSpace(bytes: Int(reserve)) else {
        throw ImageError(
          .outOfRoom,
          "out of memory: cannot reserve \(reserve >> 20) MiB of address space for section \(name);"
            + " raise the limit (ulimit -v) or ask for a smaller reserve")
      }
      preferLargePages(start, bytes: Int(reserve))
      memory = start
    }
  }

  deinit {
    if let memory { releaseAddressSpace(memory, bytes: Int(reserve)) }
  }

  var isLoaded: Bool { flags.contains(.alloc) }
  var hasBytes: Bool { memory != nil }
  /// One past the last address in use.
  var endAddress: UInt64 { address &+ size }

  /// Makes the section at least `newSize` bytes; new bytes are zero.
  ///
  /// This is the step of a placement that can fail; what is written afterwards cannot.
  func grow(to newSize: UInt64) throws(ImageError) {
    if newSize <= size { return }
    if newSize > reserve {
      throw ImageError(
        .outOfRoom,
        "section \(name) cannot grow to \(newSize) bytes: it has \(reserve) bytes of address space")
    }
    try growth.pass("section \(name)")
    // Also what no atom covers: the file may hold something older there.
    if memory != nil { dirty.add(size..<newSize) }
    size = newSize
  }

  /// Gives up the bytes from `newSize` on, which read as zero when the section grows again.
  func shrink(to newSize: UInt64) {
    guard newSize < size else { return }
    if let memory { memset(memory + Int(newSize), 0, Int(size - newSize)) }
    size = newSize
  }

  func raiseAlignment(to wanted: UInt8) { alignment = max(alignment, wanted) }

  /// The bytes in use; empty for sections without bytes.
  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: memory, count: memory == nil ? 0 : Int(size))
  }

  /// The byte at `offset`, for reading.
  @inline(__always)
  func pointer(_ offset: UInt64) -> UnsafeRawPointer {
    assert(offset <= size)
    return UnsafeRawPointer(memory.unsafelyUnwrapped + Int(offset))
  }

  /// The bytes of a range that the caller is about to write: it counts as written.
  func mutableBytes(_ range: Range<UInt64>) -> UnsafeMutableRawBufferPointer {
    precondition(range.upperBound <= size)
    dirty.add(range)
    return UnsafeMutableRawBufferPointer(
      start: memory.unsafelyUnwrapped + Int(range.lowerBound), count: range.count)
  }

  /// Writes `bytes` at `offset`; the section is large enough.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) {
    if bytes.isEmpty { return }
    mutableBytes(offset..<offset + UInt64(bytes.count)).copyMemory(from: bytes)
  }

  func write(_ bytes: [UInt8], at offset: UInt64) {
    bytes.withUnsafeBytes { write($0, at: offset) }
  }

  /// Writes one byte value over a range.
  func fill(_ range: Range<UInt64>, with byte: UInt8) {
    if range.isEmpty { return }
    mutableBytes(range).initializeMemory(as: UInt8.self, repeating: byte)
  }
}

/// Through here goes everything that can run out while an image grows, so that tests can make it.
public final class GrowthGate {
  /// Lets so many steps succeed, then fails one; nil: all succeed.
  public var stepsUntilFailure: Int?

  public init() {}

  func pass(_ what: String) throws(ImageError) {
    guard let left = stepsUntilFailure else { return }
    if left == 0 {
      stepsUntilFailure = nil
      throw ImageError(.outOfRoom, "no room for \(what)")
    }
    stepsUntilFailure = left - 1
  }
}
