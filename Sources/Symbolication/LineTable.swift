import Platform

// Where code came from, by the line number information of DWARF 2 to 5 (section 6.2 of the
// standards), as it stands in a relocatable object.
//
// A message about an unresolved reference knows the section and the offset of the reference. In a
// relocatable object the addresses of the line program are not numbers yet: they are relocations
// against sections. So the search does not look for an address, it looks for a section and an
// offset, and asks its caller what the relocation at a field of `.debug_line` refers to.
//
// Nothing is kept: a program is run until it passes the offset, and the table of file names is
// read only when a row has been found. An object is searched for at most a few messages, in time
// linear in its `.debug_line`.

/// The parts of an object that tell where its code came from.
public struct DebugSections {
  /// `.debug_line`, decompressed.
  public var line: UnsafeRawBufferPointer
  /// `.debug_line_str`, decompressed; empty where there is none (before DWARF 5).
  public var lineStrings: UnsafeRawBufferPointer
  /// `.debug_str`, decompressed; empty where there is none.
  public var strings: UnsafeRawBufferPointer
  /// What the relocation of the field at a byte offset of `.debug_line` refers to: the index of
  /// the section and the offset in it (the symbol's value and the addend, for RELA, or and the
  /// field's contents, for REL); nil where no relocation applies or its symbol is undefined.
  public var relocation: (_ offset: Int) -> (section: UInt32, addend: UInt64)?

  public init(
    line: UnsafeRawBufferPointer,
    lineStrings: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0),
    strings: UnsafeRawBufferPointer = UnsafeRawBufferPointer(start: nil, count: 0),
    relocation: @escaping (_ offset: Int) -> (section: UInt32, addend: UInt64)?
  ) {
    self.line = line
    self.lineStrings = lineStrings
    self.strings = strings
    self.relocation = relocation
  }
}

/// Finds the source line that the code at `offset` of section `section` was compiled from.
///
/// - Parameters:
///   - sections: The object's debug sections.
///   - section: The index of a code section, as `sections.relocation` gives it.
///   - offset: In bytes, from the start of that section.
/// - Returns: The file as the compiler was told to find it (relative to the directory that it ran
///   in, as in its own messages), and the line, from 1; nil where there is no such information,
///   or it is malformed.
public func lookUpLine(
  in sections: DebugSections, section: UInt32, offset: UInt64
) -> (path: String, line: Int)? {
  var start = 0
  while start < sections.line.count {
    var reader = ByteReader(sections.line, start..<sections.line.count)
    var length = reader.unsigned(4)
    let is64Bit = length == 0xFFFF_FFFF
    if is64Bit { length = reader.unsigned(8) }
    guard !reader.hasFailed, length <= UInt64(reader.remaining) else { return nil }
    let unit = reader.position..<reader.position + Int(length)
    // A unit that cannot be read hides only itself: its length still leads to the next.
    if var program = LineProgram(sections, unit, is64Bit: is64Bit),
      let row = program.row(section: section, offset: offset),
      let path = program.path(ofFile: row.file)
    {
      return (path, Int(clamping: row.line))
    }
    start = unit.upperBound
  }
  return nil
}
