import ELFFormat

/// ARMv7 in ARM state with hardware floating point, for a compiler's image. Sources: Arm
/// Architecture Reference Manual, ARMv7-A and ARMv7-R edition (Arm ARM); ELF for the Arm
/// Architecture (AAELF32); Procedure Call Standard (AAPCS32).
enum ARMCode: CodeTarget {
  typealias Encoding = ELF32Little

  static var imageMachine: ImageMachine { .arm }
  static var machine: UInt16 { MachineNumber.arm }
  /// Version 5 of the EABI, floating-point arguments in registers. Source: AAELF32, "ELF Header",
  /// EF_ARM_ABIMASK, EF_ARM_ABI_FLOAT_HARD.
  static var headerFlags: UInt32 { 0x500_0400 }
  /// Pages are of 4 KiB, but 64-bit kernels also run these programs, with pages of up to 64 KiB.
  static var imagePageSize: UInt64 { 0x1_0000 }
  static var codeAlignment: UInt8 { 2 }
  /// udf #0xfdee: an instruction that stays undefined, whose first half is one in Thumb state, too.
  /// Source: Arm ARM, A8.8.247.
  static var trap: [UInt8] { [0xfe, 0xde, 0xff, 0xe7] }
  static var imageBase: UInt64 { 0x1_0000 }
  static var slotLimit: UInt64 { 1 << 32 }
  /// A kernel that takes the last GiB for itself keeps 16 MiB below that for its modules.
  static var addressLimit: UInt64 { 0xbf00_0000 }

  /// Source: Arm ARM, A8.8.102 MOV (immediate) A2, A8.8.106 MOVT, A8.8.63 LDR (immediate),
  /// A8.8.26 BLX (register).
  static func callSequence(slot: UInt64) -> [UInt8] {
    instructions([
      0xe300_e000 | split(slot),  // movw lr, #slot[15:0]
      0xe340_e000 | split(slot >> 16),  // movt lr, #slot[31:16]
      0xe59e_e000,  // ldr lr, [lr]
      0xe12f_ff3e,  // blx lr
    ])
  }

  /// Through r12, which calls may change on their way; a load of pc changes to Thumb state as the
  /// address asks for. Source: AAPCS32, "Core registers"; Arm ARM, A8.8.63.
  static func jumpSequence(slot: UInt64) -> [UInt8] {
    instructions([
      0xe300_c000 | split(slot),  // movw r12, #slot[15:0]
      0xe340_c000 | split(slot >> 16),  // movt r12, #slot[31:16]
      0xe59c_f000,  // ldr pc, [r12]
    ])
  }

  /// Sixteen bits as the immediate of a move: four bits above the register, twelve at the end.
  private static func split(_ value: UInt64) -> UInt32 {
    let value = UInt32(truncatingIfNeeded: value)
    return (value & 0xf000) << 4 | value & 0xfff
  }

  /// Source: Addenda to the ABI for the Arm Architecture, "Linux for Arm static (initial-exec)
  /// model": variant I, with a header of two words.
  static func threadOffset(
    address: UInt64, start: UInt64, size: UInt64, alignment: UInt64
  ) -> Int64 {
    ThreadBlock.offsetBehindHeader(8, address: address, start: start, alignment: alignment)
  }
}
