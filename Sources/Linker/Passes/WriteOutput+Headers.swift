import ELFFormat
import Platform

extension WriteOutput {
  func writeHeaders(to p: UnsafeMutableRawPointer) {
    var file = FileHeader<E>.Fields(
      type: isPositionIndependent ? FileType.shared : FileType.executable, machine: T.machine)
    file.systemABI = usesGNUExtensions ? 3 : 0
    file.flags = T.headerFlags
    file.entry = entryAddress
    file.segmentCount = segments.count
    if sectionHeadersOffset != 0 {
      file.sectionHeaderOffset = sectionHeadersOffset
      file.sectionCount = sectionOrder.count + 1
      file.sectionNameIndex = outputs[synthetic[.sectionNames]].headerIndex
    }
    FileHeader<E>.write(file, to: p)
    for (i, segment) in segments.enumerated() {
      ProgramHeader<E>.write(
        segment.fields(E.self), to: p + (FileHeader<E>.size + i * ProgramHeader<E>.size))
    }
  }

  /// ELFOSABI_GNU marks outputs with indirect functions or unique symbols.
  private var usesGNUExtensions: Bool {
    hasGNUSymbols
      || offsetTable.slots.contains { $0.use == .indirect }
      || dynamicRelocations.lists.contains { $0.contains { $0.kind == .indirect } }
  }

  func writeSectionHeaders(to p: UnsafeMutableRawPointer) {
    SectionHeader<E>.writeNull(
      sectionCount: sectionOrder.count + 1,
      sectionNameIndex: outputs[synthetic[.sectionNames]].headerIndex, to: p)
    for (i, index) in sectionOrder.enumerated() {
      let output = outputs[index]
      let link = links(index)
      var header = SectionHeader<E>.Fields(
        name: output.nameOffset, type: SectionType(rawValue: output.type), flags: output.has)
      header.address = output.address
      header.offset = output.fileOffset
      header.size = output.size
      header.link = link.link
      header.info = link.info
      header.alignment = 1 << UInt64(output.alignment)
      header.entrySize = output.entrySize
      SectionHeader<E>.write(header, to: p + (i + 1) * SectionHeader<E>.size)
    }
  }

  /// sh_link and sh_info.
  private func links(_ index: OutputIndex) -> (link: UInt32, info: UInt32) {
    func number(_ content: SectionContent) -> UInt32 {
      synthetic[content].isNone ? 0 : outputs[synthetic[content]].headerIndex
    }
    let content = outputs[index].content
    if content == .atoms { return (linkOrders[index].map { outputs[$0].headerIndex } ?? 0, 0) }
    guard let form = content.form(T.self) else {
      return (outputs[index].link, outputs[index].info)
    }
    let info: UInt32 =
      switch content {
      case .dynamicSymbols: 1
      case .versionDefinitions: UInt32(versionDefinitionCount)
      case .versionNeeds: UInt32(versionNeedCount)
      case .pltRelocations where isDynamic:
        number(synthetic[.pltOffsetTable].isNone ? .offsetTable : .pltOffsetTable)
      case .symbolTable: UInt32(symbolTable.localCount)
      default: 0
      }
    return (form.link.map(number) ?? 0, info)
  }
}
