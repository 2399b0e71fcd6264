import Glibc
import Platform
import ScriptParsing
import Testing

@Suite struct GlobTests {
  private func matches(_ pattern: String, _ name: String) -> Bool {
    Glob(ByteString(copying: pattern)).matches(ByteString(copying: name))
  }

  @Test(arguments: [
    ("", "", true), ("", "a", false), ("abc", "abc", true), ("abc", "abcd", false),
    ("*", "", true), ("*", "anything", true), ("***", "", true), ("a*", "a", true),
    ("a*", "ba", false), ("*a", "ba", true), ("*a", "ab", false), ("a*a", "a", false),
    ("a*a", "aa", true), ("a*b*c", "axxbyyc", true), ("a*b*c", "axxbyy", false), ("?", "", false),
    ("?", "x", true), ("a?c", "abc", true), ("a?c", "ac", false), ("*?*", "", false),
    ("*?*", "x", true), ("[a-c]x", "bx", true), ("[a-c]x", "dx", false), ("[!a-c]", "d", true),
    ("[^a-c]", "a", false), ("[]]", "]", true), ("[!]]", "]", false), ("[a-]", "-", true),
    ("[-a]", "-", true), ("[z-a]", "m", false), ("[\\]]", "]", true), ("[[:digit:]]", "7", true),
    ("[[:digit:]]", "x", false), ("[![:alpha:]_]*", "_a", false), ("[[:nope:]]", ":]", true),
    ("a[b", "a[b", true), ("a[", "a[", true), ("a\\*", "a*", true), ("a\\*", "ab", false),
    ("a\\", "a\\", true), ("*.[ch]", "x.c", true), ("*.[ch]", "x.o", false), ("*[a]", "a", true),
    ("std::*", "std::x", true), ("*aab", "aaaaab", true), ("*a?b*c", "aaxbbaxbc", true),
  ])
  func matchesAsFnmatch(_ pattern: String, _ name: String, _ expected: Bool) {
    #expect(matches(pattern, name) == expected, "\(pattern) on \(name)")
  }

  @Test func agreesWithTheSystemsMatcher() {
    var random = SeededGenerator(seed: 0x5EED_0003)
    let parts = ["a", "b", "*", "?", "[ab]", "[!a]", "\\a", "\\*", "[a-c]", "c", "-"]
    for round in 0..<4000 {
      let pattern = (0..<Int.random(in: 0...7, using: &random)).map { _ in
        parts.randomElement(using: &random)!
      }.joined()
      let name = (0..<Int.random(in: 0...8, using: &random)).map { _ in
        ["a", "b", "c", "*", "-"].randomElement(using: &random)!
      }.joined()
      let expected = fnmatch(pattern, name, 0) == 0
      #expect(
        matches(pattern, name) == expected, "seed 5EED0003 round \(round): \(pattern) on \(name)")
      let matcher = PatternMatcher([
        .init(Pattern(unquoted: ByteString(copying: pattern)), payload: 7)
      ])
      #expect(
        (matcher.match(ByteString(copying: name)) == 7) == expected,
        "seed 5EED0003 round \(round): matcher, \(pattern) on \(name)")
    }
  }

  @Test func isNotExponential() {
    let pattern = String(repeating: "*a", count: 200) + "*b"
    #expect(!matches(pattern, String(repeating: "a", count: 2000)))
    #expect(matches(String(repeating: "[", count: 50_000), String(repeating: "[", count: 50_000)))
  }

  /// A list's own answer is what trying every pattern would give.
  @Test func matcherAgreesWithTryingEachPattern() {
    var random = SeededGenerator(seed: 0x5EED_0004)
    let parts = ["a", "b", "ab", "ba", "*", "?", "[ab]", "\\a"]
    for round in 0..<150 {
      var entries: [PatternMatcher.Entry] = []
      for index in 0..<Int.random(in: 1...40, using: &random) {
        let text = (0..<Int.random(in: 1...5, using: &random)).map { _ in
          parts.randomElement(using: &random)!
        }.joined()
        entries.append(
          .init(
            Pattern(
              unquoted: ByteString(copying: text), language: Bool.random(using: &random) ? .c : .cxx
            ), payload: UInt32(index), isLocal: Bool.random(using: &random)))
      }
      let matcher = PatternMatcher(entries)
      for _ in 0..<20 {
        let name = ByteString(
          copying: (0..<Int.random(in: 0...6, using: &random)).map { _ in
            Bool.random(using: &random) ? "a" : "b"
          }.joined())
        #expect(
          matcher.match(name) == elect(entries, name), "seed 5EED0004 round \(round) on \(name)")
      }
    }
  }

  /// The rule of `PatternMatcher`, spelled out.
  private func elect(_ entries: [PatternMatcher.Entry], _ name: ByteString) -> UInt32? {
    let matching = entries.filter { Glob($0.pattern.text).matches(name) }
    func isName(_ entry: PatternMatcher.Entry) -> Bool {
      let text = String(entry.pattern.text).replacing("\\a", with: "a")
      return !text.contains { "*?[".contains($0) }
    }
    func isEverything(_ entry: PatternMatcher.Entry) -> Bool {
      entry.pattern.text == "*"
    }
    let globs = matching.filter { !isEverything($0) }
    return matching.first(where: isName)?.payload ?? globs.last { !$0.isLocal }?.payload
      ?? globs.last?.payload ?? matching.last { !$0.isLocal }?.payload ?? matching.last?.payload
  }

  @Test func usesDemangledNamesAndReportsConflicts() {
    let mangled = ByteString("_Z3barv")
    let demangled = ByteString("bar()")
    let matcher = PatternMatcher([
      .init(Pattern(text: demangled, language: .cxx, isExact: true), payload: 1),
      .init(Pattern(unquoted: ByteString("_Z*")), payload: 2),
      .init(Pattern(unquoted: ByteString("foo"), language: .cxx), payload: 3),
      .init(Pattern(unquoted: ByteString("foo"), language: .cxx), payload: 3),
      .init(Pattern(unquoted: ByteString("foo"), language: .cxx), payload: 4),
    ])
    #expect(matcher.needsDemangledNames)
    #expect(matcher.match(mangled, demangled: demangled) == 1)
    #expect(matcher.match(mangled) == 2)
    #expect(matcher.match(ByteString("foo")) == 3)
    #expect(matcher.match(ByteString("none")) == nil)
    #expect(matcher.conflicts.map { [$0.kept, $0.dropped] } == [[2, 4]])
    #expect(PatternMatcher([]).match(mangled) == nil)
  }

  @Test func manyPatternsFromSeveralThreads() {
    var entries: [PatternMatcher.Entry] = []
    for index in 0..<3000 {
      let text = ["name\(index)", "glob\(index)_*", "*_end\(index)"][index % 3]
      entries.append(
        .init(Pattern(unquoted: ByteString(copying: text)), payload: UInt32(index)))
    }
    let matcher = PatternMatcher(entries)
    let found = ReservedTable<UInt32>(capacity: 3000)
    _ = found.reserve(count: 3000)
    WorkerPool(count: 2).forEachRange(3000, grain: 100) { range, _ in
      for index in range {
        let text = ["name\(index)", "glob\(index)_x", "x_end\(index)"][index % 3]
        found.base[index] = matcher.match(ByteString(copying: text)) ?? .max
      }
    }
    #expect(found.buffer.enumerated().allSatisfy { $0.offset == Int($0.element) })
  }
}
