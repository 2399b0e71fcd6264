import Weld

/// A machine: turns small steps into instructions. `FunctionEmitter` walks a function's
/// instructions and asks for these steps, which work on two registers; everything else lies in the
/// frame.
///
/// A function's frame, on every machine: the return address and the caller's frame pointer are
/// saved and the frame pointer set, so that debuggers and the kernel find the callers; then come
/// the slots, at fixed distances from the frame pointer, at ascending addresses.
protocol Backend: Sendable {
  static var machine: ImageMachine { get }
  /// Bytes of a pointer, which is the language's `int`.
  static var wordBytes: Int { get }
  static var isBigEndian: Bool { get }
  /// log2 of the alignment of functions.
  static var codeAlignment: UInt8 { get }
  /// DWARF number of the register that variables are described from.
  static var frameRegister: UInt8 { get }
  /// What the factors of call frame instructions are in this machine's frame descriptions.
  static var frameFactors: FrameFactors { get }
  static var threadLayout: ThreadLayout { get }
  static func number(of call: SystemCall) -> Int64
  /// The code at which the kernel starts a program without C libraries: makes a first frame that
  /// has no caller, and calls through `slot` with the stack pointer as it was at the start (that
  /// is, the address of the argument count) as the only argument.
  static func entryCode(slot: UInt64) throws(ImageError) -> [UInt8]

  init()
  /// Where instructions go.
  var buffer: CodeBuffer { get set }

  /// The function's start: makes the frame and stores the parameters, which arrive by the machine's
  /// C convention, in the first slots. Adds to `buffer.frame` how to undo it.
  mutating func enter(slotCount: Int, parameterCount: Int)
  /// Bytes from `frameRegister` to a slot; known after `enter`.
  func frameOffset(of slot: Slot) -> Int64
  /// Gives up the frame and returns what is in `first`.
  mutating func leave()

  mutating func load(_ register: Scratch, from slot: Slot)
  mutating func store(_ register: Scratch, to slot: Slot)
  mutating func constant(_ register: Scratch, _ value: Int64)
  /// `first` = address of the slot.
  mutating func frameAddress(of slot: Slot)
  /// `first` = its low 32 bits with their sign.
  mutating func signExtend32()
  /// `first` = `first` operation `second`; both may be changed.
  mutating func binary(_ operation: BinaryOperation)
  /// `first` = word at `address`, which is a slot of the offset table.
  mutating func loadTableEntry(_ address: UInt64)
  /// `first` = address of a thread-local variable, by a relocation added to `buffer`.
  mutating func threadAddress(of reference: SymbolReference)
  /// `first` = what is at address `first`.
  mutating func loadMemory(_ width: Width)
  /// What is at address `first` = `second`.
  mutating func storeMemory(_ width: Width)

  /// Calls through the slot at an address, by `CallSequence`, or to the address in a slot of the
  /// frame. `first` = the result.
  mutating func call(_ target: CallTarget, arguments: [Slot]) throws(ImageError)
  /// `first` = the result, of which nothing is asked in case of errors.
  mutating func systemCall(_ number: Int64, arguments: [Slot])
  /// The thread pointer = `first`.
  mutating func setThreadPointer()

  /// Both add a fixup to `buffer` with a kind of the machine's own.
  mutating func jump(to label: Label)
  /// Jumps if `first` is 0.
  mutating func branchIfZero(to label: Label)
  /// Writes the distance into a jump or branch, once its label is bound.
  mutating func resolve(_ fixup: CodeBuffer.Fixup, to offset: Int)
  mutating func trap()
}

/// The registers that steps work on: a machine takes two that calls do not preserve and that carry
/// no arguments, or that are free whenever arguments are not being loaded.
enum Scratch: Sendable {
  case first
  case second
}

enum CallTarget: Sendable {
  case table(UInt64)
  case slot(Slot)
}

/// Where a thread's variables lie.
enum ThreadLayout: Sendable {
  /// Above the thread pointer, after so many bytes rounded up to the variables' alignment.
  case above(reserved: Int)
  /// They end at the thread pointer, which points to a word with its own value.
  case below
}

/// Alignment factors of a machine's call frame instructions. Source: DWARF 5, 6.4.1.
struct FrameFactors: Sendable {
  var code: Int
  var data: Int
  init(code: Int, data: Int) {
    self.code = code
    self.data = data
  }
}

extension SystemCall {
  /// Its number on machines that Linux numbers alike. Source: Linux,
  /// include/uapi/asm-generic/unistd.h.
  var commonNumber: Int64 {
    switch self {
    case .write: 64
    case .exitGroup: 94
    case .nanosleep: 101
    }
  }
}
