import ELFFormat

/// Records of `.debug_frame`. Source: DWARF 5, 6.4.1.
extension DebugEncoder {
  /// Records take a multiple of this, which is no less than the shortest CIE; so every gap can be
  /// one.
  static var frameUnit: Int { 16 }

  static func frameCapacity(for count: Int) -> Int {
    (count + count / 3 + frameUnit - 1) / frameUnit * frameUnit
  }

  private static func cie(
    length: Int, codeAlignment: UInt8, dataAlignment: Int8, returnAddress: UInt8
  ) -> Bytes {
    var out = Bytes()
    out.u32(UInt32(length - 4))
    out.u32(0xffff_ffff)
    // Version, augmentation, size of addresses and of segment selectors.
    out.append([4, 0, UInt8(E.wordSize), 0])
    out.uleb(UInt64(codeAlignment))
    out.sleb(Int64(dataAlignment))
    out.uleb(UInt64(returnAddress))
    return out
  }

  /// The record that all functions' share, at the section's start.
  static func commonFrame(_ facts: DebugFrameFacts) -> [UInt8] {
    let length = 2 * frameUnit
    var out = cie(
      length: length, codeAlignment: facts.codeAlignment, dataAlignment: facts.dataAlignment,
      returnAddress: facts.returnAddress)
    // DW_CFA_def_cfa
    out.u8(0x0c)
    out.uleb(UInt64(facts.stackPointer))
    out.uleb(facts.frameOffset)
    if facts.pushesReturnAddress {
      // DW_CFA_offset
      out.u8(0x80 | facts.returnAddress)
      out.uleb(1)
    }
    // DW_CFA_nop is zero.
    out.repeating(0, count: length - out.count)
    return out.bytes
  }

  /// What stands at the beginning of a gap: a common record that no function's refers to. The
  /// rest of the gap is zero.
  static func frameGap(length: Int) -> [UInt8] {
    cie(length: length, codeAlignment: 1, dataAlignment: 1, returnAddress: 0).bytes
  }

  static var frameAddressOffset: UInt32 { 8 }

  /// The record of a function, as it fills `capacity` bytes; the least if that is nil.
  static func frame(
    _ instructions: [UInt8], address: UInt64, size: UInt64, capacity: Int?
  ) -> [UInt8] {
    var out = Bytes()
    out.u32(UInt32((capacity ?? 4) - 4))
    // Offset of the common record.
    out.u32(0)
    out.word(address)
    out.word(size)
    out.append(instructions)
    if let capacity { out.repeating(0, count: capacity - out.count) }
    return out.bytes
  }
}
