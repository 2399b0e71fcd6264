import Weld

@testable import TernCompiler

/// What functions of the IR mean, computed without a machine: a byte array is the memory, and
/// functions have addresses that stand for them.
struct IRModel {
  let wordBytes: Int
  let isBigEndian: Bool
  let functions: [String: IRFunction]
  private var output: [UInt8] = []
  private var memory = [UInt8](repeating: 0, count: 1 << 20)
  private var stackTop = 1 << 12
  private var globals: [String: Int] = [:]
  private let names: [String]

  init(_ machine: MachineFacts, functions: [String: IRFunction], globals: [String: Int]) {
    wordBytes = machine.wordBytes
    isBigEndian = machine.isBigEndian
    self.functions = functions
    names = functions.keys.sorted()
    var place = 1 << 19
    for name in globals.keys.sorted() {
      self.globals[name] = place
      place += globals[name]! * wordBytes
    }
  }

  /// What `body` writes.
  mutating func run() -> [UInt8] {
    _ = call("body", [])
    return output
  }

  private func wrapped(_ value: Int64) -> Int64 {
    wordBytes == 8 ? value : Int64(Int32(truncatingIfNeeded: value))
  }

  private func loadWord(_ address: Int) -> Int64 {
    let value = (0..<wordBytes).reduce(0 as Int64) { sum, i in
      sum | Int64(memory[address + (isBigEndian ? wordBytes - 1 - i : i)]) << (8 * i)
    }
    return wrapped(value)
  }
  private mutating func storeWord(_ value: Int64, _ address: Int) {
    for i in 0..<wordBytes {
      memory[address + (isBigEndian ? wordBytes - 1 - i : i)] =
        UInt8(truncatingIfNeeded: value >> (8 * i))
    }
  }

  private func binary(_ operation: BinaryOperation, _ a: Int64, _ b: Int64) -> Int64 {
    let mask: UInt64 = wordBytes == 8 ? .max : 0xffff_ffff
    let below = UInt64(bitPattern: a) & mask < UInt64(bitPattern: b) & mask
    return switch operation {
    case .add: wrapped(a &+ b)
    case .subtract: wrapped(a &- b)
    case .multiply: wrapped(a &* b)
    case .divide: a / b
    case .and: a & b
    case .or: a | b
    case .xor: a ^ b
    case .shiftLeft: wrapped(a << b)
    case .shiftRight: a >> b
    case .equal: a == b ? 1 : 0
    case .notEqual: a != b ? 1 : 0
    case .less: a < b ? 1 : 0
    case .lessOrEqual: a <= b ? 1 : 0
    case .below: below ? 1 : 0
    }
  }

  private mutating func call(_ name: String, _ arguments: [Int64]) -> Int64 {
    let function = functions[name]!
    let frame = stackTop
    stackTop += function.slotCount * wordBytes
    defer { stackTop = frame }
    func place(_ slot: Slot) -> Int { frame + slot.index * wordBytes }
    for (i, argument) in arguments.enumerated() { storeWord(argument, place(Slot(i))) }
    var labels: [Label: Int] = [:]
    for (i, instruction) in function.instructions.enumerated() {
      if case .label(let label) = instruction { labels[label] = i }
    }

    var next = 0
    while true {
      let instruction = function.instructions[next]
      next += 1
      switch instruction {
      case .position, .label, .setThreadPointer: break
      case .constant(let to, let value): storeWord(value, place(to))
      case .copy(let to, let from): storeWord(loadWord(place(from)), place(to))
      case .signExtend32(let to, let from):
        storeWord(Int64(Int32(truncatingIfNeeded: loadWord(place(from)))), place(to))
      case .binary(let to, let operation, let a, let b):
        storeWord(binary(operation, loadWord(place(a)), loadWord(place(b))), place(to))
      case .symbolAddress(let to, let reference), .threadAddress(let to, let reference):
        storeWord(Int64(address(reference)), place(to))
      case .frameAddress(let to, let slot): storeWord(Int64(place(slot)), place(to))
      case .load(let to, let width, let address):
        let from = Int(loadWord(place(address)))
        storeWord(width == .byte ? Int64(memory[from]) : loadWord(from), place(to))
      case .store(let width, let address, let value):
        let to = Int(loadWord(place(address)))
        let value = loadWord(place(value))
        if width == .byte {
          memory[to] = UInt8(truncatingIfNeeded: value)
        } else {
          storeWord(value, to)
        }
      case .call(let to, let callee, let arguments):
        let name =
          switch callee {
          case .symbol(.function(let name)): name
          case .slot(let slot): names[Int(loadWord(place(slot))) - 1]
          case .symbol(let other): preconditionFailure("\(other)")
          }
        let result = call(name, arguments.map { loadWord(place($0)) })
        if let to { storeWord(result, place(to)) }
      case .systemCall(let to, .write, let arguments):
        let start = Int(loadWord(place(arguments[1])))
        let count = Int(loadWord(place(arguments[2])))
        output += memory[start..<start + count]
        storeWord(Int64(count), place(to))
      case .systemCall, .trap: preconditionFailure("\(instruction)")
      case .jump(let label): next = labels[label]!
      case .branchIfZero(let slot, let label):
        if loadWord(place(slot)) == 0 { next = labels[label]! }
      case .leave(let slot): return slot.map { loadWord(place($0)) } ?? 0
      }
    }
  }

  private func address(_ reference: SymbolReference) -> Int {
    switch reference {
    case .function(let name): names.firstIndex(of: name)! + 1
    case .global(let name): globals[name]!
    default: preconditionFailure("\(reference)")
    }
  }
}
