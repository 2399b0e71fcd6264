import Glibc
import Weld

/// Nanoseconds of a clock that never goes back.
func now() -> UInt64 {
  var time = timespec()
  clock_gettime(CLOCK_MONOTONIC, &time)
  return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
}

/// Processor time of this process, the system's part included, in seconds.
func processorSeconds() -> Double {
  var usage = rusage()
  getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
  func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
  return seconds(usage.ru_utime) + seconds(usage.ru_stime)
}

/// Times of one thing that was done many times.
struct Samples {
  private var nanoseconds: [UInt64] = []

  var count: Int { nanoseconds.count }

  mutating func add(_ time: UInt64) { nanoseconds.append(time) }

  mutating func measure<E: Error>(_ body: () throws(E) -> Void) throws(E) {
    let start = now()
    try body()
    nanoseconds.append(now() - start)
  }

  /// The time in microseconds that this share of the samples does not exceed.
  func microseconds(_ share: Double) -> Double {
    if nanoseconds.isEmpty { return 0 }
    let sorted = nanoseconds.sorted()
    let index = min(Int(Double(sorted.count) * share), sorted.count - 1)
    return Double(sorted[index]) / 1000
  }

  var median: String { text(microseconds(0.5)) }
  var percentile99: String { text(microseconds(0.99)) }
}

/// A number with as many decimals as its size deserves.
func text(_ value: Double) -> String {
  if value >= 100 { return "\(Int(value.rounded()))" }
  let scale = value >= 10 ? 10.0 : 100.0
  let scaled = Int((value * scale).rounded())
  let digits = scale == 10 ? 1 : 2
  let fraction = String(scaled % Int(scale))
  return "\(scaled / Int(scale))."
    + String(repeating: "0", count: digits - fraction.count) + fraction
}

/// A number with its thousands set apart.
func grouped(_ value: Int) -> String {
  let digits = String(value)
  var result = ""
  for (i, digit) in digits.enumerated() {
    if i > 0, (digits.count - i) % 3 == 0 { result += "," }
    result.append(digit)
  }
  return result
}

/// Prints a table in Markdown; columns but the first `left` ones are numbers.
func table(_ title: String, left: Int = 1, _ header: [String], _ rows: [[String]]) {
  print("### \(title)\n")
  print("| " + header.joined(separator: " | ") + " |")
  print("|" + header.indices.map { $0 < left ? " --- |" : " ---: |" }.joined())
  for row in rows { print("| " + row.joined(separator: " | ") + " |") }
  print("")
  fflush(nil)
}

/// A repeatable source of chance: xorshift64*.
struct Chance: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed == 0 ? 1 : seed }
  mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 0x2545_f491_4f6c_dd1d
  }
}
