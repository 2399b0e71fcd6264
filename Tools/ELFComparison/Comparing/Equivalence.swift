import Platform

/// Decides whether an address, a word or a TLS offset means the same in both images.
struct Equivalence {
  let a: Image
  let b: Image
  /// For each symbol of `a` its counterpart in `b`, or -1.
  let pairs: [Int]
  /// For a symbol whose counterpart was a guess among namesakes, all that it may be.
  let alternatives: [Int: [Int]]

  init(_ a: Image, _ b: Image) {
    self.a = a
    self.b = b
    (pairs, alternatives) = Self.pair(a, b)
  }

  /// Pairs symbols: global ones by name, local ones by name and, where a name occurs several times,
  /// by what source file and size they have and finally in the order of the tables.
  ///
  /// A linker may make hidden or all unexported symbols local, and may leave out the names of
  /// source files, so neither is a condition.
  private static func pair(_ a: Image, _ b: Image) -> ([Int], [Int: [Int]]) {
    var alternatives: [Int: [Int]] = [:]
    var pairs = Array(repeating: -1, count: a.symbols.count)
    var named: [String: [Int]] = [:]
    for (i, key) in b.keys.enumerated() { named[key, default: []].append(i) }
    var groups: [String: [Int]] = [:]
    for (i, key) in a.keys.enumerated() where named[key] != nil {
      groups[key, default: []].append(i)
    }
    for (key, group) in groups {
      guard let others = named[key] else { continue }
      pair(group, others, a, b, &pairs, &alternatives)
    }
    return (pairs, alternatives)
  }

  private static func pair(
    _ group: [Int], _ others: [Int], _ a: Image, _ b: Image, _ pairs: inout [Int],
    _ alternatives: inout [Int: [Int]]
  ) {
    if group.count == 1 && others.count == 1 {
      pairs[group[0]] = others[0]
      return
    }
    var left = group
    var right = others
    // From the surest sign to the weakest; each pairs what has the same sign, in table order.
    let signs: [(Image, Int) -> String] = [
      { $0.symbols[$1].isLocal ? "local \($0.sources[$1]) \($0.symbols[$1].size)" : "global" },
      { "\($0.symbols[$1].size) \($0.fingerprint($1))" }, { "\($0.symbols[$1].size)" },
      { _, _ in "" },
    ]
    // A sign that does not occur equally often on both sides decides nothing.
    for sign in signs {
      var bySign: [String: [Int]] = [:]
      for i in right { bySign[sign(b, i), default: []].append(i) }
      var mine: [String: [Int]] = [:]
      for i in left { mine[sign(a, i), default: []].append(i) }
      for (text, members) in mine {
        guard let counterparts = bySign[text], counterparts.count == members.count else { continue }
        match(members, counterparts, a, b, &pairs)
        if members.count > 1, members.count <= 64 {
          for i in members { alternatives[i] = counterparts }
        }
      }
      left.removeAll { pairs[$0] >= 0 }
      let taken = Set(group.map { pairs[$0] })
      right.removeAll { taken.contains($0) }
      if left.isEmpty || right.isEmpty { return }
    }
  }

  /// Pairs namesakes that no sign tells apart: each with the one whose bytes differ least.
  private static func match(
    _ members: [Int], _ counterparts: [Int], _ a: Image, _ b: Image, _ pairs: inout [Int]
  ) {
    // The work grows with the square; a crowd is paired in the order of the tables.
    guard members.count > 1, members.count <= 64 else {
      for (i, j) in zip(members, counterparts) { pairs[i] = j }
      return
    }
    var free = counterparts
    for i in members {
      var best = 0
      var fewest = Int.max
      for (at, j) in free.enumerated() {
        let distance = a.distance(i, b, j, limit: fewest)
        if distance < fewest { (best, fewest) = (at, distance) }
        if fewest == 0 { break }
      }
      pairs[i] = free.remove(at: best)
    }
  }

  /// Whether `x` in `a` and `y` in `b` are the same place.
  ///
  /// Places are the same when they are as far from two symbols that are each other's counterpart;
  /// when both are stubs or slots for the same thing; or, where no symbol covers them, when what
  /// they hold is the same (merged strings, constants and jump tables have no symbols).
  func sameAddress(_ x: UInt64, _ y: UInt64, depth: Int = 0) -> Bool {
    if sameBySymbol(x, y) || sameByStub(x, y, depth) { return true }
    return depth < 3 && (sameContents(x, y, depth) || sameInSection(x, y))
  }

  func sameBySymbol(_ x: UInt64, _ y: UInt64) -> Bool {
    a.nearSymbols(x, in: a.byAddress) { i in
      let symbol = a.symbols[i]
      let distance = x &- symbol.value
      // Compilers also point before an array's start or past its end.
      let reach = max(symbol.size.addingClamped(64), 256)
      guard pairs[i] >= 0, distance <= reach || 0 &- distance <= 64 else { return false }
      let other = b.symbols[pairs[i]]
      if other.type != STT.tls, y &- other.value == distance { return true }
      return alternatives[i]?.contains {
        b.symbols[$0].type != STT.tls && y &- b.symbols[$0].value == distance
      } ?? false
    }
  }

  private func sameByStub(_ x: UInt64, _ y: UInt64, _ depth: Int) -> Bool {
    let first = a.stubSlot(at: x)
    let second = b.stubSlot(at: y)
    if first == nil && second == nil { return false }
    let one = first.map { a.word(at: $0) } ?? .address(x)
    let two = second.map { b.word(at: $0) } ?? .address(y)
    guard let one, let two else { return false }
    return sameWord(one, two, depth: depth + 1)
  }

  /// The start or the end of writable sections of one name: arrays' limits. Read-only ones are
  /// merged, so what is at their start depends on the linker.
  private func sameInSection(_ x: UInt64, _ y: UInt64) -> Bool {
    for section in a.file.sections
    where section.occupiesMemory && section.flags & SHF.write != 0
      && (x == section.address || x == section.endAddress)
    {
      for other in b.file.sections where other.occupiesMemory && other.name == section.name {
        if x == section.address && y == other.address { return true }
        if x == section.endAddress && y == other.endAddress { return true }
      }
    }
    return false
  }

  private func sameContents(_ x: UInt64, _ y: UInt64, _ depth: Int) -> Bool {
    guard let here = a.file.load(at: x), let there = b.file.load(at: y), !here.isWritable,
      !there.isWritable, let one = a.file.bytes(from: x),
      let two = b.file.bytes(from: y)
    else { return false }
    // A NUL-terminated string; also one that is the tail of a string with a symbol. Code is none.
    if isData(x, a), isData(y, b), let first = one.string(0), let second = two.string(0),
      first == second,
      first.count >= 1 || one.u8(0) == 0
    {
      return true
    }
    if isCovered(x, a) || isCovered(y, b) { return false }
    if let first = one.slice(0, 16), let second = two.slice(0, 16), first.hasSameBytes(as: second) {
      return true
    }
    if isText(one) && isText(two) { return false }
    // The end of a string, for a loop over it: what precedes is the string.
    if let first = a.file.bytes(from: x &- 8)?.u64(0), first != 0,
      first == b.file.bytes(from: y &- 8)?.u64(0)
    {
      return true
    }
    // A numeric constant. What follows one of four bytes is of no concern, but four zero bytes
    // are the low half of too many doubles.
    if let first = one.u32(0), let second = two.u32(0), first == second {
      if first != 0 || one.u64(0) == two.u64(0) { return true }
    }
    // A table of distances from itself, as compilers emit for switch statements.
    if let first = one.i32(0), let second = two.i32(0) {
      let (near, far) = (UInt64(bitPattern: Int64(first)), UInt64(bitPattern: Int64(second)))
      if isCode(x &+ near, a), isCode(y &+ far, b) { return sameBySymbol(x &+ near, y &+ far) }
      if isAbsolute, isCode(near, a), isCode(far, b) { return sameBySymbol(near, far) }
    }
    return false
  }

  /// Whether `address` is in a section that holds no code.
  private func isData(_ address: UInt64, _ image: Image) -> Bool {
    image.file.sections.contains {
      $0.occupiesMemory && $0.contains(address) && $0.flags & SHF.execute == 0
    }
  }

  private func isCode(_ address: UInt64, _ image: Image) -> Bool {
    image.file.load(at: address)?.isExecutable == true
  }

  /// Whether the bytes begin like a C string of some length.
  private func isText(_ view: ByteView) -> Bool {
    guard let string = view.string(0, limit: 4096), string.count > 2 else { return false }
    return string.buffer.allSatisfy { ($0 >= 0x20 && $0 < 0x7f) || ($0 >= 9 && $0 <= 13) }
  }

  /// Whether a sized symbol says what is at `address`; then contents do not decide.
  private func isCovered(_ address: UInt64, _ image: Image) -> Bool {
    image.nearSymbols(address, in: image.byAddress) { i in
      let symbol = image.symbols[i]
      return symbol.size > 0 && address >= symbol.value && address &- symbol.value < symbol.size
    }
  }

  func sameTLS(_ x: UInt64, _ y: UInt64) -> Bool {
    if a.tls?.memorySize == x && b.tls?.memorySize == y { return true }
    return a.nearSymbols(x, in: a.byTLSOffset) { i in
      guard pairs[i] >= 0 else { return false }
      let distance = x &- a.symbols[i].value
      return distance <= max(a.symbols[i].size, 64) && y &- b.symbols[pairs[i]].value == distance
    }
  }

  private func isTLSSymbol(_ name: String, at offset: UInt64, in image: Image) -> Bool {
    image.nearSymbols(offset, in: image.byTLSOffset) {
      image.symbols[$0].value == offset && image.keys[$0] == name
    }
  }

  func sameWord(_ x: Image.Word, _ y: Image.Word, depth: Int = 0) -> Bool {
    if depth > 4 { return false }
    switch (x, y) {
    case (.raw(let x), .raw(let y)):
      if x == y { return true }
      if sameThreadOffset(Int64(bitPattern: x), Int64(bitPattern: y)) { return true }
      return isAbsolute && a.file.load(at: x) != nil && sameAddress(x, y, depth: depth)
    case (.address(let x), .address(let y)), (.raw(let x), .address(let y)),
      (.address(let x), .raw(let y)):
      return sameAddress(x, y, depth: depth)
    case (.symbol(let x, let i), .symbol(let y, let j)): return x == y && i == j
    case (.symbol(let name, let addend), .address(let y)),
      (.symbol(let name, let addend), .raw(let y)):
      return isSymbol(name, addend, y, a, b)
    case (.address(let x), .symbol(let name, let addend)),
      (.raw(let x), .symbol(let name, let addend)):
      return isSymbol(name, addend, x, b, a)
    case (.resolved(let x), .resolved(let y)), (.resolved(let x), .address(let y)),
      (.address(let x), .resolved(let y)), (.resolved(let x), .raw(let y)),
      (.raw(let x), .resolved(let y)):
      return sameAddress(x, y, depth: depth)
    case (.tlsOffset(let x), .tlsOffset(let y)): return sameTLS(x, y)
    case (.tlsOffset(let x), .raw(let y)):
      return b.templateOffset(threadPointerOffset: Int64(bitPattern: y)).map { sameTLS(x, $0) }
        ?? false
    case (.raw(let x), .tlsOffset(let y)):
      return a.templateOffset(threadPointerOffset: Int64(bitPattern: x)).map { sameTLS($0, y) }
        ?? false
    case (.tlsSymbol(let x, let i), .tlsSymbol(let y, let j)): return x == y && i == j
    case (.tlsSymbol(let name, _), .tlsOffset(let y)): return isTLSSymbol(name, at: y, in: b)
    case (.tlsOffset(let x), .tlsSymbol(let name, _)): return isTLSSymbol(name, at: x, in: a)
    case (.tlsModule, .tlsModule), (.tlsModule, .tlsSymbol), (.tlsSymbol, .tlsModule): return true
    // A program is always module 1, so a linker may write that instead of a relocation.
    case (.tlsModule, .raw(1)), (.raw(1), .tlsModule): return true
    default: return false
    }
  }

  private func sameThreadOffset(_ x: Int64, _ y: Int64) -> Bool {
    guard let first = a.templateOffset(threadPointerOffset: x),
      let second = b.templateOffset(threadPointerOffset: y)
    else { return false }
    return sameTLS(first, second)
  }

  /// Whether the dynamic symbol `name` of `from` is what stands at `address` in `image`.
  private func isSymbol(
    _ name: String, _ addend: Int64, _ address: UInt64, _ from: Image, _ image: Image
  ) -> Bool {
    if image.isNamed(name, at: address &- UInt64(bitPattern: addend)) { return true }
    // An undefined weak symbol is null at run time, so a linker may say so at link time.
    return address == 0
      && from.dynamic?.symbols.contains {
        !$0.isDefined && $0.binding == 2 && String($0.name) == name
      } ?? false
  }

  /// Whether a word can be an address without a relocation to say so.
  var isAbsolute: Bool { a.file.type == 2 && b.file.type == 2 }

  /// 32-bit values that may be thread offsets, absolute addresses or template offsets.
  func sameImmediate(_ x: Int32, _ y: Int32) -> Bool {
    if x == y { return true }
    let first = a.templateOffset(threadPointerOffset: Int64(x)) ?? template(x, a)
    let second = b.templateOffset(threadPointerOffset: Int64(y)) ?? template(y, b)
    if let first, let second, sameTLS(first, second) { return true }
    if let first = template(x, a), let second = template(y, b), sameTLS(first, second) {
      return true
    }
    let here = UInt64(bitPattern: Int64(x))
    let there = UInt64(bitPattern: Int64(y))
    return isAbsolute && a.file.load(at: here) != nil && b.file.load(at: there) != nil
      && sameAddress(here, there)
  }

  /// A non-negative offset within the template (`DTPOFF32`).
  private func template(_ value: Int32, _ image: Image) -> UInt64? {
    guard let tls = image.tls, value >= 0, UInt64(value) <= tls.memorySize else { return nil }
    return UInt64(value)
  }
}
