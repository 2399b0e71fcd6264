import ELFFormat

/// The file header, the program headers and the section headers.
extension CodeImage {
  func writeHeaders(entry: UInt64) {
    let segments = segments()
    let file = fileHeader(entry: entry, segmentCount: segments.count)
    var bytes = [UInt8](repeating: 0, count: Int(headersSize))
    bytes.replaceSubrange(0..<file.count, with: file)
    for (i, segment) in segments.enumerated() {
      let record = programHeader(segment)
      let start = FileHeader<E>.size + i * record.count
      bytes.replaceSubrange(start..<start + record.count, with: record)
    }
    pendingChanges += headers.replace(with: bytes)
    for range in sectionHeaders.replace(with: sectionHeaderTable()) {
      pendingChanges.append(
        sectionHeadersOffset + range.lowerBound..<sectionHeadersOffset + range.upperBound)
    }
  }

  /// Source: gABI, "ELF Header".
  private func fileHeader(entry: UInt64, segmentCount: Int) -> [UInt8] {
    var w = RecordWriter<E>()
    w.bytes([0x7f, 0x45, 0x4c, 0x46, E.is64 ? 2 : 1, E.isBigEndian ? 2 : 1, 1])
    // The system that gives meaning to what is no part of the format itself, such as indirect
    // functions: what was linked in knows.
    w.bytes([foreign.image?.bytes.bytes[7] ?? 0])
    w.zeros(8)
    w.u16(FileType.executable)
    w.u16(T.machine)
    w.u32(1)
    w.word(entry)
    w.word(UInt64(FileHeader<E>.size))
    w.word(sectionHeadersOffset)
    w.u32(T.headerFlags)
    w.u16(UInt16(FileHeader<E>.size))
    w.u16(E.is64 ? 56 : 32)
    w.u16(UInt16(segmentCount))
    w.u16(UInt16(SectionHeader<E>.size))
    w.u16(UInt16(foreign.kept.count + sections.count + 1))
    w.u16(UInt16(sectionNames.section.headerIndex))
    return w.result
  }

  /// Source: gABI, "Program Header": fields in another order for each class.
  private func programHeader(_ segment: Segment) -> [UInt8] {
    var w = RecordWriter<E>()
    w.u32(segment.type.rawValue)
    if E.is64 { w.u32(segment.flags.rawValue) }
    w.word(segment.offset)
    w.word(segment.address)
    w.word(segment.address)
    w.word(segment.fileSize)
    w.word(segment.memorySize)
    if !E.is64 { w.u32(segment.flags.rawValue) }
    w.word(segment.alignment)
    return w.result
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
      all[i].fileSize = UInt64(all.count * (E.is64 ? 56 : 32))
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
    var w = RecordWriter<E>()
    w.zeros(SectionHeader<E>.size)
    if let image = foreign.image {
      for index in foreign.kept {
        let section = image.sections[index]
        // Source: gABI, "Sections", sh_info: a section's index where SHF_INFO_LINK says so.
        let info =
          section.flags.contains(.infoLink) && Int(section.info) < foreign.headerIndices.count
          ? foreign.headerIndices[Int(section.info)] : section.info
        var link =
          Int(section.link) < foreign.headerIndices.count
          ? foreign.headerIndices[Int(section.link)] : 0
        if Int(section.link) == foreign.symbolTable { link = symbolTable.section.headerIndex }
        header(
          &w, name: foreign.nameOffsets[index] ?? 0, type: section.type, flags: section.flags,
          address: section.address, offset: section.fileOffset, size: section.size, link: link,
          info: info, alignment: section.alignment, entrySize: section.entrySize)
      }
    }
    for section in sections {
      // One that everything has left is in no segment. Source: gABI, "Sections", SHT_NULL: the
      // header of no section.
      if section.isLoaded, mappedSize(section) == 0 {
        w.zeros(SectionHeader<E>.size)
        continue
      }
      header(
        &w, name: section.nameOffset, type: section.type, flags: section.flags,
        address: section.address, offset: offset(of: section), size: section.size,
        link: section.link, info: section.info, alignment: alignment(of: section),
        entrySize: section.entrySize)
    }
    return w.result
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

  /// Source: gABI, "Sections".
  private func header(
    _ w: inout RecordWriter<E>, name: UInt32, type: SectionType, flags: SectionFlags,
    address: UInt64, offset: UInt64, size: UInt64, link: UInt32, info: UInt32, alignment: UInt64,
    entrySize: UInt64
  ) {
    w.u32(name)
    w.u32(type.rawValue)
    w.word(flags.rawValue)
    w.word(address)
    w.word(offset)
    w.word(size)
    w.u32(link)
    w.u32(info)
    w.word(alignment)
    w.word(entrySize)
  }
}

/// Numbers in the target's order, one after the other.
struct RecordWriter<E: ELFEncoding> {
  private(set) var result: [UInt8] = []

  mutating func bytes(_ bytes: [UInt8]) { result += bytes }
  mutating func zeros(_ count: Int) { result += repeatElement(0, count: count) }

  mutating func u16(_ value: UInt16) { append(value) }
  mutating func u32(_ value: UInt32) { append(value) }
  mutating func u64(_ value: UInt64) { append(value) }
  mutating func word(_ value: UInt64) {
    if E.is64 { append(value) } else { append(UInt32(truncatingIfNeeded: value)) }
  }

  private mutating func append<I: FixedWidthInteger>(_ value: I) {
    let ordered = E.isBigEndian ? value.bigEndian : value.littleEndian
    withUnsafeBytes(of: ordered) { result += $0 }
  }
}
