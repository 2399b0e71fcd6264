import CSystem
import Glibc

/// An open file; closing is the holder's business.
public struct FileDescriptor: Sendable {
  public let raw: Int32
  public init(raw: Int32) { self.raw = raw }

  public static func open(_ path: String, flags: Int32, mode: UInt32 = 0o666) throws(Errno)
    -> FileDescriptor
  {
    // Passing the string itself would copy it.
    let raw = path.withCString { path in
      while true {
        let raw = weld_open(path, flags, mode)
        if raw >= 0 || errno != EINTR { return raw }
      }
    }
    if raw < 0 { throw Errno.current }
    return FileDescriptor(raw: raw)
  }

  public func close() { _ = weld_close(raw) }

  public func status() throws(Errno) -> stat {
    var status = stat()
    _ = try retrying { fstat(raw, &status) }
    return status
  }

  /// Writes all of `bytes` at `offset`; short writes are continued.
  public func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) throws(Errno) {
    var done = 0
    while done < bytes.count {
      let n = try retrying {
        pwrite(raw, bytes.baseAddress! + done, bytes.count - done, off_t(offset + done))
      }
      if n == 0 { throw Errno(ENOSPC) }
      done += n
    }
  }

  /// Writes all of `bytes` at the file's position.
  public func write(_ bytes: UnsafeRawBufferPointer) throws(Errno) {
    var done = 0
    while done < bytes.count {
      let n = try retrying { Glibc.write(raw, bytes.baseAddress! + done, bytes.count - done) }
      if n == 0 { throw Errno(ENOSPC) }
      done += n
    }
  }

  /// Writes a whole string, for messages; failures are nobody's to handle.
  public func write(_ text: String) {
    var text = text
    text.withUTF8 { bytes in try? write(UnsafeRawBufferPointer(bytes)) }
  }

  /// Replaces what a file has by what `body` writes; `-` is standard output.
  public static func replaceContents(
    of path: String, _ body: (FileDescriptor) throws(Errno) -> Void
  ) throws(Errno) {
    if path == "-" { return try body(.standardOutput) }
    let file = try open(path, flags: O_WRONLY | O_CREAT | O_TRUNC)
    defer { file.close() }
    try body(file)
  }

  public static let standardOutput = FileDescriptor(raw: 1)
  public static let standardError = FileDescriptor(raw: 2)
}
