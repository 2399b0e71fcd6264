import Platform

// Symbols and their bytes. Without a disassembler, a difference between two copies of a function is
// explained or reported: each differing field must lead to the same place in both, as one of the
// forms that an address or thread offset takes in code or data. Fields whose bytes are equal are
// not looked into, except in data, where relocations say what a word is.

extension Comparison {
  /// Symbols that linkers define as they see fit, or that describe a layout.
  static let linkerSymbols: Set<String> = [
    "__bss_start", "_end", "_edata", "end", "edata", "_etext", "etext", "__etext", "__end",
    "_GLOBAL_OFFSET_TABLE_", "_DYNAMIC", "_PROCEDURE_LINKAGE_TABLE_", "__GNU_EH_FRAME_HDR",
    "__dso_handle", "__TMC_END__", "__ehdr_start", "__executable_start", "__rela_iplt_start",
    "__rela_iplt_end", "__init_array_start", "__init_array_end", "__fini_array_start",
    "__fini_array_end", "__preinit_array_start", "__preinit_array_end", "_TLS_MODULE_BASE_",
  ]

  mutating func compareSymbols() {
    let isComparable = { (symbol: ELFSymbol) in
      symbol.size > 0 && (symbol.type != STT.none || !symbol.isLocal)
    }
    var paired = Array(repeating: false, count: b.symbols.count)
    for (i, symbol) in a.symbols.enumerated() {
      let name = String(symbol.name)
      guard same.pairs[i] >= 0 else {
        if isComparable(symbol), !isLinkers(name), !isCopy(symbol, a) {
          findings.add(.symbols, name, "only in the first")
        }
        continue
      }
      paired[same.pairs[i]] = true
      compare(symbol, b.symbols[same.pairs[i]], name, alternatives: same.alternatives[i] ?? [])
    }
    for (i, symbol) in b.symbols.enumerated() where !paired[i] && isComparable(symbol) {
      let name = String(symbol.name)
      if !isLinkers(name), !isCopy(symbol, b) {
        findings.add(.symbols, name, "only in the second")
      }
    }
  }

  /// glibc's warning sections have a symbol each, which goes where the section goes.
  private func isLinkers(_ name: String) -> Bool {
    Self.linkerSymbols.contains(name) || name.hasPrefix("__evoke_link_warning_")
  }

  /// Copied variables keep as many of their aliases as the linker cares to list.
  private func isCopy(_ symbol: ELFSymbol, _ image: Image) -> Bool {
    image.relocations[symbol.value]?.meaning == .copy
  }

  private mutating func compare(
    _ x: ELFSymbol, _ y: ELFSymbol, _ name: String, alternatives: [Int]
  ) {
    if Self.linkerSymbols.contains(name) { return }
    if (x.type == STT.tls) != (y.type == STT.tls) {
      findings.add(.symbols, name, "is thread-local in one only")
      return
    }
    // An indirect function whose address is taken becomes a plain one: its stub.
    let isIndirect = x.type == STT.ifunc || y.type == STT.ifunc
    if !isIndirect { expectEqual(x.type, y.type, .symbols, name, "type") }
    // Unexported symbols may be made local; what is exported is compared as such.
    if !x.isLocal && !y.isLocal, !isCopy(x, a) {
      expectEqual(x.binding, y.binding, .symbols, name, "binding")
    }
    if x.size != y.size {
      if !isIndirect { expectEqual(x.size, y.size, .symbols, name, "size") }
      return
    }
    if x.size == 0 || options.ignoredSymbols.contains(name) { return }
    if x.type == STT.function, isStubSymbol(x, a) || isStubSymbol(y, b) { return }
    let (start, one) = contents(x, a)
    let (other, two) = contents(y, b)
    guard let one, let two else {
      // One side in .bss, the other as zeros in the file.
      let rest = one ?? two
      if let rest, !rest.isAllZero, x.type != y.type || !isIndirect {
        findings.add(.bytes, name, "has bytes in one file only")
      }
      return
    }
    let isCode = a.file.load(at: start)?.isExecutable == true && x.type != STT.object
    func difference(_ start: UInt64, _ one: ByteView, _ other: UInt64, _ two: ByteView) -> Int? {
      isCode
        ? differenceInCode(one, two, start, other) : differenceInData(one, two, start, other)
    }
    guard let offset = difference(start, one, other, two) else { return }
    // Which of several namesakes this is was a guess.
    for alternative in alternatives where b.symbols[alternative].size == x.size {
      let (address, view) = contents(b.symbols[alternative], b)
      if let view, difference(start, one, address, view) == nil { return }
    }
    report(name, offset, one, two)
  }

  /// The address of a symbol's contents, and their bytes if they are in the file.
  ///
  /// Behind a template's initialised part, its addresses belong to other sections.
  private func contents(_ symbol: ELFSymbol, _ image: Image) -> (UInt64, ByteView?) {
    guard symbol.type == STT.tls else {
      return (symbol.value, image.file.bytes(at: symbol.value, count: symbol.size))
    }
    guard let tls = image.tls else { return (0, nil) }
    let view = image.file.bytes.slice(tls.offset, tls.fileSize)
    return (tls.address &+ symbol.value, view?.slice(symbol.value, symbol.size))
  }

  /// A function whose symbol was moved to its stub has the stub's bytes there.
  private func isStubSymbol(_ symbol: ELFSymbol, _ image: Image) -> Bool {
    image.stubSlot(at: symbol.value).flatMap { image.relocations[$0] } != nil
  }

  private mutating func report(
    _ name: String, _ offset: Int, _ one: ByteView, _ two: ByteView
  ) {
    func run(_ view: ByteView) -> String {
      let from = max(0, offset - 4)
      return (from..<min(offset + 12, view.count)).map {
        let digits = String(view.u8($0)!, radix: 16)
        return ($0 == offset ? "[" : "") + (digits.count == 1 ? "0" : "") + digits
      }.joined(separator: " ")
    }
    findings.add(.bytes, "\(name)+\(hex(offset))", "\(run(one)) | \(run(two))")
  }

  /// Compares data and reports the first difference.
  mutating func compareData(
    _ one: ByteView, _ two: ByteView, _ x: UInt64, _ y: UInt64, _ name: String
  ) {
    if let offset = differenceInData(one, two, x, y) { report(name, offset, one, two) }
  }

  /// The offset of the first difference that is not one of placement.
  private func differenceInData(
    _ one: ByteView, _ two: ByteView, _ x: UInt64, _ y: UInt64
  ) -> Int? {
    let size = a.file.wordSize
    var i = 0
    while i < one.count {
      let (p, q) = (x &+ UInt64(i), y &+ UInt64(i))
      let isRelocated = a.relocations[p] != nil || b.relocations[q] != nil
      if isRelocated, i + size <= one.count {
        if let first = a.word(at: p), let second = b.word(at: q), !same.sameWord(first, second) {
          return i
        }
        i += size
        continue
      }
      if one.u8(i) == two.u8(i) {
        i += 1
        continue
      }
      // An absolute word, or a distance from its own place (relative vtables, jump tables).
      let word = i & ~(size - 1)
      if same.isAbsolute, let first = one.word(word, is64: a.file.is64),
        let second = two.word(word, is64: a.file.is64),
        a.file.load(at: first) != nil, same.sameAddress(first, second)
      {
        i = word + size
        continue
      }
      let half = i & ~3
      if let first = one.i32(half), let second = two.i32(half),
        sameDistance(first, second, x, y, half)
      {
        i = half + 4
        continue
      }
      return i
    }
    return nil
  }

  /// Distances lead to symbols; small numbers must not pass as distances to bytes that are alike,
  /// so contents do not decide here.
  private func sameDistance(_ d: Int32, _ e: Int32, _ x: UInt64, _ y: UInt64, _ at: Int) -> Bool {
    let (i, j) = (UInt64(bitPattern: Int64(d)), UInt64(bitPattern: Int64(e)))
    let offset = UInt64(at)
    return same.sameBySymbol(x &+ i, y &+ j)
      || same.sameBySymbol(x &+ offset &+ i, y &+ offset &+ j)
      || (same.isAbsolute && same.sameImmediate(d, e))
  }

  private func differenceInCode(
    _ one: ByteView, _ two: ByteView, _ x: UInt64, _ y: UInt64
  ) -> Int? {
    var i = 0
    var floor = 0
    scan: while i < one.count {
      // Runs of equal words are most of any function.
      if let first = one.u64(i), first == two.u64(i) {
        i += 8
        continue
      }
      if one.u8(i) == two.u8(i) {
        i += 1
        continue
      }
      for start in stride(from: i, through: max(floor, i - 15), by: -1) {
        for form in a.relaxedForms(one, start, address: x) where start + form.length > i {
          for other in b.relaxedForms(two, start, address: y) where same.sameForm(form, other) {
            i = start + form.length
            floor = i
            continue scan
          }
        }
      }
      for field in stride(from: i, through: max(floor, i - 3), by: -1) {
        guard let d = one.i32(field), let e = two.i32(field) else { continue }
        // movzwl reads two bytes; what follows a constant of that size is of no concern.
        let isShort = field >= 3 && one.u16(field - 3) == 0xb70f
        if sameField(d, e, x &+ UInt64(field), y &+ UInt64(field), isShort: isShort) {
          i = field + 4
          floor = i
          continue scan
        }
      }
      for field in stride(from: i, through: max(floor, i - 7), by: -1) {
        guard let d = one.u64(field), let e = two.u64(field) else { continue }
        if same.sameWord(.raw(d), .raw(e)) {
          i = field + 8
          floor = i
          continue scan
        }
      }
      return i
    }
    return nil
  }

  /// A 32-bit field in code: a displacement from the next instruction, which starts behind the
  /// field or behind an immediate of up to four bytes; or a value.
  private func sameField(_ d: Int32, _ e: Int32, _ x: UInt64, _ y: UInt64, isShort: Bool)
    -> Bool
  {
    let i = x &+ 4 &+ UInt64(bitPattern: Int64(d))
    let j = y &+ 4 &+ UInt64(bitPattern: Int64(e))
    for trailing: UInt64 in [0, 1, 2, 4] {
      let (from, to) = (i &+ trailing, j &+ trailing)
      // The call of an undefined weak function in a static program.
      if from == 0 && to == 0 { return true }
      guard a.file.load(at: from) != nil, b.file.load(at: to) != nil else { continue }
      // With an offset that is tried out, what bytes are alike proves nothing.
      if trailing == 0 ? same.sameAddress(from, to) : same.sameBySymbol(from, to) { return true }
      if isShort, trailing == 0, a.file.load(at: from)?.isExecutable == false,
        let first = a.file.bytes(from: from)?.u16(0), first == b.file.bytes(from: to)?.u16(0)
      {
        return true
      }
      if a.relocations[from] != nil || b.relocations[to] != nil || isSlot(from, a)
        || isPointer(from, a),
        let first = a.word(at: from), let second = b.word(at: to), same.sameWord(first, second)
      {
        return true
      }
    }
    return same.sameImmediate(d, e)
  }

  /// Whether the word at `address` is itself an address, as in a table without a symbol.
  private func isPointer(_ address: UInt64, _ image: Image) -> Bool {
    image.file.word(at: address).map { $0 != 0 && image.file.load(at: $0) != nil } ?? false
  }

  /// Whether `address` is in an offset table; in a static program its words need no relocation.
  private func isSlot(_ address: UInt64, _ image: Image) -> Bool {
    image.file.sections.contains {
      ($0.name == ".got" || $0.name == ".got.plt") && $0.contains(address)
    }
  }
}
