import CSystem
import Glibc
import Platform

/// The output on its way: written beside its final name and moved there when it is whole.
///
/// A failed link leaves nothing behind and an earlier output untouched. Outputs that are no regular
/// files (`/dev/null`) are written in place; one may also be kept in memory. What goes to standard
/// output (`-`) or into a pipe is kept in memory until it is whole.
final class OutputFile: @unchecked Sendable {
  let path: String
  private let temporary: String?
  private let file: FileDescriptor
  private let memory: OutputBytes?
  /// What is in memory goes to `file` in the end.
  private let isStream: Bool

  /// An output that stays in memory, with room for all that is written.
  init(memory: OutputBytes) {
    path = ""
    temporary = nil
    file = FileDescriptor(raw: -1)
    self.memory = memory
    isStream = false
  }

  init(path: String, isExecutable: Bool, size: Int) throws(Errno) {
    self.path = path
    var status = stat()
    let isStandard = path == "-" || path == "/dev/stdout"
    let exists = !isStandard && stat(path, &status) == 0
    isStream = isStandard || exists && status.st_mode & S_IFMT == S_IFIFO
    if isStream {
      let memory = OutputBytes()
      try memory.reserve(size)
      self.memory = memory
      temporary = nil
      file = isStandard ? .standardOutput : try FileDescriptor.open(path, flags: O_WRONLY)
      return
    }
    memory = nil
    if exists, status.st_mode & S_IFMT == S_IFDIR { throw Errno(EISDIR) }
    if exists, status.st_mode & S_IFMT != S_IFREG {
      temporary = nil
      file = try FileDescriptor.open(path, flags: O_WRONLY)
      return
    }
    let mode: UInt32 = isExecutable ? 0o777 : 0o666
    var attempt = 0
    while true {
      // Same directory, so that the last step is a rename; the name says who left it, if killed.
      let name = "\(path).weld-\(getpid())\(attempt == 0 ? "" : "-\(attempt)")"
      do {
        file = try FileDescriptor.open(name, flags: O_WRONLY | O_CREAT | O_EXCL, mode: mode)
        temporary = name
        TemporaryFile.guardAgainstSignals(name)
        return
      } catch {
        attempt += 1
        if error.code != EEXIST || attempt > 100 { throw error }
      }
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(Errno) {
    if let memory {
      UnsafeMutableRawBufferPointer(rebasing: memory.mutableBytes[offset..<offset + bytes.count])
        .copyMemory(from: bytes)
      return
    }
    if temporary == nil {
      // A device takes no offsets; what it gets is of no use to anybody.
      return
    }
    try file.write(bytes, at: offset)
  }

  func write(_ bytes: [UInt8], at offset: Int) throws(Errno) {
    let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
    defer { copy.deallocate() }
    copy.copyBytes(from: bytes)
    try write(UnsafeRawBufferPointer(copy), at: offset)
  }

  func setSize(_ size: Int) throws(Errno) {
    if temporary != nil { _ = try retrying { ftruncate(file.raw, off_t(size)) } }
  }

  func commit() throws(Errno) {
    if let memory {
      if isStream { try file.write(memory.bytes) }
      return
    }
    file.close()
    guard let temporary else { return }
    let status = rename(temporary, path)
    let error = Errno.current
    TemporaryFile.release()
    if status != 0 {
      unlink(temporary)
      throw error
    }
  }

  func abandon() {
    if memory != nil { return }
    file.close()
    if let temporary {
      unlink(temporary)
      TemporaryFile.release()
    }
  }
}
