import Platform
import Symbolication
import Testing

@Suite struct DemangleTests {
  @Test(arguments: [
    ("_Z3foov", "foo()"),
    ("_ZN2ns3foo3barERKi", "ns::foo::bar(int const&)"),
    ("_ZTW3foo", "TLS wrapper function for foo"),
    ("_ZTV3Foo", "vtable for Foo"),
    ("_Z3foov.cold", "foo() [clone .cold]"),
    ("_Z3foov.part.0", "foo() [clone .part.0]"),
    ("_Z3foov@V1", "foo()@V1"),
    ("_Z3foov@@V1", "foo()@@V1"),
    ("___Z3foov_block_invoke", "invocation function for block in foo()"),
    ("____Z3foov_block_invoke_2", "invocation function for block in foo()"),
    // More references than are trusted in this process, so a child demangles it.
    (
      "_Z1fP1AS0_S0_S0_S0_S0_S0_S0_S0_S0_S0_S0_S0_",
      "f(A*, A*, A*, A*, A*, A*, A*, A*, A*, A*, A*, A*, A*)"
    ),
  ])
  func cxx(mangled: String, expected: String) {
    #expect(demangle(ByteString(copying: mangled)) == expected)
  }

  @Test(arguments: [
    ("$s4main3fooyyF", "main.foo() -> ()"),
    ("$s4main3fooyyF.resume.0", "main.foo() -> () with unmangled suffix \".resume.0\""),
    ("$sSS5countSivg", "Swift.String.count.getter : Swift.Int"),
    ("_T04main3fooyyF", "main.foo() -> ()"),
    (
      "$s1a1fyySi_S6itF",
      "a.f(Swift.Int, Swift.Int, Swift.Int, Swift.Int, Swift.Int, Swift.Int, Swift.Int) -> ()"
    ),
  ])
  func swift(mangled: String, expected: String) {
    #expect(demangle(ByteString(copying: mangled)) == expected)
  }

  @Test(arguments: [
    ("_ZN4core3fmt5Write9write_fmt17h0123456789abcdefE", "core::fmt::Write::write_fmt"),
    (
      "_ZN71_$LT$Test$u20$$u2b$$u20$$u27$static$u20$as$u20$foo..Bar$LT$Test$GT$$GT$3bar17h930b740aa94f1d3aE",
      "<Test + 'static as foo::Bar<Test>>::bar"
    ),
    ("_ZN3foo3bar17h0123456789abcdefE.llvm.12345", "foo::bar"),
    ("_ZN3foo3bar17h0123456789abcdefE.cold", "foo::bar [clone .cold]"),
    ("_ZN3foo17$u7b$closure$u7d$17h0123456789abcdefE", "foo::{closure}"),
    // Not Rust: no hash, or not only one.
    ("_ZN3foo3barE", "foo::bar"),
    ("_ZN3foo17h0123456789abcdegE", "foo::h0123456789abcdeg"),
  ])
  func rustLegacy(mangled: String, expected: String) {
    #expect(demangle(ByteString(copying: mangled)) == expected)
  }

  @Test(
    arguments: [
      ("_RNvC6_123foo3bar", "123foo::bar"),
      ("_RNvC7mycrate3foo.llvm.1F", "mycrate::foo"),
      ("_RNvC7mycrate3foo.cold", "mycrate::foo [clone .cold]"),
      ("_RNCNCNgCs6DXkGYLi8lr_2cc5spawn00B5_", "cc::spawn::{closure#0}::{closure#0}"),
      ("_RNvNtNtCs1234_7mycrate3foo3bar3baz", "mycrate::foo::bar::baz"),
      ("_RNvMCs4fqI2P2rA04_4testINtB2_1SmE3foo", "<test::S<u32>>::foo"),
      ("_RINvC1a1fKj3_Kanf_Kb1_Kc41_E", "a::f::<3, -15, true, 'A'>"),
      ("_RINvC1a1fAmj3_ShTuETmERLm1_eQyPlOxE", nil),
      (
        "_RINvC1a1fAmj3_ShTuETmEReQyPlOxE",
        "a::f::<[u32; 3], [u8], ((),), (u32,), &str, &mut u64, *const i32, *mut i64>"
      ),
      ("_RINvC1a1fFUKCmEuE", "a::f::<unsafe extern \"C\" fn(u32)>"),
      ("_RINvC1a1fFKu9sysv64_xyEmE", nil),
      ("_RINvC1a1fFG_RL0_hERL0_hE", "a::f::<for<'a> fn(&'a u8) -> &'a u8>"),
      ("_RINvC1a1fDNtC1b1Tp4ItemmEL_E", "a::f::<dyn b::T<Item = u32>>"),
      ("_RINvC1a1fDINtC1b1ThEp4ItemmNtC1b1UEL_E", "a::f::<dyn b::T<u8, Item = u32> + b::U>"),
      (
        "_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y",
        "utf8_idents::საჭმელად_გემრიელი_სადილი"
      ),
      ("_RINvC1a1fRe68656c6c6f0a_E", nil),
      ("_RINvC1a1fKRe68656c6c6f0a_E", "a::f::<\"hello\\n\">"),
      ("_RINvC1a1fKVNtC1b1STm1_KE", nil),
      ("_RINvC1a1fKVNtC1b1STm1_b0_EE", "a::f::<{b::S(1, false)}>"),
      ("_RINvC1a1fKVNtC1b1SS1xm1_1yAh1_h2_EEE", "a::f::<{b::S { x: 1, y: [1, 2] }}>"),
      ("_RINvNtC3std3mem8align_ofjEC3foo", "std::mem::align_of::<usize>"),
      ("_RNvXs_C1aNtB4_1SNtC4core5Clone5clone", "<a::S as core::Clone>::clone"),
      ("_RNvYmNtC4core5Clone5clone", "<u32 as core::Clone>::clone"),
      ("_RNSC1a3foo", "a::{shim:foo#0}"),
    ] as [(String, String?)])
  func rustV0(mangled: String, expected: String?) {
    #expect(demangle(ByteString(copying: mangled)) == expected)
  }

  @Test(arguments: [
    "", "_", "_Z", "foo", "i", "_ZN", "_R", "$s", "_Zfoo", "_RNvC", "_R1NvC1a1b", "@",
  ])
  func unmangledNamesHaveNone(name: String) {
    #expect(demangle(ByteString(copying: name)) == nil)
  }

  @Test func displayNameObeysTheOptionAndHidesControlCharacters() {
    #expect(displayName(ByteString(copying: "_Z3foov"), demangling: true) == "foo()")
    #expect(displayName(ByteString(copying: "_Z3foov"), demangling: false) == "_Z3foov")
    #expect(
      displayName(ByteString(copying: "a\u{1B}[31m\n"), demangling: true) == "a\\x1b[31m\\x0a")
    #expect(
      displayName(ByteString(copying: "_RINvC1a1fKc1b_E"), demangling: true) == "a::f::<'\\u{1b}'>")
  }

  /// Each `pair` holds the one before twice: 2^60 words from 400 bytes.
  @Test func bombsOfSubstitutionsAreLeftAlone() {
    var cxx = "_Z1f1a"
    var id = -1
    for _ in 0..<60 {
      // The first substitution is `a`; each round adds the template and its specialisation.
      let last = id < 0 ? "S_" : "S\(String(id, radix: 36, uppercase: true))_"
      cxx += (id < 0 ? "4pairI" : "S0_I") + last + last + "E"
      id += id < 0 ? 2 : 1
    }
    var rust = "_RINvC1a1fTuuE"
    var previous = 7
    for _ in 0..<60 {
      let start = rust.utf8.count - 2
      let reference = "B\(base62(previous))"
      rust += "T\(reference)\(reference)E"
      previous = start
    }
    rust += "E"
    var swift = "$s1a1fyyx_xt"
    for _ in 0..<60 { swift += "_AAt" }
    for name in [cxx, rust, swift] {
      let text = demangle(ByteString(copying: name))
      #expect((text?.utf8.count ?? 0) <= 64 << 10)
    }
  }

  @Test func nestingIsBounded() {
    for (open, count) in [
      ("_Z1f" + repeated("P", 8000) + "i", 1), ("_R" + repeated("Nv", 4000), 1),
      ("_RIC1a" + repeated("S", 8000), 1), ("$s" + repeated("Sg", 4000), 1),
      ("_ZN" + repeated("1a", 4000) + "E", 1),
      ("_Z1fI" + repeated("J", 400) + repeated("E", 400), 1),
    ] {
      for _ in 0..<count { _ = demangle(ByteString(copying: open)) }
    }
  }

  /// Whatever a name is, there is an answer: the seeds are mangled names with bytes changed,
  /// removed and repeated.
  @Test func mutatedNamesAreHandled() {
    var random = SplitMix(state: 42)
    let seeds = [
      "_RINvNtC3std3mem8align_ofjEC3foo", "_RINvC1a1fDINtC1b1ThEp4ItemmNtC1b1UEL_E",
      "_RNqCs4fqI2P2rA04_11utf8_identsu30____7hkackfecea1cbdathfdh9hlq6y",
      "_RINvC1a1fKVNtC1b1SS1xm1_1yAh1_h2_EEE", "_RINvC1a1fFG_RL0_hERL0_hE",
      "_ZN71_$LT$Test$u20$$u2b$GT$3bar17h930b740aa94f1d3aE", "_ZN3foo3bar17h0123456789abcdefE.cold",
      "_ZNSt6vectorIiSaIiEE9push_backEOi", "$sSS5countSivg",
    ]
    for round in 0..<20_000 {
      var name = Array(seeds[round % seeds.count].utf8)
      for _ in 0...Int(random.next() % 3) {
        let i = Int(random.next() % UInt64(name.count))
        switch random.next() % 4 {
        case 0: name[i] = UInt8(truncatingIfNeeded: random.next())
        case 1 where name.count > 3: name.remove(at: i)
        case 2: name.insert(name[Int(random.next() % UInt64(name.count))], at: i)
        default: name.insert(contentsOf: name[i...].prefix(6), at: i)
        }
      }
      name.withUnsafeBytes { _ = demangle(ByteString($0)) }
    }
  }
}

private func repeated(_ text: String, _ count: Int) -> String {
  String(repeating: text, count: count)
}

private func base62(_ number: Int) -> String {
  guard number > 0 else { return "_" }
  let digits = Array("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
  var rest = number - 1
  var text = ""
  repeat {
    text = String(digits[rest % 62]) + text
    rest /= 62
  } while rest > 0
  return text + "_"
}

/// The generator of Steele, Lea and Flood: the same numbers in every run.
struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
