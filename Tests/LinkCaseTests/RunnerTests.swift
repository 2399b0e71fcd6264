// The runner's own parsing: a mistake here would let cases pass without testing anything.

import Testing

@Suite struct RunnerTests {
  @Test func directivesHaveKeysConditionsAndValues() throws {
    let source = """
      //#kinds: pie static
      //#link[a:b]: x[0]: y
      int x; //#link: not at the start of the line
        //#check[static,!clang]: readelf -h $OUT ~ EXEC
      """
    let directives = try Directive.parse(source, file: "main.c")
    #expect(directives.map(\.key) == ["kinds", "link", "check"])
    #expect(directives[1].conditions == ["a:b"] && directives[1].value == "x[0]: y")
    #expect(directives[2].line == 4)
    #expect(directives[2].applies(to: ["static", "gcc"]))
    #expect(!directives[2].applies(to: ["static", "clang"]))
    #expect(!directives[2].applies(to: ["pie", "gcc"]))
  }

  @Test(arguments: ["//#kind: pie", "//#kinds pie", "//#: x"])
  func mistakesInDirectivesAreErrors(line: String) {
    #expect(throws: CaseFailure.self) { try Directive.parse(line, file: "main.c") }
  }

  @Test func wordsAreSplitAndQuoted() {
    #expect(splitWords(" a  'b c' d\"e f\"g '' ") == ["a", "b c", "de fg", ""])
    #expect(shellQuoted("a b'c") == "'a b'\\''c'")
    #expect(shellQuoted("-Wl,-z,now") == "-Wl,-z,now")
    #expect(substituting(["A": "1"], in: "$A-$ORIGIN-$A$B$") == "1-$ORIGIN-1$B$")
  }

  @Test func specificationsAreTakenApart() {
    let unit = UnitSpecification("dir/a.c -O2 -> b.o")
    #expect(unit.source == "dir/a.c" && unit.flags == ["-O2"] && unit.object == "b.o")
    #expect(UnitSpecification("dir/a.cc").object == "a.o")
    let library = SharedSpecification("libx.so = a.c b.c -O2 | -Wl,-soname,x y.map")
    #expect(library?.library == "libx.so" && library?.sources == ["a.c", "b.c"])
    #expect(library?.flags == ["-O2"] && library?.linkWords == ["-Wl,-soname,x", "y.map"])
    let check = CheckSpecification("nm $OUT !~ ^x y$")
    #expect(check.command == "nm $OUT" && check.pattern == "^x y$" && !check.mustMatch)
  }

  @Test func patternsMatchAtLines() throws {
    #expect(try matches("^b+$", "a\nbb\nc"))
    #expect(try !matches("^b$", "a\nbb\nc"))
  }

  @Test func commandsAreCapturedAndStopped() throws {
    let printed = try Command(words: ["sh", "-c", "echo a; echo b >&2; exit 3"], directory: "/")
      .run()
    #expect(printed.end == .exited(3))
    #expect(printed.standardOutput == "a\n" && printed.standardError == "b\n")
    let killed = try Command(words: ["sh", "-c", "kill -SEGV $$"], directory: "/").run()
    #expect(killed.end == .killed(signal: 11))
    let hung = try Command(words: ["sh", "-c", "sleep 60 & sleep 60"], directory: "/", timeout: 1)
      .run()
    #expect(hung.end == .timedOut(seconds: 1))
  }
}
