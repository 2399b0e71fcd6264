import ELFFormat
import Platform
import Testing

@testable import Linker

/// Where sections go, as GNU ld's default script has it.
@Suite struct SectionRulesTests {
  private func place(
    _ name: StaticString, _ flags: SectionFlags = .alloc, keepsPrefixes: Bool = false
  ) -> SectionRules.Place {
    SectionRules(keepsApart: keepsPrefixes).place(of: ByteString(name), flags: flags)
  }

  @Test(arguments: [
    (".text" as StaticString, ".text" as StaticString), (".text.f", ".text"),
    (".textual", ".textual"),
    (".gnu.linkonce.t.f", ".text"), (".gnu.linkonce.t", ".gnu.linkonce.t"),
    (".gnu.linkonce.q.f", ".gnu.linkonce.q.f"), (".rodata.str1.1", ".rodata"),
    (".data.rel.ro.local", ".data.rel.ro"), (".data.rel.rose", ".data"), (".data", ".data"),
    (".gnu.linkonce.d.rel.ro.x", ".data.rel.ro"), (".gnu.linkonce.d.rel.x", ".data"),
    (".bss.rel.ro.x", ".bss.rel.ro"), (".bss.x", ".bss"), (".tbss.x", ".tbss"),
    (".gnu.linkonce.tb.x", ".tbss"), (".gnu.linkonce.td.x", ".tdata"),
    (".gcc_except_table.f", ".gcc_except_table"), (".preinit_array.1", ".preinit_array"),
    (".lrodata.x", ".lrodata"), (".ldata", ".ldata"), (".x", ".x"), (".", "."), ("text", "text"),
  ])
  func namesOutputs(name: StaticString, output: StaticString) {
    let place = place(name)
    #expect(place.name == output)
    let common = SectionRules.commonNames.firstIndex { ByteString($0) == output }
    #expect(place.output == common.map { OutputIndex($0) } ?? .none)
  }

  @Test func onlyLoadedSectionsAreRenamed() {
    #expect(place(".text.f", []).name == ".text.f")
    #expect(place(".gnu.linkonce.wi.f", []).name == ".debug_info")
  }

  @Test(arguments: [
    (".text.unlikely.f" as StaticString, 0 as UInt16, ".text.unlikely" as StaticString),
    (".text.f_unlikely", 0, ".text.unlikely"), (".text.hot.f_unlikely", 0, ".text.unlikely"),
    (".text.split.f", 0, ".text.split"), (".text.exit", 1, ".text.exit"),
    (".text.startup.f", 2, ".text.startup"), (".text.hot.f", 3, ".text.hot"),
    (".text.hotter", 5, ".text"), (".text.f", 5, ".text"),
  ])
  func ordersCode(name: StaticString, part: UInt16, apart: StaticString) {
    #expect(place(name).name == ".text" && place(name).part == part)
    #expect(place(name, keepsPrefixes: true).name == apart)
    #expect(place(name, keepsPrefixes: true).part == part)
  }

  @Test(arguments: [
    (".init_array" as StaticString, UInt16.max), (".init_array.7", 7), (".init_array.70000", 65534),
    (".init_array.x", .max), (".init_array.1234567890", .max), (".ctors", .max),
    (".ctors.7", 65528),
    (".ctors.70000", 0),
  ])
  func ordersConstructors(name: StaticString, part: UInt16) {
    let place = place(name)
    #expect(place.name == ".init_array" && place.part == part)
    #expect(place.isReversed == ByteString(name).hasPrefix(".ctors"))
  }
}
