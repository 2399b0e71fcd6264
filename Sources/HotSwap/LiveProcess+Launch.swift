import CSystem
import Glibc
import Linker
import Platform
import Synchronization

/// How a process ended.
public enum ProcessEnd: Hashable, Sendable {
  case exited(status: Int32)
  case killed(signal: Int32)
  /// It ended, and its parent, which is another process, was told how.
  case unknown
}

extension LiveProcess {
  /// Starts a program and takes hold of it.
  ///
  /// It gets this process' standard streams. No signal is blocked in it: the calling thread may be
  /// one that blocks most of them, as threads of a pool do.
  ///
  /// - Parameters:
  ///   - arguments: all of them, the program's name first.
  ///   - environment: as `NAME=value`; nil for this process' own.
  ///   - program: what must be started, where the file may be replaced meanwhile; nil if whatever
  ///     has that name will do.
  /// - Returns: the process, which may have ended already: `waitForExit` tells how.
  /// - Throws: `SwapError` if it cannot be started or attached to; a program that was started
  ///   nevertheless has been killed then.
  public static func launch(
    _ path: String, arguments: [String], environment: [String]? = nil,
    program: ProgramIdentity? = nil, machine: ImageMachine? = nil,
    limits: SwapLimits = SwapLimits()
  ) throws(SwapError) -> LiveProcess {
    var argumentVector = arguments.map { strdup($0) } + [nil]
    var environmentVector = (environment ?? []).map { strdup($0) } + [nil]
    defer { for string in argumentVector + environmentVector { free(string) } }
    var attributes = posix_spawnattr_t()
    var noSignals = sigset_t()
    sigemptyset(&noSignals)
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    posix_spawnattr_setsigmask(&attributes, &noSignals)
    let file = try? ProgramIdentity(path: path)
    var id: pid_t = 0
    let status =
      environment == nil
      ? posix_spawn(&id, path, nil, &attributes, &argumentVector, environ)
      : posix_spawn(&id, path, nil, &attributes, &argumentVector, &environmentVector)
    guard status == 0 else {
      throw SwapError(.system, "cannot start \(path): \(String(cString: strerror(status)))")
    }
    do throws(SwapError) {
      return try LiveProcess(id, program: program, machine: machine, limits: limits, isChild: true)
    } catch {
      if let file, program.map({ file.isSameProgram(as: $0) }) ?? true,
        file.mismatch(with: machine) == nil, endsSoon(id),
        let ended = try? LiveProcess(ended: id, program: file, limits: limits)
      {
        return ended
      }
      kill(id, SIGKILL)
      var end: Int32 = 0
      while waitpid(id, &end, 0) < 0, errno == EINTR {}
      throw error
    }
  }

  /// Whether a child that could not be taken hold of has ended, or is about to: its end is told only
  /// when its memory has been given back, which takes long where there is much of it.
  private static func endsSoon(_ id: pid_t) -> Bool {
    let files = ProcessFiles(process: id)
    while true {
      let isOver = files.liveThread == nil
      var info = siginfo_t()
      let options = WEXITED | WNOHANG | WNOWAIT
      // Somebody else may have been told, and then nobody will be.
      guard waitid(P_PID, id_t(id), &info, options) == 0 else { return false }
      if info.si_signo == SIGCHLD { return true }
      if !isOver { return false }
      sleep(microseconds: 500)
    }
  }

  /// Waits until the process has ended.
  ///
  /// A process that was launched must be waited for in this way: `waitpid` elsewhere, for this or
  /// any process, would also be told of the stops that swaps make.
  @discardableResult
  public func waitForExit() -> ProcessEnd {
    while true {
      if let end = exitIfAny() { return end }
      descriptor.wait(milliseconds: 1000)
    }
  }

  /// How the process ended; nil while it runs.
  public func exitIfAny() -> ProcessEnd? {
    state.withLock { state in
      if let end = state.end { return end }
      var status: Int32 = 0
      // The end of the process is told when its last thread is gone; until then this is nobody's.
      guard descriptor.hasEnded else { return nil }
      if !isChild {
        state.end = .unknown
        return .unknown
      }
      let result = waitpid(id, &status, WNOHANG)
      if result == 0 { return nil }
      if result < 0 { state.end = errno == ECHILD ? .unknown : nil }
      if result == id, status & 0xff != 0x7f {
        let signal = status & 0x7f
        state.end =
          signal == 0 ? .exited(status: status >> 8 & 0xff) : .killed(signal: signal)
      }
      return state.end
    }
  }

  /// Sends the process a signal, which is delivered as if nobody were attached.
  ///
  /// - Throws: `SwapError.Code.ended`, or `notPermitted` if it belongs to somebody else.
  public func send(signal: Int32) throws(SwapError) {
    if state.withLock({ $0.end }) != nil {
      throw SwapError(.ended, "process \(id) has ended")
    }
    guard let error = descriptor.send(signal: signal) else { return }
    throw SwapError(
      error.code == ESRCH ? .ended : .notPermitted,
      "cannot send signal \(signal) to process \(id): \(error)")
  }
}
