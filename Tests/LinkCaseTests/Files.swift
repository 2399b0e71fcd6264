// The few file operations the runner needs.

import Glibc
import TestSupport

/// What went wrong with a case, in full: the test's failure message.
struct CaseFailure: Error, CustomStringConvertible, Sendable {
  var description: String
  init(_ description: String) { self.description = description }
}

func fileExists(_ path: String) -> Bool { access(path, F_OK) == 0 }

func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

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
