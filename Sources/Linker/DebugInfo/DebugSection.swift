/// The sections that have places for more than one unit.
enum DebugKind: Int, CaseIterable {
  case info
  case line
  case ranges
  case frame
  case strings

  /// Those of which each unit has a range.
  static var ofUnits: [DebugKind] { [.info, .line, .ranges] }
}

/// A section of debug information, and which of its bytes nobody uses.
final class DebugSection {
  let section: ImageSection
  var room = DebugRoom()
  /// One past the last byte that is handed out. Between calls it is the section's size.
  var end: UInt64

  /// Offsets have 32 bits, and the highest values of a length mean other things. Source: DWARF 5,
  /// 7.4 "32-Bit and 64-Bit DWARF Formats".
  static var limit: UInt64 { 0xffff_fff0 }

  init(_ section: ImageSection) {
    self.section = section
    end = section.size
  }

  /// Finds a range, in free room or behind all others. The section is not grown yet.
  func take(_ length: UInt64) throws(ImageError) -> (start: UInt32, isReused: Bool) {
    guard length <= Self.limit else { throw tooLarge() }
    if let start = room.take(UInt32(length)) { return (start, true) }
    let start = end
    try extend(by: length)
    return (UInt32(start), false)
  }

  /// Hands out the bytes that follow the last range.
  func extend(by length: UInt64) throws(ImageError) {
    guard end + length <= Self.limit else { throw tooLarge() }
    end += length
  }

  private func tooLarge() -> ImageError {
    ImageError(
      .outOfRoom,
      "section \(section.name) cannot grow beyond 4 GiB: make an image without debug information"
        + " of some of its units")
  }

  /// Writes `bytes` at `offset`, except for what is there already at their beginning and end: an
  /// edit of one field in a fragment that is encoded anew writes that field.
  func patch(_ bytes: [UInt8], at offset: UInt64) {
    let present = section.bytes
    let start = Int(offset)
    precondition(start + bytes.count <= present.count)
    var lower = 0
    while lower < bytes.count, bytes[lower] == present[start + lower] { lower += 1 }
    if lower == bytes.count { return }
    var upper = bytes.count
    while bytes[upper - 1] == present[start + upper - 1] { upper -= 1 }
    let target = section.mutableBytes(offset + UInt64(lower)..<offset + UInt64(upper))
    for index in lower..<upper { target[index - lower] = bytes[index] }
  }

  /// As `section.fill`, but writes nothing that is there already.
  func fill(_ range: Range<UInt64>, with byte: UInt8) {
    patch([UInt8](repeating: byte, count: range.count), at: range.lowerBound)
  }
}

/// All sections of an image's debug information.
final class DebugStorage {
  private let sections: [DebugSection]
  let abbreviations: ImageSection
  /// Offsets in `.debug_line_str`.
  var stringOffsets: [String: UInt32] = [:]

  /// - Parameter sections: in the order of `DebugKind`.
  init(sections: [DebugSection], abbreviations: ImageSection) {
    self.sections = sections
    self.abbreviations = abbreviations
  }

  subscript(kind: DebugKind) -> DebugSection { sections[kind.rawValue] }

  var all: [ImageSection] {
    [self[.info].section, abbreviations]
      + [DebugKind.line, .strings, .ranges, .frame].map { self[$0].section }
  }
}
