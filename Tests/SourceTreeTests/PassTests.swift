import Testing

/// What passes may reach: a pass is a type that takes the stages it reads and those that it changes
/// (docs/stages.md).
@Suite struct PassTests {
  private static let linker = "Sources/Linker/"
  private static let passes = "Sources/Linker/Passes/"

  @Test func passesAreNoPartOfTheLink() {
    for file in SourceTree.swiftFiles(in: "Sources/Linker") {
      let name = String(file.path.dropFirst(Self.linker.count))
      if name.hasPrefix("Link") && !name.contains("/") { continue }
      for line in file.lines.map({ String($0) }) {
        #expect(
          !line.hasPrefix("extension Link ") && !line.hasPrefix("extension Link:"),
          "\(file.path): a pass is a type that takes its stages")
        #expect(
          !file.path.hasPrefix(Self.passes) || !Self.names(line, "Link"),
          "\(file.path): a pass does not take the whole link")
      }
    }
  }

  /// What two passes need is neither's: a shared question, a stage, or a result that the table of
  /// contents hands on.
  @Test func passesDoNotNameEachOther() {
    let files = SourceTree.swiftFiles(in: "Sources/Linker/Passes")
    let passes = Set(files.map { Self.pass(of: $0.path) }).filter { pass in
      files.contains { $0.lines.contains { $0.hasPrefix("struct \(pass)") } }
    }
    #expect(passes.count > 15)
    for file in files {
      for other in passes where other != Self.pass(of: file.path) {
        for (i, line) in file.lines.enumerated() where Self.names(line, other) {
          Issue.record("\(file.path):\(i + 1): names another pass, \(other)")
        }
      }
    }
  }

  /// `WriteOutput` for Passes/WriteOutput+Frames.swift.
  private static func pass(of path: String) -> String {
    let name = path.dropFirst(passes.count)
    return String(name.prefix { $0 != "+" && $0 != "." })
  }

  /// Whether a line of code has the word.
  private static func names(_ line: some StringProtocol, _ word: String) -> Bool {
    let text = String(line)
    let code = text.split(separator: "//", maxSplits: 1, omittingEmptySubsequences: false)[0]
    return code.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.contains(Substring(word))
  }

  /// `Link` holds the stages; what exists during one pass only is that pass's.
  @Test func linkHoldsStages() throws {
    let file = try #require(
      SourceTree.swiftFiles(in: "Sources/Linker").first { $0.path == "Sources/Linker/Link.swift" })
    let stored = file.lines.filter {
      let line = $0.hasPrefix("  private ") ? "  " + $0.dropFirst(10) : Substring($0)
      return (line.hasPrefix("  let ") || line.hasPrefix("  var ")) && !line.hasSuffix("{")
    }
    #expect(stored.count >= 7 && stored.count <= 12, "\(stored)")
  }
}
