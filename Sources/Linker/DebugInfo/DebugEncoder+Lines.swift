import ELFFormat

/// Line number programs: a header for the unit, and a sequence for each function.
///
/// Source: DWARF 5, 6.2.
extension DebugEncoder {
  /// All of the header but `unit_length`, whose four bytes are zero.
  static func lineHeader(_ unit: DebugUnitState) -> [UInt8] {
    var tail = lineParameters()
    // Directories: one, the unit's.
    tail.append([1, DwarfLine.contentPath, DwarfForm.lineStrp, 1])
    tail.u32(unit.directory)
    // Files: one, the unit's own, number 0. It is not repeated as number 1, where registers
    // start: sequences say their file.
    tail.append([
      2, DwarfLine.contentPath, DwarfForm.lineStrp, DwarfLine.contentDirectoryIndex,
      DwarfForm.data1, 1,
    ])
    tail.u32(unit.path)
    tail.u8(0)
    return linePreamble(length: 4, header: tail.count).bytes + tail.bytes
  }

  /// - Parameters:
  ///   - length: of the whole table.
  ///   - header: bytes that follow `header_length` and belong to the header.
  private static func linePreamble(length: UInt32, header: Int) -> Bytes {
    var out = Bytes()
    out.u32(length - 4)
    out.u16(5)
    out.u8(UInt8(E.wordSize))
    out.u8(0)
    out.u32(UInt32(header))
    return out
  }

  private static func lineParameters() -> Bytes {
    var out = Bytes()
    // minimum_instruction_length, maximum_operations_per_instruction, default_is_stmt.
    out.append([1, 1, 1])
    out.u8(UInt8(bitPattern: Int8(DwarfLine.lineBase)))
    out.u8(UInt8(DwarfLine.lineRange))
    out.u8(UInt8(DwarfLine.opcodeBase))
    out.append(DwarfLine.operandCounts)
    return out
  }

  /// Where the address is in a sequence.
  static var sequenceAddressOffset: UInt32 { 3 }

  /// The operation that ends a sequence.
  ///
  /// It stands at the end of the fragment, behind the slack: gdb takes operations behind the last
  /// sequence of a program for one that does not end.
  static var endOfSequence: [UInt8] { [0, 1, DwarfLine.endSequence] }

  /// Bytes that a sequence is given. No less than a gap between tables: when the last fragment of
  /// a program is given up, the program ends before it, and a gap follows.
  static func sequenceCapacity(for count: Int) -> Int {
    max(DebugFragment.capacity(for: count), (Int(lineGapMinimum) + 7) & ~7)
  }

  /// The sequence of a function without its end; empty if it has no lines.
  static func sequence(_ lines: [DebugLine], address: UInt64, size: UInt64) -> [UInt8] {
    if lines.isEmpty { return [] }
    var out = Bytes(reserving: 64 + 4 * lines.count)
    out.append([0, UInt8(1 + E.wordSize), DwarfLine.setAddress])
    out.word(address)
    out.append([DwarfLine.setFile, 0])
    var offset: UInt64 = 0
    var line = 1
    var column: UInt32 = 0
    for row in lines {
      if row.column != column {
        column = row.column
        out.u8(DwarfLine.setColumn)
        out.uleb(UInt64(column))
      }
      var lineAdvance = Int(row.line) - line
      line = Int(row.line)
      if lineAdvance < DwarfLine.lineBase
        || lineAdvance >= DwarfLine.lineBase + DwarfLine.lineRange
      {
        out.u8(DwarfLine.advanceLine)
        out.sleb(Int64(lineAdvance))
        lineAdvance = 0
      }
      var advance = UInt64(row.offset) - offset
      offset = UInt64(row.offset)
      let base = lineAdvance - DwarfLine.lineBase + DwarfLine.opcodeBase
      if advance > UInt64((255 - base) / DwarfLine.lineRange) {
        out.u8(DwarfLine.advancePC)
        out.uleb(advance)
        advance = 0
      }
      out.u8(UInt8(base + Int(advance) * DwarfLine.lineRange))
    }
    if size > offset {
      out.u8(DwarfLine.advancePC)
      out.uleb(size - offset)
    }
    return out.bytes
  }

  // MARK: Gaps between tables

  /// The least that a table without lines takes.
  static var lineGapMinimum: UInt32 { UInt32(lineGap(length: 4096).front.count + 5) }

  /// A table without lines of any length: its only directory has, beside a name, a block of a
  /// vendor's content type, which readers step over.
  ///
  /// - Returns: what stands at its beginning and at its end; what is between does not matter.
  static func lineGap(length: UInt32) -> (front: [UInt8], back: [UInt8]) {
    var tail = lineParameters()
    tail.append([2, DwarfLine.contentPath, DwarfForm.string])
    tail.uleb(DwarfLine.contentPadding)
    tail.append([DwarfForm.block4, 1])
    tail.string("")
    // A file format is asked for where there are no files, too.
    let back: [UInt8] = [1, DwarfLine.contentPath, DwarfForm.string, 0]
    let header = Int(length) - linePreamble(length: 4, header: 0).count
    tail.u32(UInt32(header - tail.count - 4 - back.count))
    return (linePreamble(length: length, header: header).bytes + tail.bytes, back)
  }
}
