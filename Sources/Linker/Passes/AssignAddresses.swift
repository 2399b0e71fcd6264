import ELFFormat
import Platform

/// Order of sections, segments, addresses and file offsets.
///
/// The order is by permission, so that each has one loadable segment: read-only, code, data that is
/// read-only after relocation, data. Inside, by custom. `-z separate-code` keeps file pages with
/// code free of anything else; without it, neighbours share a page of the file that is mapped twice.
struct AssignAddresses<T: Target>: FollowsScan, ChangesTables, ChangesLayout {
  typealias E = T.Encoding

  let unplaced: UnplacedLink
  let changingTables: Changing<LinkerTables>
  let changingLayout: Changing<Layout>

  /// Gives output sections, atoms and symbols their addresses.
  static func run(
    _ link: UnplacedLink, _ tables: Changing<LinkerTables>, _ layout: Changing<Layout>
  ) throws(LinkFailed) {
    let pass = AssignAddresses(
      unplaced: link, changingTables: tables, changingLayout: layout)
    pass.countSections()
    try pass.assign()
  }

  /// Places sections until the size of `.relr.dyn`, which depends on addresses, fits.
  private func assign() throws(LinkFailed) {
    checkSizes()
    checkImageBase()
    try checkpoint()
    var round = 0
    while true {
      if !synthetic[.relativeRelocations].isNone {
        outputs[synthetic[.relativeRelocations]].size =
          UInt64(tables.relocations.packedRoom * E.wordSize)
      }
      layOut()
      checkSegmentCount()
      try checkpoint()
      if synthetic[.relativeRelocations].isNone { break }
      round += 1
      let fits = packRelativeRelocations(mayGuess: round < 8)
      if fits { break }
    }
    shiftAtoms()
    checkPermissions()
    checkOverlaps()
    checkAddressLimit()
    setTableAddresses()
    finishSymbols()
  }

  /// Decides which sections the output has, and everything that follows from their number.
  private func countSections() {
    orderSections()
    if sectionOrder.count + 1 >= Int(SectionIndex.reservedStart), !synthetic[.symbolTable].isNone,
      synthetic[.extendedIndices].isNone
    {
      if let form = SectionContent.extendedIndices.form(T.self) {
        tables.synthetic[.extendedIndices] = outputs.append(
          OutputSection(
            form, content: .extendedIndices, size: UInt64(symbolTable.count * form.entrySize)))
      }
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
    layout.sectionOrder = order
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
  private func layOut() {
    layOut(base: options.imageBase ?? defaultBase(T.self))
    if !diagnostics.hasErrors, let base = lowerBase() { layOut(base: base) }
  }

  /// The table of program headers ends where the first section begins: tools take what lies between
  /// for lost bytes. How many headers there are follows from addresses in rare cases only; then it is
  /// learned from the layout.
  private func layOut(base: UInt64) {
    let loaded = sectionOrder.filter { outputs[$0].has.contains(.alloc) }
    var count = expectedSegments(loaded)
    for _ in 0..<4 {
      layOut(loaded, base: base, segmentCount: count)
      if diagnostics.hasErrors || segments.count == count { return }
      count = segments.count
    }
    layOut(loaded, base: base, segmentCount: 10 + loaded.count * 2)
    assert(segments.count <= 10 + loaded.count * 2)
  }

  private func layOut(
    _ loaded: [OutputIndex], base: UInt64, segmentCount: Int
  ) {
    let maximum = maximumPageSize
    let common = min(options.commonPageSize ?? T.commonPageSize, maximum)
    layout.segments = []
    let headerSegments = segmentCount + options.spareProgramHeaders
    let fileHeader = UInt64(FileHeader<E>.size)
    layout.headersSize = fileHeader + UInt64(headerSegments * ProgramHeader<E>.size)
    layout.imageBase = base
    let starts = startAddresses()

    var bounds = LayoutBounds(
      base: base, headersSize: headersSize, page: common,
      isRelocated: isPositionIndependent)
    var cursor = LayoutCursor(
      base: imageBase, headersSize: headersSize, flags: readOnlyPermissions, page: common)
    cursor.load.alignment = segmentAlignment(loaded[...], readOnlyPermissions, starts)
    if base % cursor.load.alignment != 0 { cursor.load.alignment = maximum }
    for (i, index) in loaded.enumerated() {
      let section = outputs.pointer(index)
      let isZero = section.pointee.type == SectionType.nobits.rawValue
      let isThreadZero = isZero && section.pointee.has.contains(.threadLocal)
      let flags = permissions(section.pointee)
      let relro = section.pointee.isRelro
      let start = starts[section.pointee.name]
      if !relro { cursor.endRelro() }
      if flags != cursor.load.flags || start != nil
        || cursor.isBehindZero && !isZero && !isThreadZero
      {
        let separates =
          options.separation == .loadableSegments
          || options.separation == .code
            && (flags.contains(.execute) || cursor.load.flags.contains(.execute))
        cursor.beginSegment(
          flags, at: start, separates: separates, page: maximum,
          alignment: 1 << UInt64(section.pointee.alignment),
          // Offset and address have to agree modulo the alignment of all that follows: the loader
          // chooses the base of a position-independent program by it.
          reach: segmentAlignment(loaded[i...], flags, starts))
      }
      cursor.place(&section.pointee, isZero: isZero, isThreadZero: isThreadZero)
      bounds.add(section.pointee, start: start, isRelro: relro, tls: cursor.tls?.address)
      cursor.extend(by: section.pointee, isZero: isZero, isRelro: relro)
    }
    cursor.endRelro(isLast: true)
    cursor.closeSegment()
    bounds.finish()
    if let problem = bounds.problem {
      diagnostics.error(problem)
      return
    }

    layout.segments = assembleSegments(loaded: loaded, cursor)
    if let tls = cursor.tls {
      layout.tlsStart = tls.address
      layout.threadPointer = alignUp(tls.address &+ tls.memorySize, tls.alignment)
    }
    layout.loadedEnd = cursor.fileEnd
    layOutUnloaded(E.self, from: cursor.fileEnd)
  }

  /// `-Ttext=`, `-Tdata=`, `-Tbss=`, `--section-start=`.
  func startAddresses() -> [ByteString: UInt64] {
    var starts: [ByteString: UInt64] = [:]
    for entry in options.sectionStarts + options.detachedSections {
      starts[ByteString(copying: entry.section)] = entry.address
    }
    return starts
  }

  private func assembleSegments(loaded: [OutputIndex], _ cursor: LayoutCursor) -> [Segment] {
    var list: [Segment] = []
    func covering(_ type: SegmentType, _ index: OutputIndex, _ flags: SegmentFlags) -> Segment {
      let section = outputs[index]
      return Segment(
        type: type, flags: flags, offset: section.fileOffset, address: section.address,
        fileSize: section.size, memorySize: section.size,
        alignment: 1 << UInt64(section.alignment))
    }
    if isDynamic || !synthetic[.interpreter].isNone {
      var headers = Segment(type: .programHeaders, flags: .read)
      headers.offset = UInt64(FileHeader<E>.size)
      headers.address = imageBase + headers.offset
      headers.alignment = UInt64(E.wordSize)
      list.append(headers)
    }
    if !synthetic[.interpreter].isNone {
      list.append(covering(.interpreter, synthetic[.interpreter], .read))
    }
    // Source: gABI, "Program Header": loadable segments are in the order of their addresses.
    list += cursor.loads.sorted { $0.address < $1.address }
    if let tls = cursor.tls { list.append(tls) }
    if !synthetic[.dynamic].isNone {
      let flags: SegmentFlags = options.readOnlyDynamic ? .read : [.read, .write]
      list.append(covering(.dynamic, synthetic[.dynamic], flags))
    }
    if let relro = cursor.relro { list.append(relro) }
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
    if !synthetic[.propertyNote].isNone {
      list.append(covering(.gnuProperty, synthetic[.propertyNote], .read))
    }
    if !synthetic[.frameHeader].isNone {
      list.append(covering(.gnuEHFrame, synthetic[.frameHeader], .read))
    }
    var stack = Segment(type: .gnuStack, flags: [.read, .write])
    if wantsExecutableStack { stack.flags.insert(.execute) }
    stack.memorySize = options.stackSize ?? 0
    stack.alignment = 16
    if !options.omitsStackHeader { list.append(stack) }
    if list.first?.type == .programHeaders {
      let size = UInt64(list.count * ProgramHeader<E>.size)
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

  /// Offsets in sections become addresses.
  private func shiftAtoms() {
    for index in sectionOrder {
      let output = outputs[index]
      let shift = output.address
      if output.content == .frames { shiftFrameAtoms(by: shift) }
      guard output.content == .atoms, output.address != 0 else { continue }
      nonisolated(unsafe) let order = atomOrder + output.firstAtom
      pool.forEachRange(output.atomCount, grain: 1 << 14) { [self] range, _ in
        for i in range { atoms.pointer(order[i]).pointee.address &+= shift }
      }
    }
  }

  private func setTableAddresses() {
    layout.pltEntrySize = usesLandingPads ? T.landingPLTEntrySize : T.pltEntrySize
    layout.directPLTEntrySize = usesLandingPads ? T.landingPLTEntrySize : T.directPLTEntrySize
    if !synthetic[.procedureLinkageSecond].isNone {
      layout.lazyPLTStart = outputs[synthetic[.procedureLinkageSecond]].address
    } else if !synthetic[.procedureLinkage].isNone {
      layout.lazyPLTStart = outputs[synthetic[.procedureLinkage]].address + T.pltHeaderSize
    }
    if !synthetic[.procedureLinkageOffset].isNone {
      layout.directPLTStart = outputs[synthetic[.procedureLinkageOffset]].address
    }
  }

  /// Symbols' offsets become addresses.
  private func finishSymbols() {
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
