import ELFFormat
import Platform

/// What versions in names mean: `foo@V` is another name than `foo`, and what defines `foo@@V` is the
/// symbol `foo`, which stands for `foo@V`, too.
///
/// Source: GNU as manual, ".symver"; Linux Standard Base, "Symbol Versioning".
/// Symbols `foo@V`, by the symbols `foo` and V.
struct AskedVersions {
  fileprivate var symbols: [SymbolIndex: [ByteString: SymbolIndex]] = [:]

  mutating func add(_ index: SymbolIndex, _ plain: SymbolIndex, _ version: ByteString) {
    symbols[plain, default: [:]][version] = index
  }
}

extension ReadsNaming {
  /// The symbol `foo` of a symbol `foo@V`.
  func plainSymbol(of index: SymbolIndex) -> SymbolIndex? {
    let name = symbols[index].name
    guard let at = name.firstIndex(of: 0x40), at > 0 else { return nil }
    return names.find(name[0..<at], in: symbols)
  }

  /// The symbol `name@version`, if there is one.
  func symbol(named name: ByteString, version: ByteString) -> SymbolIndex? {
    let count = name.count + 1 + version.count
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: count) { buffer in
      let bytes = buffer.baseAddress!
      bytes.initialize(from: name.start, count: name.count)
      (bytes + name.count).initialize(to: 0x40)
      (bytes + name.count + 1).initialize(from: version.start, count: version.count)
      return names.find(ByteString(start: UnsafePointer(bytes), count: count), in: symbols)
    }
  }

  /// V of `foo@V`; nil for a plain name.
  func versionInName(_ index: SymbolIndex) -> ByteString? {
    let name = symbols[index].name
    guard let at = name.firstIndex(of: 0x40) else { return nil }
    return name.dropFirst(at + 1)
  }
}

extension ReadsInputs {
  /// Visits the definitions `foo@@V` of libraries that are asked for as `foo@V`.
  func visitDefaultVersions<E: ELFEncoding>(
    _: E.Type, of asked: AskedVersions,
    _ visit: (_ library: LibraryIndex, _ source: Int, _ index: SymbolIndex) -> Void
  ) {
    if asked.symbols.isEmpty { return }
    for i in libraries.indices {
      let library = libraries[LibraryIndex(i)]
      if library.isDuplicate { continue }
      for j in 1..<max(1, library.symbolCount) {
        guard !library.globals[j].isNone, let versions = asked.symbols[library.globals[j]],
          UInt32(library.symbol(E.self, j).sectionIndex) != SectionIndex.undefined
        else { continue }
        let version = library.version(E.self, of: j).index
        guard version >= 2, version < library.versionCount else { continue }
        if let index = versions[library.versionNames[version]] { visit(LibraryIndex(i), j, index) }
      }
    }
  }
}

extension ReadsNaming where Self: ReadsInputs {
  /// Whether an object defines the symbol.
  func isDefinedHere(_ index: SymbolIndex) -> Bool {
    let symbol = symbols[index]
    return symbol.has.isDisjoint(with: [.isUndefined, .isShared]) && symbol.file != 0
      && Int(symbol.file) < objects.count
  }

  /// V if an object defines the symbol as `foo@@V`, or as `foo@V` in place of a weak `foo@@V`.
  func defaultVersion<E: ELFEncoding>(_: E.Type, of index: SymbolIndex) -> ByteString? {
    guard isDefinedHere(index) else { return nil }
    let file = objects.pointer(FileIndex(raw: symbols[index].file))
    guard file.pointee.has.contains(.hasVersionedNames) else { return nil }
    let entry = file.pointee.symbol(E.self, Int(symbols[index].source))
    let name = ObjectFile.name(file.pointee.symbolNames, at: entry.name)
    guard let suffix = VersionSuffix(of: name), suffix.isDefault || versionInName(index) == nil
    else { return nil }
    return suffix.version
  }
}

extension ReadsNaming where Self: UsesServices & ReadsInputs {
  /// Makes all references to the keys mean the values.
  func redirect(_ redirected: [SymbolIndex: SymbolIndex]) {
    if redirected.isEmpty { return }
    for (from, to) in redirected {
      let kept: SymbolFlags = [
        .isReferenced, .isMentioned, .isReferencedByLibrary, .sawHidden, .sawProtected, .isRoot,
      ]
      symbols[to].flags |= symbols[from].has.intersection(kept).rawValue
      symbols[from].flags &= ~SymbolFlags([.isReferenced, .isMentioned, .isRoot]).rawValue
    }
    pool.forEach(chunks: liveObjects.count) { [objects, liveObjects] i, _ in
      let file = objects.pointer(liveObjects[i])
      for j in 0..<file.pointee.globalCount {
        if let other = redirected[file.pointee.globals[j]] { file.pointee.globals[j] = other }
      }
    }
  }

  /// Whether two names are one place.
  func isSamePlace(_ one: SymbolIndex, _ other: SymbolIndex) -> Bool {
    symbols[one].atom == symbols[other].atom && symbols[one].word == symbols[other].word
      && (!symbols[one].atom.isNone || symbols[one].file == symbols[other].file)
  }
}

extension ReadsNaming {
  /// Whether some reference to the symbol asks for a version.
  func hasVersionInReferences(_ index: SymbolIndex) -> Bool {
    versionInName(index) != nil || askedByVersion.contains(index)
  }
}

/// `name@version`, in memory that stays.
func joinedName(_ name: ByteString, _ version: ByteString) -> ByteString {
  let count = name.count + 1 + version.count
  let bytes = allocateForever(UInt8.self, count: count)
  bytes.initialize(from: name.start, count: name.count)
  bytes[name.count] = 0x40
  (bytes + name.count + 1).initialize(from: version.start, count: version.count)
  return ByteString(start: bytes, count: count)
}
