import Platform

// The dynamic section against the sections it points at, versions and hash tables.

extension Checker {
  mutating func checkDynamic() {
    guard let dynamic else {
      expect(
        file.segment(PT.interp) == nil, .dynamic, "PT_DYNAMIC", "a program with PT_INTERP has none")
      return
    }
    for problem in dynamic.problems { findings.add(.dynamic, "tables", problem) }
    expect(dynamic.isTerminated, .dynamic, "PT_DYNAMIC", "has no DT_NULL")
    if let section = file.sections.first(where: { $0.type == SHT.dynamic }) {
      expect(
        section.address == dynamic.address, .dynamic, ".dynamic", "is not where PT_DYNAMIC says")
    }
    let repeatable: Set<UInt64> = [DT.needed, DT.auxiliary, DT.filter]
    var seen: Set<UInt64> = []
    for entry in dynamic.entries where !repeatable.contains(entry.tag) {
      expect(seen.insert(entry.tag).inserted, .dynamic, DT.name(entry.tag), "occurs twice")
    }
    for tag in [DT.strtab, DT.symtab, DT.strSize, DT.symEntry] {
      expect(seen.contains(tag), .dynamic, DT.name(tag), "is missing")
    }
    for tag in [DT.needed, DT.soname, DT.rpath, DT.runpath] {
      for entry in dynamic.entries where entry.tag == tag {
        let string = dynamic.strings?.string(Int(clamping: entry.value))
        expect(string?.isEmpty == false, .dynamic, DT.name(tag), "names no string")
      }
    }
    checkTablePointers(dynamic)
    checkEntrySizes(dynamic)
    checkInitializers(dynamic)
    let flags = dynamic.value(DT.flags) ?? 0
    let flags1 = dynamic.value(DT.flags1) ?? 0
    let isNow = flags & 8 != 0 || dynamic.value(DT.bindNow) != nil
    expect(
      isNow == (flags1 & 1 != 0), .dynamic, "DT_FLAGS_1", "NOW and DT_FLAGS' BIND_NOW disagree")
    if flags1 & 0x800_0000 != 0 {
      expect(file.type == 3, .dynamic, "DT_FLAGS_1", "has PIE in a file that is not ET_DYN")
    }
  }

  /// Each table's address and size must be those of a section: tools read the section, the loader
  /// reads the tag, and both must see the same bytes.
  private mutating func checkTablePointers(_ dynamic: DynamicTables) {
    let tables: [(tag: UInt64, size: UInt64?, types: [UInt32])] = [
      (DT.strtab, DT.strSize, [SHT.strtab]), (DT.symtab, nil, [SHT.dynsym]),
      (DT.hash, nil, [SHT.hash]), (DT.gnuHash, nil, [SHT.gnuHash]),
      (DT.versym, nil, [SHT.gnuVersym]), (DT.verneed, nil, [SHT.gnuVerneed]),
      (DT.verdef, nil, [SHT.gnuVerdef]), (DT.relr, DT.relrSize, [SHT.relr, 0x6fff_ff00]),
      (DT.initArray, DT.initArraySize, [SHT.initArray]),
      (DT.finiArray, DT.finiArraySize, [SHT.finiArray]),
      (DT.preinitArray, DT.preinitArraySize, [SHT.preinitArray]),
    ]
    for (tag, sizeTag, types) in tables {
      let section = file.sections.first { types.contains($0.type) && $0.isAllocated }
      guard let address = dynamic.value(tag) else {
        // An unreferenced .init_array would silently not run.
        if let section, section.size > 0 {
          let isMade = types != [SHT.strtab]
          expect(!isMade, .dynamic, DT.name(tag), "is missing although there is \(section.name)")
        }
        if let sizeTag {
          expect(
            dynamic.value(sizeTag) == nil, .dynamic, DT.name(sizeTag),
            "is without its \(DT.name(tag))")
        }
        continue
      }
      let size = sizeTag.flatMap { dynamic.value($0) }
      if let sizeTag {
        expect(
          size != nil, .dynamic, DT.name(sizeTag), "is missing although there is \(DT.name(tag))")
      }
      let load = file.load(at: address)
      expect(
        load?.contains(address, size ?? 0) ?? (size == 0), .dynamic, DT.name(tag),
        "\(hex(address)) is in no segment")
      guard !file.sections.isEmpty else { continue }
      let named = file.sections.first {
        types.contains($0.type) && $0.isAllocated && $0.address == address
      }
      expect(named != nil, .dynamic, DT.name(tag), "\(hex(address)) is no such section's address")
      if let size, let named {
        expect(
          named.size == size, .dynamic, DT.name(tag),
          "is said to have \(size) bytes, the section \(named.name) has \(named.size)")
      }
    }
    checkRelocationExtents(dynamic)
  }

  /// `DT_RELA` may span several sections, `DT_JMPREL`'s among them, so only its ends are compared.
  private mutating func checkRelocationExtents(_ dynamic: DynamicTables) {
    let tables = [
      (DT.rela, DT.relaSize), (DT.rel, DT.relSize), (DT.jumpRel, DT.pltRelSize),
    ]
    for (tag, sizeTag) in tables {
      guard let address = dynamic.value(tag) else {
        expect(
          dynamic.value(sizeTag) ?? 0 == 0, .dynamic, DT.name(sizeTag), "is without \(DT.name(tag))"
        )
        continue
      }
      guard let size = dynamic.value(sizeTag) else {
        findings.add(.dynamic, DT.name(sizeTag), "is missing although there is \(DT.name(tag))")
        continue
      }
      if size == 0 || file.sections.isEmpty { continue }
      let sections = file.sections.filter {
        ($0.type == SHT.rela || $0.type == SHT.rel) && $0.isAllocated && $0.size > 0
      }
      expect(
        sections.contains { $0.address == address }, .dynamic, DT.name(tag),
        "\(hex(address)) is no relocation section's address")
      expect(
        sections.contains { $0.endAddress == address.addingClamped(size) }, .dynamic,
        DT.name(sizeTag), "does not end with a relocation section")
    }
    if dynamic.value(DT.jumpRel) != nil {
      let form = dynamic.value(DT.pltRel)
      expect(form == DT.rela || form == DT.rel, .dynamic, "DT_PLTREL", "is neither RELA nor REL")
    }
  }

  private mutating func checkEntrySizes(_ dynamic: DynamicTables) {
    let w = UInt64(file.wordSize)
    let sizes: [(UInt64, UInt64, UInt64)] = [
      (DT.symtab, DT.symEntry, file.is64 ? 24 : 16), (DT.rela, DT.relaEntry, w * 3),
      (DT.rel, DT.relEntry, w * 2), (DT.relr, DT.relrEntry, w),
    ]
    for (table, tag, size) in sizes where dynamic.value(table) != nil {
      expect(
        dynamic.value(tag) == size, .dynamic, DT.name(tag),
        "is \(dynamic.value(tag).map(String.init) ?? "missing"), not \(size)")
    }
  }

  /// `DT_INIT`, `DT_FINI` and the arrays: each must lead to code.
  private mutating func checkInitializers(_ dynamic: DynamicTables) {
    for tag in [DT.initialize, DT.finalize] {
      guard let address = dynamic.value(tag) else { continue }
      expect(
        file.load(at: address)?.isExecutable == true, .dynamic, DT.name(tag),
        "\(hex(address)) is not in executable memory")
    }
    let arrays = [
      (DT.preinitArray, DT.preinitArraySize), (DT.initArray, DT.initArraySize),
      (DT.finiArray, DT.finiArraySize),
    ]
    var relocations: [UInt64: DynamicRelocation] = [:]
    for relocation in dynamic.relocations { relocations[relocation.offset] = relocation }
    for (tag, sizeTag) in arrays {
      guard let address = dynamic.value(tag), let size = dynamic.value(sizeTag),
        let view = file.bytes(at: address, count: size)
      else { continue }
      expect(
        size % UInt64(file.wordSize) == 0, .dynamic, DT.name(sizeTag), "\(size) is no multiple")
      for i in 0..<(view.count / file.wordSize) {
        let place = address &+ UInt64(i * file.wordSize)
        var target = view.word(i * file.wordSize, is64: file.is64)!
        if let relocation = relocations[place] {
          if relocation.meaning != .relative { continue }
          target = UInt64(bitPattern: relocation.addend)
        } else {
          expect(
            file.type == 2, .dynamic, "\(DT.name(tag))[\(i)]",
            "has no relocation although the file is loaded anywhere")
        }
        expect(
          file.load(at: target)?.isExecutable == true, .dynamic, "\(DT.name(tag))[\(i)]",
          "\(hex(target)) is not in executable memory")
      }
    }
  }

  mutating func checkVersions() {
    guard let dynamic else { return }
    let needed = Set(dynamic.strings(DT.needed))
    var indices: Set<UInt16> = []
    for version in dynamic.needed {
      let name = "\(version.name) of \(version.file)"
      expect(needed.contains(version.file), .versions, name, "the library is not in DT_NEEDED")
      expect(
        version.hash == sysvHash(version.name), .versions, name,
        "vna_hash is \(hex(version.hash)), not the name's hash")
      expect(version.index & 0x7fff > 1, .versions, name, "has the reserved index \(version.index)")
      expect(indices.insert(version.index & 0x7fff).inserted, .versions, name, "shares its index")
    }
    for (i, version) in dynamic.defined.enumerated() {
      let name = String(version.name)
      expect(
        version.hash == sysvHash(version.name), .versions, name,
        "vd_hash is \(hex(version.hash)), not the name's hash")
      expect(indices.insert(version.index & 0x7fff).inserted, .versions, name, "shares its index")
      expect(
        (version.flags & 1 != 0) == (version.index == 1), .versions, name,
        "VER_FLG_BASE and index 1 do not go together")
      expect(i != 0 || version.index == 1, .versions, name, "the base version is not the first")
    }
    let fileCount = { (needed: [NeededVersion]) in Set(needed.map(\.file)).count }
    let counts: [(UInt64, UInt64, Int, UInt32)] = [
      (DT.verneed, DT.verneedCount, fileCount(dynamic.needed), SHT.gnuVerneed),
      (DT.verdef, DT.verdefCount, dynamic.defined.count, SHT.gnuVerdef),
    ]
    for (tag, countTag, count, type) in counts where dynamic.value(tag) != nil {
      expect(
        dynamic.value(countTag) == UInt64(count), .versions, DT.name(countTag),
        "is not the \(count) that there are")
      if let section = file.sections.first(where: { $0.type == type }) {
        expect(
          Int(section.info) == count, .versions, String(section.name),
          "sh_info is \(section.info), not \(count)")
      }
    }
    if dynamic.value(DT.versym) == nil {
      expect(
        dynamic.value(DT.verneed) == nil && dynamic.value(DT.verdef) == nil, .versions, "DT_VERSYM",
        "is missing although there are versions")
      return
    }
    if let section = file.sections.first(where: { $0.type == SHT.gnuVersym }) {
      expect(
        section.size == UInt64(dynamic.symbols.count * 2), .versions, String(section.name),
        "has not one entry for each dynamic symbol")
    }
    for (i, index) in dynamic.versions.enumerated() where index & 0x7fff > 1 {
      expect(
        indices.contains(index & 0x7fff), .versions, String(dynamic.symbols[i].name),
        "has version index \(index & 0x7fff), which nothing describes")
    }
  }

  /// Looks up each exported symbol as the loader would, in each table there is.
  mutating func checkHashTables() {
    guard let dynamic else { return }
    let symbols = dynamic.symbols
    let exports = symbols.indices.filter { symbols[$0].isDefined && !symbols[$0].isLocal }
    expect(
      exports.isEmpty || dynamic.value(DT.hash) != nil || dynamic.value(DT.gnuHash) != nil, .hash,
      "dynamic symbols", "there is no hash table to find them by")
    if let address = dynamic.value(DT.hash) {
      guard let table = file.sysvHashTable(at: address) else {
        findings.add(.hash, "DT_HASH", "is malformed")
        return
      }
      expect(
        table.chainCount == symbols.count, .hash, "DT_HASH",
        "nchain is \(table.chainCount), there are \(symbols.count) symbols")
      for i in symbols.indices.dropFirst() where !symbols[i].isLocal {
        expect(
          table.candidates(symbols[i].name).contains(i), .hash, String(symbols[i].name),
          "is not found through DT_HASH")
      }
    }
    if let address = dynamic.value(DT.gnuHash) {
      guard let table = file.gnuHashTable(at: address) else {
        findings.add(.hash, "DT_GNU_HASH", "is malformed")
        return
      }
      expect(
        UInt64(table.bloomCount).isPowerOfTwo, .hash, "DT_GNU_HASH",
        "has \(table.bloomCount) bloom words, no power of two")
      expect(table.bucketCount > 0, .hash, "DT_GNU_HASH", "has no bucket")
      expect(
        table.firstSymbol <= symbols.count || exports.isEmpty, .hash, "DT_GNU_HASH",
        "symndx is \(table.firstSymbol), there are \(symbols.count) symbols")
      for i in exports {
        expect(
          table.candidates(symbols[i].name).contains(i), .hash, String(symbols[i].name),
          "is not found through DT_GNU_HASH")
      }
    }
  }
}
