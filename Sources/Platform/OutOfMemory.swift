import CSystem
import Glibc
import Synchronization

/// Ends the process because memory, address space or a table ran out: removes the unfinished
/// output, says what was wanted and what helps, and exits with status 1.
///
/// This is the one place where the linker ends the process of its own accord. Tables are filled in
/// the midst of every pass, on any thread, by code that cannot throw without paying for it in each
/// loop; and after a failed allocation not even an error can be collected with certainty. A program
/// that embeds the linker is ended as well, but never without a word.
///
/// - Parameter text: what ran out and the remedy, without "out of memory: ".
public func stop(outOfMemory text: @autoclosure () -> String) -> Never {
  // The first speaks, also where making the text fails for want of memory.
  if hasStopped.exchange(true, ordering: .acquiringAndReleasing) {
    while true { pause() }
  }
  TemporaryFile.remove()
  try? FileDescriptor.standardError.write("weld: error: out of memory: \(text())\n")
  _exit(1)
}

/// Ends the process because `bytes` more of memory were refused.
@inline(never)
public func stop(outOfMemoryFor bytes: Int) -> Never {
  stop(outOfMemory: "cannot reserve \(bytes) more bytes; \(memoryRemedy)")
}

/// What helps against a lack of memory, for messages.
public let memoryRemedy =
  "raise the limit on address space (ulimit -v), or make memory or swap free"

private let hasStopped = Atomic<Bool>(false)

/// What the language runtime does when the heap gives nothing is a crash. In the linker's own
/// process these functions make it the error message that `stop(outOfMemory:)` gives; a program that
/// embeds the linker keeps its signal handlers.
public enum AllocationFailure {
  private static let signals = [SIGABRT, SIGILL, SIGTRAP, SIGSEGV, SIGBUS]
  private nonisolated(unsafe) static let previous = UnsafeMutablePointer<sigaction>.allocate(
    capacity: 32)

  /// From here on, a crash for want of memory ends the process with a message and status 1, and so
  /// does one after an input was changed; and any crash removes the unfinished output.
  ///
  /// A failed allocation leaves ENOMEM in the thread's `errno`, and the crash follows at once:
  /// that is how it is told from other crashes, which take their course.
  public static func watch() {
    // The stack grows into the same limit, but without a chance to say so.
    let stack = 1 << 20
    guard let probe = tryReservingAddressSpace(bytes: 2 * stack) else {
      stop(outOfMemoryFor: 2 * stack)
    }
    releaseAddressSpace(probe, bytes: 2 * stack)
    weld_grow_stack()
    InputWatch.tellCrashes()
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { signal in
      let isOutOfMemory = errno == ENOMEM
      TemporaryFile.remove()
      InputWatch.tellChangedInput()
      // While `stop` makes its text, any crash is for want of memory: the runtime does not look at all
      // that `malloc` gives it.
      let isStopping = hasStopped.load(ordering: .relaxed)
      if isStopping || isOutOfMemory && signal != SIGSEGV && signal != SIGBUS {
        let text: StaticString =
          "weld: error: out of memory; raise the limit on address space (ulimit -v)\n"
        _ = write(2, text.utf8Start, text.utf8CodeUnitCount)
        _exit(1)
      }
      sigaction(signal, AllocationFailure.previous + Int(signal), nil)
      raise(signal)
    }
    for signal in signals { sigaction(signal, &action, previous + Int(signal)) }
  }
}
