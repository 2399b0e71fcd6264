import CSystem
import Glibc
import Linker
import Platform

/// The memory of another process, through its memory file.
///
/// The kernel writes there whatever the mapping's protection is, giving the process a page of its
/// own where it had a file's: code stays non-writable for the process itself. It also does what the
/// machine needs before changed code may run (on aarch64, the instruction cache).
///
/// The file stays open for as long as we are attached. It belongs to the address space that the
/// process had when it was opened: once the process executes another program, or the same one anew,
/// reads and writes find nothing. So what is meant for this program is never written to the next.
/// Sources: proc(5) on `/proc/pid/mem`; the Linux parameter `proc_mem.force_override`.
final class ProcessMemory: Sendable {
  enum Failure: Error {
    /// The process has ended or executes another program.
    case gone
    case system(Errno)
  }

  private let file: FileDescriptor

  /// - Throws: the reason for which the system refuses, which is the one for attaching.
  init(_ path: String) throws(Errno) { file = try FileDescriptor.open(path, flags: O_RDWR) }

  /// A file of the same shape: what the kernel knows of each page, by page number.
  init(pageTable path: String) throws(Errno) {
    file = try FileDescriptor.open(path, flags: O_RDONLY)
  }

  deinit { file.close() }

  func read(_ address: UInt64, into buffer: UnsafeMutableRawBufferPointer) throws(Failure) {
    var done = 0
    while done < buffer.count {
      let offset = try Self.offset(address, done)
      let count: Int
      do {
        count = try retrying {
          pread(file.raw, buffer.baseAddress! + done, buffer.count - done, offset)
        }
      } catch { throw .system(error) }
      if count == 0 { throw .gone }
      done += count
    }
  }

  func bytes(_ address: UInt64, count: Int) throws(Failure) -> [UInt8] {
    // A typed error does not pass through the closure.
    var failure: Failure?
    let result = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      do throws(Failure) {
        try read(address, into: UnsafeMutableRawBufferPointer(buffer))
        initialized = count
      } catch { failure = error }
    }
    if let failure { throw failure }
    return result
  }

  /// Writes all of `bytes`, or some if it throws.
  ///
  /// - Parameter thread: a stopped thread, through which it is tried where the kernel was built not
  ///   to let memory files override protection.
  func write(_ bytes: [UInt8], at address: UInt64, through thread: pid_t) throws(Failure) {
    var done = 0
    while done < bytes.count {
      let offset = try Self.offset(address, done)
      let start = done
      let count = bytes.withUnsafeBytes {
        pwrite(file.raw, $0.baseAddress! + start, $0.count - start, offset)
      }
      if count < 0 {
        let error = Errno.current
        if error.code == EINTR { continue }
        guard Self.poke(bytes, from: done, at: address, through: thread) else {
          throw .system(error)
        }
        return
      }
      if count == 0 { throw .gone }
      done += count
    }
  }

  /// Writes `bytes[from...]` a word at a time; whether that went well.
  static func poke(
    _ bytes: [UInt8], from: Int, at address: UInt64, through thread: pid_t
  ) -> Bool {
    var index = from
    while index < bytes.count {
      let place = address + UInt64(index)
      let skip = Int(place & 7)
      var word: UInt64 = 0
      if weld_trace_peek(thread, place - UInt64(skip), &word) != 0 { return false }
      let count = min(8 - skip, bytes.count - index)
      withUnsafeMutableBytes(of: &word) { target in
        for offset in 0..<count { target[skip + offset] = bytes[index + offset] }
      }
      if weld_trace_poke(thread, place - UInt64(skip), word) != 0 { return false }
      index += count
    }
    return true
  }

  private static func offset(_ address: UInt64, _ done: Int) throws(Failure) -> off_t {
    let (sum, overflow) = address.addingReportingOverflow(UInt64(done))
    guard !overflow, let offset = off_t(exactly: sum) else { throw .system(Errno(EFAULT)) }
    return offset
  }
}
