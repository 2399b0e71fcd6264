import Linker

extension CommandLineParser {
  /// Applies an option about symbols; `isOn` is false for the spelling that says the opposite.
  mutating func apply(_ option: SymbolOption, _ value: String, isOn: Bool) {
    switch option {
    case .undefined: options.undefinedSymbols.append(value)
    case .undefinedGlob: options.undefinedGlobs.append(value)
    case .required: options.requiredSymbols.append(value)
    case .wrap: options.wrappedSymbols.append(value)
    case .define:
      guard let (left, expression) = Values.pair(value), !expression.isEmpty,
        let name = Values.symbolName(left)
      else { return fail(value: value, "isn't of the form SYMBOL=EXPRESSION") }
      options.definitions.append((name, expression))
    case .trace: options.tracedSymbols.append(value)
    case .exportAll: options.exportsAll = isOn
    case .exportGlob: options.exportGlobs.append(value)
    case .exportGlobFile: options.exportGlobFiles.append(value)
    case .dynamicList: options.dynamicLists.append(value)
    case .dynamicData: options.listsDataSymbols = true
    case .dynamicNew: options.listsOperatorNew = true
    case .dynamicTypeinfo: options.listsTypeInformation = true
    case .versionScript: options.versionScripts.append(value)
    case .undefinedVersion: options.allowsUndefinedVersion = isOn
    case .defaultVersion: options.defaultSymbolVersion = true
    case .retainFile: options.retainSymbolsFile = value
    case .symbolic: options.symbolicBinding = .all
    case .symbolicFunctions: options.symbolicBinding = .functions
    case .symbolicNonWeak: options.symbolicBinding = .nonWeak
    case .symbolicNonWeakFunctions: options.symbolicBinding = .nonWeakFunctions
    case .symbolicNone: options.symbolicBinding = .none
    case .multipleDefinitions: options.allowsMultipleDefinitions = isOn
    case .requireDefinitions: requireDefinitions(true)
    case .unresolved: setUnresolvedPolicy(value)
    case .ignoreUnresolved: options.ignoredUnresolved.append(value)
    case .warnUnresolved: options.warnsUnresolved = isOn
    case .libraryUndefined: options.allowsLibraryUndefined = isOn
    case .warnCommon: options.warnsCommon = isOn
    case .sortCommon:
      switch value {
      case "", "descending": options.commonOrder = .descending
      case "ascending": options.commonOrder = .ascending
      default: fail(value: value, "isn't ascending or descending")
      }
    case .defineCommon: options.definesCommon = isOn
    case .gnuUnique: options.usesUniqueBinding = isOn
    case .strip: options.strip = .all
    case .stripDebug:
      // Of `-s -S` both are meant; the former includes the latter.
      if options.strip == .none { options.strip = .debug }
    case .discardLocals: setDiscard(.locals)
    case .discardTemporaries: setDiscard(.temporaries)
    case .discardNone: setDiscard(.none)
    }
  }

  private mutating func setDiscard(_ discard: LinkOptions.Discard) {
    options.discard = discard
  }

  /// `--no-undefined`, `-z defs` and `-z undefs` speak of references in objects,
  /// `--unresolved-symbols` of those and of shared libraries'; of contradicting ones the last wins.
  mutating func requireDefinitions(_ isOn: Bool) {
    options.requiresDefinitions = isOn
    switch (options.unresolvedPolicy, isOn) {
    case (.ignoreAll, true): options.unresolvedPolicy = .ignoreInSharedLibraries
    case (.ignoreInObjects, true): options.unresolvedPolicy = .reportAll
    case (.reportAll, false): options.unresolvedPolicy = .ignoreInObjects
    case (.ignoreInSharedLibraries, false): options.unresolvedPolicy = .ignoreAll
    default: break
    }
  }

  private mutating func setUnresolvedPolicy(_ value: String) {
    switch value {
    case "report-all": options.unresolvedPolicy = .reportAll
    case "ignore-all": options.unresolvedPolicy = .ignoreAll
    case "ignore-in-object-files": options.unresolvedPolicy = .ignoreInObjects
    case "ignore-in-shared-libs": options.unresolvedPolicy = .ignoreInSharedLibraries
    default:
      return fail(
        value: value,
        "isn't report-all, ignore-all, ignore-in-object-files or ignore-in-shared-libs")
    }
    options.requiresDefinitions = nil
  }
}
