import Glibc
import Synchronization

/// Gives back the memory that a link keeps until exit, for processes that link many times.
///
/// The linker as a program frees nothing: ending is quicker. While the ledger is open it notes what
/// `reserveAddressSpace` and `allocateZeroed` hand out in the whole process, so that all of it can
/// be given back once nobody uses it any more; closed, it costs those calls one load.
public enum MemoryLedger {
  private static let isOpen = Atomic<Bool>(false)
  /// Bytes by start of what was mapped; 0 for what the heap gave.
  private static let entries = Mutex<[UInt: Int]>([:])

  /// Notes allocations from here on.
  public static func open() { isOpen.store(true, ordering: .relaxed) }

  /// Gives back everything noted. Safety: no link of the process is under way, and no result of
  /// one is used afterwards.
  public static func releaseAll() {
    let all = entries.withLock { entries in
      defer { entries.removeAll(keepingCapacity: true) }
      return entries
    }
    for (start, bytes) in all {
      let start = UnsafeMutableRawPointer(bitPattern: start)
      if bytes > 0 { munmap(start!, bytes) } else { free(start) }
    }
  }

  static func note(_ start: UnsafeMutableRawPointer, bytes: Int) {
    if isOpen.load(ordering: .relaxed) { add(UInt(bitPattern: start), bytes) }
  }

  /// Notes that somebody frees what `allocateZeroed` returned.
  public static func forget(_ start: UnsafeMutableRawPointer) {
    if isOpen.load(ordering: .relaxed) { remove(UInt(bitPattern: start)) }
  }

  @inline(never)
  private static func add(_ start: UInt, _ bytes: Int) {
    entries.withLock { $0[start] = bytes }
  }

  @inline(never)
  private static func remove(_ start: UInt) {
    _ = entries.withLock { $0.removeValue(forKey: start) }
  }
}
