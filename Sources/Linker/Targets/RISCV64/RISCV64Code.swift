import ELFFormat

/// 64-bit RISC-V for a compiler's image. Sources: The RISC-V Instruction Set Manual, volume I
/// (ISA); RISC-V ELF psABI.
enum RISCV64Code: CodeTarget {
  typealias Encoding = ELF64Little

  static var imageMachine: ImageMachine { .riscv64 }
  static var machine: UInt16 { MachineNumber.riscv }
  /// Doubles are passed in registers, and compressed instructions may occur: C libraries for this
  /// machine are built so. Source: psABI, "File Header", EF_RISCV_RVC,
  /// EF_RISCV_FLOAT_ABI_DOUBLE.
  static var headerFlags: UInt32 { 0x1 | 0x4 }
  static var imagePageSize: UInt64 { 4096 }
  /// That of full-size instructions on machines without compressed ones.
  static var codeAlignment: UInt8 { 2 }
  /// All zero, the compressed instruction that is illegal for good. Source: ISA, "Expanded
  /// Instruction-Length Encoding"; "Defined Illegal Instruction".
  static var trap: [UInt8] { [0, 0] }
  static var imageBase: UInt64 { 0x1_0000 }
  /// `lui` extends bit 31 into the upper half, and what it loads is already rounded up when the low
  /// part, which has a sign, is negative.
  static var slotLimit: UInt64 { 1 << 31 - 1 << 11 }
  /// With three levels of tables (Sv39) programs have 2^38 bytes.
  static var addressLimit: UInt64 { 1 << 37 }

  /// Source: ISA, "RV32I Base Integer Instruction Set" (LUI, ADDI, JALR), "RV64I" (LD).
  static func callSequence(slot: UInt64) -> [UInt8] {
    instructions([
      0x0000_00b7 | upper(slot),  // lui ra, %hi(slot)
      0x0000_8093 | lower(slot),  // addi ra, ra, %lo(slot)
      0x0000_b083,  // ld ra, 0(ra)
      0x0000_80e7,  // jalr ra, 0(ra)
    ])
  }

  /// Through t1, which calls may change on their way, and which unlike t0 does not tell the
  /// machine's return-address stack of a return. Source: ISA, table "Return-address stack
  /// prediction hints"; psABI, "Integer Register Convention".
  static func jumpSequence(slot: UInt64) -> [UInt8] {
    instructions([
      0x0000_0337 | upper(slot),  // lui t1, %hi(slot)
      0x0003_3303 | lower(slot),  // ld t1, %lo(slot)(t1)
      0x0003_0067,  // jr t1
    ])
  }

  /// Bits 31 to 12, rounded for the sign of the rest.
  private static func upper(_ slot: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: slot &+ 0x800) & 0xffff_f000
  }

  /// The low twelve bits in the place of an I-type immediate.
  private static func lower(_ slot: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: slot) << 20
  }

  /// The thread pointer is the block's start. Source: psABI, "Thread Local Storage".
  static func threadOffset(
    address: UInt64, start: UInt64, size: UInt64, alignment: UInt64
  ) -> Int64 {
    ThreadBlock.offsetBehindHeader(0, address: address, start: start, alignment: alignment)
  }
}
