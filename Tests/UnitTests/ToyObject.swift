import ELFFormat
import Platform

@testable import Linker

/// A relocatable object of the toy machine, put together by a test.
struct ToyObject<E: ELFEncoding> {
  typealias R = Toy<E>.R

  struct Relocation {
    var offset: Int
    var type: UInt32
    var symbol: String
    var addend: Int64 = 0
  }

  struct Section {
    var name: String
    var type: SectionType = .progbits
    var flags: SectionFlags = .alloc
    var bytes: [UInt8] = []
    /// For zero-filled ones, in place of `bytes`.
    var size = 0
    var alignment: UInt64 = 4
    var entrySize: UInt64 = 0
    var relocations: [Relocation] = []
    /// The signature of the section's group.
    var group: String?
  }

  struct Symbol {
    var name: String
    /// The section's name; nil for an undefined one, "COMMON" for a common one.
    var section: String?
    var value: UInt64 = 0
    var size: UInt64 = 0
    var binding: SymbolBinding = .global
    var type: SymbolType = .none
    var visibility: SymbolVisibility = .default
  }

  var sections: [Section] = []
  var symbols: [Symbol] = []

  /// Code of `words` words, all marks, with a global function at its start.
  mutating func function(
    _ name: String, in section: String? = nil, words: Int = 4, group: String? = nil,
    binding: SymbolBinding = .global, _ relocations: [Relocation] = []
  ) {
    let place = section ?? ".text." + name
    sections.append(
      Section(
        name: place, flags: group == nil ? [.alloc, .execute] : [.alloc, .execute, .group],
        bytes: [UInt8](repeating: 0x11, count: words * E.wordSize), relocations: relocations,
        group: group))
    symbols.append(
      Symbol(
        name: name, section: place, size: UInt64(words * E.wordSize), binding: binding,
        type: .function))
  }

  /// A variable of `words` zero words.
  mutating func variable(
    _ name: String, in section: String? = nil, words: Int = 1, _ relocations: [Relocation] = []
  ) {
    let place = section ?? ".data." + name
    sections.append(
      Section(
        name: place, flags: [.alloc, .write],
        bytes: [UInt8](repeating: 0, count: words * E.wordSize), relocations: relocations))
    symbols.append(
      Symbol(name: name, section: place, size: UInt64(words * E.wordSize), type: .object))
  }

  // MARK: File

  var bytes: [UInt8] {
    var file = [UInt8](repeating: 0, count: FileHeader<E>.size)
    var headers: [Header] = [Header()]
    var names: [UInt8] = [0]
    func add(_ text: String, to table: inout [UInt8]) -> UInt32 {
      table += Array(text.utf8) + [0]
      return UInt32(table.count - 1 - text.utf8.count)
    }
    func append(_ bytes: [UInt8], _ header: Header, _ name: String) {
      while file.count % 8 != 0 { file.append(0) }
      var header = header
      header.name = add(name, to: &names)
      header.offset = UInt64(file.count)
      if header.size == 0 { header.size = UInt64(bytes.count) }
      headers.append(header)
      file += bytes
    }

    // Locals first, then globals, in the order of the test.
    var all = symbols.filter { $0.binding == .local } + symbols.filter { $0.binding != .local }
    for section in sections {
      for name in section.relocations.map(\.symbol) + (section.group.map { [$0] } ?? [])
      where !all.contains(where: { $0.name == name }) {
        all.append(Symbol(name: name))
      }
    }
    let localCount = all.prefix { $0.binding == .local }.count
    let groups = sections.compactMap(\.group)
    let relocated = sections.filter { !$0.relocations.isEmpty }
    let symbolSection = UInt32(groups.count + sections.count + relocated.count + 1)
    func number(_ section: Int) -> UInt32 { UInt32(groups.count + 1 + section) }
    func index(_ name: String) -> UInt32 { UInt32(all.firstIndex { $0.name == name }! + 1) }

    for (i, section) in sections.enumerated() {
      guard let group = section.group else { continue }
      var words = [UInt8](repeating: 0, count: 8)
      words.withUnsafeMutableBytes {
        E.store32(1, $0.baseAddress!)
        E.store32(number(i), $0.baseAddress! + 4)
      }
      append(
        words,
        Header(type: .group, link: symbolSection, info: index(group), alignment: 4, entrySize: 4),
        ".group")
    }
    for section in sections {
      var bytes = section.bytes
      bytes.withUnsafeMutableBytes { buffer in
        for relocation in section.relocations {
          let place = buffer.baseAddress! + relocation.offset
          if relocation.type == R.word || relocation.type == R.threadOffset {
            E.storeWord(UInt64(bitPattern: relocation.addend), place)
          } else {
            E.store32(UInt32(truncatingIfNeeded: relocation.addend), place)
          }
        }
      }
      append(
        bytes,
        Header(
          type: section.type, flags: section.flags, size: UInt64(section.size),
          alignment: section.alignment, entrySize: section.entrySize), section.name)
    }
    for (i, section) in sections.enumerated() where !section.relocations.isEmpty {
      let size = RelEntry<E>.size
      var bytes = [UInt8](repeating: 0, count: section.relocations.count * size)
      bytes.withUnsafeMutableBytes { buffer in
        for (k, relocation) in section.relocations.enumerated() {
          RelEntry<E>.write(
            to: buffer.baseAddress! + k * size, offset: UInt64(relocation.offset),
            type: relocation.type, symbol: index(relocation.symbol))
        }
      }
      append(
        bytes,
        Header(
          type: .rel, link: symbolSection, info: number(i), alignment: 4,
          entrySize: UInt64(size)), ".rel" + section.name)
    }
    var texts: [UInt8] = [0]
    var table = [UInt8](repeating: 0, count: SymbolEntry<E>.size * (all.count + 1))
    for (i, symbol) in all.enumerated() {
      let name = add(symbol.name, to: &texts)
      let section: UInt16 =
        symbol.section == "COMMON"
        ? UInt16(SectionIndex.common)
        : symbol.section.map { name in
          UInt16(number(sections.firstIndex { $0.name == name }!))
        } ?? 0
      table.withUnsafeMutableBytes {
        SymbolEntry<E>.write(
          to: $0.baseAddress! + (i + 1) * SymbolEntry<E>.size, name: name,
          info: symbol.binding.rawValue << 4 | symbol.type.rawValue,
          other: symbol.visibility.rawValue, sectionIndex: section, value: symbol.value,
          byteCount: symbol.size)
      }
    }
    append(
      table,
      Header(
        type: .symbolTable, link: symbolSection + 1, info: UInt32(localCount + 1), alignment: 8,
        entrySize: UInt64(SymbolEntry<E>.size)), ".symtab")
    append(texts, Header(type: .stringTable), ".strtab")
    let own = add(".shstrtab", to: &names)
    var last = Header(type: .stringTable)
    last.name = own
    last.offset = UInt64(file.count)
    last.size = UInt64(names.count)
    headers.append(last)
    file += names
    while file.count % 8 != 0 { file.append(0) }
    let at = file.count
    file += headers.flatMap(\.bytes)
    Self.writeFileHeader(&file, headersAt: at, count: headers.count)
    return file
  }

  private struct Header {
    var name: UInt32 = 0
    var type = SectionType.null
    var flags: SectionFlags = []
    var offset: UInt64 = 0
    var size: UInt64 = 0
    var link: UInt32 = 0
    var info: UInt32 = 0
    var alignment: UInt64 = 1
    var entrySize: UInt64 = 0

    /// Source: gABI, "Section Header Table".
    var bytes: [UInt8] {
      var bytes = [UInt8](repeating: 0, count: SectionHeader<E>.size)
      bytes.withUnsafeMutableBytes { buffer in
        var p = buffer.baseAddress!
        func put32(_ value: UInt32) {
          E.store32(value, p)
          p += 4
        }
        func put(_ value: UInt64) {
          E.storeWord(value, p)
          p += E.wordSize
        }
        put32(name)
        put32(type.rawValue)
        put(flags.rawValue)
        put(0)
        put(offset)
        put(size)
        put32(link)
        put32(info)
        put(alignment)
        put(entrySize)
      }
      return bytes
    }
  }

  /// Source: gABI, "ELF Header".
  private static func writeFileHeader(_ file: inout [UInt8], headersAt: Int, count: Int) {
    file.withUnsafeMutableBytes { buffer in
      let p = buffer.baseAddress!
      let identification: [UInt8] = [
        0x7f, 0x45, 0x4c, 0x46, E.is64 ? 2 : 1, E.isBigEndian ? 2 : 1, 1,
      ]
      p.copyMemory(from: identification, byteCount: identification.count)
      E.store16(1, p + 16)
      E.store16(Toy<E>.machine, p + 18)
      E.store32(1, p + 20)
      let w = E.wordSize
      E.storeWord(UInt64(headersAt), p + 24 + 2 * w)
      let rest = p + 24 + 3 * w + 4
      E.store16(UInt16(FileHeader<E>.size), rest)
      E.store16(UInt16(SectionHeader<E>.size), rest + 6)
      E.store16(UInt16(count), rest + 8)
      E.store16(UInt16(count - 1), rest + 10)
    }
  }
}

/// An output of the toy machine, as a test reads it.
struct ToyOutput<E: ELFEncoding> {
  struct Section {
    var name: String
    var type: UInt32
    var address: UInt64
    var offset: Int
    var size: Int
    var info: UInt32
  }

  let bytes: [UInt8]
  private(set) var sections: [Section] = []
  /// By name.
  private(set) var symbols: [String: UInt64] = [:]
  private(set) var dynamicSymbols: [String] = []

  init(_ bytes: [UInt8]) {
    self.bytes = bytes
    let w = E.wordSize
    let at = Int(word(24 + 2 * w))
    let rest = 24 + 3 * w + 4
    let count = Int(half(rest + 8))
    let size = SectionHeader<E>.size
    let names = Int(word(at + Int(half(rest + 10)) * size + 8 + 2 * w))
    for i in 0..<count {
      let p = at + i * size
      sections.append(
        Section(
          name: string(names + Int(word32(p))), type: word32(p + 4), address: word(p + 8 + w),
          offset: Int(word(p + 8 + 2 * w)), size: Int(word(p + 8 + 3 * w)),
          info: word32(p + 12 + 4 * w)))
    }
    symbols = Dictionary(
      entries(".symtab", ".strtab").map { ($0.name, $0.value) }, uniquingKeysWith: { a, _ in a })
    dynamicSymbols = entries(".dynsym", ".dynstr").map(\.name)
  }

  private func entries(_ table: String, _ strings: String) -> [(name: String, value: UInt64)] {
    guard let table = self[table], let strings = self[strings] else { return [] }
    return (0..<table.size / SymbolEntry<E>.size).map { i in
      bytes.withUnsafeBytes {
        let entry = SymbolEntry<E>($0.baseAddress! + table.offset + i * SymbolEntry<E>.size)
        return (string(strings.offset + Int(entry.name)), entry.value)
      }
    }
  }

  subscript(name: String) -> Section? { sections.first { $0.name == name } }

  private func half(_ at: Int) -> UInt16 {
    bytes.withUnsafeBytes { E.load16($0.baseAddress! + at) }
  }
  func word32(_ at: Int) -> UInt32 { bytes.withUnsafeBytes { E.load32($0.baseAddress! + at) } }
  func word(_ at: Int) -> UInt64 { bytes.withUnsafeBytes { E.loadWord($0.baseAddress! + at) } }

  func string(_ at: Int) -> String {
    String(decoding: bytes[at...].prefix { $0 != 0 }, as: UTF8.self)
  }

  /// Where in the file an address is.
  func place(_ address: UInt64) -> Int {
    let section = sections.first {
      $0.address != 0 && $0.type != SectionType.nobits.rawValue && address >= $0.address
        && address < $0.address + UInt64($0.size)
    }!
    return section.offset + Int(address - section.address)
  }

  /// What a `distance` or `call` at an address leads to.
  func target(of address: UInt64) -> UInt64 {
    address &+ UInt64(bitPattern: Int64(Int32(bitPattern: word32(place(address)))))
  }

  func word(at address: UInt64) -> UInt64 { word(place(address)) }

  /// The entries of a table of relocations.
  func relocations(_ name: String) -> [(offset: UInt64, type: UInt32, symbol: UInt32)] {
    guard let table = self[name] else { return [] }
    return (0..<table.size / RelEntry<E>.size).map { i in
      bytes.withUnsafeBytes {
        let entry = RelEntry<E>($0.baseAddress! + table.offset + i * RelEntry<E>.size)
        return (entry.offset, entry.type, entry.symbol)
      }
    }
  }

  /// The dynamic section.
  var dynamic: [UInt64: UInt64] {
    guard let table = self[".dynamic"] else { return [:] }
    var found: [UInt64: UInt64] = [:]
    for i in stride(from: table.offset, to: table.offset + table.size, by: 2 * E.wordSize) {
      found[word(i)] = found[word(i)] ?? word(i + E.wordSize)
    }
    return found
  }
}
