import ELFFormat
import Platform
import ScriptParsing
import Synchronization

/// Questions about single symbols and atoms that several passes and messages ask.
extension Link {
  /// st_size of a relocation's symbol.
  func symbolSize<E: ELFEncoding>(
    _: E.Type, _ file: UnsafeMutablePointer<ObjectFile>, _ source: UInt32
  ) -> UInt64 {
    let index = Int(source)
    if index < file.pointee.firstGlobal { return file.pointee.symbol(E.self, index).byteCount }
    let symbol = symbols[file.pointee.globals[index - file.pointee.firstGlobal]]
    if symbol.has.contains(.isUndefined) || symbol.has.contains(.isLinkerDefined) { return 0 }
    if symbol.has.contains(.isShared) {
      return libraries[LibraryIndex(raw: symbol.file)].symbol(E.self, Int(symbol.source)).byteCount
    }
    return objects[FileIndex(raw: symbol.file)].symbol(E.self, Int(symbol.source)).byteCount
  }

  /// Whether a relocation of debug information points at something that is not in the output.
  @inline(__always)
  func isDead<E: ELFEncoding>(
    _: E.Type, _ source: UInt32, in file: UnsafeMutablePointer<ObjectFile>
  ) -> Bool {
    let index = Int(source)
    let atom: AtomIndex
    if index < file.pointee.firstGlobal {
      let section = file.pointee.section(E.self, of: index)
      if Int(section) >= file.pointee.sectionCount { return false }
      atom = file.pointee.sectionAtoms[Int(section)]
      if atom.isNone { return false }
    } else {
      let symbol = symbols.pointer(file.pointee.globals[index &- file.pointee.firstGlobal])
      atom = symbol.pointee.atom
      if atom.isNone { return false }
    }
    if atom == .discarded { return true }
    return !atoms.pointer(atom).pointee.has.contains(.isLive)
  }

  /// What stands in debug information for an address that is gone: 0, but 1 in range lists of DWARF
  /// 2 to 4, where a pair of zeros ends the list.
  func tombstone(_ atom: Atom) -> UInt64 {
    let name = outputs[atom.output].name
    if let value = services.deadRules.value(for: name) { return value }
    return name == ".debug_ranges" || name == ".debug_loc" ? 1 : 0
  }

  /// Whether absolute addresses fit an immediate operand.
  var isLoadedLow: Bool {
    !isPositionIndependent && (options.imageBase ?? 0) < 1 << 30 && options.sectionStarts.isEmpty
      && loadedBytes < 1 << 30 && !hasWideGaps
  }

  /// Whether the gaps between segments can be larger than estimates of the image's size allow for.
  private var hasWideGaps: Bool { maximumPageSize > 1 << 22 }

  /// Where the image begins unless an option says otherwise.
  func defaultBase<T: Target>(_: T.Type) -> UInt64 {
    isPositionIndependent ? 0 : alignUp(T.defaultImageBase, maximumPageSize)
  }

  /// Whether all small-model code and data are within reach of each other, so that what goes through
  /// the offset table may go directly. An estimate that errs on the safe side: addresses are not
  /// known when it is asked.
  func isCompact<T: Target>(_: T.Type) -> Bool {
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
    loadedBytes = sums.reduce(0) { $0 &+ $1.0 }
    var large = sums.reduce(0) { Self.saturatingSum($0, $1.1) }
    let largeCode = sums.reduce(0) { Self.saturatingSum($0, $1.2) }
    // Frame descriptions, start-up code and other code reach it there, and go on reaching data.
    isLargeCodeNear = largeCode <= 1 << 30
    if isLargeCodeNear {
      loadedBytes &+= largeCode
    } else {
      large = Self.saturatingSum(large, largeCode)
    }
    for index in syntheticAtoms where atoms[index].has.contains(.isLive) {
      loadedBytes &+= atoms[index].size
    }
    // They come after everything else. A static program's start-up code reads the address of `main`
    // before it relocates itself, so its reference has to be made direct wherever that can be.
    isLargeModelInReach =
      options.sectionStarts.isEmpty
      && Self.saturatingSum(loadedBytes, large) <= (1 << 31) - (1 << 26)
  }

  private static func saturatingSum(_ a: UInt64, _ b: UInt64) -> UInt64 {
    let (sum, overflows) = a.addingReportingOverflow(b)
    return overflows ? .max : sum
  }

  /// Whether linkage stubs begin with a landing pad for indirect branches: the output promises
  /// branch tracking, or `-z ibtplt`.
  var usesLandingPads: Bool { properties.features & PropertyNote.ibt != 0 || options.ibtPLT }
}
