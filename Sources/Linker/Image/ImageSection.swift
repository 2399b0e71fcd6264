import ELFFormat
import Glibc
import Platform

/// An output section that grows while it is in use: its bytes in memory, where they lie in the
/// program's address space and in the file, and which of them the file does not have yet.
///
/// The bytes of a loaded section live in address space that is reserved once; what outgrows the
/// reserve goes on in another section of the same name. Others cannot go on elsewhere: they begin
/// small, and their bytes move when they grow. There are a dozen sections in an image: a class costs
/// nothing here.
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
  /// Bytes that a program of the last flush has of it in memory.
  var mappedSize: UInt64 = 0
  /// Of a section without bytes: the one before it, in whose segment it is.
  var anchor: ImageSection?
  /// It has no segment of its own: it is that section before another, or lies in another's.
  var isAnchor = false
  /// Index in the section header table.
  var headerIndex: UInt32 = 0
  var nameOffset: UInt32 = 0
  var dirty = DirtyRanges()
  /// Nil for sections without bytes (SHT_NOBITS).
  private var memory: UnsafeMutableRawPointer?
  /// Bytes of `memory`.
  private var capacity: UInt64
  /// Where nothing but zeros was ever written, in ranges of many whole pages: ascending and disjoint.
  /// They take no memory, and no room in the file.
  private(set) var holes: [Range<UInt64>] = []
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
    capacity = 0
    if type == .nobits {
      memory = nil
    } else {
      try growth.pass("section \(name)")
      let wanted = flags.contains(.alloc) ? reserve : min(reserve, Self.firstCapacity)
      guard let start = tryReservingAddressSpace(bytes: Int(wanted)) else {
        throw Self.noMemory(name, wanted)
      }
      if flags.contains(.alloc) { preferLargePages(start, bytes: Int(wanted)) }
      memory = start
      capacity = wanted
    }
  }

  deinit {
    if let memory { releaseAddressSpace(memory, bytes: Int(capacity)) }
  }

  /// Bytes of address space that a section has at first which is not loaded.
  private static var firstCapacity: UInt64 { 1 << 16 }

  private static func noMemory(_ name: String, _ bytes: UInt64) -> ImageError {
    ImageError(
      .outOfRoom,
      "out of memory: cannot reserve \(bytes >> 20) MiB of address space for section \(name);"
        + " raise the limit (ulimit -v) or ask for a smaller reserve")
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
    if let memory {
      if newSize > capacity { try enlarge(memory, to: newSize) }
      // Also what no atom covers: the file may hold something older there.
      dirty.add(size..<newSize)
      if newSize - size >= Self.leastHole { noteHole(size..<newSize) }
    }
    size = newSize
  }

  private func enlarge(
    _ memory: UnsafeMutableRawPointer, to newSize: UInt64
  ) throws(ImageError) {
    for wanted in [min(max(newSize, 2 * capacity), reserve), newSize] {
      guard
        let grown = tryGrowingAddressSpace(memory, from: Int(capacity), to: Int(wanted))
      else { continue }
      self.memory = grown
      capacity = wanted
      // The whole of it: a part would be a mapping of its own, and could not be made larger with
      // the rest.
      if wanted >= 8 << 20 { madvise(grown, Int(wanted), MADV_HUGEPAGE) }
      return
    }
    throw Self.noMemory(name, newSize)
  }

  /// Gives up the bytes from `newSize` on, which read as zero when the section grows again.
  func shrink(to newSize: UInt64) {
    guard newSize < size else { return }
    if memory != nil {
      clear(newSize..<size)
      if !holes.isEmpty { cutHoles(newSize..<size) }
    }
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
    if !holes.isEmpty { cutHoles(range) }
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

  /// Writes zeros over a range. What they take follows from what was there, not from their number.
  ///
  /// - Returns: how many bytes it has written.
  @discardableResult
  func writeZeros(_ range: Range<UInt64>) -> UInt64 {
    if range.isEmpty { return 0 }
    if range.upperBound - range.lowerBound < Self.leastHole {
      fill(range, with: 0)
      return range.upperBound - range.lowerBound
    }
    precondition(range.upperBound <= size)
    dirty.add(range)
    clear(range)
    cutHoles(range)
    noteHole(range)
    return 0
  }

  // MARK: Many zeros

  /// Bytes below which zeros are bytes like others.
  private static var leastHole: UInt64 { 1 << 20 }
  private static var page: UInt64 { 1 << 12 }

  /// Makes a range of the memory zero, and gives back that of many whole pages.
  private func clear(_ range: Range<UInt64>) {
    guard let memory else { return }
    let lower = alignUp(range.lowerBound, Self.page)
    let upper = range.upperBound & ~(Self.page - 1)
    guard lower < upper, upper - lower >= Self.leastHole else {
      memset(memory + Int(range.lowerBound), 0, range.count)
      return
    }
    memset(memory + Int(range.lowerBound), 0, Int(lower - range.lowerBound))
    if madvise(memory + Int(lower), Int(upper - lower), MADV_DONTNEED) != 0 {
      memset(memory + Int(lower), 0, Int(upper - lower))
    }
    memset(memory + Int(upper), 0, Int(range.upperBound - upper))
  }

  private func noteHole(_ range: Range<UInt64>) {
    let lower = alignUp(range.lowerBound, Self.page)
    let upper = range.upperBound & ~(Self.page - 1)
    guard lower < upper else { return }
    let place = holes.firstIndex { $0.lowerBound >= lower } ?? holes.count
    holes.insert(lower..<upper, at: place)
  }

  /// Something is about to be written there.
  private func cutHoles(_ range: Range<UInt64>) {
    guard holes.contains(where: { $0.overlaps(range) }) else { return }
    var left: [Range<UInt64>] = []
    for hole in holes {
      guard hole.overlaps(range) else {
        left.append(hole)
        continue
      }
      let before = hole.lowerBound..<max(range.lowerBound & ~(Self.page - 1), hole.lowerBound)
      let after =
        min(alignUp(range.upperBound, Self.page), hole.upperBound)..<hole.upperBound
      // What is left of one is not worth remembering when it is small.
      for rest in [before, after] where rest.upperBound - rest.lowerBound >= 1 << 16 {
        left.append(rest)
      }
    }
    holes = left
  }

  /// Where the bytes of a range end behind which it is a hole.
  func endOfBytes(_ range: Range<UInt64>) -> UInt64 {
    var parts = parts(of: range)
    // The end of the last page is none.
    if parts.count > 1, let last = parts.last, last.upperBound - last.lowerBound < Self.page,
      bytes[Int(last.lowerBound)..<Int(last.upperBound)].allSatisfy({ $0 == 0 })
    {
      parts.removeLast()
    }
    return parts.last?.upperBound ?? range.lowerBound
  }

  /// The parts of a range that are no holes, in ascending order.
  func parts(of range: Range<UInt64>) -> [Range<UInt64>] {
    var parts: [Range<UInt64>] = []
    var start = range.lowerBound
    for hole in holes where hole.overlaps(range) {
      if start < hole.lowerBound { parts.append(start..<hole.lowerBound) }
      start = hole.upperBound
    }
    if start < range.upperBound { parts.append(start..<range.upperBound) }
    return parts
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
