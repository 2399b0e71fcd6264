import Linker

extension CommandLineParser {
  /// Applies an option about messages or running; `isOn` is false for the opposite spelling.
  mutating func apply(_ option: RunOption, _ given: String?, isOn: Bool) {
    let value = given ?? ""
    switch option {
    case .help, .version, .printSysroot, .printFormat:
      if printRequest == nil { printRequest = option }
    case .versionAndContinue: options.printsVersion = true
    case .emulationsAndContinue:
      options.printsVersion = true
      options.printsEmulations = true
    case .verbose:
      options.verbose = true
      options.printsVersion = true
    case .traceFiles: options.tracesFiles = true
    case .errorLimit:
      if let limit = number(value, atMost: UInt64(Int.max)) { options.errorLimit = Int(limit) }
    case .fatalWarnings: options.fatalWarnings = isOn
    case .noWarnings: options.suppressesWarnings = true
    case .color:
      switch given {
      case nil, "always": options.color = true
      case "never": options.color = false
      case "auto": options.color = nil
      default: fail(value: value, "isn't auto, always or never")
      }
    case .noColor: options.color = false
    case .demangle: options.demangles = isOn
    case .threads, .threadCount:
      guard let given, given != "auto" else { return options.threads = 0 }
      guard let count = number(given) else { return }
      if count == 0 { return fail(value: given, "is too small; give at least 1") }
      options.threads = Int(min(count, 1024))
    case .noThreads: options.threads = 1
    case .statistics: options.printsStatistics = true
    case .timeTrace:
      options.timeTrace = given
      wantsTimeTrace = given == nil
    case .keepOutput: options.inhibitsErrors = true
    case .warnSearchMismatch: options.warnsSearchMismatch = isOn
    case .warnTextRelocations: warnsTextRelocations = isOn
    case .warnStack: options.executableStackReport = isOn ? .warning : .none
    case .errorStack: options.executableStackReport = isOn ? .error : .none
    case .warnWritableCode: options.writableCodeReport = isOn ? .warning : .none
    case .errorWritableCode: options.writableCodeReport = isOn ? .error : .none
    case .keyword: readKeyword(value)
    case .reproduce: options.reproduceArchive = value
    }
  }
}
