import Glibc
import Linker
import Platform
import TestSupport
import Testing

@testable import LinkerCLI

/// Response files, and the texts that are printed and documented.
@Suite struct CommandLineTextTests {
  @Test func responseFiles() {
    let files = [
      "a": "x.o 'y z.o' \"q\\\"r\" a\\ b\n@b '' t'u'v\\\\",
      "b": "\t-o\r\nout\n",
    ]
    guard
      case .success(let words) = ResponseFileExpansion.expand(
        ["1", "@a", "@none", "@"],
        readFile: {
          files[$0].map { .success(fileContents(Array($0.utf8))) } ?? .failure(.noEntry)
        })
    else {
      Issue.record("not expanded")
      return
    }
    #expect(
      words == ["1", "x.o", "y z.o", "q\"r", "a b", "-o", "out", "", "tuv\\", "@none", "@"])
  }

  @Test func responseFilesAreLimited() {
    #expect(
      parseFailures("@a", files: ["a": "@b", "b": "@a"]) == ["response file 'a' includes itself"])
    var files: [String: String] = ["0": "a.o"]
    for i in 1...40 { files["\(i)"] = "@\(i - 1) @\(i - 1)" }
    #expect(parseFailures("@40", files: files).first?.contains("one too many") == true)
    for i in 1...100 { files["\(i)"] = "@\(i - 1)" }
    #expect(parseFailures("@100", files: files).first?.contains("nested too deeply") == true)
    #expect(parseFailures("@a", files: ["a": "'x"]).first?.contains("quoted") == true)
    #expect(parseFailures("@a", files: ["a": "x\0y"]).first?.contains("NUL") == true)
    let denied = CommandLineParser.parse(
      ["@a"], readFile: { _ in .failure(Errno(EACCES)) }, environment: [:])
    guard case .failure(let errors) = denied else { return #expect(Bool(false)) }
    #expect(errors.first?.hasPrefix("cannot read response file 'a': ") == true)
    let latin = CommandLineParser.parse(
      ["@a"], readFile: { _ in .success(fileContents([0x61, 0xE9, 0x20])) }, environment: [:])
    guard case .failure(let encoding) = latin else { return #expect(Bool(false)) }
    #expect(encoding.first?.contains("UTF-8") == true)
  }

  private func printed(_ line: String) -> String {
    if case .print(let text) = parseLine(line) { return text }
    return ""
  }

  @Test func version() {
    #expect(printed("--version") == "weld 0.1.0 (compatible with GNU ld)\n")
    #expect(printed("-v") == printed("--version"))
    #expect(printed("-V").contains("   elf_x86_64\n"))
    #expect(printed("--no-such --version -o") == printed("--version"))
    #expect(linkOptions("-v a.o").printsVersion)
    for other in ["LLD", "mold", "gold"] { #expect(!printed("--version").contains(other)) }
  }

  @Test func help() {
    let help = printed("--help")
    #expect(help.contains("no-whole-archive") && help.contains(": supported targets: elf"))
    #expect(help.contains("--gc-sections, --no-gc-sections"))
    #expect(printed("--print-output-format") == "elf64-x86-64\n")
    #expect(printed("--sysroot=/x --print-sysroot") == "/x\n")
  }

  @Test func everyOptionHasHelpAndOneMeaning() {
    for index in [OptionTable.options, OptionTable.keywords] {
      var seen: Set<String> = []
      for spelling in index.spellings {
        let row = index.row(of: spelling)
        #expect(row.help.utf8CodeUnitCount > 0, "\(spelling.name) has no help")
        #expect(seen.insert("\(spelling.name)").inserted, "\(spelling.name) is there twice")
        #expect(index.find(spelling.name)?.row == spelling.row)
        #expect(index.find(spelling.name)?.group == spelling.group)
        if case .digits = row.value, spelling.dashes == 1 {
          #expect(spelling.name.count == 1 || row.names.description.contains("gpsize"))
        }
      }
    }
    let help = printed("--help")
    for spelling in OptionTable.options.spellings { #expect(help.contains("\(spelling.name)")) }
  }

  /// docs/options.md is what the table says; WELD_WRITE_DOCS=1 in the environment rewrites it.
  @Test func documentationIsComplete() throws {
    let path =
      #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
      + "/docs/options.md"
    let text = OptionDocumentation.text()
    if getenv("WELD_WRITE_DOCS") != nil {
      let file = try #require(fopen(path, "w"))
      fputs(text, file)
      fclose(file)
    }
    #expect(readText(path) == text)
  }
}

/// The text of docs/options.md.
enum OptionDocumentation {
  static func text() -> String {
    var text = """
      # Options

      weld takes the options of GNU ld and the common ones of the other ELF linkers. Options of
      several letters take one dash or two, except that those beginning with `o` or `lto` need two;
      values follow an `=` or are the next word; a one-letter option's value may be joined. `@FILE`
      stands for the words in FILE. Numbers are as in C, with K, M and G for powers of 1024.

      An unknown option is an error; an unknown keyword of `-z` is a warning.

      | Status | Meaning |
      |---|---|
      | yes | has the effect described |
      | checked | understood; where the linker can't do it yet, the link ends with an error, or with a warning if only something on the side is missing |
      | no effect | accepted; no correct output depends on it |
      | refused | understood; would change the output's meaning, so the link ends with an error |

      """
    for topic in OptionTable.topics { text += section(topic.title, topic.rows, prefix: "") }
    text += section("Keywords of -z", OptionTable.keywordRows, prefix: "-z ")
    return text
  }

  private static func section(_ title: String, _ rows: [OptionRow], prefix: String) -> String {
    var text = "\n## \(title)\n\n| Option | Meaning | Status |\n|---|---|---|\n"
    for row in rows {
      let names = Usage.spellings(of: row, prefix: prefix).map { "`\($0)`" }.joined(separator: ", ")
      let status =
        switch row.support {
        case .honoured: "yes"
        case .planned: "checked"
        case .harmless: "no effect"
        case .refused: "refused"
        }
      text += "| \(names) | \(row.help) | \(status) |\n"
    }
    return text
  }
}
