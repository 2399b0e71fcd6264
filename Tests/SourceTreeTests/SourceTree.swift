import Glibc
import TestSupport

/// The files of this package, as text.
enum SourceTree {
  struct File: Sendable {
    /// From the package's root.
    var path: String
    var text: String

    /// The lines, without the empty one after a newline at the end.
    var lines: [Substring] {
      var lines = text.split(separator: "\n", omittingEmptySubsequences: false)
      if lines.last?.isEmpty == true { lines.removeLast() }
      return lines
    }
    var name: Substring { path.split(separator: "/").last ?? "" }
  }

  /// The package's root directory.
  static let root: String = #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()

  /// Swift files below a directory of the root, in order of their paths.
  static func swiftFiles(in directory: String) -> [File] {
    paths(in: directory).filter { $0.hasSuffix(".swift") }.map {
      File(path: $0, text: text($0) ?? "")
    }
  }

  /// The paths of all files below a directory of the root, hidden ones left out.
  static func paths(in directory: String) -> [String] {
    entries(directory).flatMap { name in
      let path = directory + "/" + name
      return isDirectory(path) ? paths(in: path) : [path]
    }
  }

  /// The names in a directory of the root, sorted.
  static func entries(_ directory: String) -> [String] {
    directoryEntries(root + "/" + directory)
  }

  static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(root + "/" + path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// A file's contents, nil if it cannot be read.
  static func text(_ path: String) -> String? { readText(root + "/" + path) }
}
