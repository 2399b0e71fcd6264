import CSystem
import Glibc
import Synchronization

/// Gives back the memory that a link keeps until exit, for processes that link many times.
///
/// The linker as a program frees nothing: ending is quicker. Who links again and again binds a
/// ledger to the thread that links; a `WorkerPool` made there binds it to its threads. What those
/// threads are handed for as long as the link lives is noted, and given back all together. Threads
/// that have none, such as those of a compiler that holds the linker, are not concerned, and pay one
/// load of a thread's own word for each such allocation.
public final class MemoryLedger: Sendable {
  /// Bytes by start of what was mapped; 0 for what the heap gave.
  private let entries = Mutex<[UInt: Int]>([:])

  public init() {}

  /// The one bound to this thread.
  public static var current: MemoryLedger? {
    guard let bound = weld_bound_ledger() else { return nil }
    return Unmanaged<MemoryLedger>.fromOpaque(bound).takeUnretainedValue()
  }

  /// Binds a ledger to this thread, or none. The caller keeps it alive until another is bound.
  public static func bind(_ ledger: MemoryLedger?) {
    weld_bind_ledger(ledger.map { Unmanaged.passUnretained($0).toOpaque() })
  }

  /// What is noted and not given back.
  public var count: Int { entries.withLock { $0.count } }

  /// Gives back everything noted. Safety: the link is over, its threads have ended, and no pointer
  /// into its memory is used afterwards.
  public func releaseAll() {
    let all = entries.withLock { entries in
      defer { entries = [:] }
      return entries
    }
    for (start, bytes) in all {
      let start = UnsafeMutableRawPointer(bitPattern: start)
      if bytes > 0 { munmap(start!, bytes) } else { free(start) }
    }
  }

  /// Notes what was mapped (`bytes` > 0) or what `malloc` gave (0).
  @inline(__always)
  static func note(_ start: UnsafeMutableRawPointer, bytes: Int) {
    if weld_bound_ledger() != nil { add(UInt(bitPattern: start), bytes) }
  }

  /// Notes that somebody frees what was noted.
  @inline(__always)
  public static func forget(_ start: UnsafeMutableRawPointer) {
    if weld_bound_ledger() != nil { remove(UInt(bitPattern: start)) }
  }

  @inline(never)
  private static func add(_ start: UInt, _ bytes: Int) {
    current?.entries.withLock { $0[start] = bytes }
  }

  @inline(never)
  private static func remove(_ start: UInt) {
    _ = current?.entries.withLock { $0.removeValue(forKey: start) }
  }
}
