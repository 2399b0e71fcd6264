import Glibc
import Linker
import Testing

@testable import HotSwap

extension HotSwapTests {
  /// Swaps in a program that computes meanwhile.
  @Suite(.serialized) struct RunningSwap {
    @Test func everyEditIsSeen() throws {
      let subject = try Subject("threads=3")
      var stops: [Double] = []
      var holds: [Double] = []
      for _ in 0..<300 {
        let report = try subject.swapVersion()
        #expect(report.swapped == ["f"])
        #expect(report.threads == 4)
        stops.append(report.stoppedMicroseconds)
        holds.append(report.heldMicroseconds)
        let seen = waitUntil { subject[.version] == subject.currentVersion }
        #expect(seen, "version \(subject.currentVersion) is not called")
        if !seen { break }
      }
      #expect(subject[.errors] == 0)
      stops.sort()
      holds.sort()
      // How long threads take to stop is up to what else runs on the machine; what is ours is not.
      #expect(holds[150] <= 1000, "held for \(holds[150]) microseconds")
      #expect(stops[0] <= 1000, "stopped for \(stops[0]) microseconds at the least")
      if getenv("WELD_TEST_TIMES") != nil {
        print(
          "stopped: median \(stops[150]), 90% \(stops[270]), 99% \(stops[297]), most \(stops[299])")
        print(
          "held: median \(holds[150]), 90% \(holds[270]), 99% \(holds[297]), most \(holds[299])")
      }
      #expect(subject.finish() == .exited(status: 42))
    }

    /// Timers, queued signals, threads and children that come and go all the time.
    @Test func nothingIsLost() throws {
      let subject = try Subject("threads=2", "timer", "queue", "churn", "children")
      for _ in 0..<150 {
        try subject.swapVersion()
        sleep(microseconds: 2000)
      }
      #expect(waitUntil { subject[.version] == subject.currentVersion })
      #expect(subject.finish() == .exited(status: 42))
      #expect(subject[.errors] == 0)
      #expect(subject[.oddResults] == 0)
      #expect(subject[.sent] > 0)
      #expect(subject[.received] == subject[.sent])
      #expect(subject[.alarms] > 0)
      #expect(subject[.threadsMade] > 0)
      #expect(subject[.childrenMade] > 0)
    }

    /// Threads that are made while others are being stopped are stopped, too.
    @Test func allThreadsStand() throws {
      let subject = try Subject("threads=1", "churn")
      let files = subject.process.files
      for _ in 0..<200 {
        let moving = try TracerThread.run { () throws(SwapError) -> [pid_t]? in
          var threads = TracedThreads(files.process)
          defer { threads.resume() }
          guard try threads.stop(within: 1_000_000_000).isEmpty else { return nil }
          let known = Set(threads.threads.map { $0.id })
          return files.threads().filter { id in
            guard let state = files.state(of: id) else { return false }
            // One on its way out runs, but in nobody's memory.
            return known.contains(id) ? state != "t" : !files.hasEnded(id)
          }
        }
        #expect(moving == [])
      }
      // And then none stands or is traced any more.
      #expect(files.tracer(of: files.process) == 0)
      let made = subject[.threadsMade]
      #expect(waitUntil { subject[.threadsMade] > made + 100 })
      #expect(subject.finish() == .exited(status: 42))
    }

    @Test func waitingIsNotInterrupted() throws {
      let subject = try Subject("threads=0", "waiting")
      for _ in 0..<100 { try subject.swapVersion() }
      #expect(waitUntil { subject[.version] == subject.currentVersion })
      #expect(subject[.interrupted] == 0)
      #expect(subject.finish() == .exited(status: 42))
    }

    /// Reports of stops that somebody else takes do not hold a swap up.
    @Test func reportsMayBeTakenByOthers() throws {
      let subject = try Subject("threads=2")
      let id = subject.process.id
      let thief = Thread {
        var status: Int32 = 0
        // Without this option, too, it would be told of traced stops.
        while waitpid(id, &status, WNOHANG | WUNTRACED) >= 0 { sched_yield() }
      }
      for _ in 0..<50 { try subject.swapVersion() }
      #expect(waitUntil { subject[.version] == subject.currentVersion })
      try subject.process.send(signal: SIGKILL)
      thief.join()
      // It was the thief who was told.
      #expect(subject.process.waitForExit() == .unknown)
    }

    @Test func firstThreadMayHaveEnded() throws {
      let subject = try Subject("threads=2", "no-leader")
      #expect(waitUntil { subject.process.files.hasEnded(subject.process.id) })
      for _ in 0..<20 { try subject.swapVersion() }
      #expect(waitUntil { subject[.version] == subject.currentVersion })
      let second = try LiveProcess(attachingTo: subject.process.id)
      #expect(second.program == subject.process.program)
      #expect(try second.preflight(ImagePatchSet()) == [])
    }

    @Test func stoppedProcessStaysStopped() throws {
      let subject = try Subject("threads=2")
      try subject.process.send(signal: SIGSTOP)
      let files = subject.process.files
      let stopped = { files.threads().allSatisfy { files.state(of: $0) == "T" } }
      #expect(waitUntil(stopped))
      for _ in 0..<5 { try subject.swapVersion() }
      #expect(waitUntil(stopped))
      #expect(subject[.version] == 0)
      try subject.process.send(signal: SIGCONT)
      #expect(waitUntil { subject[.version] == subject.currentVersion })
      #expect(subject.finish() == .exited(status: 42))
    }

    @Test func childOfVforkIsWaitedFor() throws {
      let subject = try Subject("threads=1", "vfork")
      subject[.held] = 1
      let report = try subject.swapVersion()
      #expect(report.attempts > 1)
      #expect(waitUntil { subject[.version] == subject.currentVersion })
    }

    /// While a thread is waited for that did not stop before, the others run.
    @Test func lateThreadsStopFirst() throws {
      let subject = try Subject("threads=1", "vfork")
      let id = subject.process.id
      func calls(first late: [pid_t]) throws -> (late: [pid_t], calls: UInt64) {
        try TracerThread.run { () throws(SwapError) in
          var threads = TracedThreads(id)
          defer { threads.resume() }
          let before = subject[.calls]
          #expect(try threads.stop(within: 300_000_000, first: late) != [])
          return (threads.late, subject[.calls] - before)
        }
      }
      let first = try calls(first: [])
      let second = try calls(first: first.late)
      #expect(first.late == [id])
      #expect(second.late == [id])
      #expect(second.calls > 10 * first.calls + 1000, "\(first.calls), then \(second.calls)")
    }

    @Test func threadThatDoesNotStopIsNamed() throws {
      var limits = SwapLimits()
      limits.attempts = 2
      limits.stopMicroseconds = 5000
      let subject = try Subject("threads=1", "vfork", limits: limits)
      let error = #expect(throws: SwapError.self) { try subject.swapVersion() }
      #expect(error?.code == .timeLimit)
      #expect(
        error?.description.contains("thread \(subject.process.id) (subject) did not stop") == true)
      // The others run on.
      let calls = subject[.calls]
      #expect(waitUntil { subject[.calls] > calls + 100 })
      #expect(subject[.version] == 0)
    }

    @Test func killedTracerLetsGo() throws {
      let subject = try Subject("threads=2")
      for round in 0..<8 {
        var ends: [Int32] = [0, 0]
        let words = [
          Fixture.probe, "rewrite", "\(subject.process.id)", "\(subject[.constants] + 16)", "4000",
        ]
        let probe = try #require(Fixture.start(words, &ends))
        var first: UInt8 = 0
        #expect(read(ends[0], &first, 1) == 1)
        sleep(microseconds: 20_000 + 3_777 * round)
        kill(probe, SIGKILL)
        var status: Int32 = 0
        while waitpid(probe, &status, 0) < 0, errno == EINTR {}
        #expect(status & 0x7f == SIGKILL)
        close(ends[0])
        let calls = subject[.calls]
        #expect(waitUntil { subject[.calls] > calls + 100 }, "the subject does not run on")
      }
      try subject.swapVersion()
      #expect(waitUntil { subject[.version] == subject.currentVersion })
      #expect(subject.finish() == .exited(status: 42))
    }

    @Test func executedProgramIsNotWrittenTo() throws {
      let subject = try Subject("threads=2")
      try subject.swapVersion()
      subject[.hold] = 2
      #expect(waitUntil { subject[.generation] == 2 })
      let error = #expect(throws: SwapError.self) { try subject.swapVersion() }
      #expect(error?.code == .ended)
      let unchecked = #expect(throws: SwapError.self) {
        let function = subject.place(MachineCode.endless)
        _ = try subject.process.apply(
          subject.patches(function, slots: 0..<1), retired: [], name: nil, isChecked: false)
      }
      #expect(unchecked?.code == .ended)
      let collected = #expect(throws: SwapError.self) {
        try subject.process.quiescentRanges(of: [0..<1])
      }
      #expect(collected?.code == .ended)
      // The same program from the beginning, in its first state, can be attached to.
      let again = try LiveProcess(
        attachingTo: subject.process.id, program: subject.process.program)
      let function = subject.place(MachineCode.function(returning: 7))
      let wrong = subject.patches(function, slots: 0..<Subject.sharedSlots)
      #expect(try again.preflight(wrong).first?.contains("not in the state") == true)
      #expect(subject.finish() == .exited(status: 42))
    }

    @Test func endIsTold() throws {
      let subject = try Subject("threads=1")
      #expect(subject.process.exitIfAny() == nil)
      try subject.process.send(signal: SIGTERM)
      #expect(subject.process.waitForExit() == .killed(signal: SIGTERM))
      #expect(subject.process.waitForExit() == .killed(signal: SIGTERM))
      let error = #expect(throws: SwapError.self) { try subject.swapVersion() }
      #expect(error?.code == .ended)
      #expect(throws: SwapError.self) { try subject.process.send(signal: SIGTERM) }
      #expect(throws: SwapError.self) { try LiveProcess(attachingTo: subject.process.id) }
    }

    /// A process that ends in the middle of a swap is told as ended, and its parent how.
    @Test(arguments: [SIGTERM, SIGKILL, 0])
    func endMayComeAtAnyTime(signal: Int32) throws {
      for round in 0..<12 {
        let subject = try Subject("threads=2", "churn")
        let id = subject.process.id
        let stop = UInt(bitPattern: subject.address(of: .stop))
        let killer = Thread {
          sleep(microseconds: 1000 + 377 * round)
          if signal != 0 {
            kill(id, signal)
          } else {
            UnsafeMutablePointer<UInt64>(bitPattern: stop)?.pointee = 1
          }
        }
        var failure: SwapError?
        while failure == nil {
          do throws(SwapError) {
            _ = try subject.process.apply(
              subject.patches(
                subject.place(MachineCode.function(returning: 0)), slots: 14..<15))
            subject.next = subject[.room] + 64
          } catch {
            // The old function is in use now and then.
            if error.code != .refused { failure = error }
          }
        }
        #expect(failure?.code == .ended, "\(failure?.description ?? "")")
        killer.join()
        let end = subject.process.waitForExit()
        #expect(end == (signal == 0 ? .exited(status: 42) : .killed(signal: signal)))
      }
    }

    @Test func detachedProcessRunsOn() throws {
      let subject = try Subject("threads=1")
      subject.process.detach()
      let error = #expect(throws: SwapError.self) { try subject.swapVersion() }
      #expect(error?.message.contains("attach again") == true)
      #expect(subject.finish() == .exited(status: 42))
    }
  }
}

/// A thread for a test.
final class Thread {
  private var handle = pthread_t()

  init(_ body: @escaping @Sendable () -> Void) {
    final class Box {
      let body: () -> Void
      init(_ body: @escaping () -> Void) { self.body = body }
    }
    pthread_create(
      &handle, nil,
      { context in
        if let context { Unmanaged<Box>.fromOpaque(context).takeRetainedValue().body() }
        return nil
      }, Unmanaged.passRetained(Box(body)).toOpaque())
  }

  func join() { pthread_join(handle, nil) }
}
