import CSystem
import Glibc
import Platform

/// A descriptor for a process, which stays the right one when its number is given to another
/// process. Where the kernel has none (before Linux 5.3), the number has to do.
final class ProcessDescriptor: Sendable {
  private let process: pid_t
  private let file: FileDescriptor?

  /// - Throws: ESRCH if there is no such process.
  init(_ process: pid_t) throws(Errno) {
    self.process = process
    let raw = weld_pidfd_open(process)
    if raw < 0, errno != ENOSYS { throw Errno.current }
    file = raw < 0 ? nil : FileDescriptor(raw: raw)
  }

  deinit { file?.close() }

  /// Sends a signal, or with 0 only asks whether that could be done; the error, nil if there is
  /// none.
  func send(signal: Int32) -> Errno? {
    let status = file.map { weld_pidfd_signal($0.raw, signal) } ?? kill(process, signal)
    return status == 0 ? nil : Errno.current
  }

  /// Whether all of the process' threads have ended.
  var hasEnded: Bool { wait(milliseconds: 0) }

  /// Waits until it has ended, but not for long.
  @discardableResult
  func wait(milliseconds: Int32) -> Bool {
    guard let file else {
      if milliseconds > 0 { sleep(microseconds: 10_000) }
      return ProcessFiles(process: process).liveThread == nil
    }
    var wanted = pollfd(fd: file.raw, events: Int16(POLLIN), revents: 0)
    return poll(&wanted, 1, milliseconds) == 1
  }
}
