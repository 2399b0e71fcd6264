import Glibc
import Testing

@testable import TernCompiler

/// The command line.
@Suite struct DriverTests {
  private func run(_ words: [String], in directory: String) throws -> (String, errors: String) {
    let output = try Support.run([try Support.driver()] + words, in: directory)
    return (output, try Support.text("\(directory)/errors"))
  }

  @Test func programsAreBuiltAndRun() async throws {
    try await Support.withDirectory { directory in
      let source = "\(directory)/program.tern"
      try Support.write(
        """
        var a = 1
        export fn f() -> int { return a }
        export fn g() -> int { return f() }
        fn main(count: int, arguments: [str]) -> int {
          print(arguments[count - 1], g(), "\\n")
          return count
        }

        """, to: source)
      #expect(try run(["run", source, "-x", "last"], in: directory).0 == "last1\nstatus 3\n")
      #expect(try run(["build", source], in: directory).0 == "status 0\n")
      let built = "\(directory)/program"
      #expect(try Support.run([built, "it"], in: directory) == "it1\nstatus 2\n")
      // Hashes differ from process to process; programs don't.
      for round in 0..<4 {
        let again = "\(directory)/again\(round)"
        #expect(try run(["build", source, "-o", again], in: directory).0 == "status 0\n")
        #expect(Files.read(again) == Files.read(built))
      }
      for machine in MachineTests.machines where machine != .x86_64 {
        let words = ["run", source, "--target", machine.rawValue, "there"]
        #expect(try run(words, in: directory).0 == "there1\nstatus 2\n", "\(machine)")
      }
    }
  }

  @Test func mistakesAreTold() async throws {
    try await Support.withDirectory { directory in
      let source = "\(directory)/program.tern"
      try Support.write("fn main() { x = 1 }\n", to: source)
      for (words, status, text) in [
        ([], 0, ""), (["--help"], 0, ""), (["bild"], 2, "there is no command 'bild'"),
        (["build"], 2, "'build' needs a file"), (["build", "a", "b"], 2, "unexpected 'b'"),
        (["build", "a"], 2, "'a' does not end in .tern; give -o"),
        (["build", "a.tern", "-o"], 2, "'-o' needs a value"),
        (["run", "a.tern", "--target", "vax"], 2, "there is no machine 'vax'"),
        (["run", "\(directory)/none.tern"], 1, "none.tern: No such file or directory"),
        (["build", source], 1, "program.tern:1:13: error: there is no 'x'"),
      ] {
        let (output, errors) = try run(words, in: directory)
        #expect(output.hasSuffix("status \(status)\n"), "\(words)")
        #expect(errors.contains(text), "\(words): \(errors)")
      }
      #expect(access("\(directory)/program", F_OK) != 0)
    }
  }
}
