import ELFFormat
import Platform
import Synchronization

/// Who defines a name in a version, once it is known who defines each name.
///
/// A symbol is a name; `foo@V` is another name than `foo`. What defines `foo@@V` is the symbol `foo`,
/// and stands for `foo@V`, too. There may be one such definition in the objects, and one in each
/// library, of which only the first is what the symbol `foo` has become. Links without names like
/// these do nothing here.
extension ResolveSymbols {
  func settleVersionedNames() {
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
            reportVersionedTwice(index, plain)
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
        naming.askedByVersion.insert(plain)
        continue
      }
      symbols[index].flags &= ~SymbolFlags.isUndefined.rawValue
      settle(index, in: definition.library, definition.source)
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

  /// `foo@V` and `foo@@V` are both defined: an error unless they are one, or one is weak.
  private func reportVersionedTwice(
    _ index: SymbolIndex, _ plain: SymbolIndex
  ) {
    let one = symbols[plain]
    let other = symbols[index]
    if options.allowsMultipleDefinitions || one.has.contains(.isWeak) || other.has.contains(.isWeak)
      || isSamePlace(index, plain)
    {
      return
    }
    note(
      DuplicateDefinition(
        symbol: plain, winner: FileIndex(raw: one.file), winnerSource: one.source,
        loser: FileIndex(raw: other.file), loserSource: other.source))
  }
}
