import ELFFormat

/// The file header, the program headers and the section headers.
extension CodeImage {
  func writeHeaders(entry: UInt64) {
    let segments = segments()
    var bytes = [UInt8](repeating: 0, count: Int(headersSize))
    bytes.withUnsafeMutableBytes { buffer in
      let p = buffer.baseAddress!
      FileHeader<E>.write(fileHeader(entry: entry, segmentCount: segments.count), to: p)
      for (i, segment) in segments.enumerated() {
        ProgramHeader<E>.write(
          segment.fields(E.self), to: p + (FileHeader<E>.size + i * ProgramHeader<E>.size))
      }
    }
    pendingChanges += headers.replace(with: bytes)
    for range in sectionHeaders.replace(with: sectionHeaderTable()) {
      pendingChanges.append(
        sectionHeadersOffset + range.lowerBound..<sectionHeadersOffset + range.upperBound)
    }
  }

  private func fileHeader(entry: UInt64, segmentCount: Int) -> FileHeader<E>.Fields {
    var header = FileHeader<E>.Fields(type: FileType.executable, machine: T.machine)
    // The system that gives meaning to what is no part of the format itself, such as indirect
    // functions: what was linked in knows.
    header.systemABI = foreign.image?.bytes.bytes[7] ?? 0
    header.flags = T.headerFlags
    header.entry = entry
    header.segmentCount = segmentCount
    header.sectionHeaderOffset = sectionHeadersOffset
    header.sectionCount = foreign.kept.count + sections.count + 1
    header.sectionNameIndex = sectionNames.section.headerIndex
    return header
  }

  /// Segments: those that were linked in, the image's own, in the order that the format asks for.
  func segments() -> [Segment] {
    var loads: [Segment] = []
    var others: [Segment] = []
    if let image = foreign.image {
      for segment in image.programHeaders {
        let copy = Segment(
          type: segment.type, flags: segment.flags, offset: segment.fileOffset,
          address: segment.address, fileSize: segment.fileSize, memorySize: segment.memorySize,
          alignment: segment.alignment)
        if copy.type == .load { loads.append(copy) } else { others.append(copy) }
      }
    } else {
      loads.append(
        Segment(
          type: .load, flags: .read, offset: 0, address: baseAddress, fileSize: headersSize,
          memorySize: headersSize, alignment: T.imagePageSize))
      others.append(
        Segment(type: .gnuStack, flags: [.read, .write], alignment: 16))
    }
    for section in sections where section.isLoaded {
      if section.flags.contains(.threadLocal) || section.isAnchor { continue }
      var memory = mappedSize(section)
      var start = section
      if let anchor = section.anchor {
        start = anchor
        memory += section.address - anchor.address
      }
      var flags: SegmentFlags = .read
      if section.flags.contains(.write) { flags.insert(.write) }
      if section.flags.contains(.execute) { flags.insert(.execute) }
      if memory == 0 { continue }
      loads.append(
        Segment(
          type: .load, flags: flags, offset: offset(of: start), address: start.address,
          fileSize: section.hasBytes ? memory : start.size, memorySize: memory,
          alignment: T.imagePageSize))
    }
    if let area = threadLocals, threadLocalRoom == nil { addThreadLocal(area, &loads, &others) }
    loads.sort { $0.address < $1.address }
    // Source: gABI, "Program Header": PT_PHDR and PT_INTERP come before any loadable segment.
    let first = others.filter { $0.type == .programHeaders || $0.type == .interpreter }
    let rest = others.filter { $0.type != .programHeaders && $0.type != .interpreter }
    var all = first + loads + rest
    for i in all.indices where all[i].type == .programHeaders {
      all[i].fileSize = UInt64(all.count * ProgramHeader<E>.size)
      all[i].memorySize = all[i].fileSize
    }
    return all
  }

  /// The template of thread-local variables, which is also the block of a program's only thread if
  /// no library makes one: so it is writable, and has room for a control block on both sides.
  private func addThreadLocal(
    _ area: ThreadLocalArea, _ loads: inout [Segment], _ others: inout [Segment]
  ) {
    guard let data = threadLocalData, let control = threadControl else { return }
    others.append(
      Segment(
        type: .threadLocal, flags: .read, offset: offset(of: data), address: area.start,
        fileSize: data.size, memorySize: area.size, alignment: area.alignment))
    loads.append(
      Segment(
        type: .load, flags: [.read, .write], offset: offset(of: control),
        address: control.address, fileSize: control.size + data.size,
        memorySize: control.size + area.size + Self.threadControlRoom,
        alignment: T.imagePageSize))
  }

  /// The section that the template begins with.
  var threadLocalData: ImageSection? {
    sections.first { $0.hasBytes && $0.flags.contains(.threadLocal) }
  }

  private func sectionHeaderTable() -> [UInt8] {
    // The null section; and those that everything has left, which are in no segment: they have the
    // header of no section. Source: gABI, "Sections", SHT_NULL.
    var headers: [SectionHeader<E>.Fields?] = [nil]
    if let image = foreign.image {
      for index in foreign.kept { headers.append(header(of: image.sections[index], index)) }
    }
    for section in sections {
      headers.append(section.isLoaded && mappedSize(section) == 0 ? nil : header(of: section))
    }
    var table = [UInt8](repeating: 0, count: headers.count * SectionHeader<E>.size)
    table.withUnsafeMutableBytes { buffer in
      for case (let i, let header?) in headers.enumerated() {
        SectionHeader<E>.write(header, to: buffer.baseAddress! + i * SectionHeader<E>.size)
      }
    }
    return table
  }

  /// Of a section that was linked in.
  private func header(of section: ForeignSection, _ index: Int) -> SectionHeader<E>.Fields {
    func number(_ index: UInt32) -> UInt32? {
      Int(index) < foreign.headerIndices.count ? foreign.headerIndices[Int(index)] : nil
    }
    var header = SectionHeader<E>.Fields(
      name: foreign.nameOffsets[index] ?? 0, type: section.type, flags: section.flags)
    header.address = section.address
    header.offset = section.fileOffset
    header.size = section.size
    header.link =
      Int(section.link) == foreign.symbolTable
      ? symbolTable.section.headerIndex : number(section.link) ?? 0
    // Source: gABI, "Sections", sh_info: a section's index where SHF_INFO_LINK says so.
    header.info =
      section.flags.contains(.infoLink) ? number(section.info) ?? section.info : section.info
    header.alignment = section.alignment
    header.entrySize = section.entrySize
    return header
  }

  private func header(of section: ImageSection) -> SectionHeader<E>.Fields {
    var header = SectionHeader<E>.Fields(
      name: section.nameOffset, type: section.type, flags: section.flags)
    header.address = section.address
    header.offset = offset(of: section)
    header.size = section.size
    header.link = section.link
    header.info = section.info
    header.alignment = alignment(of: section)
    header.entrySize = section.entrySize
    return header
  }

  /// In bytes. Sections begin with a page, and atoms may be aligned to more: the header cannot say so,
  /// since a section's address is a multiple of its alignment. Source: gABI, "Sections".
  private func alignment(of section: ImageSection) -> UInt64 {
    let wanted = (1 as UInt64) << UInt64(section.alignment)
    return section.isLoaded && section.address != 0
      ? min(wanted, section.address & (0 &- section.address)) : wanted
  }

  /// Sections without bytes have an offset all the same, which agrees with their address.
  private func offset(of section: ImageSection) -> UInt64 {
    if section.fileCapacity > 0 { return section.fileOffset }
    if let anchor = section.anchor { return anchor.fileOffset + anchor.size }
    if section.flags.contains(.threadLocal), let data = threadLocalData, data !== section {
      return offset(of: data) + (section.address - data.address)
    }
    return section.isLoaded ? section.address % T.imagePageSize : headersSize
  }
}
