import Linker
import TestSupport
import Testing

@testable import Weld

/// Sessions of random edits against a model of the process: what a swap brings, what it leaves alone,
/// and that what is taken back is in nobody's way. Sizes go over three decades; processes are new,
/// old, changed before, and of another image.
@Suite struct RandomSwapTests {
  @Test(arguments: [0x5a9_0001, 0x5a9_0002, 0x5a9_0003] as [UInt64])
  func editsAreSwappedOrTakenBack(seed: UInt64) throws {
    let model = try Model(seed: seed)
    for round in 0..<250 { try model.round("seed \(seed), round \(round)") }
    #expect(model.swaps > 100)
    #expect(model.refusals > 20)
    #expect(model.fixture.image.violations() == [])
  }

  private enum Kind: CaseIterable { case function, constant, variable }

  /// All that is said of a declaration.
  private struct Version: Equatable {
    var kind: Kind
    var size: Int
    var fill: UInt8
    var alignment: UInt8
    var isInSectionOfItsOwn = false
    /// The function whose address it holds.
    var target: UInt64?
  }

  private final class Model {
    let fixture: Fixture
    let other: Fixture
    var chance: Chance
    var now: [UInt64: Version] = [:]
    /// What the process has.
    var known: [UInt64: Version] = [:]
    /// Variables of the process: where, and what the program has made of them.
    var values: [UInt64: (address: UInt64, bytes: [UInt8])] = [:]
    var isFreed: Set<UInt64> = []
    var process: FakeProcess
    var olds: [FakeProcess] = []
    var swaps = 0
    var refusals = 0
    private var nextID: Int32 = 1
    private static let functions: ClosedRange<UInt64> = 10...13

    var engine: any ImageEngine { fixture.image.engine }

    init(seed: UInt64) throws {
      fixture = try Fixture { $0.liveReserve = 96 << 10 }
      other = try Fixture { $0.liveReserve = 96 << 10 }
      chance = Chance(seed: seed)
      for fixture in [fixture, other] {
        try fixture.function(1, 7)
        try fixture.image.updateExports(Declaration(1), [Export("_start")])
      }
      try other.function(2, 8)
      try other.image.flush()
      process = FakeProcess(path: other.path, id: 0)
      for key in Self.functions {
        try write(key, Version(kind: .function, size: 40, fill: 1, alignment: 4))
      }
      for key in 20..<40 as Range<UInt64> { try write(key, version()) }
      try restart()
    }

    func version() -> Version {
      // 16 to 16,000 bytes, most of them small.
      let size =
        Int.random(in: 8..<16, using: &chance)
        << [0, 1, 2, 3, 4, 5, 6, 10].randomElement(using: &chance)!
      let kind = Kind.allCases.randomElement(using: &chance)!
      return Version(
        kind: kind, size: size,
        fill: Bool.random(using: &chance) ? 0 : .random(in: 1...255, using: &chance),
        alignment: .random(in: 3...7, using: &chance),
        isInSectionOfItsOwn: Int.random(in: 0..<8, using: &chance) == 0,
        target: kind != .function && Int.random(in: 0..<4, using: &chance) == 0
          ? .random(in: Self.functions, using: &chance) : nil)
    }

    func write(_ key: UInt64, _ version: Version) throws {
      let declaration = Declaration(key)
      let bytes = [UInt8](repeating: version.fill, count: version.size)
      let export = Export(
        "export\(key)", section: version.isInSectionOfItsOwn ? ".own.\(version.kind)" : nil)
      if now[key] == nil {
        _ = try fixture.slot(key)
      } else if now[key]?.kind != version.kind {
        try fixture.image.updateExports(declaration, [])
      }
      let relocations =
        try version.target.map {
          [DataRelocation(offset: 0, target: try fixture.symbol($0))]
        } ?? []
      if version.kind == .function {
        try fixture.image.updateFunction(
          declaration, name: "f\(key)", code: bytes, alignment: version.alignment)
      } else {
        try fixture.image.updateData(
          declaration, name: "d\(key)", kind: version.kind == .constant ? .immutable : .mutable,
          bytes: bytes, alignment: version.alignment, relocations: relocations)
      }
      try fixture.image.updateExports(declaration, [export])
      now[key] = version
    }

    func free(_ key: UInt64) throws {
      try fixture.image.free(Declaration(key))
      now[key] = nil
      isFreed.insert(key)
    }

    /// One change, as a programmer makes it.
    func edit() throws {
      let key = UInt64.random(in: 20..<60, using: &chance)
      guard var version = now[key] else { return try write(key, self.version()) }
      switch Int.random(in: 0..<12, using: &chance) {
      case 0: return try free(key)
      case 1: version = self.version()
      case 2: version.alignment = .random(in: 3...7, using: &chance)
      case 3: version.isInSectionOfItsOwn.toggle()
      case 4: version.size = max(8, version.size * .random(in: 1...300, using: &chance) / 100)
      case 5: version.kind = Kind.allCases.randomElement(using: &chance)!
      case 6, 7:
        let function = UInt64.random(in: Self.functions, using: &chance)
        return try write(
          function,
          Version(
            kind: .function, size: .random(in: 20..<400, using: &chance),
            fill: .random(in: 1...255, using: &chance), alignment: 4))
      default: version.fill = Bool.random(using: &chance) ? 0 : .random(in: 1...255, using: &chance)
      }
      if version.kind == .function { version.target = nil }
      try write(key, version)
    }

    func takeBack() throws {
      for key in Set(now.keys).union(known.keys).sorted() where now[key] != known[key] {
        if let version = known[key] { try write(key, version) } else { try free(key) }
      }
    }

    func begin(_ process: FakeProcess) throws {
      try engine.beginSwapping(with: process.target, check: process.match)
    }

    /// Starts what the last flush wrote.
    func restart() throws {
      try fixture.image.flush()
      process = FakeProcess(path: fixture.path, id: nextID)
      nextID += 1
      try begin(process)
      synchronized()
      for (key, version) in now where version.kind == .variable { try note(key, version) }
    }

    func synchronized() {
      known = now
      isFreed = []
    }

    func note(_ key: UInt64, _ version: Version) throws {
      let address = try fixture.address(key)
      values[key] = (address, try #require(process.read(address, version.size)))
    }

    func round(_ comment: String) throws {
      for _ in 0..<Int.random(in: 1...4, using: &chance) { try edit() }
      try swap(comment)
      switch Int.random(in: 0..<12, using: &chance) {
      case 0: try restart()
      case 1:
        // Sessions with processes that are not what they have to be, which leave this one as it is.
        let wrong = [FakeProcess(path: other.path, id: 1000)] + olds.suffix(3)
        for process in wrong {
          #expect(throws: ImageError.self, "\(comment)") { try begin(process) }
        }
      case 2:
        // The same one again, with changes that it does not have yet.
        try edit()
        try fixture.image.flush()
        try begin(process)
        try swap(comment)
      case 3:
        // A process of now, which will be too old.
        let old = FakeProcess(path: fixture.path, id: nextID)
        nextID += 1
        for key in Self.functions {
          try write(key, Version(kind: .function, size: 30, fill: UInt8(olds.count), alignment: 4))
        }
        try swap(comment)
        olds.append(old)
      case 4, 5:
        engine.reclaim(engine.retiredRanges)
      case 6:
        // Not flushed: nothing can be brought.
        let before = now
        try edit()
        if now != before || !isFreed.isEmpty {
          #expect(!process.apply(engine.takePatches()).isEmpty, "\(comment)")
        }
        try swap(comment)
      default: break
      }
    }

    /// Flushes and swaps; what is refused is taken back, and then must be taken.
    func swap(_ comment: String) throws {
      try fixture.image.flush()
      let reasons = process.apply(engine.takePatches())
      if !reasons.isEmpty {
        refusals += 1
        if Bool.random(using: &chance) { engine.reclaim(engine.retiredRanges) }
        // What was freed comes back as something new, for which there may be no room.
        let isNew = !isFreed.isDisjoint(with: known.keys)
        try takeBack()
        try fixture.image.flush()
        let left = process.apply(engine.takePatches())
        if !left.isEmpty {
          #expect(isNew, "\(comment): taken back, and refused: \(left); before: \(reasons)")
          return try restart()
        }
      }
      engine.endSwapping()
      swaps += 1
      try check(comment)
      synchronized()
      // The program goes on.
      for (key, value) in values where now[key]?.target == nil && Bool.random(using: &chance) {
        let bytes = value.bytes.map { _ in UInt8.random(in: 0...255, using: &chance) }
        process.write(value.address, bytes)
        values[key] = (value.address, bytes)
      }
    }

    /// Whether the process is what the image says.
    private func check(_ comment: String) throws {
      let file = FakeProcess(path: fixture.path, id: 0)
      for (key, version) in now.sorted(by: { $0.key < $1.key }) {
        let comment = "\(comment), declaration \(key): \(version)"
        let address = try fixture.address(key)
        let slot = try fixture.slot(key)
        #expect(process.read(slot, 8) == file.read(slot, 8), "slot: \(comment)")
        let bytes = process.read(address, version.size)
        if version.kind == .variable, known[key]?.kind == .variable, !isFreed.contains(key) {
          #expect(values[key]?.address == address, "\(comment)")
          // What holds an address follows it, unless the program has changed it.
          if version.target == nil, known[key]?.target == nil {
            #expect(values[key]?.bytes == bytes, "\(comment)")
          }
        } else {
          #expect(bytes == file.read(address, version.size), "\(comment)")
        }
      }
      for key in values.keys where now[key]?.kind != .variable { values[key] = nil }
      for (key, version) in now where version.kind == .variable { try note(key, version) }
    }
  }
}
