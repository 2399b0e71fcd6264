import Glibc

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
    guard let handle = opendir(root + "/" + directory) else { return [] }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if !name.hasPrefix(".") { names.append(name) }
    }
    return names.sorted()
  }

  static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(root + "/" + path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  /// A file's contents, nil if it cannot be read.
  static func text(_ path: String) -> String? {
    guard let file = fopen(root + "/" + path, "re") else { return nil }
    defer { fclose(file) }
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = fread(&buffer, 1, buffer.count, file)
      if count == 0 { break }
      bytes.append(contentsOf: buffer[..<count])
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
