import ELFFormat
import Platform

/// Walks over the records of a section of frame descriptions.
///
/// Source: LSB Core, "The .eh_frame section"; a record's length doesn't count itself, 0 is a
/// terminator, and 0xffffffff is followed by a length of eight bytes. The second field has four bytes
/// in either form.
struct FrameParser<E: ELFEncoding> {
  struct Record: Equatable {
    /// Bytes from the start of the section.
    var offset: Int
    /// Bytes, the length included.
    var size: Int
    var isExtended: Bool
    /// The second field: 0 for a CIE; for an FDE, how many bytes before the field its CIE is.
    var id: UInt32

    var isCIE: Bool { id == 0 }
    /// Where the second field is, from the start of the section.
    var idOffset: Int { offset + (isExtended ? 12 : 4) }
  }

  let bytes: ByteString
  private(set) var offset = 0

  init(_ bytes: ByteString) { self.bytes = bytes }

  /// The next record; nil at the end of the section. Terminators are passed over: where objects
  /// were joined by `ld -r`, the next object's records follow on them.
  mutating func next() throws(InputError) -> Record? {
    var left = bytes.count - offset
    if left == 0 { return nil }
    guard left >= 4 else { throw bad("truncated frame description") }
    var p = UnsafeRawPointer(bytes.start) + offset
    var length = UInt64(E.load32(p))
    while length == 0 {
      offset += 4
      left -= 4
      p += 4
      // Less than a length is what fills up the section.
      if left < 4 { return nil }
      length = UInt64(E.load32(p))
    }
    let isExtended = length == 0xffff_ffff
    let header = isExtended ? 12 : 4
    if isExtended {
      guard left >= header else { throw bad("truncated frame description") }
      length = E.load64(p + 4)
    }
    guard length <= UInt64(left - header) else {
      throw bad("frame description of \(length) bytes runs past the end of the section")
    }
    guard length >= 4 else { throw bad("frame description of \(length) bytes is too short") }
    let record = Record(
      offset: offset, size: header + Int(length), isExtended: isExtended, id: E.load32(p + header))
    offset += record.size
    return record
  }

  private func bad(_ what: String) -> InputError {
    InputError("\(what) (at offset 0x\(String(offset, radix: 16)))")
  }
}
