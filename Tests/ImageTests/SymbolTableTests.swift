import Linker
import Testing
import Weld

/// What the file says of names: bindings, sections, the entry.
@Suite struct SymbolTableTests {
  /// Bindings of all entries with a name, in the order of the table.
  private func bindings(_ f: Fixture, _ name: String) -> [String] {
    f.symbols().filter { $0.name == name }.map(\.entry.binding)
  }

  /// Of several definitions of a name, only the one in force is not local.
  @Test func oneGlobalDefinitionOfAName() throws {
    let f = try Fixture()
    for key in 2...5 as ClosedRange<UInt64> { try f.function(key, UInt32(key)) }
    let name = try f.image.importedSymbol("name")
    try f.start(calling: [name])
    func export(_ key: UInt64, _ binding: Export.Binding?) throws {
      try f.image.updateExports(
        Declaration(key), binding.map { [Export("name", binding: $0)] } ?? [])
    }
    func expect(
      _ value: UInt32, _ globals: [String], locals: Int,
      sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
      try f.check(value, sourceLocation: sourceLocation)
      let found = bindings(f, "name")
      #expect(found.filter { $0 != "LOCAL" } == globals, sourceLocation: sourceLocation)
      #expect(found.count { $0 == "LOCAL" } == locals, sourceLocation: sourceLocation)
    }
    try export(2, .weak)
    try expect(2, ["WEAK"], locals: 0)
    try export(3, .weak)
    try expect(2, ["WEAK"], locals: 1)
    try export(4, .strong)
    try expect(4, ["GLOBAL"], locals: 2)
    try export(5, .local)
    try expect(4, ["GLOBAL"], locals: 3)
    try export(2, nil)
    try expect(4, ["GLOBAL"], locals: 2)
    try export(4, .linkOnce)
    try expect(3, ["WEAK"], locals: 2)
    try f.image.free(Declaration(3))
    try expect(4, ["WEAK"], locals: 1)
    try export(4, nil)
    try export(5, .strong)
    try expect(5, ["GLOBAL"], locals: 0)
    f.rejects(.duplicate) { try export(2, .strong) }
    try export(2, .weak)
    try export(5, .local)
    try expect(2, ["WEAK"], locals: 1)
  }

  /// Source: gABI, "Symbol Visibility".
  @Test func hiddenNamesAreLocal() throws {
    let f = try Fixture()
    try f.function(2, 2)
    try f.start(calling: [f.image.importedSymbol("name")])
    for visibility in [Export.Visibility.hidden, .default, .hidden, .protected] {
      try f.image.updateExports(Declaration(2), [Export("name", visibility: visibility)])
      try f.check(2)
      #expect(bindings(f, "name") == [visibility == .hidden ? "LOCAL" : "GLOBAL"])
    }
  }

  #if arch(x86_64)
    /// A weak definition that another input's stands before.
    @Test func aWeakDefinitionBeforeWhichAnInputStands() throws {
      let f = try Fixture(linkedWith: .none)
      let object = try f.compile("int chosen(void) { return 77; }", as: "chosen.o", "-fno-pie")
      try f.function(2, 2)
      try f.image.updateExports(Declaration(2), [Export("chosen", binding: .weak)])
      try f.start(calling: [f.image.importedSymbol("chosen")])
      try f.check(2)
      #expect(bindings(f, "chosen") == ["WEAK"])
      try f.image.addObject(object)
      try f.check(77)
      #expect(bindings(f, "chosen").sorted() == ["GLOBAL", "LOCAL"])
    }
  #endif

  /// Sections that mean something to linkers, loaders and tools are not for declarations.
  @Test func specialSections() throws {
    let f = try Fixture()
    try f.function(2, 2)
    try f.data(3, 3)
    try f.data(4, 4, kind: .immutable)
    try f.start(calling: 2)
    let refused = [
      ".symtab", ".strtab", ".shstrtab", ".dynamic", ".dynsym", ".dynstr", ".hash", ".gnu.hash",
      ".interp", ".got", ".got.plt", ".got.imports", ".plt", ".rela.dyn", ".rel.plt", ".relro",
      ".note.x",
      ".comment", ".group", ".eh_frame", ".eh_frame_hdr", ".debug_info", ".debug_x", ".zdebug_y",
      ".init", ".fini", ".init_array", ".init_array.5", ".fini_array", ".preinit_array", ".ctors",
      ".dtors.1", ".bss", ".tbss", ".tdata", ".tcb", ".stab", ".stabstr", ".line",
    ]
    for section in refused {
      for key in 2...5 as ClosedRange<UInt64> {
        f.rejects(.invalid, "section '\(section)'") {
          try f.image.updateExports(Declaration(key), [Export("name", section: section)])
        }
      }
    }
    for (section, key) in [
      (".text", 3), (".rodata", 3), (".text", 4), (".data", 4), (".data", 2), (".rodata", 2),
    ] as [(String, UInt64)] {
      f.rejects(.invalid, "section '\(section)'") {
        try f.image.updateExports(Declaration(key), [Export("name", section: section)])
      }
      // Before it has its bytes.
      try f.image.updateExports(Declaration(9), [Export("early", section: section)])
      f.rejects(.invalid, "section '\(section)'") {
        if key == 2 { try f.function(9, 1) }
        if key == 3 { try f.data(9, 1) }
        if key == 4 { try f.data(9, 1, kind: .immutable) }
      }
    }
    try f.image.free(Declaration(9))
    for section in [".init.text", "init_array", ".text", ".text.hot", ".gnuish", "x.got"] {
      try f.image.updateExports(Declaration(2), [Export("name", section: section)])
      try f.check(2)
      #expect(f.symbol(named: "name")?.section == section)
    }
  }

  @Test func theEntryIsAFunction() throws {
    let f = try Fixture()
    try f.function(2, 2)
    try f.start(calling: 2)
    try f.check(2)
    try f.image.updateExports(Declaration(1), [])
    for kind in [DataKind.mutable, .immutable, .threadLocal] {
      try f.data(3, 3, kind: kind)
      try f.image.updateExports(Declaration(3), [Export("_start")])
      f.refuses(.noEntry, "_start", "data")
    }
    try f.image.updateExports(Declaration(3), [])
    try f.start(calling: 2)
    try f.check(2)
  }

  /// Every section lies in a segment, whatever else there is.
  @Test(arguments: ImageMachine.allCases) func sectionsOfAllKindsBeside(
    _ machine: ImageMachine
  ) throws {
    for kinds in 1..<64 {
      let f = try Fixture(machine)
      try f.function(2, 2)
      try f.start(calling: 2)
      if kinds & 2 != 0 { try f.data(4, 0, kind: .threadLocal, extra: 50, alignment: 3) }
      // More zeros than the thread-local block has.
      if kinds & 1 != 0 { try f.data(3, 0, extra: kinds & 4 != 0 ? 100_000 : 100) }
      if kinds & 4 != 0 { try f.data(5, 5) }
      if kinds & 8 != 0 { try f.data(6, 6, kind: .threadLocal, alignment: 6) }
      if kinds & 16 != 0 { try f.data(7, 7, kind: .immutable) }
      if kinds & 32 != 0 {
        try f.data(8, 0)
        try f.image.updateExports(Declaration(8), [Export("eight", section: "eight")])
      }
      try f.check(2)
    }
  }

  /// Only what is thread-local has an offset from the thread pointer.
  @Test(arguments: ImageMachine.allCases) func threadOffsets(_ machine: ImageMachine) throws {
    let f = try Fixture(machine)
    try f.data(3, 3, kind: .threadLocal)
    try f.data(4, 4)
    try f.function(2, 2)
    try f.start(calling: 2)
    let imported = try f.image.importedSymbol("name")
    func table(_ target: ImageSymbol, _ kind: DataRelocation.Kind) throws {
      try f.image.updateData(
        Declaration(5), name: "table", kind: .mutable, bytes: [UInt8](repeating: 0, count: 16),
        relocations: [DataRelocation(offset: 8, target: target, kind: kind)])
    }
    for kind in [DataRelocation.Kind.threadOffset, .threadOffset32] {
      try table(f.symbol(3), kind)
      try f.check(2)
      f.rejects(.invalid, "'d4' is not thread-local") { try table(f.symbol(4), kind) }
      f.rejects(.invalid, "'f2' is not thread-local") { try table(f.symbol(2), kind) }
      f.rejects(.invalid, "'table' is not thread-local") { try table(f.symbol(5), kind) }
      // Known only later, or another kind of thing later.
      try f.data(3, 3)
      f.refuses(.invalid, "'table' at offset 8", "'d3' is not thread-local")
      try f.data(3, 3, kind: .threadLocal)
      try f.check(2)
      try table(f.symbol(6), kind)
      try f.function(6, 6)
      f.refuses(.invalid, "'f6' is not thread-local")
      try table(imported, kind)
      try f.image.free(Declaration(6))
      try f.image.updateExports(Declaration(4), [Export("name")])
      f.refuses(.invalid, "'name' is not thread-local")
      try f.image.updateExports(Declaration(4), [])
      try f.image.updateExports(Declaration(3), [Export("name")])
      try f.check(2)
      try f.image.updateExports(Declaration(3), [])
    }
  }
}
