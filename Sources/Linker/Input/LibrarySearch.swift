import Glibc
import Platform

/// Finds what `-l`, scripts and plain names on the command line mean.
///
/// Directories are tried in the order of `-L`, then the ones that GNU ld has built in (unless
/// `-nostdlib`). A leading `=` or `$SYSROOT` stands for the system root.
struct LibrarySearch {
  private(set) var directories: [String] = []
  private let sysroot: String
  /// Directories that scripts add by SEARCH_DIR come after those of the command line.
  private var standard: [String] = []

  /// - Parameter standardDirectories: the machine's; `options` may rule them out.
  init(options: LinkOptions, standardDirectories: [String]) {
    sysroot = options.sysroot
    for path in options.libraryPaths { directories.append(expand(path)) }
    if let path = options.defaultLibraryPath {
      standard = path.split(separator: ":").map { expand(String($0)) }
    } else if !options.noStandardLibraries {
      standard = standardDirectories.map { sysroot + $0 }
    }
  }

  func expand(_ path: String) -> String {
    if path.hasPrefix("=") { return sysroot + path.dropFirst() }
    if path.hasPrefix("$SYSROOT") { return sysroot + path.dropFirst(8) }
    return path
  }

  mutating func add(_ directory: String) { directories.append(expand(directory)) }

  static func exists(_ path: String) -> Bool { access(path, F_OK) == 0 }

  /// The file of `-lNAME` or `-l:FILE` that comes first and that `isUsable` takes; nil if no
  /// directory has one.
  func library(_ name: String, isStatic: Bool, isUsable: (String) -> Bool) -> String? {
    for group in [directories, standard] {
      for directory in group {
        if name.hasPrefix(":") {
          let path = directory + "/" + name.dropFirst()
          if Self.exists(path), isUsable(path) { return path }
          continue
        }
        let stem = directory + "/lib" + name
        if !isStatic, Self.exists(stem + ".so"), isUsable(stem + ".so") { return stem + ".so" }
        if Self.exists(stem + ".a"), isUsable(stem + ".a") { return stem + ".a" }
      }
    }
    return nil
  }

  /// A file of that name in one of the directories.
  func file(inSearchPath name: String) -> String? {
    if name.isEmpty || name.hasPrefix("/") { return nil }
    for directory in directories + standard where Self.exists(directory + "/" + name) {
      return directory + "/" + name
    }
    return nil
  }

  /// A file named in a script: as it is, beside the script, or along the search path.
  func file(_ name: String, from script: String) -> String? {
    if name.hasPrefix("=") || name.hasPrefix("$SYSROOT") { return expand(name) }
    if name.hasPrefix("/") {
      // Scripts that lie in the system root speak of paths in it.
      if !sysroot.isEmpty, script.hasPrefix(sysroot), Self.exists(sysroot + name) {
        return sysroot + name
      }
      return name
    }
    if Self.exists(name) { return name }
    if let slash = script.lastIndex(of: "/") {
      let beside = script[...slash] + name
      if Self.exists(String(beside)) { return String(beside) }
    }
    return file(inSearchPath: name)
  }
}
