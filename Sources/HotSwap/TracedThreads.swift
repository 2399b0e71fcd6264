import CSystem
import Glibc

/// The threads of a process while its tracer thread holds them.
///
/// Each thread is seized, which it does not notice, then asked to stop. A stop is any of these:
///
/// - the one asked for;
/// - a group-stop, as the process was stopped by a signal already: the kernel puts the thread back
///   into it when it is let go;
/// - a signal about to be delivered: it is handed over with letting go.
///
/// So signals are neither lost nor doubled. When all known threads have stopped, the list of threads
/// is read again: only one that is not in it yet could have made another meanwhile. Threads that end
/// on the way are forgotten; those of the process' own children are none of its threads.
///
/// The reports about stops are shared with every other thread of this process: a call of `waitpid`
/// elsewhere may have taken one. So where there is no report, the thread itself is asked now and
/// then.
struct TracedThreads {
  enum State {
    case seized
    /// Asked to stop.
    case asked
    /// Stopped; the signal is to be delivered, 0 for none.
    case stopped(signal: Int32)
  }
  struct Thread {
    let id: pid_t
    var state: State
    var registers: Registers?
  }

  let files: ProcessFiles
  private(set) var threads: [Thread] = []
  /// Nanoseconds, the last time at which no thread had stopped yet. A thread that waits for a
  /// processor when it is asked to stop does so when it gets one: until then it waits for others.
  private var stopBegan: UInt64 = 0
  /// Nanoseconds, when the last one was let go. What this thread does afterwards may wait for those
  /// that run again.
  private var stopEnded: UInt64 = 0

  /// How long threads were stopped, at most.
  var stoppedNanoseconds: UInt64 { stopEnded > stopBegan ? stopEnded - stopBegan : 0 }

  private var process: pid_t { files.process }

  init(_ process: pid_t) { files = ProcessFiles(process: process) }

  /// Those that were asked to stop and have not.
  var late: [pid_t] {
    threads.compactMap { if case .asked = $0.state { $0.id } else { nil } }
  }

  // MARK: Seizing

  /// Becomes the tracer of all threads that there are; they run on.
  ///
  /// - Returns: whether there were any that were not known.
  /// - Throws: `SwapError.Code.notPermitted` if the system refuses.
  @discardableResult
  mutating func seizeNewThreads() throws(SwapError) -> Bool {
    var found = false
    for id in files.threads() where !threads.contains(where: { $0.id == id }) {
      if weld_trace_seize(id) == 0 {
        threads.append(Thread(id: id, state: .seized))
        found = true
        continue
      }
      let code = errno
      // A thread that has ended is refused, too: it stays listed until its parent has asked for it.
      if code == ESRCH || files.hasEnded(id) { continue }
      throw Self.refusal(files, thread: id, code: code)
    }
    return found
  }

  /// Whether each thread is traced or has ended. A list that was read while a thread ended may lack
  /// those behind it.
  private func hasAllThreads() -> Bool {
    // Nearly always; the others stand while we look.
    if files.threadCount <= threads.count { return true }
    let listed = files.threads()
    let count = files.threadCount
    // Asked after the count, in which they are only if they are still there.
    let ended = listed.filter { id in
      !threads.contains { $0.id == id } && files.state(of: id) != nil && files.hasEnded(id)
    }
    return count <= threads.count + ended.count
  }

  /// Why the system does not let us trace a thread, with the remedy.
  static func refusal(_ files: ProcessFiles, thread: pid_t, code: Int32) -> SwapError {
    let tracer = files.tracer(of: thread)
    let scope = ProcessFiles.text("/proc/sys/kernel/yama/ptrace_scope")
      .flatMap { Int($0.filter { $0.isNumber }) }
    return SwapError(
      .notPermitted,
      refusalMessage(
        process: files.process, error: String(cString: strerror(code)), tracer: tracer,
        user: files.user(of: thread), ownUser: geteuid(), scope: scope))
  }

  /// - Parameter scope: the value of `kernel.yama.ptrace_scope`, nil where there is none.
  static func refusalMessage(
    process: pid_t, error: String, tracer: pid_t, user: uid_t?, ownUser: uid_t, scope: Int?
  ) -> String {
    let start = "cannot attach to process \(process): \(error)"
    if tracer != 0 {
      return start + ": thread \(tracer) traces it already; detach the debugger first"
    }
    if let user, user != ownUser, ownUser != 0 {
      let policy = scope.map { " (kernel.yama.ptrace_scope, which also decides, is \($0))" } ?? ""
      return start + ": it runs as user \(user), and this process as user \(ownUser); swap as the"
        + " same user or as root\(policy)"
    }
    switch scope {
    case 1:
      return start + ": kernel.yama.ptrace_scope is 1, so only a process' ancestors may trace it;"
        + " launch the program from here, or set /proc/sys/kernel/yama/ptrace_scope to 0"
    case 2:
      return start + ": kernel.yama.ptrace_scope is 2, so only processes with CAP_SYS_PTRACE may"
        + " trace others; run as root, or set /proc/sys/kernel/yama/ptrace_scope to 0 or 1"
    case 3:
      return start + ": kernel.yama.ptrace_scope is 3, so no process may trace another until the"
        + " machine is started anew; set it to 0 or 1 in /etc/sysctl.d"
    default:
      return start + ": kernel.yama.ptrace_scope is "
        + (scope.map { "\($0)" } ?? "not there")
        + ", so it is not what forbids it; a container needs the capability SYS_PTRACE, and a"
        + " program that is not dumpable (set-user-id) cannot be traced"
    }
  }

  // MARK: Stopping

  /// Stops all threads.
  ///
  /// - Parameters:
  ///   - nanoseconds: how long that may take, for late threads and for the others.
  ///   - late: those that did not stop when they were asked before. As long as they do not, the others
  ///     run on: a thread that waits for its child of `vfork` may do so for long.
  /// - Returns: in words, what did not stop in time; empty if everything did.
  /// - Throws: `SwapError.Code.ended` if there is no thread left.
  mutating func stop(
    within nanoseconds: UInt64, first late: [pid_t] = []
  ) throws(SwapError) -> [String] {
    // New threads are most likely seen before anything is stopped, where looking costs nothing.
    var rounds = 0
    while try seizeNewThreads(), rounds < 3 { rounds += 1 }
    stopBegan = monotonicNanoseconds()
    if !late.isEmpty {
      ask { late.contains($0) }
      let running = wait(until: stopBegan + nanoseconds)
      if !running.isEmpty { return running }
    }
    let deadline = monotonicNanoseconds() + nanoseconds
    while true {
      ask { _ in true }
      let running = wait(until: deadline)
      if !running.isEmpty { return running }
      if try !seizeNewThreads(), hasAllThreads() { break }
      if monotonicNanoseconds() > deadline {
        return ["process \(process) went on making threads"]
      }
    }
    for index in threads.indices { threads[index].registers = Registers(of: threads[index].id) }
    // Killed while they stood.
    threads.removeAll { $0.registers == nil }
    if threads.isEmpty {
      throw SwapError(.ended, "process \(process) has ended")
    }
    return []
  }

  private mutating func ask(_ isMeant: (pid_t) -> Bool) {
    for index in threads.indices where isMeant(threads[index].id) {
      guard case .seized = threads[index].state else { continue }
      _ = weld_trace_interrupt(threads[index].id)
      threads[index].state = .asked
    }
  }

  private mutating func wait(until deadline: UInt64) -> [String] {
    var round = 0
    var isAnyStopped = threads.contains { if case .stopped = $0.state { true } else { false } }
    while true {
      var running = 0
      if !isAnyStopped { stopBegan = monotonicNanoseconds() }
      // Every so often, as asking costs more than taking reports.
      let asks = round & 7 == 7
      for index in threads.indices.reversed() {
        guard case .asked = threads[index].state else { continue }
        switch poll(threads[index].id, asks: asks) {
        case .stopped(let reason):
          let signal = reason >> 8 == 0 ? reason & 0x7f : 0
          threads[index].state = .stopped(signal: signal)
          isAnyStopped = true
        case .gone: threads.remove(at: index)
        case .running: running += 1
        }
      }
      if running == 0 { return [] }
      if monotonicNanoseconds() > deadline { break }
      // A thread that has no processor stops when it gets one: that may be the one we are on.
      if round < 16 { sched_yield() } else { sleep(microseconds: min(round, 200)) }
      round += 1
    }
    return threads.compactMap { thread in
      guard case .asked = thread.state else { return nil }
      return "\(files.describe(thread.id)) did not stop (\(files.waiting(thread.id)))"
    }
  }

  private enum Report {
    case running
    case stopped(reason: Int32)
    case gone
  }

  private func poll(_ thread: pid_t, asks: Bool) -> Report {
    var reason: Int32 = 0
    // The first thread's end is the process' end, which whoever started it wants to hear of.
    switch weld_trace_wait(thread, thread == process ? 0 : 1, &reason) {
    case 1: return .stopped(reason: reason)
    case 2: return .gone
    case 0 where !asks: return .running
    default:
      reason = weld_trace_stop_reason(thread)
      if reason >= 0 { return .stopped(reason: reason) }
      return files.hasEnded(thread) ? .gone : .running
    }
  }

  /// Lets all stopped threads run on, or back into the stop that they were in. Those that have not
  /// stopped are let go when the tracer thread ends.
  mutating func resume() {
    if threads.isEmpty { return }
    var isAnyAsked = false
    for thread in threads {
      switch thread.state {
      case .seized: break
      case .asked: isAnyAsked = true
      case .stopped(let signal):
        stopEnded = monotonicNanoseconds()
        _ = weld_trace_detach(thread.id, signal)
      }
    }
    // It may stop until this thread ends.
    if isAnyAsked { stopEnded = monotonicNanoseconds() }
    threads.removeAll()
  }
}
