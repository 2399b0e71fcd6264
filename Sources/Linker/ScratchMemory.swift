import Platform

/// Memory that one pass is done with, for the next one to fill.
///
/// What the system hands out anew has to be faulted in and cleared; what was in use a moment ago has
/// neither, and part of it may still be in the cache. For the thread that runs the passes only.
final class ScratchMemory: @unchecked Sendable {
  private struct Region {
    var start: UnsafeMutableRawPointer
    var bytes: Int
  }
  private var free: [Region] = []
  private var taken: [Region] = []

  /// Room for `bytes` bytes whose contents are undefined.
  func take(bytes: Int) -> UnsafeMutableRawPointer {
    // The smallest one that is large enough.
    var best: Int?
    for i in free.indices where free[i].bytes >= bytes {
      if best == nil || free[i].bytes < free[best!].bytes { best = i }
    }
    if let best {
      taken.append(free.remove(at: best))
    } else {
      let bytes = max(bytes, 1 << 16)
      let start = reserveAddressSpace(bytes: bytes)
      expectWrites(start, bytes: bytes)
      taken.append(Region(start: start, bytes: bytes))
    }
    return taken.last!.start
  }

  /// Takes memory that came from elsewhere, and that nobody else will use or free.
  func give(_ start: UnsafeMutableRawPointer, bytes: Int) {
    if bytes > 0 { free.append(Region(start: start, bytes: bytes)) }
  }

  /// Takes back what `take` returned.
  func give(_ start: UnsafeMutableRawPointer) {
    guard let i = taken.lastIndex(where: { $0.start == start }) else { return }
    free.append(taken.remove(at: i))
  }
}
