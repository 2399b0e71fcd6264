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

  /// - Returns: what went wrong with data that were still under way, on network files and such as
  ///   these; nil if all is well.
  @discardableResult public func close() -> Errno? {
    weld_close(raw) == 0 || errno == EINTR ? nil : .current
  }

  /// Whether it has offsets to write at, unlike terminals and pipes.
  public var isSeekable: Bool { lseek(raw, 0, SEEK_CUR) >= 0 }

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

  /// Writes a whole string.
  public func write(_ text: String) throws(Errno) {
    var text = text
    if let error = text.withUTF8({ attempt(UnsafeRawBufferPointer($0)) }) { throw error }
  }

  /// Writes all of an array.
  public func write(_ bytes: [UInt8]) throws(Errno) {
    if let error = bytes.withUnsafeBytes({ attempt($0) }) { throw error }
  }

  /// As `write`, for closures that typed errors do not pass through.
  private func attempt(_ bytes: UnsafeRawBufferPointer) -> Errno? {
    do throws(Errno) {
      try write(bytes)
      return nil
    } catch {
      return error
    }
  }

  /// Replaces what a file has by what `body` writes; `-` is standard output.
  public static func replaceContents(
    of path: String, _ body: (FileDescriptor) throws(Errno) -> Void
  ) throws(Errno) {
    if path == "-" { return try body(.standardOutput) }
    let file = try open(path, flags: O_WRONLY | O_CREAT | O_TRUNC)
    do throws(Errno) {
      try body(file)
    } catch {
      file.close()
      throw error
    }
    if let error = file.close() { throw error }
  }

  public static let standardOutput = FileDescriptor(raw: 1)
  public static let standardError = FileDescriptor(raw: 2)
}
