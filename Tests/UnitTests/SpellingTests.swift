import Platform
import Symbolication
import Testing

@Suite struct SpellingTests {
  private typealias Kind = SpellingSuggestion.Kind

  private func suggest(_ undefined: String, among names: [String]) -> (String, Kind)? {
    var suggester = SpellingSuggester(undefined: ByteString(copying: undefined))
    for name in names { suggester.consider(ByteString(copying: name)) }
    return suggester.suggestion.map { (String($0.name), $0.kind) }
  }

  private static let cases: [(undefined: String, defined: String, kind: Kind?)] = [
    // extern "C" on one side only.
    ("foo", "_Z3foov", .definitionLacksExternC),
    ("foo", "_Z3fooi", .definitionLacksExternC),
    ("_Z3foov", "foo", .referenceLacksExternC),
    ("_ZN2ns3fooEv", "foo", nil),
    ("foo", "_ZN3fooC1Ev", nil),
    // Other parameters, qualifiers and template arguments.
    ("_Z3fooi", "_Z3foov", .otherParameters),
    ("_ZN2ns3fooEi", "_ZN2ns3fooEPKc", .otherParameters),
    ("_ZN1A3getEv", "_ZNK1A3getEv", .otherParameters),
    ("_Z3fooIiEvT_", "_Z3fooIlEvT_", .otherParameters),
    ("_ZN1AC1Ei", "_ZN1AC1Ev", .otherParameters),
    ("_ZN1AC1Ev", "_ZN1AC2Ev", nil),
    ("_ZN1AplERKS_", "_ZN1AplEi", .otherParameters),
    ("_ZN1AplERKS_", "_ZN1AmiERKS_", nil),
    // Namespaces.
    ("_Z7computei", "_ZN2ns7computeEi", .otherScope),
    ("_ZN3out2in7computeEi", "_ZN2in7computeEi", .otherScope),
    ("_ZN2aa3getEv", "_ZN2bb3getEv", nil),
    // Letters.
    ("compute_all", "compute_al", .misspelling),
    ("compute_all", "comptue_all", .misspelling),
    ("compute_all", "Compute_All", .otherCase),
    ("COMPUTE", "compute", .otherCase),
    ("compute_all", "compute_nothing", nil),
    ("ab", "ac", nil),
    ("abc", "abd", .misspelling),
    ("_Z7computei", "_Z6compuei", .misspelling),
    ("_Z7computei", "_Z8compuuteil", .misspelling),
    ("_Z9computeXYi", "_Z10computeXYZi", .misspelling),
    ("_ZN7Builder5buildEv", "_ZN7Buidler5buildEv", .misspelling),
    ("_ZN7Builder5buildEv", "_ZN7Builder5BuildEv", .otherCase),
    ("_ZTV7Builder", "_ZTV7Buildre", .misspelling),
    ("_ZTV7Builder", "_ZTI7Builder", nil),
    ("_ZNSt6vectorI3FooSaIS0_EE5frontEv", "_ZNSt6vectorI3FooSaIS0_EE5frnotEv", .misspelling),
    ("_ZN1AILi5ELb1EE5frontEv", "_ZN1AILi5ELb1EE5frotnEv", .misspelling),
    // Rust and Swift.
    (
      "_ZN3lib4open17h0123456789abcdefE", "_ZN3lib4open17hfedcba9876543210E", .otherBuild
    ),
    ("_ZN4libx7openerr17h0123456789abcdefE", "_ZN4libx6opener17h0123456789abcdeeE", .misspelling),
    ("_RNvC4libx6opened", "_RNvC4libx6opende", .misspelling),
    ("$s4main7computeyyF", "$s4main7computeyySiF", .misspelling),
    ("compute@V1", "comput", .misspelling),
    // Nothing is its own correction.
    ("compute", "compute", nil),
    ("_Z7computei", "_Z7computei", nil),
  ]

  @Test(arguments: cases.indices) func relation(index: Int) {
    let (undefined, defined, kind) = Self.cases[index]
    #expect(suggest(undefined, among: [defined])?.1 == kind, "\(undefined) \(defined)")
  }

  @Test func theSurestGuessWinsInAnyOrder() {
    let names = ["_Z8computeri", "_Z7computed", "compute", "_Z7Computei", "_ZN1a7computeEi"]
    #expect(suggest("_Z7computei", among: names)?.0 == "compute")
    #expect(suggest("_Z7computei", among: names.reversed())?.0 == "compute")
    #expect(suggest("namea", among: ["nameb", "namec"])?.0 == "nameb")
    #expect(suggest("namea", among: ["namec", "nameb"])?.0 == "nameb")
    // With the same parameters rather than others.
    #expect(suggest("_Z7computei", among: ["_Z7computad", "_Z7computbi"])?.0 == "_Z7computbi")
  }

  @Test func partialSearchesAreMerged() {
    var one = SpellingSuggester(undefined: ByteString("compute"))
    var other = one
    one.consider(ByteString("comptue"))
    other.consider(ByteString("Compute"))
    one.merge(other)
    #expect(one.suggestion?.text(demangling: true) == "Compute")
  }

  /// Distances from an implementation with a table, for short random words.
  @Test func distancesAreThoseOfTheTable() {
    var random = SplitMix(state: 3)
    for _ in 0..<5000 {
      let a = word(&random)
      var b = a
      for _ in 0...Int(random.next() % 4) {
        let i = Int(random.next() % UInt64(b.count))
        switch random.next() % 4 {
        case 0: b[i] = UInt8(ascii: "a") + UInt8(random.next() % 3)
        case 1 where b.count > 9: b.remove(at: i)
        case 2: b.insert(UInt8(ascii: "b"), at: i)
        default: if i > 0 { b.swapAt(i, i - 1) }
        }
      }
      // Short enough names would be told apart by case or length; these have limit 3.
      let expected = tableDistance(a, b)
      let found = suggest(
        String(decoding: a, as: UTF8.self), among: [String(decoding: b, as: UTF8.self)])
      #expect((found != nil) == (expected > 0 && expected <= 3), "\(a) \(b)")
    }
  }

  private func word(_ random: inout SplitMix) -> [UInt8] {
    (0..<12).map { _ in UInt8(ascii: "a") + UInt8(random.next() % 3) }
  }

  private func tableDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var d = Array(repeating: Array(repeating: 0, count: b.count + 1), count: a.count + 1)
    for i in 0...a.count { d[i][0] = i }
    for j in 0...b.count { d[0][j] = j }
    for i in 1...a.count {
      for j in 1...b.count {
        let cost = a[i - 1] == b[j - 1] ? 0 : 1
        d[i][j] = min(d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + cost)
        if i > 1, j > 1, a[i - 1] == b[j - 2], a[i - 2] == b[j - 1] {
          d[i][j] = min(d[i][j], d[i - 2][j - 2] + 1)
        }
      }
    }
    return d[a.count][b.count]
  }

  @Test func mutatedNamesAreHandled() {
    var random = SplitMix(state: 11)
    let seeds = [
      "_ZN1AILi5ELb1EE5frontEv", "_ZNSt6vectorI3FooSaIS0_EE5frontEv", "_ZN1AC1Ei", "_Z3fooIiEvT_",
      "_ZN3lib4open17h0123456789abcdefE", "_ZTV7Builder", "_ZNK1A3getB5cxx11Ev", "compute",
    ]
    for round in 0..<20_000 {
      var name = Array(seeds[round % seeds.count].utf8)
      for _ in 0...Int(random.next() % 3) {
        let i = Int(random.next() % UInt64(name.count))
        switch random.next() % 3 {
        case 0: name[i] = UInt8(truncatingIfNeeded: random.next())
        case 1 where name.count > 1: name.removeLast()
        default: name.insert(name[Int(random.next() % UInt64(name.count))], at: i)
        }
      }
      let seed = ByteString(copying: seeds[(round / 7) % seeds.count])
      name.withUnsafeBytes {
        var there = SpellingSuggester(undefined: seed)
        there.consider(ByteString($0))
        var back = SpellingSuggester(undefined: ByteString($0))
        back.consider(seed)
      }
    }
  }
}
