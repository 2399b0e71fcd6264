import ELFFormat

/// Places in data that hold addresses. When a symbol moves, its chain of places is walked, and
/// nothing else.
extension CodeImage {
  /// A relocation as the image keeps it, before anything is changed.
  struct NewRelocation {
    var offset: UInt64
    var target: SymbolIndex
    var addend: Int64
    var kind: DataRelocation.Kind
  }

  /// Checks what a caller gave with bytes of `size` bytes.
  func checked(
    _ relocations: [DataRelocation], size: UInt64, of what: SymbolIndex
  ) throws(ImageError) -> [NewRelocation] {
    if relocations.isEmpty { return [] }
    var result: [NewRelocation] = []
    result.reserveCapacity(relocations.count)
    for relocation in relocations {
      let target = try checked(relocation.target)
      let width = Self.width(relocation.kind)
      guard relocation.offset <= size, size - relocation.offset >= width else {
        throw ImageError(
          .range,
          "\(described(what)): a relocation of \(width) bytes at offset \(relocation.offset) lies"
            + " outside its \(size) bytes")
      }
      result.append(
        NewRelocation(
          offset: relocation.offset, target: target, addend: relocation.addend,
          kind: relocation.kind))
    }
    try checkDisjoint(result, of: what)
    return result
  }

  /// Refuses places that share bytes: which of the two they should hold is anybody's guess.
  private func checkDisjoint(
    _ relocations: [NewRelocation], of what: SymbolIndex
  ) throws(ImageError) {
    // As a rule they come in order.
    var end: UInt64 = 0
    var isAscending = true
    for relocation in relocations where relocation.kind != .slotUse {
      if relocation.offset < end { isAscending = false }
      end = relocation.offset + Self.width(relocation.kind)
    }
    if isAscending { return }
    let places = relocations.filter { $0.kind != .slotUse }.sorted { $0.offset < $1.offset }
    for (first, second) in zip(places, places.dropFirst())
    where first.offset + Self.width(first.kind) > second.offset {
      throw overlap(of: what, first.offset, second.offset)
    }
  }

  private func overlap(of what: SymbolIndex, _ first: UInt64, _ second: UInt64) -> ImageError {
    ImageError(
      .invalid,
      "\(described(what)): its relocations at offsets \(first) and \(second) share bytes")
  }

  static func width(_ kind: DataRelocation.Kind) -> UInt64 {
    switch kind {
    case .address, .threadOffset: UInt64(E.wordSize)
    case .relative32, .threadOffset32: 4
    case .slotUse: 0
    }
  }

  /// What a place holds, for a target whose address is `address`; nil if that does not fit, or there
  /// is no such thing.
  ///
  /// - Parameter isThreadLocal: the target is a thread-local variable.
  func value(
    _ kind: DataRelocation.Kind, address: UInt64, isTargetPlaced: Bool, isThreadLocal: Bool,
    addend: Int64, place: UInt64
  ) -> UInt64? {
    let sum = address &+ UInt64(bitPattern: addend)
    switch kind {
    case .slotUse:
      return 0
    case .address:
      return sum & E.addressMask
    case .threadOffset:
      if !isTargetPlaced { return UInt64(bitPattern: addend) & E.addressMask }
      if !isThreadLocal { return nil }
      return UInt64(bitPattern: threadOffset(address) &+ addend) & E.addressMask
    case .relative32:
      if !isTargetPlaced { return 0 }
      let distance = Int64(bitPattern: sum &- place)
      return E.is64 && Int64(Int32(truncatingIfNeeded: distance)) != distance
        ? nil : UInt64(UInt32(truncatingIfNeeded: distance))
    case .threadOffset32:
      if isTargetPlaced, !isThreadLocal { return nil }
      let offset = isTargetPlaced ? threadOffset(address) &+ addend : addend
      return Int64(Int32(truncatingIfNeeded: offset)) != offset
        ? nil : UInt64(UInt32(truncatingIfNeeded: offset))
    }
  }

  /// Whether a symbol has a place in the thread-local block.
  func isThreadLocal(_ symbol: SymbolIndex) -> Bool {
    records[symbol].content == .threadLocal && !symbols[symbol].atom.isNone
  }

  /// Refuses relocations whose values would not fit with their holder at `address`.
  func checkFit(
    _ relocations: [NewRelocation], at address: UInt64, of symbol: SymbolIndex,
    _ content: ModuleContent
  ) throws(ImageError) {
    for relocation in relocations {
      let target = relocation.target == symbol ? address : symbols[relocation.target].word
      let isPlaced = relocation.target == symbol || self.isPlaced(relocation.target)
      let isThreadLocal =
        relocation.target == symbol ? content == .threadLocal : isThreadLocal(relocation.target)
      if value(
        relocation.kind, address: target, isTargetPlaced: isPlaced, isThreadLocal: isThreadLocal,
        addend: relocation.addend, place: address &+ relocation.offset) == nil
      {
        throw doesNotFit(
          relocation.kind, relocation.target, holder: symbol, offset: relocation.offset,
          isThreadLocal: isThreadLocal)
      }
    }
  }

  /// Refuses a move of `symbol` to `address` if a place that refers to it could not hold that.
  func checkIncoming(
    _ symbol: SymbolIndex, movesTo address: UInt64, _ content: ModuleContent
  ) throws(ImageError) {
    try checkChain(symbol, movesTo: address, mover: symbol, content)
    var export = records[symbol].kind == .declaration ? records[symbol].exports : .none
    while !export.isNone {
      let name = resolver[records[export].name]
      if name.winner == export, !name.reference.isNone {
        try checkChain(name.reference, movesTo: address, mover: symbol, content)
      }
      export = records[export].exports
    }
  }

  private func checkChain(
    _ target: SymbolIndex, movesTo address: UInt64, mover: SymbolIndex, _ content: ModuleContent
  ) throws(ImageError) {
    var index = records[target].incoming
    while !index.isNone {
      let relocation = relocations[index]
      // What the mover itself holds is given anew.
      if relocation.holder != mover, relocation.kind != .address, relocation.kind != .slotUse {
        let place = symbols[relocation.holder].word &+ relocation.offset
        // What becomes something else than a thread-local variable leaves time for who refers to it
        // to be changed as well: a flush refuses.
        let isThreadLocal = relocation.kind == .relative32 || content == .threadLocal
        if isThreadLocal,
          value(
            relocation.kind, address: address, isTargetPlaced: true, isThreadLocal: true,
            addend: relocation.addend, place: place) == nil
        {
          throw doesNotFit(
            relocation.kind, target, holder: relocation.holder, offset: relocation.offset,
            isThreadLocal: true)
        }
      }
      index = relocation.nextOfTarget
    }
  }

  func doesNotFit(
    _ kind: DataRelocation.Kind, _ target: SymbolIndex, holder: SymbolIndex, offset: UInt64,
    isThreadLocal: Bool
  ) -> ImageError {
    if kind != .relative32, !isThreadLocal {
      return ImageError(
        .invalid,
        "\(described(holder)) at offset \(offset): \(described(target)) is not thread-local, so it has"
          + " no offset from the thread pointer; use its address")
    }
    return ImageError(
      .range,
      "\(described(holder)) at offset \(offset): \(described(target)) is too far away for 32 bits;"
        + " reach it through its slot in the offset table")
  }

  // MARK: Keeping them

  /// Records a relocation of `holder`, which holds bytes at its offset, and writes the place.
  func addRelocation(_ new: NewRelocation, holder: SymbolIndex) {
    let next = records[new.target].incoming
    let relocation = ModuleRelocation(
      offset: new.offset, addend: new.addend, holder: holder, target: new.target,
      nextOfHolder: firstRelocation(of: holder), previousOfTarget: .none, nextOfTarget: next,
      kind: new.kind)
    let index: RelocationIndex
    if let unused = unusedRelocations.popLast() {
      index = unused
      relocations[index] = relocation
    } else {
      index = relocations.append(relocation)
    }
    if !next.isNone { relocations[next].previousOfTarget = index }
    records[new.target].incoming = index
    records[new.target].flags.insert(new.kind == .slotUse ? .isTracked : .isAddressTaken)
    if records[new.target].kind == .declaration, symbols[new.target].atom.isNone {
      unplacedDeclarations[new.target.raw] = new.target
    }
    store.atoms[symbols[holder].atom].relocations = index.raw
    noteUseOfImport(new.target)
    apply(index)
  }

  func firstRelocation(of holder: SymbolIndex) -> RelocationIndex {
    RelocationIndex(raw: store.atoms[symbols[holder].atom].relocations)
  }

  /// Forgets all relocations that `holder` has.
  func removeRelocations(of holder: SymbolIndex) {
    if symbols[holder].atom.isNone { return }
    var index = firstRelocation(of: holder)
    while !index.isNone {
      let relocation = relocations[index]
      unlink(index)
      unusedRelocations.append(index)
      noteEndOfUse(relocation.target)
      buryIfForgotten(relocation.target)
      index = relocation.nextOfHolder
    }
    store.atoms[symbols[holder].atom].relocations = RelocationIndex.none.raw
  }

  private func unlink(_ index: RelocationIndex) {
    let relocation = relocations[index]
    if !misfits.isEmpty { misfits.remove(index.raw) }
    if relocation.previousOfTarget.isNone {
      records[relocation.target].incoming = relocation.nextOfTarget
    } else {
      relocations[relocation.previousOfTarget].nextOfTarget = relocation.nextOfTarget
    }
    if !relocation.nextOfTarget.isNone {
      relocations[relocation.nextOfTarget].previousOfTarget = relocation.previousOfTarget
    }
  }

  /// Writes all places that refer to `target`.
  func applyIncoming(_ target: SymbolIndex) {
    var index = records[target].incoming
    while !index.isNone {
      apply(index, isMove: true)
      index = relocations[index].nextOfTarget
    }
  }

  /// Writes the place of a relocation.
  ///
  /// - Parameter isMove: its target has moved; otherwise its holder has new bytes.
  func apply(_ index: RelocationIndex, isMove: Bool = false) {
    let relocation = relocations[index]
    if relocation.kind == .slotUse { return }
    let atom = store.atoms[symbols[relocation.holder].atom]
    let section = placed[atom.output.int].section
    let address = atom.address &+ relocation.offset
    let fitting = value(
      relocation.kind, address: symbols[relocation.target].word,
      isTargetPlaced: isPlaced(relocation.target),
      isThreadLocal: isThreadLocal(relocation.target), addend: relocation.addend, place: address)
    // A declaration's own move is refused beforehand. A name may come to mean something far away by
    // calls that cannot be refused, such as a removal: then the flush refuses.
    if fitting == nil {
      misfits.insert(index.raw)
    } else if !misfits.isEmpty {
      misfits.remove(index.raw)
    }
    let value = fitting ?? 0
    let offset = address &- section.address
    let width = Self.width(relocation.kind)
    notePlace(relocation, at: address, isMove: isMove)
    let place = section.mutableBytes(offset..<offset + width).baseAddress.unsafelyUnwrapped
    if width == 8 {
      E.store64(value, place)
    } else {
      E.store32(UInt32(truncatingIfNeeded: value), place)
    }
    counts.relocationsApplied += 1
    counts.bytesWritten += Int(width)
  }

  @specialized(where T == X86_64Code)
  @specialized(where T == AArch64Code)
  @specialized(where T == ARMCode)
  @specialized(where T == RISCV64Code)
  @specialized(where T == SPARC64Code)
  func address(
    of symbol: ImageSymbol, referencedFrom holder: ImageSymbol, offset: UInt64, addend: Int64
  ) throws(ImageError) -> UInt64 {
    try makeRoom(relocations: 1)
    let target = try checked(symbol)
    let named = try checked(holder)
    guard !symbols[named].atom.isNone else {
      throw ImageError(
        .invalid, "\(described(named)) has no bytes yet that could refer to anything")
    }
    let atom = store.atoms[symbols[named].atom]
    // A reference by name stands for the declaration that has the bytes.
    let holder = SymbolIndex(raw: atom.side)
    guard atom.kind != .zeroFill else {
      throw ImageError(
        .invalid,
        "\(described(holder)) is all zero and has no bytes in the file: give it its relocations"
          + " with its bytes")
    }
    let new = try checked(
      [DataRelocation(offset: offset, target: symbol, addend: addend)], size: atom.size, of: holder)
    for other in recordedPlaces(of: holder) where other.offset != offset {
      let (low, high) = other.offset < offset ? (other, new[0]) : (new[0], other)
      if low.offset + Self.width(low.kind) > high.offset {
        throw overlap(of: holder, low.offset, high.offset)
      }
    }
    // A place has one relocation: the last one told.
    removeRelocation(of: holder, at: offset)
    if records[target].kind == .importReference { noteAddressOfImport(target) }
    addRelocation(new[0], holder: holder)
    return (symbols[target].word &+ UInt64(bitPattern: addend)) & E.addressMask
  }

  /// The places in a symbol's bytes that are written when their targets move.
  private func recordedPlaces(of holder: SymbolIndex) -> [NewRelocation] {
    var result: [NewRelocation] = []
    var index = firstRelocation(of: holder)
    while !index.isNone {
      let relocation = relocations[index]
      if relocation.kind != .slotUse {
        result.append(
          NewRelocation(
            offset: relocation.offset, target: relocation.target, addend: relocation.addend,
            kind: relocation.kind))
      }
      index = relocation.nextOfHolder
    }
    return result
  }

  private func removeRelocation(of holder: SymbolIndex, at offset: UInt64) {
    var previous = RelocationIndex.none
    var index = firstRelocation(of: holder)
    while !index.isNone {
      let relocation = relocations[index]
      if relocation.offset == offset, relocation.kind != .slotUse {
        unlink(index)
        if previous.isNone {
          store.atoms[symbols[holder].atom].relocations = relocation.nextOfHolder.raw
        } else {
          relocations[previous].nextOfHolder = relocation.nextOfHolder
        }
        unusedRelocations.append(index)
        noteEndOfUse(relocation.target)
        buryIfForgotten(relocation.target)
        return
      }
      previous = index
      index = relocation.nextOfHolder
    }
  }
}
