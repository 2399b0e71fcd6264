import ELFFormat
import Platform
import Synchronization

/// The index of frame descriptions (`.eh_frame_hdr`): where each function begins and its FDE, sorted,
/// for the unwinder to search.
///
/// Source: LSB Core, "Exception Frames", The .eh_frame_hdr section.
extension WriteOutput {
  /// Writes the index: `frameSection.headerSize` bytes at `p`, zero beforehand.
  ///
  /// Functions are found by the relocations of the FDEs, not by reading the output. Of FDEs for one
  /// address the first is listed that covers something: a function of no length may come to lie at
  /// the start of another one, which the unwinder has to find.
  ///
  /// - Parameters:
  ///   - headerAddress: of `.eh_frame_hdr`.
  ///   - frameAddress: of `.eh_frame`.
  func writeFrameHeader(
    headerAddress: UInt64, frameAddress: UInt64, to p: UnsafeMutableRawPointer
  ) {
    // Version 1; the pointer is relative to its place, the count plain, the table relative to the
    // header; all have four bytes (DW_EH_PE_pcrel, DW_EH_PE_datarel with DW_EH_PE_sdata4;
    // DW_EH_PE_udata4).
    p.storeBytes(of: 1, as: UInt8.self)
    p.storeBytes(of: 0x1b, toByteOffset: 1, as: UInt8.self)
    p.storeBytes(of: 0x03, toByteOffset: 2, as: UInt8.self)
    p.storeBytes(of: 0x3b, toByteOffset: 3, as: UInt8.self)
    E.store32(0, p + 8)
    let section = frameSection
    // The table's entries for FDEs are within the section, so its two ends cover them all.
    let end = frameAddress &+ UInt64(section.size)
    guard fits(frameAddress &- (headerAddress &+ 4)), fits(frameAddress &- headerAddress),
      fits(end &- headerAddress)
    else {
      diagnostics.error(
        ".eh_frame_hdr: .eh_frame is more than 2 GiB away; place the sections closer together")
      return
    }
    E.store32(UInt32(truncatingIfNeeded: frameAddress &- (headerAddress &+ 4)), p + 4)
    if section.count == 0 { return }

    let entries = UnsafeMutablePointer<UInt64>.allocate(capacity: section.count)
    defer { entries.deallocate() }
    nonisolated(unsafe) let table = entries
    nonisolated(unsafe) let descriptions = section.descriptions
    // The first one that is too far away.
    let far = Mutex(Int.max)
    pool.forEachRange(section.count, grain: 1 << 12) { [self] range, _ in
      for i in range {
        let distance = functionAddress(frames[descriptions[i]]) &- headerAddress
        table[i] = FrameHeaderSort.entry(distance, i)
        if !fits(distance) { far.withLock { $0 = min($0, i) } }
      }
    }
    let first = far.withLock { $0 }
    if first != .max {
      let frame = frames[section.descriptions[first]]
      diagnostics.error(
        "\(placeName(frame.atom, UInt64(frame.offset))): function is more than 2 GiB away from"
          + " .eh_frame_hdr; place the sections closer together, or link with --no-eh-frame-hdr",
        key: UInt64(objects[atoms[frame.atom].file].order) << 32)
      return
    }

    FrameHeaderSort.sort(entries, count: section.count)
    var count = 0
    var i = 0
    while i < section.count {
      let distance = FrameHeaderSort.distance(entries[i])
      var best = i
      var end = i + 1
      while end < section.count, FrameHeaderSort.distance(entries[end]) == distance {
        if isEmpty(frames[descriptions[FrameHeaderSort.index(entries[best])]]) {
          best = end
        }
        end += 1
      }
      i = end
      let frame = frames.pointer(descriptions[FrameHeaderSort.index(entries[best])])
      let place = frameAddress &+ UInt64(frame.pointee.output) &- headerAddress
      E.store32(distance, p + (12 &+ count &* 8))
      E.store32(UInt32(truncatingIfNeeded: place), p + (16 &+ count &* 8))
      count += 1
    }
    E.store32(UInt32(count), p + 8)
  }

  private func fits(_ distance: UInt64) -> Bool {
    Int64(bitPattern: distance) == Int64(Int32(truncatingIfNeeded: distance))
  }

  @inline(__always)
  private func functionAddress(_ frame: Frame) -> UInt64 {
    let section = atoms.pointer(frame.atom)
    let file = objects.pointer(section.pointee.file)
    let start = section.pointee.relocationList.start
    let entry = RelaEntry<E>(start + Int(frame.firstRelocation) &* RelaEntry<E>.size)
    return localAddress(E.self, of: entry.symbol, in: file, addend: entry.addend)
  }

  /// Whether an FDE is about no code: its second field is the length, as wide as the address.
  private func isEmpty(_ frame: Frame) -> Bool {
    let section = atoms[frame.atom]
    let entry = RelaEntry<E>(
      section.relocationList.start
        + Int(frame.firstRelocation) &* RelaEntry<E>.size)
    guard let width = T.dataSize(type: entry.type), width > 0 else { return false }
    let length = Int(frame.addressOffset) + width
    guard length + width <= Int(frame.size) else { return false }
    let bytes = bytes(of: frame)
    for i in 0..<width where bytes[length + i] != 0 { return false }
    return true
  }
}
