import Weld

/// A machine whose instructions are words of 32 bits, and whose calls pass arguments in registers with
/// numbers in a row, then on the stack.
protocol RegisterBackend: Backend {
  /// Where a caller puts its first argument, and where the function finds it.
  static var firstArgument: Register { get }
  static var firstParameter: Register { get }
  /// How many arguments are in registers.
  static var argumentRegisters: Int { get }
  /// Bytes that the stack pointer is a multiple of.
  static var stackAlignment: Int { get }

  func number(_ register: Scratch) -> Register
  mutating func constant(_ register: Register, _ value: Int64)
  /// A load or store of a register at the frame pointer plus `offset`.
  mutating func access(_ register: Register, store: Bool, _ offset: Int64)
  /// Bytes are a multiple of `stackAlignment`.
  mutating func moveStack(by bytes: Int)
  /// Bytes from the frame pointer to the first parameter on the stack.
  var stackedParameters: Int64 { get }
  /// Stores `first` as the argument of that number among those on the stack.
  mutating func stackArgument(_ index: Int)
  /// Calls the function whose address is in a slot of the frame.
  mutating func callThrough(_ slot: Slot)
}

typealias Register = UInt32

extension RegisterBackend {
  static var firstParameter: Register { firstArgument }

  mutating func emit(_ instruction: UInt32) { buffer.append32(instruction) }

  mutating func load(_ register: Scratch, from slot: Slot) {
    access(number(register), store: false, frameOffset(of: slot))
  }
  mutating func store(_ register: Scratch, to slot: Slot) {
    access(number(register), store: true, frameOffset(of: slot))
  }
  mutating func constant(_ register: Scratch, _ value: Int64) {
    constant(number(register), value)
  }

  /// Bytes of some words on the stack.
  static func stackSize(words: Int) -> Int {
    (words * wordBytes + stackAlignment - 1) & ~(stackAlignment - 1)
  }

  /// Puts the parameters into the first slots.
  mutating func storeParameters(_ count: Int) {
    for index in 0..<count {
      if index < Self.argumentRegisters {
        let register = Self.firstParameter + Register(index)
        access(register, store: true, frameOffset(of: Slot(index)))
      } else {
        let place = Int64((index - Self.argumentRegisters) * Self.wordBytes)
        access(number(.first), store: false, stackedParameters + place)
        store(.first, to: Slot(index))
      }
    }
  }

  /// Loads what registers carry of the arguments.
  mutating func loadArguments(_ arguments: [Slot]) {
    for (i, slot) in arguments.prefix(Self.argumentRegisters).enumerated() {
      access(Self.firstArgument + Register(i), store: false, frameOffset(of: slot))
    }
  }

  mutating func call(_ target: CallTarget, arguments: [Slot]) throws(ImageError) {
    let stacked = arguments.dropFirst(Self.argumentRegisters)
    let size = Self.stackSize(words: stacked.count)
    if size > 0 { moveStack(by: -size) }
    for (i, slot) in stacked.enumerated() {
      load(.first, from: slot)
      stackArgument(i)
    }
    loadArguments(arguments)
    switch target {
    case .table(let address):
      buffer.append(try CallSequence.bytes(for: Self.machine, slot: address))
    case .slot(let slot): callThrough(slot)
    }
    if size > 0 { moveStack(by: size) }
  }
}
