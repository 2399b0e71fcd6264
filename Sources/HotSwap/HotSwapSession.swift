public import Linker

/// An image and a running process of its program, kept alike.
///
/// After each flush, `swap` brings what it changed into the process. What the process could not take
/// comes along with the next swap, so that it always gets all changes or stays where it was. A change
/// that no running process can take, such as one of a variable's layout, stays in the way until it is
/// taken back, or the program is started anew, with a session of its own.
///
/// Used by one thread at a time, as its image is.
public final class HotSwapSession {
  public let process: LiveProcess
  private let engine: any ImageEngine
  /// Its number among the sessions of the image.
  private let number: UInt64
  /// Whether a swap gives back the room of old code as soon as no thread is in it or will return to
  /// it. Only for programs that never keep the address of a function in memory beyond its slot: an
  /// address that they keep leads to the old code. `collect(includingMemory:)` looks for those.
  public var reclaimsAfterSwaps = false

  /// Begins with a process that has what the image's last flush wrote, or goes on with the process of
  /// the session before.
  ///
  /// - Throws: `ImageError.Code.notSwappable` if the image cannot be swapped, or the process was
  ///   started from an older flush, runs another program or has ended. The session before goes on
  ///   then.
  public init(process: LiveProcess, engine: any ImageEngine) throws(ImageError) {
    self.process = process
    self.engine = engine
    var comparison: ProcessComparison?
    do throws(SwapError) {
      // Of an image that cannot be swapped at all something else is said.
      if engine.options.liveReserve > 0 { comparison = try ProcessComparison(process) }
    } catch { throw ImageError(.notSwappable, error.description) }
    try engine.beginSwapping(with: process.target) { place, address, bytes in
      comparison?.match(place, address, bytes) ?? .different
    }
    number = engine.swapSession
  }

  deinit {
    // For one that runs, another session may go on.
    if engine.swapSession == number, process.hasEnded { engine.stopSwapping() }
  }

  /// Refuses what is asked of a session after another one has begun.
  private func checkIsCurrent() throws(SwapError) {
    if engine.swapSession == number { return }
    throw SwapError(
      .refused, "another session of the image has begun since this one: use that",
      reasons: [])
  }

  /// Why the last flush cannot be brought into the process, in words; empty if nothing is known to
  /// stand in its way.
  ///
  /// - Throws: `SwapError.Code.ended`.
  public func preflight() throws(SwapError) -> [String] {
    try checkIsCurrent()
    return try process.preflight(engine.takePatches())
  }

  /// Brings what flushes have changed into the process: everything, or nothing.
  ///
  /// - Parameter name: what is at an address, for messages; nil for the image's own names.
  /// - Throws: `SwapError`; the changes are kept for the next swap.
  public func swap(name: ((UInt64) -> String?)? = nil) throws(SwapError) -> SwapReport {
    try checkIsCurrent()
    let pending = engine.takePatches()
    if pending.patches.isEmpty, pending.refusals.isEmpty {
      try process.checkRuns()
      // What lay beside the process' memory may have been changed all the same.
      engine.endSwapping()
      return SwapReport(swapped: pending.swapped)
    }
    let report = try process.apply(
      pending, retired: reclaimsAfterSwaps ? engine.retiredRanges + engine.retiringRanges : [],
      name: name ?? engine.name(containing:))
    engine.endSwapping()
    if !report.quiescent.isEmpty { engine.reclaim(report.quiescent) }
    return report
  }

  /// Looks which places of old code no thread can be in any more, and gives them back to the image.
  ///
  /// Old places of changes that the process does not have yet are kept: it leads there.
  ///
  /// - Parameter includingMemory: whether addresses in the program's data count as well.
  /// - Returns: what was given back.
  /// - Throws: `SwapError` if the process could not be stopped or has ended.
  @discardableResult
  public func collect(includingMemory: Bool = true) throws(SwapError) -> [Range<UInt64>] {
    try checkIsCurrent()
    try process.checkRuns()
    let free = try process.quiescentRanges(
      of: engine.retiredRanges, includingMemory: includingMemory)
    if !free.isEmpty { engine.reclaim(free) }
    return free
  }
}
