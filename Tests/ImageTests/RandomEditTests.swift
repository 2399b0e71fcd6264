import ELFFormat
import Platform
import TestSupport
import Testing

@testable import Linker
@testable import Weld

/// Random edits, with failures in between, against a model of what the program computes.
@Suite struct RandomEditTests {
  @Test func tenThousandEditsOnThisMachine() throws {
    try edit(machine: .x86_64, operations: 10_000, every: 500, seed: 0x5eed_0001)
  }

  @Test(arguments: [ImageMachine.aarch64, .arm, .riscv64, .sparc64])
  func editsOnOtherMachines(_ machine: ImageMachine) throws {
    try edit(machine: machine, operations: 1_200, every: 300, seed: 0x5eed_0002)
  }

  @Test func smallReservesMakeManyParts() throws {
    try edit(machine: .x86_64, operations: 1_500, every: 300, seed: 0x5eed_0003, reserve: 4096)
  }

  @Test func addressesAboveFourGiB() throws {
    try edit(
      machine: .aarch64, operations: 600, every: 300, seed: 0x5eed_0004, base: 0x12_3450_0000)
  }

  /// What the model knows of a declaration.
  private enum Thing {
    /// Returns a number.
    case function(UInt32)
    /// Reads a variable's first word.
    case reader(of: UInt64)
    /// Calls the function that a table's first entry points at.
    case caller(of: UInt64)
    /// Holds a number.
    case variable(UInt32)
    /// Holds the address of a function.
    case table(of: UInt64)
  }

  private func edit(
    machine: ImageMachine, operations: Int, every: Int, seed: UInt64, reserve: UInt64? = nil,
    base: UInt64? = nil
  ) throws {
    let scratch = Scratch()
    var options = ImageOptions(machine: machine, path: scratch.file("program"))
    options.checksInvariants = true
    if let reserve { options.reserve = reserve }
    options.baseAddress = base
    let image = try ElfImage(options)
    let emitter = Emitter(machine: machine)
    var chance = Chance(seed: seed)
    var things: [UInt64: Thing] = [:]
    var nextKey: UInt64 = 10
    let start = Declaration(1)

    func pick(_ wanted: (Thing) -> Bool) -> UInt64? {
      things.keys.sorted().filter { wanted(things[$0]!) }.randomElement(using: &chance)
    }
    func isFunction(_ thing: Thing) -> Bool { if case .function = thing { true } else { false } }
    func isVariable(_ thing: Thing) -> Bool { if case .variable = thing { true } else { false } }
    func isTable(_ thing: Thing) -> Bool { if case .table = thing { true } else { false } }
    func padding() -> [UInt8] {
      Array(repeatElement(emitter.nop, count: chance.count(below: 3000)).joined())
    }
    func slot(_ key: UInt64) throws -> UInt64 {
      try image.offsetTableAddress(of: image.symbol(for: Declaration(key)))
    }
    /// Gives a declaration new bytes that do what the model says.
    func write(_ key: UInt64, _ thing: Thing) throws {
      let declaration = Declaration(key)
      let name = "d\(key)"
      switch thing {
      case .function(let value):
        try image.updateFunction(
          declaration, name: name, code: padding() + emitter.constant(value))
      case .reader(let variable):
        try image.updateFunction(
          declaration, name: name, code: padding() + emitter.reader(slot: slot(variable)))
      case .caller(let table):
        try image.updateFunction(
          declaration, name: name, code: padding() + emitter.jumpThroughData(slot: slot(table)))
      case .variable(let value):
        let count = chance.count(below: 10_000)
        let kind: DataKind = Bool.random(using: &chance) ? .mutable : .immutable
        try image.updateData(
          declaration, name: name, kind: kind,
          bytes: emitter.bytes(value) + [UInt8](repeating: value == 0 ? 0 : 0x5a, count: count),
          zeroFill: UInt64(chance.count(below: 10_000_000)),
          alignment: UInt8.random(in: 2...6, using: &chance))
      case .table(let function):
        let extra = Int.random(in: 0..<5, using: &chance)
        try image.updateData(
          declaration, name: name, kind: Bool.random(using: &chance) ? .mutable : .immutable,
          bytes: [UInt8](repeating: 0, count: emitter.wordSize * (1 + extra)),
          relocations: [
            DataRelocation(offset: 0, target: image.symbol(for: Declaration(function)))
          ])
      }
    }
    func value(_ key: UInt64) -> UInt32 {
      switch things[key]! {
      case .function(let value), .variable(let value): value
      case .reader(let other), .caller(let other), .table(let other): value(other)
      }
    }
    func users(of key: UInt64) -> Bool {
      things.values.contains {
        switch $0 {
        case .reader(key), .caller(key), .table(key): true
        default: false
        }
      }
    }

    for operation in 0..<operations {
      let comment = "seed \(seed), operation \(operation), \(machine)"
      if Int.random(in: 0..<25, using: &chance) == 0 {
        let before = Self.fingerprint(image)
        // Whether it is refused is not said: it ends, and leaves nothing.
        try? image.callWildly(&chance)
        #expect(Self.fingerprint(image) == before, "\(comment): a wild call changed something")
      }
      let injects = Int.random(in: 0..<10, using: &chance) == 0
      let before = injects ? Self.fingerprint(image) : ""
      if injects {
        Self.gate(image).stepsUntilFailure = Int.random(in: 0..<4, using: &chance)
      }
      var change: (UInt64, Thing?)?
      do {
        switch Int.random(in: 0..<100, using: &chance) {
        case 0..<45 where things.count > 20:
          let key = things.keys.sorted().randomElement(using: &chance)!
          var thing = things[key]!
          switch thing {
          case .function: thing = .function(.random(in: 0...(.max), using: &chance))
          case .variable:
            thing = .variable(
              Int.random(in: 0..<4, using: &chance) == 0
                ? 0 : .random(in: 0...(.max), using: &chance))
          case .table: thing = .table(of: pick(isFunction)!)
          default: break
          }
          try write(key, thing)
          change = (key, thing)
        case 45..<60 where things.count > 60:
          if let key = things.keys.sorted().randomElement(using: &chance), !users(of: key) {
            try image.free(Declaration(key))
            change = (key, nil)
          }
        case 60..<66 where things.count > 20:
          let key = things.keys.sorted().randomElement(using: &chance)!
          let count = Int.random(in: 0..<3, using: &chance)
          try image.updateExports(
            Declaration(key),
            (0..<count).map {
              Export(
                "export\(key)_\($0)",
                binding: [.strong, .weak, .local].randomElement(using: &chance)!)
            }
              + (Bool.random(using: &chance)
                ? [Export("shared\(key % 7)", binding: key % 3 == 0 ? .linkOnce : .weak)] : []))
        case 66..<70 where things.count > 20:
          if let key = pick(isFunction) {
            _ = try image.unnamedConstant(
              of: Declaration(key),
              bytes: [UInt8](
                repeating: 7, count: .random(in: 1..<150, using: &chance)), alignment: 2)
          }
        default:
          if things.count < 150 {
            let kinds: [Thing?] = [
              .function(.random(in: 0...(.max), using: &chance)),
              .variable(.random(in: 0...(.max), using: &chance)),
              pick(isVariable).map { .reader(of: $0) }, pick(isFunction).map { .table(of: $0) },
              pick(isTable).map { .caller(of: $0) },
            ]
            if let thing = kinds.randomElement(using: &chance)! {
              let key = nextKey
              nextKey += 1
              change = (key, thing)
              try write(key, thing)
            }
          }
        }
        if let change { things[change.0] = change.1 }
      } catch let error as ImageError {
        #expect(injects, "\(comment): \(error)")
        // Asking for a slot or a symbol first is a step of its own, and may stand.
        if injects {
          #expect(Self.fingerprint(image) == before, "\(comment): a failed call changed something")
        }
      }
      Self.gate(image).stepsUntilFailure = nil
      if operation > every, operation % (every / 4) == 1 {
        // Files take their turns.
        Meddling.allCases.randomElement(using: &chance)!.happen(to: options.path)
        try? image.flush()
        Meddling.end(at: options.path)
      }
      guard operation % every == every - 1 else { continue }

      let keys = things.keys.sorted().filter { !isVariable(things[$0]!) && !isTable(things[$0]!) }
      let calls = try keys.map {
        try image.callSequence(to: image.symbol(for: Declaration($0)))
      }
      try image.updateFunction(start, name: "start", code: emitter.start(calls: calls))
      try image.updateExports(start, [Export("_start")])
      try image.flush()
      let expected = keys.reduce(0 as UInt32) { $0 &* 31 &+ value($1) }
      let result = run(emitter.runner + [options.path])
      #expect(result.status == 0, "\(comment): \(result.output.prefix(200))")
      #expect(
        Array(result.output.utf8)
          == Array(String(decoding: emitter.bytes(expected), as: UTF8.self).utf8), "\(comment)")
      let lint = run(["eu-elflint", "--gnu-ld", options.path])
      #expect(lint.status == 0, "\(comment): \(lint.output)")
      let dump = run(["readelf", "-aW", options.path])
      #expect(!dump.output.contains("readelf:"), "\(comment): \(dump.output)")
      #expect(Self.namesOfSeveral(dump.output) == [], "\(comment)")
    }
  }

  /// Names that more than one entry of the symbol table has that is not local.
  private static func namesOfSeveral(_ dump: String) -> [String] {
    var seen: Set<Substring> = []
    return dump.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ")
      guard words.count == 8, words[0].hasSuffix(":"), words[4] == "GLOBAL" || words[4] == "WEAK"
      else { return nil }
      return seen.insert(words[7]).inserted ? nil : String(words[7])
    }
  }

  static func gate(_ image: ElfImage) -> GrowthGate { image.engine.growth }

  /// Everything that a failed call must not change.
  static func fingerprint(_ image: ElfImage) -> String {
    image.dump()
  }
}
