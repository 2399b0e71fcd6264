// Changing a program while it runs.
//
// A swap is all or nothing, and seen by no thread half done: all threads of the process are stopped,
// what is at the places to be written is read, everything is written, and the threads run on. If
// something cannot be written, what was read is put back before they do.
//
// Between swaps the process is not traced: a debugger may attach, signals and stops are nobody's
// business but its own. `TracerThread` tells why it cannot stay stopped, `TracedThreads` how
// threads are stopped without losing signals, `ProcessMemory` how code is written and why it never
// lands in another program, `ThreadSearch` how long old code is kept.
//
// What a program may notice: a few system calls that wait (`epoll_wait`, `semop`, `sigtimedwait`,
// `io_getevents`) return EINTR when the process is stopped and continued, as signal(7) says. Other
// processes that share its memory without being its threads (`clone` with CLONE_VM alone) are not
// stopped; a child of `vfork` is waited for, as its parent cannot stop before it is done, while the
// other threads run.

import CSystem
import Glibc
public import Linker
import Platform
import Synchronization

/// A running process whose code can be changed.
///
/// A program that was launched should also be waited for, with `waitForExit`. Calls may be made from any thread; one swap runs at a time.
public final class LiveProcess: Sendable {
  public let id: pid_t
  /// The file that the process runs.
  public let program: ProgramIdentity
  /// How long a swap tries.
  public let limits: SwapLimits

  let files: ProcessFiles
  /// Where the first thread's stack begins.
  let startOfStack: UInt64
  /// Clock ticks from the system's start to the process'.
  let startTime: UInt64
  let descriptor: ProcessDescriptor
  /// Whether this process started it, so that its end can be waited for.
  let isChild: Bool

  struct State {
    /// Nil when detached.
    var memory: ProcessMemory?
    /// How it ended, once that was asked for.
    var end: ProcessEnd?
  }
  let state: Mutex<State>
  /// Held while the process is stopped.
  private let swapping = Mutex<Void>(())

  /// Takes hold of a running process.
  ///
  /// - Parameters:
  ///   - program: what it must run; nil if any program will do.
  ///   - machine: the image's machine, nil if the image is for this one.
  /// - Throws: `SwapError` with `ended`, `notPermitted` or `otherProgram`.
  public convenience init(
    attachingTo id: pid_t, program: ProgramIdentity? = nil, machine: ImageMachine? = nil,
    limits: SwapLimits = SwapLimits()
  ) throws(SwapError) {
    try self.init(id, program: program, machine: machine, limits: limits, isChild: false)
  }

  init(
    _ id: pid_t, program expected: ProgramIdentity?, machine: ImageMachine?, limits: SwapLimits,
    isChild: Bool
  ) throws(SwapError) {
    self.id = id
    self.limits = limits
    self.isChild = isChild
    files = ProcessFiles(process: id)
    do throws(Errno) {
      descriptor = try ProcessDescriptor(id)
    } catch { throw SwapError(.ended, "there is no process \(id) to attach to: \(error)") }
    state = Mutex(State())
    // A program that was just started may still have what started it in its memory.
    if isChild { try Self.waitForStart(files) }
    startOfStack = files.startOfStack
    startTime = files.startTime
    let memory: ProcessMemory
    (program, memory) = try Self.open(files, expecting: expected, machine)
    // Whether we may trace it shows only when we do.
    try TracerThread.run { () throws(SwapError) in
      var threads = TracedThreads(id)
      try threads.seizeNewThreads()
    }
    state.withLock { $0.memory = memory }
  }

  /// The file that a process runs, which must be the right one, and its memory.
  private static func open(
    _ files: ProcessFiles, expecting expected: ProgramIdentity?, _ machine: ImageMachine?
  ) throws(SwapError) -> (ProgramIdentity, ProcessMemory) {
    let id = files.process
    let result = try files.ask { (thread) throws(SwapError) in
      let program: ProgramIdentity
      do throws(SwapError) {
        program = try ProgramIdentity(path: files.path(thread, "exe"))
      } catch { throw TracedThreads.refusal(files, thread: thread, code: EACCES) }
      if let mismatch = program.mismatch(with: machine) {
        throw SwapError(.otherProgram, "cannot swap code in process \(id): \(mismatch)")
      }
      if let expected, !program.isSameProgram(as: expected) {
        throw SwapError(
          .otherProgram,
          "process \(id) runs another program (\(program)) than the image was started as"
            + " (\(expected)): restart it")
      }
      do throws(Errno) {
        return (program, try ProcessMemory(files.path(thread, "mem")))
      } catch { throw TracedThreads.refusal(files, thread: thread, code: error.code) }
    }
    guard let result else { throw SwapError(.ended, "process \(id) has ended") }
    return result
  }

  /// A program that was started and has ended before it could be taken hold of.
  init(ended id: pid_t, program: ProgramIdentity, limits: SwapLimits) throws(SwapError) {
    self.id = id
    self.program = program
    self.limits = limits
    isChild = true
    files = ProcessFiles(process: id)
    do throws(Errno) {
      descriptor = try ProcessDescriptor(id)
    } catch { throw SwapError(.ended, "process \(id) has ended") }
    startOfStack = 0
    startTime = files.startTime
    state = Mutex(State())
  }

  /// Waits until a process that was started executes its program, and has all of that in its memory.
  ///
  /// Nothing is asked of the program itself: its first thread may wait for a child by then, and cannot
  /// stop before that has executed something or ended.
  private static func waitForStart(_ files: ProcessFiles) throws(SwapError) {
    // What this waits for is done by the kernel; a file system may keep it waiting.
    let deadline = monotonicNanoseconds() + 10_000_000_000
    var round = 0
    while true {
      switch files.execution {
      case .executed: return
      case .hidden where round >= 100: return
      case .hidden, .pending: break
      }
      if monotonicNanoseconds() > deadline {
        throw SwapError(
          .timeLimit,
          "process \(files.process) has not begun to execute its program within 10 seconds",
          reasons: ["it is in \(files.waiting(files.process))"])
      }
      if round < 16 { sched_yield() } else { sleep(microseconds: min(round, 200)) }
      round += 1
    }
  }

  /// Lets go of the process for good; it runs on.
  public func detach() {
    swapping.withLock { _ in state.withLock { $0.memory = nil } }
  }

  /// The process' memory while it is there.
  func memory() throws(SwapError) -> ProcessMemory {
    let (memory, end) = state.withLock { ($0.memory, $0.end) }
    if end != nil || descriptor.hasEnded {
      throw SwapError(.ended, "process \(id) has ended")
    }
    guard let memory else {
      throw SwapError(.ended, "process \(id) was detached; attach again")
    }
    return memory
  }

  /// Whether the process is there no more.
  var hasEnded: Bool { state.withLock { $0.end } != nil || descriptor.hasEnded }

  /// What tells the process apart from all others.
  var target: SwapTarget {
    SwapTarget(
      process: id, startTime: startTime, device: program.device, inode: program.inode)
  }

  /// Makes sure that the process is there and executes the program that was attached to.
  func checkRuns() throws(SwapError) {
    let memory = try memory()
    do throws(ProcessMemory.Failure) {
      // Whether there is something at this address does not matter.
      _ = try memory.bytes(0, count: 1)
    } catch { if case .gone = error { throw Self.gone(id) } }
  }

  static func gone(_ id: pid_t) -> SwapError {
    SwapError(.ended, "process \(id) has ended or executes another program: restart it from here")
  }

  // MARK: Preflight

  /// Why a change could not be made, in words, without stopping the process; empty if nothing is
  /// known to stand in its way.
  ///
  /// - Throws: `SwapError.Code.ended`.
  public func preflight(_ set: ImagePatchSet) throws(SwapError) -> [String] {
    try preflight(PatchPlan(set.patches), set.refusals)
  }

  func preflight(_ plan: PatchPlan, _ refusals: [String]) throws(SwapError) -> [String] {
    let memory = try memory()
    let text = try files.ask { (thread) throws(SwapError) in
      guard let text = ProcessFiles.contents(files.path(thread, "maps")), !text.isEmpty else {
        throw Self.gone(id)
      }
      return text
    }
    guard let text else { throw Self.gone(id) }
    var reasons = refusals + plan.obstacles(in: ProcessMap(text))
    if !reasons.isEmpty { return reasons }
    for patch in plan.patches where patch.kind == .slot && !patch.old.isEmpty {
      do throws(ProcessMemory.Failure) {
        let present = try memory.bytes(patch.address, count: patch.bytes.count)
        if let conflict = PatchPlan.conflict(patch, present: present) { reasons.append(conflict) }
      } catch {
        switch error {
        case .gone: throw Self.gone(id)
        case .system(let reason):
          reasons.append("the slot at \(hex(patch.address)) cannot be read: \(reason)")
        }
      }
    }
    return reasons
  }

  // MARK: Swapping

  /// Makes a change, or leaves the process as it was.
  ///
  /// - Parameters:
  ///   - retired: ranges of which the report says whether threads may still be in them.
  ///   - name: what is at an address, for messages; called on another thread, while this one waits.
  /// - Throws: `SwapError`; all codes but `system` say something about the change or the process.
  public func apply(
    _ set: ImagePatchSet, retired: [Range<UInt64>] = [], name: ((UInt64) -> String?)? = nil
  ) throws(SwapError) -> SwapReport {
    try apply(set, retired: retired, name: name, isChecked: true)
  }

  /// - Parameter isChecked: whether preflight comes first; tests go without.
  func apply(
    _ set: ImagePatchSet, retired: [Range<UInt64>], name: ((UInt64) -> String?)?, isChecked: Bool
  ) throws(SwapError) -> SwapReport {
    var plan = PatchPlan(set.patches)
    if isChecked {
      let reasons = try preflight(plan, set.refusals)
      if !reasons.isEmpty {
        throw SwapError(.refused, "process \(id) cannot take the change", reasons: reasons)
      }
    }
    let memory = try memory()
    do throws(ProcessMemory.Failure) {
      plan = try plan.settlingZeros(in: memory)
    } catch {
      guard case .system(let reason) = error else { throw Self.gone(id) }
      throw SwapError(
        .notWritten, "cannot read the memory of process \(id): \(reason); nothing was written")
    }
    var report = try attempt { [self, plan] (threads) throws(SwapError) in
      var swap = Swap(process: self, memory: memory, plan: plan, name: name)
      return try swap.run(threads, retired: retired)
    }
    report.swapped = set.swapped
    return report
  }

  /// Looks again which retired ranges no thread can be in.
  ///
  /// - Parameter includingMemory: whether pointers in the program's data count as well, for programs
  ///   that keep the addresses of their functions, or have coroutines; it takes longer.
  /// - Returns: those ranges; those that touched or overlapped may be joined.
  /// - Throws: `SwapError` with `ended`, `notPermitted` or `timeLimit`.
  public func quiescentRanges(
    of retired: [Range<UInt64>], includingMemory: Bool = false
  ) throws(SwapError) -> [Range<UInt64>] {
    if retired.isEmpty { return [] }
    let memory = try memory()
    let report = try attempt { [self] (threads) throws(SwapError) in
      let swap = Swap(process: self, memory: memory, plan: PatchPlan([]), name: nil)
      try swap.check()
      var search = ThreadSearch(retired, budget: includingMemory ? Int.max : 64 << 20)
      for thread in threads {
        search.search(thread, startOfStack: startOfStack, files: files)
      }
      if includingMemory, let thread = threads.first {
        search.searchMemory(thread.id, files: files)
      }
      var report = SwapReport()
      report.quiescent = search.free
      return .done(report)
    }
    return report.quiescent
  }

  enum Outcome {
    case done(SwapReport)
    /// Threads are in the way; later they may not be.
    case busy([String])
    case notStopped([String])
  }

  /// Runs `body` while all threads are stopped, again if they are in the way.
  private func attempt(
    _ body: @escaping ([TracedThreads.Thread]) throws(SwapError) -> Outcome
  ) throws(SwapError) -> SwapReport {
    let result = swapping.withLock { _ in
      Result { () throws(SwapError) in try attemptAlone(body) }
    }
    return try result.get()
  }

  private func attemptAlone(
    _ body: @escaping ([TracedThreads.Thread]) throws(SwapError) -> Outcome
  ) throws(SwapError) -> SwapReport {
    var outcome = Outcome.notStopped([])
    var longest: UInt64 = 0
    var late: [pid_t] = []
    for number in 0..<max(1, limits.attempts) {
      // A thread that is in the way gets time to leave.
      if number > 0 { sleep(microseconds: 500 << min(number, 6)) }
      let limit = UInt64(limits.stopMicroseconds) * 1000 << UInt64(min(number, 10))
      var stopped: UInt64 = 0
      outcome = try TracerThread.run { [id] () throws(SwapError) in
        var threads = TracedThreads(id)
        defer { threads.resume() }
        let running = try threads.stop(within: limit, first: late)
        late = threads.late
        let held = monotonicNanoseconds()
        var outcome = running.isEmpty ? try body(threads.threads) : .notStopped(running)
        if case .done(var report) = outcome {
          report.threads = threads.threads.count
          report.heldMicroseconds = Double(monotonicNanoseconds() - held) / 1000
          report.attempts = number + 1
          outcome = .done(report)
        }
        threads.resume()
        stopped = threads.stoppedNanoseconds
        return outcome
      }
      longest = max(longest, stopped)
      if case .done(var report) = outcome {
        report.stoppedMicroseconds = Double(longest) / 1000
        return report
      }
    }
    switch outcome {
    case .done(let report): return report
    case .busy(let reasons):
      throw SwapError(
        .busy,
        "process \(id) is still in the code to be replaced after \(limits.attempts) attempts;"
          + " try again when it has left it", reasons: reasons)
    case .notStopped(let reasons):
      throw SwapError(
        .timeLimit, "process \(id) could not be stopped in \(limits.attempts) attempts",
        reasons: reasons)
    }
  }
}
