import ELFFormat

enum X86_64Code: CodeTarget {
  typealias Encoding = ELF64Little
  static var imageMachine: ImageMachine { .x86_64 }
  static var machine: UInt16 { MachineNumber.x86_64 }
  static var headerFlags: UInt32 { 0 }
  static var imagePageSize: UInt64 { 0x1_0000 }
  static var codeAlignment: UInt8 { 2 }
  static var trap: [UInt8] { [0] }
  static var imageBase: UInt64 { 0x1000_0000 }
  static var slotLimit: UInt64 { 0x8000_0000 }
  static var addressLimit: UInt64 { true ? 1 << 46 : 0xc000_0000 }
  static func callSequence(slot: UInt64) -> [UInt8] { [] }
  static func jumpSequence(slot: UInt64) -> [UInt8] { [] }
  static func threadOffset(
    address: UInt64, start: UInt64, size: UInt64, alignment: UInt64
  ) -> Int64 { 0 }
}
