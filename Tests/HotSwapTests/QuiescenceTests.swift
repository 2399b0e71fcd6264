import Glibc
import Linker
import Testing

@testable import HotSwap

extension HotSwapTests {
  /// Old code is given back when no thread can be in it, and code that threads are in is not
  /// replaced.
  @Suite(.serialized) struct Quiescence {
    /// A function of the room that stays until it is told to leave; the range of its code.
    private func enter(_ subject: Subject) throws -> Range<UInt64> {
      subject[.hold] = 1
      let holder = subject.place(MachineCode.calling(pointer: subject[.holdPointer]))
      try subject.lead(15..<16, to: holder)
      try #require(waitUntil { subject[.held] == 1 })
      // Nobody enters it again.
      try subject.lead(15..<16, to: subject.place(MachineCode.function(returning: 0)))
      return holder.address..<holder.address + UInt64(holder.bytes.count)
    }

    /// A function as long as a range.
    private func filling(_ range: Range<UInt64>) -> [UInt8] {
      let code = MachineCode.function(returning: 9)
      return code + [UInt8](repeating: 0, count: range.count - code.count)
    }

    @Test(arguments: ["last", "deep", "first-calls", "other-stack"])
    func codeThatThreadsReturnToIsKept(mode: String) throws {
      // The one on another stack is in the function that `last` calls.
      let subject = try Subject("threads=1", mode == "other-stack" ? "last" : "waiting", mode)
      let range = try enter(subject)
      let unused = subject[.room] + 200_000..<subject[.room] + 200_100
      #expect(try subject.process.quiescentRanges(of: [range, unused]) == [unused])
      // A swap says it in passing, where it does not take long.
      let report = try subject.swapVersion(retired: [unused, range])
      #expect(report.quiescent == (mode == "deep" ? [] : [unused]))

      let replacement = ImagePatch(
        kind: .code, address: range.lowerBound, bytes: filling(range))
      var set = ImagePatchSet()
      set.patches = [replacement]
      let before = try subject.memory(range.lowerBound, range.count)
      let error = #expect(throws: SwapError.self) {
        try subject.process.apply(set) { $0 == range.lowerBound ? "holder" : nil }
      }
      #expect(error?.code == .busy)
      #expect(error?.reasons.count == 1)
      #expect(error?.description.contains("(subject) is in 'holder' at 0x") == true)
      #expect(try subject.memory(range.lowerBound, range.count) == before)

      subject[.hold] = 0
      #expect(waitUntil { subject[.held] == 0 })
      #expect(
        waitUntil {
          (try? subject.process.quiescentRanges(of: [range, unused])) == [range, unused]
        })
      _ = try subject.process.apply(set)
      #expect(try subject.memory(range.lowerBound, replacement.bytes.count) == replacement.bytes)
      #expect(subject.finish() == .exited(status: 42))
    }

    @Test func codeThatAThreadExecutesIsNotReplaced() throws {
      let subject = try Subject("threads=1", "last")
      let endless = subject.place(MachineCode.endless)
      try subject.lead(15..<16, to: endless)
      sleep(microseconds: 20_000)
      var set = subject.patches(
        ImagePatch(
          kind: .code, address: endless.address, bytes: MachineCode.function(returning: 1)),
        slots: 0..<1)
      set.patches.append(
        ImagePatch(kind: .variable, address: subject[.variable], bytes: Subject.bytes(77)))
      let error = #expect(throws: SwapError.self) { try subject.process.apply(set) }
      #expect(error?.code == .busy)
      #expect(error?.description.contains("(executes)") == true || error?.reasons.count == 1)
      // Nothing of it was done.
      #expect(try subject.memory(subject[.variable], 8) == Subject.bytes(1))
      #expect(try subject.memory(endless.address, 2) == Array(MachineCode.endless.prefix(2)))
      let calls = subject[.calls]
      #expect(waitUntil { subject[.calls] > calls + 100 })
      // Other swaps go through.
      try subject.swapVersion()
      #expect(waitUntil { subject[.version] == subject.currentVersion })
    }

    @Test func swapWaitsUntilThreadsHaveLeft() throws {
      let subject = try Subject("threads=1", "last")
      let range = try enter(subject)
      var set = ImagePatchSet()
      set.patches = [
        ImagePatch(
          kind: .code, address: range.lowerBound, bytes: filling(range))
      ]
      let page = UInt(bitPattern: subject.address(of: .hold))
      let helper = Thread {
        sleep(microseconds: 10_000)
        UnsafeMutablePointer<UInt64>(bitPattern: page)?.pointee = 0
      }
      let report = try subject.process.apply(set)
      helper.join()
      #expect(report.attempts > 1)
      #expect(subject.finish() == .exited(status: 42))
    }

    /// A room for a dozen functions is enough for hundreds of swaps, as none is overwritten while a
    /// thread is in it: its bytes are first made to trap.
    @Test func roomIsUsedAgain() throws {
      let subject = try Subject("threads=3", "churn")
      let size: UInt64 = 32
      let room = subject[.room] + 4096..<subject[.room] + 4096 + 12 * size
      var free = stride(from: room.lowerBound, to: room.upperBound, by: Int(size)).map { $0 }
      var retired: [Range<UInt64>] = []
      var current: UInt64?
      var swaps = 0
      #expect(
        waitUntil(seconds: 20) {
          if free.isEmpty {
            let found = (try? subject.process.quiescentRanges(of: retired)) ?? []
            reclaim(found, &retired, &free)
            return false
          }
          subject.next = free.removeFirst()
          if let current { retired.append(current..<current + size) }
          current = subject.next
          guard let report = try? subject.swapVersion(loops: 3000, retired: retired) else {
            Issue.record("version \(subject.currentVersion) is refused")
            return true
          }
          reclaim(report.quiescent, &retired, &free)
          swaps += 1
          return swaps == 300
        })
      #expect(waitUntil { subject[.version] == subject.currentVersion })
      #expect(subject[.errors] == 0)
      #expect(subject.finish() == .exited(status: 42))

      func reclaim(
        _ ranges: [Range<UInt64>], _ retired: inout [Range<UInt64>], _ free: inout [UInt64]
      ) {
        for range in ranges {
          // The new slots are there: none leads here.
          guard let index = retired.firstIndex(of: range), range.lowerBound != current else {
            continue
          }
          retired.remove(at: index)
          free.append(range.lowerBound)
          var set = ImagePatchSet()
          let trap = [UInt8](repeating: 0xff, count: range.count)
          set.patches = [ImagePatch(kind: .code, address: range.lowerBound, bytes: trap)]
          do { _ = try subject.process.apply(set) } catch { Issue.record(error) }
        }
      }
    }

    @Test func addressesInMemoryCountIfAsked() throws {
      let subject = try Subject("threads=1")
      let range = subject[.room] + 8192..<subject[.room] + 8200
      var set = ImagePatchSet()
      set.patches = [
        ImagePatch(
          kind: .variable, address: subject[.variable] + 800, bytes: Subject.bytes(range.lowerBound)
        )
      ]
      _ = try subject.process.apply(set)
      #expect(try subject.process.quiescentRanges(of: [range]) == [range])
      #expect(try subject.process.quiescentRanges(of: [range], includingMemory: true) == [])
      let other = subject[.room] + 8300..<subject[.room] + 8400
      #expect(
        try subject.process.quiescentRanges(of: [range, other], includingMemory: true) == [other])
    }
  }
}
