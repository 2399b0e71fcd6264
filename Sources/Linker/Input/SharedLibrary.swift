import ELFFormat
import Platform

/// A shared library: what it defines, needs, and calls itself.
struct SharedLibrary: BitwiseCopyable {
  var base: UnsafePointer<UInt8>
  var byteCount: Int
  var path: ByteString
  /// DT_SONAME, or the name it was found by.
  var soname: ByteString
  var position: UInt64
  /// Place among live files: libraries and objects share one order.
  var order: UInt32
  var symbols: UnsafePointer<UInt8>
  var symbolCount: Int
  var symbolNames: ByteString
  /// SHT_GNU_versym entries, nil if there are none.
  var versionSymbols: UnsafePointer<UInt8>?
  /// For each version index: its name; index 0 and 1 are empty.
  var versionNames: UnsafeMutablePointer<ByteString>
  var versionCount: Int
  /// `SymbolIndex` of each dynamic symbol, `.none` for those that nobody can refer to.
  var globals: UnsafeMutablePointer<SymbolIndex>
  var sectionHeaders: UnsafePointer<UInt8>
  var sectionCount: Int
  var programHeaders: UnsafePointer<UInt8>
  var programHeaderCount: Int
  /// DT_NEEDED names of the library: first index into `Link.neededNames`, and count.
  var firstNeeded: Int
  var neededCount: Int
  /// Only linked if it is used: `--as-needed`.
  var isAsNeeded: Bool
  /// A live object refers to one of its symbols, other than weakly.
  var isNeeded: Bool
  /// Will be loaded at run time, as far as is known while files are read: what it leaves undefined
  /// is looked for in archives.
  var isLoaded: Bool
  /// Another library with the same soname came earlier.
  var isDuplicate: Bool
  /// Its place among what can provide a definition.
  var provider: ProviderIndex

  /// A library without bytes.
  static var empty: SharedLibrary {
    let nothing = ByteString("")
    return SharedLibrary(
      base: nothing.start, byteCount: 0, path: nothing, soname: nothing, position: 0, order: 0,
      symbols: nothing.start, symbolCount: 0, symbolNames: nothing, versionSymbols: nil,
      versionNames: allocateZeroed(count: 1), versionCount: 0, globals: allocateZeroed(count: 1),
      sectionHeaders: nothing.start, sectionCount: 0, programHeaders: nothing.start,
      programHeaderCount: 0, firstNeeded: 0, neededCount: 0, isAsNeeded: false, isNeeded: false,
      isLoaded: false, isDuplicate: false, provider: .none)
  }

  @inline(__always)
  func symbol<E: ELFEncoding>(_: E.Type, _ index: Int) -> SymbolEntry<E> {
    assert(index < symbolCount)
    return SymbolEntry<E>(symbols + index &* SymbolEntry<E>.size)
  }

  /// What a variable can be said to be aligned to, by its address and its section; a power of two, at
  /// most 64 KiB.
  func alignment<E: ELFEncoding>(_: E.Type, of entry: SymbolEntry<E>) -> UInt64 {
    let section = Int(entry.sectionIndex)
    var alignment: UInt64 =
      entry.value == 0 ? 64 : (1 as UInt64) << UInt64(entry.value.trailingZeroBitCount)
    if section < sectionCount {
      let header = SectionHeader<E>(sectionHeaders + section * SectionHeader<E>.size)
      alignment = min(alignment, max(header.alignment, 1))
    }
    return min(alignment, 1 << 16)
  }

  /// Version index of a symbol and whether it is hidden behind a default version; 1 is "global".
  /// Source: Linux Standard Base, "Symbol Versioning".
  @inline(__always)
  func version<E: ELFEncoding>(_: E.Type, of index: Int) -> (index: Int, isHidden: Bool) {
    guard let table = versionSymbols else { return (1, false) }
    let word = E.load16(table + index &* 2)
    return (Int(word & 0x7fff), word & 0x8000 != 0)
  }
}

/// Reads a library's dynamic symbols through its section headers.
enum SharedLibraryReader {
  struct Result {
    var library: SharedLibrary
    var needed: [ByteString]
  }

  static func read<E: ELFEncoding>(
    _: E.Type, machine: UInt16, bytes: ByteString, path: ByteString
  ) throws(InputError) -> Result {
    try ObjectReader.checkIdentification(E.self, machine: machine, bytes)
    let header = FileHeader<E>(bytes.start)
    guard header.type == FileType.shared else {
      throw InputError("not a shared library (file type \(header.type))")
    }
    // The object reader's bounds checks serve here too.
    var file = ObjectFile.empty
    file.base = bytes.start
    file.byteCount = bytes.count
    let offset = header.sectionHeaderOffset
    var count = UInt64(header.sectionCount)
    if offset != 0 {
      guard offset <= UInt64(bytes.count), bytes.count - Int(offset) >= SectionHeader<E>.size else {
        throw InputError("section header table at offset \(offset) is past the end of the file")
      }
      if count == 0 { count = SectionHeader<E>(bytes.start + Int(offset)).byteCount }
      guard count <= UInt64(bytes.count - Int(offset)) / UInt64(SectionHeader<E>.size),
        Int(header.sectionHeaderSize) == SectionHeader<E>.size
      else { throw InputError("section header table of \(count) entries does not fit in the file") }
      file.sectionHeaders = bytes.start + Int(offset)
      file.sectionCount = Int(count)
    }
    let segmentSize = ProgramHeader<E>.size
    let segmentOffset = header.programHeaderOffset
    let segmentCount = UInt64(E.load16(bytes.start + (E.is64 ? 56 : 44)))
    guard segmentOffset <= UInt64(bytes.count),
      segmentCount <= (UInt64(bytes.count) - segmentOffset) / UInt64(segmentSize)
    else { throw InputError("program header table does not fit in the file") }

    var library = SharedLibrary.empty
    library.base = bytes.start
    library.byteCount = bytes.count
    library.path = path
    library.sectionHeaders = file.sectionHeaders
    library.sectionCount = file.sectionCount
    library.programHeaders = bytes.start + Int(segmentOffset)
    library.programHeaderCount = Int(segmentCount)
    var needed: [ByteString] = []
    var versionTable = 0
    var definitions = 0
    var needs = 0
    for i in 1..<max(1, file.sectionCount) {
      let section = file.header(E.self, i)
      switch section.type {
      case .dynamicSymbols:
        let entries = try ObjectReader.contents(E.self, file, i)
        guard section.entrySize == UInt64(SymbolEntry<E>.size) else {
          throw InputError("bad size of dynamic symbol entries (section \(i))")
        }
        library.symbols = entries.start
        library.symbolCount = entries.count / SymbolEntry<E>.size
        library.symbolNames = try linkedStrings(E.self, file, section)
      case .dynamic:
        try readDynamic(E.self, file, i, &library, &needed)
      case .gnuVersionSymbols: versionTable = i
      case .gnuVersionDefinitions: definitions = i
      case .gnuVersionNeeds: needs = i
      default: break
      }
    }
    if versionTable != 0 {
      let words = try ObjectReader.contents(E.self, file, versionTable)
      guard words.count / 2 >= library.symbolCount else {
        throw InputError("symbol version table (section \(versionTable)) is too short")
      }
      library.versionSymbols = words.start
      try readVersions(E.self, file, definitions: definitions, needs: needs, &library)
    }
    library.globals = allocateZeroed(count: library.symbolCount)
    return Result(library: library, needed: needed)
  }

  static func linkedStrings<E: ELFEncoding>(
    _: E.Type, _ file: ObjectFile, _ section: SectionHeader<E>
  ) throws(InputError) -> ByteString {
    guard Int(section.link) < file.sectionCount else {
      throw InputError("bad index \(section.link) of a string table")
    }
    return try ObjectReader.stringTable(E.self, file, Int(section.link))
  }

  private static func readDynamic<E: ELFEncoding>(
    _: E.Type, _ file: ObjectFile, _ index: Int, _ library: inout SharedLibrary,
    _ needed: inout [ByteString]
  ) throws(InputError) {
    let section = file.header(E.self, index)
    let entries = try ObjectReader.contents(E.self, file, index)
    let strings = try linkedStrings(E.self, file, section)
    let size = 2 * E.wordSize
    for i in 0..<entries.count / size {
      let tag = E.loadWord(entries.start + i * size)
      let value = E.loadWord(entries.start + i * size + E.wordSize)
      if tag == DynamicTag.null { break }
      if tag == DynamicTag.soname {
        library.soname = ObjectFile.name(strings, at: UInt32(truncatingIfNeeded: value))
      } else if tag == DynamicTag.needed {
        needed.append(ObjectFile.name(strings, at: UInt32(truncatingIfNeeded: value)))
      }
    }
  }
}
