import Testing
import Weld

@testable import TernCompiler

/// Sessions of random edits on every machine: after each few, the program runs and gives what a
/// model predicts.
@Suite struct MachineEditTests {
  @Test(arguments: MachineTests.machines, [1, 2])
  func editedProgramsGiveWhatAModelPredicts(_ machine: ImageMachine, seed: UInt64) async throws {
    try await Support.withDirectory { directory in
      var options = Session.Options(path: "edited.tern", output: "\(directory)/program")
      options.machine = machine
      options.checksInvariants = true
      let session = try Session(options)
      let facts = try #require(MachineFacts(machine))
      var program = EditedProgram(seed: seed, wordBytes: facts.wordBytes)
      let command = try #require(Support.command(machine, options.output))
      for round in 0..<6 {
        for _ in 0..<(round == 0 ? 1 : 5) {
          program.edit()
          _ = try session.update(Array(program.source.utf8))
          let violations = try #require(session.image).violations()
          #expect(violations == [])
        }
        try session.flush()
        let expected = program.output + "status 0\n"
        #expect(try Support.run(command, in: directory) == expected, "\(program.source)")
      }
    }
  }
}

/// A program that is known as what its functions compute.
private struct EditedProgram {
  enum Step {
    case add(Int64)
    case multiply(Int64)
    case variable(Int)
    case table(Int)
    case assign(Int)
    case call(Int)
    case indirect(Int)
    case branch(Int64, Int64)
  }
  enum Variable {
    case constant(Int64)
    case mutable(Int64)
    case threadLocal(Int64)

    var value: Int64 {
      switch self {
      case .constant(let value), .mutable(let value), .threadLocal(let value): value
      }
    }
  }

  private var random: SplitMix
  private let wordBytes: Int
  private var functions: [[Step]] = []
  private var variables: [Variable] = []
  private var tables: [[Int64]] = []

  init(seed: UInt64, wordBytes: Int) {
    random = SplitMix(state: seed)
    self.wordBytes = wordBytes
    for i in 0..<8 {
      variables.append(makeVariable())
      tables.append(makeTable())
      functions.append([])
      functions[i] = makeSteps(for: i)
    }
  }

  // MARK: Edits

  private mutating func number(_ range: ClosedRange<Int64>) -> Int64 {
    Int64.random(in: range, using: &random)
  }
  private mutating func index() -> Int { Int.random(in: 0..<8, using: &random) }

  /// What was a constant may become a variable, and the other way round.
  private mutating func makeVariable() -> Variable {
    let value = number(-1000...1_000_000_000)
    return switch number(0...3) {
    case 0: .constant(value)
    case 1: .mutable(value)
    case 2: .mutable(0)
    default: .threadLocal(value)
    }
  }

  private mutating func makeTable() -> [Int64] {
    let count = Int(number(4...40))
    return (0..<count).map { _ in number(-5...70_000) }
  }

  /// Functions call those after them.
  private mutating func makeSteps(for function: Int) -> [Step] {
    let count = Int(number(0...number(1...60)))
    var calls = 0
    return (0..<count).map { _ in
      let other = index()
      switch number(0...8) {
      case 0, 1: return .add(number(-0x7fff_ffff...0x7fff_ffff))
      case 2: return .multiply(number(-999...99_999))
      case 3: return .variable(other)
      case 4: return .table(other)
      case 5: return .assign(other)
      case 6 where other > function && calls < 3:
        calls += 1
        return .call(other)
      case 7 where other > function && calls < 3:
        calls += 1
        return .indirect(other)
      default: return .branch(number(-5...5_000), number(1...4096))
      }
    }
  }

  mutating func edit() {
    let target = index()
    switch number(0...5) {
    case 0: variables[target] = makeVariable()
    case 1: tables[target] = makeTable()
    default: functions[target] = makeSteps(for: target)
    }
  }

  // MARK: Source

  var source: String {
    var text = ""
    for (i, variable) in variables.enumerated() {
      switch variable {
      case .constant(let value): text += "const v\(i): [int] = [\(value)]\n"
      case .mutable(let value): text += "var v\(i): int = \(value)\n"
      case .threadLocal(let value): text += "thread var v\(i): int = \(value)\n"
      }
    }
    for (i, table) in tables.enumerated() {
      let numbers = table.map { String($0) }.joined(separator: ", ")
      text += "const t\(i): [int] = [\(numbers)]\n"
    }
    for (i, steps) in functions.enumerated() {
      text += "fn f\(i)(x: int) -> int {\n  var s = x\n"
      text += "  var p = &f\(i)\n"
      for step in steps { text += "  \(line(step))\n" }
      text += "  return s\n}\n"
    }
    text += "fn main() -> int {\n"
    for i in functions.indices { text += "  print(f\(i)(\(i * 3)))\n  print(\"\\n\")\n" }
    return text + "  return 0\n}\n"
  }

  private func line(_ step: Step) -> String {
    switch step {
    case .add(let value): return "s += \(value)"
    case .multiply(let value): return "s *= \(value)"
    case .variable(let i):
      if case .constant = variables[i] { return "s ^= v\(i)[0]" }
      return "s ^= v\(i)"
    case .table(let i): return "s += t\(i)[s & 3]"
    case .assign(let i):
      if case .constant = variables[i] { return "s -= v\(i)[0]" }
      return "v\(i) = s"
    case .call(let i): return "s = s ^ f\(i)(s & 7)"
    case .indirect(let i): return "p = &f\(i)\n  s -= p(s & 7)"
    case .branch(let bound, let value):
      return "if s < \(bound) { s += \(value) } else { s -= \(value) }"
    }
  }

  // MARK: Meaning

  var output: String {
    var values = variables.map(\.value)
    return functions.indices.map { "\(call($0, Int64($0 * 3), &values))\n" }.joined()
  }

  private func wrapped(_ value: Int64) -> Int64 {
    wordBytes == 8 ? value : Int64(Int32(truncatingIfNeeded: value))
  }

  private func call(_ function: Int, _ argument: Int64, _ values: inout [Int64]) -> Int64 {
    var s = argument
    for step in functions[function] {
      switch step {
      case .add(let value): s = wrapped(s &+ value)
      case .multiply(let value): s = wrapped(s &* value)
      case .variable(let i): s ^= values[i]
      case .table(let i): s = wrapped(s &+ tables[i][Int(s & 3)])
      case .assign(let i):
        if case .constant = variables[i] { s = wrapped(s &- values[i]) } else { values[i] = s }
      case .call(let i): s = s ^ call(i, s & 7, &values)
      case .indirect(let i): s = wrapped(s &- call(i, s & 7, &values))
      case .branch(let bound, let value): s = wrapped(s < bound ? s &+ value : s &- value)
      }
    }
    return s
  }
}
