import ELFFormat

/// What must always hold.
extension CodeImage {
  /// After each call, where the options ask for it.
  @inline(__always)
  func verify() {
    if options.checksInvariants {
      let found = violations()
      precondition(found.isEmpty, "image is inconsistent: \(found.joined(separator: "; "))")
    }
  }

  func violations() -> [String] {
    var found: [String] = []
    for part in placed { found += part.violations() }
    found += strings.violations()
    found += symbolTable.violations(
      index: { records[$0].entry }, isStale: { records[$0].flags.contains(.isEntryStale) })
    found += slots.violations(slot: { records[$0].slot }, value: { slotValue($0) })
    found += fileRanges.violations()
    if let debugInfo { found += debugInfo.violations() }
    found += relocationViolations()
    found += symbolViolations()
    found += rangeViolations()
    return found
  }

  private func relocationViolations() -> [String] {
    var found: [String] = []
    for raw in 1..<max(symbols.count, 1) {
      let symbol = SymbolIndex(raw)
      var index = records[symbol].incoming
      var previous = RelocationIndex.none
      while !index.isNone {
        let relocation = relocations[index]
        if relocation.target != symbol {
          found.append("relocation \(index.raw) is in a wrong chain")
        }
        if relocation.previousOfTarget != previous {
          found.append("relocation \(index.raw): its back link is wrong")
        }
        let holder = symbols[relocation.holder]
        guard !holder.atom.isNone else {
          found.append("relocation \(index.raw) is held by nothing")
          break
        }
        if relocation.kind == .slotUse {
          previous = index
          index = relocation.nextOfTarget
          continue
        }
        let section = placed[store.atoms[holder.atom].output.int].section
        let place = holder.word &+ relocation.offset
        let fitting = value(
          relocation.kind, address: symbols[symbol].word, isTargetPlaced: isPlaced(symbol),
          isThreadLocal: isThreadLocal(symbol), addend: relocation.addend, place: place)
        if (fitting == nil) != misfits.contains(index.raw) {
          found.append("relocation \(index.raw) does not fit and is not known to, or is and does")
        }
        let expected = fitting ?? 0
        let bytes = section.pointer(place &- section.address)
        let actual =
          Self.width(relocation.kind) == 8 ? E.load64(bytes) : UInt64(E.load32(bytes))
        if actual != expected {
          found.append(
            "\(described(relocation.holder))+\(relocation.offset) holds"
              + " 0x\(String(actual, radix: 16)) for \(described(symbol)) at"
              + " 0x\(String(symbols[symbol].word, radix: 16))")
        }
        previous = index
        index = relocation.nextOfTarget
      }
    }
    return found
  }

  private func symbolViolations() -> [String] {
    var found: [String] = []
    for raw in 1..<max(symbols.count, 1) {
      let symbol = SymbolIndex(raw)
      let record = records[symbol]
      if record.kind == .unused || record.flags.contains(.isDead) { continue }
      if (record.entry != 0) != (wantsEntry(symbol) && record.flags.isDisjoint(with: .isDead))
        && !(record.kind == .declaration && symbols[symbol].atom.isNone)
      {
        found.append("\(described(symbol)) has an entry and should not, or has none")
      }
      if record.kind == .declaration, declarations[record.key] != symbol {
        found.append("declaration \(record.key) is not found")
      }
      if record.kind == .export {
        if record.entry > 0, (record.entry < symbolTable.localCount) != isLocalEntry(symbol) {
          found.append("\(described(symbol)) is on the wrong side of the symbol table")
        }
        let owner = symbols[record.owner]
        if symbols[symbol].word != owner.word || symbols[symbol].atom != owner.atom {
          found.append("export \(described(symbol)) is not where its declaration is")
        }
      }
      let atom = symbols[symbol].atom
      if !atom.isNone, symbols[symbol].word != store.atoms[atom].address {
        found.append("\(described(symbol)) is not where its atom is")
      }
      if !atom.isNone, record.kind == .declaration || record.kind == .constant,
        store.atoms[atom].side != symbol.raw
      {
        found.append("the atom of \(described(symbol)) belongs to another symbol")
      }
    }
    for index in resolver.names.indices {
      let name = resolver[UInt32(index)]
      guard resolver.find(name.offset) == UInt32(index), !name.reference.isNone,
        !name.winner.isNone, !isOverridden(name.winner)
      else { continue }
      if symbols[name.reference].word != symbols[name.winner].word {
        found.append("a reference to \(described(name.winner)) is not where that is")
      }
    }
    return found
  }

  /// Address ranges of sections are disjoint, and lie in the file where the loader can map them.
  private func rangeViolations() -> [String] {
    var found: [String] = []
    let loaded = sections.filter { $0.isLoaded }.sorted { $0.address < $1.address }
    for (low, high) in zip(loaded, loaded.dropFirst())
    where low.address + low.reserve > high.address {
      found.append("sections \(low.name) and \(high.name) overlap")
    }
    for section in loaded where section.fileCapacity > 0 {
      if section.fileOffset % T.imagePageSize != section.address % T.imagePageSize {
        found.append("section \(section.name) cannot be mapped from where it is in the file")
      }
      if section.hasBytes, section.size > section.fileCapacity, counts.flushes > 0,
        section.dirty.isEmpty
      {
        found.append("section \(section.name) is larger than its room in the file")
      }
    }
    return found
  }
}
