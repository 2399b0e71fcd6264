import ELFFormat
import Testing

@testable import Linker

@Suite struct ImageDebugInfoTests {
  // MARK: Random edits against a model

  @Test(arguments: [1, 2, 3, 4] as [UInt64])
  func editsOf64BitImages(seed: UInt64) throws {
    var session = Session<ELF64Little>(X86_64Code.debugFrame, seed: seed)
    try session.run(steps: 1200)
  }

  @Test(arguments: [5, 6] as [UInt64])
  func editsOf32BitImages(seed: UInt64) throws {
    var session = Session<ELF32Little>(ARMCode.debugFrame, seed: seed)
    try session.run(steps: 1200)
  }

  @Test(arguments: [7, 8] as [UInt64])
  func editsOfBigEndianImages(seed: UInt64) throws {
    var session = Session<ELF64Big>(SPARC64Code.debugFrame, seed: seed)
    try session.run(steps: 1200)
  }

  private struct Stop: Error {}

  private struct Session<E: ELFEncoding> {
    let growth = GrowthGate()
    let info: ImageDebugInfo<E>
    var model = DebugInfoModel<E>()
    var maker: DebugInfoMaker
    var nextAddress: UInt64 = 0x1_0000
    var failures = 0

    init(_ facts: DebugFrameFacts, seed: UInt64) {
      info = ImageDebugInfo(frame: facts, growth: growth, reserve: 1 << 26)
      maker = DebugInfoMaker(seed: seed, units: 7)
    }

    mutating func address(_ size: UInt64) -> UInt64 {
      defer { nextAddress += size + 16 }
      return nextAddress
    }

    mutating func run(steps: Int) throws {
      for step in 0..<steps {
        let failing = maker.below(4) > 0
        // The first change opens seven sections.
        if failing { growth.stepsUntilFailure = maker.below(step < 60 ? 20 : 2) }
        let before = failing ? info.sections.map { Array($0.bytes) } : []
        do {
          // Grows for a while, then shrinks, then grows again.
          try change(removing: step % 400 > 300 ? 6 : 1)
        } catch let error as ImageError {
          #expect(error.code == .outOfRoom)
          failures += 1
          let after = info.sections.map { Array($0.bytes) }
          #expect(before == after, "step \(step) failed and changed something")
          try check(step)
        }
        growth.stepsUntilFailure = nil
        if step % 20 == 0 || step == steps - 1 { try check(step) }
      }
      #expect(failures >= 20)
      for key in model.declared.keys.sorted() { info.remove(key) }
      model.declared = [:]
      try check(steps)
      #expect(info.units.isEmpty && info.records.isEmpty)
    }

    mutating func change(removing: Int) throws {
      let key = UInt32(maker.below(120))
      let present = model.declared[key]
      switch maker.below(12 + removing) {
      case 0..<4:
        let size = UInt64(maker.below(500))
        let described = maker.function(key, size: size)
        let address = self.address(size)
        try info.update(function: key, info: described, address: address, size: size)
        model.declared[key] = .init(described: .function(described, size: size), address: address)
      case 4, 5:
        let described = maker.variable(key)
        let isThreadLocal = maker.below(4) == 0
        let address = self.address(8)
        try info.update(
          variable: key, info: described, address: address, isThreadLocal: isThreadLocal)
        model.declared[key] = .init(
          described: .variable(described, isThreadLocal: isThreadLocal), address: address)
      case 6, 7:
        // The same function with a little more or less to it.
        guard case .function(var described, let size) = present?.described else { return }
        if maker.below(2) == 0 { described.locals = described.locals.dropLast() }
        described.name = maker.name("f\(key)")
        described.lines = maker.lines(size: size)
        try info.update(
          function: key, info: described, address: present!.address, size: size)
        model.declared[key]!.described = .function(described, size: size)
      case 8, 9:
        guard case .function(var described, let size) = present?.described else { return }
        described.lines = maker.lines(size: size)
        try info.updateLines(key, described.lines)
        model.declared[key]!.described = .function(described, size: size)
      case 10, 11:
        guard let present else { return info.moved(key, to: 1) }
        var size: UInt64 = 8
        if case .function(_, let own) = present.described { size = own }
        let address = self.address(size)
        info.moved(key, to: address)
        model.declared[key]!.address = address
      default:
        info.remove(key)
        model.declared[key] = nil
      }
    }

    func check(_ step: Int) throws {
      #expect(info.violations() == [], "step \(step)")
      let walker = try DwarfWalker<E>(info.sections)
      typealias Model = DebugInfoModel<E>
      let found = Model.sorted(walker.units)
      #expect(walker.units.count == found.count)
      let expected = Model.sorted(model.units)
      if found != expected {
        Issue.record(
          "step \(step): found \(found.subtracting(expected)), not \(expected.subtracting(found))")
        throw Stop()
      }
      #expect(walker.frames.mapValues(\.instructions) == model.frames)
    }
  }

  // MARK: What is written

  private static let unit = DebugUnit(
    path: "a.t", directory: "/src", language: 0x1d, producer: "compiler")
  private static let int = DebugType.integer(name: "int", bytes: 4, isSigned: true)

  private func function(_ index: Int, shiftedBy shift: UInt32 = 0) -> FunctionDebugInfo {
    FunctionDebugInfo(
      unit: Self.unit, name: "function\(index)",
      lines: (0..<10).map {
        DebugLine(offset: $0 * 8, line: UInt32(index) * 20 + $0 + 1 + shift, column: 3)
      },
      result: Self.int,
      locals: [DebugLocal(name: "n", type: Self.int, frameOffset: -8, isParameter: true)],
      frameRegister: 6, frameInstructions: [0x41, 0x0e, 16])
  }

  private func filled(_ count: Int) throws -> ImageDebugInfo<ELF64Little> {
    let info = ImageDebugInfo<ELF64Little>(frame: X86_64Code.debugFrame, growth: GrowthGate())
    for index in 0..<count {
      try info.update(
        function: UInt32(index), info: function(index), address: 0x40_0000 + UInt64(index) * 128,
        size: 100)
    }
    for section in info.sections { section.dirty.removeAll() }
    return info
  }

  /// Bytes written since last asked, by section.
  private func written(_ info: ImageDebugInfo<ELF64Little>) -> [String: Int] {
    var counts: [String: Int] = [:]
    for section in info.sections {
      let count = section.dirty.take().reduce(0) { $0 + $1.count }
      if count > 0 { counts[section.name] = count }
    }
    return counts
  }

  @Test func nothingIsReservedWithoutDebugInformation() {
    let growth = GrowthGate()
    growth.stepsUntilFailure = 0
    let info = ImageDebugInfo<ELF64Little>(frame: X86_64Code.debugFrame, growth: growth)
    info.remove(1)
    info.moved(1, to: 2)
    #expect(info.sections.isEmpty && info.violations().isEmpty)
    #expect(growth.stepsUntilFailure == 0)
  }

  @Test(arguments: [20, 400])
  func shiftedLinesWriteLineRecordsAlone(count: Int) throws {
    let info = try filled(count)
    try info.updateLines(7, function(7, shiftedBy: 1).lines)
    let lines = written(info)
    #expect(lines.keys.sorted() == [".debug_line"])
    // One operand of one operation.
    #expect(lines[".debug_line"]! <= 4)
    // The same by way of an update.
    try info.update(
      function: 8, info: function(8, shiftedBy: 300), address: 0x40_0000 + 8 * 128, size: 100)
    let update = written(info)
    #expect(update.keys.sorted() == [".debug_line"])
    #expect(update[".debug_line"]! <= 64)
    // And what did not change writes nothing.
    try info.update(
      function: 8, info: function(8, shiftedBy: 300), address: 0x40_0000 + 8 * 128, size: 100)
    #expect(written(info).isEmpty)
  }

  @Test(arguments: [20, 400])
  func movesWriteFixedFields(count: Int) throws {
    let info = try filled(count)
    info.moved(7, to: 0x1234_5678_9abc)
    #expect(
      written(info) == [
        // The entry of ranges has a second address, whose highest bytes are zero as well.
        ".debug_info": 6, ".debug_line": 6, ".debug_frame": 6, ".debug_rnglists": 14,
      ])
    #expect(info.violations() == [])
  }

  @Test func editsWriteTheirFragment() throws {
    let info = try filled(400)
    var edited = function(9)
    edited.locals.append(
      DebugLocal(name: "added", type: Self.int, frameOffset: -16, isParameter: false))
    try info.update(function: 9, info: edited, address: 0x40_0000 + 9 * 128, size: 100)
    let counts = written(info)
    #expect(counts.keys.sorted() == [".debug_info"])
    #expect(counts[".debug_info"]! < 100)
    info.remove(11)
    let removed = written(info)
    #expect(removed.values.reduce(0, +) < 200)
    #expect(info.violations() == [])
  }

  @Test func roomIsReused() throws {
    let info = try filled(200)
    let sizes = info.sections.map(\.size)
    for round in 0..<2000 {
      let key = UInt32(round * 7 % 200)
      var edited = function(Int(key))
      edited.name += String(repeating: "y", count: round % 30)
      try info.update(
        function: key, info: edited, address: 0x40_0000 + UInt64(key) * 128, size: 100)
    }
    for (section, size) in zip(info.sections, sizes) {
      #expect(section.size <= 2 * size, "\(section.name)")
    }
    #expect(info.violations() == [])
  }

  @Test func rangesOfUnitsAreReused() throws {
    let info = ImageDebugInfo<ELF64Little>(frame: X86_64Code.debugFrame, growth: GrowthGate())
    var sizes: [UInt64] = []
    for round in 0..<60 {
      for key in 0..<60 {
        var described = function(key)
        // Units of one to thirty functions, others in each round, of a few names.
        described.unit.path = "unit\((key * (1 + round % 5) / 30 + round) % 12)"
        try info.update(
          function: UInt32(key), info: described, address: 0x1_0000 + UInt64(key) * 128, size: 100)
      }
      if round == 20 { sizes = info.sections.map(\.size) }
    }
    for (section, size) in zip(info.sections, sizes) {
      #expect(section.size <= size + size / 2, "\(section.name)")
    }
    #expect(info.violations() == [])
  }

  @Test func typesLiveAsLongAsTheyAreUsed() throws {
    let info = ImageDebugInfo<ELF64Little>(frame: X86_64Code.debugFrame, growth: GrowthGate())
    let inner = DebugType.structure(
      name: "Inner", bytes: 4, fields: [.init(name: "a", type: Self.int, offset: 0)])
    let outer = DebugType.pointer(to: .array(of: inner, count: 3))
    func set(_ key: UInt32, _ type: DebugType) throws {
      try info.update(
        variable: key, info: VariableDebugInfo(unit: Self.unit, name: "v\(key)", type: type),
        address: 8)
    }
    func count() throws -> Int { try DwarfWalker<ELF64Little>(info.sections).units[0].typeCount }
    try set(1, outer)
    #expect(try count() == 4)
    try set(2, inner)
    #expect(try count() == 4)
    try set(1, Self.int)
    #expect(try count() == 2)
    info.remove(2)
    #expect(try count() == 1)
    #expect(info.violations() == [])
  }

  /// As many as a build of a hundred thousand functions leaves, none touching another.
  @Test func manyDirtyRanges() {
    var dirty = DirtyRanges()
    for index in 0..<200_000 as Range<UInt64> {
      let start = index * 7919 % 200_000 * 4
      dirty.add(start..<start + 2)
    }
    let taken = dirty.take()
    #expect(taken.count == 200_000 && dirty.isEmpty)
    #expect(taken.first == 0..<2 && taken.last == 799_996..<799_998)
  }

  @Test func namesEndWhereTheyEnd() throws {
    let info = ImageDebugInfo<ELF64Little>(frame: X86_64Code.debugFrame, growth: GrowthGate())
    try info.update(
      variable: 1, info: VariableDebugInfo(unit: Self.unit, name: "a\0b", type: Self.int),
      address: 8)
    try info.update(
      variable: 2, info: VariableDebugInfo(unit: Self.unit, name: "", type: Self.int), address: 16)
    let unit = try #require(try DwarfWalker<ELF64Little>(info.sections).units.first)
    #expect(
      unit.declarations == [
        "variable ab external at 8 type int:4:5", "variable  external at 16 type int:4:5",
      ])
  }

  // MARK: Refusals

  @Test func refusals() throws {
    let info = ImageDebugInfo<ELF32Little>(frame: ARMCode.debugFrame, growth: GrowthGate())
    var wrong = function(1)
    wrong.lines = [DebugLine(offset: 8, line: 1), DebugLine(offset: 4, line: 2)]
    #expect(throws: ImageError.self) {
      try info.update(function: 1, info: wrong, address: 0x1000, size: 100)
    }
    #expect(throws: ImageError.self) {
      try info.update(function: 1, info: function(1), address: 0x1000, size: 10)
    }
    #expect(throws: ImageError.self) {
      try info.update(function: 1, info: function(1), address: 0xffff_fff0, size: 100)
    }
    #expect(throws: ImageError.self) { try info.updateLines(1, []) }
    #expect(info.sections.isEmpty)
  }
}
