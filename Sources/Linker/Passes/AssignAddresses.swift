import ELFFormat
import Platform

/// Order of sections, segments, addresses and file offsets.
///
/// The order is by permission, so that each has one loadable segment: read-only, code, data that is
/// read-only after relocation, data. Inside, by custom. `-z separate-code` keeps file pages with
/// code free of anything else; without it, neighbours share a page of the file that is mapped twice.
extension Link {
  /// Places sections until the size of `.relr.dyn`, which depends on addresses, fits.
  func assignAddresses<T: Target>(_: T.Type) throws(LinkFailed) {
    checkSizes()
    checkImageBase()
    try checkpoint()
    var round = 0
    while true {
      if !synthetic.relativeRelocations.isNone {
        outputs[synthetic.relativeRelocations].size =
          UInt64(dynamicRelocations.packedRoom * T.Encoding.wordSize)
      }
      layOut(T.self)
      checkSegmentCount()
      try checkpoint()
      if synthetic.relativeRelocations.isNone { break }
      // Places of relocations are needed: atoms get their addresses for a moment.
      shiftAtoms(forward: true)
      round += 1
      let fits = packRelativeRelocations(T.self, mayGuess: round < 8)
      shiftAtoms(forward: false)
      if fits { break }
    }
    shiftAtoms(forward: true)
    checkPermissions()
    checkOverlaps()
    checkAddressLimit()
    setTableAddresses(T.self)
    finishSymbols(T.self)
    try checkpoint()
  }

  /// Decides which sections the output has, and everything that follows from their number.
  func countSections<T: Target>(_: T.Type) {
    orderSections()
    if sectionOrder.count + 1 >= Int(SectionIndex.reservedStart), !synthetic.symbolTable.isNone,
      synthetic.extendedIndices.isNone
    {
      var section = OutputSection.named(".symtab_shndx", content: .extendedIndices)
      section.type = SectionType.sectionIndices.rawValue
      section.size = UInt64(symbolTable.count * 4)
      section.alignment = 2
      section.entrySize = 4
      synthetic.extendedIndices = outputs.append(section)
      orderSections()
    }
    alignThreadLocals()
    layOutSectionNames()
  }

  /// The TLS segment begins with its first section, and is aligned as the most demanding one.
  private func alignThreadLocals() {
    let all = sectionOrder.filter { outputs[$0].has.contains([.alloc, .threadLocal]) }
    guard let first = all.first else { return }
    outputs[first].alignment = all.reduce(0) { max($0, outputs[$1].alignment) }
  }

  /// Lays the sections that are not loaded out again, after their sizes changed.
  func relocateUnloaded<T: Target>(_: T.Type) {
    layOutSectionNames()
    layOutUnloaded(T.self, from: loadedEnd)
  }

  // MARK: Order

  private func orderSections() {
    var order: [OutputIndex] = []
    let named = namedEmptySections()
    let bounded = boundedNames()
    for i in outputs.indices {
      let index = OutputIndex(i)
      let output = outputs.pointer(index)
      if output.pointee.content == .atoms && output.pointee.atomCount == 0 { continue }
      if output.pointee.content == .atoms && output.pointee.size == 0
        && !bounded.contains(output.pointee.name) && !named[i]
      {
        // Empty sections would only be noise, unless somebody asks for their bounds or has a label
        // in one.
        if !output.pointee.has.contains(.alloc) || !options.sectionStarts.isEmpty { continue }
        if output.pointee.name != ".text" { continue }
      }
      output.pointee.rank = rank(output.pointee)
      order.append(index)
    }
    order.sort {
      (outputs[$0].rank, outputs[$0].firstSeen, outputs[$0].name, $0.raw)
        < (outputs[$1].rank, outputs[$1].firstSeen, outputs[$1].name, $1.raw)
    }
    sectionOrder = order
    for (i, index) in order.enumerated() { outputs[index].headerIndex = UInt32(i + 1) }
  }

  /// Sections with a `__start_` or `__stop_` symbol.
  private func boundedNames() -> Set<ByteString> {
    var names: Set<ByteString> = []
    for own in linkerDefined {
      switch own.kind {
      case .identifierStart(let name), .identifierStop(let name): names.insert(name)
      default: break
      }
    }
    return names
  }

  /// Lower ranks come first. The upper byte is the segment.
  func rank(_ section: OutputSection) -> UInt32 {
    let has = section.has
    guard has.contains(.alloc) else { return unloadedRank(section) }
    if isDetached(section) { return 0x0800 }
    if section.isLarge, !has.contains(.threadLocal) {
      let isCode = has.contains(.execute) && !has.contains(.write)
      if isCode, isLargeCodeNear { return 0x0200 + codeRank(section) }
      let isZero = section.type == SectionType.nobits.rawValue
      return 0x0700 + (has.contains(.write) ? (isZero ? 3 : 2) : isCode ? 1 : 0)
    }
    if !has.contains(.write) {
      if has.contains(.execute) { return 0x0200 + codeRank(section) }
      return 0x0100 + readOnlyRank(section)
    }
    if isRelro(section) { return 0x0300 + relroRank(section) }
    return 0x0400 + dataRank(section)
  }

  private func readOnlyRank(_ section: OutputSection) -> UInt32 {
    switch section.content {
    case .interpreter: return 0
    case .propertyNote: return 1
    case .buildID: return 2
    case .packageNote: return 4
    case .dynamicSymbols: return 9
    case .dynamicIndices: return 10
    case .versionSymbols: return 11
    case .versionDefinitions: return 12
    case .versionNeeds: return 13
    case .gnuHash: return 14
    case .sysvHash: return 15
    case .dynamicNames: return 16
    case .dynamicRelocations: return 17
    case .relativeRelocations: return 18
    case .pltRelocations: return 19
    case .frameHeader: return 0x50
    case .frames: return 0x51
    default: break
    }
    if section.type == SectionType.note.rawValue { return 3 }
    if section.name == ".gcc_except_table" { return 0x52 }
    if section.name == ".rodata" { return 0x30 }
    return 0x31
  }

  private func codeRank(_ section: OutputSection) -> UInt32 {
    switch section.content {
    case .procedureLinkage: return 1
    case .procedureLinkageSecond: return 2
    case .procedureLinkageOffset: return 3
    default: break
    }
    if section.isLarge { return 9 }
    if section.name == ".init" { return 0 }
    if section.name.hasPrefix(".text") { return section.name == ".text" ? 6 : 5 }
    if section.name == ".fini" { return 8 }
    return 7
  }

  private func relroRank(_ section: OutputSection) -> UInt32 {
    if section.has.contains(.threadLocal) {
      return section.type == SectionType.nobits.rawValue ? 1 : 0
    }
    switch section.content {
    case .dynamic: return 20
    case .offsetTable: return 21
    case .pltOffsetTable: return 22
    default: break
    }
    switch SectionType(rawValue: section.type) {
    case .preinitArray: return 2
    case .initArray: return 3
    case .finiArray: return 4
    default: break
    }
    return 10
  }

  private func dataRank(_ section: OutputSection) -> UInt32 {
    if section.has.contains(.threadLocal) {
      return section.type == SectionType.nobits.rawValue ? 1 : 0
    }
    if section.content == .dynamic { return 2 }
    if section.content == .offsetTable { return 3 }
    if section.content == .pltOffsetTable { return 4 }
    if section.type == SectionType.nobits.rawValue { return section.name == ".bss" ? 0x20 : 0x21 }
    return section.name == ".data" ? 0x10 : 0x11
  }

  private func unloadedRank(_ section: OutputSection) -> UInt32 {
    switch section.content {
    case .symbolTable: return 0x1000
    case .extendedIndices: return 0x1001
    case .sectionNames: return 0x1002
    case .symbolNames: return 0x1003
    default: return 0x0f00
    }
  }

  /// Written only while the loader relocates.
  func isRelro(_ section: OutputSection) -> Bool {
    guard options.relro, section.has.contains(.write) else { return false }
    if section.has.contains(.threadLocal) { return true }
    if section.isLarge { return false }
    switch section.content {
    case .dynamic, .offsetTable: return true
    case .pltOffsetTable: return options.bindsNow
    default: break
    }
    switch SectionType(rawValue: section.type) {
    case .preinitArray, .initArray, .finiArray: return true
    default: break
    }
    let name = section.name
    return name == ".data.rel.ro" || name == ".bss.rel.ro" || name == ".ctors" || name == ".dtors"
      || name == ".jcr" || name == ".openbsd.randomdata"
  }

  // MARK: Addresses

  /// `--no-rosegment`: what is only read shares the segment of code.
  var readOnlyPermissions: SegmentFlags {
    options.separatesReadOnly ? .read : [.read, .execute]
  }

  func permissions(_ section: OutputSection) -> SegmentFlags {
    var flags = readOnlyPermissions
    if section.has.contains(.write) { flags = [.read, .write] }
    if section.has.contains(.execute) { flags.insert(.execute) }
    return flags
  }

  /// Sections that no address space holds are refused before anything is added up.
  private func checkSizes() {
    var sum: UInt64 = 0
    for index in sectionOrder {
      let section = outputs.pointer(index)
      let room =
        min(section.pointee.size, 1 << 60) &+ 1 << UInt64(min(section.pointee.alignment, 60))
      sum = min(sum &+ room, 1 << 62)
    }
    if sum > 1 << 47 {
      diagnostics.error(
        "the output's sections take \(sum >> 30) GiB with their alignment, more than a program can"
          + " have; an input is damaged")
    }
  }

  /// Sizes are bounded by `checkSizes`, but addresses start where options say: what would wrap around
  /// is told by `LayoutBounds`, before segments are made of it.
  private func layOut<T: Target>(_: T.Type) {
    layOut(T.self, base: options.imageBase ?? defaultBase(T.self))
    if !diagnostics.hasErrors, let base = lowerBase() { layOut(T.self, base: base) }
  }

  /// The table of program headers ends where the first section begins: tools take what lies between
  /// for lost bytes. How many headers there are follows from addresses in rare cases only; then it is
  /// learned from the layout.
  private func layOut<T: Target>(_: T.Type, base: UInt64) {
    let loaded = sectionOrder.filter { outputs[$0].has.contains(.alloc) }
    var count = expectedSegments(loaded)
    for _ in 0..<4 {
      layOut(T.self, loaded, base: base, segmentCount: count)
      if diagnostics.hasErrors || segments.count == count { return }
      count = segments.count
    }
    layOut(T.self, loaded, base: base, segmentCount: 10 + loaded.count * 2)
    assert(segments.count <= 10 + loaded.count * 2)
  }

  private func layOut<T: Target>(
    _: T.Type, _ loaded: [OutputIndex], base: UInt64, segmentCount: Int
  ) {
    typealias E = T.Encoding
    let maximum = maximumPageSize
    let common = min(options.commonPageSize ?? T.commonPageSize, maximum)
    segments = []
    let headerSegments = segmentCount + options.spareProgramHeaders
    let fileHeader = UInt64(FileHeader<E>.size)
    headersSize = fileHeader + UInt64(headerSegments) * (E.is64 ? 56 : 32)
    imageBase = base
    let starts = startAddresses()

    var bounds = LayoutBounds(
      base: base, headersSize: headersSize, page: common,
      isRelocated: isPositionIndependent)
    var address = imageBase &+ headersSize
    var offset = headersSize
    var load = Segment(type: .load, flags: readOnlyPermissions, offset: 0, address: imageBase)
    load.alignment = segmentAlignment(loaded[...], readOnlyPermissions, starts)
    if base % load.alignment != 0 { load.alignment = maximum }
    var loads: [Segment] = []
    var fileEnd = headersSize
    var tls: Segment?
    // Of thread-locals without bytes, which take room in the TLS segment alone.
    var threadZeroSize: UInt64 = 0
    var relroStart: (UInt64, UInt64)?
    var relroEnd: (address: UInt64, offset: UInt64) = (0, 0)
    var wasRelro = false
    var wasZero = false

    func close() {
      load.memorySize = address &- load.address
      load.fileSize = fileEnd > load.offset ? fileEnd - load.offset : 0
      load.fileSize = min(load.fileSize, load.memorySize)
      if load.memorySize > 0 { loads.append(load) }
    }

    for (i, index) in loaded.enumerated() {
      let section = outputs.pointer(index)
      let isZero = section.pointee.type == SectionType.nobits.rawValue
      let isThreadZero = isZero && section.pointee.has.contains(.threadLocal)
      let flags = permissions(section.pointee)
      let alignment = (1 as UInt64) << UInt64(section.pointee.alignment)
      let relro = isRelro(section.pointee)
      let start = starts[section.pointee.name]
      if wasRelro, !relro {
        // What follows must not share a page with what becomes read-only.
        address = alignUp(address, common)
        offset = alignUp(offset, common)
        relroEnd = (address, offset)
        fileEnd = max(fileEnd, offset)
      }
      if flags != load.flags || start != nil || wasZero && !isZero && !isThreadZero {
        close()
        if let start {
          address = start
          offset = alignUp(fileEnd, maximum) &+ address % maximum
        } else {
          let separates =
            options.separation == .loadableSegments
            || options.separation == .code
              && (flags.contains(.execute) || load.flags.contains(.execute))
          if separates {
            offset = alignUp(fileEnd, common)
            address = alignUp(address, maximum) &+ offset % maximum
          } else {
            // The same page of the file is mapped again with other permissions.
            offset = fileEnd
            address = alignUp(address, maximum) &+ offset % maximum
          }
        }
        let aligned = alignUp(address, alignment)
        offset &+= aligned &- address
        address = aligned
        // Offset and address have to agree modulo the alignment of all that follows: the loader
        // chooses the base of a position-independent program by it.
        let reach = segmentAlignment(loaded[i...], flags, starts)
        offset &+= (address &- offset) & (reach &- 1)
        load = Segment(type: .load, flags: flags, offset: offset, address: address)
        load.alignment = reach
        fileEnd = max(fileEnd, offset)
      }
      if !isThreadZero {
        let aligned = alignUp(address, alignment)
        offset &+= aligned &- address
        address = aligned
        section.pointee.address = address
        section.pointee.fileOffset = offset
      } else {
        let aligned = alignUp(address &+ threadZeroSize, alignment)
        section.pointee.address = aligned
        section.pointee.fileOffset = offset &+ (aligned &- address)
        threadZeroSize = aligned &+ section.pointee.size &- address
      }
      bounds.add(section.pointee, start: start, isRelro: relro, tls: tls?.address)
      if section.pointee.has.contains(.threadLocal) {
        extendTLS(&tls, section.pointee, alignment, isZero: isZero)
      }
      if relro, relroStart == nil {
        relroStart = (section.pointee.address, section.pointee.fileOffset)
      }
      if isThreadZero {
        wasRelro = relro
        continue
      }
      address &+= section.pointee.size
      if !isZero {
        offset &+= section.pointee.size
        fileEnd = max(fileEnd, offset)
      }
      wasZero = isZero
      wasRelro = relro
    }
    if wasRelro {
      address = alignUp(address, common)
      relroEnd = (address, offset)
    }
    close()
    bounds.finish()
    if let problem = bounds.problem {
      diagnostics.error(problem)
      return
    }

    segments = assembleSegments(
      T.self, loaded: loaded, loads: loads, tls: tls, relroStart: relroStart, relroEnd: relroEnd)
    if let tls {
      tlsStart = tls.address
      threadPointer = alignUp(tls.address &+ tls.memorySize, tls.alignment)
    }
    loadedEnd = fileEnd
    layOutUnloaded(T.self, from: fileEnd)
  }

  private func extendTLS(
    _ tls: inout Segment?, _ section: OutputSection, _ alignment: UInt64, isZero: Bool
  ) {
    var segment =
      tls
      ?? Segment(
        type: .threadLocal, flags: .read, offset: section.fileOffset, address: section.address)
    segment.alignment = max(segment.alignment, alignment)
    segment.memorySize = section.address &+ section.size &- segment.address
    if !isZero { segment.fileSize = segment.memorySize }
    tls = segment
  }

  /// `-Ttext=`, `-Tdata=`, `-Tbss=`, `--section-start=`.
  func startAddresses() -> [ByteString: UInt64] {
    var starts: [ByteString: UInt64] = [:]
    for entry in options.sectionStarts + options.detachedSections {
      starts[ByteString(copying: entry.section)] = entry.address
    }
    return starts
  }

  private func assembleSegments<T: Target>(
    _: T.Type, loaded: [OutputIndex], loads: [Segment], tls: Segment?,
    relroStart: (UInt64, UInt64)?, relroEnd: (address: UInt64, offset: UInt64)
  ) -> [Segment] {
    var list: [Segment] = []
    func covering(_ type: SegmentType, _ index: OutputIndex, _ flags: SegmentFlags) -> Segment {
      let section = outputs[index]
      return Segment(
        type: type, flags: flags, offset: section.fileOffset, address: section.address,
        fileSize: section.size, memorySize: section.size,
        alignment: 1 << UInt64(section.alignment))
    }
    if isDynamic || !synthetic.interpreter.isNone {
      var headers = Segment(type: .programHeaders, flags: .read)
      headers.offset = UInt64(FileHeader<T.Encoding>.size)
      headers.address = imageBase + headers.offset
      headers.alignment = UInt64(T.Encoding.wordSize)
      list.append(headers)
    }
    if !synthetic.interpreter.isNone {
      list.append(covering(.interpreter, synthetic.interpreter, .read))
    }
    // Source: gABI, "Program Header": loadable segments are in the order of their addresses.
    list += loads.sorted { $0.address < $1.address }
    if let tls { list.append(tls) }
    if !synthetic.dynamic.isNone {
      let flags: SegmentFlags = options.readOnlyDynamic ? .read : [.read, .write]
      list.append(covering(.dynamic, synthetic.dynamic, flags))
    }
    if let (address, offset) = relroStart {
      list.append(
        Segment(
          type: .gnuRelro, flags: .read, offset: offset, address: address,
          fileSize: min(relroEnd.offset, relroEnd.offset) - offset,
          memorySize: relroEnd.address - address, alignment: 1))
    }
    // Neighbouring notes of one alignment share a segment.
    var note: Segment?
    for index in loaded {
      let section = outputs[index]
      guard section.type == SectionType.note.rawValue else { continue }
      let alignment = (1 as UInt64) << UInt64(section.alignment)
      if var open = note, open.alignment == alignment,
        alignUp(open.address + open.memorySize, alignment) == section.address
      {
        open.memorySize = section.address + section.size - open.address
        open.fileSize = open.memorySize
        note = open
      } else {
        if let note { list.append(note) }
        note = covering(.note, index, .read)
      }
    }
    if let note { list.append(note) }
    if !synthetic.propertyNote.isNone {
      list.append(covering(.gnuProperty, synthetic.propertyNote, .read))
    }
    if !synthetic.frameHeader.isNone {
      list.append(covering(.gnuEHFrame, synthetic.frameHeader, .read))
    }
    var stack = Segment(type: .gnuStack, flags: [.read, .write])
    if wantsExecutableStack { stack.flags.insert(.execute) }
    stack.memorySize = options.stackSize ?? 0
    stack.alignment = 16
    if !options.omitsStackHeader { list.append(stack) }
    if list.first?.type == .programHeaders {
      let size = UInt64(list.count * (T.Encoding.is64 ? 56 : 32))
      list[0].fileSize = size
      list[0].memorySize = size
    }
    return list
  }

  /// `-z execstack`, or an object that asks for it.
  var wantsExecutableStack: Bool {
    if let asked = options.executableStack { return asked }
    return liveObjects.contains { objects[$0].has.contains(.wantsExecutableStack) }
  }

  private func layOutUnloaded<T: Target>(_: T.Type, from end: UInt64) {
    var offset = end
    for index in sectionOrder where !outputs[index].has.contains(.alloc) {
      let section = outputs.pointer(index)
      offset = alignUp(offset, 1 << UInt64(section.pointee.alignment))
      section.pointee.fileOffset = offset
      section.pointee.address = 0
      if section.pointee.type != SectionType.nobits.rawValue { offset += section.pointee.size }
    }
    if options.writesSectionHeaders {
      sectionHeadersOffset = alignUp(offset, UInt64(T.Encoding.wordSize))
      outputSize =
        sectionHeadersOffset
        + UInt64((sectionOrder.count + 1) * SectionHeader<T.Encoding>.size)
    } else {
      sectionHeadersOffset = 0
      outputSize = offset
    }
  }

  /// Offsets in sections become addresses.
  private func shiftAtoms(forward: Bool) {
    for index in sectionOrder {
      let output = outputs[index]
      let shift = forward ? output.address : 0 &- output.address
      if output.content == .frames { shiftFrameAtoms(by: shift) }
      guard output.content == .atoms, output.address != 0 else { continue }
      nonisolated(unsafe) let order = atomOrder + output.firstAtom
      pool.forEachRange(output.atomCount, grain: 1 << 14) { [self] range, _ in
        for i in range { atoms.pointer(order[i]).pointee.address &+= shift }
      }
    }
  }

  private func setTableAddresses<T: Target>(_: T.Type) {
    pltEntrySize = usesLandingPads ? T.landingPLTEntrySize : T.pltEntrySize
    directPLTEntrySize = usesLandingPads ? T.landingPLTEntrySize : T.directPLTEntrySize
    if !synthetic.procedureLinkageSecond.isNone {
      lazyPLTStart = outputs[synthetic.procedureLinkageSecond].address
    } else if !synthetic.procedureLinkage.isNone {
      lazyPLTStart = outputs[synthetic.procedureLinkage].address + T.pltHeaderSize
    }
    if !synthetic.procedureLinkageOffset.isNone {
      directPLTStart = outputs[synthetic.procedureLinkageOffset].address
    }
  }

  /// Symbols' offsets become addresses.
  private func finishSymbols<T: Target>(_: T.Type) {
    pool.forEachRange(symbols.count, grain: 1 << 13) { [self] range, _ in
      for i in range {
        let symbol = symbols.pointer(SymbolIndex(i))
        let has = symbol.pointee.has
        if has.contains(.isLinkerDefined) { continue }
        let index = symbol.pointee.atom
        if index.raw < AtomIndex.discarded.raw {
          let atom = atoms.pointer(index)
          symbol.pointee.word =
            atom.pointee.kind == .merged
            ? mergedAddress(atom.pointee, offset: symbol.pointee.word)
            : atom.pointee.address &+ symbol.pointee.word
        } else if has.contains(.isShared), has.contains(.needsCanonicalPLT),
          let plt = pltAddress(extras[symbol.pointee.extra])
        {
          symbol.pointee.word = plt
        }
      }
    }
    tables.linkerDefinedSections = NameValues.set(
      serviceStage, inputStage, namingStage, contentStage, demandStage, tableStage, layoutStage)
    if let index = names.find(ByteString(copying: entryName), in: symbols),
      !symbols[index].has.contains(.isUndefined)
    {
      entryAddress = symbols[index].word
    } else if !entryName.isEmpty {
      if let number = Self.number(entryName) {
        entryAddress = number
      } else if options.outputKind == .executable {
        let text = findOutput(".text").map { outputs[$0].address } ?? 0
        entryAddress = text
        diagnostics.warning(
          "cannot find entry symbol '\(entryName)'; the program starts at"
            + " 0x\(String(text, radix: 16)), the beginning of .text")
      }
    }
  }

  private static func number(_ text: String) -> UInt64? {
    if text.hasPrefix("0x") || text.hasPrefix("0X") { return UInt64(text.dropFirst(2), radix: 16) }
    return UInt64(text)
  }
}

@inline(__always)
func alignUp(_ value: UInt64, _ alignment: UInt64) -> UInt64 {
  (value &+ alignment &- 1) & ~(alignment &- 1)
}

extension OutputSection {
  /// Of the large model.
  var isLarge: Bool { has.contains(.x86Large) }
}
