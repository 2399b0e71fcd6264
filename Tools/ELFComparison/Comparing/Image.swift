import Platform

/// A file with the indices that a comparison looks things up in.
struct Image {
  let file: ELFFile
  let dynamic: DynamicTables?
  /// Defined symbols with a name and, unless TLS, an address; from `.symtab`, or from `.dynsym` of
  /// a stripped file.
  var symbols: [ELFSymbol] = []
  /// Each symbol's name without a version, and the source file it is under in the table.
  var keys: [String] = []
  var sources: [String] = []
  /// Indices into `symbols` by value: those with addresses, and those in the TLS template.
  var byAddress: [Int] = []
  var byTLSOffset: [Int] = []
  /// Dynamic relocations by place; in a static program its `IRELATIVE` ones.
  var relocations: [UInt64: DynamicRelocation] = [:]
  let tls: ProgramHeader?

  init(_ file: ELFFile) {
    self.file = file
    dynamic = file.readDynamicTables()
    tls = file.segment(PT.tls)
    collectSymbols()
    for relocation in dynamic?.relocations ?? [] where relocation.meaning != .none {
      relocations[relocation.offset] = relocation
    }
    if dynamic == nil {
      for section in file.sections.filter({ $0.type == SHT.rela && $0.isAllocated }).prefix(16) {
        guard let view = file.contents(section) else { continue }
        for relocation in file.relocations(view, hasAddends: true, .main) {
          relocations[relocation.offset] = relocation
        }
      }
    }
  }

  private mutating func collectSymbols() {
    let table =
      file.sections.first { $0.type == SHT.symtab } ?? file.sections.first { $0.type == SHT.dynsym }
    guard let table else { return }
    var source = ""
    for symbol in file.symbols(table) {
      if symbol.type == STT.file {
        source = String(symbol.name)
        continue
      }
      guard symbol.isDefined, !symbol.name.isEmpty, symbol.type != STT.section else { continue }
      symbols.append(symbol)
      keys.append(Self.unversioned(symbol.name))
      sources.append(symbol.isLocal ? source : "")
    }
    for (i, symbol) in symbols.enumerated() {
      if symbol.type == STT.tls { byTLSOffset.append(i) } else { byAddress.append(i) }
    }
    let values = symbols.map(\.value)
    byAddress.sort { (values[$0], $0) < (values[$1], $1) }
    byTLSOffset.sort { (values[$0], $0) < (values[$1], $1) }
  }

  /// GNU ld writes `name@VERSION` into `.symtab` where others write the bare name.
  static func unversioned(_ name: ByteString) -> String {
    if let at = name.firstIndex(of: UInt8(ascii: "@")), at > 0 { return String(name[0..<at]) }
    return String(name)
  }

  /// Calls `body` with each symbol that starts shortly before or at `value`, nearest first, and
  /// with those that follow directly, until it returns true.
  func nearSymbols(_ value: UInt64, in order: [Int], _ body: (Int) -> Bool) -> Bool {
    let behind = order.partitioningIndex { symbols[$0].value > value }
    // Enough for aliases and for a few sizeless marks within a big object.
    return order[..<behind].suffix(64).reversed().contains(where: body)
      || order[behind...].prefix(4).contains(where: body)
  }

  /// The first bytes of a symbol, to tell namesakes apart.
  func fingerprint(_ index: Int) -> UInt32 {
    let symbol = symbols[index]
    return symbol.type == STT.tls ? 0 : file.bytes(from: symbol.value)?.u32(0) ?? 0
  }

  /// In how many bytes two symbols differ, up to `limit` and within their first page.
  func distance(_ i: Int, _ other: Image, _ j: Int, limit: Int) -> Int {
    let (x, y) = (symbols[i], other.symbols[j])
    guard x.type != STT.tls, y.type != STT.tls, let one = file.bytes(from: x.value),
      let two = other.file.bytes(from: y.value)
    else { return 0 }
    let count = min(Int(clamping: min(x.size, y.size)), 4096, one.count, two.count)
    var distance = x.size == y.size ? 0 : 1
    for at in 0..<count where one.u8(at) != two.u8(at) {
      distance += 1
      if distance >= limit { break }
    }
    return distance
  }

  /// The name of a symbol that is exactly at `address`.
  func isNamed(_ name: String, at address: UInt64) -> Bool {
    nearSymbols(address, in: byAddress) { i in
      symbols[i].value == address && keys[i] == name
    }
  }

  /// The offset in the TLS template that `offset` from the thread pointer means, in the layout
  /// where the template ends at the thread pointer (psABI x86-64, variant II).
  func templateOffset(threadPointerOffset offset: Int64) -> UInt64? {
    guard let tls, tls.alignment < 1 << 30 else { return nil }
    let alignment = max(tls.alignment, 1)
    let end = tls.memorySize.addingClamped(alignment - 1) / alignment * alignment
    let value = Int64(clamping: end).addingReportingOverflow(offset).partialValue
    return value >= 0 && value <= Int64(clamping: tls.memorySize) ? UInt64(value) : nil
  }

  /// What a word in memory will be once the file is loaded.
  enum Word {
    case raw(UInt64)
    case address(UInt64)
    case symbol(String, addend: Int64)
    case resolved(UInt64)
    case tlsOffset(UInt64)
    case tlsSymbol(String, RelocationMeaning)
    case tlsModule
  }

  func word(at place: UInt64) -> Word? {
    guard let relocation = relocations[place] else { return file.word(at: place).map { .raw($0) } }
    let addend = UInt64(bitPattern: relocation.addend)
    var name = ""
    if let symbols = dynamic?.symbols, Int(relocation.symbol) < symbols.count {
      name = String(symbols[Int(relocation.symbol)].name)
    }
    switch relocation.meaning {
    case .relative: return .address(addend)
    case .indirect: return .resolved(addend)
    case .absolute, .slot, .jumpSlot: return .symbol(name, addend: relocation.addend)
    case .tlsModule: return name.isEmpty ? .tlsModule : .tlsSymbol(name, .tlsModule)
    case .tlsOffset, .tlsOffsetInModule, .tlsDescriptor:
      return name.isEmpty ? .tlsOffset(addend) : .tlsSymbol(name, relocation.meaning)
    default: return nil
    }
  }

  /// The GOT slot that the procedure linkage stub at `address` jumps through.
  ///
  /// Linkers write stubs in several flavours: with and without `endbr64`, with a relocation index
  /// set before or after the jump.
  func stubSlot(at address: UInt64) -> UInt64? {
    guard file.machine == Machine.x86, let view = file.bytes(at: address, count: 16) else {
      return nil
    }
    var at = 0
    if view.u32(0) == 0xfa1e_0ff3 { at = 4 }  // endbr64
    if view.u16(at) == 0xbb41 { at += 6 }  // mov $index, %r11d
    if view.u8(at) == 0xf2 { at += 1 }  // bnd
    guard view.u16(at) == 0x25ff, let displacement = view.i32(at + 2) else {
      // .plt of the two-section layout: endbr64; push index; jmp header. Its jump is in .plt.sec.
      return nil
    }
    let slot = address &+ UInt64(at + 6) &+ UInt64(bitPattern: Int64(displacement))
    return relocations[slot] == nil && file.load(at: slot)?.isWritable != true ? nil : slot
  }
}
