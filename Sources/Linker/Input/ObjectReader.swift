import ELFFormat
import Platform

/// What is wrong with an input, in words for the user; the path is added by whoever reports it.
struct InputError: Error {
  var text: String
  init(_ text: String) { self.text = text }
}

/// First reading of a relocatable object: headers, symbol table, section groups; nothing else is
/// touched, so that objects which lose their groups cost little.
///
/// Everything that later passes rely on without looking again is checked here: that the tables lie
/// within the file, that string tables end with NUL, that counts agree.
enum ObjectReader {
  /// Where an object comes from.
  struct Source {
    var bytes: ByteString
    var name: ByteString
    var archive: ByteString
    var position: UInt64
    var flags: FileFlags
  }

  /// Fills `file`; groups found are appended through `addGroup` as (header index, symbol index).
  static func read<E: ELFEncoding>(
    _: E.Type, machine: UInt16, _ source: Source, into file: UnsafeMutablePointer<ObjectFile>,
    groups: inout [(section: UInt32, symbol: UInt32)]
  ) throws(InputError) {
    let bytes = source.bytes
    let base = bytes.start
    file.pointee.base = base
    file.pointee.byteCount = bytes.count
    file.pointee.name = source.name
    file.pointee.archive = source.archive
    file.pointee.position = source.position
    file.pointee.flags = source.flags.rawValue
    file.pointee.symbolNames = ""
    file.pointee.sectionNames = ""
    file.pointee.symbols = base
    file.pointee.sectionHeaders = base
    file.pointee.globals = emptyGlobals
    file.pointee.sectionAtoms = emptyAtoms
    try checkIdentification(E.self, machine: machine, bytes)

    let header = FileHeader<E>(base)
    guard header.type == FileType.relocatable else {
      throw InputError("not a relocatable object (file type \(header.type))")
    }
    let offset = header.sectionHeaderOffset
    if offset == 0 { return }
    guard Int(header.sectionHeaderSize) == SectionHeader<E>.size else {
      throw InputError("bad section header size \(header.sectionHeaderSize)")
    }
    guard offset <= UInt64(bytes.count), bytes.count - Int(offset) >= SectionHeader<E>.size else {
      throw InputError("section header table at offset \(offset) is past the end of the file")
    }
    let headers = base + Int(offset)
    let first = SectionHeader<E>(headers)
    let count = header.sectionCount == 0 ? first.byteCount : UInt64(header.sectionCount)
    guard count > 0, count <= UInt64(bytes.count - Int(offset)) / UInt64(SectionHeader<E>.size)
    else {
      throw InputError("section header table of \(count) entries does not fit in the file")
    }
    guard count < 1 << 31 else { throw InputError("too many sections (\(count))") }
    file.pointee.sectionHeaders = headers
    file.pointee.sectionCount = Int(count)

    let namesIndex =
      UInt32(header.sectionNameIndex) == SectionIndex.extended
      ? first.link : UInt32(header.sectionNameIndex)
    guard UInt64(namesIndex) < count else {
      throw InputError("bad index \(namesIndex) of the section name table")
    }
    file.pointee.sectionNames = try stringTable(E.self, file.pointee, Int(namesIndex))

    var symbolTable = 0
    var extended = 0
    var atoms = 0
    for i in 1..<max(1, Int(count)) {
      let header = file.pointee.header(E.self, i)
      let type = header.type
      if type == .progbits || type == .nobits {
        atoms += 1
        if header.flags.isDisjoint(with: .alloc), header.flags.contains(.group) {
          file.pointee.flags |= FileFlags.hasUnloadedMembers.rawValue
        }
      } else if type == .rela || type == .stringTable {
        continue
      } else if type == .symbolTable {
        if symbolTable != 0 { throw InputError("more than one symbol table") }
        symbolTable = i
      } else if type == .sectionIndices {
        extended = i
      } else if type == .llvmDependentLibraries {
        file.pointee.flags |= FileFlags.namesLibraries.rawValue
      } else if type == .group {
        let group = file.pointee.header(E.self, i)
        let words = try contents(E.self, file.pointee, i)
        guard words.count >= 4 else { throw InputError("section group \(i) is empty") }
        // GRP_COMDAT; groups without it only matter to the collection of garbage.
        if E.load32(words.start) & 1 != 0 {
          groups.append((UInt32(i), group.info))
        } else {
          file.pointee.flags |= FileFlags.hasPlainGroups.rawValue
        }
      } else {
        atoms += 1
      }
    }
    file.pointee.atomBound = atoms
    if symbolTable == 0 {
      if !groups.isEmpty { throw InputError("section groups without a symbol table") }
      return
    }
    try readSymbolTable(E.self, file, symbolTable, extended: extended)
    for group in groups where Int(group.symbol) >= file.pointee.symbolCount {
      throw InputError("section group \(group.section) has bad signature symbol \(group.symbol)")
    }
  }

  private static func readSymbolTable<E: ELFEncoding>(
    _: E.Type, _ file: UnsafeMutablePointer<ObjectFile>, _ index: Int, extended: Int
  ) throws(InputError) {
    let table = file.pointee.header(E.self, index)
    let entries = try contents(E.self, file.pointee, index)
    let count = entries.count / SymbolEntry<E>.size
    guard table.entrySize == UInt64(SymbolEntry<E>.size),
      count * SymbolEntry<E>.size == entries.count
    else { throw InputError("bad size of the symbol table (section \(index))") }
    guard UInt64(table.info) <= UInt64(count), table.info > 0 || count == 0 else {
      throw InputError("bad index \(table.info) of the first global symbol")
    }
    guard count < 1 << 31 else { throw InputError("too many symbols") }
    file.pointee.symbols = entries.start
    file.pointee.symbolCount = count
    file.pointee.firstGlobal = Int(table.info)
    file.pointee.symbolSection = UInt32(index)
    guard UInt64(table.link) < UInt64(file.pointee.sectionCount) else {
      throw InputError("bad index \(table.link) of the symbol name table")
    }
    file.pointee.symbolNames = try stringTable(E.self, file.pointee, Int(table.link))
    if extended != 0 {
      let words = try contents(E.self, file.pointee, extended)
      guard words.count / 4 >= count else {
        throw InputError("section index table (section \(extended)) is too short")
      }
      file.pointee.extendedIndices = words.start
    }
  }

  /// Class, byte order and machine against the target's.
  static func checkIdentification<E: ELFEncoding>(
    _: E.Type, machine: UInt16, _ bytes: ByteString
  ) throws(InputError) {
    guard bytes.count >= 20, bytes.hasPrefix("\u{7f}ELF") else {
      throw InputError("not an ELF file, or truncated (\(bytes.count) bytes)")
    }
    let isBig = bytes[5] == 2
    let rawMachine =
      isBig
      ? UInt16(bytes[18]) << 8 | UInt16(bytes[19]) : UInt16(bytes[19]) << 8 | UInt16(bytes[18])
    guard bytes[4] == (E.is64 ? 2 : 1), isBig == E.isBigEndian, rawMachine == machine else {
      let kind =
        "\(MachineNumber.name(rawMachine)), \(bytes[4] == 2 ? "64" : "32")-bit"
        + (isBig ? ", big endian" : "")
      throw InputError(
        "is incompatible with the output: the file is for \(kind), the output for"
          + " \(MachineNumber.name(machine)), \(E.is64 ? "64" : "32")-bit")
    }
    guard bytes.count >= FileHeader<E>.size else {
      throw InputError("truncated: no room for the ELF header (\(bytes.count) bytes)")
    }
  }

  /// The bytes of a section, which must lie within the file.
  static func contents<E: ELFEncoding>(
    _: E.Type, _ file: ObjectFile, _ index: Int
  ) throws(InputError) -> ByteString {
    let header = file.header(E.self, index)
    if header.type == .nobits { return "" }
    let offset = header.offset
    let size = header.byteCount
    guard offset <= UInt64(file.byteCount), size <= UInt64(file.byteCount) - offset else {
      throw InputError(
        "section \(index) at offset \(offset) with \(size) bytes is past the end of the file"
          + " (\(file.byteCount) bytes)")
    }
    return ByteString(start: file.base + Int(offset), count: Int(size))
  }

  /// A string table: within the file, and ending with NUL so that names in it end.
  static func stringTable<E: ELFEncoding>(
    _: E.Type, _ file: ObjectFile, _ index: Int
  ) throws(InputError) -> ByteString {
    guard file.header(E.self, index).type == .stringTable else {
      if index == 0 { return "" }
      throw InputError("section \(index) is not a string table")
    }
    let table = try contents(E.self, file, index)
    guard table.isEmpty || table[table.count - 1] == 0 else {
      throw InputError("string table (section \(index)) does not end with NUL")
    }
    return table
  }

  private nonisolated(unsafe) static let emptyGlobals =
    UnsafeMutablePointer<SymbolIndex>.allocate(capacity: 1)
  private nonisolated(unsafe) static let emptyAtoms = {
    let atoms = UnsafeMutablePointer<AtomIndex>.allocate(capacity: 1)
    atoms.initialize(to: .none)
    return atoms
  }()
}

extension ObjectFile {
  /// `foo.o`, or `libx.a(foo.o)`.
  var displayName: String { archive.isEmpty ? String(name) : "\(archive)(\(name))" }
}
