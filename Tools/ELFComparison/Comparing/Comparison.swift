import Platform

/// What a comparison leaves out or tolerates.
public struct ComparisonOptions: Sendable {
  public var ignored: Set<Aspect> = []
  /// Symbols whose bytes are not compared.
  public var ignoredSymbols: Set<String> = []
  /// By how many percent the sizes of `.debug_*` may differ: linkers leave out different amounts
  /// of dead or duplicate debug information.
  public var debugTolerance = 5

  public init() {}
}

/// Compares two linked files by meaning.
public func compare(_ a: String, _ b: String, _ options: ComparisonOptions = .init()) throws
  -> Findings
{
  compareFiles(try ELFFile(path: a), try ELFFile(path: b), options)
}

/// As `compare(_:_:_:)` for bytes in memory, which must stay there during the call.
public func compare(
  bytes a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer,
  _ options: ComparisonOptions = .init()
) throws -> Findings {
  compareFiles(
    try ELFFile(path: "first", memory: a), try ELFFile(path: "second", memory: b), options)
}

func compareFiles(_ a: ELFFile, _ b: ELFFile, _ options: ComparisonOptions) -> Findings {
  var comparison = Comparison(a: Image(a), b: Image(b), options: options)
  guard comparison.compareHeaders() else { return comparison.findings }
  comparison.compareSegments()
  comparison.compareSections()
  comparison.compareSymbols()
  comparison.compareDynamic()
  comparison.compareExports()
  comparison.compareRelocations()
  comparison.compareUnwind()
  comparison.compareNotes()
  return comparison.findings
}

/// Two files, how their symbols pair up, and the differences found so far.
struct Comparison {
  let a: Image
  let b: Image
  let same: Equivalence
  let options: ComparisonOptions
  var findings: Findings

  init(a: Image, b: Image, options: ComparisonOptions) {
    self.a = a
    self.b = b
    self.options = options
    same = Equivalence(a, b)
    findings = Findings(ignoring: options.ignored)
  }

  mutating func expectEqual<T: Equatable>(
    _ x: T, _ y: T, _ aspect: Aspect, _ subject: String, _ what: String = ""
  ) {
    if x == y { return }
    findings.add(
      aspect, subject, "\(what)\(what.isEmpty ? "" : " ")\(x) in the first, \(y) in the second")
  }

  /// Reports what only one side has.
  mutating func expectSame(_ x: Set<String>, _ y: Set<String>, _ aspect: Aspect, _ what: String) {
    for name in x.subtracting(y).sorted() {
      findings.add(aspect, name, "\(what) only in the first")
    }
    for name in y.subtracting(x).sorted() {
      findings.add(aspect, name, "\(what) only in the second")
    }
  }

  /// - Returns: whether the files are of one kind, so that going on makes sense.
  mutating func compareHeaders() -> Bool {
    let (x, y) = (a.file, b.file)
    expectEqual(x.is64, y.is64, .header, "class", "64-bit is")
    expectEqual(x.isBigEndian, y.isBigEndian, .header, "byte order", "big endian is")
    expectEqual(x.machine, y.machine, .header, "e_machine")
    expectEqual(x.type, y.type, .header, "e_type")
    expectEqual(x.flags, y.flags, .header, "e_flags")
    let isOneKind = x.is64 == y.is64 && x.isBigEndian == y.isBigEndian && x.machine == y.machine
    if isOneKind, (x.entry == 0) != (y.entry == 0) || !same.sameAddress(x.entry, y.entry) {
      findings.add(.header, "e_entry", "\(hex(x.entry)) and \(hex(y.entry)) are not the same place")
    }
    return isOneKind
  }

  mutating func compareSegments() {
    let kinds = [
      PT.interp, PT.dynamic, PT.tls, PT.relro, PT.stack, PT.ehFrame, PT.property, PT.note,
    ]
    for kind in kinds {
      let (x, y) = (a.file.segment(kind), b.file.segment(kind))
      // The property note is found through PT_NOTE too; not every linker makes its own segment.
      if kind != PT.property {
        expectEqual(x != nil, y != nil, .segments, PT.name(kind), "present is")
      }
      guard let x, let y else { continue }
      if kind == PT.stack { expectEqual(x.flags, y.flags, .segments, PT.name(kind), "flags") }
      if kind == PT.interp {
        expectEqual(
          a.file.bytes.slice(x.offset, x.fileSize)?.string(0),
          b.file.bytes.slice(y.offset, y.fileSize)?.string(0), .segments, "PT_INTERP")
      }
      if kind == PT.tls {
        expectEqual(x.alignment, y.alignment, .tls, "PT_TLS", "alignment")
      }
    }
    func flags(_ file: ELFFile) -> Set<String> {
      // Whether read-only data has its own segment or shares the code's is a matter of layout.
      Set(file.loads.map { $0.isWritable ? "writable" : $0.isExecutable ? "executable" : "" })
        .subtracting([""])
    }
    expectSame(flags(a.file), flags(b.file), .segments, "PT_LOAD")
    compareRelro()
  }

  /// Which of the sections that both have are protected.
  private mutating func compareRelro() {
    func protected(_ file: ELFFile) -> [ByteString: Bool] {
      var map: [ByteString: Bool] = [:]
      let relro = file.segment(PT.relro)
      for section in file.sections
      where section.occupiesMemory && section.flags & SHF.write != 0 && section.size > 0 {
        map[section.name] = relro?.contains(section.address, section.size) ?? false
      }
      return map
    }
    let (x, y) = (protected(a.file), protected(b.file))
    // Where lazily bound slots live differs: .got.plt, or a part of .got.
    for (name, isProtected) in x where !(name == ".got") && !(name == ".got.plt") {
      if let other = y[name] {
        expectEqual(isProtected, other, .segments, String(name), "covered by PT_GNU_RELRO is")
      }
    }
  }

  /// Sections that a linker makes, moves or renames as it likes, by name.
  static let linkerSections: Set<String> = [
    "", ".plt", ".plt.got", ".plt.sec", ".iplt", ".got", ".got.plt", ".comment", ".shstrtab",
    ".strtab", ".symtab", ".symtab_shndx", ".dynstr", ".rela.dyn", ".rela.plt", ".rel.dyn",
    ".rel.plt", ".gnu.hash", ".hash", ".relro_padding", ".bss.rel.ro", ".copyrel",
    ".copyrel.rel.ro", ".dynbss", ".note.gnu.gold-version", ".eh_frame_hdr", ".gnu.version",
    ".gnu.version_r", ".gnu.version_d", ".dynamic", ".relr.dyn", ".gnu.version_d",
    ".note.gnu.build-id", ".note.gnu.property", ".tm_clone_table", ".data.rel.ro",
  ]

  /// `.rodata.cst16`, `.data.rel.ro.local` and the like are parts of the section that others merge
  /// them into.
  private static func canonicalSection(_ name: ByteString) -> String {
    let text = String(name)
    for prefix in [".rodata", ".text", ".data.rel.ro", ".data", ".bss", ".tdata", ".tbss"] {
      if text == prefix || text.hasPrefix(prefix + ".") { return prefix }
    }
    return text
  }

  mutating func compareSections() {
    func list(_ file: ELFFile) -> [String: SectionHeader] {
      var map: [String: SectionHeader] = [:]
      for section in file.sections where section.size > 0 && section.type != 0 {
        let name = Self.canonicalSection(section.name)
        // Warnings to print when a symbol is used are for the linker; some leave them in.
        if name.hasPrefix(".gnu.warning.") { continue }
        if !Self.linkerSections.contains(name) { map[name] = section }
      }
      return map
    }
    let (x, y) = (list(a.file), list(b.file))
    expectSame(Set(x.keys), Set(y.keys), .sections, "section")
    let meaning = SHF.write | SHF.alloc | SHF.execute | SHF.tls
    for (name, section) in x {
      guard let other = y[name] else { continue }
      // x86-64's own SHT_X86_64_UNWIND is progbits by another name.
      func type(_ section: SectionHeader) -> UInt32 {
        section.type == 0x7000_0001 ? SHT.progbits : section.type
      }
      if section.isAllocated { expectEqual(type(section), type(other), .sections, name, "type") }
      expectEqual(section.flags & meaning, other.flags & meaning, .sections, name, "flags")
      if name.hasPrefix(".debug_"), section.flags & SHF.compressed == other.flags & SHF.compressed {
        let (small, big) = (min(section.size, other.size), max(section.size, other.size))
        if (big - small) / max(big / 100, 1) > UInt64(options.debugTolerance) {
          findings.add(
            .debug, name, "\(section.size) bytes in the first, \(other.size) in the second")
        }
      }
    }
  }

  /// Notes by contents, except for the build-id, whose bytes and default length are the linker's,
  /// and properties, of which those that only inform (which ISA is used) are left out by some.
  mutating func compareNotes() {
    func notes(_ file: ELFFile) -> Set<String> {
      var set: Set<String> = []
      for section in file.sections where section.type == SHT.note {
        guard let view = file.contents(section) else { continue }
        for note in ELFNote.read(view, alignment: section.alignment).notes {
          let subject = "\(note.name) type \(note.type)"
          guard note.name == "GNU" else {
            // Others' notes may hold addresses (SystemTap's do), so only their size is compared.
            set.insert("\(subject) of \(note.contents.count) bytes")
            continue
          }
          switch note.type {
          case 3: set.insert("build-id")
          case 4: break  // gold's version
          case 5: set.formUnion(enforcedProperties(note.contents, wordSize: file.wordSize))
          default: set.insert("\(subject): \(hexBytes(note.contents))")
          }
        }
      }
      return set
    }
    expectSame(notes(a.file), notes(b.file), .notes, "note")
  }

  /// The properties that change how a program is run: `…_FEATURE_1_AND` of x86 and AArch64.
  private func enforcedProperties(_ view: ByteView, wordSize: Int) -> Set<String> {
    var set: Set<String> = []
    var at = 0
    while let type = view.u32(at), let size = view.u32(at + 4),
      let contents = view.slice(at + 8, Int(size))
    {
      if type == 0xc000_0002 || type == 0xc000_0000, !contents.isAllZero {
        set.insert("property \(hex(type)): \(hexBytes(contents))")
      }
      at = (at + 8 + Int(size) + wordSize - 1) & ~(wordSize - 1)
    }
    return set
  }

  private func hexBytes(_ view: ByteView) -> String {
    (0..<min(view.count, 256)).map { String(view.u8($0)!, radix: 16) }.joined(separator: " ")
  }
}
