import Platform

/// One entry of a dynamic relocation table, from `DT_RELA`, `DT_REL`, `DT_JMPREL` or `DT_RELR`.
struct DynamicRelocation {
  enum Table { case main, plt, relr }
  var offset: UInt64
  var type: UInt32
  var meaning: RelocationMeaning
  var symbol: UInt32
  /// Explicit, or read from the place for `REL` and `RELR`.
  var addend: Int64
  var table: Table
}

/// A version that the file needs from a library.
struct NeededVersion {
  var file: ByteString
  var name: ByteString
  var hash: UInt32
  var flags: UInt16
  var index: UInt16
}

/// A version that the file defines.
struct DefinedVersion {
  var name: ByteString
  var hash: UInt32
  var flags: UInt16
  var index: UInt16
  var parents: [ByteString]
}

/// What the dynamic loader sees: all of it reached through `PT_DYNAMIC`, never through sections.
struct DynamicTables: Sendable {
  var entries: [(tag: UInt64, value: UInt64)] = []
  /// The address of each entry's first byte is `address + index * entry size`.
  var address: UInt64 = 0
  var isTerminated = false
  var strings: ByteView?
  var symbols: [ELFSymbol] = []
  var versions: [UInt16] = []
  var needed: [NeededVersion] = []
  var defined: [DefinedVersion] = []
  var relocations: [DynamicRelocation] = []
  /// Set when a table cannot be read to its end; the text says which and why.
  var problems: [String] = []

  func value(_ tag: UInt64) -> UInt64? { entries.first { $0.tag == tag }?.value }
  func string(_ tag: UInt64) -> ByteString? {
    value(tag).flatMap { strings?.string(Int(clamping: $0)) }
  }
  func strings(_ tag: UInt64) -> [ByteString] {
    entries.filter { $0.tag == tag }.compactMap { strings?.string(Int(clamping: $0.value)) }
  }

  /// The symbol's version: a name, and whether it is the default one (`@@`).
  func version(of symbol: Int) -> (name: ByteString, isHidden: Bool)? {
    guard symbol < versions.count else { return nil }
    let index = versions[symbol] & 0x7fff
    guard index > 1 else { return nil }
    let isHidden = versions[symbol] & 0x8000 != 0
    if let name = versionNames[index] { return (name, isHidden) }
    return nil
  }

  /// Names by version index.
  var versionNames: [UInt16: ByteString] = [:]
}

extension ELFFile {
  /// Reads the dynamic section; `nil` for a file without `PT_DYNAMIC`.
  func readDynamicTables() -> DynamicTables? {
    guard let header = segment(PT.dynamic) else { return nil }
    var tables = DynamicTables()
    tables.address = header.address
    guard let view = bytes.slice(header.offset, header.fileSize) else {
      tables.problems.append("PT_DYNAMIC lies outside the file")
      return tables
    }
    let entrySize = wordSize * 2
    for i in 0..<(view.count / entrySize) {
      let tag = view.word(i * entrySize, is64: is64)!
      if tag == 0 {
        tables.isTerminated = true
        break
      }
      tables.entries.append((tag, view.word(i * entrySize + wordSize, is64: is64)!))
    }
    readStringsAndSymbols(&tables)
    readVersions(&tables)
    readRelocations(&tables)
    return tables
  }

  private func readStringsAndSymbols(_ tables: inout DynamicTables) {
    if let address = tables.value(DT.strtab), let size = tables.value(DT.strSize) {
      tables.strings = bytes(at: address, count: size)
      if tables.strings == nil { tables.problems.append("DT_STRTAB lies outside the segments") }
    }
    guard let address = tables.value(DT.symtab) else { return }
    // The table's length is nowhere in the dynamic section: SysV hash tables state it, GNU ones
    // imply it, and the section header gives it to everybody but the loader.
    var count: UInt64 = 0
    if let section = sections.first(where: { $0.type == SHT.dynsym && $0.address == address }) {
      count = section.size / (is64 ? 24 : 16)
    } else if let hash = tables.value(DT.hash), let view = bytes(from: hash) {
      count = UInt64(view.u32(4) ?? 0)
    } else if let hash = tables.value(DT.gnuHash), let table = gnuHashTable(at: hash) {
      count = UInt64(table.symbolCount)
    }
    let size = UInt64(is64 ? 24 : 16)
    guard count <= UInt64(bytes.count), let view = bytes(at: address, count: count * size) else {
      tables.problems.append("DT_SYMTAB lies outside the segments")
      return
    }
    tables.symbols = symbols(view, strings: tables.strings, extended: nil)
  }

  private func readVersions(_ tables: inout DynamicTables) {
    if let address = tables.value(DT.versym) {
      if let view = bytes(at: address, count: UInt64(tables.symbols.count) * 2) {
        tables.versions = (0..<tables.symbols.count).map { view.u16($0 * 2)! }
      } else {
        tables.problems.append("DT_VERSYM lies outside the segments")
      }
    }
    if let address = tables.value(DT.verneed) { readNeededVersions(at: address, &tables) }
    if let address = tables.value(DT.verdef) { readDefinedVersions(at: address, &tables) }
    for version in tables.needed { tables.versionNames[version.index & 0x7fff] = version.name }
    for version in tables.defined { tables.versionNames[version.index & 0x7fff] = version.name }
  }

  /// `Elf_Verneed` and `Elf_Vernaux` have one layout in both classes. Links go forward only, so
  /// the walk ends.
  private func readNeededVersions(at address: UInt64, _ tables: inout DynamicTables) {
    guard let view = bytes(from: address) else {
      tables.problems.append("DT_VERNEED lies outside the segments")
      return
    }
    func name(_ offset: UInt32?) -> ByteString {
      tables.strings?.string(Int(offset ?? 0)) ?? ByteString("")
    }
    var at = 0
    // The file's size bounds the entries: each record is at least 16 bytes.
    var budget = view.count / 16
    while budget > 0 {
      guard view.u16(at) == 1, let count = view.u16(at + 2), let aux = view.u32(at + 8),
        let next = view.u32(at + 12)
      else {
        tables.problems.append("DT_VERNEED has a malformed entry at offset \(hex(at))")
        return
      }
      let file = name(view.u32(at + 4))
      var entry = at + Int(aux)
      for i in 0..<Int(count) {
        budget -= 1
        guard budget > 0, let hash = view.u32(entry), let following = view.u32(entry + 12) else {
          tables.problems.append("DT_VERNEED has a malformed version at offset \(hex(entry))")
          return
        }
        tables.needed.append(
          NeededVersion(
            file: file, name: name(view.u32(entry + 8)), hash: hash, flags: view.u16(entry + 4)!,
            index: view.u16(entry + 6)!))
        if following == 0, i != Int(count) - 1 {
          tables.problems.append("DT_VERNEED lists fewer versions of \(file) than vn_cnt says")
          break
        }
        entry += Int(following)
      }
      if next == 0 { return }
      at += Int(next)
      budget -= 1
    }
  }

  private func readDefinedVersions(at address: UInt64, _ tables: inout DynamicTables) {
    guard let view = bytes(from: address) else {
      tables.problems.append("DT_VERDEF lies outside the segments")
      return
    }
    var at = 0
    var budget = view.count / 8
    while budget > 0 {
      guard view.u16(at) == 1, let flags = view.u16(at + 2), let index = view.u16(at + 4),
        let count = view.u16(at + 6), let hash = view.u32(at + 8), let aux = view.u32(at + 12),
        let next = view.u32(at + 16)
      else {
        tables.problems.append("DT_VERDEF has a malformed entry at offset \(hex(at))")
        return
      }
      var names: [ByteString] = []
      var entry = at + Int(aux)
      for _ in 0..<Int(count) {
        budget -= 1
        guard budget > 0, let name = view.u32(entry), let following = view.u32(entry + 4) else {
          tables.problems.append("DT_VERDEF has a malformed name at offset \(hex(entry))")
          return
        }
        names.append(tables.strings?.string(Int(name)) ?? ByteString(""))
        if following == 0 { break }
        entry += Int(following)
      }
      tables.defined.append(
        DefinedVersion(
          name: names.first ?? ByteString(""), hash: hash, flags: flags, index: index,
          parents: Array(names.dropFirst())))
      if next == 0 { return }
      at += Int(next)
      budget -= 1
    }
  }

  private func readRelocations(_ tables: inout DynamicTables) {
    if let address = tables.value(DT.rela) {
      read(at: address, tables.value(DT.relaSize) ?? 0, hasAddends: true, .main, &tables)
    }
    if let address = tables.value(DT.rel) {
      read(at: address, tables.value(DT.relSize) ?? 0, hasAddends: false, .main, &tables)
    }
    if let address = tables.value(DT.jumpRel) {
      let isRela = tables.value(DT.pltRel) == DT.rela
      read(at: address, tables.value(DT.pltRelSize) ?? 0, hasAddends: isRela, .plt, &tables)
    }
    if let address = tables.value(DT.relr) {
      readPacked(at: address, tables.value(DT.relrSize) ?? 0, &tables)
    }
  }

  private func read(
    at address: UInt64, _ size: UInt64, hasAddends: Bool, _ table: DynamicRelocation.Table,
    _ tables: inout DynamicTables
  ) {
    if size == 0 { return }
    guard let view = bytes(at: address, count: size) else {
      tables.problems.append("a dynamic relocation table lies outside the segments")
      return
    }
    tables.relocations += relocations(view, hasAddends: hasAddends, table)
  }

  func relocations(_ view: ByteView, hasAddends: Bool, _ table: DynamicRelocation.Table)
    -> [DynamicRelocation]
  {
    let entrySize = wordSize * (hasAddends ? 3 : 2)
    var list: [DynamicRelocation] = []
    list.reserveCapacity(view.count / entrySize)
    for i in 0..<(view.count / entrySize) {
      let at = i * entrySize
      let offset = view.word(at, is64: is64)!
      let info = view.word(at + wordSize, is64: is64)!
      let type = is64 ? UInt32(truncatingIfNeeded: info) : UInt32(info & 0xff)
      let symbol = is64 ? UInt32(info >> 32) : UInt32(info >> 8)
      var addend: Int64 = 0
      let raw = hasAddends ? view.word(at + wordSize * 2, is64: is64) : word(at: offset)
      if let raw { addend = is64 ? Int64(bitPattern: raw) : Int64(Int32(truncatingIfNeeded: raw)) }
      list.append(
        DynamicRelocation(
          offset: offset, type: type, meaning: RelocationMeaning(type, machine: machine),
          symbol: symbol, addend: addend, table: table))
    }
    return list
  }

  /// Decodes `DT_RELR` (generic ABI, "Relative relocations"): an even word is an address, an odd
  /// one a bitmap of the words that follow the last place.
  private func readPacked(at address: UInt64, _ size: UInt64, _ tables: inout DynamicTables) {
    guard let view = bytes(at: address, count: size) else {
      tables.problems.append("DT_RELR lies outside the segments")
      return
    }
    // Each place is a word of the file, so more places than words is an attack or a bug.
    let limit = tables.relocations.count + bytes.count / wordSize + 1
    var next: UInt64 = 0
    var isFirst = true
    func add(_ place: UInt64) {
      let value = word(at: place) ?? 0
      tables.relocations.append(
        DynamicRelocation(
          offset: place, type: 0, meaning: .relative, symbol: 0,
          addend: is64 ? Int64(bitPattern: value) : Int64(Int32(truncatingIfNeeded: value)),
          table: .relr))
    }
    for i in 0..<(view.count / wordSize) {
      guard let entry = view.word(i * wordSize, is64: is64) else { return }
      if entry & 1 == 0 {
        add(entry)
        next = entry &+ UInt64(wordSize)
        isFirst = false
      } else {
        if isFirst {
          tables.problems.append("DT_RELR starts with a bitmap")
          return
        }
        var bits = entry >> 1
        var place = next
        while bits != 0 {
          if bits & 1 != 0 { add(place) }
          bits >>= 1
          place = place &+ UInt64(wordSize)
        }
        next = next &+ UInt64(wordSize * (wordSize * 8 - 1))
      }
      if tables.relocations.count > limit {
        tables.problems.append("DT_RELR encodes more places than the file has words")
        return
      }
    }
  }
}
