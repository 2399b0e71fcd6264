import Platform

/// One unit of `.debug_line`: a header, tables of directories and files, and a program.
struct LineProgram {
  let sections: DebugSections
  /// The range of the unit in `.debug_line`, without its length field.
  let unit: Range<Int>
  let is64Bit: Bool
  let version: Int
  private let minimumLength: UInt64
  private let maximumOperations: UInt64
  private let lineBase: Int64
  private let lineRange: UInt64
  private let opcodeBase: UInt8
  /// Where the number of operands of standard opcode 1 is.
  private let operandCounts: Int
  /// Where the tables of directories and files begin.
  let tables: Int
  let programStart: Int
  /// Where the entries are that the program itself added to the table of files.
  private(set) var definedFiles: [Int] = []

  /// Reads the header; nil where it is malformed or of an unknown version.
  init?(_ sections: DebugSections, _ unit: Range<Int>, is64Bit: Bool) {
    self.sections = sections
    self.unit = unit
    self.is64Bit = is64Bit
    var reader = ByteReader(sections.line, unit)
    version = Int(reader.unsigned(2))
    guard (2...5).contains(version) else { return nil }
    if version >= 5 {
      let addressSize = reader.byte()
      // Addresses with segment selectors are of no machine that this linker knows.
      guard addressSize == 4 || addressSize == 8, reader.byte() == 0 else { return nil }
    }
    let headerLength = reader.unsigned(is64Bit ? 8 : 4)
    guard !reader.hasFailed, headerLength <= UInt64(reader.remaining) else { return nil }
    programStart = reader.position + Int(headerLength)
    minimumLength = UInt64(reader.byte())
    maximumOperations = version >= 4 ? UInt64(reader.byte()) : 1
    _ = reader.byte()  // default_is_stmt: whether a debugger would stop there
    lineBase = Int64(Int8(bitPattern: reader.byte()))
    lineRange = UInt64(reader.byte())
    opcodeBase = reader.byte()
    operandCounts = reader.position
    if opcodeBase > 1 { reader.skip(UInt64(opcodeBase - 1)) }
    tables = reader.position
    guard !reader.hasFailed, tables <= programStart, lineRange > 0, opcodeBase > 0,
      maximumOperations > 0
    else { return nil }
  }

  /// The registers of the state machine that matter here.
  private struct Registers {
    /// The section that addresses are offsets in; nil until the program has named one.
    var section: UInt32?
    var address: UInt64 = 0
    var operation: UInt64 = 0
    var file: UInt64 = 1
    var line: UInt64 = 1
  }

  /// Runs the program until a pair of rows encloses `offset`.
  ///
  /// Rows of line 0, which belong to no line, yield to the row before them in their sequence.
  mutating func row(section: UInt32, offset: UInt64) -> (file: UInt64, line: UInt64)? {
    var reader = ByteReader(sections.line, programStart..<unit.upperBound)
    var state = Registers()
    /// The last row of this sequence at or before the offset.
    var candidate: (file: UInt64, line: UInt64)?
    definedFiles = []

    while !reader.isAtEnd {
      let opcode = reader.byte()
      var endsSequence = false
      var emits = false
      if opcode >= opcodeBase {
        let adjusted = UInt64(opcode - opcodeBase)
        advance(&state, by: adjusted / lineRange)
        let delta = lineBase + Int64(adjusted % lineRange)
        state.line &+= UInt64(bitPattern: delta)
        emits = true
      } else if opcode == 0 {
        endsSequence = runExtended(&reader, &state)
        emits = endsSequence
      } else {
        emits = runStandard(opcode, &reader, &state)
      }
      guard emits, !reader.hasFailed else { continue }

      if state.section == section {
        if state.address > offset {
          if let candidate { return candidate }
        } else if endsSequence {
          candidate = nil
        } else if state.line != 0, state.line <= UInt64(UInt32.max) {
          candidate = (state.file, state.line)
        }
      }
      if endsSequence {
        state = Registers()
        candidate = nil
      }
    }
    return nil
  }

  /// Advances by a number of operations, of which a VLIW instruction has several (DWARF 4, 6.2.5.1).
  private func advance(_ state: inout Registers, by operations: UInt64) {
    if maximumOperations == 1 {
      state.address &+= minimumLength &* operations
    } else {
      let total = state.operation &+ operations
      state.address &+= minimumLength &* (total / maximumOperations)
      state.operation = total % maximumOperations
    }
  }

  /// Runs a standard opcode (6.2.5.2); whether it appends a row.
  private func runStandard(
    _ opcode: UInt8, _ reader: inout ByteReader, _ state: inout Registers
  ) -> Bool {
    switch opcode {
    case 1: return true  // DW_LNS_copy
    case 2: advance(&state, by: reader.uleb())  // DW_LNS_advance_pc
    case 3: state.line &+= UInt64(bitPattern: reader.sleb())  // DW_LNS_advance_line
    case 4: state.file = reader.uleb()  // DW_LNS_set_file
    case 8: advance(&state, by: UInt64(255 - opcodeBase) / lineRange)  // DW_LNS_const_add_pc
    case 9:  // DW_LNS_fixed_advance_pc
      state.address &+= reader.unsigned(2)
      state.operation = 0
    default:
      // Flags and columns, or an opcode of the future: the header tells how much to skip.
      for _ in 0..<sections.line[operandCounts + Int(opcode) - 1] { _ = reader.uleb() }
    }
    return false
  }

  /// Runs an extended opcode (6.2.5.3); whether it ends the sequence.
  private mutating func runExtended(_ reader: inout ByteReader, _ state: inout Registers) -> Bool {
    let length = reader.uleb()
    guard !reader.hasFailed, length > 0, length <= UInt64(reader.remaining) else {
      // An empty one is padding.
      if length > 0 { reader.fail() }
      return false
    }
    let start = reader.position
    let opcode = reader.byte()
    switch opcode {
    case 1:  // DW_LNE_end_sequence
      reader.skip(length - 1)
      return true
    case 2:  // DW_LNE_set_address
      let field = reader.position
      let target = sections.relocation(field)
      state.section = target?.section
      state.address = target?.addend ?? 0
      state.operation = 0
    case 3:  // DW_LNE_define_file, which DWARF 5 has dropped
      definedFiles.append(reader.position)
    default:
      break
    }
    reader.skip(UInt64(start) + length - UInt64(reader.position))
    return false
  }
}
