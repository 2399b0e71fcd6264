import Glibc
import Testing
import Weld

@testable import TernCompiler

/// Debuggers find lines, variables and callers, also after edits.
@Suite struct DebuggerTests {
  private static let source = """
    var total = 5
    const names: [str] = ["one", "two"]
    fn inner(n: int, text: str) -> int {
      let doubled = n * 2
      total += doubled
      return total
    }
    fn outer(n: int) -> int {
      return inner(n + 1, names[1])
    }
    fn main() -> int {
      return outer(20)
    }
    """

  /// What gdb says to commands, when it has stopped in a line of the program.
  private func gdb(_ program: String, line: Int, _ commands: [String], in directory: String) throws
    -> String
  {
    var words = ["gdb", "-nx", "-batch", "-ex", "set confirm off"]
    for command in ["break test.tern:\(line)", "run"] + commands { words += ["-ex", command] }
    return try Support.run(words + [program], in: directory)
  }

  @Test func linesVariablesAndCallersAreFound() async throws {
    try await Support.withDirectory { directory in
      var options = Session.Options(path: "test.tern", output: "\(directory)/program")
      options.checksInvariants = true
      let session = try Session(options)
      _ = try session.update(Array(Self.source.utf8))
      try session.flush()
      let commands = [
        "backtrace", "print total", "print doubled", "print text", "print names", "print &outer",
      ]
      var output = try gdb(options.output, line: 6, commands, in: directory)
      for expected in [
        "#0  inner (n=21, text=0x", " \"two\") at test.tern:6", "in outer (n=20) at test.tern:9",
        "in main () at test.tern:12", "$1 = 47", "$2 = 42", "\"one\"", " <outer>",
      ] {
        #expect(output.contains(expected), "\(expected) in \(output)")
      }

      // Lines shift, one function grows: the others keep their code and get new lines.
      let edited =
        "// First.\n\n"
        + Self.source.replacing("n * 2\n", with: "n * 2\n  let added = doubled + total\n")
      let report = try session.update(Array(edited.utf8))
      #expect(report.compiled == ["inner"] && report.shifted == ["outer", "main"])
      try session.flush()
      output = try gdb(
        options.output, line: 9, ["backtrace", "print added"], in: directory)
      for expected in [
        "#0  inner (n=21", "test.tern:9", "in outer (n=20) at test.tern:12",
        "in main () at test.tern:15", "$1 = 47",
      ] {
        #expect(output.contains(expected), "\(expected) in \(output)")
      }
    }
  }

  @Test(arguments: MachineTests.machines) func dumpsAreFreeOfWarnings(_ machine: ImageMachine)
    async throws
  {
    try await Support.withDirectory { directory in
      var options = Session.Options(path: "test.tern", output: "\(directory)/program")
      options.machine = machine
      let session = try Session(options)
      for round in 0..<10 {
        let more = (0..<round).map { "fn f\($0)(a: int) -> int { return a + \(round) }\n" }.joined()
        let shift = String(repeating: "\n", count: round)
        _ = try session.update(Array((shift + more + Self.source).utf8))
        try session.flush()
        // Warnings would be there beside the dump, without the redirection that hides them.
        let words = [
          "sh", "-c", "readelf -aW --debug-dump=info,decodedline,frames,Ranges $0 2>&1 >/dev/null",
          options.output,
        ]
        #expect(try Support.run(words, in: directory) == "status 0\n")
      }
    }
  }
}
