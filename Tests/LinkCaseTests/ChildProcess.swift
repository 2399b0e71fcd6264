// Runs one command to its end and keeps what it wrote.
//
// The cases run compilers, linkers, shells and freshly linked programs, any of which may hang or
// leave children behind. Every command therefore gets a process group of its own and a deadline;
// when the deadline passes the whole group is killed. Both streams are drained through pipes while
// waiting, so that a chatty command cannot block on a full pipe.

import Glibc
import Synchronization

/// How a finished command ended and what it wrote.
struct CommandResult: Sendable {
  enum End: Sendable, Equatable {
    case exited(Int32)
    case killed(signal: Int32)
    case timedOut(seconds: Int)
  }

  var end: End
  var standardOutput: String
  var standardError: String

  var succeeded: Bool { end == .exited(0) }

  /// The end in words, for failure reports.
  var summary: String {
    switch end {
    case .exited(let code): "exit status \(code)"
    case .killed(let signal): "killed by signal \(signal) (\(String(cString: strsignal(signal))))"
    case .timedOut(let seconds): "no end after \(seconds) s"
    }
  }
}

/// A command line with the place and environment it runs in.
struct Command: Sendable {
  /// Program (looked up in PATH if it has no slash) and arguments.
  var words: [String]
  /// The working directory.
  var directory: String
  /// Variables set on top of this process's own.
  var environment: [String: String] = [:]
  /// Seconds until the command and its children are killed.
  var timeout = 120

  /// The command as one would type it.
  var line: String { words.map(shellQuoted).joined(separator: " ") }

  /// Runs the command and waits for it.
  ///
  /// - Throws: `CaseFailure` if it cannot be started.
  func run() throws(CaseFailure) -> CommandResult {
    let started = spawning.withLock { _ in
      Result { () throws(CaseFailure) in
        let output = try Pipe()
        let errors = try Pipe()
        defer {
          close(output.writeEnd)
          close(errors.writeEnd)
        }
        return (output, errors, try spawn(output: output, errors: errors))
      }
    }
    let (output, errors, pid) = try started.get()
    defer {
      close(output.readEnd)
      close(errors.readEnd)
    }

    let deadline = monotonicMilliseconds() + timeout * 1000
    let (outBytes, errBytes, inTime) = drain(output.readEnd, errors.readEnd, until: deadline)
    let status = inTime ? wait(for: pid, until: deadline) : nil
    guard let status else {
      kill(-pid, SIGKILL)
      var ignored: Int32 = 0
      while waitpid(pid, &ignored, 0) < 0 && errno == EINTR {}
      return CommandResult(
        end: .timedOut(seconds: timeout), standardOutput: outBytes, standardError: errBytes)
    }
    let signal = status & 0x7f
    return CommandResult(
      end: signal == 0 ? .exited((status >> 8) & 0xff) : .killed(signal: signal),
      standardOutput: outBytes, standardError: errBytes)
  }

  private func spawn(output: Pipe, errors: Pipe) throws(CaseFailure) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    var attributes = posix_spawnattr_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawnattr_init(&attributes)
    defer {
      posix_spawn_file_actions_destroy(&actions)
      posix_spawnattr_destroy(&attributes)
    }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, output.writeEnd, 1)
    posix_spawn_file_actions_adddup2(&actions, errors.writeEnd, 2)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETPGROUP))
    posix_spawnattr_setpgroup(&attributes, 0)

    var variables = inheritedEnvironment
    for (name, value) in environment { variables[name] = value }
    // Glibc's module has no spawn action that changes the directory, but coreutils' env can.
    let argumentVector = (["env", "-C", directory] + words).map { strdup($0) } + [nil]
    let environmentVector = variables.map { strdup("\($0.key)=\($0.value)") } + [nil]
    defer { for string in argumentVector + environmentVector { free(string) } }

    var pid: pid_t = 0
    let code = posix_spawnp(&pid, "env", &actions, &attributes, argumentVector, environmentVector)
    guard code == 0 else {
      throw CaseFailure("cannot start \(line): \(String(cString: strerror(code)))")
    }
    return pid
  }
}

/// Held while a command starts. A command must not inherit the pipes of another, or they would stay
/// open after their own command has gone, and descriptors become close-on-exec only in a second
/// step.
private let spawning = Mutex(())

/// A close-on-exec pipe.
private struct Pipe {
  let readEnd: Int32
  let writeEnd: Int32

  init() throws(CaseFailure) {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw CaseFailure("cannot make a pipe") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    (readEnd, writeEnd) = (ends[0], ends[1])
  }
}

/// Reads both descriptors to their ends; the flag tells whether that happened before the deadline.
private func drain(
  _ first: Int32, _ second: Int32, until deadline: Int
) -> (String, String, Bool) {
  var bytes: [[UInt8]] = [[], []]
  var open = [true, true]
  let descriptors = [first, second]
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  // A program that prints for ever must not fill memory before its time is up.
  let limit = 64 << 20
  while open[0] || open[1] {
    let left = deadline - monotonicMilliseconds()
    if left <= 0 { break }
    var polled = (0..<2).map { index in
      pollfd(fd: open[index] ? descriptors[index] : -1, events: Int16(POLLIN), revents: 0)
    }
    if poll(&polled, 2, Int32(min(left, 1000))) <= 0 { continue }
    for index in 0..<2 where polled[index].revents != 0 {
      let count = read(descriptors[index], &buffer, buffer.count)
      if count > 0 {
        if bytes[index].count < limit { bytes[index].append(contentsOf: buffer[..<count]) }
      } else if count == 0 || errno != EINTR {
        open[index] = false
      }
    }
  }
  return (
    String(decoding: bytes[0], as: UTF8.self), String(decoding: bytes[1], as: UTF8.self),
    !open[0] && !open[1]
  )
}

/// The wait status, or nil if the process still runs at the deadline.
private func wait(for pid: pid_t, until deadline: Int) -> Int32? {
  var status: Int32 = 0
  while true {
    let result = waitpid(pid, &status, WNOHANG)
    if result == pid { return status }
    if result < 0 && errno != EINTR { return nil }
    if monotonicMilliseconds() > deadline { return nil }
    usleep(500)
  }
}

private func monotonicMilliseconds() -> Int {
  var now = timespec()
  clock_gettime(CLOCK_MONOTONIC, &now)
  return now.tv_sec * 1000 + now.tv_nsec / 1_000_000
}

/// This process's variables, without those by which the build tool steers its own children.
private let inheritedEnvironment: [String: String] = {
  var result: [String: String] = [:]
  var next = environ
  while let entry = next.pointee {
    let parts = String(cString: entry).split(
      separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
    if parts.count == 2 { result[String(parts[0])] = String(parts[1]) }
    next += 1
  }
  for name in ["LD_LIBRARY_PATH", "LD_PRELOAD", "CFLAGS", "CXXFLAGS", "LDFLAGS"] {
    result[name] = nil
  }
  // Messages of compilers and tools are compared with English text.
  result["LC_ALL"] = "C"
  return result
}()
