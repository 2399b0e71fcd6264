import ELFFormat

/// Bytes of debug information under construction, with numbers as the target has them.
struct DebugBytes<E: ELFEncoding> {
  private(set) var bytes: [UInt8] = []
  var count: Int { bytes.count }

  init() {}
  /// With room for most declarations, so that it is not found step by step.
  init(reserving count: Int) { bytes.reserveCapacity(count) }

  mutating func u8(_ value: UInt8) { bytes.append(value) }

  mutating func u16(_ value: UInt16) { integer(value, 2) }
  mutating func u32(_ value: UInt32) { integer(value, 4) }
  /// An address, or a number as wide as one.
  mutating func word(_ value: UInt64) { integer(value, E.wordSize) }

  private mutating func integer(_ value: some FixedWidthInteger, _ count: Int) {
    for index in 0..<count {
      let place = E.isBigEndian ? count - 1 - index : index
      bytes.append(UInt8(truncatingIfNeeded: value >> (8 * place)))
    }
  }

  /// Source: DWARF 5, 7.6 "Variable Length Data".
  mutating func uleb(_ value: UInt64) {
    var rest = value
    while rest >= 0x80 {
      bytes.append(UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(UInt8(rest))
  }

  mutating func sleb(_ value: Int64) {
    var rest = value
    while true {
      let low = UInt8(truncatingIfNeeded: rest) & 0x7f
      rest >>= 7
      if (rest == 0 && low & 0x40 == 0) || (rest == -1 && low & 0x40 != 0) {
        bytes.append(low)
        return
      }
      bytes.append(low | 0x80)
    }
  }

  /// DW_FORM_string. A NUL within would end it early and shift all that follows: it is left out.
  mutating func string(_ text: String) {
    let start = bytes.count
    bytes += text.utf8
    if bytes[start...].contains(0) { bytes[start...].removeAll { $0 == 0 } }
    bytes.append(0)
  }

  /// DW_FORM_exprloc, or any block with an unsigned LEB128 length.
  mutating func block(_ contents: DebugBytes<E>) {
    uleb(UInt64(contents.count))
    bytes += contents.bytes
  }

  mutating func append(_ more: [UInt8]) { bytes += more }

  mutating func repeating(_ byte: UInt8, count: Int) {
    bytes += repeatElement(byte, count: count)
  }
}
