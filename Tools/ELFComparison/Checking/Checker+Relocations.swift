import Platform

// Dynamic relocations: what the loader will write, where, and whether it may.

extension Checker {
  mutating func checkRelocations() {
    guard let dynamic else {
      checkStaticRelocations()
      return
    }
    let hasTextRelocations =
      dynamic.value(DT.textRel) != nil || (dynamic.value(DT.flags) ?? 0) & 4 != 0
    var places: Set<UInt64> = []
    places.reserveCapacity(dynamic.relocations.count)
    var usesStaticTLS = false
    for relocation in dynamic.relocations where relocation.meaning != .none {
      func name() -> String { "relocation at \(hex(relocation.offset))" }
      check(relocation, dynamic, allowsText: hasTextRelocations, name)
      expect(
        places.insert(relocation.offset).inserted, .relocations, name(), "there is another one")
      if relocation.meaning == .tlsOffset { usesStaticTLS = true }
    }
    if usesStaticTLS, file.segment(PT.interp) == nil, file.type == 3,
      (dynamic.value(DT.flags1) ?? 0) & 0x800_0000 == 0
    {
      expect(
        (dynamic.value(DT.flags) ?? 0) & 0x10 != 0, .relocations, "DT_FLAGS",
        "lacks STATIC_TLS although initial-exec relocations need it")
    }
    checkRelativeFirst(dynamic)
  }

  private mutating func check(
    _ relocation: DynamicRelocation, _ dynamic: DynamicTables, allowsText: Bool,
    _ name: () -> String
  ) {
    let size = UInt64(relocation.meaning == .tlsDescriptor ? file.wordSize * 2 : file.wordSize)
    guard let load = file.load(at: relocation.offset) else {
      findings.add(.relocations, name(), "is in no segment")
      return
    }
    if relocation.meaning != .copy {
      expect(
        load.contains(relocation.offset, size), .relocations, name(), "leaves its segment")
    }
    expect(
      load.isWritable || allowsText, .relocations, name(),
      "is in a segment that is not writable, without DT_TEXTREL")
    if Int(relocation.symbol) >= dynamic.symbols.count, relocation.symbol != 0 {
      findings.add(.relocations, name(), "names symbol \(relocation.symbol), which does not exist")
      return
    }
    let needsSymbol: Bool
    switch relocation.meaning {
    case .slot, .jumpSlot, .copy: needsSymbol = true
    default: needsSymbol = false
    }
    expect(!needsSymbol || relocation.symbol != 0, .relocations, name(), "names no symbol")
    switch relocation.meaning {
    case .relative:
      expect(relocation.symbol == 0, .relocations, name(), "is relative but names a symbol")
      let target = UInt64(bitPattern: relocation.addend)
      // One past the end is an address too: `_end`, or an array's limit.
      let isInside = file.loads.contains {
        $0.address.roundedDownToPage <= target && target <= $0.endAddress.roundedUpToPage
      }
      // Some compilers keep flags in an address's top bits.
      let isTagged = target >> 56 != 0
      expect(
        isInside || isTagged, .relocations, name(), "points to \(hex(target)), in no segment")
    case .indirect:
      let target = UInt64(bitPattern: relocation.addend)
      expect(
        file.load(at: target)?.isExecutable == true, .relocations, name(),
        "its resolver \(hex(target)) is not in executable memory")
    case .copy:
      let symbol = dynamic.symbols[Int(relocation.symbol)]
      expect(
        symbol.isDefined && symbol.value == relocation.offset, .relocations, name(),
        "copies \(symbol.name), which is not defined there")
      expect(
        load.contains(relocation.offset, symbol.size), .relocations, name(), "leaves its segment")
      expect(
        file.type == 2 || file.segment(PT.interp) != nil, .relocations, name(),
        "is a copy in a shared library")
    case .other(let type):
      findings.add(.relocations, name(), "has type \(type), which the loader does not know")
    default: break
    }
    if relocation.table == .plt {
      let isSlot =
        relocation.meaning == .jumpSlot || relocation.meaning == .indirect
        || relocation.meaning == .tlsDescriptor
      expect(isSlot, .relocations, name(), "is in DT_JMPREL but no jump slot")
    }
  }

  /// `DT_RELACOUNT` promises that the first relocations are relative; the loader then does not
  /// look at their types.
  private mutating func checkRelativeFirst(_ dynamic: DynamicTables) {
    let main = dynamic.relocations.filter { $0.table == .main }
    guard let promised = dynamic.value(DT.relaCount) ?? dynamic.value(DT.relCount) else { return }
    let leading = main.prefix { $0.meaning == .relative }.count
    let total = main.count { $0.meaning == .relative }
    expect(
      promised <= UInt64(leading), .relocations, "DT_RELACOUNT",
      "promises \(promised), but only the first \(leading) are relative")
    expect(
      leading == total, .relocations, "DT_RELA", "\(total - leading) relative ones are not in front"
    )
    expect(
      promised == UInt64(leading), .relocations, "DT_RELACOUNT",
      "is \(promised) where \(leading) relocations are relative")
  }

  /// A static program applies its `IRELATIVE` relocations itself, found by two symbols.
  private mutating func checkStaticRelocations() {
    var tables = file.sections.filter { $0.isAllocated && $0.type == SHT.rela && $0.size > 0 }
    tables.removeLast(max(0, tables.count - 16))
    for table in tables {
      guard let view = file.contents(table) else { continue }
      for relocation in file.relocations(view, hasAddends: true, .main) {
        let name = "relocation at \(hex(relocation.offset))"
        expect(
          relocation.meaning == .indirect, .relocations, name,
          "is in a static program and not IRELATIVE")
        expect(
          file.load(at: relocation.offset)?.isWritable == true, .relocations, name,
          "is not in writable memory")
        expect(
          file.load(at: UInt64(bitPattern: relocation.addend))?.isExecutable == true, .relocations,
          name, "its resolver is not in executable memory")
      }
      guard let symtab = file.sections.first(where: { $0.type == SHT.symtab }) else { continue }
      let symbols = file.symbols(symtab)
      for (mark, value) in [
        (ByteString("__rela_iplt_start"), table.address),
        (ByteString("__rela_iplt_end"), table.endAddress),
      ] {
        if let symbol = symbols.first(where: { $0.name == mark }) {
          expect(
            symbol.value == value, .relocations, String(mark),
            "is \(hex(symbol.value)), not \(hex(value))")
        }
      }
    }
  }
}
