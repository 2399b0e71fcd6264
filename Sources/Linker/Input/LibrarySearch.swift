import Glibc
import Platform

/// Finds what `-l`, scripts and plain names on the command line mean.
///
/// Directories are tried in the order of `-L`, then the ones that GNU ld has built in (unless
/// `-nostdlib`). A leading `=` or `$SYSROOT` stands for the system root.
struct LibrarySearch {
  private(set) var directories: [String] = []
  /// Without a slash at its end.
  private let sysroot: String
  /// The system root without links and `..`, and with a slash at its end; nil if there is none.
  private let realRoot: String?
  /// Directories that scripts add by SEARCH_DIR come after those of the command line.
  private var standard: [String] = []
  private let isVerbose: Bool

  /// - Parameter standardDirectories: the machine's; `options` may rule them out.
  init(options: LinkOptions, standardDirectories: [String]) {
    isVerbose = options.verbose
    let root = options.sysroot
    sysroot = root.hasSuffix("/") ? String(root.dropLast()) : root
    realRoot = root.isEmpty ? nil : realPath(root).map { $0.hasSuffix("/") ? $0 : $0 + "/" }
    for path in options.libraryPaths { directories.append(expand(path)) }
    if let path = options.defaultLibraryPath {
      standard = path.split(separator: ":").map { expand(String($0)) }
    } else if !options.noStandardLibraries {
      standard = standardDirectories.map { sysroot + $0 }
    }
  }

  func expand(_ path: String) -> String {
    let rest: Substring
    if path.hasPrefix("=") {
      rest = path.dropFirst()
    } else if path.hasPrefix("$SYSROOT") {
      rest = path.dropFirst(8)
    } else {
      return path
    }
    return realRoot == nil || rest.hasPrefix("/") ? sysroot + rest : sysroot + "/" + rest
  }

  mutating func add(_ directory: String) { directories.append(expand(directory)) }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// `--verbose`: the directories, as a linker script would say them.
  var description: String {
    (directories + standard).map { "SEARCH_DIR(\"\($0)\");\n" }.joined()
  }

  /// Whether a file is there, told as `--verbose` does.
  private func exists(_ path: String) -> Bool {
    let exists = Self.exists(path)
    if isVerbose {
      StandardOutput.print(
        "attempt to open \(path) \(exists ? "succeeded" : "failed")\n")
    }
    return exists
  }

  /// The file of `-lNAME` or `-l:FILE` that comes first and that `isUsable` takes; nil if no
  /// directory has one.
  func library(_ name: String, isStatic: Bool, isUsable: (String) -> Bool) -> String? {
    for group in [directories, standard] {
      for directory in group {
        if name.hasPrefix(":") {
          let path = directory + "/" + name.dropFirst()
          if exists(path), isUsable(path) { return path }
          continue
        }
        let stem = directory + "/lib" + name
        if !isStatic, exists(stem + ".so"), isUsable(stem + ".so") { return stem + ".so" }
        if exists(stem + ".a"), isUsable(stem + ".a") { return stem + ".a" }
      }
    }
    return nil
  }

  /// A file of that name in one of the directories.
  func file(inSearchPath name: String, isUsable: (String) -> Bool = { _ in true }) -> String? {
    if name.isEmpty || name.hasPrefix("/") { return nil }
    for group in [directories, standard] {
      for directory in group {
        let path = directory + "/" + name
        if exists(path), isUsable(path) { return path }
      }
    }
    return nil
  }

  /// A script or a list that an option names: as it is, else in the directories of `-L`; `name`
  /// itself if it is nowhere.
  func text(_ name: String) -> String {
    if name.isEmpty || name.hasPrefix("/") || Self.exists(name) { return name }
    for directory in directories where Self.exists(directory + "/" + name) {
      return directory + "/" + name
    }
    return name
  }

  /// Whether a file lies in the system root. It does also where a link in the system root leads out
  /// of it, so that what counts is where the link is.
  func isInSystemRoot(_ path: String) -> Bool {
    guard let realRoot else { return false }
    if realPath(path)?.hasPrefix(realRoot) == true { return true }
    let slash = path.lastIndex(of: "/")
    guard let directory = realPath(slash.map { String(path[...$0]) } ?? ".") else { return false }
    return (directory + "/").hasPrefix(realRoot)
  }

  /// A file that a script names: as it is, beside the script, or along the search path, where files
  /// that `isUsable` does not take are passed over.
  ///
  /// Scripts that lie in the system root speak of paths in it, and of no others.
  func file(
    _ name: String, from script: String, isUsable: (String) -> Bool = { _ in true }
  ) -> String? {
    if name.hasPrefix("=") || name.hasPrefix("$SYSROOT") { return expand(name) }
    if name.hasPrefix("/") {
      guard isInSystemRoot(script) else { return name }
      let inside = sysroot + name
      return Self.exists(inside) || !isInSystemRoot(name) ? inside : name
    }
    if Self.exists(name), isUsable(name) { return name }
    if let slash = script.lastIndex(of: "/") {
      let beside = script[...slash] + name
      if Self.exists(String(beside)), isUsable(String(beside)) { return String(beside) }
    }
    return file(inSearchPath: name, isUsable: isUsable)
  }
}
