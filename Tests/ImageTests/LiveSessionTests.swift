import Glibc
import Linker
import Testing
import Weld

#if arch(x86_64)
  /// Sessions with real processes: of every age, and at moments when they are hard to catch.
  @Suite(.serialized) struct LiveSessionTests {
    /// An image whose program calls declaration 10 without end, or ends at once.
    private func fixture(endsAtOnce: Bool = false) throws -> Fixture {
      let fixture = try Fixture { $0.liveReserve = 1 << 20 }
      try fixture.function(10, 1)
      var code = try fixture.image.callSequence(to: fixture.symbol(10))
      if endsAtOnce {
        // mov edi, 7; mov eax, 60; syscall
        code += [0xbf, 7, 0, 0, 0, 0xb8, 60, 0, 0, 0, 0x0f, 5]
      } else {
        code += [0xe9] + fixture.emitter.bytes(UInt32(bitPattern: Int32(-code.count - 5)))
      }
      try fixture.image.updateFunction(Declaration(1), name: "start", code: code)
      try fixture.image.updateExports(Declaration(1), [Export("_start")])
      try fixture.image.flush()
      return fixture
    }

    private func launch(_ fixture: Fixture) throws -> LiveProcess {
      var failure: SwapError?
      // A child that another test is starting may still hold the program open for writing.
      for _ in 0..<200 {
        do throws(SwapError) {
          return try LiveProcess.launch(fixture.path, arguments: ["program"])
        } catch {
          if !error.message.contains("busy") { throw error }
          failure = error
          usleep(5000)
        }
      }
      throw failure!
    }

    private func end(_ process: LiveProcess) {
      try? process.send(signal: SIGKILL)
      process.waitForExit()
    }

    @Test func programsMayEndAtOnce() throws {
      let fixture = try fixture(endsAtOnce: true)
      for _ in 0..<60 {
        let process = try launch(fixture)
        #expect(process.waitForExit() == .exited(status: 7))
        let error = #expect(throws: ImageError.self) {
          try fixture.image.hotSwapSession(with: process)
        }
        #expect(error?.code == .notSwappable)
      }
    }

    @Test func swapsMayFollowTheLaunchAtOnce() throws {
      for round in 0..<40 {
        let fixture = try fixture()
        let process = try launch(fixture)
        defer { end(process) }
        let session = try fixture.image.hotSwapSession(with: process)
        try fixture.function(10, UInt32(round), size: 100)
        try fixture.image.flush()
        #expect(try session.swap().swapped == ["f10"])
      }
    }

    @Test func deadProcessesTakeNothing() throws {
      let fixture = try fixture()
      let process = try launch(fixture)
      let session = try fixture.image.hotSwapSession(with: process)
      _ = try session.swap()
      end(process)
      for call in [
        { _ = try session.swap() }, { _ = try session.preflight() }, { _ = try session.collect() },
      ]
        as [() throws -> Void]
      {
        let error = #expect(throws: SwapError.self) { try call() }
        #expect(error?.code == .ended)
      }
    }

    @Test func processesOfAnotherStateAreRefused() throws {
      let fixture = try fixture()
      let old = try launch(fixture)
      defer { end(old) }
      try fixture.data(20, 5)
      try fixture.image.flush()
      let new = try launch(fixture)
      defer { end(new) }
      let other = try self.fixture()
      try other.function(10, 2)
      try other.image.flush()
      let stranger = try launch(other)
      defer { end(stranger) }

      let session = try fixture.image.hotSwapSession(with: new)
      for process in [old, stranger] {
        let error = #expect(throws: ImageError.self) {
          try fixture.image.hotSwapSession(with: process)
        }
        #expect(error?.code == .notSwappable)
        #expect(error?.message.contains("start it anew") == true, "\(error as Any)")
      }
      // The session goes on.
      try fixture.function(10, 3, size: 60)
      #expect(throws: SwapError.self, "not flushed") { try session.swap() }
      try fixture.image.flush()
      #expect(try session.swap().swapped == ["f10"])

      // A second one with the same process takes over what is pending.
      try fixture.function(10, 4, size: 70)
      try fixture.image.flush()
      let second = try fixture.image.hotSwapSession(with: new)
      let error = #expect(throws: SwapError.self) { try session.swap() }
      #expect(error?.code == .refused)
      #expect(try second.swap().swapped == ["f10"])

      // A process that was changed cannot be told apart by its file alone.
      let last = try launch(fixture)
      defer { end(last) }
      try fixture.function(10, 5, size: 80)
      try fixture.image.flush()
      #expect(throws: ImageError.self) { try fixture.image.hotSwapSession(with: last) }
    }

    @Test func libraryFunctionsMayComeAndGo() throws {
      let fixture = try Fixture {
        $0.liveReserve = 1 << 20
        $0.inputs = ImageInputs(startup: .c(os: .linuxGlibc, mode: .dynamic))
      }
      let image = fixture.image
      let pause = try image.importedSymbol("pause", isWeak: false)
      func main(calls name: ImageSymbol) throws {
        // push rbx; call; jmp back to the call
        let call = try image.callSequence(to: name)
        try image.updateFunction(
          Declaration(1), name: "main",
          code: [0x53] + call
            + [0xe9] + fixture.emitter.bytes(UInt32(bitPattern: Int32(-call.count - 5))),
          relocations: [DataRelocation(offset: 1, target: name, kind: .slotUse)])
      }
      try main(calls: pause)
      try image.updateExports(Declaration(1), [Export("main")])
      try image.flush()
      let process = try launch(fixture)
      defer { end(process) }
      let session = try image.hotSwapSession(with: process)
      let yield = try image.importedSymbol("sched_yield", isWeak: false)
      try fixture.function(10, 1)
      let call = try image.callSequence(to: yield)
      try image.updateFunction(
        Declaration(10), name: "f10", code: call + [0xc3],
        relocations: [DataRelocation(offset: 0, target: yield, kind: .slotUse)])
      try image.flush()
      let error = #expect(throws: SwapError.self) { try session.swap() }
      #expect(error?.description.contains("linked from files") == true, "\(error as Any)")
      try fixture.function(10, 2)
      try image.flush()
      #expect(try session.swap().swapped == ["f10"])
    }
  }
#endif
