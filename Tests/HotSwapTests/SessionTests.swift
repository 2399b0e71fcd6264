import Linker
import Testing

@testable import HotSwap

/// An engine that gives out what the test puts in.
private final class ScriptedEngine: ImageEngine {
  var options = ImageOptions(machine: .x86_64, path: "")
  let growth = GrowthGate()
  var counts = ImageCounts()
  var lazyProvider: ((LazyKind, LazyKey) throws(ImageError) -> LazyContent)?
  var next = ImagePatchSet()
  var retiredRanges: [Range<UInt64>] = []
  var log: [String] = []

  var retiringRanges: [Range<UInt64>] = []
  var swapSession: UInt64 = 0

  func beginSwapping(
    with target: SwapTarget, check: (ProcessPlace, UInt64, UnsafeRawBufferPointer) -> ProcessMatch
  ) throws(ImageError) {
    swapSession += 1
    log.append("begin")
  }
  private var lacking = ImagePatchSet()
  func takePatches() -> ImagePatchSet {
    lacking.patches += next.patches
    lacking.swapped += next.swapped
    lacking.refusals += next.refusals
    next = ImagePatchSet()
    return lacking
  }
  func endSwapping() {
    lacking = ImagePatchSet()
    log.append("end")
  }
  func stopSwapping() { log.append("stop") }
  func reclaim(_ ranges: [Range<UInt64>]) {
    log.append("reclaim \(ranges.count)")
    retiredRanges.removeAll { ranges.contains($0) }
  }

  private func no() -> ImageError { ImageError(.invalid, "not part of this test") }
  func symbol(for declaration: Declaration) throws(ImageError) -> ImageSymbol { throw no() }
  func updateFunction(
    _ declaration: Declaration, name: String, code: UnsafeRawBufferPointer, alignment: UInt8,
    relocations: [DataRelocation], debug: FunctionDebugInfo?
  ) throws(ImageError) -> ImageSymbol { throw no() }
  func updateData(
    _ declaration: Declaration, name: String, kind: DataKind, bytes: UnsafeRawBufferPointer,
    zeroFill: UInt64, alignment: UInt8, relocations: [DataRelocation], debug: VariableDebugInfo?
  ) throws(ImageError) -> ImageSymbol { throw no() }
  func updateLines(_ declaration: Declaration, lines: [DebugLine]) throws(ImageError) { throw no() }
  func free(_ declaration: Declaration) throws(ImageError) { throw no() }
  func unnamedConstant(
    of declaration: Declaration, bytes: UnsafeRawBufferPointer, alignment: UInt8,
    relocations: [DataRelocation]
  ) throws(ImageError) -> ImageSymbol { throw no() }
  func updateExports(_ declaration: Declaration, _ exports: [Export]) throws(ImageError) {
    throw no()
  }
  func removeExport(_ declaration: Declaration, name: String) throws(ImageError) { throw no() }
  func importedSymbol(_ name: String, isWeak: Bool) throws(ImageError) -> ImageSymbol { throw no() }
  func offsetTableAddress(of symbol: ImageSymbol) throws(ImageError) -> UInt64 { throw no() }
  func callSequence(to symbol: ImageSymbol) throws(ImageError) -> [UInt8] { throw no() }
  func address(
    of symbol: ImageSymbol, referencedFrom holder: ImageSymbol, offset: UInt64, addend: Int64
  ) throws(ImageError) -> UInt64 { throw no() }
  func currentAddress(of symbol: ImageSymbol) -> UInt64? { nil }
  func lazySymbol(_ kind: LazyKind, _ key: LazyKey) throws(ImageError) -> ImageSymbol { throw no() }
  func addInput(_ input: ImageInput) throws(ImageError) { throw no() }
  func flush() throws(ImageError) {}
  func dump() -> String { "" }
  func dumpJSON() -> String { "" }
  func violations() -> [String] { [] }
}

extension HotSwapTests {
  @Suite(.serialized) struct Session {
    @Test func changesWaitUntilAllCanBeMade() throws {
      let subject = try Subject("threads=1")
      let engine = ScriptedEngine()
      let session = try HotSwapSession(process: subject.process, engine: engine)
      session.reclaimsAfterSwaps = true
      #expect(try session.swap().swapped == [])
      #expect(engine.log == ["begin", "end"])

      // A change that cannot be made.
      let first = subject.place(MachineCode.function(returning: 1))
      engine.next = subject.patches(first, slots: 0..<15, name: "first")
      engine.next.patches.append(ImagePatch(kind: .constant, address: 0x1000, bytes: [1]))
      #expect(try session.preflight().count == 1)
      #expect(throws: SwapError.self) { try session.swap() }
      let old = subject[.room] + 50_000..<subject[.room] + 50_100
      engine.retiringRanges = [old]
      #expect(try session.collect() == [], "the process may still lead to old places")
      #expect(engine.log == ["begin", "end"])
      // What was given up before is no concern of the change that waits.
      engine.retiredRanges = [old]
      #expect(try session.collect() == [old])
      #expect(engine.log == ["begin", "end", "reclaim 1"])
    }

    @Test func pendingChangesComeAlong() throws {
      let subject = try Subject("threads=1", "last")
      let engine = ScriptedEngine()
      let session = try HotSwapSession(process: subject.process, engine: engine)
      session.reclaimsAfterSwaps = true
      let endless = subject.place(MachineCode.endless)
      subject[.hold] = 1
      let holder = subject.place(MachineCode.calling(pointer: subject[.holdPointer]))
      engine.next = subject.patches(holder, slots: 15..<16, name: "holder")
      #expect(try session.swap().swapped == ["holder"])
      #expect(waitUntil { subject[.held] == 1 })

      // In the way: the thread is in what would be replaced.
      let leave = subject.place(MachineCode.function(returning: 0))
      engine.next.patches = [
        ImagePatch(
          kind: .code, address: holder.address,
          bytes: [UInt8](repeating: 0xff, count: holder.bytes.count)),
        leave,
        ImagePatch(
          kind: .slot, address: subject[.slots] + 120, bytes: Subject.bytes(endless.address),
          old: Subject.bytes(holder.address)),
      ]
      engine.next.swapped = ["later"]
      let error = #expect(throws: SwapError.self) { try session.swap { _ in "holder" } }
      #expect(error?.code == .busy)
      subject[.hold] = 0
      #expect(waitUntil { subject[.held] == 0 })

      // The next flush changes the same slot once more: from what the process has to the last value.
      let second = subject.place(MachineCode.function(returning: 1))
      engine.next = subject.patches(second, slots: 0..<15, name: "second")
      engine.next.patches.append(
        ImagePatch(
          kind: .slot, address: subject[.slots] + 120, bytes: Subject.bytes(leave.address),
          old: Subject.bytes(endless.address)))
      let range = subject[.room] + 50_000..<subject[.room] + 50_100
      engine.retiredRanges = [range]
      var report: SwapReport?
      #expect(
        waitUntil {
          report = try? session.swap()
          return report != nil
        })
      #expect(report?.swapped == ["later", "second"])
      #expect(try subject.memory(subject[.slots] + 120, 8) == Subject.bytes(leave.address))
      #expect(waitUntil { subject[.version] == 1 })
      #expect(report?.quiescent == [range])
      #expect(engine.log == ["begin", "end", "end", "reclaim 1"])
      #expect(engine.retiredRanges == [])
      #expect(try session.collect() == [])
      #expect(subject.finish() == .exited(status: 42))
    }

    @Test func patchesAreWrittenInOrder() {
      func patch(_ kind: ImagePatch.Kind, _ address: UInt64, _ byte: UInt8, old: [UInt8] = [])
        -> ImagePatch
      { ImagePatch(kind: kind, address: address, bytes: [byte], old: old) }
      let plan = PatchPlan([
        patch(.slot, 1, 1, old: [9]), patch(.address, 2, 1), patch(.code, 3, 1),
        patch(.variable, 4, 1), patch(.slot, 1, 2, old: [1]), patch(.constant, 5, 1),
        ImagePatch(kind: .code, address: 6, bytes: []), patch(.code, 3, 7),
      ])
      #expect(plan.patches.map { $0.address } == [3, 4, 5, 2, 1])
      #expect(plan.patches[0].bytes == [7])
      #expect(plan.patches[4].bytes == [2])
      #expect(plan.patches[4].old == [9])
      #expect(PatchPlan.isBlank([0, 0, 0, 0, 0, 0, 0]))
      #expect(PatchPlan.isBlank([1, 2, 3, 4, 1, 2, 3, 4, 1]))
      #expect(!PatchPlan.isBlank([0, 0, 0, 0, 0, 1]))
    }

    @Test func mapsAreRead() {
      let text = """
        00400000-00401000 r--p 00000000 fe:00 1234                               /a name with blanks
        00401000-00403000 r-xp 00001000 fe:00 1234                               /a
        00403000-00404000 rw-s 00000000 00:01 99                                 /dev/zero (deleted)
        7fff00000000-7fff00001000 rw-p 00000000 00:00 0                          [stack]
        garbage
        """
      let map = ProcessMap(Array(text.utf8))
      #expect(map.mappings.count == 4)
      #expect(map.mapping(at: 0x3fffff) == nil)
      #expect(map.mapping(at: 0x402fff)?.isExecutable == true)
      #expect(map.mapping(at: 0x403000)?.isShared == true)
      #expect(map.mapping(at: 0x404000) == nil)
      #expect(map.mapping(at: 0x7fff_0000_0fff)?.isAnonymous == true)
      #expect(map.mappings(holding: 0x400ff0..<0x401010)?.count == 2)
      #expect(map.mappings(holding: 0x403ff0..<0x404010) == nil)
    }
  }
}
