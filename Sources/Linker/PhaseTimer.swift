import Glibc

/// Wall-clock and processor time of each phase, for `--stats` and `--time-trace`.
final class PhaseTimer {
  struct Phase {
    var name: StaticString
    /// Nanoseconds since the link began.
    var start: UInt64
    var end: UInt64
    /// Processor time of all threads, nanoseconds.
    var processor: UInt64
  }
  private(set) var phases: [Phase] = []
  private let isOn: Bool
  private let origin: UInt64

  init(isOn: Bool) {
    self.isOn = isOn
    origin = isOn ? Self.now(CLOCK_MONOTONIC) : 0
  }

  private static func now(_ clock: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(clock, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }

  func measure<R, F: Error>(_ name: StaticString, _ body: () throws(F) -> R) throws(F) -> R {
    if !isOn { return try body() }
    let start = Self.now(CLOCK_MONOTONIC)
    let processor = Self.now(CLOCK_PROCESS_CPUTIME_ID)
    let result = try body()
    phases.append(
      Phase(
        name: name, start: start - origin, end: Self.now(CLOCK_MONOTONIC) - origin,
        processor: Self.now(CLOCK_PROCESS_CPUTIME_ID) - processor))
    return result
  }
}
