import ELFFormat
import Platform

/// The entries of the dynamic section.
extension MakeTables {
  /// Lists the entries and adds the strings that they name to `.dynstr`.
  ///
  /// Runs before layout, when it is known which sections there are (`synthetic`, and the arrays of
  /// functions among `outputs`), what relocations are like, and after `buildVersionSections`.
  func buildDynamicSection() {
    tables.dynamicSection.entries = []
    tables.dynamicSection.spareCount = options.spareDynamicTags ?? 0
    listNames()
    listFunctions()
    listSymbolTables()
    listRelocations()
    listFlags()
    listVersions()
  }

  private func add(_ tag: UInt64, _ value: UInt64) {
    tables.dynamicSection.entries.append(.init(tag: tag, value: .number(value)))
  }

  private func add(_ tag: UInt64, string: String) {
    add(tag, UInt64(tables.dynamicSymbols.names.add(ByteString(copying: string))))
  }

  private func listNames() {
    for library in librariesNeededAtRunTime() {
      add(DynamicTag.needed, UInt64(tables.dynamicSymbols.names.add(libraries[library].soname)))
    }
    for name in options.auxiliaryFilters { add(DynamicTag.auxiliary, string: name) }
    for name in options.filters { add(DynamicTag.filter, string: name) }
    if let soname = options.soname, !soname.isEmpty { add(DynamicTag.soname, string: soname) }
    var paths: [String] = []
    // Compared as bytes: String's `==` takes different spellings of a character for equal.
    for path in options.runPaths where !paths.contains(where: { $0.utf8.elementsEqual(path.utf8) })
    {
      paths.append(path)
    }
    let runPath = paths.joined(separator: ":")
    if !runPath.isEmpty {
      add(options.usesRunPath ? DynamicTag.runPath : DynamicTag.rpath, string: runPath)
    }
    // An executable's own definitions come first anyway.
    if isSharedLibrary && options.symbolicBinding == .all { add(DynamicTag.symbolic, 0) }
  }

  private func listFunctions() {
    let functions = [
      (DynamicTag.initFunction, options.initFunction),
      (DynamicTag.finiFunction, options.finiFunction),
    ]
    for (tag, name) in functions {
      if let symbol = names.find(ByteString(copying: name), in: symbols),
        symbols[symbol].has.isDisjoint(with: [.isShared, .isUndefined])
      {
        tables.dynamicSection.entries.append(.init(tag: tag, value: .symbol(symbol)))
      }
    }
    let arrays = [
      (SectionType.preinitArray, DynamicTag.preinitArray, DynamicTag.preinitArraySize),
      (SectionType.initArray, DynamicTag.initArray, DynamicTag.initArraySize),
      (SectionType.finiArray, DynamicTag.finiArray, DynamicTag.finiArraySize),
    ]
    for (type, address, size) in arrays {
      for i in outputs.indices {
        let output = outputs.pointer(OutputIndex(i))
        guard output.pointee.type == type.rawValue, output.pointee.has.contains(.alloc) else {
          continue
        }
        listSection(OutputIndex(i), address: address, size: size)
        break
      }
    }
  }

  /// Nothing if there is no such section.
  private func listSection(_ section: OutputIndex, address: UInt64, size: UInt64? = nil) {
    if section.isNone { return }
    tables.dynamicSection.entries.append(
      .init(tag: address, value: .address(section), section: section))
    if let size {
      tables.dynamicSection.entries.append(
        .init(tag: size, value: .size(section), section: section))
    }
  }

  /// A number that goes with a section.
  private func listNumber(_ section: OutputIndex, _ tag: UInt64, _ value: DynamicSection.Value) {
    if section.isNone { return }
    tables.dynamicSection.entries.append(.init(tag: tag, value: value, section: section))
  }

  private func listSymbolTables() {
    listSection(synthetic[.sysvHash], address: DynamicTag.hash)
    listSection(synthetic[.gnuHash], address: DynamicTag.gnuHash)
    tables.dynamicSection.entries.append(.init(tag: DynamicTag.stringTable, value: .namesAddress))
    listSection(synthetic[.dynamicSymbols], address: DynamicTag.symbolTable)
    listSection(synthetic[.dynamicIndices], address: DynamicTag.symbolSectionIndices)
    tables.dynamicSection.entries.append(.init(tag: DynamicTag.stringTableSize, value: .namesSize))
    listNumber(
      synthetic[.dynamicSymbols], DynamicTag.symbolEntrySize, .number(UInt64(SymbolEntry<E>.size)))
    // Debuggers find the list of loaded libraries through it, so the dynamic linker writes there.
    if !isSharedLibrary && !options.readOnlyDynamic { add(DynamicTag.debug, 0) }
  }

  private func listRelocations() {
    let plt = synthetic[.pltRelocations]
    if !plt.isNone {
      let slots = synthetic[.pltOffsetTable]
      listSection(slots.isNone ? synthetic[.offsetTable] : slots, address: DynamicTag.pltGot)
      listNumber(plt, DynamicTag.pltRelSize, .size(plt))
      listNumber(
        plt, DynamicTag.pltRel, .number(T.relocationsHoldAddends ? DynamicTag.rela : DynamicTag.rel)
      )
      listSection(plt, address: DynamicTag.jumpRel)
    } else {
      listSection(synthetic[.pltOffsetTable], address: DynamicTag.pltGot)
    }
    let rela = synthetic[.dynamicRelocations]
    let hasAddends = T.relocationsHoldAddends
    listSection(
      rela, address: hasAddends ? DynamicTag.rela : DynamicTag.rel,
      size: hasAddends ? DynamicTag.relaSize : DynamicTag.relSize)
    listNumber(
      rela, hasAddends ? DynamicTag.relaEntrySize : DynamicTag.relEntrySize,
      .number(UInt64(LoaderRelocation<T>.size)))
    if tables.relocations.relativeCount > 0 {
      listNumber(
        rela, hasAddends ? DynamicTag.relaCount : DynamicTag.relCount, .relativeCount)
    }
    let relr = synthetic[.relativeRelocations]
    let isAndroid = options.usesAndroidRelrTags
    listSection(
      relr, address: isAndroid ? AndroidTag.relr : DynamicTag.relr,
      size: isAndroid ? AndroidTag.relrSize : DynamicTag.relrSize)
    listNumber(
      relr, isAndroid ? AndroidTag.relrEntrySize : DynamicTag.relrEntrySize,
      .number(UInt64(E.wordSize)))
    if dynamicRelocations.hasTextRelocations { add(DynamicTag.textRel, 0) }
  }

  private func listFlags() {
    var flags: UInt64 = 0
    if options.origin { flags |= DynamicFlags.origin }
    if isSharedLibrary && options.symbolicBinding == .all { flags |= DynamicFlags.symbolic }
    if dynamicRelocations.hasTextRelocations { flags |= DynamicFlags.textRelocations }
    if options.bindsNow { flags |= DynamicFlags.bindNow }
    // An executable's thread-local storage is static anyway; the flag is for what dlopen loads.
    if isSharedLibrary && dynamicRelocations.hasStaticTLS { flags |= DynamicFlags.staticTLS }
    if flags != 0 { add(DynamicTag.flags, flags) }

    var flags1: UInt64 = 0
    if options.bindsNow { flags1 |= DynamicFlags1.now }
    if options.global { flags1 |= DynamicFlags1.global }
    if options.groupLookup { flags1 |= DynamicFlags1.group }
    if options.loadsFiltees { flags1 |= DynamicFlags1.loadFiltees }
    if options.globalAudit { flags1 |= DynamicFlags1.globalAudit }
    if options.noDelete { flags1 |= DynamicFlags1.noDelete }
    if options.initFirst { flags1 |= DynamicFlags1.initFirst }
    if options.noOpen { flags1 |= DynamicFlags1.noOpen }
    if options.origin { flags1 |= DynamicFlags1.origin }
    if options.interpose { flags1 |= DynamicFlags1.interpose }
    if options.noDefaultLibrary { flags1 |= DynamicFlags1.noDefaultLibrary }
    if options.noDump { flags1 |= DynamicFlags1.noDump }
    if isPositionIndependent && !isSharedLibrary { flags1 |= DynamicFlags1.pie }
    if flags1 != 0 { add(DynamicTag.flags1, flags1) }
  }

  private func listVersions() {
    listSection(synthetic[.versionSymbols], address: DynamicTag.versionSymbols)
    let definitions = synthetic[.versionDefinitions]
    listSection(definitions, address: DynamicTag.versionDefinitions)
    listNumber(
      definitions, DynamicTag.versionDefinitionCount, .number(UInt64(versionDefinitionCount)))
    let needs = synthetic[.versionNeeds]
    listSection(needs, address: DynamicTag.versionNeeds)
    listNumber(needs, DynamicTag.versionNeedCount, .number(UInt64(versionNeedCount)))
  }
}

/// Bits of DT_FLAGS. Source: gABI, "Dynamic Section".
private enum DynamicFlags {
  static let origin: UInt64 = 0x1
  static let symbolic: UInt64 = 0x2
  static let textRelocations: UInt64 = 0x4
  static let bindNow: UInt64 = 0x8
  static let staticTLS: UInt64 = 0x10
}

/// Bits of DT_FLAGS_1. Source: Oracle Solaris Linkers and Libraries Guide, "Dynamic Section"; PIE as
/// the GNU tools have it.
private enum DynamicFlags1 {
  static let now: UInt64 = 0x1
  static let global: UInt64 = 0x2
  static let group: UInt64 = 0x4
  static let noDelete: UInt64 = 0x8
  static let loadFiltees: UInt64 = 0x10
  static let initFirst: UInt64 = 0x20
  static let noOpen: UInt64 = 0x40
  static let origin: UInt64 = 0x80
  static let interpose: UInt64 = 0x400
  static let noDefaultLibrary: UInt64 = 0x800
  static let noDump: UInt64 = 0x1000
  static let globalAudit: UInt64 = 0x0100_0000
  static let pie: UInt64 = 0x0800_0000
}

/// DT_ANDROID_RELR and its companions, from before DT_RELR had numbers of its own.
private enum AndroidTag {
  static let relr: UInt64 = 0x6fff_e000
  static let relrSize: UInt64 = 0x6fff_e001
  static let relrEntrySize: UInt64 = 0x6fff_e003
}
