// Which linker the cases exercise, and how compilers are made to use it.
//
// WELD_TEST_LINKER names any ELF linker, so that a case can first be shown to be right with the
// linkers everybody has. Without it, the `weld` that was built next to the test bundle is meant.

import Glibc
import TestSupport

/// The linker that the cases are run against.
struct LinkerUnderTest: Sendable {
  /// Which linker it says it is; cases can tell them apart by this tag.
  enum Flavour: String, Sendable, CaseIterable { case weld, lld, mold, gold, bfd }

  /// The full path.
  var path: String
  var flavour: Flavour
  /// A directory with links named `ld` and `ld.lld` to the linker: for gcc's `-B`.
  var poseDirectory: String
  /// The `elf-compare` beside it, if it was built.
  var structureChecker: String?
}

/// Everything a run shares: the linker and the directories.
struct TestBed: Sendable {
  let linker: LinkerUnderTest
  /// Where work directories and cached objects go; removed at exit unless a case failed.
  let root: String
  /// Tests/LinkCases.
  let casesDirectory: String

  /// The test bed, or why there is none.
  static let shared: Result<TestBed, CaseFailure> = Result { () throws(CaseFailure) in
    try TestBed()
  }

  private init() throws(CaseFailure) {
    let sourceFile = #filePath
    let testsDirectory = parent(of: parent(of: sourceFile))
    casesDirectory = testsDirectory + "/LinkCases"
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    root = "\(base)/weld-link-cases.\(getpid())"
    removeTestBedsOfThePast(in: base)
    try makeDirectory(root + "/objects")
    let pose = root + "/pose"
    try makeDirectory(pose)

    let path: String
    if let chosen = getenv("WELD_TEST_LINKER") {
      guard let found = findInPath(String(cString: chosen)) else {
        throw CaseFailure("WELD_TEST_LINKER: \(String(cString: chosen)) is not a program")
      }
      path = found
    } else {
      path = try builtLinker(packageRoot: parent(of: testsDirectory))
    }
    symlink(path, pose + "/ld")
    symlink(path, pose + "/ld.lld")
    let checker = parent(of: path) + "/elf-compare"
    linker = LinkerUnderTest(
      path: path, flavour: try flavour(of: path, in: root), poseDirectory: pose,
      structureChecker: isExecutable(checker) ? checker : nil)

    // Programs that crash on purpose should not leave core files.
    var none = rlimit(rlim_cur: 0, rlim_max: 0)
    setrlimit(__rlimit_resource_t(RLIMIT_CORE.rawValue), &none)
  }
}

/// What failed runs left is kept only until the next test process starts.
private func removeTestBedsOfThePast(in base: String) {
  for name in directoryEntries(base) where name.hasPrefix("weld-link-cases.") {
    guard let process = pid_t(name.split(separator: ".").last ?? "") else { continue }
    if kill(process, 0) != 0 && errno == ESRCH { removeTree(base + "/" + name) }
  }
}

func parent(of path: String) -> String {
  path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
}

/// The `weld` of the configuration whose test bundle is running.
private func builtLinker(packageRoot: String) throws(CaseFailure) -> String {
  // The bundle is an argument of the helper that loads it, or the program itself.
  for argument in CommandLine.arguments {
    if let end = argument.range(ofSubstring: ".xctest") {
      let candidate = parent(of: String(argument[..<end])) + "/weld"
      if isExecutable(candidate) { return candidate }
    }
  }
  for configuration in ["debug", "release"] {
    let candidate = "\(packageRoot)/.build/\(configuration)/weld"
    if isExecutable(candidate) { return candidate }
  }
  throw CaseFailure("no built weld found; build the package or set WELD_TEST_LINKER")
}

private func flavour(
  of path: String, in directory: String
) throws(CaseFailure) -> LinkerUnderTest.Flavour {
  let result = try Command(words: [path, "--version"], directory: directory, timeout: 20).run()
  let text = result.standardOutput
  if text.contains("LLD") { return .lld }
  if text.hasPrefix("mold") { return .mold }
  if text.hasPrefix("GNU gold") { return .gold }
  if text.hasPrefix("GNU ld") { return .bfd }
  return .weld
}

extension String {
  /// Where the substring starts.
  func range(ofSubstring needle: String) -> String.Index? {
    var index = startIndex
    while index < endIndex {
      if self[index...].hasPrefix(needle) { return index }
      index = self.index(after: index)
    }
    return nil
  }
}
