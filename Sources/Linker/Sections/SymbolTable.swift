import ELFFormat
import Platform

/// `.symtab` and `.strtab`.
///
/// Every span of symbols (`FileSpan`) gets a range of local entries, of global entries and of name
/// bytes, counted before layout; spans are then written side by side, each from a worker's buffer.
/// A global symbol is written by the file that defines it; what a version script made local goes
/// with the file's locals; what nobody here defines, and what the linker defines, comes last.
///
/// Source: gABI, "Symbol Table": all local symbols precede the others, `sh_info` tells where.
struct SymbolTable {
  var localCount = 0
  var count = 0
  var nameBytes = 0
  var spans: [SymbolSpan] = []
  /// Undefined and library symbols that the program mentions.
  var references: [SymbolIndex] = []
  /// Symbols that the linker itself defines: first those that are local.
  var own: [SymbolIndex] = []
  /// Where `own` and `references` go, and the null symbol with them.
  var ownSpan = SymbolSpan()
}

/// Some symbols' places in the output's symbol table.
struct SymbolSpan: BitwiseCopyable {
  /// Of the live objects, and of their symbol tables.
  var files = FileSpan(files: 0..<0)
  var firstLocal = 0
  var localCount = 0
  var firstGlobal = 0
  var globalCount = 0
  var firstName = 0
  var nameBytes = 0

  var count: Int { localCount + globalCount }
}

/// Where a symbol goes in the symbol table.
enum SymbolPlacement { case none, local, global }

extension UsesServices where Self: ReadsInputs & ReadsNaming & ReadsContents {
  /// Whether and where a local symbol of a file is kept.
  @inline(__always)
  func keepsLocal<E: ELFEncoding>(
    _: E.Type, _ file: UnsafeMutablePointer<ObjectFile>, _ index: Int, _ entry: SymbolEntry<E>,
    _ name: ByteString
  ) -> Bool {
    let type = entry.type
    if type == .section || name.isEmpty && type != .file { return false }
    if options.discard == .locals { return false }
    if type == .file { return true }
    if options.discard == .temporaries, name.count >= 2, name[0] == 0x2e, name[1] == 0x4c {
      return false
    }
    let section = file.pointee.section(E.self, of: index)
    if Int(section) >= file.pointee.sectionCount { return section == ObjectFile.absoluteSection }
    let atom = file.pointee.sectionAtoms[Int(section)]
    if atom.raw >= AtomIndex.discarded.raw { return false }
    // The atom of a dropped section may be the one that was kept in its place, in another file.
    return atoms.pointer(atom).pointee.has.contains(.isLive)
      && atoms.pointer(atom).pointee.kind != .frames
      && atoms.pointer(atom).pointee.file.int == file - objects.base
  }

  /// Where a global symbol that the file at `file` defines goes.
  @inline(__always)
  func placement(
    _ symbol: UnsafeMutablePointer<Symbol>, file: UInt32, source: Int
  ) -> SymbolPlacement {
    if symbol.pointee.file != file || symbol.pointee.source != UInt32(source) { return .none }
    let has = symbol.pointee.has
    if !has.isDisjoint(with: [.isShared, .isUndefined, .isLinkerDefined]) { return .none }
    let atom = symbol.pointee.atom
    if atom.raw < AtomIndex.discarded.raw, !atoms.pointer(atom).pointee.has.contains(.isLive) {
      return .none
    }
    return isLocalInOutput(has) ? .local : .global
  }

  /// The most constraining visibility that any file has given the symbol.
  @inline(__always)
  func visibility(_ symbol: Symbol) -> UInt8 {
    if symbol.has.contains(.sawHidden) { return SymbolVisibility.hidden.rawValue }
    return symbol.has.contains(.sawProtected) ? SymbolVisibility.protected.rawValue : 0
  }

  @inline(__always)
  func isLocalInOutput(_ has: SymbolFlags) -> Bool {
    !has.isDisjoint(with: [.sawHidden, .isForcedLocal])
  }

  /// A reference's name with the version that was found for it, as GNU ld and lld write it.
  func referenceName<E: ELFEncoding>(_: E.Type, _ symbol: Symbol) -> ByteString {
    guard symbol.has.contains(.isShared), symbol.name.firstIndex(of: 0x40) == nil else {
      return symbol.name
    }
    let library = libraries[LibraryIndex(raw: symbol.file)]
    let version = library.version(E.self, of: Int(symbol.source)).index
    guard version >= 2, version < library.versionCount,
      !library.versionNames[version].isEmpty
    else { return symbol.name }
    return joinedName(symbol.name, library.versionNames[version])
  }

  /// The number of the output section that an atom is in. SHT_SYMTAB_SHNDX has those that do not fit
  /// into a symbol.
  @inline(__always)
  func sectionNumber(_ atom: AtomIndex) -> UInt32 {
    if atom.raw >= AtomIndex.discarded.raw { return SectionIndex.absolute }
    let pointer = atoms.pointer(atom)
    return outputs.pointer(pointer.pointee.output).pointee.headerIndex
  }
}
