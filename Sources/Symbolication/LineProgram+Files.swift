import Platform

extension LineProgram {
  /// The path of the file with number `file`, joined with its directory unless that is the one
  /// that the compiler ran in.
  func path(ofFile file: UInt64) -> String? {
    version >= 5 ? pathVersion5(file) : pathVersion2(file)
  }

  private func join(_ directory: String?, _ name: String) -> String {
    guard let directory, !directory.isEmpty, !name.hasPrefix("/") else { return name }
    return directory.hasSuffix("/") ? directory + name : directory + "/" + name
  }

  private func text(_ bytes: UnsafeRawBufferPointer, _ range: Range<Int>) -> String {
    String(decoding: bytes[range], as: UTF8.self)
  }

  // MARK: DWARF 2 to 4

  /// Two lists of strings, counted from 1 (DWARF 4, 6.2.4, items 11 and 12); directory 0 is the
  /// compiler's own.
  private func pathVersion2(_ file: UInt64) -> String? {
    guard file > 0 else { return nil }
    var reader = ByteReader(sections.line, tables..<programStart)
    while !reader.string().isEmpty {}
    guard !reader.hasFailed else { return nil }
    var number: UInt64 = 0
    while !reader.hasFailed {
      let name = reader.string()
      if reader.hasFailed || name.isEmpty { break }
      let directory = reader.uleb()
      _ = reader.uleb()  // time of modification
      _ = reader.uleb()  // length
      number += 1
      if number == file, !reader.hasFailed {
        return join(directoryVersion2(directory), text(sections.line, name))
      }
    }
    // Not in the header: one that the program defined, which continue the numbers.
    let index = file &- number &- 1
    guard index < UInt64(definedFiles.count) else { return nil }
    var entry = ByteReader(sections.line, definedFiles[Int(index)]..<unit.upperBound)
    let name = entry.string()
    let directory = entry.uleb()
    guard !entry.hasFailed, !name.isEmpty else { return nil }
    return join(directoryVersion2(directory), text(sections.line, name))
  }

  private func directoryVersion2(_ directory: UInt64) -> String? {
    guard directory > 0 else { return nil }
    var reader = ByteReader(sections.line, tables..<programStart)
    var number: UInt64 = 0
    while !reader.hasFailed {
      let name = reader.string()
      if reader.hasFailed || name.isEmpty { break }
      number += 1
      if number == directory { return text(sections.line, name) }
    }
    return nil
  }

  // MARK: DWARF 5

  /// The fields of an entry that are looked at.
  private struct Entry {
    var path: String?
    var directory: UInt64 = 0
  }

  /// Two self-describing tables (DWARF 5, 6.2.4, items 14 to 21), counted from 0; directory 0 is
  /// the one that the compiler ran in.
  private func pathVersion5(_ file: UInt64) -> String? {
    var reader = ByteReader(sections.line, tables..<programStart)
    let directories = reader.position
    guard readTable(&reader, wanted: nil) != nil else { return nil }
    guard let entry = readTable(&reader, wanted: file), let name = entry.path else { return nil }
    guard entry.directory != 0, !name.hasPrefix("/") else { return name }
    reader = ByteReader(sections.line, directories..<programStart)
    return join(readTable(&reader, wanted: entry.directory)?.path, name)
  }

  /// Reads a table up to the entry `wanted`, or to its end for nil.
  private func readTable(_ reader: inout ByteReader, wanted: UInt64?) -> Entry? {
    var formats: [(content: UInt64, form: UInt64)] = []
    for _ in 0..<reader.byte() { formats.append((reader.uleb(), reader.uleb())) }
    let count = reader.uleb()
    // Every form below takes a byte at least, so the reader fails before a hostile count is
    // counted down; without fields, only an empty table makes sense.
    guard !reader.hasFailed, count == 0 || !formats.isEmpty else { return nil }
    var index: UInt64 = 0
    while index < count {
      let isWanted = index == wanted
      var entry = Entry()
      for (content, form) in formats {
        switch content {
        case 1 where isWanted: entry.path = readString(&reader, form: form)  // DW_LNCT_path
        case 2: entry.directory = readNumber(&reader, form: form)  // DW_LNCT_directory_index
        default: skip(&reader, form: form)
        }
      }
      guard !reader.hasFailed else { return nil }
      if isWanted { return entry }
      index += 1
    }
    return wanted == nil ? Entry() : nil
  }

  private func readString(_ reader: inout ByteReader, form: UInt64) -> String? {
    switch form {
    case 0x08:  // DW_FORM_string
      let range = reader.string()
      return reader.hasFailed ? nil : text(sections.line, range)
    case 0x0E, 0x1F:  // DW_FORM_strp, DW_FORM_line_strp
      let field = reader.position
      let value = reader.unsigned(is64Bit ? 8 : 4)
      guard !reader.hasFailed else { return nil }
      let table = form == 0x0E ? sections.strings : sections.lineStrings
      let offset = sections.relocation(field)?.addend ?? value
      guard offset < UInt64(table.count) else { return nil }
      var strings = ByteReader(table, Int(offset)..<table.count)
      let range = strings.string()
      return strings.hasFailed ? nil : text(table, range)
    default:
      skip(&reader, form: form)
      return nil
    }
  }

  private func readNumber(_ reader: inout ByteReader, form: UInt64) -> UInt64 {
    switch form {
    case 0x0B: return reader.unsigned(1)  // DW_FORM_data1
    case 0x05: return reader.unsigned(2)  // DW_FORM_data2
    case 0x06: return reader.unsigned(4)  // DW_FORM_data4
    case 0x07: return reader.unsigned(8)  // DW_FORM_data8
    case 0x0F: return reader.uleb()  // DW_FORM_udata
    default:
      skip(&reader, form: form)
      return 0
    }
  }

  /// Skips a field of any form that the standard or a producer uses in these tables; each takes
  /// a byte at least.
  private func skip(_ reader: inout ByteReader, form: UInt64) {
    switch form {
    case 0x08: _ = reader.string()  // DW_FORM_string
    case 0x0E, 0x1F, 0x17: reader.skip(is64Bit ? 8 : 4)  // DW_FORM_strp, line_strp, sec_offset
    case 0x0B, 0x0C, 0x25: reader.skip(1)  // DW_FORM_data1, flag, strx1
    case 0x05, 0x26: reader.skip(2)  // DW_FORM_data2, strx2
    case 0x27: reader.skip(3)  // DW_FORM_strx3
    case 0x06, 0x28: reader.skip(4)  // DW_FORM_data4, strx4
    case 0x07: reader.skip(8)  // DW_FORM_data8
    case 0x1E: reader.skip(16)  // DW_FORM_data16: an MD5 sum
    case 0x0D, 0x0F, 0x1A: _ = reader.uleb()  // DW_FORM_sdata, udata, strx
    case 0x09: reader.skip(reader.uleb())  // DW_FORM_block
    case 0x0A: reader.skip(reader.unsigned(1))  // DW_FORM_block1
    case 0x03: reader.skip(reader.unsigned(2))  // DW_FORM_block2
    case 0x04: reader.skip(reader.unsigned(4))  // DW_FORM_block4
    default: reader.fail()
    }
  }
}
