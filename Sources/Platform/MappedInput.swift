import CSystem
import Glibc

/// A whole input file in memory, read-only, until exit.
///
/// Private mapping: a file rewritten during the link changes what is read (as with every linker
/// that maps), a file truncated during the link faults; both are the build's race, not ours.
public struct MappedInput: @unchecked Sendable {
  public let base: UnsafeRawPointer
  public let count: Int
  public let modificationTime: timespec
  public let device: UInt64
  public let inode: UInt64
  /// The file's permission bits.
  public let mode: UInt32

  public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  /// Bytes already in memory posing as a file; the caller keeps them alive.
  public init(memory: UnsafeRawBufferPointer) {
    base = memory.baseAddress ?? UnsafeRawPointer(bitPattern: 8)!
    count = memory.count
    modificationTime = timespec()
    device = 0
    inode = 0
    mode = 0o644
  }

  /// Maps the file at `path`; a directory or an unreadable file throws.
  ///
  /// - Parameter streamLimit: bytes that are read of what isn't a regular file; where there are more,
  ///   EFBIG is thrown. A device such as /dev/zero has no end, and a thin archive may name one.
  public init(path: String, streamLimit: Int = 1 << 30) throws(Errno) {
    let file = try FileDescriptor.open(path, flags: O_RDONLY)
    defer { file.close() }
    let status = try file.status()
    if status.st_mode & S_IFMT == S_IFDIR { throw Errno(EISDIR) }
    modificationTime = status.st_mtim
    device = UInt64(status.st_dev)
    inode = UInt64(status.st_ino)
    mode = UInt32(status.st_mode) & 0o7777
    if status.st_mode & S_IFMT != S_IFREG {
      // A pipe or a device (`/dev/null`, process substitution): read to its end.
      let read = try Self.readToEnd(file, limit: streamLimit)
      base = UnsafeRawPointer(read.start)
      count = read.count
      return
    }
    count = Int(status.st_size)
    if count == 0 {
      base = UnsafeRawPointer(bitPattern: 8)!
      return
    }
    let mapped = mmap(nil, count, PROT_READ, MAP_PRIVATE, file.raw, 0)
    guard let mapped, mapped != MAP_FAILED else { throw Errno.current }
    MemoryLedger.note(mapped, bytes: count)
    base = UnsafeRawPointer(mapped)
  }

  private static func readToEnd(_ file: FileDescriptor, limit: Int) throws(Errno) -> (
    start: UnsafeMutableRawPointer, count: Int
  ) {
    var capacity = 1 << 16
    guard var start = malloc(capacity) else { throw Errno(ENOMEM) }
    var count = 0
    while true {
      if count == capacity {
        if capacity >= limit {
          free(start)
          throw Errno(EFBIG)
        }
        capacity *= 2
        guard let larger = realloc(start, capacity) else {
          free(start)
          throw Errno(ENOMEM)
        }
        start = larger
      }
      let n = try retrying { read(file.raw, start + count, capacity - count) }
      if n == 0 {
        MemoryLedger.note(start, bytes: 0)
        return (start, count)
      }
      count += n
    }
  }
}
