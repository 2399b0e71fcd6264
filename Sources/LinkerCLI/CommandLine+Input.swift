import Linker
import Platform

extension CommandLineParser {
  /// Applies an option about inputs; `isOn` is false for the spelling that says the opposite.
  mutating func apply(_ option: InputOption, _ value: String, isOn: Bool) {
    switch option {
    case .library:
      if value.isEmpty || value == ":" {
        return fail("option '\(optionName)' needs a library's name")
      }
      addInput(.library(value))
    case .libraryPath: options.libraryPaths.append(value)
    case .runPathLink: options.runPathLinks += Values.list(value, separatedBy: ":")
    case .sysroot: options.sysroot = value
    case .noStandardLibraries: options.noStandardLibraries = true
    case .defaultPath:
      // Solaris writes -YP,path.
      options.defaultLibraryPath = value.hasPrefix("P,") ? String(value.dropFirst(2)) : value
    case .script: addInput(.script(value))
    case .defaultScript: options.defaultScript = value
    case .justSymbols:
      // As in GNU ld, where compilers for Solaris are served, too.
      if isFile(value) { options.justSymbols.append(value) } else { options.runPaths.append(value) }
    case .format: setFormat(value)
    case .asNeeded: state.asNeeded = isOn
    case .wholeArchive: state.wholeArchive = isOn
    case .searchStatic: searchArchives()
    case .searchDynamic: state.isStatic = false
    case .searchKind:
      switch value {
      case "archive": searchArchives()
      case "shared", "default": state.isStatic = false
      default: fail(value: value, "isn't archive, shared or default")
      }
    case .pushState: savedStates.append(state)
    case .popState:
      guard let saved = savedStates.popLast() else {
        return fail("--pop-state without --push-state before it")
      }
      let isBinary = state.isBinary
      state = saved
      state.isBinary = isBinary
    case .startGroup:
      if isInGroup { return fail("a group may not contain another; --end-group is missing") }
      isInGroup = true
    case .endGroup:
      if !isInGroup { return fail("--end-group without --start-group before it") }
      isInGroup = false
    case .startLibrary:
      if state.isLazy { return fail("--start-lib inside of --start-lib; --end-lib is missing") }
      state.isLazy = true
    case .endLibrary:
      if !state.isLazy { return fail("--end-lib without --start-lib before it") }
      state.isLazy = false
    case .copyNeeded: options.addsNeededOfNeeded = isOn
    case .excludeLibraries:
      for part in Values.list(value, separatedBy: ",") {
        options.excludedLibraries += Values.list(part, separatedBy: ":")
      }
    case .dependentLibraries: options.usesDependentLibraries = isOn
    case .quoting:
      if value != "posix" {
        fail(value: value, "isn't supported; response files are read as posix")
      }
    }
  }

  /// `-static` is `-Bstatic`, and counts for what follows; but where it stands before all inputs, as
  /// drivers put it, start-up code for a static program follows, too.
  private mutating func searchArchives() {
    state.isStatic = true
    if options.inputs.isEmpty { startsStatic = true }
  }

  /// The formats of inputs are known by what the files contain; only `binary` must be said.
  private mutating func setFormat(_ value: String) {
    switch value {
    case "binary": state.isBinary = true
    case "default", "elf": state.isBinary = false
    default:
      if value.hasPrefix("elf64-") || value.hasPrefix("elf32-") {
        state.isBinary = false
      } else {
        fail(value: value, "isn't a known input format; use elf or binary")
      }
    }
  }
}
