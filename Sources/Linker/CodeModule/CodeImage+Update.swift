import ELFFormat
import Platform

/// Placing and replacing bytes.
extension CodeImage {
  /// Bytes that a caller gave, and what they are.
  struct Content {
    var kind: ModuleContent
    var bytes: UnsafeRawBufferPointer
    /// Zeros behind `bytes`.
    var zeroFill: UInt64
    /// log2 of bytes.
    var alignment: UInt8
    var relocations: [DataRelocation]
    var function: FunctionDebugInfo?
    var variable: VariableDebugInfo?
    /// The bytes move, and what debuggers know of them stays.
    var keepsDebugInfo = false

    /// At least one byte, so that no two things have one address.
    var size: UInt64 { max(UInt64(bytes.count) &+ zeroFill, 1) }
  }

  @specialized(where T == X86_64Code)
  @specialized(where T == AArch64Code)
  @specialized(where T == ARMCode)
  @specialized(where T == RISCV64Code)
  @specialized(where T == SPARC64Code)
  func updateFunction(
    _ declaration: Declaration, name: String, code: UnsafeRawBufferPointer, alignment: UInt8,
    relocations: [DataRelocation], debug: FunctionDebugInfo?
  ) throws(ImageError) -> ImageSymbol {
    try update(
      declaration, name: name,
      Content(
        kind: .function, bytes: code, zeroFill: 0, alignment: max(alignment, T.codeAlignment),
        relocations: relocations, function: debug))
  }

  @specialized(where T == X86_64Code)
  @specialized(where T == AArch64Code)
  @specialized(where T == ARMCode)
  @specialized(where T == RISCV64Code)
  @specialized(where T == SPARC64Code)
  func updateData(
    _ declaration: Declaration, name: String, kind: DataKind, bytes: UnsafeRawBufferPointer,
    zeroFill: UInt64, alignment: UInt8, relocations: [DataRelocation], debug: VariableDebugInfo?
  ) throws(ImageError) -> ImageSymbol {
    try update(
      declaration, name: name,
      Content(
        kind: ModuleContent(kind), bytes: bytes, zeroFill: zeroFill, alignment: alignment,
        relocations: relocations, variable: debug))
  }

  private func update(
    _ declaration: Declaration, name: String, _ content: Content
  ) throws(ImageError) -> ImageSymbol {
    try makeRoom(relocations: content.relocations.count)
    let known = declarations[declaration.key]
    let symbol = known ?? makeSymbol(of: declaration)
    do throws(ImageError) {
      try place(symbol, name: name, content)
    } catch {
      if known == nil { forget(declaration) }
      throw error
    }
    replaceConstants(of: symbol)
    verify()
    return ImageSymbol(index: symbol.raw)
  }

  @specialized(where T == X86_64Code)
  @specialized(where T == AArch64Code)
  @specialized(where T == ARMCode)
  @specialized(where T == RISCV64Code)
  @specialized(where T == SPARC64Code)
  func unnamedConstant(
    of declaration: Declaration, bytes: UnsafeRawBufferPointer, alignment: UInt8,
    relocations: [DataRelocation]
  ) throws(ImageError) -> ImageSymbol {
    let isNew = declarations[declaration.key] == nil
    try makeRoom(symbols: 2, relocations: relocations.count)
    let owner = SymbolIndex(raw: try symbol(for: declaration).index)
    let symbol = makeSymbol(.constant)
    records[symbol].owner = owner
    do throws(ImageError) {
      try place(
        symbol, name: nil,
        Content(
          kind: .immutable, bytes: bytes, zeroFill: 0, alignment: alignment,
          relocations: relocations))
    } catch {
      recycle(symbol)
      if isNew { forget(declaration) }
      throw error
    }
    // Of the owner's next version, until that comes.
    records[symbol].flags.insert(.isUpdated)
    records[symbol].constants = records[owner].constants
    records[owner].constants = symbol
    verify()
    return ImageSymbol(index: symbol.raw)
  }

  /// A declaration has a new version: constants made since the last one are its own, those of the
  /// last one die.
  private func replaceConstants(of owner: SymbolIndex) {
    var constant = records[owner].constants
    records[owner].constants = .none
    while !constant.isNone {
      let next = records[constant].constants
      if records[constant].flags.contains(.isUpdated) {
        records[constant].flags.remove(.isUpdated)
        records[constant].constants = records[owner].constants
        records[owner].constants = constant
      } else {
        remove(constant)
      }
      constant = next
    }
  }

  // MARK: Placing

  /// log2 of bytes.
  static var largestAlignment: UInt8 { 30 }

  /// Gives `symbol` its bytes, at the address it has if they fit there, else at another.
  ///
  /// - Parameter name: nil keeps it without one.
  func place(
    _ symbol: SymbolIndex, name: String?, _ content: Content
  ) throws(ImageError) {
    // Before anything is calculated with them, or looked at.
    guard content.alignment <= Self.largestAlignment else {
      throw ImageError(
        .invalid,
        "\(described(symbol)) is aligned to 2^\(content.alignment) bytes; an image aligns to at most"
          + " 2^\(Self.largestAlignment)")
    }
    guard content.bytes.count < 1 << 46, content.zeroFill < 1 << 46 else {
      throw ImageError(
        .outOfRoom,
        "\(described(symbol)): \(content.bytes.count) bytes and \(content.zeroFill) zeros are more than"
          + " an image can hold")
    }
    let relocations = try checked(content.relocations, size: content.size, of: symbol)
    try self.relocations.makeRoom(for: relocations.count)
    try store.makeRoom(for: 16)
    let isZero =
      (content.kind == .mutable || content.kind == .threadLocal) && relocations.isEmpty
      && isAllZero(content.bytes)
    if let name = sectionName(of: symbol), let reason = SpecialSection.refusal(name, content.kind) {
      throw ImageError(.invalid, "\(described(symbol)): \(reason)")
    }
    let key = sectionKey(
      content.kind, isZeroFill: isZero && !keepsBytes(symbol, content),
      section: sectionName(of: symbol))
    let old = symbols[symbol].atom

    // What can fail.
    let oldName = records[symbol].nameOffset
    var newName = oldName
    if let name {
      let bytes = scratch(name)
      if oldName == 0 || strings.name(at: oldName) != bytes { newName = try strings.add(bytes) }
    }
    let hadEntry = records[symbol].entry != 0
    var destination: Destination?
    var grown: PlacedAtoms?
    var returning = AtomIndex.none
    do throws(ImageError) {
      records[symbol].nameOffset = newName
      if wantsEntry(symbol) { try prepareEntry(symbol, isLocal: isLocalEntry(symbol)) }
      let address: UInt64
      if let home = home(of: symbol, content, isZero: isZero) {
        // Back to where a running process has it.
        returning = home
        address = store.atoms[home].address
      } else if let below = placeBelow(symbol, key, content) {
        destination = below
        address = below.place.address
      } else if !old.isNone, staysInPlace(symbol, key, content) {
        address = store.atoms[old].address
        let home = placed[store.atoms[old].output.int]
        grown = home
        try home.section.grow(to: home.sectionSize(for: old, size: content.size))
      } else {
        let found = try find(key, size: content.size, alignment: content.alignment)
        destination = found
        address = found.place.address
      }
      try checkFit(relocations, at: address, of: symbol, content.kind)
      try checkIncoming(symbol, movesTo: address, content.kind)
      try updateDebugInfo(symbol, content, address: address)
    } catch {
      if let destination { abandon(destination) }
      if let grown { grown.trim() }
      if !hadEntry { removeEntry(symbol) }
      records[symbol].nameOffset = oldName
      if newName != oldName { strings.release(newName) }
      throw error
    }

    // What cannot.
    if newName != oldName {
      strings.release(oldName)
      markStale(symbol)
    }
    for relocation in relocations
    where relocation.kind != .slotUse && records[relocation.target].kind == .importReference {
      noteAddressOfImport(relocation.target)
    }
    if newName == 0 { removeEntry(symbol) }
    if !returning.isNone { come(symbol, home: returning, from: old) }
    commit(symbol, content, old: symbols[symbol].atom, destination, relocations)
    swap?.noteUpdate(symbol)
  }

  /// A variable goes back to the atom that it has in a running process.
  private func come(_ symbol: SymbolIndex, home: AtomIndex, from old: AtomIndex) {
    removeRelocations(of: symbol)
    if swap?.homes[symbol.raw] == home {
      swap?.homes[symbol.raw] = nil
    } else {
      swap?.former[symbol.raw] = nil
    }
    forget(old)
    symbols[symbol].atom = home
  }

  /// The part of placing that changes things: puts the bytes where `destination` says, or without
  /// one, where the old ones are.
  private func commit(
    _ symbol: SymbolIndex, _ content: Content, old: AtomIndex, _ destination: Destination?,
    _ relocations: [NewRelocation]
  ) {
    if !old.isNone { removeRelocations(of: symbol) }
    var atom = old
    if let destination {
      // A new record, put in before the old one goes: the place may be the room behind that.
      atom = store.make(.blank)
      store.atoms[atom].alignment = content.alignment
      store.atoms[atom].size = content.size
      placed[destination.part].insert(atom, at: destination.place)
      if old.isNone {
        counts.atomsPlaced += 1
      } else {
        counts.atomsMoved += 1
        giveUp(old, of: symbol)
      }
      notePlaced(atom)
    } else {
      counts.atomsRewritten += 1
      store.atoms[atom].alignment = content.alignment
      let home = placed[store.atoms[atom].output.int]
      home.section.raiseAlignment(to: content.alignment)
      home.resize(atom, to: content.size)
    }
    store.atoms[atom].side = symbol.raw
    store.atoms[atom].file = FileIndex(raw: Self.moduleFile)
    store.atoms[atom].flags = AtomFlags.isLive.rawValue
    let section = placed[store.atoms[atom].output.int].section
    store.atoms[atom].kind = section.hasBytes ? .regular : .zeroFill
    if section.hasBytes {
      let offset = store.atoms[atom].address &- section.address
      section.write(content.bytes, at: offset)
      counts.bytesWritten += content.bytes.count
      counts.bytesWritten += Int(
        section.writeZeros(offset &+ UInt64(content.bytes.count)..<offset &+ content.size))
    }
    records[symbol].content = content.kind
    symbols[symbol].flags =
      content.kind == .function
      ? SymbolFlags.isFunction.rawValue
      : content.kind == .threadLocal ? SymbolFlags.isThreadLocal.rawValue : 0
    setAddress(symbol, atom: atom, store.atoms[atom].address)
    for relocation in relocations { addRelocation(relocation, holder: symbol) }
  }

  /// Whether the bytes may go where the old ones are.
  private func staysInPlace(
    _ symbol: SymbolIndex, _ key: SectionKey, _ content: Content
  ) -> Bool {
    let atom = symbols[symbol].atom
    let home = placed[store.atoms[atom].output.int]
    guard parts[key]?.contains(store.atoms[atom].output.int) == true,
      home.fits(atom, size: content.size, alignment: content.alignment)
    else { return false }
    return !needsFreshPlace(symbol, content)
  }

  /// A hole further down, where room is short; a running program's things stay.
  private func placeBelow(
    _ symbol: SymbolIndex, _ key: SectionKey, _ content: Content
  ) -> Destination? {
    let atom = symbols[symbol].atom
    guard swap == nil, !atom.isNone, content.kind != .threadLocal else { return nil }
    let part = store.atoms[atom].output.int
    guard placed[part].isTight, parts[key]?.contains(part) == true,
      let place = placed[part].findBelow(atom, size: content.size, alignment: content.alignment)
    else { return nil }
    return Destination(part: part, place: place)
  }

  /// A variable of a program that is changed while it runs stays where it is when its first value
  /// becomes zero, or no longer is: so small ones have bytes in the file in any case.
  private func keepsBytes(_ symbol: SymbolIndex, _ content: Content) -> Bool {
    if options.liveReserve == 0 { return false }
    let atom = symbols[symbol].atom
    if swap != nil, !atom.isNone, records[symbol].content == content.kind {
      return store.atoms[atom].kind == .regular
    }
    return content.size <= 4096
  }

  private func isAllZero(_ bytes: UnsafeRawBufferPointer) -> Bool {
    bytes.allSatisfy { $0 == 0 }
  }

  /// The bytes of a name, valid until the next call.
  func scratch(_ name: String) -> ByteString {
    var name = name
    return name.withUTF8 { bytes in
      if bytes.count > nameScratch.count {
        nameScratch.deallocate()
        nameScratch = .allocate(capacity: bytes.count * 2)
      }
      if let start = bytes.baseAddress {
        nameScratch.baseAddress.unsafelyUnwrapped.update(from: start, count: bytes.count)
      }
      return ByteString(
        start: UnsafePointer(nameScratch.baseAddress.unsafelyUnwrapped), count: bytes.count)
    }
  }

  // MARK: Debug information

  private func updateDebugInfo(
    _ symbol: SymbolIndex, _ content: Content, address: UInt64
  ) throws(ImageError) {
    if content.keepsDebugInfo {
      if records[symbol].flags.contains(.hasDebugInfo) {
        debugInfo?.moved(symbol.raw, to: debugAddress(address, content.kind))
      }
    } else if let function = content.function {
      try debugTables().update(
        function: symbol.raw, info: function, address: address, size: content.size)
      records[symbol].flags.insert(.hasDebugInfo)
    } else if let variable = content.variable {
      try debugTables().update(
        variable: symbol.raw, info: variable, address: debugAddress(address, content.kind),
        isThreadLocal: content.kind == .threadLocal)
      records[symbol].flags.insert(.hasDebugInfo)
    } else if records[symbol].flags.contains(.hasDebugInfo) {
      debugInfo?.remove(symbol.raw)
      records[symbol].flags.remove(.hasDebugInfo)
    }
  }

  /// What debuggers are told: of a thread-local variable, the offset in each thread's block.
  func debugAddress(_ address: UInt64, _ kind: ModuleContent) -> UInt64 {
    guard kind == .threadLocal, let area = threadLocals else { return address }
    return address &+ area.shift &- area.start
  }

  func updateLines(_ declaration: Declaration, lines: [DebugLine]) throws(ImageError) {
    let symbol = try existing(declaration)
    guard records[symbol].flags.contains(.hasDebugInfo), records[symbol].content == .function else {
      throw ImageError(.invalid, "\(described(symbol)) has no debug information to change")
    }
    try debugTables().updateLines(symbol.raw, lines)
    verify()
  }

  // MARK: Freeing

  @specialized(where T == X86_64Code)
  @specialized(where T == AArch64Code)
  @specialized(where T == ARMCode)
  @specialized(where T == RISCV64Code)
  @specialized(where T == SPARC64Code)
  func free(_ declaration: Declaration) throws(ImageError) {
    let symbol = try existing(declaration)
    var export = records[symbol].exports
    while !export.isNone {
      let next = records[export].exports
      removeExport(export, of: symbol)
      export = next
    }
    var constant = records[symbol].constants
    records[symbol].constants = .none
    while !constant.isNone {
      let next = records[constant].constants
      remove(constant)
      constant = next
    }
    sectionNamesOfExports[symbol.raw] = nil
    declarations.remove(declaration.key)
    remove(symbol)
    verify()
  }

  /// Removes a symbol with its atom. Where data still refers to it, the symbol stays as one that
  /// nothing defines, until the last of those places is written anew.
  func remove(_ symbol: SymbolIndex) {
    if records[symbol].flags.contains(.hasDebugInfo) { debugInfo?.remove(symbol.raw) }
    let atom = symbols[symbol].atom
    // It may refer to itself: those places go first, or the last of them would bury it too early.
    removeRelocations(of: symbol)
    records[symbol].flags.insert(.isDead)
    if !atom.isNone {
      symbols[symbol].atom = .none
      giveUp(atom, of: symbol)
    }
    symbols[symbol].word = 0
    noteRemoval(symbol)
    freeSlot(symbol)
    removeEntry(symbol)
    if records[symbol].incoming.isNone {
      bury(symbol)
    } else {
      applyIncoming(symbol)
      deadSymbols.insert(symbol.raw)
    }
  }

  /// An atom is no longer its symbol's: its room falls free, unless a running program may be in it.
  private func giveUp(_ atom: AtomIndex, of symbol: SymbolIndex) {
    if retires(atom) { retire(atom, of: symbol) } else { forget(atom) }
  }

  private func forget(_ atom: AtomIndex) {
    noteForgotten(atom)
    placed[store.atoms[atom].output.int].remove(atom)
    store.recycle(atom)
  }

  /// The last place that referred to a dead symbol may be gone.
  func buryIfForgotten(_ symbol: SymbolIndex) {
    if records[symbol].flags.contains(.isDead), records[symbol].incoming.isNone {
      deadSymbols.remove(symbol.raw)
      bury(symbol)
    }
  }

  private func bury(_ symbol: SymbolIndex) {
    if records[symbol].kind != .importReference { strings.release(records[symbol].nameOffset) }
    recycle(symbol)
  }
}
