import Linker

extension CommandLineParser {
  /// Applies an option about sections; `isOn` is false for the spelling that says the opposite.
  mutating func apply(_ option: SectionOption, _ given: String?, isOn: Bool) {
    let value = given ?? ""
    switch option {
    case .collectGarbage: options.collectsGarbage = isOn
    case .printGarbage: options.printsGarbage = isOn
    case .keepExported: options.keepsExported = isOn
    case .fold:
      switch value {
      case "none": options.folding = .none
      case "safe", "safe_thunks": options.folding = .safe
      case "all": options.folding = .all
      default: fail(value: value, "isn't none, safe or all")
      }
    case .noFolding: options.folding = .none
    case .printFolding: options.printsFolding = isOn
    case .keepUnique: options.uniqueSymbols.append(value)
    case .ignoreDataAddresses: options.ignoresDataAddresses = true
    case .ignoreFunctionAddresses: options.ignoresFunctionAddresses = true
    case .optimize:
      guard let given else { return options.optimizationLevel = max(options.optimizationLevel, 1) }
      if let level = number(given, atMost: 1 << 16) { options.optimizationLevel = Int(level) }
    case .relax: options.relaxes = isOn
    case .sort:
      switch value {
      case "name": options.sectionSort = .name
      case "alignment": options.sectionSort = .alignment
      case "none": options.sectionSort = .none
      default: fail(value: value, "isn't name, alignment or none")
      }
    case .orderingFile: options.symbolOrderingFile = value
    case .readOnlySegment: options.separatesReadOnly = isOn
    case .checkSections: options.checksSections = isOn
    case .orphans:
      switch value {
      case "place", "discard", "warn", "error": options.orphanHandling = value
      default: fail(value: value, "isn't place, discard, warn or error")
      }
    case .buildID: setBuildID(given)
    case .noBuildID: options.buildID = .none
    case .hashStyle:
      switch value {
      case "sysv": options.hashStyle = .sysv
      case "gnu": options.hashStyle = .gnu
      case "both": options.hashStyle = [.sysv, .gnu]
      default: fail(value: value, "isn't gnu, sysv or both")
      }
    case .frameHeader: options.ehFrameHeader = isOn
    case .compression:
      switch value {
      case "none": options.debugCompression = .none
      case "zlib", "zlib-gabi": options.debugCompression = .zlib
      case "zlib-gnu": options.debugCompression = .zlibGNU
      case "zstd": options.debugCompression = .zstd
      default: fail(value: value, "isn't none, zlib, zlib-gabi, zlib-gnu or zstd")
      }
    case .packRelocations: setPacking(value)
    case .androidTags: options.usesAndroidRelrTags = isOn
    case .applyRelocations: options.appliesDynamicRelocations = isOn
    case .emitRelocations: options.emitsRelocations = true
    case .gdbIndex: options.gdbIndex = isOn
    case .groupAllocation: options.forcesGroupAllocation = true
    case .erratum843419: setErratum("cortex-a53-843419", isOn)
    case .erratum835769: setErratum("cortex-a53-835769", isOn)
    case .erratumA8: setErratum("cortex-a8", isOn)
    }
  }

  private mutating func setErratum(_ name: String, _ isOn: Bool) {
    options.errata.removeAll { $0 == name }
    if isOn { options.errata.append(name) }
  }

  private mutating func setPacking(_ value: String) {
    switch value {
    case "none", "relr", "android", "android+relr":
      options.packsRelative = value.hasSuffix("relr")
      options.packsAndroid = value.hasPrefix("android")
    default: fail(value: value, "isn't none, relr, android or android+relr")
    }
  }

  /// Without a style the ID has the 20 bytes of GNU ld's, lld's and mold's: packagers' tools want them.
  private mutating func setBuildID(_ style: String?) {
    guard let style else {
      options.buildID = .standard
      return
    }
    switch style {
    case "none": options.buildID = .none
    case "fast": options.buildID = .fast
    case "md5": options.buildID = .md5
    case "sha1", "tree": options.buildID = .sha1
    case "sha256": options.buildID = .sha256
    case "uuid": options.buildID = .uuid
    default:
      guard let digits = Values.withoutHexPrefix(style) else {
        return fail(value: style, "isn't sha1, fast, md5, sha256, uuid, none or 0xHEX")
      }
      guard let bytes = Values.hexBytes(digits) else {
        return fail(value: style, "isn't 0x and an even number of hexadecimal digits")
      }
      options.buildID = .bytes(bytes)
    }
  }
}
