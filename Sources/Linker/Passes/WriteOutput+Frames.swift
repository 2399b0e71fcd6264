import ELFFormat
import Glibc
import Platform

/// Writes `.eh_frame`.
extension WriteOutput {
  /// Writes one of `frameSection.chunks`; chunks may be written in parallel.
  ///
  /// - Parameters:
  ///   - address: of the output section.
  ///   - p: where the chunk's bytes go; `chunks[chunk].size` of them.
  func writeFrameChunk(
    _ chunk: Int, address: UInt64, to p: UnsafeMutableRawPointer
  ) {
    let part = frameSection.chunks[chunk]
    let order = frameSection.order
    for i in part.firstRecord..<part.firstRecord + part.recordCount {
      let frame = frames.pointer(order[i])
      let section = atoms.pointer(frame.pointee.atom)
      let place = p + (Int(frame.pointee.output) &- part.offset)
      let input = section.pointee.contents
      memcpy(place, input.start + Int(frame.pointee.offset), Int(frame.pointee.size))
      if !frame.pointee.has.contains(.isCIE) {
        let cie = frames.pointer(frames.pointer(frame.pointee.cie).pointee.cie)
        let id = frame.pointee.idOffset
        E.store32(frame.pointee.output &+ id &- cie.pointee.output, place + Int(id))
      }
      relocate(frame.pointee, section, address &+ UInt64(frame.pointee.output), place)
    }
    if part.offset + part.size == frameSection.size {
      E.store32(0, p + (part.size - 4))
    }
  }

  @inline(__always)
  private func relocate(
    _ frame: Frame, _ section: UnsafeMutablePointer<Atom>, _ address: UInt64,
    _ place: UnsafeMutableRawPointer
  ) {
    if frame.relocationCount == 0 { return }
    let file = objects.pointer(section.pointee.file)
    let start =
      section.pointee.relocationList.start
      + Int(frame.firstRelocation) &* RelaEntry<E>.size
    for i in 0..<Int(frame.relocationCount) {
      let entry = RelaEntry<E>(start + i &* RelaEntry<E>.size)
      let offset = Int(truncatingIfNeeded: entry.offset) &- Int(frame.offset)
      guard let size = T.dataSize(type: entry.type) else {
        fail(frame, entry.offset, "relocation \(T.relocationName(entry.type)) can't stand here")
        continue
      }
      if size == 0 { continue }
      guard offset >= 0, offset <= Int(frame.size) - size,
        Int(entry.symbol) < file.pointee.symbolCount
      else {
        fail(frame, entry.offset, "relocation runs past the end of its frame description")
        continue
      }
      // The function is the one in this file, even where another file's definition won.
      let value =
        i == 0 && !frame.has.contains(.isCIE)
        ? localAddress(E.self, of: entry.symbol, in: file, addend: entry.addend)
        : self.address(E.self, of: entry.symbol, in: file, addend: entry.addend)
      if !T.applyData(
        type: entry.type, place: place + offset, value: value, address: address &+ UInt64(offset))
      {
        outOfRange(frame, entry.offset, entry.type, referenceName(file, entry.symbol), value)
      }
    }
  }

  @inline(never)
  private func outOfRange(
    _ frame: Frame, _ offset: UInt64, _ type: UInt32, _ name: String, _ value: UInt64
  ) {
    let file = objects[atoms[frame.atom].file]
    diagnostics.error(
      "\(placeName(frame.atom, offset)): relocation \(T.relocationName(type)) against \(name) is out"
        + " of range: address 0x\(String(value, radix: 16)) does not fit in"
        + " \((T.dataSize(type: type) ?? 0) * 8) bits of a frame description; recompile"
        + " \(file.displayName) with -mcmodel=large, or bring the sections closer together",
      key: UInt64(file.order) << 32)
  }

  private func fail(_ frame: Frame, _ offset: UInt64, _ text: String) {
    let file = objects[atoms[frame.atom].file]
    diagnostics.error(
      "\(placeName(frame.atom, offset)): \(text); the file is damaged, rebuild it",
      key: UInt64(file.order) << 32)
  }
}
