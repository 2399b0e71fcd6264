import Weld

/// A function as machine code.
struct MachineCode: Sendable {
  var bytes: [UInt8]
  var relocations: [CodeBuffer.Relocation]
  /// One for each position of the IR, in order: `lines` follows from them and from the positions
  /// of a later edit that only shifted lines.
  var positionOffsets: [UInt32]
  var frameInstructions: [UInt8]
  /// Bytes from the frame register to each slot.
  var slotOffsets: [Int64]

  /// Rows of the line table, for positions that correspond to `positionOffsets`.
  func lines(at positions: [SourcePosition]) -> [DebugLine] {
    var rows: [DebugLine] = []
    for (offset, position) in zip(positionOffsets, positions) {
      let row = DebugLine(
        offset: offset, line: UInt32(position.line), column: UInt32(position.column))
      // Where no code lies between two positions, the later one counts.
      if rows.last?.offset == offset { rows.removeLast() }
      rows.append(row)
    }
    return rows
  }
}

/// Turns a function's instructions into a machine's.
struct FunctionEmitter<B: Backend> {
  private var backend = B()
  /// Address of the offset table's slot of each symbol referred to.
  private let tableSlots: [SymbolReference: UInt64]

  /// - Throws: `ImageError` if the machine's code cannot reach a slot.
  static func emit(
    _ function: IRFunction, tableSlots: [SymbolReference: UInt64]
  ) throws(ImageError) -> MachineCode {
    var emitter = FunctionEmitter(tableSlots: tableSlots)
    return try emitter.run(function)
  }

  private init(tableSlots: [SymbolReference: UInt64]) { self.tableSlots = tableSlots }

  private mutating func run(_ function: IRFunction) throws(ImageError) -> MachineCode {
    var positionOffsets: [UInt32] = []
    backend.enter(slotCount: function.slotCount, parameterCount: function.parameterCount)
    for instruction in function.instructions {
      if case .position = instruction {
        // The first position covers the prologue too: a breakpoint at the function's line lies
        // where the debugger looks for it, at the start.
        positionOffsets.append(positionOffsets.isEmpty ? 0 : UInt32(backend.buffer.count))
      } else {
        try emit(instruction)
      }
    }
    for fixup in backend.buffer.fixups {
      guard let offset = backend.buffer.offset(of: fixup.label) else {
        preconditionFailure("label \(fixup.label.index) is jumped to and lies nowhere")
      }
      backend.resolve(fixup, to: offset)
    }
    return MachineCode(
      bytes: backend.buffer.bytes, relocations: backend.buffer.relocations,
      positionOffsets: positionOffsets, frameInstructions: backend.buffer.frame.bytes,
      slotOffsets: (0..<function.slotCount).map { backend.frameOffset(of: Slot($0)) })
  }

  private func tableSlot(_ reference: SymbolReference) -> UInt64 {
    guard let slot = tableSlots[reference] else {
      preconditionFailure("\(reference) is referred to and has no slot")
    }
    return slot
  }

  private mutating func emit(_ instruction: Instruction) throws(ImageError) {
    switch instruction {
    case .position: break
    case .constant(let result, let value):
      backend.constant(.first, value)
      backend.store(.first, to: result)
    case .copy(let result, let source):
      backend.load(.first, from: source)
      backend.store(.first, to: result)
    case .signExtend32(let result, let operand):
      backend.load(.first, from: operand)
      backend.signExtend32()
      backend.store(.first, to: result)
    case .binary(let result, let operation, let left, let right):
      backend.load(.first, from: left)
      backend.load(.second, from: right)
      backend.binary(operation)
      backend.store(.first, to: result)
    case .symbolAddress(let result, let reference):
      backend.loadTableEntry(tableSlot(reference))
      backend.store(.first, to: result)
    case .threadAddress(let result, let reference):
      backend.threadAddress(of: reference)
      backend.store(.first, to: result)
    case .frameAddress(let result, let slot):
      backend.frameAddress(of: slot)
      backend.store(.first, to: result)
    case .load(let result, let width, let address):
      backend.load(.first, from: address)
      backend.loadMemory(width)
      backend.store(.first, to: result)
    case .store(let width, let address, let value):
      backend.load(.first, from: address)
      backend.load(.second, from: value)
      backend.storeMemory(width)
    case .call(let result, let callee, let arguments):
      let target: CallTarget =
        switch callee {
        case .symbol(let reference): .table(tableSlot(reference))
        case .slot(let slot): .slot(slot)
        }
      try backend.call(target, arguments: arguments)
      if let result { backend.store(.first, to: result) }
    case .systemCall(let result, let call, let arguments):
      backend.systemCall(B.number(of: call), arguments: arguments)
      backend.store(.first, to: result)
    case .setThreadPointer(let slot):
      backend.load(.first, from: slot)
      backend.setThreadPointer()
    case .label(let label): backend.buffer.bind(label)
    case .jump(let label): backend.jump(to: label)
    case .branchIfZero(let slot, let label):
      backend.load(.first, from: slot)
      backend.branchIfZero(to: label)
    case .leave(let slot):
      if let slot { backend.load(.first, from: slot) }
      backend.leave()
    case .trap: backend.trap()
    }
  }
}
