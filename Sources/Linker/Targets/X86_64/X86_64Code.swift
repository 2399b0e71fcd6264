import ELFFormat

/// x86-64 for a compiler's image. Sources: Intel 64 and IA-32 Architectures Software Developer's
/// Manual, volume 2 (SDM); x86-64 psABI.
enum X86_64Code: CodeTarget {
  typealias Encoding = ELF64Little

  static var imageMachine: ImageMachine { .x86_64 }
  static var machine: UInt16 { MachineNumber.x86_64 }
  /// Source: psABI, "ELF Header": the machine defines none.
  static var headerFlags: UInt32 { 0 }
  static var imagePageSize: UInt64 { 4096 }
  static var codeAlignment: UInt8 { 0 }
  /// int3. Source: SDM, INT n/INTO/INT3/INT1.
  static var trap: [UInt8] { [0xcc] }
  /// Source: psABI, "Program Loading", where absolute executables begin.
  static var imageBase: UInt64 { 0x40_0000 }
  /// An absolute operand is 32 bits with sign extension, so the upper half would name the highest
  /// addresses of all, which are the kernel's. Source: SDM, volume 1, "64-Bit Mode Displacements".
  static var slotLimit: UInt64 { 1 << 31 }
  /// Programs have 2^47 bytes; position-independent ones begin at two thirds of that.
  static var addressLimit: UInt64 { 1 << 46 }

  /// A memory operand without base and index. The shorter form of the same operand is relative to
  /// the instruction pointer in 64-bit mode, so that a base of 101 in a SIB byte says it.
  /// Source: SDM, CALL, opcode FF /2; tables 2-2 and 2-3.
  static func callSequence(slot: UInt64) -> [UInt8] {
    absolute(0x14, slot)  // call *slot
  }

  /// Source: SDM, JMP, opcode FF /4.
  static func jumpSequence(slot: UInt64) -> [UInt8] {
    absolute(0x24, slot)  // jmp *slot
  }

  private static func absolute(_ modRM: UInt8, _ slot: UInt64) -> [UInt8] {
    [
      0xff, modRM, 0x25, UInt8(truncatingIfNeeded: slot), UInt8(truncatingIfNeeded: slot >> 8),
      UInt8(truncatingIfNeeded: slot >> 16), UInt8(truncatingIfNeeded: slot >> 24),
    ]
  }

  /// Source: psABI, "Thread-Local Storage"; variant II.
  static func threadOffset(
    address: UInt64, start: UInt64, size: UInt64, alignment: UInt64
  ) -> Int64 {
    ThreadBlock.offsetBeforeThreadPointer(
      address: address, start: start, size: size, alignment: alignment)
  }
}
