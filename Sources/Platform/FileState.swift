import Glibc

/// What the system says of a file: whoever writes to it, or changes its rights or names, changes
/// something of this.
public struct FileState: Equatable, BitwiseCopyable, Sendable {
  private let device: UInt64
  private let inode: UInt64
  private let mode: mode_t
  private let links: UInt64
  private let size: Int
  /// When its bytes changed.
  private let written: Moment
  /// When anything about it changed.
  private let changed: Moment

  private struct Moment: Equatable, BitwiseCopyable, Sendable {
    var seconds: Int
    var nanoseconds: Int
    init(_ time: timespec) {
      seconds = time.tv_sec
      nanoseconds = time.tv_nsec
    }
  }

  public init(_ status: stat) {
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    mode = status.st_mode
    links = UInt64(status.st_nlink)
    size = Int(status.st_size)
    written = Moment(status.st_mtim)
    changed = Moment(status.st_ctim)
  }

  /// Of what is at `path`, a symbolic link as itself; nil if there is nothing.
  public init?(path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  public var isRegular: Bool { mode & S_IFMT == S_IFREG }
  /// Who may read, write and run it.
  public var permissions: mode_t { mode & 0o777 }

  /// Whether the two are of one file, whatever has been done to it.
  public func isFile(_ other: FileState) -> Bool {
    isRegular && other.isRegular && device == other.device && inode == other.inode
  }

  /// Whether the two have the same content, if they are of one file.
  public func hasContent(of other: FileState) -> Bool {
    size == other.size && written == other.written
  }

  /// Whether another file is at `path` by now, or the same one with other bytes. Where there is
  /// nothing, nobody has written anything: temporary files go when nobody needs their names.
  ///
  /// Some file systems give a file another number each time; what was replaced has another time, too.
  /// A signal handler may call this.
  public func hasChanged(at path: UnsafePointer<CChar>) -> Bool {
    var status = stat()
    if stat(path, &status) != 0 { return false }
    let now = FileState(status)
    if !hasContent(of: now) { return true }
    return (now.device, now.inode) != (device, inode) && now.changed != changed
  }

  /// Whether the file is as it was when `other` was asked for, and has this one name; it may have been
  /// renamed.
  public func isAsWritten(_ other: FileState?) -> Bool {
    guard let other else { return false }
    return isFile(other) && hasContent(of: other) && mode == other.mode && links == 1
  }
}
