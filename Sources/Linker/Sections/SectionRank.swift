import ELFFormat
import Platform

/// The order of output sections: by permission, so that each has one loadable segment, and inside by
/// custom.
extension UsesServices where Self: ReadsDemands {
  /// Lower ranks come first. The upper byte is the segment.
  func rank(_ section: OutputSection) -> UInt32 {
    let has = section.has
    guard has.contains(.alloc) else { return unloadedRank(section) }
    if isDetached(section) { return 0x0800 }
    if section.isLarge, !has.contains(.threadLocal) {
      let isCode = has.contains(.execute) && !has.contains(.write)
      if isCode, isLargeCodeNear { return 0x0200 + codeRank(section) }
      let isZero = section.type == SectionType.nobits.rawValue
      return 0x0700 + (has.contains(.write) ? (isZero ? 3 : 2) : isCode ? 1 : 0)
    }
    if !has.contains(.write) {
      if has.contains(.execute) { return 0x0200 + codeRank(section) }
      return 0x0100 + readOnlyRank(section)
    }
    if isRelro(section) { return 0x0300 + relroRank(section) }
    return 0x0400 + dataRank(section)
  }

  private func readOnlyRank(_ section: OutputSection) -> UInt32 {
    switch section.content {
    case .interpreter: return 0
    case .propertyNote: return 1
    case .buildID: return 2
    case .packageNote: return 4
    case .dynamicSymbols: return 9
    case .dynamicIndices: return 10
    case .versionSymbols: return 11
    case .versionDefinitions: return 12
    case .versionNeeds: return 13
    case .gnuHash: return 14
    case .sysvHash: return 15
    case .dynamicNames: return 16
    case .dynamicRelocations: return 17
    case .relativeRelocations: return 18
    case .pltRelocations: return 19
    case .frameHeader: return 0x50
    case .frames: return 0x51
    default: break
    }
    if section.type == SectionType.note.rawValue { return 3 }
    if section.name == ".gcc_except_table" { return 0x52 }
    if section.name == ".rodata" { return 0x30 }
    return 0x31
  }

  private func codeRank(_ section: OutputSection) -> UInt32 {
    switch section.content {
    case .procedureLinkage: return 1
    case .procedureLinkageSecond: return 2
    case .procedureLinkageOffset: return 3
    default: break
    }
    if section.isLarge { return 9 }
    if section.name == ".init" { return 0 }
    if section.name.hasPrefix(".text") { return section.name == ".text" ? 6 : 5 }
    if section.name == ".fini" { return 8 }
    return 7
  }

  private func relroRank(_ section: OutputSection) -> UInt32 {
    if section.has.contains(.threadLocal) {
      return section.type == SectionType.nobits.rawValue ? 1 : 0
    }
    switch section.content {
    case .dynamic: return 20
    case .offsetTable: return 21
    case .pltOffsetTable: return 22
    default: break
    }
    switch SectionType(rawValue: section.type) {
    case .preinitArray: return 2
    case .initArray: return 3
    case .finiArray: return 4
    default: break
    }
    return 10
  }

  private func dataRank(_ section: OutputSection) -> UInt32 {
    if section.has.contains(.threadLocal) {
      return section.type == SectionType.nobits.rawValue ? 1 : 0
    }
    if section.content == .dynamic { return 2 }
    if section.content == .offsetTable { return 3 }
    if section.content == .pltOffsetTable { return 4 }
    if section.type == SectionType.nobits.rawValue { return section.name == ".bss" ? 0x20 : 0x21 }
    return section.name == ".data" ? 0x10 : 0x11
  }

  private func unloadedRank(_ section: OutputSection) -> UInt32 {
    switch section.content {
    case .symbolTable: return 0x1000
    case .extendedIndices: return 0x1001
    case .sectionNames: return 0x1002
    case .symbolNames: return 0x1003
    default: return 0x0f00
    }
  }
}

extension UsesServices {
  /// Written only while the loader relocates.
  func isRelro(_ section: OutputSection) -> Bool {
    guard options.relro, section.has.contains(.write) else { return false }
    if section.has.contains(.threadLocal) { return true }
    if section.isLarge { return false }
    switch section.content {
    case .dynamic, .offsetTable: return true
    case .pltOffsetTable: return options.bindsNow
    default: break
    }
    switch SectionType(rawValue: section.type) {
    case .preinitArray, .initArray, .finiArray: return true
    default: break
    }
    let name = section.name
    return name == ".data.rel.ro" || name == ".bss.rel.ro" || name == ".ctors" || name == ".dtors"
      || name == ".jcr" || name == ".openbsd.randomdata"
  }
}
