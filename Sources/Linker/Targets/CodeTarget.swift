import ELFFormat

/// A machine as a compiler's image needs it: how numbers lie, and how code reaches the offset
/// table. All members are static; the image is generic over it.
protocol CodeTarget: Sendable {
  associatedtype Encoding: ELFEncoding

  static var imageMachine: ImageMachine { get }
  /// e_machine.
  static var machine: UInt16 { get }
  /// e_flags. Source: the machine's psABI.
  static var headerFlags: UInt32 { get }
  /// Bytes; segments are aligned to it, and it is a multiple of every page size that kernels for
  /// the machine use.
  static var imagePageSize: UInt64 { get }
  /// log2 of the least alignment of code.
  static var codeAlignment: UInt8 { get }
  /// What unused code bytes hold: traps if it is executed. As long as the shortest instruction.
  static var trap: [UInt8] { get }
  /// The lowest address that the image uses when it has the address space for itself.
  static var imageBase: UInt64 { get }
  /// The lowest address that the image uses when what is linked from files lies below.
  static var imageBaseAboveInputs: UInt64 { get }
  /// One past the highest address that a slot may have, for code to reach it.
  static var slotLimit: UInt64 { get }
  /// One past the highest address that anything may have: with the smallest address space that
  /// kernels for the machine give to programs, room is left above it for the stack, shared
  /// libraries and the interpreter.
  static var addressLimit: UInt64 { get }

  /// The instructions that call through the slot at address `slot`, with the return address where
  /// the machine's calls leave it; `slot` is below `slotLimit`. Source: the machine's manual.
  static func callSequence(slot: UInt64) -> [UInt8]
  /// The instructions that jump to where the slot at address `slot` points, changing no register
  /// that carries arguments: an entry at an address that stays.
  static func jumpSequence(slot: UInt64) -> [UInt8]

  /// How functions' frames look on entry, for debuggers. Source: the machine's psABI.
  static var debugFrame: DebugFrameFacts { get }

  /// What to add to the thread pointer to reach `address` of the image's thread-local block.
  ///
  /// - Parameters:
  ///   - start: address of the block's beginning, a multiple of `alignment`.
  ///   - size: its bytes in memory.
  ///   - alignment: its alignment in bytes.
  static func threadOffset(
    address: UInt64, start: UInt64, size: UInt64, alignment: UInt64
  ) -> Int64
}

extension CodeTarget {
  /// Instructions of four bytes each, as they lie in memory.
  static func instructions<let count: Int>(_ words: InlineArray<count, UInt32>) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: 4 * count) { bytes, filled in
      let start = UnsafeMutableRawPointer(bytes.baseAddress!)
      for i in 0..<count { Encoding.store32(words[i], start + 4 * i) }
      filled = 4 * count
    }
  }
}

/// Where the thread-local block of the program itself lies, seen from the thread pointer. Source:
/// U. Drepper, "ELF Handling For Thread-Local Storage", section 3, which names the two variants.
enum ThreadBlock {
  /// Variant I: the thread pointer points at a header of `header` bytes, and the block follows it
  /// at the first address that its alignment allows.
  static func offsetBehindHeader(
    _ header: UInt64, address: UInt64, start: UInt64, alignment: UInt64
  ) -> Int64 {
    Int64(bitPattern: alignUp(header, max(alignment, 1)) &+ address &- start)
  }

  /// Variant II: the block ends at the thread pointer, but for what rounds its size up to its
  /// alignment.
  static func offsetBeforeThreadPointer(
    address: UInt64, start: UInt64, size: UInt64, alignment: UInt64
  ) -> Int64 {
    Int64(bitPattern: address &- start &- alignUp(size, max(alignment, 1)))
  }
}

extension CodeTarget {
  /// 256 MiB above the usual base, in whole pages.
  static var imageBaseAboveInputs: UInt64 {
    alignUp(imageBase + 0x1000_0000, max(imagePageSize, 0x1000_0000))
  }
}
