import ELFFormat
import Platform

/// A relocatable object: pointers into its mapped bytes, checked once, and where its symbols and
/// sections went in the link's tables.
///
/// Index 0 of the file table is the linker's own file: it has no bytes, and owns what the linker
/// defines.
struct ObjectFile: BitwiseCopyable {
  var base: UnsafePointer<UInt8>
  var byteCount: Int
  /// For messages: the path, or the member's name in `archive`.
  var name: ByteString
  /// The archive's path, empty for a plain object.
  var archive: ByteString
  /// Position on the command line, then in the archive; files are ordered by it.
  var position: UInt64
  /// Place among the live files; decided when all are known.
  var order: UInt32

  var sectionHeaders: UnsafePointer<UInt8>
  var sectionCount: Int
  var sectionNames: ByteString
  /// Symbol table entries, `symbolCount` of them; entries below `firstGlobal` are local.
  var symbols: UnsafePointer<UInt8>
  var symbolCount: Int
  var firstGlobal: Int
  var symbolNames: ByteString
  /// SHT_SYMTAB_SHNDX, nil if there is none.
  var extendedIndices: UnsafePointer<UInt8>?
  /// Header index of the symbol table.
  var symbolSection: UInt32

  /// `SymbolIndex` of each symbol from `firstGlobal` on.
  var globals: UnsafeMutablePointer<SymbolIndex>
  /// `AtomIndex` of each section header, `.none` where there is no atom.
  var sectionAtoms: UnsafeMutablePointer<AtomIndex>
  var firstAtom: AtomIndex
  var atomCount: Int
  /// Section groups: header index and group, in `Link.fileGroups`.
  var firstGroup: Int
  var groupCount: Int
  /// Frames taken from its `.eh_frame` sections.
  var firstFrame: FrameIndex
  var frameCount: Int
  /// `LocalDemand`s, sorted by symbol.
  var firstLocalDemand: Int
  var localDemandCount: Int

  var flags: FileFlags.RawValue
  /// GNU_PROPERTY_X86_FEATURE_1_AND of its property note, 0 without one.
  var features: UInt32
  /// GNU_PROPERTY_X86_ISA_1_NEEDED.
  var isaNeeded: UInt32

  @inline(__always) var has: FileFlags { FileFlags(rawValue: flags) }
  @inline(__always) var globalCount: Int { symbolCount - firstGlobal }

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
  static let isLive = FileFlags(rawValue: 1)
  /// `--exclude-libs` covers its archive.
  static let isExcluded = FileFlags(rawValue: 2)
  /// It has a `.note.GNU-stack`, and that asks for an executable stack.
  static let wantsExecutableStack = FileFlags(rawValue: 4)
  static let hasStackNote = FileFlags(rawValue: 8)
  static let hasFeatures = FileFlags(rawValue: 16)
  /// Compiled for split stacks, and so on: nothing the linker acts on, kept for messages.
  static let isBroken = FileFlags(rawValue: 32)
  /// Some symbol name has an `@`.
  static let hasVersionedNames = FileFlags(rawValue: 64)
  /// What it defines is left out of the output's symbol table.
  static let isUnlisted = FileFlags(rawValue: 128)
  /// It has a section that names libraries (`.deplibs`).
  static let namesLibraries = FileFlags(rawValue: 256)
}

extension ObjectFile {
  /// A file without bytes.
  static var empty: ObjectFile {
    let nothing = ByteString("")
    return ObjectFile(
      base: nothing.start, byteCount: 0, name: nothing, archive: nothing, position: 0, order: 0,
      sectionHeaders: nothing.start, sectionCount: 0, sectionNames: nothing,
      symbols: nothing.start, symbolCount: 0, firstGlobal: 0, symbolNames: nothing,
      extendedIndices: nil, symbolSection: 0, globals: allocateZeroed(count: 1),
      sectionAtoms: allocateZeroed(count: 1), firstAtom: AtomIndex(0), atomCount: 0, firstGroup: 0,
      groupCount: 0, firstFrame: FrameIndex(0), frameCount: 0, firstLocalDemand: 0,
      localDemandCount: 0, flags: 0, features: 0, isaNeeded: 0)
  }
}
