import ELFFormat
import Testing

@testable import Linker

/// A reader of debug information that shares nothing with the writer: what it finds is compared
/// with what a compiler told. It reports whatever is not as DWARF 5 demands.
struct DwarfWalker<E: ELFEncoding> {
  struct Row: Hashable {
    var address: UInt64
    var line: Int
    var column: Int
    var isEnd = false
  }
  struct Unit: Hashable {
    var path = ""
    var directory = ""
    var producer = ""
    /// Functions and variables in words.
    var declarations: Set<String> = []
    var typeCount = 0
    var ranges: [Range<UInt64>] = []
    var sequences: Set<[Row]> = []
  }
  struct Malformed: Error {
    var what: String
  }

  private struct Abbreviation {
    var tag: Int
    var hasChildren: Bool
    var attributes: [(attribute: Int, form: Int)]
  }
  private enum Value {
    case number(UInt64)
    case text(String)
    case bytes([UInt8])
    var number: UInt64 { if case .number(let value) = self { value } else { 0 } }
    var text: String { if case .text(let value) = self { value } else { "?" } }
    var bytes: [UInt8] { if case .bytes(let value) = self { value } else { [] } }
  }
  private struct Entry {
    var offset: Int
    var tag: Int
    var values: [Int: Value]
    var children: [Entry] = []
  }

  private var sections: [String: [UInt8]] = [:]
  private var abbreviations: [Int: Abbreviation] = [:]
  private var tables: [Int: Table] = [:]
  private(set) var units: [Unit] = []
  /// By address: size and instructions, without what pads them.
  private(set) var frames: [UInt64: (size: UInt64, instructions: [UInt8])] = [:]

  init(_ sections: [ImageSection]) throws {
    for section in sections { self.sections[section.name] = Array(section.bytes) }
    if sections.isEmpty { return }
    try readAbbreviations()
    tables = try readAllLines()
    try readInfo()
    try readAllRanges()
    try readFrames()
  }

  // MARK: Entries

  private mutating func readAbbreviations() throws {
    var cursor = Cursor(sections[".debug_abbrev"]!)
    while true {
      let code = try cursor.uleb()
      if code == 0 { break }
      var entry = Abbreviation(
        tag: Int(try cursor.uleb()), hasChildren: try cursor.u8() == 1, attributes: [])
      while true {
        let pair = (Int(try cursor.uleb()), Int(try cursor.uleb()))
        if pair == (0, 0) { break }
        entry.attributes.append(pair)
      }
      abbreviations[Int(code)] = entry
    }
    try cursor.expectEnd("abbreviations")
  }

  private mutating func readInfo() throws {
    var cursor = Cursor(sections[".debug_info"]!)
    while !cursor.isAtEnd {
      let start = cursor.position
      let length = Int(try cursor.u32())
      let end = cursor.position + length
      try cursor.expect(try cursor.u16() == 5, "version of the unit at \(start)")
      let type = try cursor.u8()
      try cursor.expect(Int(try cursor.u8()) == E.wordSize, "size of addresses")
      try cursor.expect(try cursor.u32() == 0, "offset of abbreviations")
      let entry = try readEntry(&cursor, unit: start)
      try cursor.expect(
        entry != nil && cursor.position == end, "the unit at \(start) ends elsewhere")
      guard let entry else { continue }
      if type == 3 {
        try cursor.expect(entry.tag == 0x3c, "a partial unit's entry")
        continue
      }
      try cursor.expect(type == 1 && entry.tag == 0x11, "a unit's entry")
      units.append(try describe(entry))
    }
  }

  private func readEntry(_ cursor: inout Cursor, unit: Int) throws -> Entry? {
    let offset = cursor.position - unit
    let code = Int(try cursor.uleb())
    if code == 0 { return nil }
    guard let abbreviation = abbreviations[code] else {
      throw Malformed(what: "entry at \(cursor.position) has code \(code)")
    }
    var entry = Entry(offset: offset, tag: abbreviation.tag, values: [:])
    for (attribute, form) in abbreviation.attributes {
      entry.values[attribute] = try readValue(&cursor, form)
    }
    if abbreviation.hasChildren {
      while let child = try readEntry(&cursor, unit: unit) { entry.children.append(child) }
      try cursor.expect(!entry.children.isEmpty, "entry without children at \(offset)")
    }
    return entry
  }

  private func readValue(_ cursor: inout Cursor, _ form: Int) throws -> Value {
    switch form {
    case 0x01: return .number(try cursor.word())
    case 0x04: return .bytes(try cursor.take(Int(try cursor.u32())))
    case 0x05: return .number(UInt64(try cursor.u16()))
    case 0x06, 0x13, 0x17: return .number(UInt64(try cursor.u32()))
    case 0x07: return .number(try cursor.u64())
    case 0x08: return .text(try cursor.string())
    case 0x0b, 0x0c: return .number(UInt64(try cursor.u8()))
    case 0x0f: return .number(try cursor.uleb())
    case 0x18: return .bytes(try cursor.take(Int(try cursor.uleb())))
    case 0x19: return .number(1)
    case 0x1f:
      var strings = Cursor(sections[".debug_line_str"]!, at: Int(try cursor.u32()))
      return .text(try strings.string())
    default: throw Malformed(what: "form \(form)")
    }
  }

  private func describe(_ entry: Entry) throws -> Unit {
    var unit = Unit()
    unit.path = entry.values[0x03]!.text
    unit.directory = entry.values[0x1b]!.text
    unit.producer = entry.values[0x25]!.text
    var byOffset: [Int: Entry] = [:]
    for child in entry.children { byOffset[child.offset] = child }
    for child in entry.children {
      switch child.tag {
      case 0x2e:
        let low = child.values[0x11]!.number
        var words = "function \(child.values[0x03]!.text)"
        words += child.values[0x3f]!.number == 1 ? " external" : ""
        words += " at \(low) size \(child.values[0x12]!.number)"
        words += " base \(child.values[0x40]!.bytes)"
        words += " result \(try type(child, byOffset))"
        for local in child.children {
          words += local.tag == 0x05 ? " parameter" : " local"
          words += " \(local.values[0x03]!.text) \(local.values[0x02]!.bytes)"
          words += " \(try type(local, byOffset))"
        }
        try Cursor([]).expect(unit.declarations.insert(words).inserted, "twice: \(words)")
      case 0x34:
        var location = Cursor(child.values[0x02]!.bytes)
        let operation = try location.u8()
        var words = "variable \(child.values[0x03]!.text)"
        words += child.values[0x3f]!.number == 1 ? " external" : ""
        words += " at \(try location.word())"
        if operation != 0x03 {
          try location.expect(operation == (E.is64 ? 0x0e : 0x0c), "a constant")
          try location.expect(try location.u8() == 0x9b, "a thread's address")
          words += " of a thread"
        }
        words += " type \(try type(child, byOffset))"
        try location.expectEnd("location")
        try Cursor([]).expect(unit.declarations.insert(words).inserted, "twice: \(words)")
      case 0x5cc1: break
      default: unit.typeCount += 1
      }
    }
    var cursor = Cursor(sections[".debug_rnglists"]!, at: Int(entry.values[0x55]!.number))
    unit.ranges = try readList(&cursor)
    let line = Int(entry.values[0x10]!.number)
    guard let table = tables[line] else { throw Malformed(what: "no table at \(line)") }
    unit.sequences = Set(table.sequences)
    try cursor.expect(unit.sequences.count == table.sequences.count, "a sequence twice")
    try cursor.expect(table.file == unit.path && table.directory == unit.directory, "file names")
    return unit
  }

  private func type(_ entry: Entry, _ byOffset: [Int: Entry]) throws -> String {
    guard let reference = entry.values[0x49] else { return "void" }
    guard let target = byOffset[Int(reference.number)] else {
      throw Malformed(what: "no entry at \(reference.number)")
    }
    let size = target.values[0x0b].map { "\($0.number)" } ?? "-"
    let name = target.values[0x03]?.text ?? ""
    switch target.tag {
    case 0x24: return "\(name):\(size):\(target.values[0x3e]!.number)"
    case 0x0f: return "*\(size)(\(try type(target, byOffset)))"
    case 0x01: return "[\(target.children[0].values[0x37]!.number)](\(try type(target, byOffset)))"
    case 0x13:
      if target.values[0x3c] != nil { return "incomplete \(name)" }
      let fields = try target.children.map {
        "\($0.values[0x03]!.text)@\($0.values[0x38]!.number) \(try type($0, byOffset))"
      }
      return "struct \(name):\(size){\(fields.joined(separator: ","))}"
    case 0x15:
      let parameters = try target.children.map { try type($0, byOffset) }
      return "(\(parameters.joined(separator: ",")))->\(try type(target, byOffset))"
    default: throw Malformed(what: "a type of tag \(target.tag)")
    }
  }

  // MARK: Ranges, lines, frames

  private func readList(_ cursor: inout Cursor) throws -> [Range<UInt64>] {
    var ranges: [Range<UInt64>] = []
    while true {
      let kind = try cursor.u8()
      if kind == 0 { return ranges }
      try cursor.expect(kind == 6, "kind of range")
      let low = try cursor.word()
      let high = try cursor.word()
      try cursor.expect(low <= high, "range")
      ranges.append(low..<high)
    }
  }

  private func readAllRanges() throws {
    var cursor = Cursor(sections[".debug_rnglists"]!)
    while !cursor.isAtEnd {
      let end = Int(try cursor.u32()) + cursor.position
      try cursor.expect(try cursor.u16() == 5, "version of ranges")
      try cursor.expect(Int(try cursor.u8()) == E.wordSize, "size of addresses in ranges")
      try cursor.expect(try cursor.u8() == 0, "segments")
      try cursor.expect(try cursor.u32() == 0, "offsets of lists")
      while cursor.position < end { _ = try readList(&cursor) }
      try cursor.expect(cursor.position == end, "ranges end elsewhere")
    }
  }

  private typealias Table = (directory: String, file: String, sequences: [[Row]])

  private func readAllLines() throws -> [Int: Table] {
    var tables: [Int: Table] = [:]
    var cursor = Cursor(sections[".debug_line"]!)
    while !cursor.isAtEnd {
      let start = cursor.position
      tables[start] = try readLines(&cursor)
    }
    return tables
  }

  private func readLines(_ cursor: inout Cursor) throws -> Table {
    let end = Int(try cursor.u32()) + cursor.position
    try cursor.expect(try cursor.u16() == 5, "version of lines")
    try cursor.expect(Int(try cursor.u8()) == E.wordSize, "size of addresses in lines")
    try cursor.expect(try cursor.u8() == 0, "segments")
    let program = Int(try cursor.u32()) + cursor.position
    try cursor.expect(try cursor.u8() == 1 && cursor.u8() == 1 && cursor.u8() == 1, "parameters")
    let lineBase = Int(Int8(bitPattern: try cursor.u8()))
    let lineRange = Int(try cursor.u8())
    let opcodeBase = Int(try cursor.u8())
    _ = try cursor.take(opcodeBase - 1)
    var names: [[String]] = []
    for _ in 0..<2 {
      var formats: [(Int, Int)] = []
      for _ in 0..<(try cursor.u8()) {
        formats.append((Int(try cursor.uleb()), Int(try cursor.uleb())))
      }
      var paths: [String] = []
      for _ in 0..<(try cursor.uleb()) {
        for (content, form) in formats {
          let value = try readValue(&cursor, form)
          if content == 1 { paths.append(value.text) }
        }
      }
      names.append(paths)
    }
    try cursor.expect(cursor.position == program, "header of lines ends elsewhere")
    var sequences: [[Row]] = []
    var rows: [Row] = []
    let initial = (row: Row(address: 0, line: 1, column: 0), file: 1)
    var state = initial
    var endsWithSequence = true
    while cursor.position < end {
      let operation = Int(try cursor.u8())
      endsWithSequence = false
      switch operation {
      case 0:
        let length = Int(try cursor.uleb())
        let next = cursor.position + length
        switch try cursor.u8() {
        case 1:
          state.row.isEnd = true
          rows.append(state.row)
          sequences.append(rows)
          rows = []
          state = initial
          endsWithSequence = true
        case 2: state.row.address = try cursor.word()
        case let other: throw Malformed(what: "extended operation \(other)")
        }
        try cursor.expect(cursor.position == next, "length of an extended operation")
      case 2: state.row.address += try cursor.uleb()
      case 3: state.row.line += Int(try cursor.sleb())
      case 4: state.file = Int(try cursor.uleb())
      case 5: state.row.column = Int(try cursor.uleb())
      case 7: break
      case opcodeBase...255:
        let adjusted = operation - opcodeBase
        state.row.address += UInt64(adjusted / lineRange)
        state.row.line += lineBase + adjusted % lineRange
        try cursor.expect(state.file == 0, "file")
        rows.append(state.row)
      default: throw Malformed(what: "operation \(operation)")
      }
    }
    try cursor.expect(rows.isEmpty && cursor.position == end, "lines end elsewhere")
    try cursor.expect(endsWithSequence, "operations behind the last sequence")
    return (names[0].first ?? "", names[1].first ?? "", sequences)
  }

  private mutating func readFrames() throws {
    var cursor = Cursor(sections[".debug_frame"]!)
    while !cursor.isAtEnd {
      let start = cursor.position
      let end = Int(try cursor.u32()) + cursor.position
      let identity = try cursor.u32()
      if identity == 0xffff_ffff {
        try cursor.expect(try cursor.u8() == 4 && cursor.u8() == 0, "version of frames")
        try cursor.expect(Int(try cursor.u8()) == E.wordSize, "size of addresses in frames")
        _ = try cursor.take(4)
        let rest = try cursor.take(end - cursor.position)
        try cursor.expect(start == 0 || rest.allSatisfy { $0 == 0 }, "bytes in a gap of frames")
      } else {
        try cursor.expect(identity == 0, "offset of the common record")
        let address = try cursor.word()
        let size = try cursor.word()
        var instructions = try cursor.take(end - cursor.position)
        while instructions.last == 0 { instructions.removeLast() }
        try cursor.expect(frames[address] == nil, "a frame twice")
        frames[address] = (size, instructions)
      }
    }
  }

  struct Cursor {
    let bytes: [UInt8]
    var position: Int
    init(_ bytes: [UInt8], at position: Int = 0) {
      self.bytes = bytes
      self.position = position
    }
    var isAtEnd: Bool { position == bytes.count }

    mutating func take(_ count: Int) throws -> [UInt8] {
      try expect(count >= 0 && count <= bytes.count - position, "bytes end at \(position)")
      defer { position += count }
      return Array(bytes[position..<position + count])
    }
    private mutating func integer(_ count: Int) throws -> UInt64 {
      let part = try take(count)
      return (E.isBigEndian ? part : part.reversed()).reduce(0) { $0 << 8 | UInt64($1) }
    }
    mutating func u8() throws -> UInt8 { UInt8(try integer(1)) }
    mutating func u16() throws -> UInt16 { UInt16(try integer(2)) }
    mutating func u32() throws -> UInt32 { UInt32(try integer(4)) }
    mutating func u64() throws -> UInt64 { try integer(8) }
    mutating func word() throws -> UInt64 { try integer(E.wordSize) }
    mutating func uleb() throws -> UInt64 {
      var value: UInt64 = 0
      var shift = 0
      while true {
        let byte = try u8()
        value |= UInt64(byte & 0x7f) << shift
        if byte & 0x80 == 0 { return value }
        shift += 7
      }
    }
    mutating func sleb() throws -> Int64 {
      var value: Int64 = 0
      var shift = 0
      while true {
        let byte = try u8()
        value |= Int64(byte & 0x7f) << shift
        shift += 7
        if byte & 0x80 == 0 { return byte & 0x40 != 0 && shift < 64 ? value | -1 << shift : value }
      }
    }
    mutating func string() throws -> String {
      guard let end = bytes[position...].firstIndex(of: 0) else {
        throw Malformed(what: "text at \(position) does not end")
      }
      defer { position = end + 1 }
      return String(decoding: bytes[position..<end], as: UTF8.self)
    }
    func expect(_ holds: Bool, _ what: String) throws {
      if !holds { throw Malformed(what: "wrong: \(what), at \(position)") }
    }
    func expectEnd(_ what: String) throws { try expect(isAtEnd, "\(what) end elsewhere") }
  }
}
