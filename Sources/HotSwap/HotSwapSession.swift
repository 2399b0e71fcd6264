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
  /// Whether a swap gives back the room of old code as soon as no thread is in it or will return to
  /// it. Only for programs that never keep the address of a function in memory beyond its slot: an
  /// address that they keep leads to the old code. `collect(includingMemory:)` looks for those.
  public var reclaimsAfterSwaps = false

  /// Begins with a process that has what the image's last flush wrote.
  ///
  /// - Throws: `ImageError` if the image cannot be swapped.
  public init(process: LiveProcess, engine: any ImageEngine) throws(ImageError) {
    self.process = process
    self.engine = engine
    try engine.beginSwapping()
  }

  /// Why the last flush cannot be brought into the process, in words; empty if nothing is known to
  /// stand in its way.
  ///
  /// - Throws: `SwapError.Code.ended`.
  public func preflight() throws(SwapError) -> [String] {
    try process.preflight(engine.takePatches())
  }

  /// Brings what flushes have changed into the process: everything, or nothing.
  ///
  /// - Parameter name: what is at an address, for messages; nil for the image's own names.
  /// - Throws: `SwapError`; the changes are kept for the next swap.
  public func swap(name: ((UInt64) -> String?)? = nil) throws(SwapError) -> SwapReport {
    let pending = engine.takePatches()
    if pending.patches.isEmpty, pending.refusals.isEmpty { return SwapReport() }
    let report = try process.apply(
      pending, retired: reclaimsAfterSwaps ? engine.retiredRanges : [],
      name: name ?? engine.name(containing:))
    engine.endSwapping()
    if !report.quiescent.isEmpty { engine.reclaim(report.quiescent) }
    return report
  }

  /// Looks which places of old code no thread can be in any more, and gives them back to the image.
  ///
  /// While there are changes that the process does not have, nothing is given back: it may still
  /// lead to their old places.
  ///
  /// - Parameter includingMemory: whether addresses in the program's data count as well.
  /// - Returns: what was given back.
  /// - Throws: `SwapError` if the process could not be stopped or has ended.
  @discardableResult
  public func collect(includingMemory: Bool = true) throws(SwapError) -> [Range<UInt64>] {
    let pending = engine.takePatches()
    guard pending.patches.isEmpty, pending.refusals.isEmpty else { return [] }
    let free = try process.quiescentRanges(
      of: engine.retiredRanges, includingMemory: includingMemory)
    if !free.isEmpty { engine.reclaim(free) }
    return free
  }
}
