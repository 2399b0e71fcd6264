import Glibc
import Synchronization

/// Whose turn it is with what a handle stands for: one thread's at a time. That thread may call again
/// from within, as a lazy provider does.
final class Turn: Sendable {
  /// The thread; 0 for nobody.
  private let owner = Atomic<UInt>(0)
  /// Of that thread's calls, one within the other.
  private let depth = Atomic<Int>(0)

  /// Begins a call. Refused while another thread is in one.
  func take() -> Bool {
    let thread = UInt(pthread_self())
    if owner.load(ordering: .relaxed) != thread {
      guard
        owner.compareExchange(expected: 0, desired: thread, ordering: .acquiring).exchanged
      else { return false }
    }
    depth.add(1, ordering: .relaxed)
    return true
  }

  func giveBack() {
    if depth.subtract(1, ordering: .relaxed).newValue == 0 { owner.store(0, ordering: .releasing) }
  }

  /// Whether this thread is in a call.
  var isMine: Bool { owner.load(ordering: .relaxed) == UInt(pthread_self()) }
  var isFree: Bool { owner.load(ordering: .acquiring) == 0 }
}
