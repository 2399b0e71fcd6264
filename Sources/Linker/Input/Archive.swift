import Glibc
import Platform

/// An archive in any of its dialects: GNU (`/` index, `//` long names), BSD (`#1/N` names,
/// `__.SYMDEF`), thin (`!<thin>`), with or without an index.
///
/// Source: ar(5); the GNU and BSD extensions as documented with binutils and BSD's ar.
struct Archive: Sendable {
  var path: ByteString
  var bytes: ByteString
  var isThin: Bool
  /// The GNU table of long names.
  var longNames: ByteString = ""
  /// The index: the names and the offsets of the members that define them; nil if there is none.
  var index: Index?
  var state = LinkOptions.InputState()
  var position: UInt64 = 0

  struct Index: Sendable {
    var table: ByteString
    /// Width of numbers: 4 or 8 bytes; big endian in GNU's, little endian in BSD's.
    var width: Int
    var isBSD: Bool
  }

  struct Member: Sendable {
    var name: ByteString
    var contents: ByteString
    /// Offset of the member's header.
    var offset: Int
    /// Offset of the next header.
    var next: Int
    var isSpecial: Bool
  }

  struct Failure: Error {
    var text: String
    init(_ text: String) { self.text = text }
  }

  static let magicCount = 8

  static func isArchive(_ bytes: ByteString) -> Bool {
    bytes.hasPrefix("!<arch>\n") || bytes.hasPrefix("!<thin>\n")
  }

  /// Reads the special members at the start.
  init(path: ByteString, bytes: ByteString) throws(Failure) {
    self.path = path
    self.bytes = bytes
    isThin = bytes.hasPrefix("!<thin>\n")
    var offset = Self.magicCount
    while offset < bytes.count {
      let member = try member(at: offset)
      guard member.isSpecial else { break }
      if member.name == "//" {
        longNames = member.contents
      } else if member.name == "/" {
        index = Index(table: member.contents, width: 4, isBSD: false)
      } else if member.name == "/SYM64/" {
        index = Index(table: member.contents, width: 8, isBSD: false)
      } else {
        index = Index(
          table: member.contents, width: member.name.hasPrefix("__.SYMDEF_64") ? 8 : 4, isBSD: true)
      }
      offset = member.next
    }
  }

  /// The member whose header is at `offset`; `next` may be past the end for the last one.
  func member(at offset: Int) throws(Failure) -> Member {
    guard offset >= Self.magicCount, offset <= bytes.count - 60 else {
      throw Failure("truncated archive: no room for a member header at offset \(offset)")
    }
    let header = bytes[offset..<offset + 60]
    guard header[58] == 0x60, header[59] == 0x0a else {
      throw Failure("bad archive member header at offset \(offset)")
    }
    guard let size = Self.number(header[48..<58]) else {
      throw Failure("bad size in the archive member header at offset \(offset)")
    }
    var raw = Self.trimmed(header[0..<16])
    let start = offset + 60
    var isSpecial = false
    var name: ByteString
    var nameInContents = 0
    if raw == "/" || raw == "//" || raw == "/SYM64/" {
      name = raw
      isSpecial = true
    } else if raw.hasPrefix("#1/") {
      guard let count = Self.number(raw.dropFirst(3)), count <= size,
        start + count <= bytes.count
      else { throw Failure("bad name length in the archive member header at offset \(offset)") }
      nameInContents = count
      name = bytes[start..<start + count]
      if let end = name.firstIndex(of: 0) { name = name[0..<end] }
    } else if raw.count > 1, raw[0] == 0x2f, raw[1] >= 0x30, raw[1] <= 0x39 {
      // "/N", or "/N:M" for a member of a nested thin archive: N counts into the long names.
      var digits = raw.dropFirst(1)
      if let colon = digits.firstIndex(of: 0x3a) { digits = digits[0..<colon] }
      guard let at = Self.number(digits), at < longNames.count else {
        throw Failure("bad long name in the archive member header at offset \(offset)")
      }
      let rest = longNames.dropFirst(at)
      name = rest[0..<(rest.firstIndex(of: 0x0a) ?? rest.count)]
      if name.hasSuffix("/") { name = name[0..<name.count - 1] }
    } else {
      if raw.hasSuffix("/") { raw = raw[0..<raw.count - 1] }
      name = raw
    }
    if name.hasPrefix("__.SYMDEF") { isSpecial = true }
    if isThin && !isSpecial {
      return Member(name: name, contents: "", offset: offset, next: start, isSpecial: false)
    }
    guard size <= bytes.count - start else {
      throw Failure(
        "truncated archive: member '\(name)' at offset \(offset) says \(size) bytes,"
          + " \(bytes.count - start) are left")
    }
    return Member(
      name: name, contents: bytes[start + nameInContents..<start + size], offset: offset,
      next: start + size + (size & 1), isSpecial: isSpecial)
  }

  /// Calls `body` with each ordinary member.
  func forEachMember(_ body: (Member) -> Void) throws(Failure) {
    var offset = Self.magicCount
    while offset < bytes.count {
      let member = try member(at: offset)
      if !member.isSpecial { body(member) }
      offset = member.next
    }
  }

  /// Calls `body` with each name of the index and the offset of its member.
  func forEachIndexEntry(_ body: (ByteString, Int) -> Void) throws(Failure) {
    guard let index else { return }
    let table = index.table
    let width = index.width
    func number(_ at: Int) -> Int {
      if width == 4, !index.isBSD {
        return Int(
          UnsafeRawPointer(table.start + at).loadUnaligned(as: UInt32.self).bigEndian)
      }
      var value: UInt64 = 0
      for i in 0..<width {
        let byte = table[at + (index.isBSD ? width - 1 - i : i)]
        value = value << 8 | UInt64(byte)
      }
      return Int(clamping: value)
    }
    if table.count < width { return }
    let broken = Failure("the archive's symbol index is damaged; run ranlib on it")
    if index.isBSD {
      let bytesOfEntries = number(0)
      guard bytesOfEntries <= table.count - 2 * width else { throw broken }
      let strings = table.dropFirst(width + bytesOfEntries + width)
      for i in 0..<bytesOfEntries / (2 * width) {
        let nameOffset = number(width + i * 2 * width)
        let member = number(width + i * 2 * width + width)
        guard nameOffset < strings.count else { throw broken }
        let rest = strings.dropFirst(nameOffset)
        body(rest[0..<(rest.firstIndex(of: 0) ?? rest.count)], member)
      }
      return
    }
    let count = number(0)
    guard count <= (table.count - width) / width else { throw broken }
    var name = table.start + (width + count * width)
    let end = table.start + table.count
    for i in 0..<count {
      guard let nul = memchr(name, 0, end - name) else { throw broken }
      let length = UnsafePointer(nul.assumingMemoryBound(to: UInt8.self)) - name
      body(ByteString(start: name, count: length), number(width + i * width))
      name += length + 1
    }
  }

  /// Names in the index, at least: what it says, as far as there is room for so many.
  var indexCount: Int {
    guard let index, !index.isBSD, index.width == 4, index.table.count >= 4 else { return 0 }
    let said = UnsafeRawPointer(index.table.start).loadUnaligned(as: UInt32.self).bigEndian
    return min(Int(said), index.table.count / 5)
  }

  private static func trimmed(_ field: ByteString) -> ByteString {
    var count = field.count
    while count > 0, field[count - 1] == 0x20 { count -= 1 }
    return field[0..<count]
  }

  private static func number(_ field: ByteString) -> Int? {
    let digits = trimmed(field)
    if digits.isEmpty { return nil }
    var value = 0
    for digit in digits.buffer {
      guard digit >= 0x30, digit <= 0x39, value < 1 << 50 else { return nil }
      value = value * 10 + Int(digit - 0x30)
    }
    return value
  }
}
