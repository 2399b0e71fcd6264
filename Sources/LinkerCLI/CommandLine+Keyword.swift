import Linker

extension CommandLineParser {
  /// Applies a keyword of `-z`; `isOn` is false for the keyword that says the opposite.
  mutating func apply(_ keyword: Keyword, _ value: String, isOn: Bool) {
    switch keyword {
    case .now: options.bindsNow = true
    case .lazy: options.bindsNow = false
    case .relro: options.relro = isOn
    case .code: options.separation = isOn ? .code : .none
    case .loadableSegments: options.separation = .loadableSegments
    case .maximumPageSize: if let size = pageSize(value) { options.maximumPageSize = size }
    case .commonPageSize: if let size = pageSize(value) { options.commonPageSize = size }
    case .stackSize: if let size = number(value) { options.stackSize = size }
    case .textError: options.textRelocations = .error
    case .textAllow: options.textRelocations = .allow
    case .requireDefinitions: requireDefinitions(isOn)
    case .executableStack: options.executableStack = isOn
    case .stackIfNeeded: options.executableStack = nil
    case .noStackHeader: options.omitsStackHeader = true
    case .noDelete: options.noDelete = true
    case .noOpen: options.noOpen = true
    case .noDump: options.noDump = true
    case .noDefaultLibrary: options.noDefaultLibrary = true
    case .origin: options.origin = true
    case .initFirst: options.initFirst = true
    case .interpose: options.interpose = true
    case .global: options.global = true
    case .loadFilter: options.loadsFiltees = true
    case .globalAudit: options.globalAudit = true
    case .uniqueNamespace: options.uniqueNamespace = isOn
    case .combineRelocations: options.combinesRelocations = isOn
    case .copyRelocations: options.copiesRelocations = isOn
    case .dynamicWeak: options.dynamicUndefinedWeak = isOn
    case .multipleDefinitions: options.allowsMultipleDefinitions = true
    case .textPrefix: options.keepsTextSectionPrefix = isOn
    case .readOnlyDynamic: options.readOnlyDynamic = true
    case .packRelative: options.packsRelative = isOn
    case .sectionHeaders: options.writesSectionHeaders = isOn
    case .startStopGarbage: options.startStopGarbageCollected = isOn
    case .startStopVisibility: setStartStopVisibility(value)
    case .uniqueSymbol: options.uniqueSymbol = isOn
    case .ibt: options.setsIBT = true
    case .shstk: options.setsSHSTK = true
    case .forceIBT: options.forcesIBT = true
    case .ibtPLT: options.ibtPLT = true
    case .cetReport:
      switch value {
      case "none": options.cetReport = .none
      case "warning": options.cetReport = .warning
      case "error": options.cetReport = .error
      default: fail(value: value, "isn't none, warning or error")
      }
    case .isaBaseline: options.isaLevel = max(options.isaLevel, 1)
    case .isa2: options.isaLevel = max(options.isaLevel, 2)
    case .isa3: options.isaLevel = max(options.isaLevel, 3)
    case .isa4: options.isaLevel = max(options.isaLevel, 4)
    case .lamU48:
      // A program that may use the bits above 47 may use those above 56 (x86-64 psABI,
      // GNU_PROPERTY_X86_FEATURE_1_LAM_U57).
      options.lamU48 = true
      options.lamU57 = true
    case .lamU57: options.lamU57 = true
    case .markPLT: options.markPLT = isOn
    case .rewriteEndbr: options.rewritesEndbr = isOn
    case .retpoline: options.retpolinePLT = true
    case .ifuncNoPLT: options.ifuncNoPLT = true
    case .wxNeeded: options.wxNeeded = true
    case .memorySeal: options.memorySeal = isOn
    case .protectedData: options.copiesProtectedData = isOn
    case .indirectAccess: options.indirectExternAccess = isOn
    case .deadRelocation: addDeadRelocation(value)
    case .machine:
      let text = value.isEmpty ? self.keyword ?? "" : "\(self.keyword ?? "")=\(value)"
      options.machineKeywords.append(text)
    }
  }

  /// The numbers are those of st_other (gABI, "Symbol Visibility").
  private mutating func setStartStopVisibility(_ value: String) {
    switch value {
    case "default": options.startStopVisibility = 0
    case "internal": options.startStopVisibility = 1
    case "hidden": options.startStopVisibility = 2
    case "protected": options.startStopVisibility = 3
    default: fail(value: value, "isn't default, internal, hidden or protected")
    }
  }

  private mutating func addDeadRelocation(_ value: String) {
    guard let (sections, text) = Values.pair(value), !sections.isEmpty else {
      return fail(value: value, "isn't of the form GLOB=VALUE")
    }
    if let number = number(text) { options.deadRelocations.append((sections, number)) }
  }

  private mutating func pageSize(_ value: String) -> UInt64? {
    guard let size = number(value) else { return nil }
    guard size.nonzeroBitCount == 1 else {
      fail(value: value, "isn't a power of two")
      return nil
    }
    guard size <= 1 << 30 else {
      fail(value: value, "is more than the largest page that a machine has, 1 GiB")
      return nil
    }
    return size
  }
}
