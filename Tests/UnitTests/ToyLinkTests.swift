import ELFFormat
import Platform
import Testing

@testable import Linker

/// The passes, one by one and all together, on a machine that is as unlike x86-64 as can be.
@Suite struct ToyLinkTests {
  // MARK: Support

  /// A link of objects that lie in memory.
  private static func link<E: ELFEncoding>(
    _: E.Type, _ objects: [ToyObject<E>], _ change: (inout LinkOptions) -> Void = { _ in }
  ) -> Link {
    Link.forTests(threads: 2, target: Toy<E>.self, output: OutputBytes()) {
      for (i, object) in objects.enumerated() {
        let path = "object\(i).o"
        let bytes = object.bytes
        $0.memoryFiles[path] = Self.inMemory(bytes)
        $0.inputs.append(.init(.path(path), .init()))
      }
      $0.outputPath = "output"
      change(&$0)
    }
  }

  /// Bytes that stay.
  private static func inMemory(_ bytes: [UInt8]) -> ByteString {
    let copy = allocateForever(UInt8.self, count: bytes.count)
    copy.initialize(from: bytes, count: bytes.count)
    return ByteString(start: copy, count: bytes.count)
  }

  /// What the link writes; nil if it fails.
  private static func output<E: ELFEncoding>(
    _: E.Type, _ objects: [ToyObject<E>], _ change: (inout LinkOptions) -> Void = { _ in }
  ) -> ToyOutput<E>? {
    let link = link(E.self, objects, change)
    guard (try? link.run(Toy<E>.self)) != nil else {
      link.diagnostics.flush()
      return nil
    }
    return ToyOutput(Array(link.services.outputBytes!.bytes))
  }

  /// Runs `body` for every class and byte order.
  private func inEveryEncoding(_ body: (any ELFEncoding.Type) throws -> Void) rethrows {
    for encoding: any ELFEncoding.Type in [
      ELF32Big.self, ELF32Little.self, ELF64Big.self, ELF64Little.self,
    ] { try body(encoding) }
  }

  /// The stages up to atoms and resolved names.
  private static func resolved<E: ELFEncoding>(
    _: E.Type, _ objects: [ToyObject<E>], _ change: (inout LinkOptions) -> Void = { _ in }
  ) throws -> (link: Link, duplicates: [DuplicateDefinition]) {
    let link = link(E.self, objects, change)
    var loader = InputLoader(link.serviceStage)
    loader.loadAll()
    try ReadInputs<Toy<E>>.run(
      link.serviceStage, loader, link.changingInputs, link.changingNaming, link.contentStage)
    ElectGroups.run(link.serviceStage, link.inputStage, link.contentStage)
    try ReadSections<Toy<E>>.run(
      link.serviceStage, link.inputStage, link.namingStage, link.contentStage)
    let duplicates = try ResolveSymbols<E>.run(
      link.serviceStage, link.inputStage, link.changingNaming, link.changingContents)
    DecideExports<E>.run(link.serviceStage, link.inputStage, link.changingNaming)
    link.naming.destinations = FillDestinations<E>.find(
      link.serviceStage, link.inputStage, link.namingStage, link.contentStage)
    return (link, duplicates)
  }

  private static func symbol(_ name: String, in link: Link) -> Symbol? {
    link.names.find(ByteString(copying: name), in: link.symbols).map { link.symbols[$0] }
  }

  // MARK: Whole links

  @Test func programs() throws {
    func check<E: ELFEncoding>(_: E.Type) throws {
      typealias R = Toy<E>.R
      var a = ToyObject<E>()
      a.function(
        "_start",
        [
          .init(offset: 0, type: R.call, symbol: "f", addend: 8),
          .init(offset: 4, type: R.distance, symbol: "number"),
        ])
      a.variable("pointer", [.init(offset: 0, type: R.word, symbol: "number", addend: 4)])
      var b = ToyObject<E>()
      b.function("f", words: 3)
      b.variable("number", words: 2)
      b.symbols.append(.init(name: "shared", section: "COMMON", value: 16, size: 40, type: .object))
      let output = try #require(Self.output(E.self, [a, b]))
      let (start, f) = (output.symbols["_start"]!, output.symbols["f"]!)
      #expect(output.target(of: start) == f + 8)
      #expect(output.target(of: start + 4) == output.symbols["number"])
      #expect(output.word(at: output.symbols["pointer"]!) == output.symbols["number"]! + 4)
      #expect(output.symbols["shared"]! % 16 == 0)
      #expect(output[".bss"]!.size >= 40)
      #expect(output[".rel.dyn"] == nil && output[".dynamic"] == nil)
      // The entry, and the machine.
      #expect(output.word(24) == start)
      #expect(output.bytes.withUnsafeBytes { E.load16($0.baseAddress! + 18) } == 0xf00d)
    }
    try inEveryEncoding { try check($0) }
  }

  @Test func libraries() throws {
    func check<E: ELFEncoding>(_: E.Type) throws {
      typealias R = Toy<E>.R
      let w = E.wordSize
      var a = ToyObject<E>()
      a.function("exported", [.init(offset: 0, type: R.call, symbol: "elsewhere")])
      a.symbols.append(
        .init(name: "hidden", section: ".text.exported", value: 4, visibility: .hidden))
      a.variable(
        "table", words: 3,
        [
          .init(offset: 0, type: R.word, symbol: "hidden", addend: 2),
          .init(offset: w, type: R.word, symbol: "exported", addend: 6),
          .init(offset: 2 * w, type: R.word, symbol: "elsewhere"),
        ])
      let output = try #require(Self.output(E.self, [a]) { $0.outputKind = .sharedLibrary })
      let table = output.symbols["table"]!
      let relocations = output.relocations(".rel.dyn")
      // The relative one first; its place holds the value.
      #expect(relocations.map(\.type) == [R.relative, R.word, R.word])
      #expect(relocations[0].offset == table && relocations[0].symbol == 0)
      #expect(output.word(at: table) == output.symbols["hidden"]! + 2)
      // What the loader adds the symbol to.
      #expect(output.word(at: table + UInt64(w)) == 6)
      let names = relocations.dropFirst().map { output.dynamicSymbols[Int($0.symbol)] }
      #expect(Set(names) == ["exported", "elsewhere"])
      // The call goes by a stub, whose slot the loader fills.
      let stub = output.target(of: output.symbols["exported"]!)
      #expect(output.word32(output.place(stub)) == 2)
      let linkage = output.relocations(".rel.plt")
      #expect(linkage.map(\.type) == [R.jumpSlot])
      #expect(UInt64(output.word32(output.place(stub) + 4)) == linkage[0].offset)
      let dynamic = output.dynamic
      #expect(dynamic[DynamicTag.rel] == output[".rel.dyn"]!.address)
      #expect(dynamic[DynamicTag.relSize] == UInt64(output[".rel.dyn"]!.size))
      #expect(dynamic[DynamicTag.relEntrySize] == UInt64(2 * w))
      #expect(dynamic[DynamicTag.relCount] == 1)
      #expect(dynamic[DynamicTag.pltRel] == DynamicTag.rel)
      #expect(dynamic[DynamicTag.rela] == nil)
    }
    try inEveryEncoding { try check($0) }
  }

  @Test func packedRelocations() throws {
    func check<E: ELFEncoding>(_: E.Type) throws {
      typealias R = Toy<E>.R
      let w = E.wordSize
      var a = ToyObject<E>()
      a.function("f")
      a.symbols.append(.init(name: "own", section: ".text.f", visibility: .hidden))
      a.variable(
        "table", words: 70,
        (0..<70).map { .init(offset: $0 * w, type: R.word, symbol: "own", addend: Int64($0)) })
      let output = try #require(
        Self.output(E.self, [a]) {
          $0.outputKind = .sharedLibrary
          $0.packsRelative = true
        })
      #expect(output[".rel.dyn"] == nil)
      // An address, and bitmaps of one bit less than a word for the places behind it.
      let packed = output[".relr.dyn"]!
      #expect(output.word(packed.offset) == output.symbols["table"])
      let full = E.is64 ? UInt64.max : UInt64(UInt32.max)
      #expect(output.word(packed.offset + w) == full)
      #expect(
        output.word(at: output.symbols["table"]! + UInt64(69 * w)) == output.symbols["f"]! + 69)
    }
    try inEveryEncoding { try check($0) }
  }

  @Test func threadLocalsAndArrays() throws {
    func check<E: ELFEncoding>(_: E.Type) throws {
      typealias R = Toy<E>.R
      let w = E.wordSize
      var a = ToyObject<E>()
      a.function("_start", [.init(offset: 0, type: R.threadOffset, symbol: "second")])
      a.sections.append(
        .init(
          name: ".tdata", flags: [.alloc, .write, .threadLocal],
          bytes: [UInt8](repeating: 7, count: 8), alignment: 8))
      a.sections.append(
        .init(name: ".tbss", type: .nobits, flags: [.alloc, .write, .threadLocal], size: 8))
      a.symbols.append(.init(name: "second", section: ".tdata", value: 4, type: .threadLocal))
      for (name, priority) in [("late", ".init_array"), ("early", ".init_array.5")] {
        a.function(name)
        a.sections.append(
          .init(
            name: priority, type: .initArray, flags: [.alloc, .write],
            bytes: [UInt8](repeating: 0, count: w), alignment: UInt64(w),
            relocations: [.init(offset: 0, type: R.word, symbol: name)]))
      }
      let output = try #require(Self.output(E.self, [a]))
      // Below the thread pointer: 16 bytes of the block, of which `second` begins at 4.
      #expect(
        output.word(at: output.symbols["_start"]!) == (E.is64 ? UInt64.max - 11 : 0xffff_fff4))
      let array = output[".init_array"]!
      #expect(output.word(array.offset) == output.symbols["early"])
      #expect(output.word(array.offset + w) == output.symbols["late"])
    }
    try inEveryEncoding { try check($0) }
  }

  @Test func constructorListsAreReversedByWord() throws {
    func check<E: ELFEncoding>(_: E.Type) throws {
      typealias R = Toy<E>.R
      let w = E.wordSize
      var a = ToyObject<E>()
      a.function("f")
      a.function("g")
      a.symbols.append(.init(name: "own", section: ".text.g", visibility: .hidden))
      a.sections.append(
        .init(
          name: ".ctors", flags: [.alloc, .write], bytes: [UInt8](repeating: 0, count: 2 * w),
          alignment: UInt64(w),
          relocations: [
            .init(offset: 0, type: R.word, symbol: "own", addend: 1),
            .init(offset: w, type: R.word, symbol: "own", addend: 2),
          ]))
      let output = try #require(Self.output(E.self, [a]) { $0.outputKind = .sharedLibrary })
      let array = output[".init_array"]!
      let g = output.symbols["g"]!
      #expect(output.word(array.offset) == g + 2)
      #expect(output.word(array.offset + w) == g + 1)
      #expect(
        Set(output.relocations(".rel.dyn").map(\.offset))
          == [array.address, array.address + UInt64(w)])
    }
    try inEveryEncoding { try check($0) }
  }

  // MARK: Single passes

  @Test func groupsAreElectedOnce() throws {
    func check<E: ELFEncoding>(_: E.Type) throws {
      var one = ToyObject<E>()
      one.function("inline", group: "inline", binding: .weak)
      let (link, duplicates) = try Self.resolved(E.self, [one, one, one])
      #expect(duplicates.isEmpty)
      // The first file has an atom; in the others nobody looked.
      let files = link.liveObjects.dropFirst().map { link.objects[$0] }
      #expect(files.map(\.atomCount) == [1, 0, 0])
      let symbol = try #require(Self.symbol("inline", in: link))
      #expect(symbol.file == link.liveObjects[1].raw)
    }
    try inEveryEncoding { try check($0) }
  }

  @Test func definitionsAreRanked() throws {
    func check<E: ELFEncoding>(_: E.Type) throws {
      var weak = ToyObject<E>()
      weak.function("f", binding: .weak)
      var strong = ToyObject<E>()
      strong.function("f")
      let (link, none) = try Self.resolved(E.self, [weak, strong])
      #expect(none.isEmpty)
      #expect(Self.symbol("f", in: link)?.file == link.liveObjects[2].raw)
      let (other, duplicates) = try Self.resolved(E.self, [strong, weak, strong])
      #expect(duplicates.map(\.winner) == [other.liveObjects[1]])
      #expect(duplicates.map(\.loser) == [other.liveObjects[3]])
    }
    try inEveryEncoding { try check($0) }
  }

  @Test func whatIsReachedLives() throws {
    func check<E: ELFEncoding>(_: E.Type) throws {
      typealias R = Toy<E>.R
      var a = ToyObject<E>()
      a.function("_start", [.init(offset: 0, type: R.call, symbol: "used")])
      a.function("used", [.init(offset: 0, type: R.word, symbol: "data")])
      a.function("unused", [.init(offset: 0, type: R.call, symbol: "used")])
      a.variable("data")
      a.variable("other")
      let (link, _) = try Self.resolved(E.self, [a]) { $0.collectsGarbage = true }
      _ = MarkLive<Toy<E>>.run(
        link.serviceStage, link.inputStage, link.namingStage, link.contentStage)
      for (name, lives) in [
        ("_start", true), ("used", true), ("data", true), ("unused", false), ("other", false),
      ] {
        let symbol = try #require(Self.symbol(name, in: link))
        #expect(link.atoms[symbol.atom].has.contains(.isLive) == lives, "\(name)")
      }
    }
    try inEveryEncoding { try check($0) }
  }

  @Test func equalStringsAreOne() throws {
    func check<E: ELFEncoding>(_: E.Type) throws {
      func texts(_ list: [String]) -> ToyObject<E> {
        var object = ToyObject<E>()
        object.sections.append(
          .init(
            name: ".rodata.str", flags: [.alloc, .merge, .strings],
            bytes: list.flatMap { Array($0.utf8) + [0] }, alignment: 1, entrySize: 1))
        return object
      }
      let (link, _) = try Self.resolved(
        E.self, [texts(["one", "two"]), texts(["two", "three", "one"])])
      MergeStrings<E>.run(
        link.serviceStage, link.inputStage, link.namingStage, link.changingContents)
      #expect(link.mergedSections.map(\.size) == [4 + 4 + 6])
      #expect(link.syntheticAtoms.count == 1)
    }
    try inEveryEncoding { try check($0) }
  }

  @Test func demandsBecomeSlots() throws {
    func check<E: ELFEncoding>(_: E.Type) throws {
      typealias R = Toy<E>.R
      var a = ToyObject<E>()
      a.function(
        "f",
        [
          .init(offset: 0, type: R.call, symbol: "elsewhere"),
          .init(offset: 4, type: R.slot, symbol: "variable"),
          .init(offset: 8, type: R.slot, symbol: "f"),
        ])
      let (link, _) = try Self.resolved(E.self, [a]) {
        $0.outputKind = .sharedLibrary
        $0.symbolicBinding = .all
      }
      ScanRelocations<Toy<E>>.run(
        link.serviceStage, link.inputStage, link.namingStage, link.contentStage,
        link.changingDemands)
      #expect(Self.symbol("elsewhere", in: link)!.has.contains(.needsPLT))
      #expect(Self.symbol("variable", in: link)!.has.contains(.needsOffsetSlot))
      AllocateSlots<E>.run(
        link.serviceStage, link.inputStage, link.namingStage, link.changingContents,
        link.changingDemands)
      #expect(link.procedureLinkage.lazy.count == 1 && link.procedureLinkage.direct.isEmpty)
      #expect(link.offsetTable.slots.count == 2)
      // What the slots need of the loader is known before anything has an address.
      let plans = (0..<2).map { link.slotPlan($0, Toy<E>.self) }
      #expect(
        Set(plans.map { $0.need!.type }) == [Toy<E>.R.globalData, Toy<E>.R.relative])
    }
    try inEveryEncoding { try check($0) }
  }

  @Test func atomsAreInTheOrderOfFiles() throws {
    func check<E: ELFEncoding>(_: E.Type) throws {
      var objects: [ToyObject<E>] = []
      for i in 0..<3 {
        var object = ToyObject<E>()
        object.function("plain\(i)", in: ".text", words: 1)
        object.function("cold\(i)", in: ".text.unlikely", words: 1)
        objects.append(object)
      }
      let (link, _) = try Self.resolved(E.self, objects)
      MergeStrings<E>.run(
        link.serviceStage, link.inputStage, link.namingStage, link.changingContents)
      PlaceAtoms<E>.run(
        link.serviceStage, link.inputStage, link.changingContents, link.demandStage,
        link.changingLayout)
      let names = ["cold0", "cold1", "cold2", "plain0", "plain1", "plain2"]
      let offsets = names.map { name in link.atoms[Self.symbol(name, in: link)!.atom].address }
      // Cold code in front, each aligned to four bytes.
      #expect(offsets == (0..<6).map { UInt64($0 * E.wordSize) })
    }
    try inEveryEncoding { try check($0) }
  }

  /// What is wrong with an object is told with its name, and nothing is written.
  @Test func damageIsTold() {
    func check<E: ELFEncoding>(_: E.Type) {
      typealias R = Toy<E>.R
      var a = ToyObject<E>()
      a.function("_start", words: 1, [.init(offset: 0, type: R.call, symbol: "nowhere")])
      #expect(Self.output(E.self, [a]) == nil)
      var bytes = ToyObject<E>().bytes
      bytes.removeLast(SectionHeader<E>.size)
      let link = Link.forTests(threads: 1, target: Toy<E>.self, output: OutputBytes()) {
        $0.memoryFiles["cut.o"] = Self.inMemory(bytes)
        $0.inputs.append(.init(.path("cut.o"), .init()))
      }
      #expect(throws: LinkFailed.self) { try link.run(Toy<E>.self) }
    }
    inEveryEncoding { check($0) }
  }
}
