import ELFFormat
import Platform

/// A relocatable object: pointers into its mapped bytes, checked once, and where its symbols and
/// sections went in the link's tables.
///
/// Index 0 of the file table is the linker's own file: it has no bytes, and owns what the linker
/// defines.
///
/// A link may have tens of thousands, and each pass looks at all of them: 256 bytes, of which most
/// passes use the first 128. Counts are kept in 32 bits; `ObjectReader` checks that they fit.
struct ObjectFile: BitwiseCopyable {
  var sectionHeaders: UnsafePointer<UInt8>
  /// Symbol table entries, `symbolCount` of them; entries below `firstGlobal` are local.
  var symbols: UnsafePointer<UInt8>
  var symbolNames: ByteString
  /// `SymbolIndex` of each symbol from `firstGlobal` on.
  var globals: UnsafeMutablePointer<SymbolIndex>
  /// `AtomIndex` of each section header, `.none` where there is no atom.
  var sectionAtoms: UnsafeMutablePointer<AtomIndex>
  private var rawFirstGlobal: UInt32
  private var rawSymbolCount: UInt32
  private var rawSectionCount: UInt32
  var flags: FileFlags.RawValue

  /// Where each symbol leads, once that is known; see `Destination`.
  var destinations: UnsafeMutablePointer<UInt64>
  var firstAtom: AtomIndex
  private var rawAtomCount: UInt32
  private var rawAtomBound: UInt32
  /// Place among the live files; decided when all are known.
  var order: UInt32
  /// Header index of the symbol table.
  var symbolSection: UInt32
  private var rawFirstGroup: UInt32
  private var rawGroupCount: UInt32
  /// Frames taken from its `.eh_frame` sections.
  var firstFrame: FrameIndex
  private var rawFrameCount: UInt32
  private var rawFirstLocalDemand: UInt32
  private var rawLocalDemandCount: UInt32
  /// GNU_PROPERTY_X86_FEATURE_1_AND of its property note, 0 without one.
  var features: UInt32
  /// Number of its first relative relocation among those of all files; see `ScanContext`.
  var firstRelative: Int

  var base: UnsafePointer<UInt8>
  var byteCount: Int
  var sectionNames: ByteString
  /// SHT_SYMTAB_SHNDX, nil if there is none.
  var extendedIndices: UnsafePointer<UInt8>?
  /// Position on the command line, then in the archive; files are ordered by it.
  var position: UInt64
  /// For messages: the path, or the member's name in `archive`.
  var name: ByteString
  /// The archive's path, empty for a plain object.
  var archive: ByteString
  /// GNU_PROPERTY_X86_ISA_1_NEEDED.
  var isaNeeded: UInt32
  /// So that each record begins with a cache line.
  private var unused: (UInt64, UInt64, UInt64, UInt64, UInt64) = (0, 0, 0, 0, 0)

  @inline(__always) var has: FileFlags { FileFlags(rawValue: flags) }
  @inline(__always) var globalCount: Int { symbolCount - firstGlobal }

  @inline(__always) var symbolCount: Int {
    get { Int(rawSymbolCount) }
    set { rawSymbolCount = UInt32(newValue) }
  }
  @inline(__always) var firstGlobal: Int {
    get { Int(rawFirstGlobal) }
    set { rawFirstGlobal = UInt32(newValue) }
  }
  @inline(__always) var sectionCount: Int {
    get { Int(rawSectionCount) }
    set { rawSectionCount = UInt32(newValue) }
  }
  @inline(__always) var atomCount: Int {
    get { Int(rawAtomCount) }
    set { rawAtomCount = UInt32(newValue) }
  }
  /// No fewer sections than atoms can be made of.
  @inline(__always) var atomBound: Int {
    get { Int(rawAtomBound) }
    set { rawAtomBound = UInt32(newValue) }
  }
  /// Section groups: header index and group, in `Link.groups`.
  @inline(__always) var firstGroup: Int {
    get { Int(rawFirstGroup) }
    set { rawFirstGroup = UInt32(newValue) }
  }
  @inline(__always) var groupCount: Int {
    get { Int(rawGroupCount) }
    set { rawGroupCount = UInt32(newValue) }
  }
  @inline(__always) var frameCount: Int {
    get { Int(rawFrameCount) }
    set { rawFrameCount = UInt32(newValue) }
  }
  /// `LocalDemand`s, sorted by symbol.
  @inline(__always) var firstLocalDemand: Int {
    get { Int(rawFirstLocalDemand) }
    set { rawFirstLocalDemand = UInt32(newValue) }
  }
  @inline(__always) var localDemandCount: Int {
    get { Int(rawLocalDemandCount) }
    set { rawLocalDemandCount = UInt32(newValue) }
  }

  @inline(__always)
  func header<E: ELFEncoding>(_: E.Type, _ index: Int) -> SectionHeader<E> {
    assert(index < sectionCount)
    return SectionHeader<E>(sectionHeaders + index &* SectionHeader<E>.size)
  }

  @inline(__always)
  func symbol<E: ELFEncoding>(_: E.Type, _ index: Int) -> SymbolEntry<E> {
    assert(index < symbolCount)
    return SymbolEntry<E>(symbols + index &* SymbolEntry<E>.size)
  }

  /// The section that a symbol lies in, with SHN_XINDEX looked up; reserved numbers are moved out
  /// of the way of real ones by `reservedSection`.
  @inline(__always)
  func section<E: ELFEncoding>(_: E.Type, of index: Int) -> UInt32 {
    let raw = UInt32(symbol(E.self, index).sectionIndex)
    if raw < SectionIndex.reservedStart { return raw }
    if raw == SectionIndex.extended, let table = extendedIndices {
      return E.load32(table + index &* 4)
    }
    return Self.reservedSection | raw
  }

  /// Added to section numbers with a meaning of their own: `reservedSection | SectionIndex.absolute`.
  static let reservedSection: UInt32 = 0x8000_0000
  static let absoluteSection = reservedSection | SectionIndex.absolute
  static let commonSection = reservedSection | SectionIndex.common
  static let largeCommonSection = reservedSection | SectionIndex.x86LargeCommon

  /// The name at `offset` in a string table whose last byte is NUL; empty if out of range.
  @inline(__always)
  static func name(_ table: ByteString, at offset: UInt32) -> ByteString {
    let offset = Int(offset)
    guard offset < table.count else { return "" }
    let start = table.start + offset
    return ByteString(start: start, count: stringLength(start))
  }
}

struct FileFlags: OptionSet, Sendable {
  let rawValue: UInt32
  @inline(__always) init(rawValue: UInt32) { self.rawValue = rawValue }
  static let isLive = FileFlags(rawValue: 1 << 0)
  /// `--exclude-libs` covers its archive.
  static let isExcluded = FileFlags(rawValue: 1 << 1)
  /// It has a `.note.GNU-stack`, and that asks for an executable stack.
  static let wantsExecutableStack = FileFlags(rawValue: 1 << 2)
  static let hasFeatures = FileFlags(rawValue: 1 << 3)
  /// Some symbol name has an `@`.
  static let hasVersionedNames = FileFlags(rawValue: 1 << 4)
  /// What it defines is left out of the output's symbol table.
  static let isUnlisted = FileFlags(rawValue: 1 << 5)
  /// It has a section that names libraries (`.deplibs`).
  static let namesLibraries = FileFlags(rawValue: 1 << 6)
  /// Some atom of it has relocations.
  static let hasRelocations = FileFlags(rawValue: 1 << 7)
  /// Some section is in a group and not loaded: `.debug_macro`, for instance.
  static let hasUnloadedMembers = FileFlags(rawValue: 1 << 8)
  /// Some section is SHF_LINK_ORDER.
  static let hasLinkOrder = FileFlags(rawValue: 1 << 9)
  /// Some group is not elected: no GRP_COMDAT.
  static let hasPlainGroups = FileFlags(rawValue: 1 << 10)
}

extension ObjectFile {
  /// A file without bytes.
  static var empty: ObjectFile {
    let nothing = ByteString("")
    return ObjectFile(
      sectionHeaders: nothing.start, symbols: nothing.start, symbolNames: nothing,
      globals: allocateZeroed(count: 1), sectionAtoms: allocateZeroed(count: 1), rawFirstGlobal: 0,
      rawSymbolCount: 0, rawSectionCount: 0, flags: 0, destinations: allocateZeroed(count: 1),
      firstAtom: AtomIndex(0), rawAtomCount: 0, rawAtomBound: 0, order: 0, symbolSection: 0,
      rawFirstGroup: 0, rawGroupCount: 0, firstFrame: FrameIndex(0), rawFrameCount: 0,
      rawFirstLocalDemand: 0, rawLocalDemandCount: 0, features: 0, firstRelative: 0,
      base: nothing.start, byteCount: 0, sectionNames: nothing, extendedIndices: nil, position: 0,
      name: nothing, archive: nothing, isaNeeded: 0)
  }
}
