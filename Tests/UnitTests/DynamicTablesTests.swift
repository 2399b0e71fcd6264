import ELFFormat
import Platform
import ScriptParsing
import Testing

@testable import Linker

/// Dynamic tables, read back the way that a dynamic linker reads them.
@Suite struct DynamicTablesTests {
  // MARK: Hashes

  @Test func gnuHashOfKnownNames() {
    let known: [(ByteString, UInt32)] = [
      ("", 0x0000_1505), ("a", 0x0002_b606), ("ab", 0x0059_7728), ("printf", 0x156b_2bb8),
      ("exit", 0x7c96_7e3f), ("syscall", 0xbac2_12a0), ("flapenguin.me", 0x8ae9_f18e),
    ]
    for (name, hash) in known {
      let result = NameHash.gnu(name)
      #expect(result.hash == hash, "\(name)")
      #expect(result.count == name.count)
    }
  }

  @Test func gnuHashStopsAtTheVersion() {
    for length in 1...20 {
      let plain = String(repeating: "x", count: length)
      for suffix in ["@V", "@@V1", "@"] {
        let result = NameHash.gnu(ByteString(copying: plain + suffix))
        #expect(result.count == length)
        #expect(result.hash == NameHash.gnu(ByteString(copying: plain)).hash)
      }
    }
    #expect(NameHash.gnu("@x").count == 2)
  }

  @Test func gnuHashOfEveryLength() {
    for length in 0...40 {
      let text = String((0..<length).map { Character(Unicode.Scalar(UInt8(33 + $0 * 7 % 30))) })
      var plain: UInt32 = 5381
      for byte in text.utf8 { plain = plain &* 33 &+ UInt32(byte) }
      #expect(NameHash.gnu(ByteString(copying: text)) == (plain, length))
    }
  }

  @Test func gnuHashTakesBytesAsUnsigned() {
    let bytes = ByteString(copying: "\u{e9}\u{20ac}")
    var plain: UInt32 = 5381
    for byte in bytes.buffer { plain = plain &* 33 &+ UInt32(byte) }
    #expect(NameHash.gnu(bytes).hash == plain)
  }

  @Test func sysvHashOfKnownNames() {
    let known: [(ByteString, UInt32)] = [
      ("", 0), ("printf", 0x077905a6), ("exit", 0x0006cf04), ("syscall", 0x0b09985c),
      ("flapenguin.me", 0x03987915), ("GLIBC_2.2.5", 0x09691a75), ("GLIBC_2.34", 0x069691b4),
    ]
    for (name, hash) in known { #expect(NameHash.sysv(name) == hash, "\(name)") }
  }

  // MARK: String table

  @Test func stringTable() {
    var table = StringTableBuilder()
    #expect(table.count == 1)
    #expect(table.add("") == 0)
    #expect(table.add("abc") == 1)
    #expect(table.add("de") == 5)
    #expect(table.add("abc") == 1)
    #expect(table.addUnique("abc") == 8)
    #expect(table.count == 12)
    var bytes = [UInt8](repeating: 0xff, count: table.count)
    bytes.withUnsafeMutableBytes { table.write(to: $0.baseAddress!) }
    #expect(String(decoding: bytes, as: UTF8.self) == "\0abc\0de\0abc\0")
  }

  @Test func stringTableGrows() {
    var table = StringTableBuilder()
    var offsets: [UInt32] = []
    for i in 0..<5000 { offsets.append(table.add(ByteString(copying: "name\(i)"))) }
    for i in 0..<5000 { #expect(table.add(ByteString(copying: "name\(i)")) == offsets[i]) }
    var bytes = [UInt8](repeating: 0xff, count: table.count)
    bytes.withUnsafeMutableBytes {
      for part in table.parts.reversed() { table.write(part, to: $0.baseAddress! + part.offset) }
    }
    for i in 0..<5000 { #expect(Self.string(bytes, offsets[i]) == "name\(i)") }
  }

  // MARK: Symbols and hash tables

  @Test(arguments: [0, 1, 2, 7, 1000, 40_000])
  func symbolsAreFound(count: Int) {
    let link = Self.link(threads: 2)
    Self.define((0..<count).map { "symbol_\($0)" }, .isExported, in: link)
    Self.define((0..<5).map { "undefined_\($0)" }, [.isImported, .isUndefined], in: link)
    Self.define(["local"], [], in: link)
    check(link, ELF64Little.self, count: count)
  }

  @Test func symbolsAreFoundInEveryEncoding() {
    func run<E: ELFEncoding>(_: E.Type) {
      let link = Self.link(threads: 1)
      Self.define((0..<300).map { "symbol_\($0)" }, .isExported, in: link)
      Self.define((0..<5).map { "undefined_\($0)" }, [.isImported, .isUndefined], in: link)
      check(link, E.self, count: 300)
    }
    run(ELF64Big.self)
    run(ELF32Little.self)
    run(ELF32Big.self)
  }

  @Test func orderDoesNotDependOnTheNumberOfThreads() {
    var images: [[UInt8]] = []
    for threads in [1, 2, 5] {
      let link = Self.link(threads: threads)
      Self.define((0..<30_000).map { "f\($0)" }, .isExported, in: link)
      link.makeTables(X86_64.self).buildDynamicSymbols()
      let image = Self.image(link, ELF64Little.self)
      images.append(image.symbols + image.names + image.gnuHash + image.sysvHash)
    }
    #expect(images[0] == images[1])
    #expect(images[0] == images[2])
  }

  @Test func versionedNamesShareThePlainName() {
    let link = Self.link(threads: 1)
    Self.define(["foo", "foo@V1", "bar@V1", "bar@V2"], .isExported, in: link)
    link.makeTables(X86_64.self).buildDynamicSymbols()
    let image = Self.image(link, ELF64Little.self)
    var names: [String] = []
    for i in 1..<5 {
      let offset = image.symbols.withUnsafeBytes { ELF64Little.load32($0.baseAddress! + i * 24) }
      names.append(Self.string(image.names, offset))
    }
    #expect(names.sorted() == ["bar", "bar", "foo", "foo"])
    #expect(image.names.count == 1 + 4 + 4)
  }

  private func check<E: ELFEncoding>(_ link: Link, _: E.Type, count: Int) {
    link.makeTables(Toy<E>.self).buildDynamicSymbols()
    #expect(link.dynamicSymbols.count == count + 6)
    #expect(link.dynamicSymbols.firstHashed == 6)
    let image = Self.image(link, E.self)
    for i in 0..<count {
      let name = "symbol_\(i)"
      let index = image.findGNU(E.self, name)
      #expect(index != nil, "\(name)")
      #expect(image.findSysv(E.self, name) == index)
      if let index { #expect(UInt64(i) == image.value(E.self, index)) }
    }
    for i in 0..<5 {
      #expect(image.findGNU(E.self, "undefined_\(i)") == nil)
      #expect(image.findSysv(E.self, "undefined_\(i)") == i + 1)
    }
    for name in ["local", "symbol_", "missing", ""] {
      #expect(image.findGNU(E.self, name) == nil)
      if !name.isEmpty { #expect(image.findSysv(E.self, name) == nil) }
    }
  }

  // MARK: Versions

  @Test func scriptsGiveVersions() throws {
    let link = Self.link(threads: 2, shared: true)
    let text = ByteString("V1 { global: a*; local: *; }; V2 { b; } V1; V3 { };")
    link.exports(ELF64Little.self).addVersionScript(
      UnsafeRawBufferPointer(text.buffer), path: "script")
    #expect(!link.diagnostics.hasErrors)
    Self.define(["abc", "b", "c"], .isExported, in: link)
    link.exports(ELF64Little.self).applyVersions()
    let versions = (0..<3).map { link.versions.symbolVersions[$0] }
    #expect(versions == [2, 3, 0])
    #expect(link.symbols[SymbolIndex(2)].has.contains(.isForcedLocal))
    link.symbols[SymbolIndex(2)].flags &= ~SymbolFlags.isExported.rawValue

    link.makeTables(X86_64.self).buildDynamicSymbols()
    link.makeTables(X86_64.self).buildVersionSections()
    #expect(link.versionSymbolsSize == 6)
    #expect(link.versionDefinitionCount == 4)
    #expect(link.versionDefinitionsSize == 4 * 20 + 5 * 8)
    #expect(link.versionNeedsSize == 0)
    let names = Self.bytes(link.dynamicSymbols.names.count) {
      link.dynamicSymbols.names.write(to: $0)
    }
    let table = Self.bytes(link.versionDefinitionsSize) {
      link.writeOutput(X86_64.self).writeVersionDefinitions(to: $0)
    }
    var found: [String] = []
    table.withUnsafeBytes { bytes in
      var at = 0
      while true {
        let p = bytes.baseAddress! + at
        var line = "\(ELF64Little.load16(p + 4)) flags \(ELF64Little.load16(p + 2))"
        var name = at + Int(ELF64Little.load32(p + 12))
        for _ in 0..<ELF64Little.load16(p + 6) {
          line += " " + Self.string(names, ELF64Little.load32(bytes.baseAddress! + name))
          name += Int(ELF64Little.load32(bytes.baseAddress! + name + 4))
        }
        found.append(line)
        let next = Int(ELF64Little.load32(p + 16))
        if next == 0 { break }
        at += next
      }
    }
    #expect(found == ["1 flags 1 a.out", "2 flags 0 V1", "3 flags 0 V2 V1", "4 flags 2 V3"])
    let numbers = Self.bytes(6) { link.writeOutput(X86_64.self).writeVersionSymbols(to: $0) }
    #expect(Set(numbers.enumerated().filter { $0.offset % 2 == 0 }.map(\.element)) == [0, 2, 3])
  }

  @Test func librariesVersionsAreNeeded() {
    let link = Self.link(threads: 2, packsRelative: true)
    Self.addLibrary("libc.so.6", versions: ["", "", "V1", "V2", "GLIBC_ABI_DT_RELR"], in: link)
    Self.addLibrary("libunused.so", versions: ["", "", "X"], asNeeded: true, in: link)
    let shared: SymbolFlags = [.isShared, .isImported]
    Self.define(["strong"], [shared, .isReferenced], in: link, file: 0, source: 2)
    Self.define(["weak"], shared, in: link, file: 0, source: 3)
    Self.define(["plain"], shared, in: link, file: 0, source: 1)
    Self.define(["unused"], shared, in: link, file: 1, source: 2)
    link.exports(ELF64Little.self).applyVersions()
    link.makeTables(X86_64.self).buildDynamicSymbols()
    link.makeTables(X86_64.self).buildVersionSections()
    #expect(link.versionNeedCount == 1)
    #expect(link.versionNeedsSize == 16 + 3 * 16)
    let need = link.tables.versions.needs[0].versions
    #expect(need.map { String($0.name) } == ["V1", "V2", "GLIBC_ABI_DT_RELR"])
    #expect(need.map(\.number) == [2, 3, 4])
    #expect(need.map(\.isWeak) == [false, true, false])
    let numbers = Self.bytes(link.versionSymbolsSize) {
      link.writeOutput(X86_64.self).writeVersionSymbols(to: $0)
    }
    #expect(numbers == [0, 0, 2, 0, 3, 0, 1, 0, 1, 0])
  }

  @Test func missingAssignmentsAreErrors() {
    let link = Self.link(threads: 1, allowsUndefinedVersion: false)
    let text = ByteString("V1 { there; missing; extern \"C++\" { \"nowhere()\"; }; gl*; };")
    link.exports(ELF64Little.self).addVersionScript(
      UnsafeRawBufferPointer(text.buffer), path: "script")
    Self.define(["there"], .isExported, in: link)
    link.exports(ELF64Little.self).applyVersions()
    #expect(link.diagnostics.hasErrors)
  }

  @Test(arguments: [
    "V1 { a; }; V1 { b; };", "V2 { a; } V1;", "{ a; }; V1 { b; };",
  ])
  func badScriptsAreErrors(text: String) {
    let link = Self.link(threads: 1)
    let bytes = ByteString(copying: text)
    link.exports(ELF64Little.self).addVersionScript(
      UnsafeRawBufferPointer(bytes.buffer), path: "script")
    #expect(link.diagnostics.hasErrors)
  }

  @Test func scriptsAddUp() {
    let link = Self.link(threads: 1)
    for text in ["V1 { a; };", "V2 { b; } V1;"] {
      let bytes = ByteString(copying: text)
      link.exports(ELF64Little.self).addVersionScript(
        UnsafeRawBufferPointer(bytes.buffer), path: "script")
    }
    #expect(!link.diagnostics.hasErrors)
    #expect(link.versions.definitions.map(\.number) == [2, 3])
    let again = ByteString("{ c; };")
    link.exports(ELF64Little.self).addVersionScript(
      UnsafeRawBufferPointer(again.buffer), path: "script")
    #expect(link.diagnostics.hasErrors)
  }

  @Test func versionSuffixes() {
    #expect(VersionSuffix(of: "foo") == nil)
    #expect(VersionSuffix(of: "@foo") == nil)
    #expect(VersionSuffix(of: "foo@V") == VersionSuffix(version: "V", isDefault: false))
    #expect(VersionSuffix(of: "foo@@V") == VersionSuffix(version: "V", isDefault: true))
    #expect(VersionSuffix(of: "foo@@@V") == VersionSuffix(version: "V", isDefault: true))
    #expect(VersionSuffix(of: "foo@") == VersionSuffix(version: "", isDefault: false))
  }

  // MARK: Dynamic section

  @Test func dynamicSection() {
    let link = Self.link(threads: 1, shared: true) {
      $0.soname = "libx.so.1"
      $0.runPaths = ["/a", "/b", "/a"]
      $0.bindsNow = true
    }
    Self.addLibrary("libc.so.6", versions: [], in: link)
    Self.addLibrary("libunused.so", versions: [], asNeeded: true, in: link)
    link.makeTables(X86_64.self).buildDynamicSymbols()
    link.makeTables(X86_64.self).buildVersionSections()
    link.makeTables(X86_64.self).buildDynamicSection()
    link.tables.synthetic[.dynamicNames] = link.outputs.reserve(count: 1)
    link.outputs[link.synthetic[.dynamicNames]].size = 99
    let names = Self.bytes(link.dynamicSymbols.names.count) {
      link.dynamicSymbols.names.write(to: $0)
    }
    let table = Self.bytes(link.dynamicSection.size(ELF64Little.self)) {
      link.writeOutput(X86_64.self).writeDynamic(to: $0)
    }
    var entries: [UInt64: UInt64] = [:]
    table.withUnsafeBytes { bytes in
      for i in 0..<bytes.count / 16 {
        entries[ELF64Little.load64(bytes.baseAddress! + i * 16)] =
          ELF64Little.load64(bytes.baseAddress! + i * 16 + 8)
      }
    }
    func text(_ tag: UInt64) -> String { Self.string(names, UInt32(entries[tag] ?? 0)) }
    #expect(text(DynamicTag.needed) == "libc.so.6")
    #expect(text(DynamicTag.soname) == "libx.so.1")
    #expect(text(DynamicTag.runPath) == "/a:/b")
    #expect(entries[DynamicTag.stringTableSize] == 99)
    #expect(entries[DynamicTag.flags] == 8)
    #expect(entries[DynamicTag.flags1] == 1)
    #expect(entries[DynamicTag.debug] == nil)
    #expect(table.suffix(16).allSatisfy { $0 == 0 })
  }
}

// MARK: - Support

extension DynamicTablesTests {
  /// Tables as written, with lookups that follow their specifications.
  fileprivate struct Image {
    var symbols: [UInt8]
    var names: [UInt8]
    var gnuHash: [UInt8]
    var sysvHash: [UInt8]

    func name<E: ELFEncoding>(_: E.Type, _ index: Int) -> String {
      symbols.withUnsafeBytes {
        let entry = SymbolEntry<E>($0.baseAddress! + index * SymbolEntry<E>.size)
        return DynamicTablesTests.string(names, entry.name)
      }
    }

    func value<E: ELFEncoding>(_: E.Type, _ index: Int) -> UInt64 {
      symbols.withUnsafeBytes {
        SymbolEntry<E>($0.baseAddress! + index * SymbolEntry<E>.size).value
      }
    }

    func findGNU<E: ELFEncoding>(_: E.Type, _ text: String) -> Int? {
      var hash: UInt32 = 5381
      for byte in text.utf8 { hash = hash &* 33 &+ UInt32(byte) }
      return gnuHash.withUnsafeBytes { bytes in
        let p = bytes.baseAddress!
        let bucketCount = E.load32(p)
        let first = E.load32(p + 4)
        let words = E.load32(p + 8)
        let shift = E.load32(p + 12)
        let bits = UInt32(E.wordSize * 8)
        let word = E.loadWord(p + 16 + Int(hash / bits & (words - 1)) * E.wordSize)
        let one: UInt64 = 1
        let wanted = one << UInt64(hash % bits) | one << UInt64((hash >> shift) % bits)
        if word & wanted != wanted { return nil }
        let buckets = p + 16 + Int(words) * E.wordSize
        let chains = buckets + Int(bucketCount) * 4
        var index = E.load32(buckets + Int(hash % bucketCount) * 4)
        if index == 0 { return nil }
        while true {
          let entry = E.load32(chains + Int(index - first) * 4)
          if entry | 1 == hash | 1, name(E.self, Int(index)) == text { return Int(index) }
          if entry & 1 == 1 { return nil }
          index += 1
        }
      }
    }

    func findSysv<E: ELFEncoding>(_: E.Type, _ text: String) -> Int? {
      let hash = NameHash.sysv(ByteString(copying: text))
      return sysvHash.withUnsafeBytes { bytes in
        let p = bytes.baseAddress!
        let bucketCount = E.load32(p)
        let chains = p + 8 + Int(bucketCount) * 4
        var index = Int(E.load32(p + 8 + Int(hash % bucketCount) * 4))
        while index != 0 {
          if name(E.self, index) == text { return index }
          index = Int(E.load32(chains + index * 4))
        }
        return nil
      }
    }
  }

  fileprivate static func image<E: ELFEncoding>(_ link: Link, _: E.Type) -> Image {
    Image(
      symbols: bytes(link.dynamicSymbols.size(E.self)) {
        link.writeOutput(Toy<E>.self).writeDynamicSymbols(to: $0)
      },
      names: bytes(link.dynamicSymbols.names.count) { link.dynamicSymbols.names.write(to: $0) },
      gnuHash: bytes(link.gnuHashSize(E.self)) {
        link.writeOutput(Toy<E>.self).writeGNUHash(to: $0)
      },
      sysvHash: bytes(link.sysvHashSize) { link.writeOutput(Toy<E>.self).writeSysvHash(to: $0) })
  }

  /// Memory full of ones, so that bytes which nobody writes show, and a guard behind.
  fileprivate static func bytes(
    _ count: Int, _ write: (UnsafeMutableRawPointer) -> Void
  ) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xff, count: count + 8)
    bytes.withUnsafeMutableBytes { write($0.baseAddress!) }
    #expect(bytes.suffix(8).allSatisfy { $0 == 0xff })
    return Array(bytes.prefix(count))
  }

  fileprivate static func string(_ table: [UInt8], _ offset: UInt32) -> String {
    String(decoding: table[Int(offset)...].prefix { $0 != 0 }, as: UTF8.self)
  }

  fileprivate static func link(
    threads: Int, shared: Bool = false, packsRelative: Bool = false,
    allowsUndefinedVersion: Bool = true, _ change: (inout LinkOptions) -> Void = { _ in }
  ) -> Link {
    Link.forTests(threads: threads) {
      $0.packsRelative = packsRelative
      $0.allowsUndefinedVersion = allowsUndefinedVersion
      if shared { $0.outputKind = .sharedLibrary }
      change(&$0)
    }
  }

  /// Makes symbols whose value is their index, as the linker itself defines them.
  fileprivate static func define(
    _ names: [String], _ flags: SymbolFlags, in link: Link, file: UInt32 = .max, source: UInt32 = 0
  ) {
    var occurrences = names.map {
      let name = ByteString(copying: $0)
      return NameTable.Occurrence(start: name.start, count: UInt32(name.count), slot: 0)
    }
    occurrences.withUnsafeMutableBufferPointer {
      link.naming.names.intern(
        $0, units: [.init(first: 0, end: $0.count)], symbols: link.symbols, pool: link.pool,
        list: { _ in }, use: { _ in })
    }
    for occurrence in occurrences {
      let symbol = link.symbols.pointer(SymbolIndex(raw: occurrence.slot))
      symbol.pointee.flags = flags.rawValue
      symbol.pointee.word = UInt64(occurrence.slot)
      symbol.pointee.file = file
      symbol.pointee.source = source
    }
  }

  /// A library with a symbol of each version.
  fileprivate static func addLibrary(
    _ soname: StaticString, versions: [ByteString], asNeeded: Bool = false, in link: Link
  ) {
    var library = SharedLibrary.empty
    library.soname = ByteString(soname)
    library.isAsNeeded = asNeeded
    library.position = UInt64(link.libraries.count)
    library.symbolCount = versions.count
    let size = SymbolEntry<ELF64Little>.size
    let entries: UnsafeMutablePointer<UInt8> = allocateZeroed(count: versions.count * size)
    library.symbols = UnsafePointer(entries)
    let numbers: UnsafeMutablePointer<UInt8> = allocateZeroed(count: versions.count * 2)
    for i in versions.indices { ELF64Little.store16(UInt16(i), numbers + i * 2) }
    library.versionSymbols = UnsafePointer(numbers)
    library.versionNames = .allocate(capacity: max(1, versions.count))
    library.versionNames.initialize(from: versions, count: versions.count)
    library.versionCount = versions.count
    link.libraries.append(library)
  }
}
