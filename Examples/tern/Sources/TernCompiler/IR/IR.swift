/// A function as back ends see it: a list of three-address instructions over words of its frame.
///
/// Parameters, variables and intermediate values alike are words of the frame (`Slot`), so that a
/// back end needs no register allocator, a debugger finds every variable at one place, and a
/// function that is swapped for another leaves nothing in registers. What machines do differently
/// is settled before: divisors have been checked, shift counts are in range, remainders are
/// products and differences, comparisons are only those that follow.

/// A word of the frame. Slots lie at ascending addresses without gaps.
struct Slot: Hashable, Sendable {
  var index: Int
  init(_ index: Int) { self.index = index }
}

/// A place in a function that is jumped to.
struct Label: Hashable, Sendable {
  var index: Int
  init(_ index: Int) { self.index = index }
}

/// What code and data refer to.
enum SymbolReference: Hashable, Sendable {
  /// A function or global of the program, by the key that its session knows it by.
  case function(String)
  case global(String)
  /// A string literal of the function or table that refers to it.
  case string([UInt8])
  /// What C libraries or other files define.
  case imported(String)
  /// Code that every program can have.
  case runtime(RuntimeFunction)
}

/// What the compiler adds to a program that uses it.
enum RuntimeFunction: UInt64, Hashable, Sendable, CaseIterable {
  /// Writes a string to standard output.
  case printString
  /// Writes a number.
  case printInteger
  /// Waits for so many milliseconds.
  case sleep
  /// Ends the program.
  case exit
  /// Sets up the initial thread, calls `main` and ends the program with what it returns. Its
  /// parameter is the stack pointer at the program's start.
  case start
}

/// System calls that the runtime makes; their numbers are each back end's.
enum SystemCall: Hashable, Sendable {
  case write
  case exitGroup
  /// Of two words: seconds, nanoseconds.
  case nanosleep
}

enum BinaryOperation: Hashable, Sendable {
  case add
  case subtract
  case multiply
  /// Signed, towards zero. The divisor is neither 0 nor -1.
  case divide
  case and
  case or
  case xor
  /// The count is at least 0 and less than the word's bits.
  case shiftLeft
  /// As above; copies the sign.
  case shiftRight
  // Comparisons give 1 or 0.
  case equal
  case notEqual
  /// Signed.
  case less
  /// Signed.
  case lessOrEqual
  /// Unsigned.
  case below
}

/// Bytes that a load or store moves.
enum Width: Hashable, Sendable {
  /// One; loads extend it with zeros.
  case byte
  case word
}

enum Callee: Hashable, Sendable {
  /// Through its slot of the offset table.
  case symbol(SymbolReference)
  /// To the address in a word of the frame.
  case slot(Slot)
}

enum Instruction: Hashable, Sendable {
  /// What follows belongs to the next place of the source: the places are kept beside the
  /// instructions, so that an edit that only shifts lines leaves these equal.
  case position
  case constant(Slot, Int64)
  case copy(Slot, from: Slot)
  /// The low 32 bits with their sign.
  case signExtend32(Slot, Slot)
  case binary(Slot, BinaryOperation, Slot, Slot)
  /// The address that a symbol has now, from its slot of the offset table.
  case symbolAddress(Slot, SymbolReference)
  /// The address of a thread-local variable of this thread.
  case threadAddress(Slot, SymbolReference)
  /// The address of a word of the frame, and of those that follow it.
  case frameAddress(Slot, of: Slot)
  case load(Slot, Width, address: Slot)
  case store(Width, address: Slot, value: Slot)
  /// By the machine's C convention, every argument a word.
  case call(Slot?, Callee, [Slot])
  case systemCall(Slot, SystemCall, [Slot])
  /// Makes a word the thread pointer.
  case setThreadPointer(Slot)
  case label(Label)
  case jump(Label)
  case branchIfZero(Slot, Label)
  /// The function's result, if it has one, is a word of the frame.
  case leave(Slot?)
  /// Ends the program by a signal.
  case trap
}

/// A function, ready for a back end.
struct IRFunction: Hashable, Sendable {
  /// The first so many slots are its parameters, in order.
  var parameterCount: Int
  var slotCount: Int
  var labelCount: Int
  var instructions: [Instruction]

  init(parameterCount: Int) {
    self.parameterCount = parameterCount
    slotCount = parameterCount
    labelCount = 0
    instructions = []
  }

  mutating func makeSlot() -> Slot { makeSlots(1) }
  /// So many slots at ascending addresses; the first is returned.
  mutating func makeSlots(_ count: Int) -> Slot {
    defer { slotCount += count }
    return Slot(slotCount)
  }
  mutating func makeLabel() -> Label {
    defer { labelCount += 1 }
    return Label(labelCount)
  }
  mutating func append(_ instruction: Instruction) { instructions.append(instruction) }

  /// What is referred to, each once, in order of first use.
  var references: [SymbolReference] {
    var seen: Set<SymbolReference> = []
    return instructions.compactMap { instruction in
      switch instruction {
      case .symbolAddress(_, let reference), .threadAddress(_, let reference),
        .call(_, .symbol(let reference), _):
        seen.insert(reference).inserted ? reference : nil
      default: nil
      }
    }
  }
}
