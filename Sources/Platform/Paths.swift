import Glibc

/// The absolute path of what `path` names, without symbolic links, `.` and `..`; nil if there is no
/// such file.
public func realPath(_ path: String) -> String? {
  guard let resolved = realpath(path, nil) else { return nil }
  defer { free(resolved) }
  return String(cString: resolved)
}

/// Whether there is something at `path`, and it is no directory.
public func isFile(_ path: String) -> Bool {
  var status = stat()
  return stat(path, &status) == 0 && status.st_mode & S_IFMT != S_IFDIR
}
