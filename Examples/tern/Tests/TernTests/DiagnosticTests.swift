import Testing
import Weld

@testable import TernCompiler

/// Errors are told with their place, all of a file at once.
@Suite struct DiagnosticTests {
  /// `line:column: message` of each error.
  private func errors(_ source: String, _ machine: ImageMachine = .x86_64) throws -> [String] {
    let facts = try #require(MachineFacts(machine))
    do {
      _ = try Checker.check(Array(source.utf8), machine: facts)
      return []
    } catch {
      return error.diagnostics.map { "\($0.position.line):\($0.position.column): \($0.message)" }
    }
  }
  /// Errors of statements in a function.
  private func errors(in body: String, _ more: String = "") throws -> [String] {
    try errors("fn main() {\n\(body)\n}\n\(more)")
  }

  @Test func messagesShowTheLine() throws {
    let file = SourceFile(path: "a.tern", bytes: Array("fn main() {\n\tlet x = 1 +\n}\n".utf8))
    let facts = try #require(MachineFacts(.x86_64))
    let error = #expect(throws: CompileErrors.self) {
      _ = try Checker.check(file.bytes, machine: facts)
    }
    #expect(
      try #require(error).diagnostics.map(file.rendered) == [
        "a.tern:3:1: error: expected an expression, found '}'\n  }\n  ^"
      ])
    #expect(
      file.rendered(Diagnostic(position: SourcePosition(line: 2, column: 6), message: "here"))
        == "a.tern:2:6: error: here\n  \tlet x = 1 +\n  \t    ^")
  }

  @Test func syntaxErrorsAreAllFound() throws {
    #expect(
      try errors("fn f( {}\nvar x\nfn main() {\n  let = 2\n  print(1 2)\n  x = 3 @\n}\n") == [
        "1:7: expected a parameter's name, found '{'",
        "2:5: 'x' needs a type or a value",
        "4:7: expected a variable's name, found '='",
        "5:11: expected ')' after a list, found '2'",
        "6:9: unexpected character '@'",
      ])
    #expect(try errors("fn main() {\n  if true {\n}\n\nfn f() {}\n") == ["1:11: '{' has no '}'"])
    #expect(
      try errors("hello\nfn main() {}\n") == [
        "1:1: expected a declaration (fn, var, const, thread var, extern fn, export), found 'hello'"
      ])
    #expect(
      try errors(in: "  print(\"a\\q\")\n  print(\"open)") == [
        "2:11: unknown escape in a string; there are \\n \\t \\r \\e \\\\ \\\" \\'",
        "3:9: string is not closed on its line; end it with '\"'",
        "4:1: expected ')' after a list, found '}'",
      ])
    #expect(try errors(in: String(repeating: "(", count: 500)).count == 1)
    #expect(try errors(in: "exit(" + String(repeating: "-", count: 5000) + "1)").count == 1)
  }

  @Test func namesAreFoundOrSuggested() throws {
    #expect(
      try errors(in: "  conuter = 2\n  print(Counter)\n  pront(1)\n  counter", "var counter = 1")
        == [
          "2:3: there is no 'conuter'",
          "3:9: there is no 'Counter'; did you mean 'counter'?",
          "4:3: there is no function 'pront'",
          "5:3: the value of this expression is not used",
        ])
    #expect(
      try errors("var a = 1\nfn a() {}\nexport fn f() {}\nexport(\"f\") fn g() {}\nfn main() {}")
        == [
          "2:4: 'a' is declared twice, first in line 1",
          "4:16: 'f' is exported twice, first in line 3",
        ])
    #expect(
      try errors("fn f() {}") == ["1:9: the program has no function 'main', at which it starts"])
    #expect(
      try errors(in: "  let a = 1\n  let a = 2\n  a = 3\n  break") == [
        "3:3: 'a' is declared twice in this block",
        "4:3: 'a' can't be set; declare it with 'var'",
        "5:3: there is no loop here to leave or to go on with",
      ])
  }

  @Test func typesAreChecked() throws {
    let more = "fn f(a: int, b: str) -> int { return a }\nconst t: [int] = [1, 2]\nfn n() {}"
    #expect(
      try errors(
        in: """
            let a: int = "text"
            let b = 1 + true
            if 1 { }
            f(1)
            f("a", 2)
            t[0] = 1
            let c = n()
            print("s" == "s")
            let d: nothing = 1
            a()
            1[2] = 3
            return 4
          """, more) == [
          "2:16: this is of type str, not int",
          "3:13: '+' can't be applied to int and bool",
          "4:6: this is of type int, not bool",
          "5:3: 'f' takes 2 arguments, not 1",
          "6:5: this is of type str, not int",
          "6:10: this is of type int, not str",
          "7:4: 't' is a table of constants",
          "8:11: this call gives no value",
          "9:13: '==' can't be applied to str and str",
          "10:10: there is no type 'nothing'; types are int, bool, str, fn(...), [T; n]",
          "11:3: a value of type int can't be called",
          "12:4: a value of type int has no elements",
          "13:10: 'main' returns nothing",
        ])
    #expect(
      try errors("fn f(n: int) -> int {\n  if n == 1 { return 2 }\n}\nfn main() {}") == [
        "3:1: 'f' reaches its end without returning a value"
      ])
    #expect(
      try errors("fn main(a: str) -> bool { return true }") == [
        "1:4: 'main' takes nothing, or (count: int, arguments: [str])"
      ])
  }

  @Test func constantsAreChecked() throws {
    #expect(
      try errors(
        """
        const a = b + 1
        const b = a + 1
        const c = 1 / 0
        const d: [int; 2] = [1, 2, 3]
        const e = [1, "two"]
        var f = g()
        var h: [int; 0]
        export const i = 3
        var j: bool = 1
        fn g() -> int { return 1 / 0 }
        fn main() {}
        """) == [
          "2:11: 'a' is defined by itself",
          "3:13: division by zero",
          "4:21: there are 3 elements where 2 are declared",
          "5:15: the element is of type str, not int",
          "6:9: this is not known when the program is compiled",
          "7:14: the number of elements is a constant from 1 to 16777216",
          "8:14: a constant that is no table has no address to export",
          "9:15: the value is of type int, not bool",
          "10:28: division by zero",
        ])
  }

  @Test func numbersHaveTheMachinesWord() throws {
    let source = "const a = 0x100000000\nconst b = -2147483648\nfn main() {}"
    #expect(try errors(source) == [])
    #expect(try errors(source, .arm) == ["1:11: the number does not fit 32 bits"])
  }
}
