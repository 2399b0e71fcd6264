import ELFFormat
import Glibc
import Platform
import Testing

@testable import Linker

/// Inputs that broke the linker once, or that would if a check were missing: each has to end in an
/// error or an output, never in a trap, a hang, or memory without end.
@Suite struct HostileInputTests {
  typealias Case = @Sendable (inout HostileObject) -> Void

  /// Links objects in memory into nothing. True if that failed with an error, as it should mostly.
  private func fails(
    _ objects: [HostileObject], _ change: (inout LinkOptions) -> Void = { _ in }
  ) -> Bool {
    var options = LinkOptions()
    options.outputPath = "/dev/null"
    options.threads = 1
    options.demangles = false
    options.suppressesWarnings = true
    options.unresolvedPolicy = .ignoreAll
    for (i, object) in objects.enumerated() {
      let bytes = object.bytes
      let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: bytes.count)
      copy.initialize(from: bytes, count: bytes.count)
      let path = "hostile\(i).o"
      options.memoryFiles[path] = ByteString(start: copy, count: bytes.count)
      options.inputs.append(.init(.path(path), .init()))
    }
    change(&options)
    let diagnostics = Diagnostics(options: options, output: Self.nowhere)
    do {
      try Link.run(options, diagnostics: diagnostics)
    } catch {
      #expect(diagnostics.hasErrors)
    }
    return diagnostics.hasErrors
  }

  private static let nowhere = try! FileDescriptor.open("/dev/null", flags: O_WRONLY)

  private func asShared(_ options: inout LinkOptions) { options.outputKind = .sharedLibrary }

  @Test func plainObjectLinks() {
    #expect(!fails([HostileObject()], asShared))
    #expect(!fails([HostileObject()]))
  }

  @Test func relocationsOfSectionWithoutBytes() {
    var object = HostileObject()
    object.add(.init(".bss", .nobits, flags: [.alloc, .write], size: 8, offset: .max - 4))
    object.relocate(object.sections.count, [.init(offset: 0, type: 1, symbol: 1)])
    #expect(fails([object], asShared))
  }

  @Test func hugeSections() {
    for size: UInt64 in [1 << 46, 1 << 47, 1 << 63, .max] {
      var object = HostileObject()
      for i in 0..<4 {
        object.add(.init(".bss\(i)", .nobits, flags: [.alloc, .write], size: size))
      }
      #expect(fails([object], asShared))
    }
  }

  @Test func hugeAlignments() {
    for alignment: UInt64 in [3, 1 << 33, 1 << 63] {
      var object = HostileObject()
      object.add(
        .init(".data", .progbits, flags: [.alloc, .write], bytes: [1], alignment: alignment))
      #expect(fails([object], asShared))
    }
  }

  /// Zeros between two sections with bytes are a hole in the file, not memory.
  @Test func hugeZeroFillInsideData() {
    var object = HostileObject()
    object.add(.init(".data", .progbits, flags: [.alloc, .write], bytes: [1]))
    object.add(.init(".data", .nobits, flags: [.alloc, .write], size: 1 << 40))
    object.add(.init(".data", .progbits, flags: [.alloc, .write], bytes: [1], alignment: 1 << 32))
    _ = fails([object], asShared)
  }

  @Test func hugeUnloadedSectionIsNotCompressed() {
    var object = HostileObject()
    object.add(.init(".debug_x", .nobits, flags: [], size: 1 << 46))
    #expect(
      !fails([object]) {
        $0.outputKind = .sharedLibrary; $0.debugCompression = .zlib
      })
  }

  @Test func hugeCommons() {
    for (size, alignment): (UInt64, UInt64) in [
      (.max, 1), (1 << 47, 1), (8, 1 << 63), (8, 1 << 40),
    ] {
      var object = HostileObject()
      object.symbols.append(
        .init(name: 1, info: 0x11, section: 0xfff2, value: alignment, size: size))
      #expect(fails([object], asShared))
    }
  }

  /// The call after a general-dynamic access is passed over by the scan and the writer alike.
  @Test func resolverCallWithBadSymbol() {
    var object = HostileObject()
    // data16 lea x@tlsgd(%rip), %rdi; data16 data16 rex64 call: twice, the second one damaged.
    let good: [UInt8] = [
      0x66, 0x48, 0x8d, 0x3d, 0, 0, 0, 0, 0x66, 0x66, 0x48, 0xe8, 0, 0, 0, 0,
    ]
    let bad: [UInt8] = [
      0x90, 0x48, 0x8d, 0x3d, 0, 0, 0, 0, 0x90, 0x90, 0x90, 0xe8, 0, 0, 0, 0,
    ]
    object.add(
      .init(".tdata", .progbits, flags: [.alloc, .write, .threadLocal], bytes: [1, 0, 0, 0]))
    object.symbols.append(
      .init(name: 1, info: 0x16, section: UInt16(object.sections.count), value: 0, size: 4))
    let symbol = UInt32(object.symbols.count)
    object.add(.init(".text.x", .progbits, flags: [.alloc, .execute], bytes: good + bad))
    object.relocate(
      object.sections.count,
      [
        .init(offset: 4, type: 19, symbol: symbol, addend: -4),
        .init(offset: 12, type: 4, symbol: 0x7fff_ffff, addend: -4),
        .init(offset: 20, type: 19, symbol: symbol, addend: -4),
      ])
    _ = fails([object])
  }

  /// Without addends they are in the bytes, where nobody looks for them on this machine.
  @Test func compactRelocationsWithoutAddends() {
    for (header, isWrong): (UInt8, Bool) in [(1 << 3 | 4, false), (1 << 3, true), (0, false)] {
      var object = HostileObject()
      object.add(
        .init(
          ".data", .progbits, flags: [.alloc, .write], bytes: [5, 0, 0, 0, 0, 0, 0, 0], alignment: 8
        ))
      // Offset 0, symbol 1, type R_X86_64_64.
      let entry: [UInt8] = header == 0 ? [] : [3, 1, 1]
      object.add(.init(".crel", .crel, flags: [], bytes: [header] + entry))
      object.sections[2].info = 2
      object.sections[2].link = 4
      #expect(fails([object]) { $0.outputKind = .sharedLibrary } == isWrong)
    }
  }

  /// The first relocation writes over the instruction that the second one rewrites.
  @Test func overlappingRelocationsChangeInstructions() {
    var object = HostileObject()
    object.add(
      .init(".tdata", .progbits, flags: [.alloc, .write, .threadLocal], bytes: [1, 0, 0, 0]))
    object.symbols.append(
      .init(name: 1, info: 0x16, section: UInt16(object.sections.count), value: 0, size: 4))
    let symbol = UInt32(object.symbols.count)
    // lea x@tlsgd(%rip), %rdi; movabs; add; call *%rax: the large form, without a byte before it.
    object.add(
      .init(
        ".text.x", .progbits, flags: [.alloc, .execute],
        bytes: [
          0x48, 0x8d, 0x3d, 0, 0, 0, 0, 0x48, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0x48, 0x01, 0xd8, 0xff,
          0xd0,
        ]))
    object.relocate(
      object.sections.count,
      [
        .init(offset: 7, type: 10, symbol: 0, addend: 0xe848_6666),
        .init(offset: 3, type: 19, symbol: symbol, addend: -4),
        .init(offset: 9, type: 31, symbol: symbol, addend: 0),
      ])
    _ = fails([object])
  }

  @Test func frameRelocationWithoutSymbols() {
    var object = HostileObject()
    object.symbols = []
    object.hasSymbols = false
    object.add(
      .init(
        ".eh_frame", .progbits, flags: .alloc,
        bytes: [12, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0]))
    object.relocate(object.sections.count, [.init(offset: 8, type: 2, symbol: 0)])
    #expect(fails([object], asShared))
  }

  /// Anything that a single changed field can do to an object.
  @Test func everyFieldOfEveryHeader() {
    let object = HostileObject.rich
    let bytes = object.bytes
    let headers = object.headersOffset
    for i in 0..<(bytes.count - headers) / 64 {
      for (field, width) in [(4, 4), (8, 8), (24, 8), (32, 8), (40, 4), (44, 4), (48, 8), (56, 8)] {
        for value: UInt64 in [0, 1, 2, 7, 0xffff, 1 << 31, 1 << 47, 1 << 63, .max] {
          var changed = HostileObject()
          changed.raw = bytes
          for k in 0..<width {
            changed.raw[headers + i * 64 + field + k] = UInt8(
              truncatingIfNeeded: value >> UInt64(k * 8))
          }
          _ = fails([changed]) {
            $0.outputKind = .sharedLibrary
            $0.collectsGarbage = i & 1 == 0
            $0.errorLimit = 1
          }
        }
      }
    }
  }

  /// Each section follows the next one, and only the last is reached; with one name, and with a name
  /// for each. Work that grows with the square of the chain would take minutes.
  @Test(.timeLimit(.minutes(1)), arguments: [false, true])
  func longChainsOfLinkedSections(hasManyNames: Bool) {
    let count = 60_000
    var object = HostileObject()
    for i in 0..<count {
      var section = HostileObject.Section(
        hasManyNames ? "x\(i)" : "x", .progbits, flags: [.alloc, .linkOrder], bytes: [1])
      // Section 1 is the root; these have numbers from 2 on.
      section.link = i + 1 == count ? 1 : UInt32(i + 3)
      object.add(section)
    }
    object.symbols[0].name = 3
    #expect(!fails([object]) { $0.collectsGarbage = true })
    #expect(!fails([object]))
  }

  /// A group lives with any of its members, and one of them follows a member of the group before.
  @Test(.timeLimit(.minutes(1))) func longChainsOfGroups() {
    var object = HostileObject()
    for _ in 0..<15_000 {
      let first = UInt32(object.sections.count + 1)
      var follower = HostileObject.Section(
        ".rodata", .progbits, flags: [.alloc, .linkOrder, .group], bytes: [1])
      follower.link = first == 2 ? 1 : first - 2
      object.add(follower)
      object.add(.init(".data", .progbits, flags: [.alloc, .write, .group], bytes: [1]))
      let words = [1, first, first + 1]
      var group = HostileObject.Section(
        ".group", .group, flags: [],
        bytes: words.flatMap { word in
          (0..<4).map { UInt8(truncatingIfNeeded: word >> UInt32($0 * 8)) }
        }, entrySize: 4)
      group.info = 1
      object.add(group)
    }
    #expect(!fails([object]) { $0.collectsGarbage = true })
  }

  /// Ways of lying about what a compressed section expands to, each refused before there is room
  /// for it; and the truth.
  @Test func sizesOfCompressedSections() {
    // Frames of zstd: magic, a descriptor with or without the size, then one block of 128 KiB of the
    // same byte.
    let block: [UInt8] = [0x03, 0x00, 0x10, 0x41]
    let sized: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0xa0, 0x00, 0x00, 0x02, 0x00] + block
    let unsized: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38] + block
    let nothing: [UInt8] = [0x78, 0x9c, 3, 0, 0, 0, 0, 1]
    let cases: [(type: UInt8, size: UInt64, data: [UInt8], isGood: Bool)] = [
      (2, 1 << 17, sized, true), (2, 1 << 17, unsized, true), (2, 1 << 18, sized + unsized, true),
      (2, 1 << 18, sized + sized, true), (2, 1 << 18, sized, false), (2, 1 << 37, unsized, false),
      (2, 1 << 37, sized, false), (2, 1 << 17, Array(sized.dropLast()), false), (2, 1, [], false),
      (1, 0, nothing, true), (1, 1 << 37, nothing, false), (1, 9000, nothing, false),
      (1, .max, nothing, false),
    ]
    for entry in cases {
      let header = Self.compressionHeader(entry.type, entry.size)
      var object = HostileObject()
      object.add(.init(".debug_x", .progbits, flags: .compressed, bytes: header + entry.data))
      let fails = fails([object], asShared)
      #expect(fails != entry.isGood, "type \(entry.type), size \(entry.size)")
    }
  }

  private static func compressionHeader(_ type: UInt8, _ size: UInt64) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 24)
    bytes[0] = type
    for i in 0..<8 { bytes[8 + i] = UInt8(truncatingIfNeeded: size >> UInt64(i * 8)) }
    bytes[16] = 1
    return bytes
  }

  @Test func expansionAsksForRoom() {
    let header = Self.compressionHeader(2, 1 << 17)
    let frame: [UInt8] = [0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x38, 0x03, 0x00, 0x10, 0x41]
    let bytes = header + frame
    let (kept, refused) = bytes.withUnsafeBufferPointer { buffer in
      let raw = ByteString(start: buffer.baseAddress!, count: buffer.count)
      func expand(_ hasRoom: Bool) -> Int? {
        let result = try? Expansion.expand(ELF64Little.self, raw, isOld: false, section: 1) {
          $0 == 1 << 17 && hasRoom
        }
        return result?.bytes.count
      }
      return (expand(true), expand(false))
    }
    #expect(kept == 1 << 17)
    #expect(refused == nil)
  }

  @Test func archiveWithoutEnd() {
    for text in ["!<arch>\n", "!<thin>\n", "!<arch>\n/               ", "!<arch>\n\n\n\n"] {
      let bytes = ByteString(copying: text)
      #expect(
        throws: Archive.Failure.self,
        performing: {
          let archive = try Archive(path: "a", bytes: bytes)
          try archive.forEachMember { _ in }
          if bytes.count == 8 { throw Archive.Failure("empty archives are fine") }
        })
    }
  }

  /// A thin archive may name a device that never ends.
  @Test func deviceWithoutEnd() {
    #expect(throws: Errno(EFBIG)) { try MappedInput(path: "/dev/zero", streamLimit: 1 << 20) }
    #expect((try? MappedInput(path: "/dev/null"))?.count == 0)
  }
}

/// An ELF64 object with whatever is wrong in it.
struct HostileObject {
  struct Section {
    var name: String
    var type: SectionType
    var flags: SectionFlags
    var bytes: [UInt8] = []
    var size: UInt64?
    var offset: UInt64?
    var alignment: UInt64 = 1
    var link: UInt32 = 0
    var info: UInt32 = 0
    var entrySize: UInt64 = 0

    init(
      _ name: String, _ type: SectionType, flags: SectionFlags, bytes: [UInt8] = [],
      size: UInt64? = nil, offset: UInt64? = nil, alignment: UInt64 = 1, entrySize: UInt64 = 0
    ) {
      self.name = name
      self.type = type
      self.flags = flags
      self.bytes = bytes
      self.size = size
      self.offset = offset
      self.alignment = alignment
      self.entrySize = entrySize
    }
  }

  struct SymbolRecord {
    var name: UInt32
    var info: UInt8
    var section: UInt16
    var value: UInt64
    var size: UInt64
  }

  struct Relocation {
    var offset: UInt64
    var type: UInt32
    var symbol: UInt32
    var addend: Int64 = 0
  }

  /// From section 1 on; the tables follow.
  var sections: [Section] = []
  /// From symbol 1 on, all global.
  var symbols: [SymbolRecord] = []
  var hasSymbols = true
  /// Taken as they are, if there are any.
  var raw: [UInt8] = []
  private var relocations: [(target: Int, list: [Relocation])] = []

  init() {
    add(.init(".text", .progbits, flags: [.alloc, .execute], bytes: [0xc3]))
    symbols.append(.init(name: 3, info: 0x12, section: 1, value: 0, size: 1))
  }

  mutating func add(_ section: Section) { sections.append(section) }

  mutating func relocate(_ target: Int, _ list: [Relocation]) { relocations.append((target, list)) }

  /// One of each kind of section.
  static var rich: HostileObject {
    var object = HostileObject()
    object.add(
      .init(
        ".rodata.str1.1", .progbits, flags: [.alloc, .merge, .strings], bytes: [65, 0, 66, 0],
        entrySize: 1))
    object.add(
      .init(
        ".data", .progbits, flags: [.alloc, .write], bytes: [UInt8](repeating: 0, count: 32),
        alignment: 8))
    object.relocate(
      3, [.init(offset: 0, type: 1, symbol: 1), .init(offset: 8, type: 1, symbol: 2)])
    object.add(.init(".bss", .nobits, flags: [.alloc, .write], size: 16, alignment: 8))
    object.add(
      .init(
        ".eh_frame", .progbits, flags: .alloc,
        bytes: [12, 0, 0, 0, 0, 0, 0, 0, 1, 0x7a, 0x52, 0, 1, 16, 1, 27]
          + [16, 0, 0, 0, 20, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0], alignment: 8))
    object.relocate(5, [.init(offset: 24, type: 2, symbol: 1)])
    object.add(.init(".group", .group, flags: [], bytes: [1, 0, 0, 0, 3, 0, 0, 0], entrySize: 4))
    object.sections[5].info = 1
    object.sections[5].link = 9
    object.symbols.append(.init(name: 1, info: 0x11, section: 3, value: 4, size: 8))
    object.symbols.append(.init(name: 1, info: 0x11, section: 0xfff2, value: 4, size: 8))
    return object
  }

  /// Where the section headers begin in `bytes`.
  var headersOffset: Int {
    bytes.withUnsafeBytes { Int(ELF64Little.load64($0.baseAddress! + 40)) }
  }

  var bytes: [UInt8] {
    if !raw.isEmpty { return raw }
    typealias E = ELF64Little
    var all = sections
    for (target, list) in relocations {
      var bytes = [UInt8](repeating: 0, count: list.count * 24)
      bytes.withUnsafeMutableBytes { buffer in
        for (i, entry) in list.enumerated() {
          RelaEntry<E>.write(
            to: buffer.baseAddress! + i * 24, offset: entry.offset, type: entry.type,
            symbol: entry.symbol, addend: entry.addend)
        }
      }
      var section = Section(".rela", .rela, flags: [], bytes: bytes, entrySize: 24)
      section.info = UInt32(target)
      section.link = hasSymbols ? UInt32(sections.count + relocations.count + 1) : 0
      all.append(section)
    }
    let names = Array("\0x\0_start\0".utf8)
    if hasSymbols {
      var bytes = [UInt8](repeating: 0, count: (symbols.count + 1) * 24)
      bytes.withUnsafeMutableBytes { buffer in
        for (i, symbol) in symbols.enumerated() {
          SymbolEntry<E>.write(
            to: buffer.baseAddress! + (i + 1) * 24, name: symbol.name, info: symbol.info, other: 0,
            sectionIndex: symbol.section, value: symbol.value, byteCount: symbol.size)
        }
      }
      var section = Section(".symtab", .symbolTable, flags: [], bytes: bytes, entrySize: 24)
      section.info = 1
      section.link = UInt32(all.count + 2)
      all.append(section)
    }
    all.append(Section(".strtab", .stringTable, flags: [], bytes: names))
    var sectionNames: [UInt8] = [0]
    var nameOffsets: [Int] = []
    for section in all {
      nameOffsets.append(sectionNames.count)
      sectionNames += Array(section.name.utf8) + [0]
    }
    nameOffsets.append(0)
    all.append(Section("", .stringTable, flags: [], bytes: sectionNames))

    var file = [UInt8](repeating: 0, count: 64)
    var offsets: [Int] = []
    for section in all {
      while file.count % 8 != 0 { file.append(0) }
      offsets.append(file.count)
      file += section.bytes
    }
    while file.count % 8 != 0 { file.append(0) }
    let headers = file.count
    file += [UInt8](repeating: 0, count: (all.count + 1) * 64)
    file.withUnsafeMutableBytes { buffer in
      let p = buffer.baseAddress!
      for (i, byte) in [0x7f, 0x45, 0x4c, 0x46, 2, 1, 1].enumerated() {
        p.storeBytes(of: UInt8(byte), toByteOffset: i, as: UInt8.self)
      }
      E.store16(FileType.relocatable, p + 16)
      E.store16(MachineNumber.x86_64, p + 18)
      E.store32(1, p + 20)
      E.store64(UInt64(headers), p + 40)
      E.store16(64, p + 52)
      E.store16(64, p + 58)
      E.store16(UInt16(all.count + 1), p + 60)
      E.store16(UInt16(all.count), p + 62)
      for (i, section) in all.enumerated() {
        let h = p + headers + (i + 1) * 64
        E.store32(UInt32(nameOffsets[i]), h)
        E.store32(section.type.rawValue, h + 4)
        E.store64(section.flags.rawValue, h + 8)
        E.store64(section.offset ?? UInt64(offsets[i]), h + 24)
        E.store64(section.size ?? UInt64(section.bytes.count), h + 32)
        E.store32(section.link, h + 40)
        E.store32(section.info, h + 44)
        E.store64(section.alignment, h + 48)
        E.store64(section.entrySize, h + 56)
      }
    }
    return file
  }
}
