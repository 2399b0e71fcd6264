import ELFFormat

/// Procedure linkage tables. Source: x86-64 psABI, "Procedure Linkage Table".
extension X86_64 {
  static var pltHeaderSize: UInt64 { 16 }
  static var pltEntrySize: UInt64 { 16 }
  static var directPLTEntrySize: UInt64 { 8 }

  static func writePLTHeader(_ p: UnsafeMutableRawPointer, plt: UInt64, pltSlots: UInt64) {
    let code: InlineArray<16, UInt8> = [
      0xff, 0x35, 0, 0, 0, 0,  // push GOTPLT+8(%rip)
      0xff, 0x25, 0, 0, 0, 0,  // jmp *GOTPLT+16(%rip)
      0x0f, 0x1f, 0x40, 0x00,  // nop
    ]
    for i in 0..<16 { p.storeBytes(of: code[i], toByteOffset: i, as: UInt8.self) }
    relative(p + 2, pltSlots &+ 8, plt &+ 6)
    relative(p + 8, pltSlots &+ 16, plt &+ 12)
  }

  static func writePLTEntry(
    _ p: UnsafeMutableRawPointer, address: UInt64, slot: UInt64, index: Int, plt: UInt64
  ) {
    let code: InlineArray<16, UInt8> = [
      0xff, 0x25, 0, 0, 0, 0,  // jmp *slot(%rip)
      0x68, 0, 0, 0, 0,  // push $index
      0xe9, 0, 0, 0, 0,  // jmp PLT0
    ]
    for i in 0..<16 { p.storeBytes(of: code[i], toByteOffset: i, as: UInt8.self) }
    relative(p + 2, slot, address &+ 6)
    Encoding.store32(UInt32(truncatingIfNeeded: index), p + 7)
    relative(p + 12, plt, address &+ 16)
  }

  static func writeDirectPLTEntry(_ p: UnsafeMutableRawPointer, address: UInt64, slot: UInt64) {
    let code: InlineArray<8, UInt8> = [
      0xff, 0x25, 0, 0, 0, 0,  // jmp *slot(%rip)
      0x66, 0x90,  // xchg %ax, %ax
    ]
    for i in 0..<8 { p.storeBytes(of: code[i], toByteOffset: i, as: UInt8.self) }
    relative(p + 2, slot, address &+ 6)
  }

  static var lazyEntryOffset: UInt64 { 6 }
  static var landingPLTEntrySize: UInt64 { 16 }

  static func writeLandingLazyEntry(
    _ p: UnsafeMutableRawPointer, address: UInt64, index: Int, plt: UInt64
  ) {
    let code: InlineArray<16, UInt8> = [
      0xf3, 0x0f, 0x1e, 0xfa,  // endbr64
      0x68, 0, 0, 0, 0,  // push $index
      0xe9, 0, 0, 0, 0,  // jmp PLT0
      0x66, 0x90,  // xchg %ax, %ax
    ]
    for i in 0..<16 { p.storeBytes(of: code[i], toByteOffset: i, as: UInt8.self) }
    Encoding.store32(UInt32(truncatingIfNeeded: index), p + 5)
    relative(p + 10, plt, address &+ 14)
  }

  static func writeLandingPLTEntry(_ p: UnsafeMutableRawPointer, address: UInt64, slot: UInt64) {
    let code: InlineArray<16, UInt8> = [
      0xf3, 0x0f, 0x1e, 0xfa,  // endbr64
      0xff, 0x25, 0, 0, 0, 0,  // jmp *slot(%rip)
      0x66, 0x0f, 0x1f, 0x44, 0x00, 0x00,  // nop
    ]
    for i in 0..<16 { p.storeBytes(of: code[i], toByteOffset: i, as: UInt8.self) }
    relative(p + 6, slot, address &+ 10)
  }

  private static func relative(_ p: UnsafeMutableRawPointer, _ target: UInt64, _ next: UInt64) {
    Encoding.store32(UInt32(truncatingIfNeeded: target &- next), p)
  }
}
