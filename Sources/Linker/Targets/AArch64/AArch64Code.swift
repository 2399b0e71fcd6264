import ELFFormat

/// AArch64 for a compiler's image. Sources: Arm Architecture Reference Manual for A-profile
/// (Arm ARM); ELF for the Arm 64-bit Architecture (AAELF64); Procedure Call Standard (AAPCS64).
enum AArch64Code: CodeTarget {
  typealias Encoding = ELF64Little

  static var imageMachine: ImageMachine { .aarch64 }
  static var machine: UInt16 { MachineNumber.aarch64 }
  /// Source: AAELF64, "ELF header": none are defined.
  static var headerFlags: UInt32 { 0 }
  /// Kernels use pages of 4, 16 or 64 KiB.
  static var imagePageSize: UInt64 { 0x1_0000 }
  static var codeAlignment: UInt8 { 2 }
  /// udf #0: memory that was never written traps as well. Source: Arm ARM, C6.2, UDF.
  static var trap: [UInt8] { [0, 0, 0, 0] }
  static var imageBase: UInt64 { 0x40_0000 }
  /// All of a program's addresses: 48 bits.
  static var slotLimit: UInt64 { 1 << 48 }
  /// Kernels with 4 KiB pages and three levels of tables give programs 2^39 bytes.
  static var addressLimit: UInt64 { 1 << 38 }

  /// Through x30, which the call sets. Source: Arm ARM, C6.2, BLR.
  static func callSequence(slot: UInt64) -> [UInt8] {
    branchSequence(slot: slot, register: 30, branch: 0xd63f_0000)
  }

  /// Through x16, which calls may change on their way, and from which a branch may enter a function
  /// with a landing pad for calls. Source: AAPCS64, "General-purpose Registers"; Arm ARM, C6.2, BR,
  /// BTI.
  static func jumpSequence(slot: UInt64) -> [UInt8] {
    branchSequence(slot: slot, register: 16, branch: 0xd61f_0000)
  }

  /// Three 16-bit pieces name any slot; as slots are at fixed addresses from the start, the length
  /// is known before the code is written, and it is the same for all slots below 2^32.
  /// Source: Arm ARM, C6.2, MOVZ, MOVK, LDR (immediate).
  private static func branchSequence(slot: UInt64, register: UInt32, branch: UInt32) -> [UInt8] {
    let low = 0xd280_0000 | piece(slot, 0) | register  // movz xR, #slot[15:0]
    let middle = 0xf2a0_0000 | piece(slot, 16) | register  // movk xR, #slot[31:16], lsl #16
    let load = 0xf940_0000 | register << 5 | register  // ldr xR, [xR]
    let end = branch | register << 5  // blr xR, or br xR
    if slot >> 32 == 0 { return instructions([low, middle, load, end]) }
    let high = 0xf2c0_0000 | piece(slot, 32) | register  // movk xR, #slot[47:32], lsl #32
    return instructions([low, middle, high, load, end])
  }

  /// Sixteen bits of an address as the immediate of a move.
  private static func piece(_ slot: UInt64, _ shift: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: slot >> shift & 0xffff) << 5
  }

  /// Source: AAELF64, "Thread Local Storage": variant I, with a header of two words.
  static func threadOffset(
    address: UInt64, start: UInt64, size: UInt64, alignment: UInt64
  ) -> Int64 {
    ThreadBlock.offsetBehindHeader(16, address: address, start: start, alignment: alignment)
  }
}
