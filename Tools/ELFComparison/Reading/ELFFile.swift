import Glibc
import Platform

/// Why a file cannot be read as ELF at all; anything less is a finding of the checks.
public struct UnreadableFile: Error, CustomStringConvertible {
  public let description: String
}

struct ProgramHeader {
  var type: UInt32
  var flags: UInt32
  var offset: UInt64
  var address: UInt64
  var fileSize: UInt64
  var memorySize: UInt64
  var alignment: UInt64

  var isReadable: Bool { flags & 4 != 0 }
  var isWritable: Bool { flags & 2 != 0 }
  var isExecutable: Bool { flags & 1 != 0 }
  /// One past the last byte in memory; saturates.
  var endAddress: UInt64 { address.addingClamped(memorySize) }

  func contains(_ address: UInt64, _ size: UInt64 = 0) -> Bool {
    address >= self.address && address.addingClamped(size) <= endAddress
  }
}

struct SectionHeader {
  var name: ByteString
  var nameOffset: UInt32
  var type: UInt32
  var flags: UInt64
  var address: UInt64
  var offset: UInt64
  var size: UInt64
  var link: UInt32
  var info: UInt32
  var alignment: UInt64
  var entrySize: UInt64

  var isAllocated: Bool { flags & SHF.alloc != 0 }
  var isTLS: Bool { flags & SHF.tls != 0 }
  /// `.tbss` has an address but takes no room there.
  var occupiesMemory: Bool { isAllocated && !(isTLS && type == SHT.nobits) }
  var endAddress: UInt64 { address.addingClamped(size) }

  func contains(_ address: UInt64) -> Bool { address >= self.address && address < endAddress }
}

struct ELFSymbol {
  var name: ByteString
  var nameOffset: UInt32
  var info: UInt8
  var other: UInt8
  /// The section's index, `SHN_XINDEX` resolved; reserved values as they are in the file.
  var section: UInt32
  /// Whether `section` is a real index (also above `SHN_LORESERVE`, through `SHT_SYMTAB_SHNDX`).
  var hasSection: Bool
  var value: UInt64
  var size: UInt64

  var type: UInt8 { info & 15 }
  var binding: UInt8 { info >> 4 }
  var visibility: UInt8 { other & 3 }
  var isDefined: Bool { hasSection || section != SHN.undefined }
  var isLocal: Bool { binding == 0 }
}

extension UInt64 {
  func addingClamped(_ other: UInt64) -> UInt64 {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}

/// An ELF file of either class and byte order, read whole and without trust.
struct ELFFile: Sendable {
  let path: String
  let bytes: ByteView
  let is64: Bool
  let type: UInt16
  let machine: UInt16
  let flags: UInt32
  let osABI: UInt8
  let entry: UInt64
  let programHeaderOffset: UInt64
  let sectionHeaderOffset: UInt64
  let programHeaders: [ProgramHeader]
  let sections: [SectionHeader]
  let sectionNameTable: Int
  /// `PT_LOAD` entries ordered by address, for address lookups.
  let loads: [ProgramHeader]

  var isBigEndian: Bool { bytes.isBigEndian }
  var wordSize: Int { is64 ? 8 : 4 }

  /// Maps and reads `path`.
  init(path: String) throws {
    let input: MappedInput
    do { input = try MappedInput(path: path) } catch {
      throw UnreadableFile(description: "\(path): cannot read: \(error)")
    }
    try self.init(path: path, memory: input.bytes)
  }

  init(path: String, memory: UnsafeRawBufferPointer) throws {
    func bad(_ reason: String) -> UnreadableFile {
      UnreadableFile(description: "\(path): \(reason)")
    }
    guard memory.count >= 52, let base = memory.baseAddress, memory[0] == 0x7f,
      memory[1] == 0x45, memory[2] == 0x4c, memory[3] == 0x46
    else { throw bad("not an ELF file") }
    guard memory[4] == 1 || memory[4] == 2 else { throw bad("unknown ELF class \(memory[4])") }
    guard memory[5] == 1 || memory[5] == 2 else { throw bad("unknown byte order \(memory[5])") }
    let is64 = memory[4] == 2
    let view = ByteView(start: base, count: memory.count, isBigEndian: memory[5] == 2)
    var cursor = ByteCursor(view, at: 16)
    func word() -> UInt64? { is64 ? cursor.u64() : cursor.u32().map(UInt64.init) }
    guard let type = cursor.u16(), let machine = cursor.u16(), cursor.u32() != nil,
      let entry = word(), let phoff = word(), let shoff = word(), let flags = cursor.u32(),
      let headerSize = cursor.u16(), let phentsize = cursor.u16(), let phnum = cursor.u16(),
      let shentsize = cursor.u16(), let shnum = cursor.u16(), let shstrndx = cursor.u16()
    else { throw bad("the ELF header is truncated") }
    guard headerSize == (is64 ? 64 : 52) else { throw bad("e_ehsize is \(headerSize)") }

    let sectionSize = is64 ? 64 : 40
    var sections: [SectionHeader] = []
    var nameTable = Int(shstrndx)
    var segmentCount = Int(phnum)
    if shoff != 0 {
      guard shentsize == sectionSize else { throw bad("e_shentsize is \(shentsize)") }
      guard let first = Self.sectionHeader(view, Int(clamping: shoff), is64: is64) else {
        throw bad("the section header table lies outside the file")
      }
      // Counts too big for the header are in the first section header (gABI, "ELF Header").
      let count = shnum != 0 ? UInt64(shnum) : first.size
      if nameTable == Int(SHN.xindex) { nameTable = Int(first.link) }
      if segmentCount == 0xffff { segmentCount = Int(first.info) }
      guard count <= UInt64(view.count / sectionSize),
        let table = view.slice(shoff, count * UInt64(sectionSize))
      else { throw bad("the section header table lies outside the file") }
      sections.reserveCapacity(Int(count))
      for i in 0..<Int(count) {
        sections.append(Self.sectionHeader(table, i * sectionSize, is64: is64)!)
      }
      if nameTable < sections.count {
        let names = sections[nameTable]
        if names.type != SHT.nobits, let strings = view.slice(names.offset, names.size) {
          for i in sections.indices {
            sections[i].name = strings.string(Int(sections[i].nameOffset)) ?? ByteString("")
          }
        }
      }
    }

    let segmentSize = is64 ? 56 : 32
    var segments: [ProgramHeader] = []
    if segmentCount != 0 {
      guard phentsize == segmentSize else { throw bad("e_phentsize is \(phentsize)") }
      guard segmentCount <= view.count / segmentSize,
        let table = view.slice(phoff, UInt64(segmentCount * segmentSize))
      else { throw bad("the program header table lies outside the file") }
      for i in 0..<segmentCount {
        segments.append(Self.programHeader(table, i * segmentSize, is64: is64)!)
      }
    }
    self.path = path
    self.bytes = view
    self.is64 = is64
    self.type = type
    self.machine = machine
    self.flags = flags
    self.osABI = memory[7]
    self.entry = entry
    self.programHeaderOffset = phoff
    self.sectionHeaderOffset = shoff
    self.programHeaders = segments
    self.sections = sections
    self.sectionNameTable = nameTable
    self.loads = segments.filter { $0.type == PT.load }.sorted { $0.address < $1.address }
  }

  private static func sectionHeader(_ view: ByteView, _ at: Int, is64: Bool) -> SectionHeader? {
    guard let bytes = view.slice(at, is64 ? 64 : 40) else { return nil }
    let w = is64 ? 8 : 4
    func word(_ offset: Int) -> UInt64 { bytes.word(offset, is64: is64)! }
    return SectionHeader(
      name: ByteString(""), nameOffset: bytes.u32(0)!, type: bytes.u32(4)!, flags: word(8),
      address: word(8 + w), offset: word(8 + 2 * w), size: word(8 + 3 * w),
      link: bytes.u32(8 + 4 * w)!, info: bytes.u32(12 + 4 * w)!, alignment: word(16 + 4 * w),
      entrySize: word(16 + 5 * w))
  }

  private static func programHeader(_ view: ByteView, _ at: Int, is64: Bool) -> ProgramHeader? {
    guard let bytes = view.slice(at, is64 ? 56 : 32) else { return nil }
    if is64 {
      return ProgramHeader(
        type: bytes.u32(0)!, flags: bytes.u32(4)!, offset: bytes.u64(8)!, address: bytes.u64(16)!,
        fileSize: bytes.u64(32)!, memorySize: bytes.u64(40)!, alignment: bytes.u64(48)!)
    }
    func word(_ offset: Int) -> UInt64 { UInt64(bytes.u32(offset)!) }
    return ProgramHeader(
      type: bytes.u32(0)!, flags: bytes.u32(24)!, offset: word(4), address: word(8),
      fileSize: word(16), memorySize: word(20), alignment: word(28))
  }
}

// MARK: - Looking up

extension ELFFile {
  func segment(_ type: UInt32) -> ProgramHeader? { programHeaders.first { $0.type == type } }

  func section(named name: StaticString) -> SectionHeader? { sections.first { $0.name == name } }

  func contents(_ section: SectionHeader) -> ByteView? {
    section.type == SHT.nobits ? nil : bytes.slice(section.offset, section.size)
  }

  /// The segment that holds `address`: the last one that starts before it, or none.
  func load(at address: UInt64) -> ProgramHeader? {
    let behind = loads.partitioningIndex { $0.address > address }
    guard behind > 0, loads[behind - 1].endAddress > address else { return nil }
    return loads[behind - 1]
  }

  /// The file's bytes from `address` to the end of what its segment has in the file.
  func bytes(from address: UInt64) -> ByteView? {
    guard let load = load(at: address) else { return nil }
    let within = address - load.address
    guard within < load.fileSize else { return nil }
    let offset = Int(clamping: load.offset.addingClamped(within))
    guard offset < bytes.count else { return nil }
    let count = min(Int(clamping: load.fileSize - within), bytes.count - offset)
    return bytes.slice(offset, count)
  }

  /// The `count` bytes at `address` in the file; `nil` when any of them is not there.
  func bytes(at address: UInt64, count: UInt64) -> ByteView? {
    bytes(from: address)?.slice(0, count)
  }

  /// The word at `address`; zero in memory without file bytes, `nil` outside any segment.
  func word(at address: UInt64) -> UInt64? {
    if let view = bytes(from: address) { return view.word(0, is64: is64) }
    return load(at: address) == nil ? nil : 0
  }

  /// The symbols of a `SHT_SYMTAB` or `SHT_DYNSYM` section; empty when it is malformed.
  func symbols(_ table: SectionHeader) -> [ELFSymbol] {
    guard let view = contents(table) else { return [] }
    var strings: ByteView?
    if Int(table.link) < sections.count { strings = contents(sections[Int(table.link)]) }
    var extended: ByteView?
    if let own = sections.firstIndex(where: { $0.offset == table.offset && $0.type == table.type }),
      let indices = sections.first(where: { $0.type == SHT.symtabShndx && Int($0.link) == own })
    {
      extended = contents(indices)
    }
    return symbols(view, strings: strings, extended: extended)
  }

  func symbols(_ view: ByteView, strings: ByteView?, extended: ByteView?) -> [ELFSymbol] {
    let size = is64 ? 24 : 16
    var symbols: [ELFSymbol] = []
    symbols.reserveCapacity(view.count / size)
    for i in 0..<(view.count / size) {
      let at = i * size
      let nameOffset = view.u32(at)!
      let tail = at + (is64 ? 4 : 12)
      var section = UInt32(view.u16(tail + 2)!)
      var isIndex = section != SHN.undefined && section < SHN.loReserve
      if section == SHN.xindex, let index = extended?.u32(i * 4) {
        section = index
        isIndex = true
      }
      symbols.append(
        ELFSymbol(
          name: strings?.string(Int(nameOffset)) ?? ByteString(""), nameOffset: nameOffset,
          info: view.u8(tail)!, other: view.u8(tail + 1)!, section: section, hasSection: isIndex,
          value: view.word(at + (is64 ? 8 : 4), is64: is64)!,
          size: view.word(at + (is64 ? 16 : 8), is64: is64)!))
    }
    return symbols
  }
}
