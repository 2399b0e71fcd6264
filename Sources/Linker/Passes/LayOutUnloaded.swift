import ELFFormat
import Platform

/// Where sections lie that are not loaded: behind the others, in the file alone.
extension ChangesLayout where Self: UsesServices & ReadsContents & ReadsTables {
  func layOutUnloaded<E: ELFEncoding>(_: E.Type, from end: UInt64) {
    var offset = end
    for index in sectionOrder where !outputs[index].has.contains(.alloc) {
      let section = outputs.pointer(index)
      offset = alignUp(offset, 1 << UInt64(section.pointee.alignment))
      section.pointee.fileOffset = offset
      section.pointee.address = 0
      if section.pointee.type != SectionType.nobits.rawValue { offset += section.pointee.size }
    }
    if options.writesSectionHeaders {
      layout.sectionHeadersOffset = alignUp(offset, UInt64(E.wordSize))
      layout.outputSize =
        sectionHeadersOffset
        + UInt64((sectionOrder.count + 1) * SectionHeader<E>.size)
    } else {
      layout.sectionHeadersOffset = 0
      layout.outputSize = offset
    }
  }

  /// Gives every section its name's place; before layout, for the table's size.
  func layOutSectionNames() {
    var table = StringTableBuilder()
    for index in sectionOrder { outputs[index].nameOffset = table.add(outputs[index].name) }
    outputs[synthetic[.sectionNames]].size = UInt64(table.count)
    layout.sectionNameTable = table
  }
}
