import ELFFormat
import Platform
import ScriptParsing
import Symbolication
import Synchronization

/// Which symbols are seen by other components, and which of them may be replaced at run time.
///
/// Source: gABI, "Symbol Table" (visibility, preemption); GNU ld manual for the options.
struct DecideExports<E: ELFEncoding>: UsesServices, ReadsInputs, ChangesNaming, @unchecked Sendable
{
  let serviceStage: Reading<Services>
  let inputStage: Reading<Inputs>
  let changingNaming: Changing<Naming>

  /// Decides for all symbols, and which of their libraries are needed. Names get their versions.
  static func run(
    _ services: Reading<Services>, _ inputs: Reading<Inputs>, _ naming: Changing<Naming>
  ) {
    DecideExports(serviceStage: services, inputStage: inputs, changingNaming: naming).decide()
  }

  private func decide() {
    readVersionScripts()
    for entry in scriptCommands {
      if case .version(let script) = entry.command { addVersionScript(script, path: entry.path) }
    }
    applyVersions()
    if hasVersionedNames {
      foldVersionedAliases()
      forgetOtherVersions()
    }
    let dynamicList = dynamicListMatcher()
    let exportList = exportMatcher()
    let defined = Set(definitions.map(\.symbol.raw))
    let weak = Mutex<[SymbolIndex]>([])
    pool.forEachRange(symbols.count, grain: 1 << 12) { [self] range, _ in
      for i in range {
        decideExport(SymbolIndex(i), dynamicList, exportList, defined) {
          index in weak.withLock { $0.append(index) }
        }
      }
    }
    defineExportedVersions()
    naming.weakImports = weak.withLock { $0.sorted { $0.raw < $1.raw } }
    forgetUnloadedImports()
  }

  /// What becomes of a name that nothing defines.
  func undefinedFacts(_ has: SymbolFlags) -> SymbolFlags {
    guard isDynamic, has.contains(.isMentioned), has.isDisjoint(with: [.sawHidden, .sawProtected])
    else { return [] }
    // A static PIE relocates itself, and looks for no names.
    if !isSharedLibrary && options.noDynamicLinker { return [] }
    let isLeftToLoader =
      has.contains(.isReferenced)
      // An error unless a policy lets the loader look for it.
      ? reportsUndefined != .error : options.dynamicUndefinedWeak ?? true
    return isLeftToLoader ? [.isImported, .isPreemptible] : []
  }

  private func decideExport(
    _ index: SymbolIndex, _ dynamicList: PatternMatcher?,
    _ exportList: PatternMatcher?, _ defined: Set<UInt32>,
    _ noteWeakImport: (SymbolIndex) -> Void
  ) {
    let symbol = symbols.pointer(index)
    let has = symbol.pointee.has
    var facts: SymbolFlags = []
    if has.contains(.isShared) {
      if has.contains(.isMentioned) {
        facts = [.isImported, .isPreemptible]
        if has.isDisjoint(with: [.isReferenced, .isRoot]) {
          noteWeakImport(index)
        } else {
          noteNeed(of: symbol.pointee)
        }
      }
    } else if has.contains(.isUndefined) {
      facts = undefinedFacts(has)
    } else {
      if has.contains(.sawHidden) || has.contains(.isForcedLocal) || isExcluded(symbol.pointee)
        || !isDynamic
      {
        return
      }
      if has.contains(.isLinkerDefined), !has.contains(.isMentioned),
        !has.contains(.isReferencedByLibrary), !defined.contains(index.raw)
      {
        return
      }
      if isSharedLibrary {
        facts = .isExported
        if !has.contains(.sawProtected), isReplaceable(symbol.pointee, dynamicList) {
          facts.insert(.isPreemptible)
        }
      } else if options.exportsAll || has.contains(.isReferencedByLibrary)
        || dynamicList?.matches(symbol.pointee.name) == true
        || exportList?.matches(symbol.pointee.name) == true
      {
        facts = .isExported
      }
    }
    symbol.pointee.flags |= facts.rawValue
  }

  /// `--exclude-libs`: definitions from those archives stay inside.
  private func isExcluded(_ symbol: Symbol) -> Bool {
    if options.excludedLibraries.isEmpty { return false }
    return objects[FileIndex(raw: symbol.file)].has.contains(.isExcluded)
  }

  private func isReplaceable(_ symbol: Symbol, _ dynamicList: PatternMatcher?) -> Bool {
    if let dynamicList { return dynamicList.matches(symbol.name) }
    switch options.symbolicBinding {
    case .none: return true
    case .all: return false
    case .functions: return !symbol.has.contains(.isFunction)
    case .nonWeak: return symbol.has.contains(.isWeak)
    case .nonWeakFunctions:
      return symbol.has.contains(.isWeak) || !symbol.has.contains(.isFunction)
    }
  }

  /// Opens a file that an option names, as it is or in the directories of `-L`, and tells if there is
  /// none.
  func openText(
    _ name: String, _ what: String, _ body: (UnsafeRawBufferPointer, _ path: String) -> Void
  ) {
    let path = LibrarySearch(options: options, standardDirectories: []).text(name)
    services.openedPaths.add(path)
    do throws(Errno) {
      let file = try MappedInput(path: path)
      watch.add(path, file)
      body(file.bytes, path)
    } catch {
      diagnostics.error("cannot open \(what) \(path): \(error)")
    }
  }

  private func readPatterns(_ names: [String], _ what: String) -> [Pattern] {
    var patterns: [Pattern] = []
    for name in names {
      openText(name, what) { bytes, path in
        do throws(ScriptError) {
          patterns += try DynamicList.parse(bytes)
        } catch {
          diagnostics.error("\(path):\(error)")
        }
      }
    }
    return patterns
  }

  private func dynamicListMatcher() -> PatternMatcher? {
    if options.dynamicLists.isEmpty { return nil }
    let patterns = readPatterns(options.dynamicLists, "dynamic list")
    return makeMatcher(patterns.map { PatternMatcher.Entry($0, payload: 0) })
  }

  private func exportMatcher() -> PatternMatcher? {
    var patterns = options.exportGlobs.map { Pattern(unquoted: ByteString(copying: $0)) }
    patterns += readPatterns(options.exportGlobFiles, "list of symbols to export")
    if patterns.isEmpty { return nil }
    return makeMatcher(patterns.map { PatternMatcher.Entry($0, payload: 0) })
  }

  /// A matcher for patterns that scripts or options gave.
  func makeMatcher(_ entries: [PatternMatcher.Entry]) -> PatternMatcher {
    let matcher = PatternMatcher(entries)
    if matcher.isFlooded {
      diagnostics.error("more than \(probeLimit) names in scripts and lists \(floodRemedy)")
    }
    return matcher
  }
}

enum UndefinedReport { case none, warning, error }

extension UsesServices {
  /// What is to be said of a strong reference that nothing satisfies.
  var reportsUndefined: UndefinedReport {
    let asked: UndefinedReport = options.warnsUnresolved ? .warning : .error
    switch options.unresolvedPolicy {
    case .ignoreAll, .ignoreInObjects: return .none
    case .reportAll: return asked
    case .ignoreInSharedLibraries, nil:
      if isSharedLibrary { return options.requiresDefinitions == true ? asked : .none }
      return options.requiresDefinitions == false ? .none : asked
    }
  }
}

extension ReadsInputs {
  /// A library is needed if it defines something that is referred to, and not only weakly.
  func noteNeed(of symbol: Symbol) {
    if symbol.has.contains(.isShared), !symbol.has.isDisjoint(with: [.isReferenced, .isRoot]) {
      libraries[LibraryIndex(raw: symbol.file)].isNeeded = true
    }
  }
}

extension PatternMatcher {
  /// Whether some pattern takes the name; C++ patterns are tried on the demangled form.
  func matches(_ name: ByteString) -> Bool {
    if needsDemangledNames, name.hasPrefix("_Z"), var demangled = demangle(name) {
      return demangled.withUTF8 {
        match(name, demangled: ByteString(UnsafeRawBufferPointer($0))) != nil
      }
    }
    return match(name) != nil
  }
}
