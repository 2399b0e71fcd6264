import Glibc
import Platform

/// Looks whether the system still gives memory, where it has been told not to give all it has.
///
/// What an image keeps in large pieces is asked for piece by piece, and an error says that there is
/// none. The many small ones come from the heap, and there the language ends the process. Where the
/// address space is limited (`ulimit -v`), each call therefore looks first whether it can have far
/// more than it will take.
struct Headroom {
  private var isLimited = false
  private var callsUntilLook = 0

  /// - Parameter entries: elements of the lists that may have to be doubled.
  @inline(__always)
  mutating func check(entries: Int) throws(ImageError) {
    callsUntilLook -= 1
    if callsUntilLook < 0 || isLimited { try look(max(16 << 20, entries &* 128)) }
  }

  /// Before a link of files, which ends the process where it finds no memory: several times what a
  /// link of a C library takes.
  mutating func checkForLink() throws(ImageError) {
    callsUntilLook = -1
    try look(Self.linkBytes)
  }

  private static var linkBytes: Int { 256 << 20 }

  private mutating func look(_ bytes: Int) throws(ImageError) {
    if callsUntilLook < 0 {
      var limit = rlimit()
      // RLIMIT_AS; the named constant has another type in each C library.
      isLimited = getrlimit(__rlimit_resource_t(9), &limit) == 0 && limit.rlim_cur < 1 << 46
      callsUntilLook = 16
    }
    if isLimited { try Self.require(bytes) }
  }

  /// Refuses where the system does not give so many bytes more.
  static func require(_ bytes: Int) throws(ImageError) {
    guard let probe = tryReservingAddressSpace(bytes: bytes) else {
      throw ImageError(
        .outOfRoom, "out of memory: less than \(bytes >> 20) MiB are left; \(memoryRemedy)")
    }
    releaseAddressSpace(probe, bytes: bytes)
  }
}

/// Zeroed memory of the hash tables of an image.
struct HashMemory {
  /// What the elements are, for messages.
  private let content: StaticString

  /// - Parameter content: in the plural.
  init(of content: StaticString) { self.content = content }

  func allocate<Slot: BitwiseCopyable>(
    _ count: Int
  ) throws(ImageError) -> UnsafeMutablePointer<Slot> {
    let bytes = count * MemoryLayout<Slot>.stride
    guard let start = tryReservingAddressSpace(bytes: bytes) else {
      throw ImageError(
        .outOfRoom,
        "out of memory: no room for a table of \(count) \(content); \(memoryRemedy)")
    }
    preferLargePages(start, bytes: bytes)
    return start.bindMemory(to: Slot.self, capacity: count)
  }

  func release<Slot: BitwiseCopyable>(_ slots: UnsafeMutablePointer<Slot>, _ count: Int) {
    releaseAddressSpace(slots, bytes: count * MemoryLayout<Slot>.stride)
  }
}
