import ELFFormat
import Glibc
import Platform

/// Decides which frame descriptions are written, and where.
///
/// Files are counted in parallel, then equal CIEs are found in file order (a file has one or two),
/// then places are given in parallel. A CIE lies before the first FDE that uses it, and once in the
/// output: that is what makes a section of many small files half as large.
struct LayOutFrames<E: ELFEncoding>: UsesServices, ReadsInputs, ReadsContents {
  let serviceStage: Reading<Services>
  let inputStage: Reading<Inputs>
  let contentStage: Reading<Contents>

  /// Lays out `.eh_frame`: FDEs of live code with the CIEs that they use. After garbage collection
  /// and symbol resolution.
  ///
  /// The `address` of each `.frames` atom becomes the offset in the output section of what came of
  /// it, for the symbols that start-up files have there; `shiftFrameAtoms` makes that an address.
  static func run(
    _ services: Reading<Services>, _ inputs: Reading<Inputs>, _ contents: Reading<Contents>
  ) -> FrameSection {
    LayOutFrames(serviceStage: services, inputStage: inputs, contentStage: contents).layOut()
  }

  private func layOut() -> FrameSection {
    let owners = liveObjects.filter { objects.pointer($0).pointee.frameCount > 0 }
    let hasFrames = !owners.isEmpty
    var files = pool.map(chunks: owners.count) { [self] i, _ in keepFrames(owners[i]) }
    shareCIEs(&files)

    var bytes = 0
    var records = 0
    var descriptions = 0
    for i in files.indices {
      files[i].firstByte = bytes
      files[i].firstRecord = records
      files[i].firstDescription = descriptions
      bytes += files[i].bytes
      records += files[i].records
      descriptions += files[i].descriptions
    }
    guard bytes < Int(Int32.max) - 4 else {
      diagnostics.error(
        ".eh_frame: \(bytes) bytes of frame descriptions are too many; the limit is 2 GiB")
      return FrameSection()
    }

    var section = FrameSection()
    section.size = hasFrames ? bytes + 4 : 0
    section.count = descriptions
    section.headerSize = 12 + 8 * descriptions
    section.order = allocateZeroed(count: records)
    section.orderCount = records
    section.descriptions = allocateZeroed(count: descriptions)
    nonisolated(unsafe) let order = section.order
    nonisolated(unsafe) let list = section.descriptions
    let placed = files
    pool.forEach(chunks: placed.count) { [self] i, _ in
      placeFrames(owners[i], placed[i], order, list)
    }
    section.chunks = chunks(of: section)
    return section
  }

  private func keepFrames(_ index: FileIndex) -> FileFrames {
    var result = FileFrames()
    let file = objects.pointer(index)
    for i in file.pointee.firstFrame.int..<file.pointee.firstFrame.int + file.pointee.frameCount {
      let frame = frames.base + i
      let function = frame.pointee.function
      if function.isNone || !atoms.pointer(function).pointee.has.contains(.isLive) { continue }
      frame.pointee.flags |= FrameFlags.isKept.rawValue
      result.bytes += Int(frame.pointee.size)
      result.descriptions += 1
      let cie = frames.pointer(frame.pointee.cie)
      if !cie.pointee.has.contains(.isKept) {
        cie.pointee.flags |= FrameFlags.isKept.rawValue
        result.cies.append(frame.pointee.cie)
      }
    }
    result.records = result.descriptions
    return result
  }

  /// Finds the first of equal CIEs.
  private func shareCIEs(_ files: inout [FileFrames]) {
    var known: [UInt64: FrameIndex] = [:]
    for i in files.indices {
      for index in files[i].cies {
        let hash = hashCIE(index)
        let head = known[hash] ?? .none
        var other = head
        while !other.isNone, !isEqualCIE(index, other) { other = frames[other].next }
        if other.isNone {
          frames[index].next = head
          known[hash] = index
          files[i].bytes += Int(frames[index].size)
          files[i].records += 1
        } else {
          frames[index].cie = other
        }
      }
    }
  }

  private func relocation(_ frame: Frame, _ i: Int) -> RelaEntry<E> {
    let start = atoms[frame.atom].relocationList.start
    return RelaEntry<E>(start + (Int(frame.firstRelocation) + i) * RelaEntry<E>.size)
  }

  /// What a symbol of a file stands for, as a number: the global symbol, or the file and its local.
  private func identity(_ file: FileIndex, _ symbol: UInt32) -> UInt64 {
    let object = objects.pointer(file)
    if Int(symbol) >= object.pointee.firstGlobal, Int(symbol) < object.pointee.symbolCount {
      return UInt64(object.pointee.globals[Int(symbol) - object.pointee.firstGlobal].raw)
    }
    // File 0 has no frames, so no local looks like a global.
    return UInt64(file.raw) << 32 | UInt64(symbol)
  }

  private func hashCIE(_ index: FrameIndex) -> UInt64 {
    let frame = frames[index]
    var result = bytes(of: frame).hash
    for i in 0..<Int(frame.relocationCount) {
      let entry = relocation(frame, i)
      let id = identity(atoms[frame.atom].file, entry.symbol) &+ UInt64(bitPattern: entry.addend)
      result = hash(result, followedBy: id)
    }
    return result
  }

  private func isEqualCIE(_ a: FrameIndex, _ b: FrameIndex) -> Bool {
    let (a, b) = (frames[a], frames[b])
    guard a.relocationCount == b.relocationCount, bytes(of: a) == bytes(of: b) else {
      return false
    }
    for i in 0..<Int(a.relocationCount) {
      let x = relocation(a, i)
      let y = relocation(b, i)
      guard x.offset - UInt64(a.offset) == y.offset - UInt64(b.offset), x.type == y.type,
        x.addend == y.addend,
        identity(atoms[a.atom].file, x.symbol) == identity(atoms[b.atom].file, y.symbol)
      else { return false }
    }
    return true
  }

  private func placeFrames(
    _ index: FileIndex, _ start: FileFrames, _ order: UnsafeMutablePointer<FrameIndex>,
    _ descriptions: UnsafeMutablePointer<FrameIndex>
  ) {
    let file = objects.pointer(index)
    var offset = UInt32(start.firstByte)
    var record = start.firstRecord
    var description = start.firstDescription
    var nextCIE = 0
    for i in file.pointee.firstFrame.int..<file.pointee.firstFrame.int + file.pointee.frameCount {
      let frame = frames.base + i
      if frame.pointee.has.contains(.isStart) {
        atoms.pointer(frame.pointee.atom).pointee.address = UInt64(offset)
      }
      guard frame.pointee.has.contains(.isKept), !frame.pointee.has.contains(.isCIE) else {
        continue
      }
      // CIEs are listed in the order of first use, so only the next one can be new.
      if nextCIE < start.cies.count, start.cies[nextCIE] == frame.pointee.cie {
        let cie = frames.pointer(frame.pointee.cie)
        nextCIE += 1
        if cie.pointee.cie == frame.pointee.cie {
          cie.pointee.output = offset
          order[record] = frame.pointee.cie
          record += 1
          offset += cie.pointee.size
        }
      }
      frame.pointee.output = offset
      order[record] = FrameIndex(i)
      record += 1
      descriptions[description] = FrameIndex(i)
      description += 1
      offset += frame.pointee.size
    }
  }

  /// Cuts the section between records, about every 256 KiB.
  private func chunks(of section: FrameSection) -> [FrameSection.Chunk] {
    let target = 256 << 10
    var chunks: [FrameSection.Chunk] = []
    var record = 0
    var offset = 0
    while offset < section.size {
      // The first record at or past the wanted end.
      let next = (record..<section.orderCount).partitioningIndex {
        Int(frames[section.order[$0]].output) >= offset + target
      }
      // The terminator belongs to the last chunk.
      let end = next < section.orderCount ? Int(frames[section.order[next]].output) : section.size
      chunks.append(
        FrameSection.Chunk(
          offset: offset, size: end - offset, firstRecord: record, recordCount: next - record))
      record = next
      offset = end
    }
    return chunks
  }
}

/// What one file adds to the section.
private struct FileFrames: Sendable {
  /// Bytes and records that are written; CIEs are added when it is known which.
  var bytes = 0
  var records = 0
  var descriptions = 0
  /// CIEs in the order of their first use.
  var cies: [FrameIndex] = []
  // Those of the files before.
  var firstByte = 0
  var firstRecord = 0
  var firstDescription = 0
}
