import Glibc
import Testing

@testable import TernCompiler

/// `tern live`, from the command line to the running program.
@Suite(.serialized) struct LiveTests {
  /// The driver with a program that runs while its source is edited.
  private final class Live {
    let directory: String
    let source: String
    let id: pid_t

    init(_ directory: String, _ text: String) throws {
      self.directory = directory
      source = "\(directory)/program.tern"
      try Support.write(text, to: source)
      id = try Support.start(
        [Support.driver(), "live", source], output: "\(directory)/output",
        errors: "\(directory)/errors"
      )
    }

    /// Writes the source as editors do.
    func save(_ text: String) throws {
      try Support.write(text, to: source + "~")
      try #require(rename(source + "~", source) == 0)
    }

    var output: String {
      String(decoding: Files.read("\(directory)/output") ?? [], as: UTF8.self)
    }
    var errors: String {
      String(decoding: Files.read("\(directory)/errors") ?? [], as: UTF8.self)
    }

    /// Waits for something; false if it doesn't come in 20 seconds.
    func wait(_ condition: () -> Bool) -> Bool {
      for _ in 0..<4000 {
        if condition() { return true }
        usleep(5000)
      }
      return condition()
    }

    /// The driver's exit status, once it has ended; nil if it doesn't.
    func status() -> Int32? {
      var status: Int32 = 0
      guard wait({ waitpid(id, &status, WNOHANG) != 0 }) else {
        // Neither it nor its program is left behind.
        kill(id, SIGKILL)
        waitpid(id, &status, 0)
        let words = errors.split(whereSeparator: { " ;".contains($0) })
        if let at = words.firstIndex(of: "process"), let program = pid_t(words[at + 1]) {
          kill(program, SIGKILL)
        }
        return nil
      }
      return status & 0x7f == 0 ? status >> 8 & 0xff : nil
    }

    /// Asks the driver to end, which ends the program.
    func end() {
      kill(id, SIGTERM)
      #expect(status() == 128 + SIGTERM)
      #expect(errors.contains("tern: the program was ended by signal 15"))
    }
  }

  private static func source(_ version: Int, ticks: String = "var ticks = 0", more: String = "")
    -> String
  {
    """
    const label: [str] = ["v\(version)"]
    \(ticks)
    \(more)
    fn version() -> int { return \(version) }
    fn tick() {
      ticks += 1
      print(label[0], " ", version(), " ", ticks, "\\n")
    }
    fn main() {
      while true {
        tick()
        sleep(1)
      }
    }
    """
  }

  @Test func hundredEditsArriveAndNothingIsLost() async throws {
    try await Support.withDirectory { directory in
      let live = try Live(directory, Self.source(0))
      #expect(live.wait { live.output.contains("v0 0 ") }, "\(live.errors)")
      var missing: [Int] = []
      for version in 1...100 {
        try live.save(Self.source(version))
        if !live.wait({ live.output.contains("v\(version) \(version) ") }) {
          missing.append(version)
          break
        }
      }
      #expect(missing.isEmpty, "\(live.errors)")
      #expect(live.wait { live.errors.contains("tern: swapped version, label in ") })
      // The line at which the program ends may be half a line and is not looked at; so the last
      // version has to print one before it.
      #expect(live.wait { live.output.split(separator: "v100 100 ").count > 2 })
      live.end()
      var last = (version: 0, ticks: 0)
      for line in live.output.split(separator: "\n").dropLast() {
        let words = line.split(separator: " ")
        try #require(words.count == 3)
        let (version, ticks) = (try #require(Int(words[1])), try #require(Int(words[2])))
        #expect(version >= last.version && ticks == last.ticks + 1, "\(line) after \(last)")
        last = (version, ticks)
      }
      #expect(last.version == 100)
    }
  }

  @Test func badEditsAreRefusedAndTheProgramRunsOn() async throws {
    try await Support.withDirectory { directory in
      let live = try Live(directory, Self.source(0))
      #expect(live.wait { live.output.contains("v0 0 ") }, "\(live.errors)")

      try live.save(Self.source(1) + "fn broken() { retrun 1 }\n")
      #expect(live.wait { live.errors.contains("error: expected the statement's end, found '1'") })
      let whole = Self.source(1, ticks: "var ticks: [int; 2]")
        .replacing("ticks += 1", with: "ticks[0] += 1")
        .replacing("ticks, \"", with: "ticks[0], \"")
      try live.save(whole)
      #expect(
        live.wait {
          live.errors.contains("'ticks' changed from int to [int; 2], and its value is in use")
        }, "\(live.errors)")
      let count = live.output.utf8.count
      #expect(live.wait { live.output.utf8.count > count + 100 })
      #expect(!live.output.contains("v1"))

      // A good one after them arrives, with what is new in it.
      let more = "var extra = 41\nfn helper() -> int { extra += 1\n return extra }"
      try live.save(
        Self.source(2, more: more).replacing("return 2", with: "return 1000 + helper()"))
      #expect(live.wait { live.output.contains("v2 1042 ") }, "\(live.errors)")
      #expect(live.wait { live.output.contains("v2 1043 ") })
      live.end()
      #expect(live.errors.contains("the program runs on as it was"))
    }
  }

  @Test func programsWithLibrariesAreSwapped() async throws {
    try await Support.withDirectory { directory in
      let source = """
        extern fn printf(format: str, ...) -> i32
        extern fn fflush(stream: int) -> i32
        extern fn usleep(microseconds: i32) -> i32
        var ticks = 0
        fn tick() {
          ticks += 1
          printf("a %ld\\n", ticks)
        }
        fn main() {
          while true {
            tick()
            fflush(0)
            usleep(1000)
          }
        }
        """
      let live = try Live(directory, source)
      #expect(live.wait { live.output.contains("a 1\n") }, "\(live.errors)")
      try live.save(source.replacing("\"a %ld", with: "\"b %ld"))
      #expect(live.wait { live.output.contains("\nb ") }, "\(live.errors)")
      try live.save(
        "extern fn abs(n: i32) -> i32\n" + source.replacing("ticks += 1", with: "ticks += abs(-1)"))
      #expect(
        live.wait {
          live.errors.contains("the C function 'abs' is new, and is bound when the program starts")
        }, "\(live.errors)")
      try live.save(source.replacing("\"a %ld", with: "\"c %ld"))
      #expect(live.wait { live.output.contains("\nc ") }, "\(live.errors)")
      live.end()
      let numbers = live.output.split(separator: "\n").dropLast().map { Int($0.dropFirst(2)) }
      #expect(numbers == (0..<numbers.count).map { $0 + 1 })
    }
  }

  @Test func theProgramsEndIsTheDrivers() async throws {
    try await Support.withDirectory { directory in
      let live = try Live(directory, "fn main() -> int {\n  sleep(50)\n  return 7\n}\n")
      #expect(live.status() == 7)
      #expect(live.errors.contains("tern: the program ended with status 7"))
    }
  }
}
