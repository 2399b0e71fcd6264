import Platform
import Testing

@testable import Linker

/// Rules that name a section are looked up, and globs are tried: the last of both counts.
@Suite struct DeadRelocationRulesTests {
  @Test(arguments: [
    (".debug_info", 5 as UInt64?), (".debug_line", 2), (".debug_x", 3), (".debug_loc", 2),
    (".stab", nil),
  ])
  func lastCounts(section: String, expected: UInt64?) {
    let rules = DeadRelocationRules([
      (".debug_loc", 1), (".debug_*", 2), (".debug_?", 3), (".debug_info", 4), (".debug_info", 5),
    ])
    #expect(rules.value(for: ByteString(copying: section)) == expected)
  }

  @Test func thereMayBeNone() {
    #expect(DeadRelocationRules([]).value(for: ByteString(copying: ".debug_info")) == nil)
  }
}
