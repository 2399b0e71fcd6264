import ELFFormat
import Platform

/// Making the file: everything that waits is settled, what grew gets room, the headers are written,
/// and what changed goes to the disk. Until the last step the file of the last flush is untouched.
extension CodeImage {
  @specialized(where T == X86_64Code)
  @specialized(where T == AArch64Code)
  @specialized(where T == ARMCode)
  @specialized(where T == RISCV64Code)
  @specialized(where T == SPARC64Code)
  func flush() throws(ImageError) {
    // A lazy provider may use the image in every other way.
    guard !isFlushing else {
      throw ImageError(.invalid, "a flush was asked for while one was under way")
    }
    isFlushing = true
    defer { isFlushing = false }
    try headroom.check(entries: symbols.count)
    try makePendingLazies()
    fetchIntoReach()
    settleEndsOfUse()
    if options.inputs != nil, foreign.isStale { try linkInputs() }
    try makeRoomForHeaders()
    try settleReferences()
    try checkDefined()
    try checkMisfits()
    let entry = try entryAddress()
    adoptDebugSections()
    numberSections()
    try nameSections()
    writeStaleEntries()
    layOutFile()
    collectChanges()
    writeHeaders(entry: entry)
    let written = try publisher.publish(
      size: fileSize(), changes: Publisher.merged(pendingChanges), all: pieces())
    pendingChanges.removeAll(keepingCapacity: true)
    counts.fileBytesWritten += written
    counts.flushes += 1
    for section in sections where section.isLoaded { section.mappedSize = mappedSize(section) }
    swap?.isUnflushed = false
    verify()
  }

  // MARK: Names

  /// References that no export answers: names that the linker defines.
  private func settleReferences() throws(ImageError) {
    guard options.inputs == nil else { return }
    for reference in resolver.linkerNamed where resolver[records[reference].name].winner.isNone {
      let name = String(describing: name(reference))
      if isNeeded(reference) { try checkBounds(name) }
      setAbsolute(reference, linkerDefinedValue(name))
    }
  }

  /// Refuses the bounds of a section that lies in several places.
  private func checkBounds(_ name: String) throws(ImageError) {
    for prefix in ["__start_", "__stop_"] where name.hasPrefix(prefix) {
      let wanted = name.dropFirst(prefix.count)
      let count = sections.count { $0.isLoaded && $0.size > 0 && $0.name == wanted }
      guard count > 1 else { continue }
      throw ImageError(
        .range,
        "section '\(wanted)' lies in \(count) places, so '\(name)' does not bound it; put only one"
          + " kind of declaration there, and make the image with a larger `reserve`")
    }
  }

  /// A name may come to need a definition that it does not have: the next flush looks.
  func noteUnsettled(_ reference: SymbolIndex) {
    if options.inputs == nil { resolver.unsettled.insert(reference.raw) }
  }

  /// Whether a name is one that `linkerDefinedValue` knows, now or when there is more in the image.
  func isLinkerDefined(_ name: String) -> Bool {
    switch name {
    case "__ehdr_start", "__executable_start", "__dso_handle", "_GLOBAL_OFFSET_TABLE_", "_end",
      "end", "_etext", "etext", "__etext", "_edata", "edata", "__bss_start",
      "__preinit_array_start", "__preinit_array_end", "__init_array_start", "__init_array_end",
      "__fini_array_start", "__fini_array_end", "__rela_iplt_start", "__rela_iplt_end",
      "__weld_thread_pointer":
      true
    default: name.hasPrefix("__start_") || name.hasPrefix("__stop_")
    }
  }

  /// Names that mean places of the image, unless somebody exports them. Source: what linkers define
  /// by custom for programs of their platform; gABI for `_DYNAMIC`, which no static program has.
  private func linkerDefinedValue(_ name: String) -> UInt64? {
    func bounds(_ prefix: String) -> ImageSection? {
      guard name.hasPrefix(prefix) else { return nil }
      let wanted = name.dropFirst(prefix.count)
      let named = sections.filter { $0.isLoaded && $0.name == wanted }
      return named.first { $0.size > 0 } ?? named.first
    }
    switch name {
    case "__ehdr_start", "__executable_start", "__dso_handle": return baseAddress
    case "_GLOBAL_OFFSET_TABLE_": return slots.parts.first?.section.address
    case "_end", "end":
      return sections.filter(\.isLoaded).map(\.endAddress).max()
    case "_etext", "etext", "__etext":
      return sections.last { $0.name == ".text" }?.endAddress
    case "_edata", "edata":
      return sections.last { $0.name == ".data" }?.endAddress
    case "__bss_start": return sections.first { $0.name == ".bss" }?.address
    case "__preinit_array_start", "__preinit_array_end", "__init_array_start", "__init_array_end",
      "__fini_array_start", "__fini_array_end", "__rela_iplt_start", "__rela_iplt_end":
      // An image without other inputs has none: the arrays are empty.
      return baseAddress
    case "__weld_thread_pointer":
      // What the thread pointer of a program's only thread can be, if no library sets up others:
      // its block is the template itself.
      guard let area = threadLocals else { return nil }
      return area.start &- UInt64(bitPattern: threadOffset(area.start))
    default:
      if let section = bounds("__start_") { return section.address }
      if let section = bounds("__stop_") { return section.endAddress }
      return nil
    }
  }

  /// Whether anything refers to a name. Slots say nothing of who uses them, unless the compiler does.
  func isNeeded(_ reference: SymbolIndex) -> Bool {
    let record = records[reference]
    return !record.incoming.isNone || record.slot >= 0 && !record.flags.contains(.isTracked)
  }

  /// Refuses what data or code refers to and nothing defines.
  private func checkDefined() throws(ImageError) {
    var messages: [String] = []
    if options.inputs == nil {
      for reference in undefinedReferences() {
        messages.append("undefined symbol: \(name(reference))" + referrers(of: reference))
      }
    }
    for raw in deadSymbols.sorted() {
      let symbol = SymbolIndex(raw: raw)
      messages.append("\(described(symbol)) was freed" + referrers(of: symbol))
    }
    // A declaration that was named and never given its bytes is undefined as well.
    for symbol in unplacedTargets() {
      messages.append("\(described(symbol)) has no bytes" + referrers(of: symbol))
    }
    if !messages.isEmpty { throw ImageError(.undefined, messages.joined(separator: "\n")) }
  }

  /// References that need a definition and have none, in the order of their making. What is settled,
  /// or needs none, is not looked at again until that changes.
  private func undefinedReferences() -> [SymbolIndex] {
    func isUndefined(_ reference: SymbolIndex) -> Bool {
      !isPlaced(reference) && isNeeded(reference)
        && resolver[records[reference].name].winner.isNone
        && !records[reference].flags.contains(.isWeakReference)
    }
    resolver.unsettled = resolver.unsettled.filter { isUndefined(SymbolIndex(raw: $0)) }
    let others = resolver.linkerNamed.filter(isUndefined).map(\.raw)
    return (others + resolver.unsettled).sorted().map { SymbolIndex(raw: $0) }
  }

  /// Refuses places that cannot hold the address that their target has come to have.
  private func checkMisfits() throws(ImageError) {
    if misfits.isEmpty { return }
    let errors = misfits.sorted().map { raw in
      let relocation = relocations[RelocationIndex(raw: raw)]
      return doesNotFit(
        relocation.kind, relocation.target, holder: relocation.holder, offset: relocation.offset,
        isThreadLocal: isThreadLocal(relocation.target))
    }
    throw ImageError(errors[0].code, errors.map(\.message).joined(separator: "\n"))
  }

  private func unplacedTargets() -> [SymbolIndex] {
    var found: [SymbolIndex] = []
    for (_, symbol) in unplacedDeclarations.sorted(by: { $0.key < $1.key }) {
      // A place that comes to refer to it puts it back.
      if isPlaced(symbol) || records[symbol].kind != .declaration
        || records[symbol].incoming.isNone
      {
        unplacedDeclarations[symbol.raw] = nil
      } else {
        found.append(symbol)
      }
    }
    return found
  }

  /// Up to three places that refer to a symbol, for messages.
  func referrers(of symbol: SymbolIndex) -> String {
    var text = ""
    var count = 0
    var index = records[symbol].incoming
    while !index.isNone {
      let relocation = relocations[index]
      if count < 3 {
        text += "\n>>> referenced by \(described(relocation.holder))"
        if relocation.kind != .slotUse { text += " at offset \(relocation.offset)" }
      }
      count += 1
      index = relocation.nextOfTarget
    }
    if count > 3 { text += "\n>>> referenced \(count - 3) more times" }
    if count == 0 { text += "\n>>> its slot in the offset table is in use" }
    return text
  }

  private func entryAddress() throws(ImageError) -> UInt64 {
    // The module's own first: it may have moved since the other inputs were linked.
    if let offset = strings.find(scratch(options.entry)), let name = resolver.find(offset) {
      let winner = resolver[name].winner
      if !winner.isNone, !symbols[winner].atom.isNone, !isOverridden(winner) {
        guard records[winner].content == .function else {
          throw ImageError(
            .noEntry,
            "the entry point '\(options.entry)' is data: a program starts with a function; the file of"
              + " the last flush is as it was")
        }
        return symbols[winner].word
      }
    }
    if let image = foreign.image { return image.entry }
    throw ImageError(
      .noEntry,
      "there is no entry point: no declaration exports '\(options.entry)'; the file of the last"
        + " flush is as it was")
  }

  // MARK: Sections

  func debugTables() -> ImageDebugInfo<E> {
    if let debugInfo { return debugInfo }
    let made = ImageDebugInfo<E>(frame: T.debugFrame, growth: growth)
    debugInfo = made
    return made
  }

  private func adoptDebugSections() {
    for section in debugInfo?.sections ?? [] where !sections.contains(where: { $0 === section }) {
      sections.append(section)
    }
  }

  /// Section numbers are those of the header table: first what was linked in, then the image's own in
  /// the order in which they were made, so that an entry of the symbol table stays right when one is
  /// added.
  func numberSections() {
    for (i, section) in sections.enumerated() {
      section.headerIndex = UInt32(foreign.kept.count + i + 1)
    }
    if let names = sections.first(where: { $0.name == ".strtab" }) {
      symbolTable.section.link = names.headerIndex
    }
    for section in sections where section.linkedSection != nil {
      section.link = section.linkedSection.unsafelyUnwrapped.headerIndex
    }
  }

  func headerIndex(of output: OutputIndex) -> UInt32 {
    let section = placed[output.int].section
    if section === threadLocalRoom { return foreign.threadLocalHeader }
    if section.headerIndex == 0 { numberSections() }
    return section.headerIndex
  }

  private func nameSections() throws(ImageError) {
    // `makeRoomForHeaders` has refused more.
    precondition(foreign.kept.count + sections.count < Int(SectionIndex.reservedStart))
    for section in sections where section.nameOffset == 0 {
      section.nameOffset = try sectionNames.add(scratch(section.name))
    }
  }

  // MARK: The file

  private static var headersOwner: Int { -1 }
  private static var tableOwner: Int { -2 }
  static var inputsOwner: Int { -3 }

  /// Bytes of the largest headers that the system loads: it reads 64 KiB of program headers.
  static var largestHeaders: UInt64 { 1 << 16 }

  /// Bytes of the file header and the room for program headers.
  var headersSize: UInt64 {
    let room = foreign.image?.programHeaderRoom ?? programHeaderRoom
    return UInt64(FileHeader<E>.size + room * ProgramHeader<E>.size)
  }

  /// Each kind of section has a segment, and another for each doubling: where their headers outgrow
  /// the room in front of the file, the sections behind it go elsewhere in the file.
  private func makeRoomForHeaders() throws(ImageError) {
    // Source: gABI, "Sections": symbols name their sections in 16 bits, of which the format has taken
    // some numbers. Tables that this flush makes itself need a few.
    let headers = foreign.kept.count + sections.count + 16
    guard headers < Int(SectionIndex.reservedStart) else {
      throw ImageError(
        .outOfRoom,
        "the program has \(headers) sections, and an image at most \(SectionIndex.reservedStart - 1);"
          + " put its declarations into fewer sections")
    }
    let count = segments().count
    while count > foreign.image?.programHeaderRoom ?? programHeaderRoom {
      let limit = (Int(Self.largestHeaders) - FileHeader<E>.size) / ProgramHeader<E>.size
      guard count <= limit, programHeaderRoom < limit else {
        throw ImageError(
          .outOfRoom,
          "the program has \(count) segments, and a system loads \(limit) of them; put its"
            + " declarations into fewer sections, or make the image with a larger `reserve`")
      }
      programHeaderRoom = min(programHeaderRoom * 2, limit)
      if foreign.image != nil {
        try linkInputs()
      } else if fileRanges.end > 0 {
        takeFileStart(headersSize, owner: Self.headersOwner)
        pendingChanges.append(0..<headersSize)
      }
    }
  }

  /// Gives the first `capacity` bytes of the file to `owner`: what is in the way goes elsewhere with
  /// the next layout.
  func takeFileStart(_ capacity: UInt64, owner: Int) {
    fileRanges.remove(owner: owner)
    for (number, section) in sections.enumerated()
    where section.fileCapacity > 0 && section.fileOffset < capacity {
      fileRanges.remove(owner: number)
      section.fileCapacity = 0
    }
    if sectionHeadersCapacity > 0, sectionHeadersOffset < capacity {
      fileRanges.remove(owner: Self.tableOwner)
      sectionHeadersCapacity = 0
    }
    fileRanges.add(0..<capacity, owner: owner)
  }

  /// Bytes that a section takes in the file and in memory at least, for growth while it runs.
  func mappedSize(_ section: ImageSection) -> UInt64 {
    section.isLoaded && !section.flags.contains(.threadLocal)
      ? max(section.size, min(options.liveReserve, section.reserve)) : section.size
  }

  /// Gives sections that have outgrown their room in the file another.
  private func layOutFile() {
    if fileRanges.end == 0, foreign.image == nil {
      fileRanges.add(0..<headersSize, owner: Self.headersOwner)
    }
    for (number, section) in sections.enumerated()
    where section.hasBytes && section !== threadControl {
      let size = mappedSize(section)
      let front = section === threadLocalData ? threadControl : nil
      if let front {
        if front.fileCapacity > 0, size <= section.fileCapacity { continue }
      } else if size == 0 || size <= section.fileCapacity {
        continue
      }
      if section.fileCapacity > 0 {
        pendingChanges.append(section.fileOffset..<section.fileOffset + section.fileCapacity)
        counts.sectionsMoved += 1
      }
      fileRanges.remove(owner: number)
      // What lies before it in its segment lies so in the file, and is a part of its range.
      let before = front?.size ?? 0
      let capacity = alignUp(idealCapacity(max(size, 1)), 64)
      let modulus =
        section.isLoaded ? T.imagePageSize : (1 as UInt64) << UInt64(max(section.alignment, 3))
      // Checkers take a section without bytes whose offset lies within what a segment has in memory
      // for one of that segment's: none does with the block's.
      let memory = front == nil ? 0 : (threadLocals?.size ?? 0) + Self.threadControlRoom
      let room = before + max(capacity, memory)
      let offset = fileRanges.find(
        size: room, modulus: modulus, offset: (section.address &- before) & (modulus &- 1))
      fileRanges.add(offset..<offset + room, owner: number)
      section.fileOffset = offset + before
      section.fileCapacity = capacity
      if section.size > 0 { section.dirty.add(0..<section.size) }
      if let front {
        front.fileOffset = offset
        front.fileCapacity = before
        front.dirty.add(0..<before)
      }
    }
    let tableSize = UInt64((foreign.kept.count + sections.count + 1) * SectionHeader<E>.size)
    if tableSize > sectionHeadersCapacity {
      if sectionHeadersCapacity > 0 {
        pendingChanges.append(
          sectionHeadersOffset..<sectionHeadersOffset + sectionHeadersCapacity)
      }
      fileRanges.remove(owner: Self.tableOwner)
      sectionHeadersCapacity = tableSize + UInt64(8 * SectionHeader<E>.size)
      sectionHeadersOffset = fileRanges.find(size: sectionHeadersCapacity, modulus: 8, offset: 0)
      fileRanges.add(
        sectionHeadersOffset..<sectionHeadersOffset + sectionHeadersCapacity,
        owner: Self.tableOwner)
      // Also what stays as it was is written at the new place.
      pendingChanges.append(sectionHeadersOffset..<sectionHeadersOffset + tableSize)
    }
  }

  /// Moves what sections have been written into the list of what the file lacks.
  private func collectChanges() {
    for section in sections where section.hasBytes {
      for range in section.dirty.take() {
        let end = min(range.upperBound, section.size)
        if range.lowerBound < end {
          pendingChanges.append(
            section.fileOffset + range.lowerBound..<section.fileOffset + end)
        }
      }
    }
    for (section, room) in overlays() {
      for range in section.dirty.take() {
        let end = min(range.upperBound, section.size, room.size)
        if range.lowerBound < end {
          pendingChanges.append(room.fileOffset + range.lowerBound..<room.fileOffset + end)
        }
      }
    }
  }

  /// One past the last byte of the file.
  private func fileSize() -> UInt64 {
    var size = max(
      headersSize, sectionHeadersOffset + UInt64(sectionHeaders.bytes.count),
      UInt64(foreign.image?.bytes.count ?? 0))
    for section in sections where section.fileCapacity > 0 {
      size = max(size, section.fileOffset + mappedSize(section))
    }
    return size
  }

  /// The whole file, in ascending order; what no piece covers is zero.
  private func pieces() -> [FilePiece] {
    var pieces = [
      FilePiece(
        offset: 0, bytes: UnsafeRawPointer(headers.bytes.baseAddress),
        count: UInt64(headers.bytes.count)),
      FilePiece(
        offset: sectionHeadersOffset, bytes: UnsafeRawPointer(sectionHeaders.bytes.baseAddress),
        count: UInt64(sectionHeaders.bytes.count)),
    ]
    for section in sections where section.hasBytes && section.fileCapacity > 0 && section.size > 0 {
      for part in section.parts(of: 0..<section.size) {
        pieces.append(
          FilePiece(
            offset: section.fileOffset + part.lowerBound, bytes: section.pointer(part.lowerBound),
            count: part.upperBound - part.lowerBound))
      }
    }
    pieces += inputPieces()
    return pieces.sorted { $0.offset < $1.offset }
  }
}
