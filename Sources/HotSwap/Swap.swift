import Glibc
import Linker
import Platform

/// One attempt at a swap, while all threads of the process are stopped.
struct Swap {
  let process: LiveProcess
  let memory: ProcessMemory
  let plan: PatchPlan
  let name: ((UInt64) -> String?)?

  /// What was at each patch's place; in the order of the plan.
  private var present: [[UInt8]] = []
  private var report = SwapReport()

  init(
    process: LiveProcess, memory: ProcessMemory, plan: PatchPlan, name: ((UInt64) -> String?)?
  ) {
    self.process = process
    self.memory = memory
    self.plan = plan
    self.name = name
  }

  /// Bytes of stacks that are searched for the sake of code that is written over other code: the
  /// deepest stacks.
  private static let occupiedBudget = 64 << 20

  mutating func run(
    _ threads: [TracedThreads.Thread], retired: [Range<UInt64>]
  ) throws(SwapError) -> LiveProcess.Outcome {
    guard let writer = threads.first?.id else { throw LiveProcess.gone(process.id) }
    try readPresent()
    let conflicts = zip(plan.patches, present).compactMap { PatchPlan.conflict($0, present: $1) }
    if !conflicts.isEmpty {
      throw SwapError(
        .refused, "process \(process.id) cannot take the change", reasons: conflicts)
    }
    let residents = residents(threads)
    if !residents.isEmpty { return .busy(residents) }
    try write(through: writer)
    if !retired.isEmpty {
      var search = ThreadSearch(retired, budget: process.limits.searchedBytes)
      for thread in threads where !search.isOver {
        search.search(thread, startOfStack: process.startOfStack, files: process.files)
      }
      report.quiescent = search.free
    }
    return .done(report)
  }

  /// Makes sure that the process still executes the program that was attached to.
  func check() throws(SwapError) {
    do throws(ProcessMemory.Failure) {
      // Whether there is something at this address does not matter.
      _ = try memory.bytes(0, count: 1)
    } catch { if case .gone = error { throw LiveProcess.gone(process.id) } }
  }

  private mutating func readPresent() throws(SwapError) {
    present.reserveCapacity(plan.patches.count)
    for patch in plan.patches {
      do throws(ProcessMemory.Failure) {
        present.append(try memory.bytes(patch.address, count: patch.bytes.count))
      } catch {
        switch error {
        case .gone: throw LiveProcess.gone(process.id)
        case .system(let reason):
          throw SwapError(
            .notWritten,
            "cannot read the \(patch.kind) at \(hex(patch.address)) of process \(process.id):"
              + " \(reason) (errno \(reason.code)); nothing was written")
        }
      }
    }
  }

  // MARK: Threads in the way

  /// Threads that are in code to be replaced, in words.
  private func residents(_ threads: [TracedThreads.Thread]) -> [String] {
    var everywhere: [Range<UInt64>] = []
    var occupied: [Range<UInt64>] = []
    for (patch, present) in zip(plan.patches, present)
    where patch.kind == .code && patch.bytes != present {
      let range = patch.address..<patch.address + UInt64(patch.bytes.count)
      everywhere.append(range)
      if !PatchPlan.isBlank(present) { occupied.append(range) }
    }
    if everywhere.isEmpty { return [] }
    // Where nothing has ever been, no thread can come from.
    var quick = ThreadSearch(everywhere, budget: 0)
    for thread in threads { quick.searchProgramCounter(of: thread) }
    var reasons = describe(quick, everywhere)
    if occupied.isEmpty || !reasons.isEmpty { return reasons }
    var search = ThreadSearch(occupied, budget: Self.occupiedBudget)
    for thread in threads {
      search.search(thread, startOfStack: process.startOfStack, files: process.files)
    }
    reasons = describe(search, occupied)
    if reasons.isEmpty, search.isIncomplete {
      reasons = ["the threads' stacks are too deep to be searched for the code to be replaced"]
    }
    return reasons
  }

  private func describe(_ search: ThreadSearch, _ ranges: [Range<UInt64>]) -> [String] {
    ranges.flatMap { range in
      search.hits(in: range).map { hit in
        let function = name?(range.lowerBound).map { "'\($0)' at \(hex(range))" } ?? hex(range)
        return "\(process.files.describe(hit.thread)) is in \(function) (\(hit.place))"
      }
    }
  }

  // MARK: Writing

  private mutating func write(through thread: pid_t) throws(SwapError) {
    for (index, patch) in plan.patches.enumerated() {
      if patch.kind == .address, !patch.old.isEmpty, patch.old != present[index] {
        report.kept.append(patch.address)
        continue
      }
      do throws(ProcessMemory.Failure) {
        try memory.write(patch.bytes, at: patch.address, through: thread)
        report.bytesWritten += patch.bytes.count
      } catch {
        // Of the one that failed a part may be written.
        let stuck = undo(upTo: index, through: thread)
        guard case .system(let reason) = error else { throw LiveProcess.gone(process.id) }
        let what =
          "cannot write the \(patch.kind) at \(hex(patch.address)) of process \(process.id):"
          + " \(reason) (errno \(reason.code))"
        if stuck.isEmpty {
          throw SwapError(.notWritten, what + "; everything written before is undone")
        }
        throw SwapError(
          .notUndone,
          what + ", and what was written at \(stuck.map { hex($0) }.joined(separator: ", "))"
            + " could not be undone: restart the program")
      }
    }
  }

  /// Puts back what was there before, the last first; returns the addresses where that failed.
  private func undo(upTo last: Int, through thread: pid_t) -> [UInt64] {
    var stuck: [UInt64] = []
    for index in stride(from: last, through: 0, by: -1) {
      let patch = plan.patches[index]
      // What was left alone is as it was.
      guard let now = try? memory.bytes(patch.address, count: patch.bytes.count),
        now != present[index]
      else { continue }
      do throws(ProcessMemory.Failure) {
        try memory.write(present[index], at: patch.address, through: thread)
      } catch { stuck.append(patch.address) }
    }
    return stuck
  }
}
