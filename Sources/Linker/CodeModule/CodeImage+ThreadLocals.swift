import ELFFormat

/// The program's thread-local block, and the module's part of it.
struct ThreadLocalArea: Equatable {
  /// Address of the block's beginning, and its bytes in memory.
  var start: UInt64
  var size: UInt64
  /// In bytes.
  var alignment: UInt64
  /// What to add to the address of an atom of the module to have its address in the block: with
  /// other inputs, where the block lies is known only when they are linked.
  var shift: UInt64 = 0
}

/// The sections of a block, in the order of their parts.
struct ThreadLocalBlock {
  var area: ThreadLocalArea?
  var sections: [ImageSection]
  var control: ImageSection?
}

/// Thread-local variables. The offset of one from the thread pointer depends on the size of the
/// whole block, so the block has its room from the start: `.tdata`, then `.tbss`, half of the
/// reserve each. When one of them is full, the block is made anew with twice the room; its variables
/// move, and their offsets are written again where the image knows of them: in slots and relocations.
extension CodeImage {
  /// With other inputs, theirs and the module's variables are one block, in which the module has one
  /// range.
  var threadLocalsAreOneSection: Bool { options.inputs != nil }

  /// Bytes around the block, for the thread control block of programs that start without a library.
  static var threadControlRoom: UInt64 { 64 }

  /// What to add to the thread pointer to reach a variable.
  func threadOffset(_ address: UInt64) -> Int64 {
    guard let area = threadLocals else { return 0 }
    return T.threadOffset(
      address: address &+ area.shift, start: area.start, size: area.size, alignment: area.alignment)
  }

  /// log2 of the alignment that every block has.
  static var threadLocalAlignment: UInt8 { 6 }

  func prepareThreadLocals(alignment: UInt8) throws(ImageError) {
    guard alignment <= Self.threadLocalAlignment else {
      throw ImageError(
        .invalid,
        "a thread-local variable is aligned to 2^\(alignment) bytes; an image aligns them to at most"
          + " 2^\(Self.threadLocalAlignment)")
    }
    if threadLocals != nil { return }
    if threadLocalsAreOneSection {
      try makeThreadLocalRoom(reserve: options.threadLocalReserve)
    } else {
      try makeThreadLocalBlock(reserve: options.threadLocalReserve)
    }
  }

  /// The module's part of a block that the link of other inputs makes: a section in a range of its
  /// own, whose bytes go where that link puts them.
  private func makeThreadLocalRoom(reserve: UInt64) throws(ImageError) {
    let before = nextAddress
    do throws(ImageError) {
      let range = try reserveAddresses(max(reserve, 64), below: T.addressLimit)
      let key = sectionKey(.threadLocal, isZeroFill: false, section: nil)
      let section = try ImageSection(
        name: key.name, type: .progbits, flags: [.alloc, .write, .threadLocal],
        alignment: Self.threadLocalAlignment, address: range.lowerBound,
        reserve: max(reserve, 64), growth: growth)
      threadLocalRoom = section
      _ = adopt(section, key)
      threadLocals = ThreadLocalArea(
        start: range.lowerBound, size: section.reserve, alignment: 64)
      foreign.isStale = true
    } catch {
      nextAddress = before
      throw error
    }
  }

  /// The block lies elsewhere: every offset that the image knows of is written again.
  func setThreadLocalArea(_ area: ThreadLocalArea) {
    if threadLocals == area { return }
    threadLocals = area
    for part in placed where part.section.flags.contains(.threadLocal) {
      for atom in part.atoms {
        let symbol = SymbolIndex(raw: store.atoms[atom].side)
        writeSlot(symbol)
        applyIncoming(symbol)
        markStale(symbol)
        var export = records[symbol].exports
        while !export.isNone {
          let name = resolver[records[export].name]
          markStale(export)
          if name.winner == export, !name.reference.isNone {
            writeSlot(name.reference)
            applyIncoming(name.reference)
          }
          export = records[export].exports
        }
      }
    }
  }

  /// A block of `reserve` bytes in a range of its own.
  private func makeThreadLocalBlock(reserve: UInt64) throws(ImageError) {
    let unit = (1 as UInt64) << UInt64(Self.threadLocalAlignment)
    let half = max((reserve / 2 + unit - 1) & ~(unit - 1), unit)
    let before = nextAddress
    let sectionCount = sections.count
    do throws(ImageError) {
      let range = try reserveAddresses(
        half * 2 + 2 * Self.threadControlRoom, below: T.addressLimit)
      let start = range.lowerBound + Self.threadControlRoom
      for (content, isZero) in [(ModuleContent.threadLocal, false), (.threadLocal, true)] {
        let key = sectionKey(content, isZeroFill: isZero, section: nil)
        let section = try ImageSection(
          name: key.name, type: isZero ? .nobits : .progbits,
          flags: [.alloc, .write, .threadLocal], alignment: Self.threadLocalAlignment,
          address: isZero ? start + half : start, reserve: half, growth: growth)
        sections.append(section)
      }
      let control = try makeThreadControl(range.lowerBound)
      sections.append(control)
      threadControl = control
      threadLocals = ThreadLocalArea(start: start, size: half * 2, alignment: unit)
    } catch {
      sections.removeLast(sections.count - sectionCount)
      nextAddress = before
      throw error
    }
    for (section, isZero) in [(sections[sectionCount], false), (sections[sectionCount + 1], true)] {
      let key = sectionKey(.threadLocal, isZeroFill: isZero, section: nil)
      parts[key] = []
      _ = adopt(section, key)
    }
  }

  /// The room before a block as a section, whose bytes lie before the block's in the file, too.
  /// Checkers want a section in each writable segment, and one that is not thread-local.
  private func makeThreadControl(_ address: UInt64) throws(ImageError) -> ImageSection {
    let section = try ImageSection(
      name: ".tcb", type: .progbits, flags: [.alloc, .write], alignment: Self.threadLocalAlignment,
      address: address, reserve: Self.threadControlRoom, growth: growth)
    section.isAnchor = true
    try section.grow(to: Self.threadControlRoom)
    return section
  }

  // MARK: Growth

  /// A place for what does not fit into the block any more: in one with twice the room.
  func findInLargerBlock(
    _ key: SectionKey, size: UInt64, alignment: UInt8
  ) throws(ImageError) -> Destination {
    guard let part = parts[key]?.first else { throw threadLocalsAreFull(size) }
    let outgrown = try growThreadLocals(part, by: size)
    do throws(ImageError) {
      guard let place = placed[part].find(size: size, alignment: alignment) else {
        throw threadLocalsAreFull(size)
      }
      try placed[part].section.grow(to: place.sectionSize)
      return Destination(part: part, place: place, outgrown: outgrown)
    } catch {
      _ = exchangeThreadLocals(outgrown)
      throw error
    }
  }

  /// Makes the block anew where there is room for it, with twice the room and `size` bytes more in
  /// one of its sections. Undone by `exchangeThreadLocals` with what it returns.
  private func growThreadLocals(
    _ grown: Int, by size: UInt64
  ) throws(ImageError) -> ThreadLocalBlock {
    let old = placed.indices.filter { placed[$0].section.flags.contains(.threadLocal) }
    let unit = (1 as UInt64) << UInt64(Self.threadLocalAlignment)
    let reserves = old.map { part in
      let reserve = placed[part].section.reserve
      return part == grown ? alignUp(2 * reserve + idealCapacity(size) + 2 * unit, unit) : reserve
    }
    // Offsets of 32 bits reach each variable. A running program has its block for good.
    guard reserves.reduce(0, +) <= 1 << 30, swap == nil else { throw threadLocalsAreFull(size) }
    let margin = threadLocalRoom == nil ? Self.threadControlRoom : 0
    let before = nextAddress
    do throws(ImageError) {
      let range = try reserveAddresses(
        reserves.reduce(0, +) + 2 * margin, below: T.addressLimit)
      var address = range.lowerBound + margin
      var made: [ImageSection] = []
      for (part, reserve) in zip(old, reserves) {
        let section = placed[part].section
        let new = try ImageSection(
          name: section.name, type: section.type, flags: section.flags,
          alignment: section.alignment, address: address, reserve: reserve, growth: growth)
        try new.grow(to: section.size)
        made.append(new)
        address += reserve
      }
      let control = threadControl == nil ? nil : try makeThreadControl(range.lowerBound)
      return exchangeThreadLocals(
        ThreadLocalBlock(
          area: ThreadLocalArea(
            start: made[0].address, size: reserves.reduce(0, +), alignment: unit),
          sections: made, control: control))
    } catch {
      nextAddress = before
      throw error
    }
  }

  /// Puts the variables, which keep their places within their sections, into another block.
  ///
  /// - Returns: the block that had them.
  func exchangeThreadLocals(_ new: ThreadLocalBlock) -> ThreadLocalBlock {
    let indices = placed.indices.filter { placed[$0].section.flags.contains(.threadLocal) }
    let old = ThreadLocalBlock(
      area: threadLocals, sections: indices.map { placed[$0].section }, control: threadControl)
    threadLocals = new.area
    if let control = old.control, let other = new.control {
      putInPlace(of: control, other)
      threadControl = other
    }
    for (part, section) in zip(indices, new.sections) { move(part, to: section) }
    for part in indices {
      for atom in placed[part].atoms {
        let symbol = SymbolIndex(raw: store.atoms[atom].side)
        let address = store.atoms[atom].address
        setAddress(symbol, atom: atom, address)
        var held = firstRelocation(of: symbol)
        while !held.isNone {
          apply(held)
          held = relocations[held].nextOfHolder
        }
        if records[symbol].flags.contains(.hasDebugInfo) {
          debugInfo?.moved(symbol.raw, to: debugAddress(address, .threadLocal))
        }
      }
    }
    foreign.isStale = true
    return old
  }

  /// Moves the atoms of a part, with their bytes, to another section, which takes the old one's place
  /// among the sections.
  private func move(_ part: Int, to section: ImageSection) {
    let old = placed[part].section
    let new = PlacedAtoms(section: section, index: OutputIndex(part), store: store)
    for atom in placed[part].atoms {
      let address = section.address + (store.atoms[atom].address - old.address)
      store.links[atom] = .none
      new.insert(
        atom,
        at: PlacedAtoms.Place(address: address, previous: new.last, sectionSize: section.size))
    }
    store.recycle(placed[part].head)
    placed[part] = new
    if section.hasBytes {
      for part in old.parts(of: 0..<min(old.size, section.size)) {
        let bytes = old.bytes[Int(part.lowerBound)..<Int(part.upperBound)]
        section.write(UnsafeRawBufferPointer(rebasing: bytes), at: part.lowerBound)
      }
    }
    if !putInPlace(of: old, section) { threadLocalRoom = section }
  }

  /// Puts a section in the place that another has among the sections, if it has one.
  @discardableResult
  private func putInPlace(of old: ImageSection, _ section: ImageSection) -> Bool {
    guard let number = sections.firstIndex(where: { $0 === old }) else { return false }
    section.headerIndex = old.headerIndex
    section.nameOffset = old.nameOffset
    sections[number] = section
    fileRanges.remove(owner: number)
    if old.fileCapacity > 0 {
      pendingChanges.append(old.fileOffset..<old.fileOffset + old.fileCapacity)
    }
    old.fileCapacity = 0
    return true
  }

  private func threadLocalsAreFull(_ size: UInt64) -> ImageError {
    ImageError(
      .outOfRoom,
      "\(size) bytes more do not fit into the image's thread-local block, which cannot grow beyond"
        + " 1 GiB, or while a process is attached; make the image with a larger"
        + " `threadLocalReserve`")
  }
}
