// Builds one run: compiles the sources, makes the libraries, links the program.

import Glibc
import Synchronization
import TestSupport

/// Compiles and links one run inside its work directory.
struct CaseBuilder {
  let run: CaseRun
  let testBed: TestBed
  /// Where objects and outputs of this run are.
  let workDirectory: String
  /// The run's matrix values and the places of things, for `$NAME` and for shell commands.
  let variables: [String: String]
  private let tags: Set<String>

  var linkCase: LinkCase { run.linkCase }
  /// The output's path.
  var output: String { workDirectory + "/out" }

  init(run: CaseRun, testBed: TestBed) throws(CaseFailure) {
    self.run = run
    self.testBed = testBed
    workDirectory =
      testBed.root + "/"
      + String(run.name.map { $0.isLetter || $0.isNumber || "-_.".contains($0) ? $0 : "," })
    try makeDirectory(workDirectory)
    tags = run.tags(testBed.linker.flavour)

    var variables: [String: String] = [:]
    for (name, value) in run.choices { variables[name] = value }
    variables["SRC"] = run.linkCase.directory
    variables["OUT"] = workDirectory + "/out"
    variables["KIND"] = run.kind.rawValue
    variables["DRIVER"] = run.driver.rawValue
    variables["LINKER"] = testBed.linker.path
    variables["FLAVOUR"] = testBed.linker.flavour.rawValue
    let linkWords = Self.linkDriver(run: run, linker: testBed.linker)
    variables["CC"] = linkWords[0]
    // A link by the linker under test, without anything of the case.
    variables["LINK"] = linkWords.map(shellQuoted).joined(separator: " ")
    variables["KINDFLAGS"] = run.kind.compileFlags.joined(separator: " ")
    self.variables = variables
  }

  /// The directives of one key that hold for this run.
  func directives(_ key: String) -> [Directive] {
    linkCase.directives.filter { $0.key == key && $0.applies(to: tags) }
  }

  func values(_ key: String) -> [String] {
    directives(key).map { substituting(variables, in: $0.value) }
  }

  func words(_ key: String) -> [String] { values(key).flatMap { splitWords($0) } }

  /// All directives that hold, in order, with variables replaced.
  var orderedDirectives: [(key: String, value: String)] {
    linkCase.directives.filter { $0.applies(to: tags) }
      .map { ($0.key, substituting(variables, in: $0.value)) }
  }

  var timeout: Int { values("timeout").last.flatMap { Int($0) } ?? 60 }

  private static func linkDriver(run: CaseRun, linker: LinkerUnderTest) -> [String] {
    let hasCPlusPlus = run.linkCase.directives.contains {
      $0.key != "check" && $0.value.contains(".cc")
    }
    let cPlusPlus = run.linkCase.mainSource.hasSuffix(".cc") || hasCPlusPlus
    return switch run.driver {
    case .gcc: [cPlusPlus ? "g++" : "gcc", "-B\(linker.poseDirectory)"]
    case .clang: [cPlusPlus ? "clang++" : "clang", "--ld-path=\(linker.path)"]
    case .rustc:
      [
        "rustc", "-Clinker=gcc", "-Clink-arg=-B\(linker.poseDirectory)",
        // Otherwise rustc puts its own copy of lld in front.
        "-Clinker-features=-lld",
      ]
    case .swiftc: ["swiftc", "-Xclang-linker", "--ld-path=\(linker.path)"]
    }
  }

  // MARK: Compiling

  /// Compiles a source of the case, or takes the object that another run compiled alike.
  func compile(_ unit: UnitSpecification) throws(CaseFailure) {
    let source =
      fileExists(workDirectory + "/" + unit.source)
      ? workDirectory + "/" + unit.source : linkCase.directory + "/" + unit.source
    let generated = source.hasPrefix(workDirectory)
    let compiler =
      source.hasSuffix(".cc") ? (run.driver == .gcc ? "g++" : "clang++") : run.driver.rawValue
    let isAssembly = source.hasSuffix(".s") || source.hasSuffix(".S")
    var command = [compiler, "-c"]
    command += isAssembly ? [] : ["-O1", "-w"] + run.kind.compileFlags
    command += ["-I", linkCase.directory] + words("compile") + unit.flags
    let destination = workDirectory + "/" + unit.object
    unlink(destination)

    let key = (command + [source]).joined(separator: "\u{1}")
    let cached = "\(testBed.root)/objects/\(ObjectCache.shared.number(for: key)).o"
    // What the run generated itself may differ between runs, and debug information names the
    // directory the compiler ran in, so only plain sources are shared.
    if !generated, fileExists(cached), link(cached, destination) == 0 { return }
    let temporary = "\(workDirectory)/.compiling.o"
    try step(command + ["-o", temporary, source], what: "compiling \(unit.source)")
    guard rename(temporary, destination) == 0 else {
      throw CaseFailure("cannot place \(destination)")
    }
    if !generated { link(destination, cached) }
  }

  /// Runs one command that must succeed.
  @discardableResult
  func step(
    _ command: [String], what: String, timeout: Int? = nil
  ) throws(CaseFailure) -> CommandResult {
    let command = Command(
      words: command, directory: workDirectory, environment: variables,
      timeout: timeout ?? self.timeout)
    let result = try command.run()
    guard result.succeeded else {
      throw CaseFailure(
        "\(what): \(result.summary)\n$ \(command.line)\n\(result.standardOutput)"
          + result.standardError)
    }
    return result
  }

  /// Runs a shell command of the case that must succeed.
  @discardableResult
  func shell(_ command: String) throws(CaseFailure) -> CommandResult {
    try step(["sh", "-ec", command], what: "`\(command)`")
  }

  // MARK: Linking

  /// Carries out the building directives in their order and gives the words of the link line.
  func prepareInputs() throws(CaseFailure) -> [String] {
    if run.driver.isSlow {
      for value in values("prepare") { try shell(value) }
      return [linkCase.directory + "/" + linkCase.mainSource] + words("compile") + words("link")
    }
    try compile(UnitSpecification(linkCase.mainSource))
    var items = ["main.o"]
    for (key, value) in orderedDirectives {
      switch key {
      case "object", "unit":
        let unit = UnitSpecification(value)
        try compile(unit)
        if key == "object" { items.append(unit.object) }
      case "shared", "module":
        guard let library = SharedSpecification(value) else {
          throw CaseFailure("\(linkCase.name): `\(key)` is written `libx.so = sources | words`")
        }
        try makeSharedLibrary(library)
        if key == "shared" { items.append(library.library) }
      case "prepare": try shell(value)
      case "link": items += splitWords(value)
      default: break
      }
    }
    let inputs = words("inputs")
    return inputs.isEmpty ? items : inputs
  }

  private func makeSharedLibrary(_ library: SharedSpecification) throws(CaseFailure) {
    var objects: [String] = []
    for source in library.sources {
      let object = library.library + "." + objectName(of: source)
      var unit = UnitSpecification(source)
      unit.flags = ["-fPIC"] + library.flags
      unit.object = object
      try compile(unit)
      objects.append(object)
    }
    let words =
      Self.linkDriver(run: run, linker: testBed.linker) + ["-shared", "-o", library.library]
      + objects + library.linkWords
    let result = try step(words, what: "linking \(library.library)")
    try requireSilence(result, of: library.library)
    try checkStructure(workDirectory + "/" + library.library)
  }

  /// The command that links the output, without `-o`.
  func linkCommand(_ inputs: [String]) -> [String] {
    var command = Self.linkDriver(run: run, linker: testBed.linker)
    switch run.driver {
    case .gcc, .clang: command += run.kind.linkFlags
    case .rustc: command += run.kind == .shared ? ["--crate-type", "cdylib"] : []
    case .swiftc: command += run.kind == .shared ? ["-emit-library"] : []
    }
    return command + inputs
  }

  /// The linker under test should say nothing about a good link; the others have their opinions.
  func requireSilence(_ result: CommandResult, of output: String) throws(CaseFailure) {
    guard testBed.linker.flavour == .weld, !run.driver.isSlow else { return }
    if directives("expect-warning").isEmpty, !result.standardError.isEmpty {
      throw CaseFailure("linking \(output) printed:\n\(result.standardError)")
    }
  }

  /// Lets elf-compare, where it was built, look for inconsistencies inside an output.
  func checkStructure(_ path: String) throws(CaseFailure) {
    guard let checker = testBed.linker.structureChecker else { return }
    try step([checker, "--check", path], what: "checking the structure of the output")
  }
}

/// Numbers for compile commands, the same for the same command.
private final class ObjectCache: Sendable {
  static let shared = ObjectCache()
  private let numbers = Mutex<[String: Int]>([:])

  func number(for key: String) -> Int {
    numbers.withLock { numbers in
      if let known = numbers[key] { return known }
      numbers[key] = numbers.count
      return numbers.count - 1
    }
  }
}
