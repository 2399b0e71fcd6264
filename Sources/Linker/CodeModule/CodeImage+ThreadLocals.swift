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

  func threadLocalsAreFull(_ size: UInt64) -> ImageError {
    ImageError(
      .outOfRoom,
      "\(size) bytes more do not fit into the \(options.threadLocalReserve) bytes that the image has"
        + " for thread-local variables; make it with a larger `threadLocalReserve`")
  }
}
