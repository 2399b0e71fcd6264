import Testing

/// docs/embedding.md and README.md are right: their code is that of Examples/embedding, word for
/// word, and that runs.
@Suite struct GuideTests {
  private static func lines(_ path: String) -> [String] {
    let parts = #filePath.split(separator: "/").dropLast(3)
    let root = "/" + parts.joined(separator: "/") + "/"
    return String(decoding: contents(root + path), as: UTF8.self)
      .split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
  }

  /// Runs of lines between two marks, without blank lines at their ends.
  private static func blocks(_ lines: [String], from begin: String, to end: String) -> [[String]] {
    var blocks: [[String]] = []
    var block: [String]?
    for line in lines {
      if line == begin {
        block = []
      } else if line == end, var lines = block {
        while lines.last == "" { lines.removeLast() }
        while lines.first == "" { lines.removeFirst() }
        blocks.append(lines)
        block = nil
      } else {
        block?.append(line)
      }
    }
    return blocks
  }

  @Test func theGuidesCodeIsTheProgramsCode() {
    let pages = ["docs/embedding.md", "README.md"].map {
      Self.blocks(Self.lines($0), from: "```swift", to: "```")
    }
    let guide = pages[0]
    let program = Self.blocks(
      Self.lines("Examples/embedding/main.swift"), from: "// guide: begin", to: "// guide: end")
    #expect(guide.count >= 10)
    // A block of the guide is one of the program, or several that follow each other.
    for block in guide + pages[1] {
      let text = block.joined(separator: "\n")
      let isThere = program.indices.contains { first in
        (first..<min(first + 3, program.count)).contains { last in
          program[first...last].map { $0.joined(separator: "\n") }.joined(separator: "\n\n") == text
        }
      }
      #expect(isThere, "not in Examples/embedding/main.swift:\n\(text)")
    }
    // Nothing is marked for the guide that it does not show.
    let shown = guide.map { $0.joined(separator: "\n") }
    for block in program {
      let text = block.joined(separator: "\n")
      #expect(shown.contains { $0.contains(text) }, "not in docs/embedding.md:\n\(text)")
    }
  }

  #if arch(x86_64)
    @Test func theGuidesProgramDoesWhatItSays() {
      let scratch = Scratch()
      let result = run([product("embedding"), scratch.path])
      #expect(result.status == 0, "\(result.output)")
      #expect(result.output.contains("undefined symbol: missing"), "\(result.output)")
      #expect(result.output.contains("hello from C"), "\(result.output)")
      #expect(
        result.output.contains("not swapped: the layout of 'score' has changed"), "\(result.output)"
      )
      #expect(result.output.contains("\"step\"], stopped for"), "\(result.output)")
    }
  #endif
}

/// An executable that was built beside this test bundle.
func product(_ name: String) -> String {
  for argument in CommandLine.arguments {
    guard let range = argument.firstRange(of: ".xctest") else { continue }
    let path = argument[..<range.lowerBound]
    guard let slash = path.lastIndex(of: "/") else { continue }
    return path[...slash] + name
  }
  let parts = #filePath.split(separator: "/").dropLast(3)
  return "/" + parts.joined(separator: "/") + "/.build/debug/" + name
}
