import Platform
import ScriptParsing
import Testing

@Suite struct ExpressionTests {
  private func parse(_ text: String) throws(ScriptError) -> Expression {
    try Expression.parse(scriptBytes(text))
  }

  /// s1 and s2 are in sections 1 and 2; n is a number.
  private func resolve(_ name: ByteString) -> Expression.Value? {
    if name == "s1" { return .init(0x401001, section: 1) }
    if name == "s2" { return .init(0x402000, section: 2) }
    if name == "n" { return .init(5) }
    return nil
  }

  private func value(_ text: String) throws(ScriptError) -> Expression.Value {
    try parse(text).evaluate(
      in: .init(
        location: .init(0x1001, section: 3), sizeOfHeaders: 0xE8, maximumPageSize: 0x10000,
        commonPageSize: 0x1000), resolve: resolve)
  }

  @Test(
    arguments: [
      ("0", 0), ("010", 8), ("0x10", 16), ("0X1f", 31), ("10h", 16), ("1K", 1024), ("1m", 1 << 20),
      ("0xAK", 10240), ("010K", 8192), ("0K", 0), ("18446744073709551615", UInt64.max),
      ("-1", UInt64.max), ("- -3", 3), ("+3", 3), ("~0", UInt64.max), ("!5", 0), ("!0", 1),
      ("-8+9", 1), ("2-1-1", 0), ("1+2*3", 7), ("(1+2)*3", 9), ("7/2", 3), ("7%4", 3),
      ("2*-3", UInt64.max - 5), ("1<<4", 16), ("1<<64", 1), ("1<<70", 64), ("-1>>63", 1),
      ("1<<2+1", 8), ("1|2^3&1", 3), ("6^3", 5), ("1==2<3", 1), ("4==2+2", 1), ("1==1==1", 1),
      ("5<4<3", 1), ("-1>0", 1), ("2>=2", 1), ("2<=1", 0), ("1!=1", 0), ("1||0&&0", 1),
      ("7&&9", 1), ("0||0", 0), ("0&&(1/0)", 0), ("1||(1/0)", 1), ("1?2:3", 2), ("0?1:0?4:5", 5),
      ("1 ? 0 ? 6 : 7 : 8", 7), ("MAX(1,-1)", UInt64.max), ("MIN(1, -1)", 1), ("ALIGN(17,16)", 32),
      ("ALIGN(17, 0)", 17), ("ALIGN(17,3)", 18), ("ALIGN(1?17:5, 16)", 32), ("ALIGN(16)", 0x1010),
      ("ALIGN(0?2:8)", 0x1008), (".", 0x1001), ("SIZEOF_HEADERS", 0xE8), ("LOG2CEIL(5)", 3),
      ("LOG2CEIL(0)", 0), ("CONSTANT (MAXPAGESIZE)", 0x10000), ("CONSTANT(COMMONPAGESIZE)", 0x1000),
      ("DEFINED(s1)", 1), ("DEFINED(xx) ? xx : 7", 7), ("s1-n", 0x400FFC), ("\"s1\"", 0x401001),
      ("ABSOLUTE(s1) /* c */ + 1", 0x401002), ("n&&s1", 1), ("18446744073709551615+2", 1),
    ] as [(String, UInt64)])
  func evaluates(_ text: String, _ expected: UInt64) throws {
    #expect(try value(text).address == expected, "\(text)")
  }

  @Test(
    arguments: [
      ("s1", 1), ("(s1)", 1), ("s1+4", 1), ("4+s1", 1), ("s1-4", 1), ("4-s1", 0), ("s2-s1", 0),
      ("s1+s2", 0), ("ABSOLUTE(s1)", 0), ("s1&0xff", 0), ("-s1", 0), ("ALIGN(s1,16)", 1),
      ("MAX(s1,s2)", 2), ("n ? s1 : s2", 1), (".", 3), ("ALIGN(8)", 3), ("n", 0), ("s1==s1", 0),
    ] as [(String, UInt32)])
  func keepsSections(_ text: String, _ section: UInt32) throws {
    #expect(try value(text).section == section, "\(text)")
  }

  @Test(arguments: [
    ("", "1:1: expected a number"), ("1 +", "1:4: expected a number"),
    ("2 s1", "1:3: expected an operator or the end, found 's1'"), ("1;", "1:2: expected an oper"),
    ("(1", "1:3: expected ')' to close '('"), ("1?2", "1:4: expected ':' between"),
    ("08", "1:1: malformed number '08'"), ("0x", "1:1: malformed number '0x'"),
    ("0xffh", "1:1: malformed number"), ("12ab", "1:1: malformed"), ("K", "1:1: undefined symbol"),
    ("18446744073709551616", "1:1: number '18446744073709551616' does not fit in 64 bits"),
    ("20000000000000000K", "1:1: number '20000000000000000K' does not fit"),
    ("1\n/0", "2:1: division by zero"), ("1%0", "1:2: remainder of a division by zero"),
    ("1+xx", "1:3: undefined symbol 'xx' in expression"),
    ("SIZEOF(.text)", "1:1: function 'SIZEOF' is not supported"),
    ("CONSTANT(X)", "1:10: unknown constant 'X'"), ("MAX(1)", "1:6: expected ',' between"),
    ("ALIGN(1,2,3)", "1:10: expected ')' after"), ("DEFINED()", "1:9: expected a name"),
    ("1 = 2", "1:3: expected an operator"), ("\"\"", "1:1: empty symbol name"),
  ])
  func complains(_ text: String, _ message: String) {
    let error = scriptError { () throws(ScriptError) in try value(text) }
    #expect(error?.hasPrefix(message) == true, "\(text): \(error ?? "no error")")
  }

  @Test func tellsWhatItUses() throws {
    let expression = try parse("a + (b - a) * c + DEFINED(d) + .")
    #expect(expression.symbols.map { String($0) } == ["a", "b", "c"])
    #expect(expression.testedSymbols.map { String($0) } == ["d"])
    #expect(expression.aliasedSymbol == nil && expression.usesLocation)
    #expect(try parse(" ((foo)) ").aliasedSymbol == ByteString("foo"))
    #expect(try parse("foo+0").aliasedSymbol == nil)
    #expect(try parse("5").aliasedSymbol == nil)
    let error = scriptError { () throws(ScriptError) in try parse(".").evaluate { _ in nil } }
    #expect(error?.hasPrefix("1:1: '.' has no value here") == true)
  }

  @Test func longChainsAreNoDeepOnes() throws {
    let sum = try parse("1" + String(repeating: "+1", count: 50_000))
    #expect(try sum.evaluate { _ in nil }.address == 50_001)
    for prefix in ["(", "-", "!", "1?", "MAX(", "ALIGN("] {
      let text = String(repeating: prefix, count: 100_000)
      let error = scriptError { () throws(ScriptError) in try parse(text) }
      #expect(error?.contains("nests deeper than 64 levels") == true, "\(prefix)")
    }
    let fits = String(repeating: "(", count: 60) + "1" + String(repeating: ")", count: 60)
    #expect(try parse(fits).evaluate { _ in nil }.address == 1)
  }

  @Test func survivesMutations() {
    let samples = [
      "1 + s1 * (n - 0x10K) << 2 ? ~s2 : ALIGN(n, 4) || DEFINED(q) && !n",
      "MAX(MIN(1, 2), CONSTANT(MAXPAGESIZE)) % 7 - SIZEOF_HEADERS / \"n\" == -3",
    ]
    var random = SeededGenerator(seed: 0x5EED_0005)
    for round in 0..<4000 {
      let bytes = mutated(Array(samples[round % samples.count].utf8), &random)
      bytes.withUnsafeBytes { bytes in
        do throws(ScriptError) {
          _ = try Expression.parse(bytes).evaluate(in: .init(location: .init(1)), resolve: resolve)
        } catch {
          let isPlaced = error.line >= 1 && error.column >= 1 && error.column <= bytes.count + 1
          #expect(isPlaced, "seed 5EED0005 round \(round): \(error)")
        }
      }
    }
  }
}
