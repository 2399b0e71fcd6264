import CSystem
import Glibc

/// A growing table whose elements never move: address space is reserved once, pages come as they
/// are touched, and untouched elements are zero.
///
/// Safety: `T` must be trivial (no references) and valid when all its bytes are zero. Elements are
/// reached by pointer without bounds checks in release; indices come from the engine, never
/// unchecked from a file. `reserve(count:)` hands out disjoint ranges, one caller at a time; filling
/// different ranges from different threads is then free of races.
@frozen
public struct ReservedTable<T: BitwiseCopyable>: ElementStorage, @unchecked Sendable {
  public let base: UnsafeMutablePointer<T>
  @usableFromInline let countCell: UnsafeMutablePointer<Int>
  public let capacity: Int
  /// What the elements are, for messages.
  @usableFromInline let content: StaticString
  /// Address space was too scarce for the capacity that was asked for.
  @usableFromInline let isCurtailed: Bool

  /// Reserves room for `capacity` elements; costs address space only. Where that is limited
  /// (`ulimit -v`, strict overcommit), the table gets less, down to what a small link needs; where
  /// there is not even that, the process ends with an error.
  ///
  /// - Parameter content: what the elements are, in the plural, for messages.
  public init(capacity wanted: Int, of content: StaticString = "entries") {
    self.content = content
    let share = addressSpaceShare / MemoryLayout<T>.stride
    var capacity = max(min(wanted, share), 1)
    while true {
      let bytes = capacity * MemoryLayout<T>.stride
      if let start = tryReservingAddressSpace(bytes: bytes) {
        base = start.bindMemory(to: T.self, capacity: capacity)
        break
      }
      if capacity <= 1 << 16 {
        stop(
          outOfMemory:
            "cannot reserve \(bytes) bytes of address space for \(content); \(memoryRemedy)")
      }
      capacity /= 8
    }
    self.capacity = capacity
    isCurtailed = capacity < wanted
    countCell = allocateZeroed(count: 1)
  }

  @inlinable
  public var count: Int { countCell.pointee }

  @inlinable
  @discardableResult
  public func append(_ element: T) -> Int {
    let index = reserve(count: 1)
    (base + index).initialize(to: element)
    return index
  }

  /// Makes `count` more elements, zero until written, and returns the index of the first.
  @inlinable
  public func reserve(count more: Int) -> Int {
    let index = countCell.pointee
    if UInt(bitPattern: more) > UInt(bitPattern: capacity &- index) { stopFull(more) }
    countCell.pointee = index + more
    return index
  }

  /// Says that nearly all of these elements are about to be written: `Platform.expectWrites`.
  public func expectWrites(to range: Range<Int>) {
    Platform.expectWrites(
      base + range.lowerBound, bytes: range.count * MemoryLayout<T>.stride)
  }

  /// Takes the last element away; its bytes are zero again.
  @inlinable
  public func removeLast() {
    assert(count > 0)
    countCell.pointee -= 1
    UnsafeMutableRawPointer(base + countCell.pointee)
      .initializeMemory(as: UInt8.self, repeating: 0, count: MemoryLayout<T>.stride)
  }

  /// Lets the system use large pages, as `Platform.preferLargePages` does.
  public func preferLargePages() {
    Platform.preferLargePages(base, bytes: capacity * MemoryLayout<T>.stride)
  }

  /// Gives the table's memory back. Safety: nobody uses the table afterwards.
  public func release() {
    releaseAddressSpace(base, bytes: capacity * MemoryLayout<T>.stride)
    countCell.deallocate()
  }

  @inline(never)
  @usableFromInline
  func stopFull(_ more: Int) -> Never {
    let text = "no room for \(more) more \(content) than \(count); at most \(capacity)"
    stop(
      outOfMemory: isCurtailed
        ? "\(text) fit in the address space that the process may have; \(memoryRemedy)"
        : "\(text) can be linked at once; link fewer inputs, or in parts")
  }

  @inlinable
  public var buffer: UnsafeMutableBufferPointer<T> {
    UnsafeMutableBufferPointer(start: base, count: count)
  }
}

/// Bytes of address space that one table may take: a small part of what the process may have.
private let addressSpaceShare: Int = {
  var limit = rlimit()
  // RLIMIT_AS; the named constant has another type in each C library.
  guard getrlimit(__rlimit_resource_t(9), &limit) == 0, limit.rlim_cur < 1 << 46 else {
    return .max
  }
  return max(Int(limit.rlim_cur) / 48, 1 << 20)
}()

/// Zeroed memory that takes up room only where it is touched; freed only by a `MemoryLedger`. The
/// process ends with an error if the system gives no more.
public func reserveAddressSpace(bytes: Int) -> UnsafeMutableRawPointer {
  guard let start = tryReservingAddressSpace(bytes: bytes) else { stop(outOfMemoryFor: bytes) }
  return start
}

/// As `reserveAddressSpace`; nil if the system gives no more.
public func tryReservingAddressSpace(bytes: Int) -> UnsafeMutableRawPointer? {
  let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
  let bytes = mappedSize(bytes)
  let mapped = mmap(nil, bytes, PROT_READ | PROT_WRITE, flags, -1, 0)
  guard let mapped, mapped != MAP_FAILED else {
    // The caller knows; a later crash is not for want of memory: `AllocationFailure`.
    errno = 0
    return nil
  }
  MemoryLedger.note(mapped, bytes: bytes)
  return mapped
}

/// Makes what `tryReservingAddressSpace` returned larger, where it is or elsewhere; the new bytes are
/// zero. Nil, and nothing has changed, if the system gives no more. Safety: pointers into the old
/// memory lead nowhere.
public func tryGrowingAddressSpace(
  _ start: UnsafeMutableRawPointer, from old: Int, to new: Int
) -> UnsafeMutableRawPointer? {
  let grown = weld_mremap(start, mappedSize(old), mappedSize(new))
  guard let grown, grown != MAP_FAILED else {
    errno = 0
    return nil
  }
  MemoryLedger.forget(start)
  MemoryLedger.note(grown, bytes: mappedSize(new))
  return grown
}

private let largePage = 1 << 21

/// What is mapped for so many bytes. Linux begins a mapping of whole large pages with one.
private func mappedSize(_ bytes: Int) -> Int {
  if bytes < largePage { return max(bytes, 1) }
  let (end, overflow) = bytes.addingReportingOverflow(largePage - 1)
  return overflow ? bytes : end & ~(largePage - 1)
}

/// Says that nearly all of these bytes, which `reserveAddressSpace` has returned, are about to be
/// written: the system may then give their memory in large pages, which costs a fault in place of
/// hundreds.
public func expectWrites(_ start: UnsafeMutableRawPointer, bytes: Int) {
  let first = start.alignedUp(toMultipleOf: largePage)
  // The last page need not be filled, but half of it.
  let count = (start + bytes - first + largePage / 2) & ~(largePage - 1)
  if count > 0 {
    madvise(first, count, MADV_HUGEPAGE)
  } else if bytes >= 1 << 15 {
    // A call for all pages in place of a fault for each. MADV_POPULATE_WRITE, since Linux 5.14.
    let page = start.alignedUp(toMultipleOf: 1 << 12)
    madvise(page, (start + bytes - page) & ~((1 << 12) - 1), 23)
  }
}

/// Lets the system back what `reserveAddressSpace` returned with large pages, all but the first
/// 2 MiB of it: a range that is filled from its start on to hundreds of megabytes then costs a fault
/// for every 512 pages, and searches in it find its addresses translated; one that stays small takes
/// no more memory than it uses.
public func preferLargePages(_ start: UnsafeMutableRawPointer, bytes: Int) {
  let small = 2 << 20
  if bytes > 2 * small { madvise(start + small, bytes - small, MADV_HUGEPAGE) }
}

/// Returns `n` zeroed elements that live until exit, or until the thread's `MemoryLedger` gives
/// everything back; so does whatever else here lives until exit.
public func allocateZeroed<T: BitwiseCopyable>(_: T.Type = T.self, count n: Int)
  -> UnsafeMutablePointer<T>
{
  let (bytes, overflow) = max(n, 1).multipliedReportingOverflow(by: MemoryLayout<T>.stride)
  if overflow { stop(outOfMemoryFor: .max) }
  if bytes >= leastMapped {
    return reserveAddressSpace(bytes: bytes).bindMemory(to: T.self, capacity: n)
  }
  guard let start = calloc(1, bytes) else { stop(outOfMemoryFor: bytes) }
  MemoryLedger.note(start, bytes: 0)
  return start.bindMemory(to: T.self, capacity: n)
}

/// Bytes from which on `allocateZeroed` maps memory of its own.
private let leastMapped = 1 << 17

/// Gives back, before everything is, the `n` elements that `allocateZeroed` returned.
public func deallocate<T: BitwiseCopyable>(zeroed start: UnsafeMutablePointer<T>, count n: Int) {
  let bytes = max(n, 1) * MemoryLayout<T>.stride
  if bytes >= leastMapped {
    releaseAddressSpace(start, bytes: bytes)
  } else {
    MemoryLedger.forget(start)
    free(start)
  }
}

/// Returns room for `n` elements, as `UnsafeMutablePointer.allocate` does, that lives until exit.
public func allocateForever<T: BitwiseCopyable>(_: T.Type = T.self, count n: Int)
  -> UnsafeMutablePointer<T>
{
  let bytes = max(n, 1) * MemoryLayout<T>.stride
  guard let start = malloc(bytes) else { stop(outOfMemoryFor: bytes) }
  MemoryLedger.note(start, bytes: 0)
  return start.bindMemory(to: T.self, capacity: n)
}

/// Room for `n` elements that are all about to be written, until exit: where there is much, in large
/// pages, which cost a fault in place of hundreds. Zero until written.
public func allocateForWriting<T: BitwiseCopyable>(_: T.Type = T.self, count n: Int)
  -> UnsafeMutablePointer<T>
{
  let start = allocateZeroed(T.self, count: n)
  let bytes = n * MemoryLayout<T>.stride
  if bytes >= largePage { expectWrites(start, bytes: bytes) }
  return start
}

/// Gives back what `reserveAddressSpace` returned.
public func releaseAddressSpace(_ start: UnsafeMutableRawPointer, bytes: Int) {
  MemoryLedger.forget(start)
  munmap(start, mappedSize(bytes))
}
