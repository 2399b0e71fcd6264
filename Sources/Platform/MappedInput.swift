import CSystem
import Glibc

/// A whole input file in memory, read-only, until exit.
///
/// Large files are mapped privately: a file rewritten during the link changes what is read, a file
/// truncated during the link faults. That is the build's race, but it is told: `InputWatch`. Small
/// ones are copied where the caller has an `InputArena`.
public struct MappedInput: @unchecked Sendable {
  public let base: UnsafeRawPointer
  public let count: Int
  /// What a file was like that is mapped, or was empty.
  public let state: FileState?

  public var bytes: UnsafeRawBufferPointer { UnsafeRawBufferPointer(start: base, count: count) }

  /// Bytes already in memory posing as a file; the caller keeps them alive.
  public init(memory: UnsafeRawBufferPointer) {
    base = memory.baseAddress ?? UnsafeRawPointer(bitPattern: 8)!
    count = memory.count
    state = nil
  }

  /// Maps the file at `path`; a directory or an unreadable file throws.
  ///
  /// - Parameter streamLimit: bytes that are read of what isn't a regular file; where there are more,
  ///   EFBIG is thrown. A device such as /dev/zero has no end, and a thin archive may name one.
  public init(path: String, streamLimit: Int = 1 << 30) throws(Errno) {
    var none: InputArena?
    switch try Self.open(FileDescriptor.open(path, flags: O_RDONLY), arena: &none) {
    case .contents(let input): self = input
    case .stream(let file): try self.init(stream: file, limit: streamLimit)
    }
  }

  /// As above, but reads a small file into `arena`.
  public init(
    path: String, arena: inout InputArena?, streamLimit: Int = 1 << 30
  ) throws(Errno) {
    switch try Self.open(FileDescriptor.open(path, flags: O_RDONLY), arena: &arena) {
    case .contents(let input): self = input
    case .stream(let file): try self.init(stream: file, limit: streamLimit)
    }
  }

  /// What opening a file gives.
  public enum Opened: Sendable {
    case contents(MappedInput)
    /// A pipe or a device (`/dev/null`, process substitution): open, nothing is read yet.
    case stream(FileDescriptor)
  }

  /// Maps the file at `path`, or reads it into `arena`, unless it is a stream.
  ///
  /// Does not wait for the writer of a named pipe: `init(stream:)` does.
  public static func open(
    _ path: String, among files: inout NearbyFiles, arena: inout InputArena?
  ) throws(Errno) -> Opened {
    try open(try files.open(path, flags: O_RDONLY | O_NONBLOCK), arena: &arena)
  }

  private static func open(
    _ file: FileDescriptor, arena: inout InputArena?
  ) throws(Errno) -> Opened {
    do throws(Errno) {
      if let bytes = try arena?.readSmallObject(file) {
        file.close()
        return .contents(MappedInput(memory: bytes))
      }
      let status = try file.status()
      switch status.st_mode & S_IFMT {
      case S_IFDIR: throw Errno(EISDIR)
      case S_IFREG:
        let input = try MappedInput(regular: file, status, arena: &arena)
        file.close()
        return .contents(input)
      default: return .stream(file)
      }
    } catch {
      file.close()
      throw error
    }
  }

  private init(
    regular file: FileDescriptor, _ status: stat, arena: inout InputArena?
  ) throws(Errno) {
    let size = Int(status.st_size)
    count = size
    if size == 0 {
      // Perhaps somebody has only begun to write it.
      state = FileState(status)
      base = UnsafeRawPointer(bitPattern: 8)!
      return
    }
    if let bytes = try arena?.read(file, size: size) {
      base = bytes.baseAddress!
      state = nil
      return
    }
    let mapped = mmap(nil, size, PROT_READ, MAP_PRIVATE, file.raw, 0)
    guard let mapped, mapped != MAP_FAILED else { throw Errno.current }
    MemoryLedger.note(mapped, bytes: size)
    base = UnsafeRawPointer(mapped)
    state = FileState(status)
  }

  /// Reads a stream to its end, and closes it.
  public init(stream file: FileDescriptor, limit: Int = 1 << 30) throws(Errno) {
    defer { file.close() }
    let flags = fcntl(file.raw, F_GETFL)
    if flags & O_NONBLOCK != 0 {
      // A named pipe that nobody has written to yet is not at its end.
      var wanted = pollfd(fd: file.raw, events: Int16(POLLIN), revents: 0)
      _ = try retrying { poll(&wanted, 1, -1) }
      _ = try retrying { fcntl(file.raw, F_SETFL, flags & ~O_NONBLOCK) }
    }
    let read = try Self.readToEnd(file, limit: limit)
    base = UnsafeRawPointer(read.start)
    count = read.count
    state = nil
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
