import CSystem
import Glibc
import Platform

/// The output on its way: written beside its final name and moved there when it is whole.
///
/// A failed link leaves nothing behind and an earlier output untouched. Outputs that are no regular
/// files (`/dev/null`, a disk) are written in place; one may also be kept in memory. What goes to
/// standard output (`-`), into a pipe or to a terminal is kept in memory until it is whole.
final class OutputFile: @unchecked Sendable {
  let path: String
  private let temporary: String?
  private let file: FileDescriptor
  private let memory: OutputBytes?
  /// What is in memory goes to `file` in the end.
  private let isStream: Bool
  /// What was opened is closed, and nothing is left beside the final name.
  private var isFinished = false

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
    if exists, status.st_mode & S_IFMT == S_IFDIR { throw Errno(EISDIR) }
    if isStandard || exists && status.st_mode & S_IFMT != S_IFREG {
      temporary = nil
      file = isStandard ? .standardOutput : try FileDescriptor.open(path, flags: O_WRONLY)
      isStream = isStandard || !file.isSeekable
      let memory = isStream ? OutputBytes() : nil
      try memory?.reserve(size)
      self.memory = memory
      return
    }
    memory = nil
    isStream = false
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
    isFinished = true
    var failure = file.close()
    if let temporary {
      if failure == nil, rename(temporary, path) != 0 { failure = .current }
      TemporaryFile.release()
      if failure != nil { unlink(temporary) }
    }
    if let failure { throw failure }
  }

  func abandon() {
    if memory != nil || isFinished { return }
    isFinished = true
    file.close()
    if let temporary {
      unlink(temporary)
      TemporaryFile.release()
    }
  }
}
