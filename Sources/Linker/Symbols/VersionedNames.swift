import ELFFormat
import Platform
import Synchronization

/// Who defines a name in a version, once it is known who defines each name.
///
/// A symbol is a name; `foo@V` is another name than `foo`. What defines `foo@@V` is the symbol `foo`,
/// and stands for `foo@V`, too. There may be one such definition in the objects, and one in each
/// library, of which only the first is what the symbol `foo` has become. Links without names like
/// these do nothing here.
extension Link {
  func settleVersionedNames<E: ELFEncoding>(_: E.Type) {
    var redirected: [SymbolIndex: SymbolIndex] = [:]
    var asked = AskedVersions()
    var seen: Set<SymbolIndex> = []
    for file in liveObjects where objects[file].has.contains(.hasVersionedNames) {
      for i in 0..<objects[file].globalCount {
        let index = objects[file].globals[i]
        guard let plain = plainSymbol(of: index), let version = versionInName(index),
          seen.insert(index).inserted
        else { continue }
        if defaultVersion(E.self, of: plain) == version {
          // There is one definition of each version.
          if isDefinedHere(index) {
            reportVersionedTwice(E.self, index, plain)
            if symbols[plain].has.contains(.isWeak), !symbols[index].has.contains(.isWeak) {
              replaceDefinition(of: plain, by: index)
            }
            symbols[index].flags |= SymbolFlags.isForcedLocal.rawValue
          }
          redirected[index] = plain
        } else if symbols[index].has.contains(.isUndefined),
          symbols[index].has.isDisjoint(with: [.sawHidden, .sawProtected])
        {
          asked.add(index, plain, version)
        }
      }
    }
    var best: [SymbolIndex: (library: LibraryIndex, source: Int)] = [:]
    visitDefaultVersions(E.self, of: asked) { library, source, index in
      if let other = best[index], libraries[other.library].order <= libraries[library].order {
        return
      }
      best[index] = (library, source)
    }
    for (index, definition) in best {
      if let plain = plainSymbol(of: index), symbols[plain].has.contains(.isShared),
        symbols[plain].file == definition.library.raw,
        symbols[plain].source == UInt32(definition.source)
      {
        // One symbol for one definition: it may be copied.
        redirected[index] = plain
        askedByVersion.insert(plain)
        continue
      }
      symbols[index].flags &= ~SymbolFlags.isUndefined.rawValue
      settle(E.self, index, in: definition.library, definition.source)
    }
    redirect(redirected)
  }

  /// Makes a weak `foo@@V` what a strong `foo@V` is; it remains the default version.
  private func replaceDefinition(of plain: SymbolIndex, by index: SymbolIndex) {
    let facts: SymbolFlags = [
      .isWeak, .isCommon, .isUnique, .isFunction, .isIndirectFunction, .isThreadLocal, .isAbsolute,
    ]
    let other = symbols[index]
    symbols[plain].file = other.file
    symbols[plain].source = other.source
    symbols[plain].atom = other.atom
    symbols[plain].word = other.word
    symbols[plain].flags &= ~facts.rawValue
    symbols[plain].flags |= other.has.intersection(facts).rawValue
  }

  /// Makes all references to the keys mean the values.
  private func redirect(_ redirected: [SymbolIndex: SymbolIndex]) {
    if redirected.isEmpty { return }
    for (from, to) in redirected {
      let kept: SymbolFlags = [
        .isReferenced, .isMentioned, .isReferencedByLibrary, .sawHidden, .sawProtected, .isRoot,
      ]
      symbols[to].flags |= symbols[from].has.intersection(kept).rawValue
      symbols[from].flags &= ~SymbolFlags([.isReferenced, .isMentioned, .isRoot]).rawValue
    }
    pool.forEach(chunks: liveObjects.count) { [self] i, _ in
      let file = objects.pointer(liveObjects[i])
      for j in 0..<file.pointee.globalCount {
        if let other = redirected[file.pointee.globals[j]] { file.pointee.globals[j] = other }
      }
    }
  }

  /// Whether some reference to the symbol asks for a version.
  func hasVersionInReferences(_ index: SymbolIndex) -> Bool {
    versionInName(index) != nil || askedByVersion.contains(index)
  }

  /// `foo@V` and `foo@@V` are both defined: an error unless they are one, or one is weak.
  private func reportVersionedTwice<E: ELFEncoding>(
    _: E.Type, _ index: SymbolIndex, _ plain: SymbolIndex
  ) {
    let one = symbols[plain]
    let other = symbols[index]
    if options.allowsMultipleDefinitions || one.has.contains(.isWeak) || other.has.contains(.isWeak)
      || isSamePlace(index, plain)
    {
      return
    }
    duplicates.withLock {
      $0.append(
        DuplicateDefinition(
          symbol: plain, winner: FileIndex(raw: one.file), winnerSource: one.source,
          loser: FileIndex(raw: other.file), loserSource: other.source))
    }
  }

  private func isSamePlace(_ one: SymbolIndex, _ other: SymbolIndex) -> Bool {
    symbols[one].atom == symbols[other].atom && symbols[one].word == symbols[other].word
      && (!symbols[one].atom.isNone || symbols[one].file == symbols[other].file)
  }

  /// `.symver foo, foo@V` leaves `foo` in the object, too, which is not meant: `foo` is the name of
  /// the default version, and V is to be an old one. So `foo` stands for `foo@V` then, unless a
  /// script gives it another version. One that is hidden is no alias: it stays inside, and V is
  /// exported.
  func foldVersionedAliases<E: ELFEncoding>(_: E.Type) {
    var redirected: [SymbolIndex: SymbolIndex] = [:]
    for file in liveObjects where objects[file].has.contains(.hasVersionedNames) {
      for i in 0..<objects[file].globalCount {
        let index = objects[file].globals[i]
        guard let version = versionInName(index), isDefinedHere(index),
          let plain = plainSymbol(of: index), isDefinedHere(plain), redirected[plain] == nil,
          !symbols[plain].has.contains(.sawHidden), defaultVersion(E.self, of: plain) == nil
        else { continue }
        let number = Int(versions.symbolVersions.base[plain.int] & ~VersionTable.hidden)
        if number >= 2
          ? versions.definitions[number - 2].name == version : isSamePlace(index, plain)
        {
          redirected[plain] = index
          symbols[plain].flags |= SymbolFlags.isForcedLocal.rawValue
        }
      }
    }
    redirect(redirected)
  }

  /// An executable's `foo@@V` is exported for libraries that refer to `foo` in that version or in
  /// none; others mean the `foo` of a library.
  func forgetOtherVersions<E: ELFEncoding>(_: E.Type) {
    if isSharedLibrary { return }
    var versioned: [SymbolIndex: ByteString] = [:]
    for file in liveObjects where objects[file].has.contains(.hasVersionedNames) {
      for i in 0..<objects[file].globalCount {
        let index = objects[file].globals[i]
        guard let version = defaultVersion(E.self, of: index) else { continue }
        versioned[index] = version
        symbols[index].flags &= ~SymbolFlags.isReferencedByLibrary.rawValue
      }
    }
    if versioned.isEmpty { return }
    for i in libraries.indices {
      let library = libraries[LibraryIndex(i)]
      if library.isDuplicate { continue }
      for j in 1..<max(1, library.symbolCount) {
        guard !library.globals[j].isNone, let version = versioned[library.globals[j]] else {
          continue
        }
        let number = library.version(E.self, of: j).index
        if number < 2 || number >= library.versionCount || library.versionNames[number] == version {
          symbols[library.globals[j]].flags |= SymbolFlags.isReferencedByLibrary.rawValue
        }
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
