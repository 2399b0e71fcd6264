import ELFFormat
import Platform

extension WriteOutput {
  func writeHeaders(to p: UnsafeMutableRawPointer) {
    let identification: InlineArray<8, UInt8> = [
      0x7f, 0x45, 0x4c, 0x46, E.is64 ? 2 : 1, E.isBigEndian ? 2 : 1, 1, usesGNUExtensions ? 3 : 0,
    ]
    for i in 0..<8 { p.storeBytes(of: identification[i], toByteOffset: i, as: UInt8.self) }
    let type = isPositionIndependent ? FileType.shared : FileType.executable
    E.store16(type, p + 16)
    E.store16(T.machine, p + 18)
    E.store32(1, p + 20)
    E.storeWord(entryAddress, p + 24)
    let headerSize = FileHeader<E>.size
    E.storeWord(UInt64(headerSize), p + (E.is64 ? 32 : 28))
    E.storeWord(sectionHeadersOffset, p + (E.is64 ? 40 : 32))
    E.store32(T.headerFlags, p + (E.is64 ? 48 : 36))
    E.store16(UInt16(headerSize), p + (E.is64 ? 52 : 40))
    E.store16(E.is64 ? 56 : 32, p + (E.is64 ? 54 : 42))
    E.store16(UInt16(segments.count), p + (E.is64 ? 56 : 44))
    E.store16(UInt16(SectionHeader<E>.size), p + (E.is64 ? 58 : 46))
    if sectionHeadersOffset != 0 {
      let count = sectionOrder.count + 1
      let names = outputs[synthetic[.sectionNames]].headerIndex
      E.store16(
        count >= Int(SectionIndex.reservedStart) ? 0 : UInt16(count), p + (E.is64 ? 60 : 48))
      E.store16(
        names >= SectionIndex.reservedStart
          ? UInt16(SectionIndex.extended) : UInt16(names), p + (E.is64 ? 62 : 50))
    }
    for (i, segment) in segments.enumerated() {
      let h = p + headerSize + i * (E.is64 ? 56 : 32)
      E.store32(segment.type.rawValue, h)
      if E.is64 {
        E.store32(segment.flags.rawValue, h + 4)
      } else {
        E.store32(segment.flags.rawValue, h + 24)
      }
      E.storeWord(segment.offset, h + (E.is64 ? 8 : 4))
      E.storeWord(segment.address, h + (E.is64 ? 16 : 8))
      E.storeWord(segment.address, h + (E.is64 ? 24 : 12))
      E.storeWord(segment.fileSize, h + (E.is64 ? 32 : 16))
      E.storeWord(segment.memorySize, h + (E.is64 ? 40 : 20))
      E.storeWord(segment.alignment, h + (E.is64 ? 48 : 28))
    }
  }

  /// ELFOSABI_GNU marks outputs with indirect functions or unique symbols.
  private var usesGNUExtensions: Bool {
    hasGNUSymbols
      || offsetTable.slots.contains { $0.use == .indirect }
      || dynamicRelocations.lists.contains { $0.contains { $0.kind == .indirect } }
  }

  func writeSectionHeaders(to p: UnsafeMutableRawPointer) {
    let size = SectionHeader<E>.size
    let count = sectionOrder.count + 1
    // The null header carries counts that do not fit the file header.
    if count >= Int(SectionIndex.reservedStart) {
      E.storeWord(UInt64(count), p + (E.is64 ? 32 : 20))
    }
    let names = outputs[synthetic[.sectionNames]].headerIndex
    if names >= SectionIndex.reservedStart { E.store32(names, p + (E.is64 ? 40 : 24)) }
    for (i, index) in sectionOrder.enumerated() {
      let output = outputs[index]
      let h = p + (i + 1) * size
      let link = links(index)
      E.store32(output.nameOffset, h)
      E.store32(output.type, h + 4)
      E.storeWord(output.flags, h + 8)
      E.storeWord(output.address, h + (E.is64 ? 16 : 12))
      E.storeWord(output.fileOffset, h + (E.is64 ? 24 : 16))
      E.storeWord(output.size, h + (E.is64 ? 32 : 20))
      E.store32(link.link, h + (E.is64 ? 40 : 24))
      E.store32(link.info, h + (E.is64 ? 44 : 28))
      E.storeWord(1 << UInt64(output.alignment), h + (E.is64 ? 48 : 32))
      E.storeWord(output.entrySize, h + (E.is64 ? 56 : 36))
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
