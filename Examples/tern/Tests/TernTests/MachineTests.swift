import Glibc
import Testing
import Weld

@testable import TernCompiler

/// Random functions, executed on every machine that the present one can run or emulate, against a
/// model of what the IR means.
@Suite struct MachineTests {
  static let machines = ImageMachine.allCases.filter { TinyProgram.runner($0) != nil }

  @Test(arguments: machines, 0..<25)
  func randomFunctionsDoWhatTheIRMeans(_ machine: ImageMachine, seed: UInt64) throws {
    let facts = try #require(MachineFacts(machine))
    var generator = FunctionGenerator(seed: seed &* 5 &+ 1, wordBytes: facts.wordBytes)
    let functions = generator.functions()
    let globals = ["words": 16]
    let program = try TinyProgram(
      facts, functions: functions, globals: globals, threadLocals: ["first": 0, "second": 24])
    var model = IRModel(
      facts, functions: functions, globals: ["words": 16, "first": 1, "second": 1])
    let expected = model.run()
    let (output, status) = try program.run()
    #expect(status == 0)
    #expect(!expected.isEmpty && output.count == expected.count)
    let wrong = zip(words(output, facts), words(expected, facts)).enumerated().filter {
      $1.0 != $1.1
    }
    #expect(wrong.isEmpty, "\(wrong)")
  }

  private func words(_ bytes: [UInt8], _ facts: MachineFacts) -> [String] {
    stride(from: 0, to: bytes.count, by: facts.wordBytes).map { start in
      let word = bytes[start..<start + facts.wordBytes]
      let value = (facts.isBigEndian ? Array(word) : word.reversed())
        .reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
      return String(value, radix: 16)
    }
  }

  /// A branch over many instructions, and back; on RISC-V, over more than its jump reaches.
  @Test(arguments: machines) func jumpsReachFar(_ machine: ImageMachine) throws {
    let facts = try #require(MachineFacts(machine))
    var body = IRFunction(parameterCount: 0)
    let (count, zero, one) = (body.makeSlot(), body.makeSlot(), body.makeSlot())
    let (start, end) = (body.makeLabel(), body.makeLabel())
    body.append(.constant(count, 3))
    body.append(.constant(one, 1))
    body.append(.label(start))
    body.append(.branchIfZero(count, end))
    body.append(.binary(count, .subtract, count, one))
    let distance = machine == .riscv64 ? 140_000 : 10_000
    for _ in 0..<distance { body.append(.copy(zero, from: zero)) }
    body.append(.constant(zero, 0x4141_4141))
    body.append(contentsOf: Self.write(&body, zero, bytes: facts.wordBytes))
    body.append(.jump(start))
    body.append(.label(end))
    body.append(.leave(nil))
    let code = try facts.emit(body, tableSlots: [:])
    #expect(code.bytes.count > 8 * distance)
    let program = try TinyProgram(facts, functions: ["body": body], globals: [:])
    let (output, status) = try program.run()
    #expect(status == 0)
    #expect(output.filter { $0 == 0x41 }.count == 12)
  }

  /// Where a machine's jump does not reach far enough, another instruction takes its place.
  @Test func jumpsThatReachFurtherAreOthers() {
    var riscv = RISCV64Backend()
    riscv.jump(to: Label(0))
    riscv.resolve(riscv.buffer.fixups[0], to: 0xf_fffe)
    #expect(riscv.buffer.word32(at: 0) == 0x7fff_f06f)  // j .+0xffffe
    riscv.resolve(riscv.buffer.fixups[0], to: 0x1234_5ffc)
    #expect(riscv.buffer.word32(at: 0) == 0x1234_6317)  // auipc t1, 0x12346
    #expect(riscv.buffer.word32(at: 4) == 0xffc3_0067)  // jr -4(t1)

    var sparc = SPARC64Backend()
    sparc.jump(to: Label(0))
    sparc.resolve(sparc.buffer.fixups[0], to: 0x7f_fffc)
    #expect(sparc.buffer.word32(at: 0) == 0x109f_ffff)  // ba .+0x7ffffc
    sparc.resolve(sparc.buffer.fixups[0], to: 0x80_0000)
    #expect(sparc.buffer.word32(at: 0) == 0x4020_0000)  // call .+0x800000
  }

  @Test(arguments: machines) func aTrapEndsTheProgram(_ machine: ImageMachine) throws {
    let facts = try #require(MachineFacts(machine))
    var body = IRFunction(parameterCount: 0)
    body.append(.trap)
    let program = try TinyProgram(facts, functions: ["body": body], globals: [:])
    #expect(throws: TinyProgram.Failure.self) { try program.run() }
  }

  /// Writes so many bytes of the frame from a slot on.
  static func write(_ function: inout IRFunction, _ slot: Slot, bytes: Int) -> [Instruction] {
    let (output, address, size) = (
      function.makeSlot(), function.makeSlot(), function.makeSlot()
    )
    return [
      .constant(output, 1), .frameAddress(address, of: slot), .constant(size, Int64(bytes)),
      .systemCall(output, .write, [output, address, size]),
    ]
  }
}

extension IRFunction {
  mutating func append(contentsOf new: [Instruction]) { instructions += new }
}

/// Random numbers that are the same in each run.
///
/// Source: G. Steele et al., "Fast Splittable Pseudorandom Number Generators", SplitMix64.
struct SplitMix: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var z = state
    z = (z ^ z >> 30) &* 0xbf58_476d_1ce4_e5b9
    z = (z ^ z >> 27) &* 0x94d0_49bb_1331_11eb
    return z ^ z >> 31
  }
}

/// Functions that end, divide by what the IR allows, and call only those before them.
private struct FunctionGenerator {
  private var random: SplitMix
  private let wordBytes: Int
  private var function = IRFunction(parameterCount: 0)
  private var variables: [Slot] = []
  private var array = Slot(0)
  private var callable: [(name: String, parameters: Int)] = []
  private var callsLeft = 0

  init(seed: UInt64, wordBytes: Int) {
    random = SplitMix(state: seed)
    self.wordBytes = wordBytes
  }

  mutating func functions() -> [String: IRFunction] {
    var result: [String: IRFunction] = [:]
    for i in 0..<6 {
      let parameters = pick([0, 1, 2, 4, 5, 7, 8, 9, 12])
      begin(parameters: parameters)
      statements(12, depth: 0)
      function.append(.leave(variable()))
      result["f\(i)"] = function
      callable.append(("f\(i)", parameters))
    }
    begin(parameters: 0)
    let results = function.makeSlots(callable.count)
    for (i, callee) in callable.enumerated() {
      statements(3, depth: 1)
      call(callee, result: Slot(results.index + i))
    }
    let bytes = callable.count * wordBytes
    function.append(contentsOf: MachineTests.write(&function, results, bytes: bytes))
    let (output, address, size) = (function.makeSlot(), function.makeSlot(), function.makeSlot())
    function.append(.constant(output, 1))
    function.append(.symbolAddress(address, .global("words")))
    function.append(.constant(size, Int64(16 * wordBytes)))
    function.append(.systemCall(output, .write, [output, address, size]))
    function.append(.leave(nil))
    result["body"] = function
    return result
  }

  private mutating func pick<T>(_ items: [T]) -> T { items.randomElement(using: &random)! }
  private mutating func chance(_ part: Int) -> Bool {
    Int.random(in: 0..<part, using: &random) == 0
  }

  private mutating func begin(parameters: Int) {
    function = IRFunction(parameterCount: parameters)
    // Frames of more bytes than immediates reach, some of them at the far end.
    if chance(3) { _ = function.makeSlots(pick([300, 600, 1100, 9000])) }
    variables = (0..<5).map { _ in function.makeSlot() }
    array = function.makeSlots(8)
    if chance(3) { _ = function.makeSlots(pick([250, 600, 1100, 9000])) }
    callsLeft = 3
    for slot in variables { constant(slot) }
    for i in 0..<8 { constant(Slot(array.index + i)) }
    variables += (0..<parameters).map { Slot($0) }
  }

  private mutating func variable() -> Slot { pick(variables) }

  private mutating func constant(_ slot: Slot) {
    let values: [Int64] = [
      0, 1, -1, 42, 2047, 2048, -2048, -2049, 4095, 4096, -4097, 0xffff, 0x1_0000, 0x7fff_f800,
      0x7fff_ffff, -0x8000_0000, 0x8000_0000, 0xffff_ffff, 0xffff_0000_ffff, -0x1_0000_0001,
      0x1234_5678_9abc_def0, .max, .min, .min + 1, 0x7fff_ffff_ffff_f800, 0xffff_ffff_0000,
    ]
    let value =
      chance(2)
      ? pick(values) : Int64(bitPattern: random.next()) >> pick([0, 8, 20, 33, 40, 51, 60])
    function.append(.constant(slot, value))
  }

  private mutating func statements(_ count: Int, depth: Int) {
    for _ in 0..<count { statement(depth: depth) }
  }

  private mutating func statement(depth: Int) {
    switch Int.random(in: 0..<12, using: &random) {
    case 0: constant(variable())
    case 1: function.append(.copy(variable(), from: variable()))
    case 2: function.append(.signExtend32(variable(), variable()))
    case 3...6: binary()
    case 7: memory()
    case 8: memory()
    case 9 where depth < 2: condition(depth: depth)
    case 10 where depth < 2: loop(depth: depth)
    case 11 where depth == 0 && callsLeft > 0 && !callable.isEmpty:
      callsLeft -= 1
      call(pick(callable), result: chance(5) ? nil : variable())
    default: binary()
    }
  }

  private mutating func binary() {
    let operation = pick([
      BinaryOperation.add, .subtract, .multiply, .divide, .and, .or, .xor, .shiftLeft, .shiftRight,
      .equal, .notEqual, .less, .lessOrEqual, .below,
    ])
    var right = variable()
    let bound: (mask: Int64, least: Int64)? =
      switch operation {
      case .divide: (chance(2) ? 0x7f : 0x7fff_ffff, 1)
      case .shiftLeft, .shiftRight: (Int64(wordBytes * 8 - 1), 0)
      default: nil
      }
    if let bound {
      let (value, other) = (function.makeSlot(), function.makeSlot())
      function.append(.constant(other, bound.mask))
      function.append(.binary(value, .and, right, other))
      function.append(.constant(other, bound.least))
      function.append(.binary(value, .or, value, other))
      if operation == .divide, chance(2) {
        // Minus two and less.
        function.append(.constant(other, -1))
        function.append(.binary(value, .subtract, other, value))
      }
      right = value
    }
    function.append(.binary(variable(), operation, variable(), right))
  }

  /// Loads or stores a word or a byte of the frame, of a global or of a thread-local variable.
  private mutating func memory() {
    let (address, offset) = (function.makeSlot(), function.makeSlot())
    var words = 8
    switch Int.random(in: 0..<4, using: &random) {
    case 0: function.append(.frameAddress(address, of: array))
    case 1:
      function.append(.symbolAddress(address, .global("words")))
      words = 16
    case 2:
      function.append(.threadAddress(address, .global("first")))
      words = 1
    default:
      function.append(.threadAddress(address, .global("second")))
      words = 1
    }
    let width = pick([Width.byte, .word])
    let unit = width == .word ? wordBytes : 1
    let place = Int.random(in: 0..<words * wordBytes / unit, using: &random) * unit
    function.append(.constant(offset, Int64(place)))
    function.append(.binary(address, .add, address, offset))
    function.append(
      chance(2)
        ? .load(variable(), width, address: address)
        : .store(width, address: address, value: variable()))
  }

  private mutating func condition(depth: Int) {
    let (otherwise, end) = (function.makeLabel(), function.makeLabel())
    function.append(.branchIfZero(variable(), otherwise))
    statements(2, depth: depth + 1)
    function.append(.jump(end))
    function.append(.label(otherwise))
    statements(2, depth: depth + 1)
    function.append(.label(end))
  }

  private mutating func loop(depth: Int) {
    let (start, end) = (function.makeLabel(), function.makeLabel())
    let (count, one) = (function.makeSlot(), function.makeSlot())
    function.append(.constant(count, 3))
    function.append(.constant(one, 1))
    function.append(.label(start))
    function.append(.branchIfZero(count, end))
    statements(3, depth: depth + 1)
    function.append(.binary(count, .subtract, count, one))
    function.append(.jump(start))
    function.append(.label(end))
  }

  private mutating func call(_ callee: (name: String, parameters: Int), result: Slot?) {
    let arguments = (0..<callee.parameters).map { _ in variable() }
    if chance(2) {
      function.append(.call(result, .symbol(.function(callee.name)), arguments))
    } else {
      let address = function.makeSlot()
      function.append(.symbolAddress(address, .function(callee.name)))
      function.append(.call(result, .slot(address), arguments))
    }
  }
}
