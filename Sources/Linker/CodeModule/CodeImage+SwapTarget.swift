import ELFFormat

/// Which processes an image can be swapped in.
extension CodeImage {
  /// Compares a process with what the last flush wrote, or with what an earlier session brought it
  /// to.
  ///
  /// - Returns: slots that code has been given since that flush, which the process does not have.
  /// - Throws: `ImageError.Code.notSwappable` if the process is not in that state.
  func lackingSlots(
    of target: SwapTarget, continues: Bool,
    _ check: (ProcessPlace, UInt64, UnsafeRawBufferPointer) -> ProcessMatch
  ) throws(ImageError) -> Set<UInt64> {
    if !continues {
      let isFlushed = sections.allSatisfy { section in
        !section.isLoaded || section.dirty.isEmpty
          || slots.parts.contains { $0.section === section }
      }
      guard counts.flushes > 0, isFlushed else {
        throw ImageError(
          .notSwappable,
          "the image has changes that no flush has written: flush it, and start the program that the"
            + " flush wrote, before a session begins")
      }
      for section in sections
      where section.isLoaded && section.hasBytes && section.size > 0
        && !slots.parts.contains(where: { $0.section === section })
        && section !== threadLocalRoom
      {
        for part in section.parts(of: 0..<section.size) {
          let bytes = UnsafeRawBufferPointer(
            rebasing: section.bytes[Int(part.lowerBound)..<Int(part.upperBound)])
          if check(.file, section.address + part.lowerBound, bytes) != .same {
            throw isOfOtherFlush(target, section.name)
          }
        }
      }
      if let image = foreign.image {
        for segment in image.programHeaders where segment.type == .load {
          // The headers are the image's own, and so are the slots and variables that lie within.
          var start = max(segment.fileOffset, headersSize)
          let end = segment.fileOffset + segment.fileSize
          let rooms = overlays().map { $0.1.fileOffset..<$0.1.fileOffset + $0.1.size }
          for room in rooms + [end..<end] where start < end {
            let stop = min(max(room.lowerBound, start), end)
            let bytes = UnsafeRawBufferPointer(
              start: UnsafeRawPointer(image.bytes.start) + Int(start), count: Int(stop - start))
            let address = segment.address &+ (start &- segment.fileOffset)
            if stop > start, check(.file, address, bytes) != .same {
              throw isOfOtherFlush(target, "what is linked from files")
            }
            start = max(start, min(room.upperBound, end))
          }
        }
      }
    }
    for part in placed {
      let section = part.section
      guard section.isLoaded, section.hasBytes, !section.flags.contains(.write) else { continue }
      var atom = store.links[part.head].next
      while !atom.isNone {
        let record = store.atoms[atom]
        let next = store.links[atom].next
        defer { atom = next }
        if let state = swap, continues {
          // What waits to be written is not there yet.
          if state.fresh.contains(atom.raw) || record.side == .max { continue }
          if !state.constants.isEmpty, record.relocations != RelocationIndex.none.raw { continue }
        }
        let start = record.address &- section.address
        for part in section.parts(of: start..<start + record.size) {
          let bytes = UnsafeRawBufferPointer(
            rebasing: section.bytes[Int(part.lowerBound)..<Int(part.upperBound)])
          if check(.memory, section.address + part.lowerBound, bytes) != .same {
            throw isOfOtherFlush(target, section.name)
          }
        }
      }
    }
    var lacking: Set<UInt64> = []
    for number in 0..<slots.count {
      let slot = Int32(truncatingIfNeeded: number)
      let address = slots.address(slot)
      if slots.owner(slot).isNone || continues && swap?.slots.contains(address) == true { continue }
      switch check(.memory, address, slots.bytes(slot)) {
      case .same: continue
      case .blank: lacking.insert(address)
      case .different: throw isOfOtherFlush(target, "its table of addresses")
      }
    }
    return lacking
  }

  private func isOfOtherFlush(_ target: SwapTarget, _ what: String) -> ImageError {
    ImageError(
      .notSwappable,
      "process \(target.process) does not run what the image's last flush wrote (\(what) differs):"
        + " it was started from an older flush or is another program; start it anew")
  }
}
