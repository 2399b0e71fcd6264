import CSystem
import Glibc

/// Room for the contents of small files, one behind the other, until exit.
///
/// Mapping a file costs the system more than copying a few kilobytes out of it: an area of address
/// space, a page table entry, a fault, and a whole page however short the file is. The number of
/// areas is limited, too (`vm.max_map_count`). So what is small is read; and as most links have
/// either small inputs or large ones, the arena expects of the next file what it found of the last:
/// a small file is read without asking for its size first.
///
/// One thread uses an arena at a time; what was read stays where it is.
public struct InputArena: @unchecked Sendable {
  /// Files of fewer bytes than this are read.
  static let smallLimit = 16 << 10
  /// Bytes that are reserved first; memory is taken up by what is filled only.
  private static let firstSize = 1 << 21
  /// Where there is more, it is in pages of this size, which the system makes faster.
  private static let hugePage = 1 << 21
  /// Contents begin at multiples of this, as sections in them want.
  private static let alignment = 64

  private var next: UnsafeMutableRawPointer?
  private var end: UnsafeMutableRawPointer?
  private var expectsSmall = true
  private var isFirst: Bool

  /// - Parameter expectsMuch: that there will be more than what is reserved first.
  public init(expectsMuch: Bool = false) { isFirst = !expectsMuch }

  /// Reads an object file whose size nobody knows; nil if it might be large, cut short, or something
  /// other than an object, and has to be looked at more closely.
  mutating func readSmallObject(_ file: FileDescriptor) throws(Errno) -> UnsafeRawBufferPointer? {
    guard expectsSmall else { return nil }
    let start = try room()
    // Fails for what cannot be read at an offset, such as pipes, without taking anything from it.
    guard let count = try? retrying({ weld_pread(file.raw, start, Self.smallLimit, 0) }) else {
      return nil
    }
    expectsSmall = count < Self.smallLimit
    // A read that ends early where the file does not, ends where a page does.
    guard expectsSmall, count & 4095 != 0, count >= 4, memcmp(start, "\u{7f}ELF", 4) == 0 else {
      return nil
    }
    return take(count)
  }

  /// Reads a regular file of the given size; nil if it is large, or no longer of that size.
  mutating func read(_ file: FileDescriptor, size: Int) throws(Errno) -> UnsafeRawBufferPointer? {
    expectsSmall = size < Self.smallLimit
    guard expectsSmall else { return nil }
    let start = try room()
    guard
      try retrying({ weld_pread(file.raw, start, Self.smallLimit, 0) }) == size
    else { return nil }
    return take(size)
  }

  /// A copy of a short text, such as the path of the file that was read last: it is then close to it.
  public mutating func copy(_ text: ByteString) throws(Errno) -> ByteString {
    guard text.count <= Self.smallLimit else { throw Errno(ENAMETOOLONG) }
    let copy = try room(alignment: 1)
    copy.copyMemory(from: text.start, byteCount: text.count)
    return ByteString(take(text.count))
  }

  /// Room for `smallLimit` bytes.
  private mutating func room(
    alignment: Int = InputArena.alignment
  ) throws(Errno) -> UnsafeMutableRawPointer {
    if let next, let end {
      let start = next.alignedUp(toMultipleOf: alignment)
      if end - start >= Self.smallLimit {
        self.next = start
        return start
      }
    }
    if isFirst || !reserveHugePages() {
      guard let start = tryReservingAddressSpace(bytes: Self.firstSize) else {
        throw Errno(ENOMEM)
      }
      next = start
      end = start + Self.firstSize
      isFirst = false
    }
    return next!
  }

  private mutating func reserveHugePages() -> Bool {
    let bytes = 4 * Self.hugePage
    guard let start = tryReservingAddressSpace(bytes: bytes + Self.hugePage) else { return false }
    let aligned = start.alignedUp(toMultipleOf: Self.hugePage)
    madvise(aligned, bytes, MADV_HUGEPAGE)
    next = aligned
    end = aligned + bytes
    return true
  }

  private mutating func take(_ count: Int) -> UnsafeRawBufferPointer {
    let start = next!
    next = start + count
    return UnsafeRawBufferPointer(start: start, count: count)
  }
}
