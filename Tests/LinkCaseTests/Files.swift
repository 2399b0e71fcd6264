// The few file operations the runner needs.

import Glibc

/// What went wrong with a case, in full: the test's failure message.
struct CaseFailure: Error, CustomStringConvertible, Sendable {
  var description: String
  init(_ description: String) { self.description = description }
}

func fileExists(_ path: String) -> Bool { access(path, F_OK) == 0 }

func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

/// The contents as text, nil if the file cannot be read.
func readText(_ path: String) -> String? {
  guard let file = fopen(path, "re") else { return nil }
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

/// The names in a directory, sorted.
func directoryEntries(_ path: String, hidden: Bool = false) -> [String] {
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

/// Makes the directory and those above it.
func makeDirectory(_ path: String) throws(CaseFailure) {
  if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
  if errno == ENOENT, let slash = path.lastIndex(of: "/"), slash > path.startIndex {
    try makeDirectory(String(path[..<slash]))
    if mkdir(path, 0o755) == 0 || errno == EEXIST { return }
  }
  throw CaseFailure("cannot make directory \(path)")
}

/// Removes a directory with all that is in it.
func removeTree(_ path: String) {
  // `remove` does not follow symbolic links and refuses only directories that have entries.
  if remove(path) == 0 || (errno != ENOTEMPTY && errno != EEXIST) { return }
  for name in directoryEntries(path, hidden: true) where name != "." && name != ".." {
    removeTree(path + "/" + name)
  }
  remove(path)
}

/// The program's full path as the shell would find it.
func findInPath(_ program: String) -> String? {
  if program.contains("/") { return isExecutable(program) ? program : nil }
  let path = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
  for directory in path.split(separator: ":") {
    let candidate = directory + "/" + program
    if isExecutable(String(candidate)) { return String(candidate) }
  }
  return nil
}

/// Whether the POSIX extended regular expression matches somewhere; `^` and `$` match at lines.
func matches(_ pattern: String, _ text: String) throws(CaseFailure) -> Bool {
  var compiled = regex_t()
  guard regcomp(&compiled, pattern, REG_EXTENDED | REG_NEWLINE | REG_NOSUB) == 0 else {
    throw CaseFailure("bad regular expression: \(pattern)")
  }
  defer { regfree(&compiled) }
  return regexec(&compiled, text, 0, nil, 0) == 0
}
