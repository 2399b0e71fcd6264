import ELFFormat
import Platform

/// Makes the sections whose need and size the passes so far have settled.
struct MakeTables<T: Target>: FollowsScan, ChangesTables {
  typealias E = T.Encoding

  let unplaced: UnplacedLink
  let changingTables: Changing<LinkerTables>

  static func run(
    _ link: UnplacedLink, _ tables: Changing<LinkerTables>
  ) {
    MakeTables(
      unplaced: link, changingTables: tables
    ).make()
  }

  /// A number that the linker-made sections of an output do not exceed.
  private static var mostSyntheticSections: Int { 64 }

  private func make() {
    if isDynamic { makeDynamicTables() }
    makeNotes()
    makeLinkage()
    countDynamicRelocations()
    if tables.relocations.count > 0 {
      add(.dynamicRelocations, size: tables.relocations.count * LoaderRelocation<T>.size)
    }
    if pltRelocationCount > 0 {
      add(.pltRelocations, size: pltRelocationCount * LoaderRelocation<T>.size) {
        if isDynamic { $0.flags.insert(.infoLink) }
      }
    }
    if tables.relocations.packedRoom > 0 {
      add(.relativeRelocations, size: tables.relocations.packedRoom * E.wordSize)
    }
    if frameSection.size > 0 {
      add(.frames, size: Int(frameSection.size))
      if options.ehFrameHeader { add(.frameHeader, size: Int(frameSection.headerSize)) }
    }
    if isDynamic {
      // Its size is known when the dynamic section has added its strings.
      add(.dynamicNames, size: 0)
      buildDynamicSection()
      add(.dynamic, size: dynamicSection.size(E.self)) {
        if options.readOnlyDynamic { $0.flags.remove(.write) }
      }
      outputs[synthetic[.dynamicNames]].size = UInt64(dynamicSymbols.names.count)
    }
    countSymbols()
    if options.strip != .all {
      add(.symbolTable, size: symbolTable.count * SymbolEntry<E>.size)
      add(.symbolNames, size: symbolTable.nameBytes)
    }
    add(.sectionNames, size: 0)
  }

  /// Makes a section of the output.
  ///
  /// - Parameter change: what is special about it in this output.
  private func add(
    _ content: SectionContent, size: Int, _ change: (inout LinkerSection) -> Void = { _ in }
  ) {
    guard var form = content.form(T.self) else { return }
    change(&form)
    tables.synthetic[content] = outputs.append(
      OutputSection(form, content: content, size: UInt64(size)))
  }

  private func makeDynamicTables() {
    if let path = interpreterPath { add(.interpreter, size: path.utf8.count + 1) }
    buildDynamicSymbols()
    add(.dynamicSymbols, size: dynamicSymbols.size(E.self))
    // How many sections there will be is not known yet, but not many more than now.
    if outputs.count + Self.mostSyntheticSections >= Int(SectionIndex.reservedStart) {
      add(.dynamicIndices, size: dynamicSymbols.count * 4)
    }
    if options.hashStyle.contains(.gnu) { add(.gnuHash, size: gnuHashSize(E.self)) }
    if options.hashStyle.contains(.sysv) { add(.sysvHash, size: sysvHashSize) }
    buildVersionSections()
    if versionSymbolsSize > 0 { add(.versionSymbols, size: versionSymbolsSize) }
    if versionDefinitionsSize > 0 { add(.versionDefinitions, size: versionDefinitionsSize) }
    if versionNeedsSize > 0 { add(.versionNeeds, size: versionNeedsSize) }
  }

  private func makeNotes() {
    if options.buildID != .none {
      add(.buildID, size: 16 + BuildID.size(options.buildID))
    }
    tables.properties = joinedProperties()
    let count = (properties.features != 0 ? 1 : 0) + (properties.isaNeeded != 0 ? 1 : 0)
    if count > 0 { add(.propertyNote, size: 16 + count * (8 + E.wordSize)) }
    if let text = options.packageMetadata {
      add(.packageNote, size: 16 + (text.utf8.count + 1 + 3) & ~3)
    }
  }

  private func makeLinkage() {
    let lazyCount = procedureLinkage.lazy.count
    if !offsetTable.slots.isEmpty {
      add(.offsetTable, size: offsetTable.slots.count * E.wordSize)
    }
    let wantsAnchor =
      scanFacts.contains(.needsOffsetTable)
      || linkerDefined.contains {
        if case .offsetTable = $0.kind { return true }
        return false
      }
    if lazyCount > 0 || wantsAnchor {
      add(.pltOffsetTable, size: (3 + lazyCount) * E.wordSize)
    }
    tables.offsetTableAnchor =
      synthetic[.pltOffsetTable].isNone ? synthetic[.offsetTable] : synthetic[.pltOffsetTable]
    if lazyCount > 0 {
      add(.procedureLinkage, size: Int(T.pltHeaderSize) + lazyCount * Int(T.pltEntrySize))
      if usesLandingPads {
        add(.procedureLinkageSecond, size: lazyCount * Int(T.landingPLTEntrySize))
      }
    }
    let directCount = procedureLinkage.direct.count
    if directCount > 0 {
      let size = Int(usesLandingPads ? T.landingPLTEntrySize : T.directPLTEntrySize)
      add(.procedureLinkageOffset, size: directCount * size) {
        $0.entrySize = size
        if usesLandingPads { $0.alignment = 4 }
      }
    }
  }

  /// Features hold if all objects have them; ISA needs add up. Source: x86-64 psABI, "Program
  /// Property".
  private func joinedProperties() -> (features: UInt32, isaNeeded: UInt32) {
    var features: UInt32 = liveObjects.count > 1 ? .max : 0
    var isa: UInt32 = 0
    for index in liveObjects.dropFirst() {
      let file = objects[index]
      features &= file.has.contains(.hasFeatures) ? file.features : 0
      isa |= file.isaNeeded
      reportMissingFeatures(file)
    }
    features &= PropertyNote.ibt | PropertyNote.shstk
    if options.setsIBT || options.forcesIBT { features |= PropertyNote.ibt }
    if options.lamU48 { features |= PropertyNote.lamU48 | PropertyNote.lamU57 }
    if options.lamU57 { features |= PropertyNote.lamU57 }
    if options.setsSHSTK { features |= PropertyNote.shstk }
    if options.isaLevel > 0 { isa |= 1 << UInt32(options.isaLevel - 1) }
    return (features, isa)
  }

  /// `-z cet-report`, `-z force-ibt`.
  private func reportMissingFeatures(_ file: ObjectFile) {
    if options.cetReport == .none && !options.forcesIBT { return }
    let has = file.has.contains(.hasFeatures) ? file.features : 0
    for (bit, name) in [(PropertyNote.ibt, "IBT"), (PropertyNote.shstk, "SHSTK")]
    where has & bit == 0 {
      let text =
        "\(file.displayName): not compiled for \(name); recompile it with -fcf-protection"
      if options.cetReport == .error {
        diagnostics.error(text, key: UInt64(file.order) << 32)
      } else if options.cetReport == .warning || options.forcesIBT && bit == PropertyNote.ibt {
        diagnostics.warning(text, key: UInt64(file.order) << 32)
      }
    }
  }
}
