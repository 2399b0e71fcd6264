import ELFFormat

/// 64-bit SPARC for a compiler's image: big endian. Sources: The SPARC Architecture Manual,
/// version 9 (V9); SPARC Compliance Definition 2.4.1 (SCD).
enum SPARC64Code: CodeTarget {
  typealias Encoding = ELF64Big

  static var imageMachine: ImageMachine { .sparc64 }
  static var machine: UInt16 { MachineNumber.sparcv9 }
  /// Relaxed memory order, the one that asks nothing of the system: what C libraries for this
  /// machine say, too. Source: SCD, "ELF Header", EF_SPARCV9_RMO.
  static var headerFlags: UInt32 { 0x2 }
  /// Source: SCD, "Program Loading": what executables are aligned to.
  static var imagePageSize: UInt64 { 0x10_0000 }
  static var codeAlignment: UInt8 { 2 }
  /// illtrap 0: memory that was never written traps as well. Source: V9, A.22.
  static var trap: [UInt8] { [0, 0, 0, 0] }
  static var imageBase: UInt64 { 0x10_0000 }
  /// `sethi` clears the upper half.
  static var slotLimit: UInt64 { 1 << 32 }
  /// On processors whose addresses have a hole, programs have 2^43 bytes below it.
  static var addressLimit: UInt64 { 1 << 42 }

  /// Source: V9, A.48 SETHI, A.31 OR, A.27 LDX, A.24 JMPL; 6.3.4 for the instruction behind a jump,
  /// which is executed before it takes effect.
  static func callSequence(slot: UInt64) -> [UInt8] {
    instructions([
      0x1f00_0000 | upper(slot),  // sethi %hi(slot), %o7
      0x9e13_e000 | lower(slot),  // or %o7, %lo(slot), %o7
      0xde5b_c000,  // ldx [%o7], %o7
      0x9fc3_c000,  // jmpl %o7, %o7
      0x0100_0000,  // nop
    ])
  }

  /// Through %g1, which calls may change on their way. Source: SCD, "Registers and the Stack Frame".
  static func jumpSequence(slot: UInt64) -> [UInt8] {
    instructions([
      0x0300_0000 | upper(slot),  // sethi %hi(slot), %g1
      0xc258_6000 | lower(slot),  // ldx [%g1 + %lo(slot)], %g1
      0x81c0_4000,  // jmpl %g1, %g0
      0x0100_0000,  // nop
    ])
  }

  /// Bits 31 to 10.
  private static func upper(_ slot: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: slot) >> 10
  }

  private static func lower(_ slot: UInt64) -> UInt32 {
    UInt32(truncatingIfNeeded: slot) & 0x3ff
  }

  /// Source: SCD's supplement for thread-local storage; variant II.
  static func threadOffset(
    address: UInt64, start: UInt64, size: UInt64, alignment: UInt64
  ) -> Int64 {
    ThreadBlock.offsetBeforeThreadPointer(
      address: address, start: start, size: size, alignment: alignment)
  }
}
