import Platform
import ScriptParsing
import Testing

@Suite struct VersionScriptTests {
  /// `text` of each pattern, `=` in front of exact ones, `+` in front of C++ ones.
  private func texts(_ patterns: [Pattern]) -> [String] {
    patterns.map { ($0.language == .cxx ? "+" : "") + ($0.isExact ? "=" : "") + String($0.text) }
  }

  private func error(_ text: String) -> String? {
    scriptError { () throws(ScriptError) in try VersionScript.parse(scriptBytes(text)) }
  }

  @Test func readsNodes() throws {
    let script = try VersionScript.parse(
      scriptBytes(
        """
        # comment
        V1.0 { global: foo; bar*; /* c */ "q*"; # d
          extern "C++" { ns::f*; "g(int)"; std::?[a-z]::~h }; extern "C" { cc; };
          local:*; };
        V2 {global:global; local; extern;} V1.0;
        V3 { x; } V1.0 V2;
        """))
    #expect(script.nodes.map { String($0.name) } == ["V1.0", "V2", "V3"])
    #expect(
      texts(script.nodes[0].globals)
        == ["=foo", "bar*", "=q*", "+ns::f*", "+=g(int)", "+std::?[a-z]::~h", "=cc"])
    #expect(texts(script.nodes[0].locals) == ["*"])
    #expect(script.nodes[0].globals.map(\.line) == [2, 2, 2, 3, 3, 3, 3])
    #expect(texts(script.nodes[1].globals) == ["=global", "=local", "=extern"])
    #expect(script.nodes[2].parents == [ByteString("V1.0"), ByteString("V2")])
    #expect(script.nodes.map(\.line) == [2, 5, 6])
    #expect(script.undefinedParent() == nil)
  }

  @Test func readsAnonymousAndOddNodes() throws {
    let script = try VersionScript.parse(scriptBytes("{ local: a; global: b; local: *; };"))
    #expect(script.nodes.count == 1 && script.nodes[0].name.isEmpty)
    #expect(texts(script.nodes[0].globals) == ["=b"])
    #expect(texts(script.nodes[0].locals) == ["=a", "*"])
    #expect(try VersionScript.parse(scriptBytes("V1 {};")).nodes.count == 1)
    let nested = "V { extern \"C\" { extern \"C++\" { a; } }; b; };"
    #expect(texts(try VersionScript.parse(scriptBytes(nested)).nodes[0].globals) == ["+=a", "=b"])
    let orphan = try VersionScript.parse(scriptBytes("V2 { a; } V1;"))
    #expect(orphan.undefinedParent()?.parent == ByteString("V1"))
    #expect(orphan.undefinedParent(after: [try .parse(scriptBytes("V1 {};"))]) == nil)
  }

  @Test(arguments: [
    ("", "1:1: no version node"),
    ("V1 {foo", "1:8: expected ';' after 'foo', found the end of the text"),
    ("V1 {foo}", "1:8: expected ';' after 'foo', found '}'"),
    ("V1 {foo;}", "1:10: expected ';' after '}', found the end of the text"),
    ("V1 {foo bar;};", "1:9: expected ';' after 'foo', found 'bar'"),
    ("V1 {;};", "1:5: expected a symbol name or pattern, or '}', found ';'"),
    ("V1 {a;};\nV1 {b;};", "2:1: version 'V1' is defined twice"),
    ("{a;}; V1 {b;};", "1:7: a node without a name must be the only one"),
    ("V1 {a;}; {b;};", "1:10: a node without a name must be the only one"),
    ("V1 {extern \"Java\" {a;};};", "1:12: unknown language 'Java'"),
    ("V1 {extern C {a;};};", "1:12: expected \"C\" or \"C++\" after 'extern', found 'C'"),
    ("V1 {extern \"C\" {local: a;};};", "1:17: 'local' has no place in an extern block"),
    ("VERSION { };", "1:1: "),
  ])
  func complains(_ text: String, _ message: String) {
    let error = error(text)
    if text.hasPrefix("VERSION") {
      // A version may be called that.
      #expect(error == nil)
    } else {
      #expect(error?.hasPrefix(message) == true, "\(text): \(error ?? "no error")")
    }
  }

  @Test func limitsNesting() {
    let text = "V { " + String(repeating: "extern \"C\" { ", count: 100_000)
    #expect(error(text)?.contains("extern blocks nest deeper than 64 levels") == true)
  }

  @Test func readsLists() throws {
    let list = try DynamicList.parse(
      scriptBytes("{ foo; \"ba*r\"; ba*z; extern \"C++\" { n::*; }; };\n{ q; };"))
    #expect(texts(list) == ["=foo", "=ba*r", "ba*z", "+n::*", "=q"])
    for bad in ["foo", "{foo;}", "V1 {foo;};", "{global: foo;};", "{foo};"] {
      #expect(
        scriptError { () throws(ScriptError) in try DynamicList.parse(scriptBytes(bad)) } != nil,
        "\(bad)")
    }
    let lines = SymbolList.parse(scriptBytes("foo\n\n# no\n  b*r \t\r\nlast"))
    #expect(texts(lines) == ["=foo", "b*r", "=last"])
    #expect(lines.map(\.line) == [1, 4, 5])
  }

  /// What GNU ld 2.40 exports for these scripts.
  @Test(arguments: [
    ("V1 {global: foo*; local: *bar;};", "V1 V1 V1"),
    ("V1 {local: *bar;}; V2 {global: foo*;};", "V2 V2 V2"),
    ("V1 {global: foo*;}; V2 {local: *bar;};", "V1 V1 V1"),
    ("V1 {global: foo*;}; V2 {global: foob*;};", "V1 V2 V2"),
    ("V1 {global: foob*;}; V2 {global: foo*;};", "V2 V2 V2"),
    ("V1 {global: *;}; V2 {global: foo*;};", "V2 V2 V2"),
    ("V1 {global: foo*;}; V2 {global: *;};", "V1 V1 V1"),
    ("V1 {global: *; local: foo*;};", "local local local"),
    ("V1 {global: *; local: *;};", "V1 V1 V1"),
    ("V1 {global: *;}; V2 {global: *;};", "V2 V2 V2"),
    ("V1 {global: foo;}; V2 {global: foo;};", "V1 none none"),
    ("V1 {global: foo; local: foo;};", "V1 none none"),
    ("V1 {global: foo*;}; V2 {local: foo;};", "local V1 V1"),
    ("V1 {local: foo;}; V2 {global: foo*;};", "local V2 V2"),
    ("V1 {local: foob*;}; V2 {global: foo; local: *;};", "V2 local local"),
    ("V1 {global: *;}; V2 {local: foob*;};", "V1 local local"),
    ("V1 {global: f?o;}; V2 {global: fo?; foo?a?;}; V3 {f?o*;};", "V3 V3 V3"),
    ("V1 {global: \"fo*\"; local: *;};", "local local local"),
    ("V1 {global: extern \"C++\" {fo*;}; local: *;};", "V1 V1 V1"),
    ("V1 {global: **;}; V2 {global: foo*;}; V3 {local: *;};", "V2 V2 V2"),
    ("V1 {global: foo*;}; V2 {global: **;}; V3 {local: *;};", "V2 V2 V2"),
  ])
  func electsAsGNU(_ text: String, _ expected: String) throws {
    let script = try VersionScript.parse(scriptBytes(text))
    let matcher = PatternMatcher(
      script.matcherEntries { $1 == .local ? UInt32.max : UInt32($0) })
    let found = ["foo", "foobar", "foobaz"].map { name in
      switch matcher.match(ByteString(copying: name)) {
      case nil: "none"
      case UInt32.max: "local"
      case let node?: String(script.nodes[Int(node)].name)
      }
    }
    #expect(found.joined(separator: " ") == expected, "\(text)")
  }

  @Test func survivesMutations() {
    let samples = [
      "# c\nV1 { global: foo; \"q*\"; extern \"C++\" { ns::f*; \"g\" }; local: *; };\nV2 {a;} V1;",
      "{ global: f[a-z]o; *bar; [!x]*\\?; b[[:alpha:]]?; local: *; };",
      "{ foo; extern \"C\" { a*; extern \"C++\" { b; }; }; };",
    ]
    let name = ByteString("foobar")
    var random = SeededGenerator(seed: 0x5EED_0002)
    for round in 0..<3000 {
      let bytes = mutated(Array(samples[round % samples.count].utf8), &random)
      bytes.withUnsafeBytes { bytes in
        do throws(ScriptError) {
          _ = SymbolList.parse(bytes)
          let script = try VersionScript.parse(bytes)
          let matcher = PatternMatcher(script.matcherEntries { node, _ in UInt32(node) })
          let node = matcher.match(name).map { Int($0) } ?? 0
          #expect(node < script.nodes.count, "seed 5EED0002 round \(round)")
          _ = try DynamicList.parse(bytes)
        } catch {
          let isPlaced = error.line >= 1 && error.column >= 1
          #expect(isPlaced, "seed 5EED0002 round \(round): \(error)")
        }
      }
    }
  }
}
