import CSystem
import Glibc

/// Opens files of which many lie in the same directory.
///
/// Much of what the system does to open a file is the way through its directories. From the second
/// file in a row on, the way begins at their own. One thread uses it at a time.
public struct NearbyFiles {
  /// The directory part of the last path, with the slash.
  private var directory: [UInt8] = []
  /// The directory, once two paths in a row had it; negative without.
  private var descriptor: Int32 = -1

  public init() {}

  /// Gives back what is open.
  public mutating func close() {
    if descriptor >= 0 { _ = weld_close(descriptor) }
    descriptor = -1
    directory.removeAll(keepingCapacity: true)
  }

  /// Opens `path` as `FileDescriptor.open` does.
  mutating func open(_ path: String, flags: Int32) throws(Errno) -> FileDescriptor {
    let raw = path.withCString { path in
      while true {
        let raw = open(path, flags)
        if raw >= 0 || errno != EINTR { return raw }
      }
    }
    if raw < 0 { throw Errno.current }
    return FileDescriptor(raw: raw)
  }

  private mutating func open(_ path: UnsafePointer<CChar>, _ flags: Int32) -> Int32 {
    guard let slash = strrchr(path, 0x2f) else { return weld_open(path, flags, 0) }
    let length = UnsafePointer(slash) - path + 1
    let isKnown = directory.withUnsafeBufferPointer { known in
      known.count == length && memcmp(known.baseAddress!, path, length) == 0
    }
    if !isKnown {
      close()
      path.withMemoryRebound(to: UInt8.self, capacity: length) { start in
        directory.append(contentsOf: UnsafeBufferPointer(start: start, count: length))
      }
      return weld_open(path, flags, 0)
    }
    if descriptor < 0 {
      directory.append(0)
      descriptor = directory.withUnsafeBufferPointer { weld_open_directory($0.baseAddress!) }
      directory.removeLast()
      if descriptor < 0 { return weld_open(path, flags, 0) }
    }
    return weld_openat(descriptor, path + length, flags)
  }
}
