// The numbers of the System V gABI, the GNU extensions and the psABI supplements that the tool
// reads; named as there, since reports quote them.

enum SHT {
  static let progbits: UInt32 = 1
  static let symtab: UInt32 = 2
  static let strtab: UInt32 = 3
  static let rela: UInt32 = 4
  static let hash: UInt32 = 5
  static let dynamic: UInt32 = 6
  static let note: UInt32 = 7
  static let nobits: UInt32 = 8
  static let rel: UInt32 = 9
  static let dynsym: UInt32 = 11
  static let initArray: UInt32 = 14
  static let finiArray: UInt32 = 15
  static let preinitArray: UInt32 = 16
  static let group: UInt32 = 17
  static let symtabShndx: UInt32 = 18
  static let relr: UInt32 = 19
  static let gnuHash: UInt32 = 0x6fff_fff6
  static let gnuVerdef: UInt32 = 0x6fff_fffd
  static let gnuVerneed: UInt32 = 0x6fff_fffe
  static let gnuVersym: UInt32 = 0x6fff_ffff
}

enum SHF {
  static let write: UInt64 = 1
  static let alloc: UInt64 = 2
  static let execute: UInt64 = 4
  static let merge: UInt64 = 0x10
  static let strings: UInt64 = 0x20
  static let infoLink: UInt64 = 0x40
  static let linkOrder: UInt64 = 0x80
  static let group: UInt64 = 0x200
  static let tls: UInt64 = 0x400
  static let compressed: UInt64 = 0x800
  static let retain: UInt64 = 0x20_0000
}

enum PT {
  static let load: UInt32 = 1
  static let dynamic: UInt32 = 2
  static let interp: UInt32 = 3
  static let note: UInt32 = 4
  static let phdr: UInt32 = 6
  static let tls: UInt32 = 7
  static let ehFrame: UInt32 = 0x6474_e550
  static let stack: UInt32 = 0x6474_e551
  static let relro: UInt32 = 0x6474_e552
  static let property: UInt32 = 0x6474_e553

  static func name(_ type: UInt32) -> String {
    switch type {
    case 0: "PT_NULL"
    case load: "PT_LOAD"
    case dynamic: "PT_DYNAMIC"
    case interp: "PT_INTERP"
    case note: "PT_NOTE"
    case phdr: "PT_PHDR"
    case tls: "PT_TLS"
    case ehFrame: "PT_GNU_EH_FRAME"
    case stack: "PT_GNU_STACK"
    case relro: "PT_GNU_RELRO"
    case property: "PT_GNU_PROPERTY"
    default: "segment type " + hex(type)
    }
  }
}

enum STT {
  static let none: UInt8 = 0
  static let object: UInt8 = 1
  static let function: UInt8 = 2
  static let section: UInt8 = 3
  static let file: UInt8 = 4
  static let common: UInt8 = 5
  static let tls: UInt8 = 6
  static let ifunc: UInt8 = 10
}

enum SHN {
  static let undefined: UInt32 = 0
  static let loReserve: UInt32 = 0xff00
  static let absolute: UInt32 = 0xfff1
  static let common: UInt32 = 0xfff2
  static let xindex: UInt32 = 0xffff
}

enum DT {
  static let needed: UInt64 = 1
  static let pltRelSize: UInt64 = 2
  static let pltGot: UInt64 = 3
  static let hash: UInt64 = 4
  static let strtab: UInt64 = 5
  static let symtab: UInt64 = 6
  static let rela: UInt64 = 7
  static let relaSize: UInt64 = 8
  static let relaEntry: UInt64 = 9
  static let strSize: UInt64 = 10
  static let symEntry: UInt64 = 11
  static let initialize: UInt64 = 12
  static let finalize: UInt64 = 13
  static let soname: UInt64 = 14
  static let rpath: UInt64 = 15
  static let symbolic: UInt64 = 16
  static let rel: UInt64 = 17
  static let relSize: UInt64 = 18
  static let relEntry: UInt64 = 19
  static let pltRel: UInt64 = 20
  static let debug: UInt64 = 21
  static let textRel: UInt64 = 22
  static let jumpRel: UInt64 = 23
  static let bindNow: UInt64 = 24
  static let initArray: UInt64 = 25
  static let finiArray: UInt64 = 26
  static let initArraySize: UInt64 = 27
  static let finiArraySize: UInt64 = 28
  static let runpath: UInt64 = 29
  static let flags: UInt64 = 30
  static let preinitArray: UInt64 = 32
  static let preinitArraySize: UInt64 = 33
  static let relrSize: UInt64 = 35
  static let relr: UInt64 = 36
  static let relrEntry: UInt64 = 37
  static let gnuHash: UInt64 = 0x6fff_fef5
  static let versym: UInt64 = 0x6fff_fff0
  static let relaCount: UInt64 = 0x6fff_fff9
  static let relCount: UInt64 = 0x6fff_fffa
  static let flags1: UInt64 = 0x6fff_fffb
  static let verdef: UInt64 = 0x6fff_fffc
  static let verdefCount: UInt64 = 0x6fff_fffd
  static let verneed: UInt64 = 0x6fff_fffe
  static let verneedCount: UInt64 = 0x6fff_ffff
  static let auxiliary: UInt64 = 0x7fff_fffd
  static let filter: UInt64 = 0x7fff_ffff

  static func name(_ tag: UInt64) -> String { names[tag] ?? "dynamic tag " + hex(tag) }

  private static let names: [UInt64: String] = [
    needed: "DT_NEEDED", pltRelSize: "DT_PLTRELSZ", pltGot: "DT_PLTGOT", hash: "DT_HASH",
    strtab: "DT_STRTAB", symtab: "DT_SYMTAB", rela: "DT_RELA", relaSize: "DT_RELASZ",
    relaEntry: "DT_RELAENT", strSize: "DT_STRSZ", symEntry: "DT_SYMENT", initialize: "DT_INIT",
    finalize: "DT_FINI", soname: "DT_SONAME", rpath: "DT_RPATH", symbolic: "DT_SYMBOLIC",
    rel: "DT_REL", relSize: "DT_RELSZ", relEntry: "DT_RELENT", pltRel: "DT_PLTREL",
    debug: "DT_DEBUG", textRel: "DT_TEXTREL", jumpRel: "DT_JMPREL", bindNow: "DT_BIND_NOW",
    initArray: "DT_INIT_ARRAY", finiArray: "DT_FINI_ARRAY", initArraySize: "DT_INIT_ARRAYSZ",
    finiArraySize: "DT_FINI_ARRAYSZ", runpath: "DT_RUNPATH", flags: "DT_FLAGS",
    preinitArray: "DT_PREINIT_ARRAY", preinitArraySize: "DT_PREINIT_ARRAYSZ",
    relrSize: "DT_RELRSZ", relr: "DT_RELR", relrEntry: "DT_RELRENT", gnuHash: "DT_GNU_HASH",
    versym: "DT_VERSYM", relaCount: "DT_RELACOUNT", relCount: "DT_RELCOUNT",
    flags1: "DT_FLAGS_1", verdef: "DT_VERDEF", verdefCount: "DT_VERDEFNUM",
    verneed: "DT_VERNEED", verneedCount: "DT_VERNEEDNUM", auxiliary: "DT_AUXILIARY",
    filter: "DT_FILTER",
  ]
}

enum Machine {
  static let i386: UInt16 = 3
  static let x86: UInt16 = 62
  static let aarch64: UInt16 = 183
  static let riscv: UInt16 = 243
}

/// What a dynamic relocation means, whatever number the machine gives it.
enum RelocationMeaning: Hashable {
  case none, relative, absolute, slot, jumpSlot, indirect, copy
  case tlsModule, tlsOffsetInModule, tlsOffset, tlsDescriptor
  case other(UInt32)

  init(_ type: UInt32, machine: UInt16) {
    let table: [UInt32: RelocationMeaning]
    switch machine {
    case Machine.x86: table = Self.x86
    case Machine.i386: table = Self.i386
    case Machine.aarch64: table = Self.aarch64
    case Machine.riscv: table = Self.riscv
    default: table = [0: .none]
    }
    self = table[type] ?? .other(type)
  }

  private static let x86: [UInt32: RelocationMeaning] = [
    0: .none, 1: .absolute, 5: .copy, 6: .slot, 7: .jumpSlot, 8: .relative, 16: .tlsModule,
    17: .tlsOffsetInModule, 18: .tlsOffset, 36: .tlsDescriptor, 37: .indirect, 38: .relative,
  ]
  private static let i386: [UInt32: RelocationMeaning] = [
    0: .none, 1: .absolute, 5: .copy, 6: .slot, 7: .jumpSlot, 8: .relative, 14: .tlsOffset,
    35: .tlsModule, 36: .tlsOffsetInModule, 37: .tlsOffset, 41: .tlsDescriptor, 42: .indirect,
  ]
  private static let aarch64: [UInt32: RelocationMeaning] = [
    0: .none, 257: .absolute, 1024: .copy, 1025: .slot, 1026: .jumpSlot, 1027: .relative,
    1028: .tlsModule, 1029: .tlsOffsetInModule, 1030: .tlsOffset, 1031: .tlsDescriptor,
    1032: .indirect,
  ]
  private static let riscv: [UInt32: RelocationMeaning] = [
    0: .none, 1: .absolute, 2: .absolute, 3: .relative, 4: .copy, 5: .jumpSlot, 6: .tlsModule,
    7: .tlsModule, 8: .tlsOffsetInModule, 9: .tlsOffsetInModule, 10: .tlsOffset, 11: .tlsOffset,
    12: .tlsDescriptor, 58: .indirect,
  ]
}
