import Platform
import ScriptParsing
import Testing

@Suite struct LinkerScriptTests {
  private func parse(_ text: String) throws -> [ScriptCommand] {
    try LinkerScript.parse(scriptBytes(text))
  }

  /// Inputs as `-lname` or a path, with `?` behind those as needed.
  private func inputs(_ inputs: [ScriptInput]) -> [String] {
    inputs.map { ($0.kind == .library ? "-l" : "") + String($0.name) + ($0.asNeeded ? "?" : "") }
  }

  private func error(_ text: String) -> String? {
    scriptError { () throws(ScriptError) in try LinkerScript.parse(scriptBytes(text)) }
  }

  @Test func readsTheScriptInPlaceOfACLibrary() throws {
    let commands = try parse(
      """
      /* GNU ld script
         with a comment of two lines  */
      OUTPUT_FORMAT(elf64-x86-64)
      GROUP ( /lib/libc.so.6 /usr/lib/libc_nonshared.a  AS_NEEDED ( /lib64/ld.so.2 ) )
      """)
    try #require(commands.count == 2)
    guard case .outputFormat(let format, big: nil, little: nil) = commands[0],
      case .group(let files) = commands[1]
    else {
      Issue.record("unexpected commands \(commands)")
      return
    }
    #expect(format == "elf64-x86-64")
    #expect(inputs(files) == ["/lib/libc.so.6", "/usr/lib/libc_nonshared.a", "/lib64/ld.so.2?"])
    #expect(files.map(\.line) == [4, 4, 4])
  }

  @Test func readsInputs() throws {
    let text = """
      INPUT(a.o, "b c.o" ,-lfoo,-l:libx.a AS_NEEDED(-lbar, AS_NEEDED(=/d.so)) $SYSROOT/e+f~.o
      /* x */ "-lq" g/* y */h)
      """
    guard case .input(let files) = try parse(text)[0] else { fatalError() }
    #expect(
      inputs(files) == [
        "a.o", "b c.o", "-lfoo", "-l:libx.a", "-lbar?", "=/d.so?", "$SYSROOT/e+f~.o", "-lq", "g",
        "h",
      ])
    #expect(files.last?.line == 2)
    guard case .input(let none) = try parse("INPUT()")[0] else { fatalError() }
    #expect(none.isEmpty)
  }

  @Test func readsSimpleCommands() throws {
    let commands = try parse(
      """
      # a comment
      SEARCH_DIR("=/usr/lib"); OUTPUT_ARCH(i386:x86-64) ENTRY(_start);; OUTPUT(a.out)
      TARGET(elf64-x86-64) EXTERN(a b, "c d") # another
      OUTPUT_FORMAT("x", y, z) INCLUDE more.ld; VERSION { V1 { foo; }; V2 { bar*; } V1; }
      """)
    let text = commands.map { command in
      switch command {
      case .searchDirectory(let name): "dir \(name)"
      case .outputArchitecture(let name): "arch \(name)"
      case .entry(let name): "entry \(name)"
      case .output(let name): "output \(name)"
      case .target(let name): "target \(name)"
      case .extern(let names): "extern \(names)"
      case .outputFormat(let a, let b, let c):
        "format \(a) \(b?.description ?? "") \(c?.description ?? "")"
      case .include(let name, let line): "include \(name) \(line)"
      case .version(let script): "version \(script.nodes.map(\.name))"
      default: "other"
      }
    }
    #expect(
      text == [
        "dir =/usr/lib", "arch i386:x86-64", "entry _start", "output a.out", "target elf64-x86-64",
        "extern [a, b, c d]", "format x y z", "include more.ld 4", "version [V1, V2]",
      ])
  }

  @Test func readsAssignments() throws {
    let commands = try parse(
      """
      a = 1, b=a-1; "x y" = "_start" + 2; c <<= 1 + 1; $s4main = (foo);
      PROVIDE(p = 2); HIDDEN(h = 3); PROVIDE_HIDDEN(q = .);
      INPUT = 5; ASSERT(a == 1, "message") ASSERT(1, "m");
      """)
    var text: [String] = []
    for command in commands {
      switch command {
      case .assignment(let a):
        let value = try a.expression.evaluate(in: .init(location: .init(9))) { _ in .init(7) }
        text.append(
          "\(a.name)=\(value.address)\(a.isProvided ? " p" : "")\(a.isHidden ? " h" : "") \(a.line)"
        )
      case .assertion(_, let message): text.append("assert \(message)")
      default: text.append("other")
      }
    }
    #expect(
      text == [
        "a=1 1", "b=6 1", "x y=9 1", "c=28 1", "$s4main=7 1", "p=2 p 2", "h=3 h 2", "q=9 p h 2",
        "INPUT=5 3", "assert message", "assert m",
      ])
    guard case .assignment(let alias) = commands[4] else { fatalError() }
    #expect(alias.expression.aliasedSymbol == ByteString("foo"))
  }

  @Test func namesWhatIsNotSupported() {
    #expect(
      error("INPUT(a)\n  SECTIONS { .text : { *(.text) } }")
        == "2:3: the linker script command SECTIONS is not supported; "
        + "use another linker for scripts that lay out the output")
    for command in ["PHDRS", "MEMORY", "OVERLAY"] {
      #expect(error("\(command) { }")?.contains("\(command) is not supported") == true)
    }
    #expect(error("x = ADDR(.text);") == "1:5: function 'ADDR' is not supported in expressions")
    #expect(error(". = 4;")?.hasPrefix("1:1: assigning to '.' needs SECTIONS") == true)
  }

  @Test(arguments: [
    ("INPUT a.o", "1:7: expected '(' after 'INPUT', found 'a.o'"),
    ("INPUT(a.o", "1:10: expected a file name or ')' in INPUT, found the end of the text"),
    ("INPUT(a.o;b)", "1:10: expected a file name or ')' in INPUT, found ';'"),
    ("\nINPUT(\"a.o", "2:7: quoted name without an end; add '\"'"),
    ("INPUT(-l)", "1:7: expected a library name after '-l'"),
    ("a = 1", "1:6: expected ';' after the value of 'a', found the end of the text"),
    ("a = 1 + ;", "1:9: expected a number, a symbol or '(', found ';'"),
    ("/* x", "1:1: comment without an end; add '*/'"),
    ("AS_NEEDED(a)", "1:1: AS_NEEDED is only known inside INPUT and GROUP"),
    ("PROVIDE(a = 1) b = 2;", "1:16: expected ';' after 'PROVIDE', found 'b'"),
    ("PROVIDE(a += 1);", "1:11: expected '=' after 'a', found '+'"),
    (
      "OUTPUT_FORMAT(a, b)",
      "1:19: expected ',' before the third format; give one format or three, found ')'"
    ),
    ("\u{1}", "1:1: expected a linker script command, found '\\x01'"),
    ("d-e = 4;", "1:1: unknown linker script command 'd'"),
    ("5 = 4;", "1:1: '5' is not a symbol name"),
    ("INPUT(a # b\n)", "1:9: '#' starts a comment only between commands"),
  ])
  func complains(_ text: String, _ message: String) {
    let error = error(text)
    #expect(error?.hasPrefix(message) == true, "\(text): \(error ?? "no error")")
  }

  @Test func limitsNestingAndLength() {
    let deep = String(repeating: "AS_NEEDED(", count: 100_000)
    #expect(error("INPUT(" + deep)?.contains("AS_NEEDED nests deeper than 64 levels") == true)
    #expect(
      error("a = " + String(repeating: "(", count: 100_000))?.contains("nests deeper") == true)
    #expect(error(String(repeating: "z", count: 100_000))!.utf8.count < 300)
    #expect(error("") == nil)
  }

  @Test func survivesMutations() {
    let samples = [
      "OUTPUT_FORMAT(elf64-x86-64)\nGROUP ( /l/libc.so.6 /l/c.a AS_NEEDED ( /l/ld.so ) )",
      "INPUT(a.o -lfoo \"b c\" AS_NEEDED(x, AS_NEEDED(y))) SEARCH_DIR(/x); ENTRY(_start)",
      "a = 1 + (b ? ~c : ALIGN(4, 2)); PROVIDE(x = .); ASSERT(a > 0x10K, \"no\") # c\nb <<= 3;",
      "VERSION { V1 { global: a; extern \"C++\" { \"b()\"; c*; }; local: *; }; } EXTERN(a b)",
    ]
    var random = SeededGenerator(seed: 0x5EED_0001)
    for round in 0..<3000 {
      let bytes = mutated(Array(samples[round % samples.count].utf8), &random)
      bytes.withUnsafeBytes { bytes in
        do throws(ScriptError) {
          for case .assignment(let assignment) in try LinkerScript.parse(bytes) {
            _ = try assignment.expression.evaluate { _ in .init(3, section: 1) }
          }
        } catch {
          let isPlaced = error.line >= 1 && error.column >= 1 && error.column <= bytes.count + 1
          #expect(isPlaced, "seed 5EED0001 round \(round): \(error)")
        }
      }
    }
  }
}
