import Platform

// Symbol tables: order, places, names.

extension Checker {
  mutating func checkSymbolTables() {
    for type in [SHT.symtab, SHT.dynsym] {
      let tables = file.sections.filter { $0.type == type }
      expect(
        tables.count <= 1, .symbols, "section types", "there are \(tables.count) of type \(type)")
      // Only the first: a thousand headers over one big table must not take a thousand scans.
      if let table = tables.first { check(table: table) }
    }
  }

  private mutating func check(table: SectionHeader) {
    let tableName = String(table.name)
    let symbols = file.symbols(table)
    guard let null = symbols.first else {
      findings.add(.symbols, tableName, "has not even the null symbol")
      return
    }
    expect(
      null.nameOffset == 0 && null.info == 0 && null.section == 0 && null.value == 0
        && null.size == 0, .symbols, tableName, "its first entry is not the null symbol")
    let firstGlobal = symbols.firstIndex { !$0.isLocal } ?? symbols.count
    expect(
      Int(table.info) == firstGlobal, .symbols, tableName,
      "sh_info is \(table.info), the first symbol that is not local is \(firstGlobal)")
    var strings: ByteView?
    if Int(table.link) < file.sections.count {
      strings = file.contents(file.sections[Int(table.link)])
    }
    var names: Set<ByteString> = []
    for (i, symbol) in symbols.enumerated().dropFirst() {
      func name() -> String {
        symbol.name.isEmpty ? "\(tableName) entry \(i)" : String(symbol.name)
      }
      expect(
        strings?.string(Int(symbol.nameOffset)) != nil, .symbols, name(),
        "its name lies outside the string table")
      if symbol.isLocal {
        expect(i < firstGlobal, .symbols, name(), "a local symbol follows global ones")
      } else if symbol.isDefined, table.type == SHT.symtab {
        expect(
          names.insert(symbol.name).inserted, .symbols, name(), "is defined twice in \(tableName)")
      }
      check(symbol, name)
    }
  }

  private mutating func check(_ symbol: ELFSymbol, _ name: () -> String) {
    guard symbol.hasSection else {
      expect(symbol.section != SHN.common, .symbols, name(), "is still a common symbol")
      return
    }
    guard Int(symbol.section) < file.sections.count else {
      findings.add(.symbols, name(), "is in section \(symbol.section), which does not exist")
      return
    }
    let section = file.sections[Int(symbol.section)]
    if symbol.type == STT.tls {
      // In a linked file the value is an offset into the template (gABI, "Symbol Table").
      let size = file.segment(PT.tls)?.memorySize ?? 0
      expect(
        symbol.value.addingClamped(symbol.size) <= size, .tls, name(),
        "ends at \(hex(symbol.value.addingClamped(symbol.size))), after PT_TLS")
      expect(section.isTLS, .tls, name(), "is STT_TLS in \(section.name)")
      return
    }
    guard section.isAllocated, section.type != 0 else { return }
    if symbol.type == STT.section {
      expect(
        symbol.value == section.address, .symbols, name(),
        "a section symbol's value is \(hex(symbol.value)), not the section's address")
      return
    }
    // Marks such as _end or __init_array_end may lie at, even after, a section's end.
    if symbol.size == 0 { return }
    expect(
      symbol.value >= section.address
        && symbol.value.addingClamped(symbol.size) <= section.endAddress, .symbols, name(),
      "\(hex(symbol.value)) + \(symbol.size) is not within \(section.name)")
    if symbol.type == STT.function || symbol.type == STT.ifunc {
      expect(
        section.flags & SHF.execute != 0, .symbols, name(),
        "is a function in \(section.name), which is not executable")
    }
  }
}
