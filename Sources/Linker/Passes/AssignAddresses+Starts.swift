import ELFFormat
import Platform

/// Addresses that the user chose (`-Ttext=`, `--section-start=`), and alignments beyond a page.
extension AssignAddresses {
  /// p_align of a segment that begins with the first of `sections` and has these permissions.
  ///
  /// Source: gABI, "Program Header": p_vaddr and p_offset agree modulo p_align. Of a
  /// position-independent program, only what p_align tells is aligned at run time.
  func segmentAlignment(
    _ sections: ArraySlice<OutputIndex>, _ flags: SegmentFlags, _ starts: [ByteString: UInt64]
  ) -> UInt64 {
    var result = maximumPageSize
    var wasZero = false
    for (i, index) in sections.enumerated() {
      let section = outputs[index]
      let isZero = section.type == SectionType.nobits.rawValue
      if permissions(section) != flags || i > 0 && starts[section.name] != nil
        || wasZero && !isZero
      {
        break
      }
      wasZero = isZero && !section.has.contains(.threadLocal)
      result = max(result, 1 << UInt64(min(section.alignment, 30)))
    }
    return result
  }

  /// Where the image begins if a section that has to lie elsewhere took the headers' place: below
  /// the lowest such section, as far as there is room.
  func lowerBase() -> UInt64? {
    if options.imageBase != nil || isPositionIndependent { return nil }
    guard let lowest = options.sectionStarts.map(\.address).min(),
      let first = segments.first(where: { $0.type == .load && $0.address == imageBase })
    else { return nil }
    let end = imageBase + first.memorySize
    let isTaken = options.sectionStarts.contains { $0.address >= imageBase && $0.address < end }
    guard isTaken, lowest >= first.memorySize + maximumPageSize else { return nil }
    return (lowest - first.memorySize) & ~(maximumPageSize - 1)
  }

  /// Sections that the user put in the way of others.
  func checkOverlaps() {
    if options.sectionStarts.isEmpty, options.detachedSections.isEmpty { return }
    var ranges: [(start: UInt64, end: UInt64, name: String)] = [
      (imageBase, imageBase + headersSize, "the file's headers")
    ]
    for index in sectionOrder {
      let section = outputs[index]
      let isThreadZero =
        section.type == SectionType.nobits.rawValue && section.has.contains(.threadLocal)
      if !section.has.contains(.alloc) || section.size == 0 || isThreadZero { continue }
      let (end, isTooLong) = section.address.addingReportingOverflow(section.size)
      if isTooLong {
        diagnostics.error("section \(section.name) does not fit in the address space")
        continue
      }
      ranges.append((section.address, end, "section \(section.name)"))
    }
    if !options.checksSections { return }
    ranges.sort { ($0.start, $0.end) < ($1.start, $1.end) }
    for (a, b) in zip(ranges, ranges.dropFirst()) where a.end > b.start {
      diagnostics.error(
        "\(b.name) at 0x\(String(b.start, radix: 16)) overlaps \(a.name), which ends at"
          + " 0x\(String(a.end, radix: 16)); change -Ttext, -Tdata, -Tbss or --section-start")
    }
  }

  /// Sections that reach into what somebody else has.
  func checkAddressLimit() {
    guard let limit = options.addressLimit else { return }
    for index in sectionOrder {
      let section = outputs[index]
      guard section.has.contains(.alloc), !isDetached(section) else { continue }
      let (end, isTooLong) = section.address.addingReportingOverflow(section.size)
      if !isTooLong, end <= limit { continue }
      diagnostics.error(
        "section \(section.name) ends at 0x\(String(end, radix: 16)), past the highest address that"
          + " the inputs may have, 0x\(String(limit, radix: 16)); give them a lower image base, or"
          + " the other sections a higher one")
      return
    }
  }

  /// For each output section whether it is empty and a symbol lies in it: it needs an address.
  func namedEmptySections() -> [Bool] {
    var isWanted: [Bool] = []
    for i in outputs.indices {
      let output = outputs[OutputIndex(i)]
      guard output.content == .atoms, output.size == 0, output.has.contains(.alloc) else {
        continue
      }
      for k in 0..<output.atomCount {
        if isWanted.isEmpty { isWanted = [Bool](repeating: false, count: objects.count) }
        isWanted[atoms[atomOrder[output.firstAtom + k]].file.int] = true
      }
    }
    let nowhere = [Bool](repeating: false, count: outputs.count)
    if isWanted.isEmpty { return nowhere }
    var files: [FileIndex] = []
    for i in 1..<isWanted.count where isWanted[i] { files.append(FileIndex(i)) }
    return namedEmptySections(files)
  }

  private func namedEmptySections(_ files: [FileIndex]) -> [Bool] {
    let found = pool.map(chunks: files.count) { [self] i, _ in
      let file = objects.pointer(files[i])
      var found: [OutputIndex] = []
      for j in 1..<max(1, file.pointee.symbolCount) {
        let type = file.pointee.symbol(E.self, j).type
        let section = Int(file.pointee.section(E.self, of: j))
        guard type != .section, type != .file, section > 0, section < file.pointee.sectionCount
        else { continue }
        let index = file.pointee.sectionAtoms[section]
        if index.raw >= AtomIndex.discarded.raw { continue }
        let atom = atoms[index]
        if atom.has.contains([.isLive, .isAlloc]), outputs[atom.output].size == 0,
          atom.kind == .regular || atom.kind == .zeroFill
        {
          if found.last != atom.output { found.append(atom.output) }
        }
      }
      return found
    }
    var isNamed = [Bool](repeating: false, count: outputs.count)
    for list in found {
      for output in list { isNamed[output.int] = true }
    }
    return isNamed
  }
}

extension UsesServices {
  /// Whether nothing may follow on a section.
  func isDetached(_ section: OutputSection) -> Bool {
    !options.detachedSections.isEmpty
      && options.detachedSections.contains { $0.section.utf8.elementsEqual(section.name.buffer) }
  }
}
