/// Writing headers; `Records.swift` reads them. Each is written from its fields, in one place for all
/// outputs.

extension FileHeader {
  /// What a file header says. Source: gABI, "ELF Header".
  public struct Fields {
    public var type: UInt16
    public var machine: UInt16
    /// e_ident[EI_OSABI].
    public var systemABI: UInt8 = 0
    public var flags: UInt32 = 0
    public var entry: UInt64 = 0
    /// Program headers follow the file header.
    public var segmentCount = 0
    /// 0 for a file without section headers.
    public var sectionHeaderOffset: UInt64 = 0
    /// The null section counts.
    public var sectionCount = 0
    public var sectionNameIndex: UInt32 = 0

    public init(type: UInt16, machine: UInt16) {
      self.type = type
      self.machine = machine
    }
  }

  /// Writes a record at `p`; numbers of sections that do not fit are for the null section's header
  /// (`SectionHeader.writeNull`).
  public static func write(_ fields: Fields, to p: UnsafeMutableRawPointer) {
    let identification: InlineArray<16, UInt8> = [
      0x7f, 0x45, 0x4c, 0x46, E.is64 ? 2 : 1, E.isBigEndian ? 2 : 1, 1, fields.systemABI,
      0, 0, 0, 0, 0, 0, 0, 0,
    ]
    for i in 0..<16 { p.storeBytes(of: identification[i], toByteOffset: i, as: UInt8.self) }
    E.store16(fields.type, p + 16)
    E.store16(fields.machine, p + 18)
    E.store32(1, p + 20)
    E.storeWord(fields.entry, p + 24)
    let hasSegments = fields.segmentCount > 0
    E.storeWord(hasSegments ? UInt64(size) : 0, p + (E.is64 ? 32 : 28))
    E.storeWord(fields.sectionHeaderOffset, p + (E.is64 ? 40 : 32))
    E.store32(fields.flags, p + (E.is64 ? 48 : 36))
    let sizes = p + (E.is64 ? 52 : 40)
    E.store16(UInt16(size), sizes)
    E.store16(hasSegments ? UInt16(ProgramHeader<E>.size) : 0, sizes + 2)
    E.store16(UInt16(fields.segmentCount), sizes + 4)
    E.store16(UInt16(SectionHeader<E>.size), sizes + 6)
    let isLarge = fields.sectionCount >= Int(SectionIndex.reservedStart)
    E.store16(isLarge ? 0 : UInt16(fields.sectionCount), sizes + 8)
    E.store16(
      fields.sectionNameIndex >= SectionIndex.reservedStart
        ? UInt16(SectionIndex.extended) : UInt16(fields.sectionNameIndex), sizes + 10)
  }
}

/// A program header. Source: gABI, "Program Header": the flags lie elsewhere in each class.
@frozen
public struct ProgramHeader<E: ELFEncoding> {
  public let p: UnsafeRawPointer
  @inlinable public init(_ p: UnsafeRawPointer) { self.p = p }
  /// Bytes of the record: 32 or 56.
  @inlinable public static var size: Int { E.is64 ? 56 : 32 }
  @inlinable public var type: SegmentType { SegmentType(rawValue: E.load32(p)) }
  @inlinable public var flags: SegmentFlags {
    SegmentFlags(rawValue: E.load32(p + (E.is64 ? 4 : 24)))
  }
  @inlinable public var address: UInt64 { E.loadWord(p + (E.is64 ? 16 : 8)) }
  /// Bytes in memory.
  @inlinable public var memorySize: UInt64 { E.loadWord(p + (E.is64 ? 40 : 20)) }

  /// What a program header says; sizes in bytes.
  public struct Fields {
    public var type: SegmentType
    public var flags: SegmentFlags
    public var offset: UInt64
    public var address: UInt64
    public var fileSize: UInt64
    public var memorySize: UInt64
    public var alignment: UInt64

    public init(
      type: SegmentType, flags: SegmentFlags, offset: UInt64, address: UInt64, fileSize: UInt64,
      memorySize: UInt64, alignment: UInt64
    ) {
      self.type = type
      self.flags = flags
      self.offset = offset
      self.address = address
      self.fileSize = fileSize
      self.memorySize = memorySize
      self.alignment = alignment
    }
  }

  /// Writes a record at `p`; the physical address is the virtual one.
  public static func write(_ fields: Fields, to p: UnsafeMutableRawPointer) {
    E.store32(fields.type.rawValue, p)
    E.store32(fields.flags.rawValue, p + (E.is64 ? 4 : 24))
    E.storeWord(fields.offset, p + (E.is64 ? 8 : 4))
    E.storeWord(fields.address, p + (E.is64 ? 16 : 8))
    E.storeWord(fields.address, p + (E.is64 ? 24 : 12))
    E.storeWord(fields.fileSize, p + (E.is64 ? 32 : 16))
    E.storeWord(fields.memorySize, p + (E.is64 ? 40 : 20))
    E.storeWord(fields.alignment, p + (E.is64 ? 48 : 28))
  }
}

extension SectionHeader {
  /// What a section header says. Source: gABI, "Sections".
  public struct Fields {
    /// Offset in the table of section names.
    public var name: UInt32
    public var type: SectionType
    public var flags: SectionFlags
    public var address: UInt64 = 0
    public var offset: UInt64 = 0
    /// Bytes.
    public var size: UInt64 = 0
    public var link: UInt32 = 0
    public var info: UInt32 = 0
    /// Bytes.
    public var alignment: UInt64 = 1
    public var entrySize: UInt64 = 0

    public init(name: UInt32, type: SectionType, flags: SectionFlags) {
      self.name = name
      self.type = type
      self.flags = flags
    }
  }

  /// Writes a record at `p`.
  public static func write(_ fields: Fields, to p: UnsafeMutableRawPointer) {
    E.store32(fields.name, p)
    E.store32(fields.type.rawValue, p + 4)
    E.storeWord(fields.flags.rawValue, p + 8)
    E.storeWord(fields.address, p + (E.is64 ? 16 : 12))
    E.storeWord(fields.offset, p + (E.is64 ? 24 : 16))
    E.storeWord(fields.size, p + (E.is64 ? 32 : 20))
    E.store32(fields.link, p + (E.is64 ? 40 : 24))
    E.store32(fields.info, p + (E.is64 ? 44 : 28))
    E.storeWord(fields.alignment, p + (E.is64 ? 48 : 32))
    E.storeWord(fields.entrySize, p + (E.is64 ? 56 : 36))
  }

  /// Writes the null section's header into zeros: it carries the numbers that do not fit the file
  /// header.
  public static func writeNull(
    sectionCount: Int, sectionNameIndex: UInt32, to p: UnsafeMutableRawPointer
  ) {
    if sectionCount >= Int(SectionIndex.reservedStart) {
      E.storeWord(UInt64(sectionCount), p + (E.is64 ? 32 : 20))
    }
    if sectionNameIndex >= SectionIndex.reservedStart {
      E.store32(sectionNameIndex, p + (E.is64 ? 40 : 24))
    }
  }
}
