import ELFFormat
import Platform

/// Makes the sections whose need and size the passes so far have settled.
struct MakeTables<T: Target>: UsesServices, ReadsInputs, ReadsNaming, ReadsContents, ReadsDemands,
  ChangesTables
{
  typealias E = T.Encoding
  typealias Loader = LoaderRelocation<T>

  let serviceStage: Reading<Services>
  let inputStage: Reading<Inputs>
  let namingStage: Reading<Naming>
  let contentStage: Reading<Contents>
  let demandStage: Reading<Demands>
  let changingTables: Changing<LinkerTables>

  static func run(
    _ services: Reading<Services>, _ inputs: Reading<Inputs>, _ naming: Reading<Naming>,
    _ contents: Reading<Contents>, _ demands: Reading<Demands>, _ tables: Changing<LinkerTables>
  ) {
    MakeTables(
      serviceStage: services, inputStage: inputs, namingStage: naming, contentStage: contents,
      demandStage: demands, changingTables: tables
    ).make()
  }

  /// A number that the linker-made sections of an output do not exceed.
  private static var mostSyntheticSections: Int { 64 }

  private func make() {
    let word = E.wordSize
    let wordLog2: UInt8 = E.is64 ? 3 : 2
    let data: SectionFlags = [.alloc, .write]
    if isDynamic {
      if let path = interpreterPath {
        tables.synthetic.interpreter = makeSection(
          ".interp", .interpreter, .progbits, .alloc, size: path.utf8.count + 1, alignment: 0)
      }
      buildDynamicSymbols()
      tables.synthetic.dynamicSymbols = makeSection(
        ".dynsym", .dynamicSymbols, .dynamicSymbols, .alloc,
        size: dynamicSymbols.count * SymbolEntry<E>.size, alignment: wordLog2,
        entrySize: SymbolEntry<E>.size)
      // How many sections there will be is not known yet, but not many more than now.
      if outputs.count + Self.mostSyntheticSections >= Int(SectionIndex.reservedStart) {
        tables.synthetic.dynamicIndices = makeSection(
          ".dynsym_shndx", .dynamicIndices, .sectionIndices, .alloc,
          size: dynamicSymbols.count * 4, alignment: 2, entrySize: 4)
      }
      if options.hashStyle.contains(.gnu) {
        tables.synthetic.gnuHash = makeSection(
          ".gnu.hash", .gnuHash, .gnuHash, .alloc, size: gnuHashSize(E.self), alignment: wordLog2)
      }
      if options.hashStyle.contains(.sysv) {
        tables.synthetic.sysvHash = makeSection(
          ".hash", .sysvHash, .hash, .alloc, size: sysvHashSize, alignment: 2, entrySize: 4)
      }
      makeVersionSections()
    }
    makeNotes()
    if !offsetTable.slots.isEmpty {
      tables.synthetic.offsetTable = makeSection(
        ".got", .offsetTable, .progbits, data, size: offsetTable.slots.count * word,
        alignment: wordLog2, entrySize: word)
    }
    let wantsAnchor =
      scanFacts.contains(.needsOffsetTable)
      || linkerDefined.contains {
        if case .offsetTable = $0.kind { return true }
        return false
      }
    if !procedureLinkage.lazy.isEmpty || wantsAnchor {
      tables.synthetic.pltOffsetTable = makeSection(
        ".got.plt", .pltOffsetTable, .progbits, data,
        size: (3 + procedureLinkage.lazy.count) * word, alignment: wordLog2, entrySize: word)
    }
    tables.offsetTableAnchor =
      synthetic.pltOffsetTable.isNone ? synthetic.offsetTable : synthetic.pltOffsetTable
    let code: SectionFlags = [.alloc, .execute]
    if !procedureLinkage.lazy.isEmpty {
      tables.synthetic.procedureLinkage = makeSection(
        ".plt", .procedureLinkage, .progbits, code,
        size: Int(T.pltHeaderSize) + procedureLinkage.lazy.count * Int(T.pltEntrySize),
        alignment: 4, entrySize: Int(T.pltEntrySize))
    }
    if !procedureLinkage.lazy.isEmpty, usesLandingPads {
      tables.synthetic.procedureLinkageSecond = makeSection(
        ".plt.sec", .procedureLinkageSecond, .progbits, code,
        size: procedureLinkage.lazy.count * Int(T.landingPLTEntrySize), alignment: 4,
        entrySize: Int(T.landingPLTEntrySize))
    }
    if !procedureLinkage.direct.isEmpty {
      let size = Int(usesLandingPads ? T.landingPLTEntrySize : T.directPLTEntrySize)
      tables.synthetic.procedureLinkageOffset = makeSection(
        ".plt.got", .procedureLinkageOffset, .progbits, code,
        size: procedureLinkage.direct.count * size, alignment: usesLandingPads ? 4 : 3,
        entrySize: size)
    }
    countDynamicRelocations()
    if tables.relocations.count > 0 {
      tables.synthetic.dynamicRelocations = makeSection(
        T.relocationsHoldAddends ? ".rela.dyn" : ".rel.dyn", .dynamicRelocations,
        Loader.sectionType, .alloc,
        size: tables.relocations.count * Loader.size, alignment: wordLog2,
        entrySize: Loader.size)
    }
    if pltRelocationCount > 0 {
      tables.synthetic.pltRelocations = makeSection(
        T.relocationsHoldAddends ? ".rela.plt" : ".rel.plt", .pltRelocations, Loader.sectionType,
        isDynamic ? [.alloc, .infoLink] : .alloc,
        size: pltRelocationCount * Loader.size, alignment: wordLog2,
        entrySize: Loader.size)
    }
    if tables.relocations.packedRoom > 0 {
      tables.synthetic.relativeRelocations = makeSection(
        ".relr.dyn", .relativeRelocations, .relr, .alloc,
        size: tables.relocations.packedRoom * word, alignment: wordLog2, entrySize: word)
    }
    if frameSection.size > 0 {
      tables.synthetic.frames = makeSection(
        ".eh_frame", .frames, .progbits, .alloc, size: Int(frameSection.size), alignment: wordLog2)
      if options.ehFrameHeader {
        tables.synthetic.frameHeader = makeSection(
          ".eh_frame_hdr", .frameHeader, .progbits, .alloc, size: Int(frameSection.headerSize),
          alignment: 2)
      }
    }
    if isDynamic {
      // Its size is known when the dynamic section has added its strings.
      tables.synthetic.dynamicNames = makeSection(
        ".dynstr", .dynamicNames, .stringTable, .alloc, size: 0, alignment: 0)
      buildDynamicSection()
      tables.synthetic.dynamic = makeSection(
        ".dynamic", .dynamic, .dynamic, options.readOnlyDynamic ? .alloc : data,
        size: dynamicSection.size(E.self), alignment: wordLog2, entrySize: 2 * word)
      outputs[synthetic.dynamicNames].size = UInt64(dynamicSymbols.names.count)
    }
    countSymbols()
    if options.strip != .all {
      tables.synthetic.symbolTable = makeSection(
        ".symtab", .symbolTable, .symbolTable, [],
        size: symbolTable.count * SymbolEntry<E>.size, alignment: wordLog2,
        entrySize: SymbolEntry<E>.size)
      tables.synthetic.symbolNames = makeSection(
        ".strtab", .symbolNames, .stringTable, [], size: symbolTable.nameBytes, alignment: 0)
    }
    tables.synthetic.sectionNames = makeSection(
      ".shstrtab", .sectionNames, .stringTable, [], size: 0, alignment: 0)
  }

  private func makeSection(
    _ name: ByteString, _ content: SectionContent, _ type: SectionType, _ flags: SectionFlags,
    size: Int, alignment: UInt8, entrySize: Int = 0
  ) -> OutputIndex {
    var section = OutputSection.named(name, content: content)
    section.type = type.rawValue
    section.flags = flags.rawValue
    section.size = UInt64(size)
    section.alignment = alignment
    section.entrySize = UInt64(entrySize)
    section.firstSeen = 0
    return outputs.append(section)
  }

  private func makeVersionSections() {
    buildVersionSections()
    let definitions = versionDefinitionsSize
    let needs = versionNeedsSize
    if definitions > 0 || needs > 0 {
      tables.synthetic.versionSymbols = makeSection(
        ".gnu.version", .versionSymbols, .gnuVersionSymbols, .alloc,
        size: dynamicSymbols.count * 2, alignment: 1, entrySize: 2)
    }
    if definitions > 0 {
      tables.synthetic.versionDefinitions = makeSection(
        ".gnu.version_d", .versionDefinitions, .gnuVersionDefinitions, .alloc, size: definitions,
        alignment: 2)
    }
    if needs > 0 {
      tables.synthetic.versionNeeds = makeSection(
        ".gnu.version_r", .versionNeeds, .gnuVersionNeeds, .alloc, size: needs, alignment: 2)
    }
  }

  private func makeNotes() {
    if options.buildID != .none {
      tables.synthetic.buildID = makeSection(
        ".note.gnu.build-id", .buildID, .note, .alloc, size: 16 + BuildID.size(options.buildID),
        alignment: 2)
    }
    tables.properties = joinedProperties()
    if properties.features != 0 || properties.isaNeeded != 0 {
      let count = (properties.features != 0 ? 1 : 0) + (properties.isaNeeded != 0 ? 1 : 0)
      tables.synthetic.propertyNote = makeSection(
        ".note.gnu.property", .propertyNote, .note, .alloc, size: 16 + count * (E.is64 ? 16 : 12),
        alignment: E.is64 ? 3 : 2)
    }
    if let text = options.packageMetadata {
      tables.synthetic.packageNote = makeSection(
        ".note.package", .packageNote, .note, .alloc,
        size: 16 + (text.utf8.count + 1 + 3) & ~3, alignment: 2)
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
