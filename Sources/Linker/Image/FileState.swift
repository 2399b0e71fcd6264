import Glibc

/// What the system says of a file: whoever writes to it, or changes its rights or names, changes
/// something of this.
struct FileState: Equatable {
  private let device: UInt64
  private let inode: UInt64
  private let mode: mode_t
  private let links: UInt64
  private let size: Int
  private let written: Moment
  private let changed: Moment

  private struct Moment: Equatable {
    var seconds: Int
    var nanoseconds: Int
    init(_ time: timespec) {
      seconds = time.tv_sec
      nanoseconds = time.tv_nsec
    }
  }

  init(_ status: stat) {
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    mode = status.st_mode
    links = UInt64(status.st_nlink)
    size = Int(status.st_size)
    written = Moment(status.st_mtim)
    changed = Moment(status.st_ctim)
  }

  /// Of what is at `path`, a symbolic link as itself; nil if there is nothing.
  init?(path: String) {
    var status = stat()
    guard lstat(path, &status) == 0 else { return nil }
    self.init(status)
  }

  var isRegular: Bool { mode & S_IFMT == S_IFREG }
  /// Who may read, write and run it.
  var permissions: mode_t { mode & 0o777 }

  /// Whether the two are of one file, whatever has been done to it.
  func isFile(_ other: FileState) -> Bool {
    isRegular && other.isRegular && device == other.device && inode == other.inode
  }

  /// Whether the two have the same content, if they are of one file.
  func hasContent(of other: FileState) -> Bool { size == other.size && written == other.written }

  /// Whether the file is as it was when `other` was asked for, and has this one name; it may have been
  /// renamed.
  func isAsWritten(_ other: FileState?) -> Bool {
    guard let other else { return false }
    return isFile(other) && hasContent(of: other) && mode == other.mode && links == 1
  }
}
