import Testing

/// What the formatter does not check.
@Suite struct StyleTests {
  static let swift =
    SourceTree.swiftFiles(in: "Sources") + SourceTree.swiftFiles(in: "Tests")
    + SourceTree.swiftFiles(in: "Tools")

  @Test func filesAreShort() {
    for file in Self.swift {
      #expect(file.lines.count <= 900, "\(file.path) has \(file.lines.count) lines; split it")
    }
  }

  @Test func filesEndWithOneNewline() {
    for file in Self.swift + Self.documents {
      #expect(file.text.hasSuffix("\n"), "\(file.path) has no newline at its end")
      #expect(!file.text.hasSuffix("\n\n"), "\(file.path) has empty lines at its end")
    }
  }

  @Test func noTabsAndNoSpacesAtTheEndOfALine() {
    for file in Self.swift + Self.documents {
      for (number, line) in file.lines.enumerated() {
        #expect(!line.utf8.contains(9), "\(file.path):\(number + 1) has a tab")
        #expect(line.utf8.last != 32, "\(file.path):\(number + 1) ends with a space")
      }
    }
  }

  @Test func noConflictMarkers() {
    for file in Self.swift + Self.documents {
      for (number, line) in file.lines.enumerated() {
        // A row of `=` alone may underline a heading.
        for mark in ["<", ">"] where line.hasPrefix(String(repeating: mark, count: 7) + " ") {
          Issue.record("\(file.path):\(number + 1) has a merge's conflict marker")
        }
      }
    }
  }

  /// Types and functions of a module's interface say what they are for.
  @Test func publicDeclarationsAreDocumented() {
    let kinds: Set<Substring> = ["func", "struct", "enum", "class", "protocol", "actor"]
    for file in SourceTree.swiftFiles(in: "Sources") {
      let lines = file.lines
      for (number, line) in lines.enumerated() where line.hasPrefix("public ") {
        let words = line.split(separator: " ")
        guard words.contains(where: { kinds.contains($0) }) else { continue }
        var above = number - 1
        while above >= 0, lines[above].hasPrefix("@") { above -= 1 }
        #expect(
          above >= 0 && lines[above].hasPrefix("///"),
          "\(file.path):\(number + 1) has no documentation comment")
      }
    }
  }

  @Test func nothingIsLeftToDo() {
    // In two parts, so that this file does not have the words that it looks for.
    for file in SourceTree.swiftFiles(in: "Sources") {
      for (number, line) in file.lines.enumerated() {
        for mark in ["TO" + "DO", "FIX" + "ME", "X" + "XX:"] where line.contains(mark) {
          Issue.record("\(file.path):\(number + 1) has a \(mark)")
        }
      }
    }
  }

  static let documents: [SourceTree.File] = {
    var paths = SourceTree.paths(in: "docs").filter { $0.hasSuffix(".md") }
    paths += SourceTree.entries("").filter { $0.hasSuffix(".md") }
    return paths.map { SourceTree.File(path: $0, text: SourceTree.text($0) ?? "") }
  }()

  /// DESIGN.md is short enough to be read, and true: the files that it names are there.
  @Test func designNamesFilesThatExist() throws {
    let design = try #require(Self.documents.first { $0.path == "DESIGN.md" })
    #expect(design.lines.count <= 100, "DESIGN.md has \(design.lines.count) lines")
    let names = Set(SourceTree.paths(in: "Sources").map { $0.split(separator: "/").last! })
    let paths = Set(SourceTree.paths(in: "Sources"))
    for part in design.text.split(separator: "`", omittingEmptySubsequences: false)
    where part.hasSuffix(".swift") && !part.contains("*") {
      let exists =
        part.contains("/")
        ? paths.contains { $0.hasSuffix("/" + part) } || paths.contains(String(part))
        : names.contains(part)
      #expect(exists, "DESIGN.md names \(part), which isn't there")
    }
  }

  /// Links between the pages lead somewhere.
  @Test func linksLeadToFiles() {
    for file in Self.documents {
      let directory = file.path.contains("/") ? "docs/" : ""
      for part in file.text.split(separator: "](").dropFirst() {
        let target = part.prefix { $0 != ")" && $0 != "#" }
        if target.isEmpty || target.hasPrefix("http") { continue }
        #expect(
          SourceTree.text(directory + target) != nil, "\(file.path) links to \(target), not there")
      }
    }
  }
}
