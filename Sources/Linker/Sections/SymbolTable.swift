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

extension Link {
  enum Placement { case none, local, global }

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
  ) -> Placement {
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

  /// Symbols of a span: what fits a worker's buffer, with its names.
  private static var spanSize: Int { 1 << 12 }

  func countSymbols<T: Target>(_: T.Type) {
    typealias E = T.Encoding
    if options.strip == .all { return }
    var table = SymbolTable()
    table.spans = FileSpan.spans(files: 1..<liveObjects.count, grain: Self.spanSize) {
      objects[liveObjects[$0]].symbolCount
    }.map { SymbolSpan(files: $0) }
    table.spans.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let spans = buffer.baseAddress
      pool.forEach(chunks: buffer.count) { [self] i, _ in countSymbols(E.self, &spans![i]) }
    }
    for own in linkerDefined { table.own.append(own.symbol) }
    for definition in definitions { table.own.append(definition.symbol) }
    table.references = mentionedElsewhere.filter {
      // A weak reference that came to nothing is still told, but not what only dead code names.
      !options.collectsGarbage || !symbols[$0].has.isDisjoint(with: [.isReached, .isRoot])
    }
    let ownLocals = table.own.filter { isLocalInOutput(symbols[$0].has) }
    let ownGlobals = table.own.filter { !isLocalInOutput(symbols[$0].has) }
    table.own = ownLocals + ownGlobals
    // The null symbol, and the NUL that names it, are the linker's own, too.
    table.ownSpan.localCount = 1 + ownLocals.count
    table.ownSpan.globalCount = ownGlobals.count + table.references.count
    var local = table.ownSpan.localCount
    var name = 1
    for i in table.spans.indices {
      table.spans[i].firstLocal = local
      table.spans[i].firstName = name
      local += table.spans[i].localCount
      name += table.spans[i].nameBytes
    }
    table.localCount = local
    var global = local
    for i in table.spans.indices {
      table.spans[i].firstGlobal = global
      global += table.spans[i].globalCount
    }
    table.ownSpan.firstGlobal = global
    table.ownSpan.firstName = name
    for index in table.own { table.ownSpan.nameBytes += symbols[index].name.count + 1 }
    for index in table.references {
      table.ownSpan.nameBytes += referenceName(E.self, symbols[index]).count + 1
    }
    table.count = global + table.ownSpan.globalCount
    table.nameBytes = name + table.ownSpan.nameBytes
    if table.nameBytes > Int(UInt32.max) {
      diagnostics.error(
        "the symbol name table is larger than 4 GiB; link with -s, or fewer symbols")
    }
    symbolTable = table
  }

  private func countSymbols<E: ELFEncoding>(_: E.Type, _ span: inout SymbolSpan) {
    for number in span.files.files {
      let index = liveObjects[number]
      let file = objects.pointer(index)
      if file.pointee.has.contains(.isUnlisted) { continue }
      let range = span.files.items(file.pointee.symbolCount)
      let first = file.pointee.firstGlobal
      for j in range.clamped(to: 1..<max(1, first)) {
        let entry = file.pointee.symbol(E.self, j)
        let name = ObjectFile.name(file.pointee.symbolNames, at: entry.name)
        if keepsLocal(E.self, file, j, entry, name) {
          span.localCount += 1
          span.nameBytes += name.count + 1
        }
      }
      for j in range.clamped(to: first..<file.pointee.symbolCount) {
        let symbol = symbols.pointer(file.pointee.globals[j - first])
        switch placement(symbol, file: index.raw, source: j) {
        case .none: continue
        case .local:
          if options.discard == .locals { continue }
          span.localCount += 1
        case .global: span.globalCount += 1
        }
        span.nameBytes += symbol.pointee.name.count + 1
      }
    }
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

  /// Section number of an address in the output, and the word for SHT_SYMTAB_SHNDX if it does not
  /// fit.
  @inline(__always)
  func sectionNumber(_ atom: AtomIndex) -> UInt32 {
    if atom.raw >= AtomIndex.discarded.raw { return SectionIndex.absolute }
    let pointer = atoms.pointer(atom)
    return outputs.pointer(pointer.pointee.output).pointee.headerIndex
  }
}
