import Glibc
import Linker
import TestSupport
import Testing
import Weld

/// Exports, references by name, and what the symbol table says of them.
@Suite struct NameDefectTests {
  // MARK: Exports

  @Test func removingAnExportThatIsNotInForce() throws {
    let f = try Fixture()
    let wanted = try f.image.importedSymbol("answer")
    try f.start(calling: [wanted])
    for (key, binding) in [(2, Export.Binding.weak), (3, .strong), (4, .linkOnce), (5, .weak)] {
      try f.function(UInt64(key), UInt32(key))
      try f.image.updateExports(
        Declaration(UInt64(key)), [Export("answer", binding: binding)])
    }
    try f.check(3)
    // Weak ones come and go, the strong one stays in force.
    try f.image.removeExport(Declaration(2), name: "answer")
    try f.check(3)
    try f.image.free(Declaration(5))
    try f.check(3)
    #expect(f.image.currentAddress(of: wanted) == (try f.address(3)))
    // It goes: the next best is the earliest of the weak ones.
    try f.function(6, 6)
    try f.image.updateExports(Declaration(6), [Export("answer", binding: .weak)])
    try f.image.removeExport(Declaration(3), name: "answer")
    try f.check(4)
    try f.image.free(Declaration(4))
    try f.check(6)
    try f.image.updateExports(Declaration(6), [])
    f.refuses(.undefined, "undefined symbol: answer")
    // The error clears itself.
    try f.image.updateExports(Declaration(3), [Export("answer", binding: .weak)])
    try f.check(3)
    f.rejects(.invalid, "does not export 'answer'") {
      try f.image.removeExport(Declaration(6), name: "answer")
    }
    f.rejects(.invalid, "no declaration 99") {
      try f.image.removeExport(Declaration(99), name: "answer")
    }
  }

  @Test func exportsKeepTheirOwnNames() throws {
    let f = try Fixture()
    try f.function(2, 2)
    try f.data(3, 3)
    try f.start(calling: 2)
    let exports: [Export] = [
      Export("strong_name"), Export("weak_name", binding: .weak),
      Export("local_name", binding: .local),
      Export("shared_name", binding: .linkOnce, visibility: .hidden),
      Export("safe_name", visibility: .protected),
    ]
    try f.image.updateExports(Declaration(2), exports)
    try f.image.updateExports(Declaration(3), [Export("variable", visibility: .hidden)])
    try f.check(2)
    let place = try f.address(2)
    for (name, binding, visibility) in [
      ("strong_name", "GLOBAL", "DEFAULT"), ("weak_name", "WEAK", "DEFAULT"),
      ("local_name", "LOCAL", "DEFAULT"), ("shared_name", "LOCAL", "HIDDEN"),
      ("safe_name", "GLOBAL", "PROTECTED"),
    ] {
      let entry = f.symbol(named: name)
      #expect(
        entry
          == Fixture.Entry(
            value: place, size: 6, type: "FUNC", binding: binding, visibility: visibility,
            section: ".text"), "\(name)")
    }
    #expect(f.symbol(named: "variable")?.type == "OBJECT")
    // A declaration with exports is known by them, and again by its own name without.
    #expect(f.symbol(named: "f2") == nil)
    try f.function(2, 22, size: 5000)
    try f.image.updateExports(
      Declaration(2), [Export("weak_name", binding: .local), Export("local_name")])
    try f.check(22)
    #expect(f.symbol(named: "strong_name") == nil)
    #expect(f.symbol(named: "weak_name")?.binding == "LOCAL")
    #expect(f.symbol(named: "local_name")?.binding == "GLOBAL")
    #expect(f.symbol(named: "local_name")?.value == (try f.address(2)))
    #expect(f.symbol(named: "local_name")?.size == 5000)
    try f.image.updateExports(Declaration(2), [])
    try f.check(22)
    #expect(f.symbol(named: "f2")?.binding == "LOCAL")
    // A declaration that loses its name has no entry.
    try f.image.updateFunction(Declaration(2), name: "", code: f.code(23))
    try f.check(23)
    #expect(f.symbol(named: "f2") == nil)
  }

  @Test func duplicatesAreRefused() throws {
    let f = try Fixture()
    try f.function(2, 2)
    try f.function(3, 3)
    try f.start(calling: 2)
    try f.image.updateExports(Declaration(2), [Export("one"), Export("two", binding: .weak)])
    try f.check(2)
    f.rejects(.duplicate, "duplicate symbol 'one'", "'f3'") {
      try f.image.updateExports(
        Declaration(3), [Export("three"), Export("two"), Export("one")])
    }
    f.rejects(.duplicate) { try f.image.updateExports(Declaration(4), [Export("one")]) }
    f.rejects(.invalid, "'a' is exported twice") {
      try f.image.updateExports(Declaration(3), [Export("a"), Export("a", binding: .weak)])
    }
    f.rejects(.invalid, "needs a name") {
      try f.image.updateExports(Declaration(3), [Export("")])
    }
    try f.check(2)
    // A weak one beside a strong one is none, and a strong one beside a weak one takes over.
    try f.image.updateExports(Declaration(3), [Export("one", binding: .weak), Export("two")])
    let two = try f.image.importedSymbol("two")
    try f.start(calling: [try f.image.importedSymbol("one"), two])
    try f.check(2, 3)
    f.rejects(.duplicate, "'two'") {
      try f.image.updateExports(Declaration(2), [Export("one"), Export("two")])
    }
    // Renamed, the name is free.
    try f.image.updateExports(Declaration(2), [Export("uno"), Export("two", binding: .weak)])
    try f.image.updateExports(Declaration(3), [Export("one"), Export("two")])
    try f.check(3, 3)
  }

  @Test func theEntryFollowsItsExport() throws {
    let f = try Fixture()
    try f.function(2, 2)
    try f.function(3, 3)
    try f.start(calling: 2)
    try f.check(2)
    // It moves with its declaration, and to another one.
    try f.image.updateFunction(
      Declaration(1), name: "start",
      code: f.code(0, size: 5000).dropLast(f.emitter.constant(0).count)
        + f.emitter.start(calls: [f.image.callSequence(to: f.symbol(3))]))
    try f.check(3)
    try f.image.updateFunction(
      Declaration(9), name: "other",
      code: f.emitter.start(calls: [f.image.callSequence(to: f.symbol(2))]))
    try f.image.removeExport(Declaration(1), name: "_start")
    f.refuses(.noEntry, "'_start'")
    f.runs([3])
    try f.image.updateExports(Declaration(9), [Export("_start", binding: .weak)])
    try f.check(2)
    try f.image.updateExports(Declaration(1), [Export("_start")])
    try f.check(3)
    try f.image.free(Declaration(1))
    try f.check(2)
    try f.image.free(Declaration(9))
    f.refuses(.noEntry)
    f.runs([2])
  }

  // MARK: Sections

  @Test func migrationKeepsTheSlot() throws {
    let f = try Fixture()
    try f.reader(3, of: 2)
    try f.data(2, 0x11, kind: .immutable)
    let slot = try f.slot(2)
    let table = Declaration(4)
    try f.image.updateData(
      table, name: "table", kind: .mutable, bytes: [UInt8](repeating: 0, count: 8),
      relocations: [DataRelocation(offset: 0, target: f.symbol(2))])
    try f.start(calling: 3)
    func isIn(_ section: String, _ value: UInt32, line: SourceLocation = #_sourceLocation) throws {
      try f.check(value, sourceLocation: line)
      #expect(f.symbol(named: "d2")?.section == section, sourceLocation: line)
      #expect(try f.slot(2) == slot, sourceLocation: line)
      let place = try f.address(2)
      #expect(try f.number(f.bytes(at: slot, count: 8)) == place, sourceLocation: line)
      #expect(
        try f.number(f.bytes(at: f.address(4), count: 8)) == place, sourceLocation: line)
    }
    try isIn(".rodata", 0x11)
    try f.data(2, 0x12)
    try isIn(".data", 0x12)
    try f.data(2, 0)
    try isIn(".bss", 0)
    try f.data(2, 0x13)
    try isIn(".data", 0x13)
    try f.data(2, 0, kind: .immutable)
    try isIn(".rodata", 0)
    try f.data(2, 0)
    try isIn(".bss", 0)
    // Where an export puts it; the bytes of a zeroed variable are then in the file.
    try f.image.updateExports(Declaration(2), [Export("d2", section: "custom")])
    try isIn("custom", 0)
    try f.data(2, 0x14)
    try isIn("custom", 0x14)
    // Other exports need not say it again.
    try f.image.updateExports(
      Declaration(2), [Export("alias"), Export("d2", section: "custom")])
    try isIn("custom", 0x14)
    f.rejects(.invalid, "different sections") {
      try f.image.updateExports(
        Declaration(2), [Export("alias", section: "a"), Export("d2", section: "b")])
    }
    f.rejects(.invalid, "no name of a section") {
      try f.image.updateExports(Declaration(2), [Export("d2", section: "a\0b")])
    }
    try f.image.updateExports(Declaration(2), [Export("alias"), Export("d2", section: "x.anchor")])
    try isIn("x.anchor", 0x14)
    // Back, when the export that asked for it goes.
    try f.image.updateExports(Declaration(2), [Export("d2"), Export("alias", section: "custom")])
    try isIn("custom", 0x14)
    try f.image.removeExport(Declaration(2), name: "alias")
    try isIn(".data", 0x14)
    try f.image.updateExports(Declaration(2), [Export("d2", section: "custom")])
    try f.image.updateExports(Declaration(2), [])
    try isIn(".data", 0x14)
  }

  @Test func aNewDeclarationIsNotWhereAFreedOneWas() throws {
    let f = try Fixture()
    try f.data(2, 2)
    try f.image.updateExports(Declaration(2), [Export("d2", section: "custom")])
    try f.start(calling: [])
    try f.check()
    try f.image.free(Declaration(2))
    try f.data(3, 3)
    try f.check()
    #expect(f.symbol(named: "d3")?.section == ".data")
  }

  @Test func migrationToAndFromThreadLocal() throws {
    let f = try Fixture()
    try f.data(2, 5)
    let slot = try f.slot(2)
    try f.start(calling: [])
    try f.check()
    try f.data(2, 6, kind: .threadLocal)
    try f.check()
    #expect(f.symbol(named: "d2")?.type == "TLS")
    #expect(f.symbol(named: "d2")?.section == ".tdata")
    // Below the thread pointer, on x86-64.
    let offset = f.number(try f.bytes(at: slot, count: 8))
    #expect(Int64(bitPattern: offset) < 0 && Int64(bitPattern: offset) >= -4096)
    try f.data(2, 0, kind: .threadLocal)
    try f.check()
    #expect(f.symbol(named: "d2")?.section == ".tbss")
    try f.data(2, 7)
    try f.reader(3, of: 2)
    try f.start(calling: 3)
    try f.check(7)
    #expect(f.symbol(named: "d2")?.type == "OBJECT")
  }

  // MARK: Symbol table

  @Test func localsComeFirstAfterManyChanges() throws {
    let f = try Fixture { $0.checksInvariants = false }
    var chance = Chance(seed: 77)
    try f.start(calling: [])
    for round in 0..<20 {
      for _ in 0..<60 {
        let key = UInt64.random(in: 10..<80, using: &chance)
        switch Int.random(in: 0..<4, using: &chance) {
        case 0: try f.data(key, UInt32(key))
        case 1: try f.function(key, UInt32(key))
        case 2: try? f.image.free(Declaration(key))
        default:
          let bindings: [Export.Binding] = [.local, .strong, .weak, .linkOnce]
          try f.image.updateExports(
            Declaration(key),
            (0..<Int.random(in: 0..<4, using: &chance)).map {
              Export("e\(key)_\($0)", binding: bindings.randomElement(using: &chance)!)
            })
        }
      }
      // What has no bytes would be an undefined symbol.
      try f.check(lints: round % 5 == 4)
      let entries = f.symbols()
      let first = entries.firstIndex { $0.entry.binding != "LOCAL" } ?? entries.count
      #expect(entries[first...].allSatisfy { $0.entry.binding != "LOCAL" })
      // The null entry, which has no name, is not in the list.
      #expect(try #require(f.section(".symtab")).info == first + 1)
    }
  }

  @Test func roomOfNamesIsUsedAgain() throws {
    let f = try Fixture()
    try f.start(calling: [])
    func name(_ i: Int) -> String { "name_\(100_000 + i)" }
    for i in 0..<50 {
      try f.image.updateData(
        Declaration(UInt64(10 + i)), name: name(i), kind: .mutable, bytes: [1])
    }
    try f.check()
    let size = try #require(f.section(".strtab")).size
    for round in 1..<30 {
      for i in 0..<50 {
        try f.image.updateData(
          Declaration(UInt64(10 + i)), name: name(round * 50 + i), kind: .mutable, bytes: [1])
      }
    }
    try f.check()
    #expect(try #require(f.section(".strtab")).size <= size + 16)
    #expect(f.symbol(named: name(29 * 50 + 7)) != nil)
    #expect(f.symbol(named: name(7)) == nil)
    // One name for several: it stays until the last of them goes.
    try f.image.updateData(Declaration(10), name: "same", kind: .mutable, bytes: [1])
    try f.image.updateData(Declaration(11), name: "same", kind: .mutable, bytes: [1])
    try f.image.free(Declaration(10))
    try f.check()
    #expect(f.symbol(named: "same") != nil)
  }

  @Test func namesWithNUL() throws {
    let f = try Fixture()
    try f.start(calling: [])
    f.rejects(.invalid, "NUL") {
      try f.image.updateData(Declaration(2), name: "a\0b", kind: .mutable, bytes: [1])
    }
    try f.data(2, 2)
    f.rejects(.invalid, "NUL") {
      try f.image.updateData(Declaration(2), name: "d2\0", kind: .mutable, bytes: [9])
    }
    f.rejects(.invalid, "NUL") {
      try f.image.updateExports(Declaration(2), [Export("fine"), Export("bad\0")])
    }
    f.rejects(.invalid, "NUL") { _ = try f.image.importedSymbol("\0") }
    f.rejects(.invalid, "needs a name") { _ = try f.image.importedSymbol("") }
    try f.check()
  }
}
