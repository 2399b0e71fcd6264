import Platform

// What the loader and the unwinder see.

extension Comparison {
  mutating func compareDynamic() {
    expectEqual(a.dynamic != nil, b.dynamic != nil, .dynamic, "PT_DYNAMIC", "present is")
    guard let x = a.dynamic, let y = b.dynamic else { return }
    for tag in [DT.needed, DT.soname, DT.auxiliary, DT.filter] {
      expectEqual(x.strings(tag), y.strings(tag), .dynamic, DT.name(tag))
    }
    // Old and new run paths differ in meaning, but by the linker's configured default.
    let path = { (t: DynamicTables) in t.strings(DT.runpath) + t.strings(DT.rpath) }
    expectEqual(path(x), path(y), .dynamic, "DT_RUNPATH")
    expectEqual(flags(x), flags(y), .dynamic, "DT_FLAGS and DT_FLAGS_1")
    for tag in [DT.initialize, DT.finalize] {
      let (one, two) = (x.value(tag), y.value(tag))
      expectEqual(one != nil, two != nil, .dynamic, DT.name(tag), "present is")
      if let one, let two, !same.sameAddress(one, two) {
        findings.add(.dynamic, DT.name(tag), "does not lead to the same place")
      }
    }
    let arrays = [
      (DT.preinitArray, DT.preinitArraySize), (DT.initArray, DT.initArraySize),
      (DT.finiArray, DT.finiArraySize),
    ]
    for (tag, sizeTag) in arrays {
      let (one, two) = (x.value(sizeTag) ?? 0, y.value(sizeTag) ?? 0)
      expectEqual(one, two, .dynamic, DT.name(sizeTag))
      guard one == two, let p = x.value(tag), let q = y.value(tag),
        let first = a.file.bytes(at: p, count: one), let second = b.file.bytes(at: q, count: two)
      else { continue }
      compareData(first, second, p, q, DT.name(tag))
    }
    compareVersions(x, y)
  }

  /// `DT_BIND_NOW`, `DT_SYMBOLIC` and `DT_TEXTREL` mean the same as bits of `DT_FLAGS`.
  private func flags(_ tables: DynamicTables) -> Set<String> {
    let flags = tables.value(DT.flags) ?? 0
    let flags1 = tables.value(DT.flags1) ?? 0
    var set: Set<String> = []
    if flags & 1 != 0 || flags1 & 0x80 != 0 { set.insert("ORIGIN") }
    if flags & 2 != 0 || tables.value(DT.symbolic) != nil { set.insert("SYMBOLIC") }
    if flags & 4 != 0 || tables.value(DT.textRel) != nil { set.insert("TEXTREL") }
    if flags & 8 != 0 || flags1 & 1 != 0 || tables.value(DT.bindNow) != nil { set.insert("NOW") }
    // STATIC_TLS only informs; the relocations that need it are compared themselves.
    let rest = flags1 & ~(1 | 0x80)
    if rest != 0 { set.insert("DT_FLAGS_1 bits " + hex(rest)) }
    return set
  }

  private mutating func compareVersions(_ x: DynamicTables, _ y: DynamicTables) {
    func needed(_ t: DynamicTables) -> Set<String> {
      Set(t.needed.map { "\($0.name) of \($0.file)" + ($0.flags & 2 != 0 ? " (weak)" : "") })
    }
    // gold's and mold's weak flags aside, the set is what the loader verifies. Glibc's marker
    // GLIBC_ABI_DT_RELR is asked for along with DT_RELR, which is a matter of encoding.
    expectSame(
      needed(x).filter { !$0.hasPrefix("GLIBC_ABI_DT_RELR") },
      needed(y).filter { !$0.hasPrefix("GLIBC_ABI_DT_RELR") }, .versions, "needed")
    func defined(_ t: DynamicTables) -> Set<String> {
      Set(t.defined.filter { $0.flags & 1 == 0 }.map { "\($0.name) \($0.parents)" })
    }
    expectSame(defined(x), defined(y), .versions, "defined")
  }

  /// What other files can see and what this one asks for.
  mutating func compareExports() {
    guard let x = a.dynamic, let y = b.dynamic else { return }
    func list(_ t: DynamicTables, _ image: Image) -> Set<String> {
      var set: Set<String> = []
      let bound = Set(t.relocations.map(\.symbol))
      for (i, symbol) in t.symbols.enumerated().dropFirst() where !symbol.isLocal {
        // Nothing is asked of the loader for a weak reference that no relocation uses, nor for
        // __tls_get_addr once its calls are relaxed; some linkers list them all the same.
        if !symbol.isDefined, symbol.binding == 2, !bound.contains(UInt32(i)) { continue }
        if !symbol.isDefined, symbol.name == "__tls_get_addr" { continue }
        let name = String(symbol.name)
        if Self.linkerSymbols.contains(name) || name == "_init" || name == "_fini" { continue }
        // A copied variable's aliases are exported by some linkers only.
        if image.relocations[symbol.value]?.meaning == .copy, symbol.isDefined {
          continue
        }
        var text = name
        if let version = t.version(of: i) {
          text += (symbol.isDefined && !version.isHidden ? "@@" : "@") + String(version.name)
        }
        // The function type of an undefined symbol is a courtesy.
        text += symbol.isDefined ? " defined type \(symbol.type)" : " undefined"
        if symbol.binding == 2 { text += " weak" }
        if symbol.binding == 10 { text += " unique" }
        if symbol.visibility != 0 { text += " visibility \(symbol.visibility)" }
        set.insert(text)
      }
      return set
    }
    expectSame(list(x, a), list(y, b), .exports, "dynamic symbol")
    for (tables, image) in [(x, a), (y, b)] {
      let exports = tables.symbols.indices.filter {
        tables.symbols[$0].isDefined && !tables.symbols[$0].isLocal
      }
      guard let address = tables.value(DT.gnuHash), let table = image.file.gnuHashTable(at: address)
      else { continue }
      for i in exports where !table.candidates(tables.symbols[i].name).contains(i) {
        findings.add(
          .hash, String(tables.symbols[i].name),
          "is not found through .gnu.hash of \(image.file.path)")
      }
    }
  }

  /// Dynamic relocations that name symbols, as a set; the words they fill are compared with the
  /// data around them. How many slots a symbol has is the linker's choice.
  mutating func compareRelocations() {
    guard let x = a.dynamic, let y = b.dynamic else { return }
    func list(_ t: DynamicTables, _ image: Image) -> Set<String> {
      var set: Set<String> = []
      for relocation in t.relocations where relocation.symbol != 0 {
        guard Int(relocation.symbol) < t.symbols.count else { continue }
        let symbol = t.symbols[Int(relocation.symbol)]
        if symbol.name == "__tls_get_addr" { continue }
        var name = String(symbol.name)
        if let version = t.version(of: Int(relocation.symbol)) { name += "@\(version.name)" }
        switch relocation.meaning {
        case .slot, .jumpSlot, .absolute: set.insert("binding of \(name)")
        case .copy: set.insert("copy of \(symbol.size) bytes")
        default: set.insert("thread-local binding of \(name)")
        }
      }
      return set
    }
    expectSame(list(x, a), list(y, b), .relocations, "dynamic relocation")
  }

  mutating func compareUnwind() {
    let (x, y) = (a.file.readUnwindTables(), b.file.readUnwindTables())
    expectEqual(x != nil, y != nil, .unwind, ".eh_frame", "present is")
    guard let x, let y else { return }
    var byStart: [UInt64: UnwindFDE] = [:]
    for fde in y.fdes where fde.size > 0 { byStart[fde.start] = fde }
    // Stubs are covered or not as each linker makes them; functions are what must be.
    let isStub = { (fde: UnwindFDE, image: Image) in
      image.file.sections.contains { $0.contains(fde.start) && String($0.name).contains("plt") }
    }
    var startsByOffset: [UInt64: UInt64] = [:]
    for (i, pair) in same.pairs.enumerated()
    where pair >= 0 && a.symbols[i].type != STT.tls && !a.symbols[i].isLocal {
      startsByOffset[a.symbols[i].value] = b.symbols[pair].value
    }
    for (i, pair) in same.pairs.enumerated()
    where pair >= 0 && a.symbols[i].type == STT.function && a.symbols[i].isLocal {
      startsByOffset[a.symbols[i].value] = b.symbols[pair].value
    }
    var covered: Set<UInt64> = []
    for fde in x.fdes where fde.size > 0 && !isStub(fde, a) {
      guard let counterpart = startsByOffset[fde.start] else { continue }
      guard let other = byStart[counterpart] else {
        let name = nameOf(fde.start, a)
        findings.add(.unwind, name, "has unwind information in the first only")
        continue
      }
      covered.insert(counterpart)
      compare(fde, x.cies[fde.cie], other, y.cies[other.cie])
    }
    let known = Set(startsByOffset.values)
    for fde in y.fdes where fde.size > 0 && known.contains(fde.start) && !isStub(fde, b) {
      if !covered.contains(fde.start) {
        let name = nameOf(fde.start, b)
        findings.add(.unwind, name, "has unwind information in the second only")
      }
    }
  }

  private func nameOf(_ address: UInt64, _ image: Image) -> String {
    var name = hex(address)
    _ = image.nearSymbols(address, in: image.byAddress) { i in
      guard image.symbols[i].value == address, image.symbols[i].size > 0 else { return false }
      name = String(image.symbols[i].name)
      return true
    }
    return name
  }

  private mutating func compare(
    _ x: UnwindFDE, _ c: UnwindCIE, _ y: UnwindFDE, _ d: UnwindCIE
  ) {
    let name = nameOf(x.start, a)
    expectEqual(x.size, y.size, .unwind, name, "covered bytes")
    // Trailing DW_CFA_nop is padding to the record's alignment.
    func program(_ view: ByteView) -> [UInt8] {
      var bytes = (0..<view.count).map { view.u8($0)! }
      while bytes.last == 0 { bytes.removeLast() }
      return bytes
    }
    if program(x.program) != program(y.program) || program(c.program) != program(d.program) {
      findings.add(.unwind, name, "is unwound by another program")
    }
    expectEqual(c.augmentation, d.augmentation, .unwind, name, "augmentation")
    if (x.lsda == nil) != (y.lsda == nil) {
      findings.add(.unwind, name, "has an LSDA in one file only")
    } else if let one = x.lsda, let two = y.lsda,
      let first = a.file.bytes(from: one)?.slice(0, 4),
      let second = b.file.bytes(from: two)?.slice(0, 4),
      !first.hasSameBytes(as: second)
    {
      findings.add(.unwind, name, "has another LSDA")
    }
    guard let p = c.personality, let q = d.personality else {
      expectEqual(c.personality != nil, d.personality != nil, .unwind, name, "personality is")
      return
    }
    let one = c.isPersonalityIndirect ? a.word(at: p) : .address(p)
    let two = d.isPersonalityIndirect ? b.word(at: q) : .address(q)
    if let one, let two, !same.sameWord(one, two) {
      findings.add(.unwind, name, "has another personality routine")
    }
  }
}
