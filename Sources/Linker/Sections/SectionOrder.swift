import ELFFormat
import Platform

/// The default order of output sections, a row each: what a linker script would say in its SECTIONS.
///
/// Sections with the same permissions follow one another, so that each permission has one loadable
/// segment; inside, the order is by custom. Sections of one row come in the order of the inputs.
enum SectionOrder {
  /// Parts of the image, in their order.
  enum Part: UInt32 {
    case readOnly = 1, code, relro, data
    /// The large model's, out of reach of the small one.
    case large
    /// At an address that an option gives, in front of nothing.
    case detached
    case unloaded
  }

  /// What a row takes.
  enum Row {
    /// A section that the linker makes.
    case content(SectionContent)
    case threadLocal, threadLocalZero
    case largeCode, largeData, largeZero
    case type(SectionType)
    case names([StaticString])
    /// Names that go on behind this.
    case prefix(StaticString)
    /// With bytes in the file, and without.
    case bytes(StaticString), zero(StaticString)
    case otherZero, other
  }

  static func rows(of part: Part) -> [Row] {
    switch part {
    case .readOnly: readOnly
    case .code: code
    case .relro: relro
    case .data: data
    case .large: large
    case .detached: [.other]
    case .unloaded: unloaded
    }
  }

  private static let readOnly: [Row] = [
    .content(.interpreter), .content(.propertyNote), .content(.buildID), .type(.note),
    .content(.packageNote), .content(.dynamicSymbols), .content(.dynamicIndices),
    .content(.versionSymbols), .content(.versionDefinitions), .content(.versionNeeds),
    .content(.gnuHash), .content(.sysvHash), .content(.dynamicNames),
    .content(.dynamicRelocations), .content(.relativeRelocations), .content(.pltRelocations),
    .names([".rodata"]), .other, .content(.frameHeader), .content(.frames),
    .names([".gcc_except_table"]),
  ]
  private static let code: [Row] = [
    .names([".init"]), .content(.procedureLinkage), .content(.procedureLinkageSecond),
    .content(.procedureLinkageOffset), .prefix(".text"), .names([".text"]), .other,
    .names([".fini"]),
    .largeCode,
  ]
  /// What is written only while the loader relocates.
  private static let relro: [Row] = [
    .threadLocal, .threadLocalZero, .type(.preinitArray), .type(.initArray), .type(.finiArray),
    .names([
      ".data.rel.ro", ".bss.rel.ro", ".ctors", ".dtors", ".jcr", ".openbsd.randomdata",
    ]),
    .content(.dynamic), .content(.offsetTable), .content(.pltOffsetTable),
  ]
  private static let data: [Row] = [
    .threadLocal, .threadLocalZero, .content(.dynamic), .content(.offsetTable),
    .content(.pltOffsetTable), .bytes(".data"), .other, .zero(".bss"), .otherZero,
  ]
  private static let large: [Row] = [.other, .largeCode, .largeData, .largeZero]
  private static let unloaded: [Row] = [
    .other, .content(.symbolTable), .content(.extendedIndices), .content(.sectionNames),
    .content(.symbolNames),
  ]

  /// Sections of addresses that the loader or the start-up code calls: their type follows from their
  /// name, and the loader writes there, whatever inputs say.
  static let arrays: [(name: StaticString, type: SectionType)] = [
    (".preinit_array", .preinitArray), (".init_array", .initArray), (".fini_array", .finiArray),
  ]

  /// The row of a part that a section belongs to: the one that says most about it.
  static func row(of section: OutputSection, in part: Part) -> Int? {
    var best: (row: Int, generality: Int)?
    for (i, row) in rows(of: part).enumerated() {
      if let generality = row.generality(for: section), generality < best?.generality ?? .max {
        best = (i, generality)
      }
    }
    return best?.row
  }
}

extension SectionOrder.Row {
  /// How little the row says of a section that it takes; nil if it does not take it.
  fileprivate func generality(for section: OutputSection) -> Int? {
    let has = section.has
    let isZero = section.type == SectionType.nobits.rawValue
    func isNamed(_ name: StaticString) -> Bool { section.name == ByteString(name) }
    let (takes, generality): (Bool, Int) =
      switch self {
      case .content(let content): (section.content == content, 0)
      case .threadLocal: (has.contains(.threadLocal) && !isZero, 0)
      case .threadLocalZero: (has.contains(.threadLocal) && isZero, 0)
      case .largeCode:
        (section.isLarge && has.contains(.execute) && !has.contains(.write), 0)
      case .largeData: (section.isLarge && has.contains(.write) && !isZero, 0)
      case .largeZero: (section.isLarge && has.contains(.write) && isZero, 0)
      case .type(let type): (section.type == type.rawValue, 1)
      case .names(let names): (names.contains { isNamed($0) }, 2)
      case .prefix(let prefix):
        (
          section.name.hasPrefix(prefix) && section.name.count > prefix.utf8CodeUnitCount, 2
        )
      case .bytes(let name): (!isZero && isNamed(name), 2)
      case .zero(let name): (isZero && isNamed(name), 2)
      case .otherZero: (isZero, 3)
      case .other: (true, 4)
      }
    return takes ? generality : nil
  }
}

extension UsesServices where Self: ReadsDemands {
  /// Lower ranks come first: the part, then the row.
  func rank(_ section: OutputSection) -> UInt32 {
    let part = part(of: section)
    let row = SectionOrder.row(of: section, in: part) ?? 0xff
    return part.rawValue << 8 + UInt32(row)
  }

  private func part(of section: OutputSection) -> SectionOrder.Part {
    let has = section.has
    guard has.contains(.alloc) else { return .unloaded }
    if isDetached(section) { return .detached }
    if section.isLarge, !has.contains(.threadLocal) {
      let isCode = has.contains(.execute) && !has.contains(.write)
      return isCode && isLargeCodeNear ? .code : .large
    }
    if !has.contains(.write) { return has.contains(.execute) ? .code : .readOnly }
    return isRelro(section) ? .relro : .data
  }
}

extension UsesServices {
  /// Written only while the loader relocates.
  fileprivate func isRelro(_ section: OutputSection) -> Bool {
    guard options.relro, section.has.contains(.write) else { return false }
    if section.has.contains(.threadLocal) { return true }
    if section.isLarge || section.content == .pltOffsetTable && !options.bindsNow { return false }
    return SectionOrder.row(of: section, in: .relro) != nil
  }
}

extension OutputSection {
  /// Written only while the loader relocates; once it has its rank.
  var isRelro: Bool { rank >> 8 == SectionOrder.Part.relro.rawValue }
}
