import Glibc

/// A file's bytes, nil if it cannot be read.
public func readBytes(_ path: String) -> [UInt8]? {
  guard let file = fopen(path, "re") else { return nil }
  defer { fclose(file) }
  var bytes: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let count = fread(&buffer, 1, buffer.count, file)
    if count == 0 { return ferror(file) == 0 ? bytes : nil }
    bytes += buffer[..<count]
  }
}

/// A file's text, nil if it cannot be read.
public func readText(_ path: String) -> String? {
  readBytes(path).map { String(decoding: $0, as: UTF8.self) }
}

/// The names in a directory, sorted; none if it cannot be read.
///
/// - Parameter hidden: also names that begin with a dot.
public func directoryEntries(_ path: String, hidden: Bool = false) -> [String] {
  guard let directory = opendir(path) else { return [] }
  defer { closedir(directory) }
  var names: [String] = []
  while let entry = readdir(directory) {
    let name = withUnsafePointer(to: &entry.pointee.d_name) {
      $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
    }
    if hidden || !name.hasPrefix(".") { names.append(name) }
  }
  return names.sorted()
}
