import ELFFormat
import Platform

/// The linker-made sections of an output; `.none` for those that it does without.
struct SyntheticSections {
  var interpreter = OutputIndex.none
  var propertyNote = OutputIndex.none
  var buildID = OutputIndex.none
  var packageNote = OutputIndex.none
  var dynamicSymbols = OutputIndex.none
  /// `.dynsym_shndx`: section numbers that do not fit into `.dynsym`.
  var dynamicIndices = OutputIndex.none
  var dynamicNames = OutputIndex.none
  var sysvHash = OutputIndex.none
  var gnuHash = OutputIndex.none
  var versionSymbols = OutputIndex.none
  var versionDefinitions = OutputIndex.none
  var versionNeeds = OutputIndex.none
  var dynamicRelocations = OutputIndex.none
  var pltRelocations = OutputIndex.none
  var relativeRelocations = OutputIndex.none
  var procedureLinkage = OutputIndex.none
  /// `.plt.sec`: with branch tracking, the part of lazy entries that is called.
  var procedureLinkageSecond = OutputIndex.none
  /// `.plt.got`.
  var procedureLinkageOffset = OutputIndex.none
  var offsetTable = OutputIndex.none
  var pltOffsetTable = OutputIndex.none
  var dynamic = OutputIndex.none
  var frames = OutputIndex.none
  var frameHeader = OutputIndex.none
  var symbolTable = OutputIndex.none
  var symbolNames = OutputIndex.none
  var sectionNames = OutputIndex.none
  var extendedIndices = OutputIndex.none
}

extension Link {
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

  /// A number that the linker-made sections of an output do not exceed.
  private static var mostSyntheticSections: Int { 64 }

  /// Makes the sections whose need and size the passes so far have settled.
  func makeSyntheticSections<T: Target>(_: T.Type) {
    typealias E = T.Encoding
    let word = E.wordSize
    let wordLog2: UInt8 = E.is64 ? 3 : 2
    let data: SectionFlags = [.alloc, .write]
    if isDynamic {
      if let path = interpreterPath {
        synthetic.interpreter = makeSection(
          ".interp", .interpreter, .progbits, .alloc, size: path.utf8.count + 1, alignment: 0)
      }
      buildDynamicSymbols(E.self)
      synthetic.dynamicSymbols = makeSection(
        ".dynsym", .dynamicSymbols, .dynamicSymbols, .alloc,
        size: dynamicSymbols.count * SymbolEntry<E>.size, alignment: wordLog2,
        entrySize: SymbolEntry<E>.size)
      // How many sections there will be is not known yet, but not many more than now.
      if outputs.count + Self.mostSyntheticSections >= Int(SectionIndex.reservedStart) {
        synthetic.dynamicIndices = makeSection(
          ".dynsym_shndx", .dynamicIndices, .sectionIndices, .alloc,
          size: dynamicSymbols.count * 4, alignment: 2, entrySize: 4)
      }
      if options.hashStyle.contains(.gnu) {
        synthetic.gnuHash = makeSection(
          ".gnu.hash", .gnuHash, .gnuHash, .alloc, size: gnuHashSize(E.self), alignment: wordLog2)
      }
      if options.hashStyle.contains(.sysv) {
        synthetic.sysvHash = makeSection(
          ".hash", .sysvHash, .hash, .alloc, size: sysvHashSize(E.self), alignment: 2, entrySize: 4)
      }
      makeVersionSections(E.self)
    }
    makeNotes(E.self)
    if !offsetTable.slots.isEmpty {
      synthetic.offsetTable = makeSection(
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
      synthetic.pltOffsetTable = makeSection(
        ".got.plt", .pltOffsetTable, .progbits, data,
        size: (3 + procedureLinkage.lazy.count) * word, alignment: wordLog2, entrySize: word)
    }
    offsetTableAnchor =
      synthetic.pltOffsetTable.isNone ? synthetic.offsetTable : synthetic.pltOffsetTable
    let code: SectionFlags = [.alloc, .execute]
    if !procedureLinkage.lazy.isEmpty {
      synthetic.procedureLinkage = makeSection(
        ".plt", .procedureLinkage, .progbits, code,
        size: Int(T.pltHeaderSize) + procedureLinkage.lazy.count * Int(T.pltEntrySize),
        alignment: 4, entrySize: Int(T.pltEntrySize))
    }
    if !procedureLinkage.lazy.isEmpty, usesLandingPads {
      synthetic.procedureLinkageSecond = makeSection(
        ".plt.sec", .procedureLinkageSecond, .progbits, code,
        size: procedureLinkage.lazy.count * Int(T.landingPLTEntrySize), alignment: 4,
        entrySize: Int(T.landingPLTEntrySize))
    }
    if !procedureLinkage.direct.isEmpty {
      let size = Int(usesLandingPads ? T.landingPLTEntrySize : T.directPLTEntrySize)
      synthetic.procedureLinkageOffset = makeSection(
        ".plt.got", .procedureLinkageOffset, .progbits, code,
        size: procedureLinkage.direct.count * size, alignment: usesLandingPads ? 4 : 3,
        entrySize: size)
    }
    countDynamicRelocations(T.self)
    if dynamicRelocations.count > 0 {
      synthetic.dynamicRelocations = makeSection(
        ".rela.dyn", .dynamicRelocations, .rela, .alloc,
        size: dynamicRelocations.count * RelaEntry<E>.size, alignment: wordLog2,
        entrySize: RelaEntry<E>.size)
    }
    if pltRelocationCount > 0 {
      synthetic.pltRelocations = makeSection(
        ".rela.plt", .pltRelocations, .rela, isDynamic ? [.alloc, .infoLink] : .alloc,
        size: pltRelocationCount * RelaEntry<E>.size, alignment: wordLog2,
        entrySize: RelaEntry<E>.size)
    }
    if dynamicRelocations.packedRoom > 0 {
      synthetic.relativeRelocations = makeSection(
        ".relr.dyn", .relativeRelocations, .relr, .alloc,
        size: dynamicRelocations.packedRoom * word, alignment: wordLog2, entrySize: word)
    }
    if frameSection.size > 0 {
      synthetic.frames = makeSection(
        ".eh_frame", .frames, .progbits, .alloc, size: Int(frameSection.size), alignment: wordLog2)
      if options.ehFrameHeader {
        synthetic.frameHeader = makeSection(
          ".eh_frame_hdr", .frameHeader, .progbits, .alloc, size: Int(frameSection.headerSize),
          alignment: 2)
      }
    }
    if isDynamic {
      // Its size is known when the dynamic section has added its strings.
      synthetic.dynamicNames = makeSection(
        ".dynstr", .dynamicNames, .stringTable, .alloc, size: 0, alignment: 0)
      buildDynamicSection(E.self)
      synthetic.dynamic = makeSection(
        ".dynamic", .dynamic, .dynamic, options.readOnlyDynamic ? .alloc : data,
        size: dynamicSection.size(E.self), alignment: wordLog2, entrySize: 2 * word)
      outputs[synthetic.dynamicNames].size = UInt64(dynamicSymbols.names.count)
    }
    countSymbols(T.self)
    if options.strip != .all {
      synthetic.symbolTable = makeSection(
        ".symtab", .symbolTable, .symbolTable, [],
        size: symbolTable.count * SymbolEntry<E>.size, alignment: wordLog2,
        entrySize: SymbolEntry<E>.size)
      synthetic.symbolNames = makeSection(
        ".strtab", .symbolNames, .stringTable, [], size: symbolTable.nameBytes, alignment: 0)
    }
    synthetic.sectionNames = makeSection(
      ".shstrtab", .sectionNames, .stringTable, [], size: 0, alignment: 0)
  }

  private func makeVersionSections<E: ELFEncoding>(_: E.Type) {
    buildVersionSections(E.self)
    let definitions = versionDefinitionsSize
    let needs = versionNeedsSize
    if definitions > 0 || needs > 0 {
      synthetic.versionSymbols = makeSection(
        ".gnu.version", .versionSymbols, .gnuVersionSymbols, .alloc,
        size: dynamicSymbols.count * 2, alignment: 1, entrySize: 2)
    }
    if definitions > 0 {
      synthetic.versionDefinitions = makeSection(
        ".gnu.version_d", .versionDefinitions, .gnuVersionDefinitions, .alloc, size: definitions,
        alignment: 2)
    }
    if needs > 0 {
      synthetic.versionNeeds = makeSection(
        ".gnu.version_r", .versionNeeds, .gnuVersionNeeds, .alloc, size: needs, alignment: 2)
    }
  }

  private func makeNotes<E: ELFEncoding>(_: E.Type) {
    if options.buildID != .none {
      synthetic.buildID = makeSection(
        ".note.gnu.build-id", .buildID, .note, .alloc, size: 16 + BuildID.size(options.buildID),
        alignment: 2)
    }
    properties = joinedProperties()
    if properties.features != 0 || properties.isaNeeded != 0 {
      let count = (properties.features != 0 ? 1 : 0) + (properties.isaNeeded != 0 ? 1 : 0)
      synthetic.propertyNote = makeSection(
        ".note.gnu.property", .propertyNote, .note, .alloc, size: 16 + count * (E.is64 ? 16 : 12),
        alignment: E.is64 ? 3 : 2)
    }
    if let text = options.packageMetadata {
      synthetic.packageNote = makeSection(
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

extension UsesServices {
  /// The loader's path; nil if the output has none.
  var interpreterPath: String? {
    if options.noDynamicLinker || isSharedLibrary && options.dynamicLinker == nil { return nil }
    if isSharedLibrary || options.isStatic { return nil }
    return options.dynamicLinker ?? target.interpreter
  }
}
