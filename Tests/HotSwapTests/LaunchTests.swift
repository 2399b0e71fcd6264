import Glibc
import Linker
import Testing

@testable import HotSwap

extension HotSwapTests {
  /// Takes hold of programs at their very beginning.
  @Suite(.serialized) struct Launch {
    /// Threads and children come while the program is taken hold of and changed for the first time.
    @Test(arguments: ["threads=8", "churn", "children", "vforks", "spawns", "shells", "no-leader"])
    func editMayFollowAtOnce(mode: String) throws {
      let first = try Subject()
      var launches: [Double] = []
      var swaps: [Double] = []
      for _ in 0..<rounds {
        let start = monotonicNanoseconds()
        let subject = try Subject(mode, like: first)
        let middle = monotonicNanoseconds()
        #expect(try subject.swapVersion().swapped == ["f"])
        launches.append(Double(middle - start) / 1e6)
        swaps.append(Double(monotonicNanoseconds() - middle) / 1e6)
        #expect(waitUntil { subject[.version] == 1 })
        #expect(subject.finish() == .exited(status: mode == "no-leader" ? 0 : 42))
        #expect(subject[.errors] == 0)
      }
      show(mode, launches, swaps)
    }

    @Test func endIsTold() throws {
      let program = try Fixture.program.get()
      var launches: [Double] = []
      for _ in 0..<rounds {
        let start = monotonicNanoseconds()
        let quick = try LiveProcess.launch(program, arguments: ["subject", "", "ends"])
        launches.append(Double(monotonicNanoseconds() - start) / 1e6)
        #expect(quick.waitForExit() == .exited(status: 33))
        let shell = try LiveProcess.launch("/bin/sh", arguments: ["sh", "-c", "exit 34"])
        #expect(shell.waitForExit() == .exited(status: 34))
      }
      show("ends", launches)
    }

    /// A program that has begun is taken hold of, whether or not it can be stopped.
    @Test func launchDoesNotWaitForChildren() throws {
      let subject = try Subject("threads=1", "vfork")
      let start = monotonicNanoseconds()
      let process = try LiveProcess(
        subject.process.id, program: nil, machine: nil, limits: SwapLimits(), isChild: true)
      // The child does not end before the test says so.
      #expect(monotonicNanoseconds() - start < 3_000_000_000)
      #expect(process.program == subject.process.program)
      #expect(subject[.held] == 0)
    }

    /// What has been started, and has not executed its program yet, has the memory of its parent.
    @Test func startIsTold() throws {
      let subject = try Subject("threads=1", "vfork")
      let files = subject.process.files
      #expect(files.execution == .executed)
      let children = try #require(ProcessFiles.text(files.path(files.process, "children")))
      let child = try #require(pid_t(children.filter { $0.isNumber }))
      #expect(ProcessFiles(process: child).startOfStack == files.startOfStack)
      #expect(ProcessFiles(process: child).execution == .pending)
      // A thread on its way out has neither memory nor a future.
      let other = try Subject("threads=1", "no-leader")
      #expect(waitUntil { other.process.files.hasEnded(other.process.id) })
      #expect(other.process.files.execution == .executed)
      #expect(other.process.files.liveThread != nil)
    }

    private var rounds: Int {
      getenv("WELD_TEST_ROUNDS").flatMap { Int(String(cString: $0)) } ?? 20
    }

    private func show(_ mode: String, _ launches: [Double], _ swaps: [Double] = []) {
      if getenv("WELD_TEST_TIMES") == nil { return }
      for (what, times) in [("launch", launches.sorted()), ("first swap", swaps.sorted())]
      where !times.isEmpty {
        print(
          "\(mode): \(what): median \(times[times.count / 2]), 99% \(times[times.count * 99 / 100]),"
            + " most \(times[times.count - 1]) ms")
      }
    }
  }
}
