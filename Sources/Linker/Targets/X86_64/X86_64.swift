import ELFFormat
import Platform

/// AMD64, System V ABI. Source: x86-64 psABI.
///
/// Code reaches data relative to the instruction pointer, functions of other components through the
/// procedure linkage table, data of other components through the offset table. Thread-locals lie
/// below the thread pointer (TLS variant II): the offset of a variable is its place in the TLS
/// segment minus the segment's size, rounded up to its alignment.
///
/// `X86_64+Scan` says what relocations need, `X86_64+Apply` writes them, `X86_64+Relax` holds the
/// instruction rewrites that both have to agree on, `X86_64+Site` what they hand around, `X86_64+PLT`
/// the linkage stubs.
enum X86_64: Target {
  typealias Encoding = ELF64Little
  typealias R = X86_64Relocation

  static var machine: UInt16 { MachineNumber.x86_64 }
  static var imageMachine: ImageMachine { .x86_64 }
  static var emulations: [String] { ["elf_x86_64", "elf_x86_64_sol2", "elf_x86_64_fbsd"] }
  static var formatNames: [String] { ["elf", "elf64-x86-64", "elf64-little"] }
  static var libraryDirectories: [String] {
    [
      "/usr/local/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu", "/usr/lib/x86_64-linux-gnu",
      "/usr/local/lib64", "/lib64", "/usr/lib64", "/usr/local/lib", "/lib", "/usr/lib",
    ]
  }
  /// Source: x86-64 psABI, "Program Interpreter", with the path that GNU systems use.
  static var interpreter: String { "/lib64/ld-linux-x86-64.so.2" }
  static var maximumPageSize: UInt64 { 4096 }
  static var commonPageSize: UInt64 { 4096 }
  static var defaultImageBase: UInt64 { 0x40_0000 }
  static var headerFlags: UInt32 { 0 }
  /// int3
  static var codeFill: UInt8 { 0xcc }
  static var dynamicTypes: DynamicTypes {
    DynamicTypes(
      absolute: R.abs64, relative: R.relative, globalData: R.globDat, jumpSlot: R.jumpSlot,
      copy: R.copy, indirectRelative: R.irelative, tlsModule: R.dtpmod64, tlsOffset: R.dtpoff64,
      tlsStaticOffset: R.tpoff64, tlsDescriptor: R.tlsdesc)
  }

  static func relocationName(_ type: UInt32) -> String { R.name(type) }

  static func applyData(
    type: UInt32, place: UnsafeMutableRawPointer, value: UInt64, address: UInt64
  ) -> Bool {
    switch type {
    case R.abs64: store(value, as: UInt64.self, at: place)
    case R.abs32: store(value, as: UInt32.self, at: place)
    case R.abs32S: store(value, as: Int32.self, at: place)
    case R.pc32, R.plt32: store(value &- address, as: Int32.self, at: place)
    case R.pc64: store(value &- address, as: UInt64.self, at: place)
    default: true
    }
  }

  static func dataSize(type: UInt32) -> Int? {
    switch type {
    case R.none: 0
    case R.abs64, R.pc64: 8
    case R.abs32, R.abs32S, R.pc32, R.plt32: 4
    default: nil
    }
  }

  @inline(__always)
  static func plainWidth(type: UInt32, isPositionIndependent: Bool) -> UInt64 {
    switch type {
    case R.pc32, R.plt32: 4
    case R.abs64: isPositionIndependent ? 0 : 8
    default: 0
    }
  }

  @inline(__always) static func isCall(type: UInt32) -> Bool { type == R.plt32 }

  /// Bytes that a relocation writes at its place; 0 for those that write nothing there.
  @inline(__always)
  static func width(_ type: UInt32) -> UInt64 {
    switch type {
    case R.none, 250, 251: 0
    case R.abs64, R.pc64, R.gotoff64, R.got64, R.gotpcrel64, R.gotpc64, R.gotplt64, R.pltoff64,
      R.size64, R.dtpoff64, R.tpoff64, R.dtpmod64:
      8
    case R.abs16, R.pc16, R.tlsdescCall: 2
    case R.abs8, R.pc8: 1
    default: 4
    }
  }
}
