import Glibc

/// Start-up files as they were found, by path.
struct FoundStartupFiles: Sendable {
  var beginning: [String]
  var end: [String]
  var libraries: [StartupFiles.Library]
  /// Where the libraries are, before the machine's own directories.
  var libraryDirectories: [String]
  /// The machine's own directories are another system's: they are not searched.
  var isAloneInSearch: Bool
  var interpreter: String?
  var entry: String
}

extension StartupFiles {
  /// Finds the files on this machine.
  ///
  /// The C library's files come from one directory, the first that has them all: those of two C
  /// libraries do not mix. Directories that the caller names go first; for a system that is not
  /// Linux there are no others. The compiler's files are found by listing GCC's directories, newest
  /// version first.
  ///
  /// - Throws: `ImageError.Code.inputs` naming what is missing and where it was looked for.
  func find(
    machine: ImageMachine, directories: [String]
  ) throws(ImageError) -> FoundStartupFiles {
    let own = directories + systemDirectories(machine)
    let needed = (beginning + end).filter { $0.owner == .system && !$0.isOptional }.map(\.name)
    guard
      let home = own.first(where: { directory in
        needed.allSatisfy { Self.exists("\(directory)/\($0)") }
      })
    else {
      let list = own.isEmpty ? "no directory" : own.joined(separator: ", ")
      throw ImageError(
        .inputs,
        "cannot find the start-up files of \(system.rawValue) for \(machine.rawValue)"
          + " (\(needed.joined(separator: ", "))), looked for in \(list); install the C library's"
          + " development files, or name the directory that has them")
    }
    let compiler = compilerDirectory(machine, directories: directories, home: home)
    func paths(_ files: [File]) throws(ImageError) -> [String] {
      var paths: [String] = []
      for file in files {
        let directory = file.owner == .system ? home : compiler
        if let directory, Self.exists("\(directory)/\(file.name)") {
          paths.append("\(directory)/\(file.name)")
        } else if !file.isOptional {
          throw ImageError(
            .inputs,
            "cannot find \(file.name), which the C compiler for \(machine.rawValue) brings; install"
              + " gcc, or name the directory that has it")
        }
      }
      return paths
    }
    var libraryDirectories = [home]
    if let compiler, compiler != home { libraryDirectories.append(compiler) }
    let isAlone = system != .linuxGlibc
    return FoundStartupFiles(
      beginning: try paths(beginning), end: try paths(end),
      libraries: libraries.filter { library in
        !library.isOptional || hasLibrary(library.name, in: directories + libraryDirectories)
          || !isAlone && hasLibrary(library.name, in: own)
      },
      libraryDirectories: libraryDirectories, isAloneInSearch: isAlone,
      interpreter: interpreter(for: machine), entry: entry)
  }

  private func hasLibrary(_ name: String, in directories: [String]) -> Bool {
    directories.contains {
      Self.exists("\($0)/lib\(name).a")
        || !mode.isStatic && Self.exists("\($0)/lib\(name).so")
    }
  }

  /// Where this machine keeps the system's C library.
  private func systemDirectories(_ machine: ImageMachine) -> [String] {
    let name = Self.multiarch(machine, isMusl: system == .linuxMusl)
    switch system {
    case .linuxGlibc:
      // Several machines in one system, a cross compiler's, then one machine's own. A file for
      // another machine is refused by name when it is linked.
      var list = ["/usr/lib/\(name)", "/lib/\(name)", "/usr/\(name)/lib"]
      if machine == Self.hostMachine { list += ["/usr/lib64", "/lib64", "/usr/lib", "/lib"] }
      return list
    case .linuxMusl:
      guard let musl = Self.muslArchitecture(machine) else { return [] }
      var list = ["/usr/lib/\(name)", "/usr/\(name)/lib", "/usr/local/musl/lib"]
      if machine == Self.hostMachine {
        list += ["/usr/lib/musl/lib", "/usr/lib/musl"]
        // Where musl is the system's C library, this name leads to it.
        if Self.exists("/lib/libc.musl-\(musl).so.1") { list.append("/usr/lib") }
      }
      return list
    default: return []
    }
  }

  /// The directory with the compiler's `crtbegin*.o` and libgcc; nil if there is none.
  private func compilerDirectory(
    _ machine: ImageMachine, directories: [String], home: String
  ) -> String? {
    let needed = (beginning + end).filter { $0.owner == .compiler }.map(\.name)
    func hasAll(_ directory: String) -> Bool {
      needed.allSatisfy { Self.exists("\(directory)/\($0)") }
    }
    if let given = (directories + [home]).first(where: { hasAll($0) }) { return given }
    guard system == .linuxGlibc || system == .linuxMusl else { return nil }
    let prefix = Self.architecture(machine) + "-"
    for root in ["/usr/lib/gcc", "/usr/lib/gcc-cross", "/usr/lib64/gcc", "/usr/local/lib/gcc"] {
      for triple in Self.entries(of: root).sorted() where Self.isTriple(triple, prefix) {
        let versions = Self.entries(of: "\(root)/\(triple)").filter { Self.version($0) != nil }
          .sorted { Self.version($1)!.lexicographicallyPrecedes(Self.version($0)!) }
        if let found = versions.map({ "\(root)/\(triple)/\($0)" }).first(where: { hasAll($0) }) {
          return found
        }
      }
    }
    return nil
  }

  private static func isTriple(_ name: String, _ prefix: String) -> Bool {
    name.hasPrefix(prefix) && name.split(separator: "-").contains("linux")
  }

  /// `12` or `12.2.0` as numbers; nil for other names.
  static func version(_ name: String) -> [Int]? {
    let parts = name.split(separator: ".", omittingEmptySubsequences: false).map { Int($0) }
    return parts.contains(nil) ? nil : parts.map { $0! }
  }

  // MARK: System calls

  private static func exists(_ path: String) -> Bool { access(path, R_OK) == 0 }

  /// Names in a directory; none if it cannot be read.
  private static func entries(of directory: String) -> [String] {
    guard let stream = opendir(directory) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names
  }

  /// The machine that this process runs on; nil if it is none of an image's.
  private static let hostMachine: ImageMachine? = {
    var names = utsname()
    guard uname(&names) == 0 else { return nil }
    let name = withUnsafePointer(to: &names.machine) {
      $0.withMemoryRebound(to: CChar.self, capacity: 65) { String(cString: $0) }
    }
    return ImageMachine.allCases.first { name.hasPrefix(architecture($0)) }
  }()
}
