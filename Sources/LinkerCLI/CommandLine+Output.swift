import Linker

extension CommandLineParser {
  /// Applies an option about the output; `isOn` is false for the spelling that says the opposite.
  mutating func apply(_ option: OutputOption, _ value: String, _ hasValue: Bool, isOn: Bool) {
    switch option {
    case .file: options.outputPath = value
    case .shared: makeShared()
    case .sharedOrSmallData: if !hasValue { makeShared() }
    case .pie: makePositionIndependent(isOn)
    case .relocatable:
      if options.outputKind == .sharedLibrary {
        fail("-r and -shared may not be used together")
      }
      options.outputKind = .relocatable
      // As in GNU ld: a relocatable output can't name shared libraries.
      state.isStatic = true
    case .emulation: options.emulation = value
    case .littleEndian: options.isBigEndian = false
    case .bigEndian: options.isBigEndian = true
    case .format: options.outputFormat = value
    case .entry: options.entry = value
    case .soname:
      if value.isEmpty {
        warnings.append("the name of option '\(optionName)' is empty; option ignored")
      } else {
        options.soname = value
      }
    case .dynamicLinker: options.dynamicLinker = value
    case .noDynamicLinker: options.noDynamicLinker = true
    case .initFunction: options.initFunction = value
    case .finiFunction: options.finiFunction = value
    case .runPath: options.runPaths.append(value)
    case .newTags: options.usesRunPath = isOn
    case .filter: options.filters.append(value)
    case .auxiliary: options.auxiliaryFilters.append(value)
    case .audit: options.auditLibraries += Values.list(value, separatedBy: ":")
    case .dependencyAudit: options.dependencyAuditLibraries += Values.list(value, separatedBy: ":")
    case .groupLookup: options.groupLookup = true
    case .spareTags:
      if let count = number(value, atMost: 1 << 16) { options.spareDynamicTags = Int(count) }
    case .dependencyFile: options.dependencyFile = value
    case .packageMetadata:
      guard let text = Values.percentDecoded(value) else {
        return fail(value: value, "isn't valid UTF-8 after decoding")
      }
      options.packageMetadata = text.isEmpty ? nil : text
    case .mapFile: options.mapFile = value
    case .printMap: options.printsMap = true
    case .crossReferences: options.crossReferences = isOn
    case .pageUnaligned: setPageUse(isOn ? .unaligned : .aligned)
    case .textWritable: setPageUse(isOn ? .unalignedWritable : .aligned)
    case .imageBase:
      // GNU ld reads the address of -Ttext-segment as hexadecimal, like that of -Ttext; that of
      // --image-base follows C.
      let isHexadecimal = optionName.hasSuffix("-segment")
      if let address = isHexadecimal ? address(value) : number(value) {
        options.imageBase = address
      }
    case .sectionStart: addSectionStart(value)
    case .textStart: addStart(of: ".text", value)
    case .dataStart: addStart(of: ".data", value)
    case .bssStart: addStart(of: ".bss", value)
    }
  }

  private mutating func makeShared() {
    if options.outputKind == .relocatable { fail("-r and -shared may not be used together") }
    options.outputKind = .sharedLibrary
    options.isPositionIndependent = false
  }

  /// `-pie` after `-shared` makes an executable; `-no-pie` undoes only `-pie`, because drivers'
  /// users put it into flags for a whole build, shared libraries included.
  private mutating func makePositionIndependent(_ isOn: Bool) {
    options.isPositionIndependent = isOn
    if isOn, options.outputKind == .sharedLibrary { options.outputKind = .executable }
  }

  /// Without page alignment shared libraries make no sense, so `-n` and `-N` imply `-Bstatic`.
  private mutating func setPageUse(_ use: LinkOptions.PageUse) {
    options.pageUse = use
    if use != .aligned { state.isStatic = true }
  }

  private mutating func addStart(of section: String, _ value: String) {
    if let address = address(value) { setStart(of: section, address) }
  }

  private mutating func addSectionStart(_ value: String) {
    guard let (section, text) = Values.pair(value), !section.isEmpty else {
      return fail(value: value, "isn't of the form SECTION=ADDRESS")
    }
    if let address = address(text) { setStart(of: section, address) }
  }

  private mutating func setStart(of section: String, _ address: UInt64) {
    options.sectionStarts.removeAll { $0.section == section }
    options.sectionStarts.append((section, address))
  }
}
