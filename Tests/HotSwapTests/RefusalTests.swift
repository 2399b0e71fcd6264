import CSystem
import Glibc
import Linker
import Testing

@testable import HotSwap

extension HotSwapTests {
  /// What is refused, with which words, and what is undone.
  @Suite(.serialized) struct Refusal {
    private func set(_ patches: [ImagePatch]) -> ImagePatchSet {
      var set = ImagePatchSet()
      set.patches = patches
      return set
    }

    private func bypassing(_ subject: Subject, _ patches: [ImagePatch]) -> SwapError? {
      #expect(throws: SwapError.self) {
        try subject.process.apply(set(patches), retired: [], name: nil, isChecked: false)
      }
    }

    @Test func unmappedAddressChangesNothing() throws {
      let subject = try Subject("threads=2")
      let function = subject.place(MachineCode.function(returning: 5))
      let before = try subject.memory(function.address, function.bytes.count)
      let error = bypassing(
        subject,
        [
          function, subject.slotPatch(0, to: function.address),
          ImagePatch(kind: .slot, address: 0x1000, bytes: Subject.bytes(1)),
        ])
      #expect(error?.code == .notWritten)
      #expect(error?.message.contains("0x1000") == true)
      #expect(error?.message.contains("(errno \(EIO))") == true)
      #expect(try subject.memory(function.address, function.bytes.count) == before)
      #expect(try subject.memory(subject[.slots], 8) == Subject.bytes(subject.slots[0]))
      #expect(subject.finish() == .exited(status: 42))
    }

    /// A mapping that can be read but never written: it fails when all else is written.
    @Test func failedWriteIsUndone() throws {
      let subject = try Subject("threads=2")
      try subject.swapVersion()
      let function = subject.place(MachineCode.function(returning: 900))
      var places = [(function.address, function.bytes.count), (subject[.variable], 8)]
      places += (0..<Subject.sharedSlots).map { (subject[.slots] + UInt64(8 * $0), 8) }
      let before = try places.map { try subject.memory($0.0, $0.1) }
      var patches = subject.patches(function, slots: 0..<Subject.sharedSlots).patches
      patches.append(
        ImagePatch(kind: .variable, address: subject[.variable], bytes: Subject.bytes(9)))
      let forbidden = subject[.readOnlyFile] + 512
      patches.append(ImagePatch(kind: .slot, address: forbidden, bytes: Subject.bytes(1)))
      let error = bypassing(subject, patches)
      #expect(error?.code == .notWritten)
      #expect(error?.message.contains(hex(forbidden)) == true)
      #expect(error?.message.contains("errno") == true)
      #expect(error?.message.contains("everything written before is undone") == true)
      #expect(try places.map { try subject.memory($0.0, $0.1) } == before)
      let calls = subject[.calls]
      #expect(waitUntil { subject[.calls] > calls + 1000 })
      #expect(subject[.version] <= subject.currentVersion)
      try subject.swapVersion()
      #expect(waitUntil { subject[.version] == subject.currentVersion })
      #expect(subject.finish() == .exited(status: 42))
    }

    /// A new variable that begins as zero: it needs memory, which has to be zero as well.
    @Test func zerosAreThere() throws {
      let subject = try Subject("threads=1")
      let zeros = ImagePatch(
        kind: .variable, address: subject[.variable], bytes: [], zeroCount: 8)
      let value = ImagePatch(
        kind: .variable, address: subject[.variable], bytes: Subject.bytes(9))
      _ = try subject.process.apply(set([value]))
      #expect(try subject.process.apply(set([zeros])).bytesWritten >= 8)
      #expect(try subject.memory(subject[.variable], 8) == Subject.bytes(0))
      #expect(try subject.process.apply(set([zeros])).bytesWritten == 0)
      let missing = ImagePatch(kind: .variable, address: 0x1000, bytes: [], zeroCount: 1 << 45)
      let error = #expect(throws: SwapError.self) { try subject.process.apply(set([missing])) }
      #expect(error?.code == .refused)
      #expect(error?.description.contains("is not mapped in the process") == true)
      #expect(subject.finish() == .exited(status: 42))
    }

    @Test func preflightTellsReasons() throws {
      let subject = try Subject("threads=1")
      let slots = subject[.slots]
      let word = Subject.bytes(1)
      func reason(_ patch: ImagePatch) throws -> String {
        let reasons = try subject.process.preflight(set([patch]))
        #expect(reasons.count == 1)
        let error = #expect(throws: SwapError.self) { try subject.process.apply(set([patch])) }
        #expect(error?.code == .refused)
        #expect(error?.reasons == reasons)
        return reasons.first ?? ""
      }
      #expect(try reason(.init(kind: .code, address: 0x1000, bytes: word)).contains("not mapped"))
      #expect(
        try reason(.init(kind: .code, address: subject[.variable], bytes: word))
          .contains("not executable (rw-p)"))
      #expect(
        try reason(.init(kind: .variable, address: subject[.room], bytes: word))
          .contains("not writable (r-xp)"))
      #expect(
        try reason(.init(kind: .constant, address: subject[.readOnlyFile], bytes: word))
          .contains("shared mapping (r--s)"))
      #expect(try reason(.init(kind: .slot, address: slots + 4, bytes: word)).contains("aligned"))
      #expect(try reason(.init(kind: .slot, address: slots, bytes: [1, 2])).contains("aligned"))
      #expect(
        try reason(.init(kind: .slot, address: slots, bytes: word, old: Subject.bytes(0x4242)))
          .contains("holds \(hex(subject.slots[0])), not 0x4242"))
      #expect(
        try reason(.init(kind: .address, address: subject[.variable], bytes: word, old: [1]))
          .contains("replaces 1 bytes by 8"))
      #expect(
        try reason(.init(kind: .constant, address: UInt64.max - 2, bytes: word)).contains("no room")
      )

      var refused = set([])
      refused.refusals = ["the layout of 'point' changed"]
      #expect(try subject.process.preflight(refused) == refused.refusals)
      let error = #expect(throws: SwapError.self) { try subject.process.apply(refused) }
      #expect(error?.description.hasSuffix(": the layout of 'point' changed") == true)
      #expect(
        try subject.process.preflight(
          subject.patches(subject.place(MachineCode.endless), slots: 0..<16)) == [])
    }

    /// An address in data that the program has changed since stays as the program has it.
    @Test func changedAddressesAreKept() throws {
      let subject = try Subject("threads=1")
      let first = subject[.variable] + 64
      let second = subject[.variable] + 72
      let report = try subject.process.apply(
        set([
          .init(
            kind: .address, address: first, bytes: Subject.bytes(0x10), old: Subject.bytes(0x999)),
          .init(kind: .address, address: second, bytes: Subject.bytes(0x20), old: Subject.bytes(0)),
        ]))
      #expect(report.kept == [first])
      #expect(report.bytesWritten == 8)
      #expect(try subject.memory(first, 16) == Subject.bytes(0) + Subject.bytes(0x20))
    }

    /// For kernels whose memory files do not override protection.
    @Test func wordsCanBePokedIntoCode() throws {
      let subject = try Subject("threads=1")
      let id = subject.process.id
      let address = subject[.room] + 10_003
      let bytes = (1...29).map { UInt8($0) }
      let before = try subject.memory(address - 8, 45)
      let isDone = try TracerThread.run { () throws(SwapError) in
        var threads = TracedThreads(id)
        defer { threads.resume() }
        _ = try threads.stop(within: 1_000_000_000)
        return ProcessMemory.poke(bytes, from: 2, at: address, through: id)
      }
      #expect(isDone)
      let after = try subject.memory(address - 8, 45)
      var expected = before
      expected.replaceSubrange(10..<37, with: bytes[2...])
      #expect(after == expected)
    }

    // MARK: Attaching

    @Test func attachingNeedsTheRight() throws {
      let subject = try Subject("threads=1")
      let (status, output) = Fixture.run(
        [Fixture.probe, "attach", "\(subject.process.id)"] + (geteuid() == 0 ? ["65534"] : []))
      if geteuid() == 0 {
        #expect(status == 1 << 8)
        #expect(output.contains("cannot attach to process \(subject.process.id): "))
        #expect(output.contains("it runs as user 0, and this process as user 65534"))
      } else {
        // Who is not root may not trace the first process.
        let error = #expect(throws: SwapError.self) { try LiveProcess(attachingTo: 1) }
        #expect(error?.code == .notPermitted)
      }
    }

    @Test func refusalsNameTheRemedy() {
      func message(tracer: pid_t = 0, user: uid_t = 5, own: uid_t = 5, scope: Int?) -> String {
        TracedThreads.refusalMessage(
          process: 12, error: "Operation not permitted", tracer: tracer, user: user, ownUser: own,
          scope: scope)
      }
      for scope in [0, 1, 2, 3, nil] {
        #expect(message(scope: scope).contains("kernel.yama.ptrace_scope is "))
        #expect(message(scope: scope).hasPrefix("cannot attach to process 12: Operation not"))
      }
      #expect(message(scope: 1).contains("set /proc/sys/kernel/yama/ptrace_scope to 0"))
      #expect(message(scope: 2).contains("CAP_SYS_PTRACE"))
      #expect(message(tracer: 77, scope: 1).contains("thread 77 traces it already"))
      #expect(message(own: 6, scope: 1).contains("runs as user 5, and this process as user 6"))
    }

    @Test func processOfADebuggerIsRefused() throws {
      let subject = try Subject("threads=1")
      let id = subject.process.id
      try TracerThread.run { () throws(SwapError) in
        var threads = TracedThreads(id)
        try threads.seizeNewThreads()
        let tracer = weld_thread_id()
        let error = #expect(throws: SwapError.self) { try LiveProcess(attachingTo: id) }
        #expect(error?.code == .notPermitted)
        #expect(error?.message.contains("thread \(tracer) traces it already") == true)
      }
      _ = try LiveProcess(attachingTo: id)
    }

    @Test func otherProgramsAreRefused() throws {
      let subject = try Subject("threads=1")
      let program = subject.process.program
      #expect(program.buildID == [0x12, 0x34, 0xab, 0xcd])
      #expect(program == (try ProgramIdentity(path: Fixture.program.get())))
      let other = try ProgramIdentity(path: "/proc/self/exe")
      #expect(!other.isSameProgram(as: program))
      let error = #expect(throws: SwapError.self) {
        try LiveProcess(attachingTo: subject.process.id, program: other)
      }
      #expect(error?.code == .otherProgram)
      #expect(error?.message.contains("build-id 1234abcd") == true)
      let foreign = #expect(throws: SwapError.self) {
        try LiveProcess(attachingTo: subject.process.id, machine: .sparc64)
      }
      #expect(foreign?.code == .otherProgram)
      #expect(foreign?.message.contains("the image is for sparc64") == true)
      var copy = program
      copy.inode += 1
      #expect(copy.isSameProgram(as: program))
      copy.buildID = []
      #expect(!copy.isSameProgram(as: program))
      copy.is64Bit = false
      #expect(copy.mismatch(with: nil)?.contains("32-bit") == true)
      copy.is64Bit = true
      copy.machine = 8
      #expect(copy.mismatch(with: nil)?.contains("machine 8") == true)
      #expect(throws: SwapError.self) { try ProgramIdentity(path: "/etc/passwd") }
      #expect(throws: SwapError.self) { try ProgramIdentity(path: "/nowhere") }
    }

    /// The file may be replaced while its program runs.
    @Test func replacedFileIsAnotherProgram() throws {
      let path = Fixture.directory + "/replaced"
      #expect(Fixture.run(["cp", "/bin/sleep", path]).status == 0)
      let first = try ProgramIdentity(path: path)
      let process = try LiveProcess.launch(path, arguments: ["sleep", "20"], program: first)
      #expect(Fixture.run(["cp", "--remove-destination", "/bin/sleep", path]).status == 0)
      let second = try ProgramIdentity(path: path)
      #expect(first.inode != second.inode)
      #expect(process.program == first)
      #expect(try process.preflight(ImagePatchSet()) == [])
      // Nor does a program start that is not the one that was meant.
      var meant = first
      meant.buildID = [1]
      let error = #expect(throws: SwapError.self) {
        try LiveProcess.launch(path, arguments: ["sleep", "20"], program: meant)
      }
      #expect(error?.code == .otherProgram)
      try process.send(signal: SIGKILL)
      #expect(process.waitForExit() == .killed(signal: SIGKILL))
      unlink(path)
    }

    @Test func programThatIsNotThereIsTold() {
      let error = #expect(throws: SwapError.self) {
        try LiveProcess.launch("/nowhere/program", arguments: ["program"])
      }
      #expect(error?.code == .system)
      #expect(error?.message == "cannot start /nowhere/program: No such file or directory")
    }
  }
}
