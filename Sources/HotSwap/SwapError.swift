import Glibc
import Platform

/// Why a running process did not get a change. It then runs on as it was, unless `code` is
/// `notUndone`.
public struct SwapError: Error, CustomStringConvertible, Sendable {
  public enum Code: Sendable {
    /// The process has ended, or runs another program now.
    case ended
    /// The system does not let this process trace the other one.
    case notPermitted
    /// The process does not run the image's program, or not in the state that the image knows.
    case otherProgram
    /// The change cannot be made in a running process: `reasons` says why.
    case refused
    /// Threads were in the code that is to be replaced each time that it was tried.
    case busy
    /// Threads did not stop in time.
    case timeLimit
    /// Something could not be written; what was written before is undone.
    case notWritten
    /// Something could not be written, and what was written before could not be undone.
    case notUndone
    /// The system refused something else: a thread, a file.
    case system
  }
  public let code: Code
  /// What went wrong, with its names and values, and the remedy.
  public let message: String
  /// Each thing that stands in the way, for `refused`, `busy` and `timeLimit`.
  public let reasons: [String]

  public init(_ code: Code, _ message: String, reasons: [String] = []) {
    self.code = code
    self.message = message
    self.reasons = reasons
  }

  public var description: String {
    reasons.isEmpty ? message : message + ": " + reasons.joined(separator: "; ")
  }
}

/// What a swap did.
public struct SwapReport: Sendable {
  /// Names of the declarations swapped.
  public var swapped: [String] = []
  /// Threads that were stopped.
  public var threads = 0
  /// How often the process was stopped, this time included: more than once where a thread was in
  /// the way or would not stop.
  public var attempts = 0
  /// The longest that any thread was stopped: from the last moment at which all were seen to run
  /// until the last one was let go, in the worst of the attempts.
  public var stoppedMicroseconds = 0.0
  /// How long all threads were stopped, for the change itself.
  public var heldMicroseconds = 0.0
  /// Bytes written to the process' memory.
  public var bytesWritten = 0
  /// Addresses in data that were left alone, because the program has changed them.
  public var kept: [UInt64] = []
  /// Retired ranges that no thread is in.
  public var quiescent: [Range<UInt64>] = []

  public init(swapped: [String] = []) { self.swapped = swapped }
}

/// How long a swap tries.
public struct SwapLimits: Sendable {
  /// How often the process is stopped before a swap is given up.
  public var attempts = 10
  /// Microseconds that threads have for stopping at the first attempt, and twice as many at each
  /// attempt after it. On a busy machine a thread that has no processor takes long to stop, and the
  /// others stand meanwhile: rather than that they are let go, and it is tried again.
  public var stopMicroseconds = 1000
  /// Bytes of stacks that are searched for retired ranges while a swap holds the process.
  public var searchedBytes = 256 << 10

  public init() {}
}

/// A time in nanoseconds, of a clock that is never set.
func monotonicNanoseconds() -> UInt64 {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return UInt64(now.tv_sec) * 1_000_000_000 + UInt64(now.tv_nsec)
}

func sleep(microseconds: Int) {
  var time = timespec(
    tv_sec: microseconds / 1_000_000, tv_nsec: microseconds % 1_000_000 * 1000)
  var left = timespec()
  while nanosleep(&time, &left) != 0, errno == EINTR { time = left }
}

/// An address or range as messages have it.
func hex(_ value: UInt64) -> String { "0x" + String(value, radix: 16) }
func hex(_ range: Range<UInt64>) -> String { hex(range.lowerBound) + "-" + hex(range.upperBound) }
