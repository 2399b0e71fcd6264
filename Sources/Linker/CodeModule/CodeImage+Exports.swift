import ELFFormat
import Platform

/// Names by which declarations are known outside, and names that refer to whoever defines them.
extension CodeImage {
  @specialized(where T == X86_64Code)
  @specialized(where T == AArch64Code)
  @specialized(where T == ARMCode)
  @specialized(where T == RISCV64Code)
  @specialized(where T == SPARC64Code)
  func updateExports(_ declaration: Declaration, _ exports: [Export]) throws(ImageError) {
    let isNew = declarations[declaration.key] == nil
    try makeRoom(symbols: exports.count + 1)
    let owner = SymbolIndex(raw: try symbol(for: declaration).index)
    do throws(ImageError) {
      try setExports(owner, exports)
    } catch {
      if isNew { forget(declaration) }
      throw error
    }
    verify()
  }

  private func setExports(_ owner: SymbolIndex, _ exports: [Export]) throws(ImageError) {
    let section = try checkedSection(owner, exports)

    // What can fail: the new names, their symbols and entries.
    var added: [SymbolIndex] = []
    let hadEntry = records[owner].entry != 0
    do throws(ImageError) {
      for export in exports where findExport(owner, export.name) == nil {
        let offset = try strings.add(scratch(export.name))
        let symbol = makeSymbol(.export)
        records[symbol].nameOffset = offset
        records[symbol].binding = export.binding
        records[symbol].visibility = export.visibility
        added.append(symbol)
        try prepareEntry(symbol, isLocal: isLocalEntry(symbol))
      }
      if exports.isEmpty, !records[owner].exports.isNone, records[owner].nameOffset != 0 {
        // The declaration is known by its own name again.
        try prepareEntry(owner, isLocal: true)
      }
      try setSection(owner, section)
    } catch {
      if !hadEntry { removeEntry(owner) }
      for symbol in added {
        removeEntry(symbol)
        strings.release(records[symbol].nameOffset)
        recycle(symbol)
      }
      throw error
    }
    commit(owner, exports, added)
  }

  /// Refuses exports that contradict each other or those of other declarations.
  ///
  /// - Returns: the section that they ask for.
  private func checkedSection(
    _ owner: SymbolIndex, _ exports: [Export]
  ) throws(ImageError) -> String? {
    var seen: Set<String> = []
    for export in exports {
      guard !export.name.isEmpty, seen.insert(export.name).inserted else {
        throw ImageError(
          .invalid,
          export.name.isEmpty
            ? "\(described(owner)): an export needs a name"
            : "\(described(owner)): '\(export.name)' is exported twice")
      }
      if let other = strongDefinition(of: export.name), records[other].owner != owner,
        export.binding == .strong
      {
        throw ImageError(
          .duplicate,
          "duplicate symbol '\(export.name)': \(described(owner)) exports it, and so does"
            + " \(described(records[other].owner)); make one of them weak or rename it")
      }
    }
    let sections = Set(exports.compactMap(\.section))
    guard sections.count <= 1 else {
      throw ImageError(.invalid, "\(described(owner)): its exports name different sections")
    }
    if let section = sections.first, section.isEmpty || section.utf8.contains(0) {
      throw ImageError(.invalid, "\(described(owner)): '\(section)' is no name of a section")
    }
    if let section = sections.first, let reason = SpecialSection.refusal(section) {
      throw ImageError(.invalid, "\(described(owner)): \(reason)")
    }
    return sections.first
  }

  /// The part of setting exports that cannot fail.
  private func commit(_ owner: SymbolIndex, _ exports: [Export], _ added: [SymbolIndex]) {
    var old = records[owner].exports
    while !old.isNone {
      let next = records[old].exports
      if !exports.contains(where: { scratch($0.name) == name(old) }) {
        removeExport(old, of: owner)
      }
      old = next
    }
    for symbol in added {
      records[symbol].owner = owner
      records[symbol].exports = records[owner].exports
      records[owner].exports = symbol
      addDefinition(symbol)
    }
    for export in exports {
      guard let symbol = findExport(owner, export.name) else { continue }
      let isChanged =
        records[symbol].binding != export.binding || records[symbol].visibility != export.visibility
      records[symbol].binding = export.binding
      records[symbol].visibility = export.visibility
      records[symbol].content = records[owner].content
      symbols[symbol].atom = symbols[owner].atom
      symbols[symbol].word = symbols[owner].word
      if export.section == nil {
        records[symbol].flags.remove(.namesSection)
      } else {
        records[symbol].flags.insert(.namesSection)
      }
      markStale(symbol)
      if isChanged { foreign.isStale = true }
      listDefinition(symbol)
      electWinner(records[symbol].name)
      settleSide(symbol)
    }
    dropEntryIfUnwanted(owner)
  }

  func removeExport(_ declaration: Declaration, name: String) throws(ImageError) {
    let owner = try existing(declaration)
    guard let export = findExport(owner, name) else {
      throw ImageError(.invalid, "\(described(owner)) does not export '\(name)'")
    }
    let isLast = records[export].exports.isNone && records[owner].exports == export
    if isLast, records[owner].nameOffset != 0 { try prepareEntry(owner, isLocal: true) }
    if records[export].flags.contains(.namesSection), !othersNameSection(export, of: owner) {
      do throws(ImageError) {
        try setSection(owner, nil)
      } catch {
        if isLast { removeEntry(owner) }
        throw error
      }
    }
    removeExport(export, of: owner)
    verify()
  }

  private func findExport(_ owner: SymbolIndex, _ name: String) -> SymbolIndex? {
    guard let offset = strings.find(scratch(name)) else { return nil }
    var export = records[owner].exports
    while !export.isNone {
      if records[export].nameOffset == offset { return export }
      export = records[export].exports
    }
    return nil
  }

  /// Takes an export out of its declaration's list and of the resolver, and forgets it.
  func removeExport(_ export: SymbolIndex, of owner: SymbolIndex) {
    if records[owner].exports == export {
      records[owner].exports = records[export].exports
    } else {
      var previous = records[owner].exports
      while records[previous].exports != export { previous = records[previous].exports }
      records[previous].exports = records[export].exports
    }
    let name = records[export].name
    removeDefinition(export)
    removeEntry(export)
    strings.release(records[export].nameOffset)
    recycle(export)
    electWinner(name)
    resolver.forgetIfUnused(name)
    foreign.isStale = true
  }

  // MARK: Resolution

  private func strongDefinition(of name: String) -> SymbolIndex? {
    guard let offset = strings.find(scratch(name)), let index = resolver.find(offset) else {
      return nil
    }
    let winner = resolver[index].winner
    return winner.isNone || records[winner].binding != .strong ? nil : winner
  }

  private func addDefinition(_ export: SymbolIndex) {
    let index = resolver.intern(records[export].nameOffset)
    records[export].name = index
    resolver[index].definitionCount += 1
    listDefinition(export)
    foreign.isStale = true
  }

  /// Puts a definition into the list that its binding calls for: local ones are seen by nobody.
  private func listDefinition(_ export: SymbolIndex) {
    let wanted: ModuleFlags =
      switch records[export].binding {
      case .local: []
      case .strong: .isStrongCandidate
      case .weak, .linkOnce: .isWeakCandidate
      }
    let present = records[export].flags.intersection([.isStrongCandidate, .isWeakCandidate])
    if present == wanted { return }
    unlistDefinition(export)
    if wanted.isEmpty { return }
    let isStrong = wanted == .isStrongCandidate
    let index = records[export].name
    let last = resolver[index][isStrong: isStrong].last
    records[export].flags.insert(wanted)
    records[export].previousCandidate = last
    if last.isNone {
      resolver[index][isStrong: isStrong].first = export
    } else {
      records[last].nextCandidate = export
    }
    resolver[index][isStrong: isStrong].last = export
  }

  private func unlistDefinition(_ export: SymbolIndex) {
    let present = records[export].flags.intersection([.isStrongCandidate, .isWeakCandidate])
    if present.isEmpty { return }
    let isStrong = present.contains(.isStrongCandidate)
    let record = records[export]
    if record.previousCandidate.isNone {
      resolver[record.name][isStrong: isStrong].first = record.nextCandidate
    } else {
      records[record.previousCandidate].nextCandidate = record.nextCandidate
    }
    if record.nextCandidate.isNone {
      resolver[record.name][isStrong: isStrong].last = record.previousCandidate
    } else {
      records[record.nextCandidate].previousCandidate = record.previousCandidate
    }
    records[export].flags.subtract(present)
    records[export].nextCandidate = .none
    records[export].previousCandidate = .none
  }

  private func removeDefinition(_ export: SymbolIndex) {
    let index = records[export].name
    unlistDefinition(export)
    resolver[index].definitionCount -= 1
    if resolver[index].winner == export { resolver[index].winner = .none }
  }

  /// Chooses the definition in force, and gives its address to who refers to the name.
  func electWinner(_ index: UInt32) {
    let name = resolver[index]
    let best = name.strong.first.isNone ? name.weak.first : name.strong.first
    let last = resolver[index].winner
    resolver[index].winner = best
    if last != best {
      if !last.isNone { settleSide(last) }
      if !best.isNone { settleSide(best) }
    }
    let reference = resolver[index].reference
    if reference.isNone { return }
    if best.isNone {
      noteUnsettled(reference)
      setAbsolute(reference, nil)
      records[reference].content = .none
    } else {
      follow(reference, best)
    }
  }

  func importedSymbol(_ name: String, isWeak: Bool) throws(ImageError) -> ImageSymbol {
    guard !name.isEmpty else { throw ImageError(.invalid, "a reference needs a name") }
    if let offset = strings.find(scratch(name)), let index = resolver.find(offset),
      !resolver[index].reference.isNone
    {
      let known = resolver[index].reference
      // A strong reference makes the name needed.
      if !isWeak, records[known].flags.contains(.isWeakReference) {
        records[known].flags.remove(.isWeakReference)
        noteUnsettled(known)
        foreign.isStale = true
      }
      return ImageSymbol(index: known.raw)
    }
    try makeRoom()
    let offset = try strings.add(scratch(name))
    let symbol = makeSymbol(.importReference)
    records[symbol].nameOffset = offset
    if isWeak { records[symbol].flags.insert(.isWeakReference) }
    let index = resolver.intern(offset)
    records[symbol].name = index
    resolver.add(reference: symbol, to: index, isLinkerNamed: isLinkerDefined(name))
    electWinner(index)
    if resolver[index].winner.isNone { foreign.isStale = true }
    verify()
    return ImageSymbol(index: symbol.raw)
  }

  // MARK: Sections of exports

  /// The section that a declaration's exports ask for.
  func sectionName(of symbol: SymbolIndex) -> String? {
    sectionNamesOfExports.isEmpty ? nil : sectionNamesOfExports[symbol.raw]
  }

  private func othersNameSection(_ export: SymbolIndex, of owner: SymbolIndex) -> Bool {
    var other = records[owner].exports
    while !other.isNone {
      if other != export, records[other].flags.contains(.namesSection) { return true }
      other = records[other].exports
    }
    return false
  }

  /// Which section a declaration's bytes are in, now or once it has some.
  private func setSection(_ owner: SymbolIndex, _ section: String?) throws(ImageError) {
    if section == sectionNamesOfExports[owner.raw] { return }
    if symbols[owner].atom.isNone {
      sectionNamesOfExports[owner.raw] = section
    } else {
      try migrate(owner, to: section)
    }
  }

  /// Moves a declaration's bytes to another section, as they are.
  func migrate(_ symbol: SymbolIndex, to section: String?) throws(ImageError) {
    let old = sectionNamesOfExports[symbol.raw]
    let atom = store.atoms[symbols[symbol].atom]
    let home = placed[atom.output.int].section
    var bytes: [UInt8] = []
    if home.hasBytes {
      let start = atom.address &- home.address
      // Of many zeros at the end only the number is taken along.
      let end = home.endOfBytes(start..<start + atom.size)
      bytes = Array(home.bytes[Int(start)..<Int(end)])
    }
    let buffer = bytes.withUnsafeBytes { UnsafeRawBufferPointer($0) }
    defer { withExtendedLifetime(bytes) {} }
    sectionNamesOfExports[symbol.raw] = section
    do throws(ImageError) {
      try place(
        symbol, name: nil,
        Content(
          kind: records[symbol].content, bytes: buffer,
          zeroFill: atom.size - UInt64(bytes.count), alignment: atom.alignment,
          relocations: recordedRelocations(of: symbol), keepsDebugInfo: true))
    } catch {
      sectionNamesOfExports[symbol.raw] = old
      throw error
    }
  }

  private func recordedRelocations(of symbol: SymbolIndex) -> [DataRelocation] {
    var result: [DataRelocation] = []
    var index = RelocationIndex(raw: store.atoms[symbols[symbol].atom].relocations)
    while !index.isNone {
      let relocation = relocations[index]
      result.append(
        DataRelocation(
          offset: relocation.offset, target: ImageSymbol(index: relocation.target.raw),
          addend: relocation.addend, kind: relocation.kind))
      index = relocation.nextOfHolder
    }
    return result
  }
}
