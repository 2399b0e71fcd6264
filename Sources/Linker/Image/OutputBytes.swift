import Glibc
import Platform

/// The bytes of an output that is kept in memory, given back when nobody holds them any more.
///
/// Safety: workers of the link write disjoint ranges; afterwards the holder alone may write.
final class OutputBytes: @unchecked Sendable {
  private(set) var start: UnsafeMutableRawPointer
  private(set) var count = 0
  private var capacity = 0

  init() { start = UnsafeMutableRawPointer(bitPattern: 8)! }

  deinit {
    if capacity > 0 { munmap(start, capacity) }
  }

  var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: start, count: count) }
  var mutableBytes: UnsafeMutableRawBufferPointer {
    UnsafeMutableRawBufferPointer(start: start, count: count)
  }

  /// Makes room for `size` bytes, all zero. Called once, before anything is written.
  func reserve(_ size: Int) throws(Errno) {
    precondition(capacity == 0, "the output has its room already")
    if size == 0 { return }
    let mapped = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
    guard let mapped, mapped != MAP_FAILED else { throw Errno.current }
    start = mapped
    count = size
    capacity = size
  }
}
