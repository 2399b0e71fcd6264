import ELFFormat
import Platform

/// How much there is to load, before anything has an address: what lies within reach of what.
extension ScanRelocations {
  /// Whether all small-model code and data are within reach of each other, so that what goes through
  /// the offset table may go directly. An estimate that errs on the safe side: addresses are not
  /// known when it is asked.
  var isCompact: Bool {
    let limit: UInt64 = (1 << 31) - (1 << 26)
    if loadedBytes > limit || hasWideGaps { return false }
    let starts = options.sectionStarts.map(\.address)
    guard let lowest = starts.min(), let highest = starts.max() else { return true }
    let base = options.imageBase ?? T.defaultImageBase
    let span = max(highest, base) - min(lowest, base)
    return span < limit && span + loadedBytes < limit
  }

  /// Sums up the loaded atoms that are left; those of the large model by themselves, and its code.
  func measureLoaded() {
    let sums = pool.map(chunks: liveObjects.count) { [self] i, _ in
      let file = objects[liveObjects[i]]
      var sum: UInt64 = 0
      var large: UInt64 = 0
      var largeCode: UInt64 = 0
      for j in 0..<file.atomCount {
        let atom = atoms.pointer(AtomIndex(file.firstAtom.int + j))
        guard atom.pointee.has.contains([.isLive, .isAlloc]) else { continue }
        if atom.pointee.has.contains(.isLarge) {
          if atom.pointee.has.contains(.isExecutable) {
            largeCode = Self.saturatingSum(largeCode, atom.pointee.size)
          } else {
            large = Self.saturatingSum(large, atom.pointee.size)
          }
        } else {
          sum &+= atom.pointee.size
        }
      }
      return (sum, large, largeCode)
    }
    demands.loadedBytes = sums.reduce(0) { $0 &+ $1.0 }
    var large = sums.reduce(0) { Self.saturatingSum($0, $1.1) }
    let largeCode = sums.reduce(0) { Self.saturatingSum($0, $1.2) }
    // Frame descriptions, start-up code and other code reach it there, and go on reaching data.
    demands.isLargeCodeNear = largeCode <= 1 << 30
    if isLargeCodeNear {
      demands.loadedBytes &+= largeCode
    } else {
      large = Self.saturatingSum(large, largeCode)
    }
    for index in syntheticAtoms where atoms[index].has.contains(.isLive) {
      demands.loadedBytes &+= atoms[index].size
    }
    // They come after everything else. A static program's start-up code reads the address of `main`
    // before it relocates itself, so its reference has to be made direct wherever that can be.
    demands.isLargeModelInReach =
      options.sectionStarts.isEmpty
      && Self.saturatingSum(loadedBytes, large) <= (1 << 31) - (1 << 26)
  }

  private static func saturatingSum(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let (sum, overflows) = a.addingReportingOverflow(b)
    return overflows ? .max : sum
  }
}
