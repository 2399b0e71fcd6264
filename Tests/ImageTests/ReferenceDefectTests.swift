import Glibc
import Linker
import Testing
import Weld

/// Places that refer to declarations, names that nothing defines, and symbols that are misused.
@Suite struct ReferenceDefectTests {
  private func table(
    _ f: Fixture, _ key: UInt64, _ relocations: [DataRelocation], size: Int = 64
  ) throws {
    try f.image.updateData(
      Declaration(key), name: "table\(key)", kind: .mutable,
      bytes: [UInt8](repeating: 0, count: size), relocations: relocations)
  }

  @Test func aFreedDeclarationThatDataRefersTo() throws {
    let f = try Fixture()
    try f.function(2, 2)
    try f.function(3, 3)
    try f.start(calling: 3)
    for key in 4...8 as ClosedRange<UInt64> {
      try table(f, key, [DataRelocation(offset: 8 * (key - 4), target: f.symbol(2))])
    }
    try f.check(3)
    try f.image.free(Declaration(2))
    f.refuses(
      .undefined, "'f2' was freed", "referenced by 'table8' at offset 32",
      "referenced 2 more times")
    // Places are written as if it were undefined.
    #expect(f.image.violations() == [])
    // A new declaration of the same key is another one.
    try f.function(2, 22)
    f.refuses(.undefined, "'f2' was freed")
    for key in 4...7 as ClosedRange<UInt64> {
      try table(f, key, [DataRelocation(offset: 0, target: f.symbol(2))])
    }
    f.refuses(.undefined, "referenced by 'table8' at offset 32")
    try f.image.free(Declaration(8))
    try f.check(3)
    // One that `address` names elsewhere forgets the old target.
    try table(f, 9, [DataRelocation(offset: 8, target: f.symbol(2))])
    try f.image.free(Declaration(2))
    for key in 4...7 as ClosedRange<UInt64> { try table(f, key, []) }
    f.refuses(.undefined, "referenced by 'table9' at offset 8")
    let address = try f.image.address(
      of: f.symbol(3), referencedFrom: f.symbol(9), offset: 8, addend: -1)
    #expect(address == (try f.address(3)) - 1)
    try f.check(3)
    #expect(try f.number(f.bytes(at: f.address(9) + 8, count: 8)) == address)
  }

  @Test func whatRefersToItself() throws {
    let f = try Fixture()
    try f.start(calling: [])
    for _ in 0..<3 {
      for key in 2...5 as ClosedRange<UInt64> {
        try table(
          f, key,
          [
            DataRelocation(offset: 0, target: f.symbol(key)),
            DataRelocation(offset: 8, target: f.symbol(key), addend: 8),
            DataRelocation(offset: 16, target: f.symbol(key ^ 1), addend: 8, kind: .relative32),
          ], size: Int(40 * key))
        #expect(try f.image.offsetTableAddress(of: f.symbol(key)) > 0)
        try f.image.updateExports(Declaration(key), [Export("self\(key)")])
      }
      try f.check()
      #expect(try f.number(f.bytes(at: f.address(4) + 8, count: 8)) == f.address(4) + 8)
      for key in 2...5 as ClosedRange<UInt64> { try f.image.free(Declaration(key)) }
      try f.check()
    }
    // Slots and entries are back: the same few are used each time.
    #expect(try #require(f.section(".got")).size <= 4 * 8)
  }

  @Test func aDeclarationWithoutBytes() throws {
    let f = try Fixture()
    try f.start(calling: [])
    try table(f, 2, [DataRelocation(offset: 0, target: f.symbol(3))])
    f.refuses(.undefined, "declaration 3 has no bytes", "referenced by 'table2' at offset 0")
    try f.data(3, 3)
    try f.check()
    try table(f, 2, [DataRelocation(offset: 0, target: f.symbol(4))])
    f.refuses(.undefined, "declaration 4 has no bytes")
    try table(f, 2, [])
    try f.check()
  }

  @Test func undefinedNamesSayWhoRefers() throws {
    let f = try Fixture()
    let name = try f.image.importedSymbol("missing")
    let call = try f.image.callSequence(to: name)
    try f.start(calling: [])
    // Who uses a slot is not known.
    f.refuses(.undefined, "undefined symbol: missing", "its slot in the offset table is in use")
    // Unless the compiler says.
    func caller(_ key: UInt64, calls: Bool) throws {
      try f.image.updateFunction(
        Declaration(key), name: "caller\(key)", code: calls ? call : f.code(0),
        relocations: calls ? [DataRelocation(offset: 2, target: name, kind: .slotUse)] : [])
    }
    for key in 2...6 as ClosedRange<UInt64> { try caller(key, calls: true) }
    f.refuses(
      .undefined, "undefined symbol: missing\n>>> referenced by 'caller6'\n", "'caller5'",
      "referenced 2 more times")
    for key in 3...6 as ClosedRange<UInt64> { try caller(key, calls: false) }
    f.refuses(.undefined, "undefined symbol: missing\n>>> referenced by 'caller2'")
    try caller(2, calls: false)
    try f.check()
    try caller(2, calls: true)
    f.refuses(.undefined)
    try f.image.free(Declaration(2))
    try f.check()
    // Data says in any case; an export makes it whole.
    try table(f, 7, [DataRelocation(offset: 24, target: name)])
    f.refuses(.undefined, "referenced by 'table7' at offset 24")
    try f.function(8, 8)
    try f.image.updateExports(Declaration(8), [Export("missing")])
    try f.start(calling: [name])
    try f.check(8)
    // Weak ones are zero; one strong reference makes it needed.
    let weak = try f.image.importedSymbol("perhaps", isWeak: true)
    try table(f, 7, [DataRelocation(offset: 24, target: weak)])
    try f.check(8)
    #expect(try f.number(f.bytes(at: f.address(7) + 24, count: 8)) == 0)
    #expect(try f.image.importedSymbol("perhaps") == weak)
    f.refuses(.undefined, "perhaps", "'table7' at offset 24")
    try table(f, 7, [])
    try f.check(8)
  }

  @Test func namesThatTheLinkerDefines() throws {
    let f = try Fixture()
    try f.function(2, 2)
    try f.data(3, 3)
    try f.data(4, 4, kind: .immutable)
    try f.image.updateData(
      Declaration(5), name: "zeros", kind: .mutable, bytes: [], zeroFill: 4096)
    try f.data(6, 6, extra: 60)
    try f.image.updateExports(Declaration(6), [Export("six", section: "mine")])
    try f.start(calling: 2)
    let names = [
      "_end", "__ehdr_start", "__executable_start", "__start_mine", "__stop_mine", "_etext",
      "_edata", "__bss_start", "__init_array_start", "__init_array_end", "_GLOBAL_OFFSET_TABLE_",
    ]
    let table = try f.image.updateData(
      Declaration(7), name: "names", kind: .mutable,
      bytes: [UInt8](repeating: 0, count: names.count * 8),
      relocations: names.enumerated().map {
        DataRelocation(offset: UInt64($0 * 8), target: try f.image.importedSymbol($1))
      })
    for growth in [0, 1000, 0] {
      try f.data(6, 6, extra: growth + 60)
      try f.image.updateData(
        Declaration(5), name: "zeros", kind: .mutable, bytes: [], zeroFill: UInt64(4096 + growth))
      try f.check(2)
      let start = try #require(f.image.currentAddress(of: table))
      func value(_ name: String) throws -> UInt64 {
        let index = try #require(names.firstIndex(of: name))
        return try f.number(f.bytes(at: start + UInt64(index * 8), count: 8))
      }
      func end(_ name: String) throws -> UInt64 {
        let section = try #require(f.section(name))
        return section.address + section.size
      }
      #expect(try value("_end") == f.sections().map { $0.address + $0.size }.max())
      #expect(try value("__start_mine") == f.address(6))
      #expect(try value("__stop_mine") == f.address(6) + UInt64(64 + growth))
      #expect(try value("_etext") == end(".text"))
      #expect(try value("_edata") == end(".data"))
      #expect(try value("__bss_start") == f.address(5))
      #expect(try value("__ehdr_start") == value("__executable_start"))
      #expect(try value("__init_array_start") == value("__init_array_end"))
      #expect(try value("_GLOBAL_OFFSET_TABLE_") == #require(f.section(".got")).address)
    }
    // An export of that name goes before.
    try f.image.updateExports(Declaration(3), [Export("_end")])
    try f.check(2)
    #expect(try f.image.currentAddress(of: f.image.importedSymbol("_end")) == f.address(3))
    // A section that is not there has no bounds.
    try f.image.updateData(
      Declaration(8), name: "none", kind: .mutable, bytes: [UInt8](repeating: 0, count: 8),
      relocations: [DataRelocation(offset: 0, target: try f.image.importedSymbol("__stop_none"))])
    f.refuses(.undefined, "__stop_none", "'none' at offset 0")
    try f.image.free(Declaration(8))
    // One that lies in two places has none either: code and data are never in one.
    try f.image.updateExports(Declaration(2), [Export("two", section: "mine")])
    f.refuses(.range, "section 'mine' lies in 2 places")
    try f.image.updateExports(Declaration(2), [])
    try f.check(2)
  }

  @Test func relocationsThatMakeNoSense() throws {
    let f = try Fixture()
    try f.start(calling: [])
    try f.data(2, 2, extra: 12)
    let two = try f.symbol(2)
    f.rejects(.range, "8 bytes at offset 9", "outside its 16 bytes") {
      try table(f, 3, [DataRelocation(offset: 9, target: two)], size: 16)
    }
    f.rejects(.range) { try table(f, 3, [DataRelocation(offset: .max, target: two)]) }
    f.rejects(.range) {
      try table(f, 3, [DataRelocation(offset: 13, target: two, kind: .relative32)], size: 16)
    }
    f.rejects(.range, "offset 12") {
      try f.image.address(of: two, referencedFrom: two, offset: 12)
    }
    f.rejects(.invalid, "offsets 8 and 12 share bytes") {
      try table(
        f, 3,
        [
          DataRelocation(offset: 12, target: two, kind: .relative32),
          DataRelocation(offset: 8, target: two),
        ])
    }
    try table(f, 3, [DataRelocation(offset: 8, target: two)])
    f.rejects(.invalid, "offsets 4 and 8 share bytes") {
      try f.image.address(of: two, referencedFrom: f.symbol(3), offset: 4)
    }
    // Zeros have no bytes to write.
    try f.data(4, 0)
    f.rejects(.invalid, "all zero") {
      try f.image.address(of: two, referencedFrom: f.symbol(4), offset: 0)
    }
    let five = try f.symbol(5)
    f.rejects(.invalid, "declaration 5 has no bytes yet") {
      try f.image.address(of: two, referencedFrom: five, offset: 0)
    }
    try f.check()
  }

  @Test func symbolsThatAreNotOfTheImage() throws {
    let f = try Fixture()
    let other = try Fixture()
    try f.start(calling: [])
    try f.data(2, 2, extra: 12)
    for key in 2...30 as ClosedRange<UInt64> { try other.data(key, 1) }
    let foreign = try other.symbol(30)
    let bad = [foreign, ImageSymbol(index: 0), ImageSymbol(index: .max)]
    for symbol in bad {
      f.rejects(.invalid, "no symbol") { _ = try f.image.offsetTableAddress(of: symbol) }
      f.rejects(.invalid) { _ = try f.image.callSequence(to: symbol) }
      f.rejects(.invalid) {
        try f.image.address(of: symbol, referencedFrom: f.symbol(2), offset: 0)
      }
      f.rejects(.invalid) {
        try f.image.address(of: f.symbol(2), referencedFrom: symbol, offset: 0)
      }
      f.rejects(.invalid) { try table(f, 3, [DataRelocation(offset: 0, target: symbol)]) }
      #expect(f.image.currentAddress(of: symbol) == nil)
    }
    // The number of an export is no symbol that anybody was given.
    try f.image.updateExports(Declaration(2), [Export("exported")])
    for index in 1..<8 as Range<UInt32> where f.image.dump().contains("%\(index) : exported") {
      f.rejects(.invalid) {
        try table(f, 3, [DataRelocation(offset: 0, target: .init(index: index))])
      }
    }
    // Dead ones.
    let dead = try f.symbol(2)
    try f.image.free(Declaration(2))
    f.rejects(.invalid) { _ = try f.image.offsetTableAddress(of: dead) }
    f.rejects(.invalid, "no declaration 2") { try f.image.free(Declaration(2)) }
    f.rejects(.invalid) { try f.image.updateLines(Declaration(2), lines: []) }
    try f.check()
  }

  @Test func aReferenceByNameHoldsWhatItsDeclarationHolds() throws {
    let f = try Fixture()
    try f.data(2, 2, extra: 12)
    try f.data(3, 3)
    try f.image.updateExports(Declaration(2), [Export("two")])
    let two = try f.image.importedSymbol("two")
    try f.start(calling: [])
    try f.image.address(of: f.symbol(3), referencedFrom: two, offset: 8)
    try f.check()
    try f.data(3, 33, extra: 9000)
    try f.image.removeExport(Declaration(2), name: "two")
    try f.check()
    #expect(try f.number(f.bytes(at: f.address(2) + 8, count: 8)) == f.address(3))
    try f.data(2, 22, extra: 12)
    try f.check()
    #expect(try f.number(f.bytes(at: f.address(2), count: 4)) == 22)
  }

  @Test func whatIsTooFarAway() throws {
    let f = try Fixture { $0.reserve = 1 << 31 }
    try f.start(calling: [])
    try f.data(2, 2)
    try f.data(3, 3, kind: .immutable)
    try f.image.updateData(
      Declaration(4), name: "zeros", kind: .mutable, bytes: [], zeroFill: 3 << 30)
    try f.data(5, 5)
    // A section of its own, behind the zeros.
    try f.image.updateExports(Declaration(5), [Export("far", section: "far")])
    f.rejects(.range, "too far away for 32 bits", "its slot") {
      try table(f, 6, [DataRelocation(offset: 8, target: f.symbol(5), kind: .relative32)])
    }
    try table(f, 6, [DataRelocation(offset: 8, target: f.symbol(2), kind: .relative32)])
    f.rejects(.range, "'table6' at offset 8", "'d2'") {
      try f.image.updateExports(Declaration(2), [Export("near", section: "far")])
    }
    // By name, what is near may give way to what is far: that is for the flush to refuse.
    try f.image.updateExports(Declaration(2), [Export("name")])
    try f.image.updateExports(
      Declaration(5), [Export("far", section: "far"), Export("name", binding: .weak)])
    let name = try f.image.importedSymbol("name")
    try table(f, 6, [DataRelocation(offset: 8, target: name, kind: .relative32)])
    try f.check()
    try f.image.removeExport(Declaration(2), name: "name")
    f.refuses(.range, "'table6' at offset 8", "'name' is too far away")
    try f.image.updateExports(Declaration(2), [Export("name")])
    try f.check()
    try f.image.free(Declaration(2))
    f.refuses(.range)
    try table(f, 6, [])
    try f.check()
  }
}
