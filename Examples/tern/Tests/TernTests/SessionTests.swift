import Glibc
import Testing
import Weld

@testable import TernCompiler

/// An edit compiles what it changed, and nothing else.
@Suite struct SessionTests {
  private static let source = """
    const limit = 3
    const names: [str] = ["a", "b", "c"]
    var counter = 7
    fn step(n: int) -> int { return n + 1 }
    fn show(n: int) { print(names[n], " ") }
    fn loop() {
      for i in 0..<limit { show(i) }
    }
    fn main() -> int {
      loop()
      print(step(counter), "\\n")
      return 0
    }
    """

  /// A session, and what its program prints after each edit.
  private final class Editor {
    let session: Session
    let directory: String
    var source = SessionTests.source

    init(
      _ directory: String, _ source: String = SessionTests.source,
      machine: ImageMachine = .x86_64, isLive: Bool = false
    ) throws {
      self.directory = directory
      self.source = source
      var options = Session.Options(path: "test.tern", output: "\(directory)/program")
      options.checksInvariants = true
      options.isLive = isLive
      options.machine = machine
      session = try Session(options)
      try update()
    }

    @discardableResult
    func update() throws -> Session.Report {
      let report = try session.update(Array(source.utf8))
      try session.flush()
      return report
    }
    /// Replaces what occurs once.
    func edit(_ old: String, _ new: String) throws -> Session.Report {
      let parts = source.split(separator: old, omittingEmptySubsequences: false)
      try #require(parts.count == 2, "\(old)")
      source = parts.joined(separator: new)
      return try update()
    }
    func output() throws -> String {
      let words = try #require(
        Support.command(session.options.machine, session.options.output))
      return try Support.run(words, in: directory)
    }
  }

  @Test func editsCompileWhatTheyChange() async throws {
    try await Support.withDirectory { directory in
      let editor = try Editor(directory)
      #expect(try editor.output() == "a b c 8\nstatus 0\n")

      let before = try #require(editor.session.image).counts
      #expect(try editor.update().isEmpty)
      #expect(try #require(editor.session.image).counts.bytesWritten == before.bytesWritten)

      var report = try editor.edit("n + 1", "n + 10")
      #expect(report == Session.Report(compiled: ["step"]))
      #expect(try editor.output() == "a b c 17\nstatus 0\n")

      report = try editor.edit("const names", "// A comment.\n\nconst names")
      #expect(report == Session.Report(shifted: ["step", "show", "loop", "main"]))

      report = try editor.edit("limit = 3", "limit = 2")
      #expect(report == Session.Report(compiled: ["loop"]))
      #expect(try editor.output() == "a b 17\nstatus 0\n")

      report = try editor.edit("\"b\", \"c\"", "\"bee\", \"c\"")
      #expect(report == Session.Report(placed: ["names"]))
      #expect(try editor.output() == "a bee 17\nstatus 0\n")

      report = try editor.edit("counter = 7", "counter = 8")
      #expect(report == Session.Report(placed: ["counter"], initialValues: ["counter"]))
      #expect(try editor.output() == "a bee 18\nstatus 0\n")

      // A table of another length: who checks indices against it is compiled too.
      report = try editor.edit(", \"c\"]", "]")
      #expect(report == Session.Report(compiled: ["show"], placed: ["names"]))
      #expect(try editor.output() == "a bee 18\nstatus 0\n")
      #expect(editor.session.image?.violations() == [])
    }
  }

  @Test func declarationsComeAndGo() async throws {
    try await Support.withDirectory { directory in
      let editor = try Editor(directory)
      var report = try editor.edit(
        "return n + 1 }",
        "return added(n) }\nfn added(n: int) -> int { return n + added_value }\n"
          + "var added_value = 100")
      #expect(Set(report.compiled) == ["step", "added"] && report.placed == ["added_value"])
      #expect(try editor.output() == "a b c 107\nstatus 0\n")

      // Another signature is another function.
      editor.source = editor.source.replacing("added(n)", with: "added(n, 2)")
      report = try editor.edit(
        "added(n: int) -> int { return n", "added(n: int, m: int) -> int { return n * m")
      #expect(report == Session.Report(compiled: ["step", "added"], removed: ["added"]))
      #expect(try editor.output() == "a b c 114\nstatus 0\n")

      editor.source = Self.source
      report = try editor.update()
      #expect(report.compiled == ["step"] && report.removed == ["added", "added_value"])
      #expect(try editor.output() == "a b c 8\nstatus 0\n")
      let dump = try #require(editor.session.image).dump()
      #expect(!dump.contains("added"))
    }
  }

  @Test func namesMoveBetweenDeclarations() async throws {
    try await Support.withDirectory { directory in
      let editor = try Editor(directory)
      _ = try editor.edit("fn step", "export(\"shared\") fn step")
      _ = try editor.edit(
        "export(\"shared\") fn step(n: int) -> int { return n + 1 }\nfn show",
        "fn step(n: int) -> int { return n + 1 }\nexport(\"shared\") fn show")
      let dump = try #require(editor.session.image).dump()
      #expect(dump.contains("shared"))
      _ = try editor.edit("export(\"shared\") ", "")
      #expect(try !#require(editor.session.image).dump().contains("shared"))
      #expect(try editor.output() == "a b c 8\nstatus 0\n")
    }
  }

  @Test func errorsLeaveTheProgramAsItWas() async throws {
    try await Support.withDirectory { directory in
      let editor = try Editor(directory)
      let good = editor.source
      let error = #expect(throws: BuildError.self) { _ = try editor.edit("n + 1", "m + 1") }
      #expect(
        try #require(error).text
          == "test.tern:4:33: error: there is no 'm'\n"
          + "  fn step(n: int) -> int { return m + 1 }\n"
          + "                                  ^")
      #expect(try editor.output() == "a b c 8\nstatus 0\n")
      editor.source = good
      #expect(try editor.update().isEmpty)
    }
  }

  @Test func layoutsInUseAreRefused() async throws {
    try await Support.withDirectory { directory in
      let editor = try Editor(directory, isLive: true)
      func refusal(_ old: String, _ new: String) throws -> String {
        let good = editor.source
        defer { editor.source = good }
        let error = #expect(throws: BuildError.self) { _ = try editor.edit(old, new) }
        guard case .refused(let reasons) = try #require(error) else { return "\(error!)" }
        return reasons.joined(separator: "; ")
      }
      #expect(
        try refusal("var counter = 7", "var counter = 7\nextern fn abs(n: i32) -> i32")
          == "the program now uses C libraries, which it was started without")
      #expect(
        try refusal("\"b\", \"c\"]", "\"b\"]")
          == "the table 'names' changed from [str; 3] to [str; 2]")
      #expect(
        try refusal("var counter", "thread var counter")
          == "'counter' changed its kind of memory, and its value is in use")
      _ = try editor.edit("var counter = 7", "var counter = 7\nvar more: [int; 2]")
      #expect(
        try refusal("more: [int; 2]", "more: [int; 3]")
          == "'more' changed from [int; 2] to [int; 3], and its value is in use")
      #expect(try editor.edit("\"c\"]", "\"c\", \"d\"]").placed == ["names"])
      // What is removed stays as it was, for whoever uses it still.
      #expect(try editor.edit("\nvar more: [int; 2]", "").removed == ["more"])
      #expect(try editor.update().isEmpty)
      #expect(
        try refusal("var counter = 7", "var counter = 7\nvar more = true")
          == "'more' changed from [int; 2] to bool, and its value is in use")
      let report = try editor.edit("var counter = 7", "var counter = 7\nvar more: [int; 2]")
      #expect(report == Session.Report(shifted: ["step", "show", "loop", "main"]))
    }
  }

  @Test func programsWithLibrariesAreEdited() async throws {
    try await Support.withDirectory { directory in
      let editor = try Editor(
        directory,
        """
        extern fn printf(format: str, ...) -> i32
        var counter = 1
        thread var depth = 2
        fn value() -> int { return 10 }
        fn main() -> int {
          printf("%ld %ld %ld\\n", counter, depth, value())
          return 0
        }
        """)
      #expect(try editor.output() == "1 2 10\nstatus 0\n")
      for round in 11..<20 {
        let report = try editor.edit("return \(round - 1)", "return \(round)")
        #expect(report == Session.Report(compiled: ["value"]))
        #expect(try editor.output() == "1 2 \(round)\nstatus 0\n")
      }
      // Another function of the library, and another variable of the thread.
      _ = try editor.edit("var counter", "extern fn abs(n: i32) -> i32\nvar counter")
      _ = try editor.edit("thread var depth = 2", "thread var depth = 3\nthread var more = 4")
      _ = try editor.edit("return 19", "return abs(-more)")
      #expect(try editor.output() == "1 3 4\nstatus 0\n")
    }
  }

  /// Random edits of a program whose output is known: after each the file runs, and gives what the
  /// source says.
  @Test(arguments: MachineTests.machines)
  func editedProgramsRunAsThoseBuiltAnew(_ machine: ImageMachine) async throws {
    try await Support.withDirectory { directory in
      var generator = SplitMix(state: 7)
      let editor = try Editor(directory, machine: machine)
      var values = (0..<12).map { $0 * 10 }
      var padding = [Int](repeating: 0, count: 12)
      for _ in 0..<(machine == .x86_64 ? 60 : 12) {
        let index = Int(generator.next() % 12)
        values[index] = Int(generator.next() % 1000)
        padding[index] = Int(generator.next() % 40)
        if generator.next() % 4 == 0 { values.swapAt(0, index) }
        var source = ""
        for (number, value) in values.enumerated() where value % 7 != 0 {
          source += "fn part\(number)(n: int) -> int {\n  var x = n\n"
          source += String(repeating: "  x = x * 1\n", count: padding[number])
          source += "  return x + \(value)\n}\n"
          source += "var value\(number) = \(value)\nconst name\(number): [str] = [\"<\(value)>\"]\n"
        }
        source += "fn main() {\n"
        var expected = ""
        for (number, value) in values.enumerated() where value % 7 != 0 {
          source += "  print(name\(number)[0], part\(number)(value\(number)), \" \")\n"
          expected += "<\(value)>\(value * 2) "
        }
        editor.source = source + "}\n"
        try editor.update()
        let output = try editor.output()
        #expect(output == expected + "status 0\n")
      }
      #expect(editor.session.image?.violations() == [])
    }
  }
}
