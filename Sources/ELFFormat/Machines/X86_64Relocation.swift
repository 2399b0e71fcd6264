/// Relocation types of the AMD64 architecture. Source: x86-64 psABI, "Relocation Types".
public enum X86_64Relocation {
  /// The corresponding constant is `R_X86_64_NONE`.
  public static let none: UInt32 = 0
  /// The corresponding constant is `R_X86_64_64`.
  public static let abs64: UInt32 = 1
  /// The corresponding constant is `R_X86_64_PC32`.
  public static let pc32: UInt32 = 2
  /// The corresponding constant is `R_X86_64_GOT32`.
  public static let got32: UInt32 = 3
  /// The corresponding constant is `R_X86_64_PLT32`.
  public static let plt32: UInt32 = 4
  /// The corresponding constant is `R_X86_64_COPY`.
  public static let copy: UInt32 = 5
  /// The corresponding constant is `R_X86_64_GLOB_DAT`.
  public static let globDat: UInt32 = 6
  /// The corresponding constant is `R_X86_64_JUMP_SLOT`.
  public static let jumpSlot: UInt32 = 7
  /// The corresponding constant is `R_X86_64_RELATIVE`.
  public static let relative: UInt32 = 8
  /// The corresponding constant is `R_X86_64_GOTPCREL`.
  public static let gotpcrel: UInt32 = 9
  /// The corresponding constant is `R_X86_64_32`.
  public static let abs32: UInt32 = 10
  /// The corresponding constant is `R_X86_64_32S`.
  public static let abs32S: UInt32 = 11
  /// The corresponding constant is `R_X86_64_16`.
  public static let abs16: UInt32 = 12
  /// The corresponding constant is `R_X86_64_PC16`.
  public static let pc16: UInt32 = 13
  /// The corresponding constant is `R_X86_64_8`.
  public static let abs8: UInt32 = 14
  /// The corresponding constant is `R_X86_64_PC8`.
  public static let pc8: UInt32 = 15
  /// The corresponding constant is `R_X86_64_DTPMOD64`.
  public static let dtpmod64: UInt32 = 16
  /// The corresponding constant is `R_X86_64_DTPOFF64`.
  public static let dtpoff64: UInt32 = 17
  /// The corresponding constant is `R_X86_64_TPOFF64`.
  public static let tpoff64: UInt32 = 18
  /// The corresponding constant is `R_X86_64_TLSGD`.
  public static let tlsgd: UInt32 = 19
  /// The corresponding constant is `R_X86_64_TLSLD`.
  public static let tlsld: UInt32 = 20
  /// The corresponding constant is `R_X86_64_DTPOFF32`.
  public static let dtpoff32: UInt32 = 21
  /// The corresponding constant is `R_X86_64_GOTTPOFF`.
  public static let gottpoff: UInt32 = 22
  /// The corresponding constant is `R_X86_64_TPOFF32`.
  public static let tpoff32: UInt32 = 23
  /// The corresponding constant is `R_X86_64_PC64`.
  public static let pc64: UInt32 = 24
  /// The corresponding constant is `R_X86_64_GOTOFF64`.
  public static let gotoff64: UInt32 = 25
  /// The corresponding constant is `R_X86_64_GOTPC32`.
  public static let gotpc32: UInt32 = 26
  /// The corresponding constant is `R_X86_64_GOT64`.
  public static let got64: UInt32 = 27
  /// The corresponding constant is `R_X86_64_GOTPCREL64`.
  public static let gotpcrel64: UInt32 = 28
  /// The corresponding constant is `R_X86_64_GOTPC64`.
  public static let gotpc64: UInt32 = 29
  /// The corresponding constant is `R_X86_64_GOTPLT64`.
  public static let gotplt64: UInt32 = 30
  /// The corresponding constant is `R_X86_64_PLTOFF64`.
  public static let pltoff64: UInt32 = 31
  /// The corresponding constant is `R_X86_64_SIZE32`.
  public static let size32: UInt32 = 32
  /// The corresponding constant is `R_X86_64_SIZE64`.
  public static let size64: UInt32 = 33
  /// The corresponding constant is `R_X86_64_GOTPC32_TLSDESC`.
  public static let gotpc32Tlsdesc: UInt32 = 34
  /// The corresponding constant is `R_X86_64_TLSDESC_CALL`.
  public static let tlsdescCall: UInt32 = 35
  /// The corresponding constant is `R_X86_64_TLSDESC`.
  public static let tlsdesc: UInt32 = 36
  /// The corresponding constant is `R_X86_64_IRELATIVE`.
  public static let irelative: UInt32 = 37
  /// The corresponding constant is `R_X86_64_RELATIVE64`.
  public static let relative64: UInt32 = 38
  /// The corresponding constant is `R_X86_64_GOTPCRELX`.
  public static let gotpcrelx: UInt32 = 41
  /// The corresponding constant is `R_X86_64_REX_GOTPCRELX`.
  public static let rexGotpcrelx: UInt32 = 42
  /// The corresponding constant is `R_X86_64_CODE_4_GOTPCRELX`.
  public static let code4Gotpcrelx: UInt32 = 43
  /// The corresponding constant is `R_X86_64_CODE_4_GOTTPOFF`.
  public static let code4Gottpoff: UInt32 = 44
  /// The corresponding constant is `R_X86_64_CODE_4_GOTPC32_TLSDESC`.
  public static let code4Gotpc32Tlsdesc: UInt32 = 45
  /// The corresponding constant is `R_X86_64_CODE_5_GOTPCRELX`.
  public static let code5Gotpcrelx: UInt32 = 46
  /// The corresponding constant is `R_X86_64_CODE_5_GOTTPOFF`.
  public static let code5Gottpoff: UInt32 = 47
  /// The corresponding constant is `R_X86_64_CODE_5_GOTPC32_TLSDESC`.
  public static let code5Gotpc32Tlsdesc: UInt32 = 48
  /// The corresponding constant is `R_X86_64_CODE_6_GOTPCRELX`.
  public static let code6Gotpcrelx: UInt32 = 49
  /// The corresponding constant is `R_X86_64_CODE_6_GOTTPOFF`.
  public static let code6Gottpoff: UInt32 = 50
  /// The corresponding constant is `R_X86_64_CODE_6_GOTPC32_TLSDESC`.
  public static let code6Gotpc32Tlsdesc: UInt32 = 51

  /// The psABI's name of a type, for messages.
  public static func name(_ type: UInt32) -> String {
    type < names.count && !names[Int(type)].isEmpty
      ? "R_X86_64_\(names[Int(type)])" : "unknown relocation (\(type))"
  }

  private static let names: [String] = [
    "NONE",
    "64",
    "PC32",
    "GOT32",
    "PLT32",
    "COPY",
    "GLOB_DAT",
    "JUMP_SLOT",
    "RELATIVE",
    "GOTPCREL",
    "32",
    "32S",
    "16",
    "PC16",
    "8",
    "PC8",
    "DTPMOD64",
    "DTPOFF64",
    "TPOFF64",
    "TLSGD",
    "TLSLD",
    "DTPOFF32",
    "GOTTPOFF",
    "TPOFF32",
    "PC64",
    "GOTOFF64",
    "GOTPC32",
    "GOT64",
    "GOTPCREL64",
    "GOTPC64",
    "GOTPLT64",
    "PLTOFF64",
    "SIZE32",
    "SIZE64",
    "GOTPC32_TLSDESC",
    "TLSDESC_CALL",
    "TLSDESC",
    "IRELATIVE",
    "RELATIVE64",
    "",
    "",
    "GOTPCRELX",
    "REX_GOTPCRELX",
    "CODE_4_GOTPCRELX",
    "CODE_4_GOTTPOFF",
    "CODE_4_GOTPC32_TLSDESC",
    "CODE_5_GOTPCRELX",
    "CODE_5_GOTTPOFF",
    "CODE_5_GOTPC32_TLSDESC",
    "CODE_6_GOTPCRELX",
    "CODE_6_GOTTPOFF",
    "CODE_6_GOTPC32_TLSDESC",
  ]
}
