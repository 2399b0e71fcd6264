import ELFFormat

/// Address ranges and the sections in them.
extension CodeImage {
  /// A section without a place in the address space.
  func makeSection(
    _ name: String, _ type: SectionType, _ flags: SectionFlags, alignment: UInt8,
    entrySize: UInt64 = 0
  ) throws(ImageError) -> ImageSection {
    let section = try ImageSection(
      name: name, type: type, flags: flags, alignment: alignment, address: 0,
      reserve: 1 << 32, entrySize: entrySize, growth: growth)
    sections.append(section)
    return section
  }

  /// A range of `size` bytes of the address space that nothing else uses, in whole pages.
  func reserveAddresses(_ size: UInt64, below limit: UInt64) throws(ImageError) -> Range<UInt64> {
    let (rounded, overflow) = size.addingReportingOverflow(T.imagePageSize - 1)
    let bytes = rounded & ~(T.imagePageSize - 1)
    guard !overflow, nextAddress < limit, bytes <= limit - nextAddress else {
      throw ImageError(
        .outOfRoom,
        "the address space of \(T.imageMachine.rawValue) has no room for \(size) bytes more:"
          + " 0x\(String(nextAddress, radix: 16)) is reached, and the limit is"
          + " 0x\(String(limit, radix: 16)); give the sections a smaller reserve")
    }
    let range = nextAddress..<nextAddress + bytes
    nextAddress = range.upperBound
    return range
  }

  /// A loaded section with a range of its own.
  func makeLoadedSection(
    _ name: String, _ type: SectionType, _ flags: SectionFlags, alignment: UInt8, reserve: UInt64,
    below limit: UInt64 = T.addressLimit, entrySize: UInt64 = 0
  ) throws(ImageError) -> ImageSection {
    let before = nextAddress
    let count = sections.count
    do throws(ImageError) {
      var range = try reserveAddresses(reserve, below: limit)
      if type == .nobits {
        // A segment without a byte in the file is valid, but checkers take its section for one that
        // lies nowhere: a few bytes before it say where it begins.
        let anchor = try ImageSection(
          name: name + ".anchor", type: .progbits, flags: flags.union(.alloc), alignment: alignment,
          address: range.lowerBound, reserve: Self.anchorSize, growth: growth)
        anchor.isAnchor = true
        try anchor.grow(to: Self.anchorSize)
        sections.append(anchor)
        range = range.lowerBound + Self.anchorSize..<range.upperBound
      }
      let section = try ImageSection(
        name: name, type: type, flags: flags.union(.alloc), alignment: alignment,
        address: range.lowerBound, reserve: UInt64(range.count), entrySize: entrySize,
        growth: growth)
      if type == .nobits { section.anchor = sections.last }
      sections.append(section)
      return section
    } catch {
      sections.removeLast(sections.count - count)
      nextAddress = before
      throw error
    }
  }

  /// Bytes in the file before a section that has none.
  private static var anchorSize: UInt64 { 64 }

  /// A section for slots, where code can reach it. The first has room for a slot for each 16 bytes
  /// of code that fits the reserve.
  func makeSlotSection() throws(ImageError) -> ImageSection {
    let count = sections.count { $0.name == ".got" }
    let reserve = max(options.reserve / 4, T.imagePageSize) << UInt64(min(count, 20))
    return try makeLoadedSection(
      ".got", .progbits, .write, alignment: E.is64 ? 3 : 2, reserve: reserve, below: T.slotLimit,
      entrySize: UInt64(E.wordSize))
  }

  /// Which kind of section bytes go to.
  func sectionKey(
    _ content: ModuleContent, isZeroFill: Bool, section: String?
  ) -> SectionKey {
    switch content {
    case .none, .immutable:
      SectionKey(name: section ?? ".rodata", flags: 0, isZeroFill: false)
    case .function:
      SectionKey(
        name: section ?? ".text", flags: SectionFlags.execute.rawValue, isZeroFill: false)
    case .mutable:
      SectionKey(
        name: section ?? (isZeroFill ? ".bss" : ".data"), flags: SectionFlags.write.rawValue,
        isZeroFill: isZeroFill && section == nil)
    case .threadLocal:
      SectionKey(
        name: isZeroFill && !threadLocalsAreOneSection ? ".tbss" : ".tdata",
        flags: SectionFlags([.write, .threadLocal]).rawValue,
        isZeroFill: isZeroFill && !threadLocalsAreOneSection)
    }
  }

  /// Where bytes go: a section of the kind, and the place in it.
  struct Destination {
    /// Index in `placed`.
    var part: Int
    var place: PlacedAtoms.Place
    /// The thread-local block that a larger one has taken the place of.
    var outgrown: ThreadLocalBlock?
  }

  /// Finds a place for an atom and makes the section large enough: what can fail of placing it.
  /// Undone by `abandon`.
  func find(
    _ key: SectionKey, size: UInt64, alignment: UInt8
  ) throws(ImageError) -> Destination {
    let isThreadLocal = key.flags & SectionFlags.threadLocal.rawValue != 0
    if isThreadLocal { try prepareThreadLocals(alignment: alignment) }
    // Beyond what a running program has of a section nothing is placed behind which later edits would
    // have to go: that has a section of its own.
    for isWithinReach in swap == nil ? [true] : [true, false] {
      for part in parts[key] ?? [] {
        let section = placed[part].section
        if !isWithinReach, isInReach(section, section.address, 0) { continue }
        if let place = placed[part].find(size: size, alignment: alignment),
          !isWithinReach || isInReach(section, place.address, size)
        {
          try section.grow(to: place.sectionSize)
          return Destination(part: part, place: place)
        }
      }
    }
    if isThreadLocal { return try findInLargerBlock(key, size: size, alignment: alignment) }
    let part = try makePart(key, size: size, alignment: alignment)
    guard let place = placed[part].find(size: size, alignment: alignment) else {
      throw ImageError(.outOfRoom, "\(size) bytes do not fit into section \(key.name)")
    }
    try placed[part].section.grow(to: place.sectionSize)
    return Destination(part: part, place: place)
  }

  /// Undoes `find`: the section ends again where its last atom does.
  func abandon(_ destination: Destination) {
    if let outgrown = destination.outgrown {
      _ = exchangeThreadLocals(outgrown)
    } else {
      placed[destination.part].trim()
    }
  }

  /// Another section of a kind: the first, or one for what the others have no address space for.
  @discardableResult
  func makePart(
    _ key: SectionKey, size: UInt64, alignment: UInt8
  ) throws(ImageError) -> Int {
    let count = parts[key]?.count ?? 0
    let slack = idealCapacity(size).addingReportingOverflow((1 as UInt64) << UInt64(alignment))
    guard !slack.overflow, slack.partialValue <= 1 << 46 else {
      throw ImageError(.outOfRoom, "\(size) bytes are more than a section can have")
    }
    let reserve = max(options.reserve << UInt64(min(count, 20)), slack.partialValue)
    let section = try makeLoadedSection(
      key.name, key.isZeroFill ? .nobits : .progbits, SectionFlags(rawValue: key.flags),
      alignment: alignment, reserve: reserve)
    return adopt(section, key)
  }

  /// Lets a section hold atoms.
  func adopt(_ section: ImageSection, _ key: SectionKey) -> Int {
    placed.append(
      PlacedAtoms(section: section, index: OutputIndex(placed.count), store: store))
    parts[key, default: []].append(placed.count - 1)
    return placed.count - 1
  }

  /// Sections that a running program needs to have from its start, so that they can grow in it.
  func makeLiveSections() throws(ImageError) {
    for (content, isZeroFill) in [
      (ModuleContent.function, false), (.immutable, false), (.mutable, false), (.mutable, true),
    ] {
      try makePart(
        sectionKey(content, isZeroFill: isZeroFill, section: nil), size: 0, alignment: 4)
    }
  }
}
