import ELFFormat
import Platform

/// Records of symbols: making and recycling them, their names, entries and addresses.
extension CodeImage {
  // MARK: Records

  static var blankSymbol: Symbol {
    Symbol(
      nameStart: ByteString("").start, nameCount: 0, flags: 0, word: 0, file: moduleFile,
      source: 0, atom: .none, extra: .none)
  }

  /// A new symbol, without name, place or entry. There is room for it: `makeRoom`.
  func makeSymbol(_ kind: ModuleRecord.Kind) -> SymbolIndex {
    var record = ModuleRecord()
    record.kind = kind
    let symbol = Self.blankSymbol
    if let index = unusedSymbols.popLast() {
      symbols[index] = symbol
      symbols[index].source = index.raw
      records[index] = record
      return index
    }
    records.append(record)
    let index = symbols.append(symbol)
    symbols[index].source = index.raw
    return index
  }

  /// Gives a record back. Nothing refers to the symbol any more.
  func recycle(_ symbol: SymbolIndex) {
    records[symbol] = ModuleRecord()
    unusedSymbols.append(symbol)
  }

  /// File 0 is the linker's own, 1 the code module.
  static var moduleFile: UInt32 { 1 }

  func name(_ symbol: SymbolIndex) -> ByteString { strings.name(at: records[symbol].nameOffset) }

  /// A symbol as messages call it.
  func described(_ symbol: SymbolIndex) -> String {
    let record = records[symbol]
    switch record.kind {
    case .constant: return "a constant of \(described(record.owner))"
    case .lazy where record.nameOffset == 0: return "a lazy symbol"
    default:
      return record.nameOffset == 0 ? "declaration \(record.key)" : "'\(name(symbol))'"
    }
  }

  /// The symbol that a caller names, if it is one that lives.
  func checked(_ symbol: ImageSymbol) throws(ImageError) -> SymbolIndex {
    let index = SymbolIndex(raw: symbol.index)
    guard symbol.index > 0, index.int < symbols.count,
      records[index].kind != .unused, records[index].kind != .export,
      !records[index].flags.contains(.isDead)
    else {
      throw ImageError(.invalid, "there is no symbol \(symbol.index) in this image")
    }
    return index
  }

  @specialized(where T == X86_64Code)
  @specialized(where T == AArch64Code)
  @specialized(where T == ARMCode)
  @specialized(where T == RISCV64Code)
  @specialized(where T == SPARC64Code)
  func symbol(for declaration: Declaration) throws(ImageError) -> ImageSymbol {
    if let known = declarations[declaration.key] { return ImageSymbol(index: known.raw) }
    try makeRoom()
    return ImageSymbol(index: makeSymbol(of: declaration).raw)
  }

  /// The symbol of a declaration that has none.
  func makeSymbol(of declaration: Declaration) -> SymbolIndex {
    let symbol = makeSymbol(.declaration)
    records[symbol].key = declaration.key
    declarations.add(declaration.key, symbol)
    return symbol
  }

  /// Undoes the first use of a declaration that has nothing yet.
  func forget(_ declaration: Declaration) {
    guard let symbol = declarations[declaration.key] else { return }
    declarations.remove(declaration.key)
    recycle(symbol)
  }

  /// The symbol of a declaration that was used before.
  func existing(_ declaration: Declaration) throws(ImageError) -> SymbolIndex {
    guard let symbol = declarations[declaration.key] else {
      throw ImageError(.invalid, "there is no declaration \(declaration.key) in this image")
    }
    return symbol
  }

  // MARK: Addresses

  func currentAddress(of symbol: ImageSymbol) -> UInt64? {
    guard let index = try? checked(symbol) else { return nil }
    return isPlaced(index) ? symbols[index].word : nil
  }

  /// Whether a symbol has an address (which may be 0 for a weak reference to nothing).
  func isPlaced(_ symbol: SymbolIndex) -> Bool {
    !symbols[symbol].atom.isNone || symbols[symbol].has.contains(.isAbsolute)
  }

  /// What a symbol's slot holds: its address, or for a thread-local variable what to add to the
  /// thread pointer.
  func slotValue(_ symbol: SymbolIndex) -> UInt64 {
    guard isPlaced(symbol) else { return 0 }
    if records[symbol].content == .threadLocal, !symbols[symbol].atom.isNone {
      return UInt64(bitPattern: threadOffset(symbols[symbol].word)) & E.addressMask
    }
    return symbols[symbol].word
  }

  /// Gives a symbol its address: writes its slot and the places that refer to it, and carries it on
  /// to its exports and to who refers to them by name. None of this can fail.
  func setAddress(_ symbol: SymbolIndex, atom: AtomIndex, _ address: UInt64) {
    let isChanged = symbols[symbol].word != address || symbols[symbol].atom != atom
    symbols[symbol].atom = atom
    symbols[symbol].word = address
    markStale(symbol)
    if isChanged { addressChanged(symbol) }
    var export = records[symbol].kind == .declaration ? records[symbol].exports : .none
    while !export.isNone {
      records[export].content = records[symbol].content
      symbols[export].atom = atom
      symbols[export].word = address
      markStale(export)
      noteExportMoved(export)
      let name = resolver[records[export].name]
      if name.winner == export, !name.reference.isNone { follow(name.reference, export) }
      export = records[export].exports
    }
  }

  /// A reference takes the address of the definition in force.
  func follow(_ reference: SymbolIndex, _ winner: SymbolIndex) {
    if isOverridden(winner) { return }
    let target = symbols[winner]
    let isChanged =
      symbols[reference].word != target.word || symbols[reference].atom != target.atom
    records[reference].content = records[winner].content
    symbols[reference].flags = target.flags & SymbolFlags.isAbsolute.rawValue
    symbols[reference].atom = target.atom
    symbols[reference].word = target.word
    if isChanged { addressChanged(reference) }
  }

  /// A reference has an address that is a number, or none.
  func setAbsolute(_ reference: SymbolIndex, _ value: UInt64?) {
    let old = slotValue(reference)
    symbols[reference].atom = .none
    symbols[reference].word = value ?? 0
    symbols[reference].flags = value == nil ? 0 : SymbolFlags.isAbsolute.rawValue
    if slotValue(reference) != old || value == nil { addressChanged(reference) }
  }

  private func addressChanged(_ symbol: SymbolIndex) {
    writeSlot(symbol)
    applyIncoming(symbol)
  }

  func writeSlot(_ symbol: SymbolIndex) {
    let slot = records[symbol].slot
    if slot < 0 { return }
    let table = slotTable(of: symbol)
    if !table.update(slot, slotValue(symbol)) { return }
    counts.slotsWritten += 1
    counts.bytesWritten += E.wordSize
    swap?.noteSlot(address: table.address(slot))
  }

  // MARK: Slots

  /// References by name have slots that the link of other inputs can fill.
  func slotTable(of symbol: SymbolIndex) -> SlotTable<E> {
    if records[symbol].kind == .importReference, let importSlots { return importSlots }
    return slots
  }

  @specialized(where T == X86_64Code)
  @specialized(where T == AArch64Code)
  @specialized(where T == ARMCode)
  @specialized(where T == RISCV64Code)
  @specialized(where T == SPARC64Code)
  func offsetTableAddress(of symbol: ImageSymbol) throws(ImageError) -> UInt64 {
    let index = try checked(symbol)
    let table = slotTable(of: index)
    if records[index].slot < 0 {
      records[index].slot = try table.allocate(index)
      if records[index].kind == .importReference {
        foreign.isStale = true
        if !isPlaced(index) { noteUnsettled(index) }
      } else {
        // A process may have there what the slot held for another symbol.
        swap?.slots.insert(table.address(records[index].slot))
      }
      writeSlot(index)
    }
    return table.address(records[index].slot)
  }

  @specialized(where T == X86_64Code)
  @specialized(where T == AArch64Code)
  @specialized(where T == ARMCode)
  @specialized(where T == RISCV64Code)
  @specialized(where T == SPARC64Code)
  func callSequence(to symbol: ImageSymbol) throws(ImageError) -> [UInt8] {
    T.callSequence(slot: try offsetTableAddress(of: symbol))
  }

  func freeSlot(_ symbol: SymbolIndex) {
    let slot = records[symbol].slot
    if slot < 0 { return }
    slotTable(of: symbol).free(slot)
    records[symbol].slot = -1
  }

  // MARK: Entries of the symbol table

  /// The entry is written by the next flush.
  func markStale(_ symbol: SymbolIndex) {
    if records[symbol].entry == 0 || records[symbol].flags.contains(.isEntryStale) { return }
    records[symbol].flags.insert(.isEntryStale)
    staleEntries.append(symbol)
  }

  /// Whether a symbol is to have an entry: exports have one each; a declaration that has exports is
  /// known by those.
  func wantsEntry(_ symbol: SymbolIndex) -> Bool {
    let record = records[symbol]
    switch record.kind {
    case .export: return true
    case .declaration, .lazy: return record.nameOffset != 0 && record.exports.isNone
    case .constant, .importReference, .unused: return false
    }
  }

  /// Names that nothing outside of this program can mean are local in its symbol table: of several
  /// definitions only the one in force is not. Source: gABI, "Symbol Visibility": a hidden symbol
  /// becomes local in an executable file.
  func isLocalEntry(_ symbol: SymbolIndex) -> Bool {
    let record = records[symbol]
    guard record.kind == .export, record.binding != .local, record.visibility != .hidden else {
      return true
    }
    return record.name != .max && resolver[record.name].winner != symbol || isOverridden(symbol)
  }

  /// Brings the entry of an export to the side of the symbol table where it belongs.
  func settleSide(_ export: SymbolIndex) {
    let entry = records[export].entry
    if entry == 0 { return }
    symbolTable.setSide(entry, isLocal: isLocalEntry(export))
    markStale(export)
  }

  func removeEntry(_ symbol: SymbolIndex) {
    let entry = records[symbol].entry
    if entry == 0 { return }
    records[symbol].entry = 0
    symbolTable.remove(entry)
  }

  /// Brings the entry into line with `wantsEntry`, when nothing can fail: an entry that is to come
  /// was made before, by `prepareEntry`.
  func dropEntryIfUnwanted(_ symbol: SymbolIndex) {
    if !wantsEntry(symbol) { removeEntry(symbol) }
  }

  /// Makes an entry for a symbol that has none. Undone by `removeEntry`.
  func prepareEntry(_ symbol: SymbolIndex, isLocal: Bool) throws(ImageError) {
    if records[symbol].entry != 0 { return }
    records[symbol].entry = try symbolTable.add(symbol, isLocal: isLocal)
    markStale(symbol)
  }

  func writeStaleEntries() {
    for symbol in staleEntries where records[symbol].flags.contains(.isEntryStale) {
      records[symbol].flags.remove(.isEntryStale)
      if records[symbol].entry != 0 { writeEntry(symbol) }
    }
    staleEntries.removeAll(keepingCapacity: true)
  }

  private func writeEntry(_ symbol: SymbolIndex) {
    let record = records[symbol]
    let atom = symbols[symbol].atom
    var value = symbols[symbol].word
    var section = 0 as UInt16
    var size = 0 as UInt64
    if !atom.isNone {
      section = UInt16(headerIndex(of: store.atoms[atom].output))
      size = store.atoms[atom].size
      // Source: gABI, "Thread-Local Storage": the value is the offset in the TLS template.
      if record.content == .threadLocal, let area = threadLocals {
        value = value &+ area.shift &- area.start
      }
    }
    let binding: SymbolBinding =
      switch record.binding {
      case .local: .local
      case .strong: .global
      case .weak, .linkOnce: .weak
      }
    let visibility: SymbolVisibility =
      switch record.visibility {
      case .default: .default
      case .hidden: .hidden
      case .protected: .protected
      }
    symbolTable.write(
      record.entry, name: record.nameOffset, binding: isLocalEntry(symbol) ? .local : binding,
      type: record.content.symbolType, visibility: visibility, sectionIndex: section,
      value: value, byteCount: size)
  }
}

extension ELFEncoding {
  /// All bits that an address can have.
  static var addressMask: UInt64 { is64 ? .max : 0xffff_ffff }
}
