import Glibc
import Platform

/// Wall-clock and processor time of each phase and its page faults, for `--stats` and `--time-trace`.
final class PhaseTimer {
  struct Phase {
    var name: StaticString
    /// Nanoseconds since the link began.
    var start: UInt64
    var end: UInt64
    /// Processor time of all threads, nanoseconds.
    var processor: UInt64
    /// Page faults that needed no reading: of new memory, and of mapped files.
    var faults: Int
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

  private static var usage: rusage {
    var usage = rusage()
    // RUSAGE_SELF; the named constant has another type in each C library.
    getrusage(0, &usage)
    return usage
  }

  func measure<R, F: Error>(_ name: StaticString, _ body: () throws(F) -> R) throws(F) -> R {
    if !isOn { return try body() }
    let start = Self.now(CLOCK_MONOTONIC)
    let processor = Self.now(CLOCK_PROCESS_CPUTIME_ID)
    let faults = Self.usage.ru_minflt
    let result = try body()
    phases.append(
      Phase(
        name: name, start: start - origin, end: Self.now(CLOCK_MONOTONIC) - origin,
        processor: Self.now(CLOCK_PROCESS_CPUTIME_ID) - processor,
        faults: Self.usage.ru_minflt - faults))
    return result
  }

  /// `--stats`: a line a phase, and what was linked.
  func print(_ link: Link) {
    func milliseconds(_ nanoseconds: UInt64) -> String {
      let tenths = nanoseconds / 10_000
      return "\(tenths / 100).\(tenths % 100 < 10 ? "0" : "")\(tenths % 100)"
    }
    func padded(_ text: String, _ width: Int) -> String {
      String(repeating: " ", count: max(0, width - text.utf8.count)) + text
    }
    var text = "phase                 wall ms    cpu ms   faults\n"
    for phase in phases {
      let name = String(describing: phase.name)
      text += name + String(repeating: " ", count: max(0, 18 - name.utf8.count))
      text += padded(milliseconds(phase.end - phase.start), 11)
      text += padded(milliseconds(phase.processor), 10) + padded("\(phase.faults)", 9) + "\n"
    }
    text += "objects \(link.liveObjects.count - 1), libraries \(link.libraries.count),"
    text += " symbols \(link.symbols.count), atoms \(link.atoms.count),"
    text +=
      " threads \(link.pool.count), output \(link.outputSize) bytes, peak memory \(Self.usage.ru_maxrss) KiB\n"
    try? FileDescriptor.standardError.write(text)
  }

  /// `--time-trace`: the phases in the Trace Event Format that browsers show, times in microseconds.
  func writeTrace(_ path: String, _ diagnostics: Diagnostics) {
    var text = "{\"traceEvents\":["
    for (i, phase) in phases.enumerated() {
      if i > 0 { text += "," }
      text += "\n{\"ph\":\"X\",\"pid\":1,\"tid\":1,\"name\":\"\(phase.name)\","
      text += "\"ts\":\(phase.start / 1000),\"dur\":\((phase.end - phase.start) / 1000),"
      text += "\"args\":{\"cpu\":\(phase.processor / 1000),\"faults\":\(phase.faults)}}"
    }
    text += "\n]}\n"
    do throws(Errno) {
      try FileDescriptor.replaceContents(of: path) { (file) throws(Errno) in try file.write(text) }
    } catch {
      diagnostics.error("cannot write time trace \(path): \(error)")
    }
  }
}
