import Platform

// The ELF header, program headers and section headers, and how they lie over each other.

extension Checker {
  mutating func checkHeader() {
    let file = self.file
    expect(file.type == 2 || file.type == 3, .header, "e_type", "\(file.type) is no linked output")
    expect(file.bytes.u8(6) == 1, .header, "e_ident", "EI_VERSION is not 1")
    expect(file.bytes.u32(20) == 1, .header, "e_version", "is not 1")
    expect(file.machine != 0, .header, "e_machine", "is EM_NONE")
    if file.entry != 0 {
      let load = file.load(at: file.entry)
      expect(load != nil, .header, "e_entry", "\(hex(file.entry)) is in no segment")
      expect(
        load?.isExecutable ?? true, .header, "e_entry", "\(hex(file.entry)) is not executable")
      expect(
        load == nil || file.bytes(from: file.entry) != nil, .header, "e_entry",
        "\(hex(file.entry)) has no bytes in the file")
    } else {
      expect(
        file.type == 3 && file.segment(PT.interp) == nil, .header, "e_entry", "is zero in a program"
      )
    }
  }

  mutating func checkSegments() {
    let file = self.file
    let headers = file.programHeaders
    expect(!file.loads.isEmpty, .segments, "PT_LOAD", "there is none")
    var seen: [UInt32: Int] = [:]
    var sawLoad = false
    for header in headers {
      seen[header.type, default: 0] += 1
      let name = PT.name(header.type) + " at " + hex(header.address)
      if header.type == PT.load { sawLoad = true }
      if header.type == PT.interp || header.type == PT.phdr {
        expect(!sawLoad, .segments, name, "follows a PT_LOAD")
      }
      guard header.type != PT.stack else { continue }
      expect(
        header.offset.addingClamped(header.fileSize) <= UInt64(file.bytes.count), .segments, name,
        "ends at offset \(hex(header.offset.addingClamped(header.fileSize))), after the file")
      expect(
        header.fileSize <= header.memorySize, .segments, name,
        "has more bytes in the file than in memory")
      expect(
        header.endAddress != .max && (file.is64 || header.endAddress <= 1 << 32), .segments, name,
        "wraps around the address space")
      if header.alignment > 1 {
        expect(
          header.alignment.isPowerOfTwo, .segments, name,
          "has alignment \(hex(header.alignment)), no power of two")
        if header.alignment.isPowerOfTwo {
          let mask = header.alignment - 1
          expect(
            header.offset & mask == header.address & mask, .segments, name,
            "p_offset \(hex(header.offset)) and p_vaddr differ modulo \(hex(header.alignment))")
        }
      }
      // A template of .tbss alone may lie behind all that is loaded.
      let size = header.type == PT.tls ? header.fileSize : header.memorySize
      if header.type != PT.load && size > 0 {
        checkContainment(header, name)
      }
    }
    for type in [PT.phdr, PT.interp, PT.dynamic, PT.tls, PT.relro, PT.stack, PT.ehFrame] {
      expect(
        seen[type, default: 0] <= 1, .segments, PT.name(type),
        "occurs \(seen[type, default: 0]) times")
    }
    checkLoadOrder()
    if let header = file.segment(PT.phdr) {
      let size = UInt64(headers.count * (file.is64 ? 56 : 32))
      expect(
        header.offset == file.programHeaderOffset && header.fileSize == size, .segments, "PT_PHDR",
        "does not describe the program header table")
    }
    if let header = file.segment(PT.interp) {
      let view = file.bytes.slice(header.offset, header.fileSize)
      expect(
        view?.string(0)?.count == (view?.count ?? 0) - 1, .segments, "PT_INTERP",
        "is not one NUL-terminated path")
    }
    checkRelro()
  }

  /// A segment other than `PT_LOAD` describes a part of one, at the same distance in file and
  /// memory.
  private mutating func checkContainment(_ header: ProgramHeader, _ name: String) {
    guard let load = file.load(at: header.address) else {
      // A note without SHF_ALLOC may have a segment, with no memory behind it.
      expect(
        header.type == PT.note && header.address == 0, .segments, name, "lies in no PT_LOAD")
      return
    }
    // .tbss extends PT_TLS beyond what is loaded: it is a template's size, not memory.
    let size = header.type == PT.tls ? header.fileSize : header.memorySize
    // PT_GNU_RELRO may be rounded up to the page's end, as its protection must be.
    let isInside =
      load.contains(header.address, size)
      || header.type == PT.relro && header.endAddress <= load.endAddress.roundedUpToPage
    expect(isInside, .segments, name, "leaves its PT_LOAD")
    expect(
      header.fileSize == 0
        || header.offset &- load.offset == header.address &- load.address, .segments, name,
      "is at another distance from its PT_LOAD in the file than in memory")
    if header.type == PT.relro {
      expect(load.isWritable, .segments, name, "lies in a segment that is not writable")
    }
  }

  private mutating func checkLoadOrder() {
    let inOrder = file.programHeaders.filter { $0.type == PT.load }
    for (previous, next) in zip(inOrder, inOrder.dropFirst()) {
      let name = "PT_LOAD at " + hex(next.address)
      expect(previous.address <= next.address, .segments, name, "is out of address order")
    }
    for (previous, next) in zip(file.loads, file.loads.dropFirst()) {
      let name = "PT_LOAD at " + hex(next.address)
      expect(
        previous.endAddress <= next.address, .segments, name,
        "overlaps the one at \(hex(previous.address))")
      // The loader maps whole pages: the later mapping replaces the earlier one's last page, and
      // with it whatever that page held.
      if previous.endAddress <= next.address, previous.memorySize > 0 {
        expect(
          (previous.endAddress - 1).roundedDownToPage != next.address.roundedDownToPage, .segments,
          name, "shares a page with the one at \(hex(previous.address))")
      }
    }
    for load in file.loads {
      let name = "PT_LOAD at " + hex(load.address)
      expect(
        !(load.isWritable && load.isExecutable), .segments, name, "is writable and executable")
      expect(
        load.memorySize == 0 || load.address & (pageSize - 1) == load.offset & (pageSize - 1),
        .segments, name, "cannot be mapped: p_offset is \(hex(load.offset))")
    }
  }

  /// The loader protects whole pages within `PT_GNU_RELRO`: what else lives on them faults on the
  /// first write.
  private mutating func checkRelro() {
    guard let relro = file.segment(PT.relro), relro.memorySize > 0 else { return }
    let first = relro.address.roundedDownToPage
    let end = relro.endAddress.roundedDownToPage
    for section in file.sections
    where section.occupiesMemory && section.flags & SHF.write != 0 && section.size > 0 {
      let isInside = section.address >= relro.address && section.endAddress <= relro.endAddress
      let name = String(section.name)
      if isInside {
        for writable: StaticString in [".data", ".bss", ".tm_clone_table"] {
          expect(!(section.name == writable), .segments, name, "is made read-only by PT_GNU_RELRO")
        }
      } else {
        // GNU ld ends the region behind the three reserved words of .got.plt: only the loader
        // writes them, before it protects the page.
        let reserved = section.name == ".got.plt" ? UInt64(file.wordSize * 3) : 0
        expect(
          section.endAddress <= first || section.address.addingClamped(reserved) >= end, .segments,
          name, "shares a page with PT_GNU_RELRO, which makes it read-only")
      }
    }
  }

  mutating func checkSections() {
    guard let null = file.sections.first else { return }
    expect(null.type == 0, .sections, "section 0", "is not SHT_NULL")
    expect(
      file.sectionNameTable < file.sections.count
        && file.sections[file.sectionNameTable].type == SHT.strtab, .sections, "e_shstrndx",
      "names no string table")
    for (index, section) in file.sections.enumerated().dropFirst() {
      check(section, index)
    }
    checkOverlap()
    checkTLS()
  }

  private mutating func check(_ section: SectionHeader, _ index: Int) {
    let name = section.name.isEmpty ? "section \(index)" : String(section.name)
    if section.type == 0 { return }
    expect(!section.name.isEmpty, .sections, name, "has no name")
    if section.type != SHT.nobits {
      expect(file.contents(section) != nil, .sections, name, "lies outside the file")
    }
    if section.alignment > 1 {
      expect(
        section.alignment.isPowerOfTwo, .sections, name,
        "has alignment \(hex(section.alignment)), no power of two")
      expect(
        section.address % section.alignment == 0, .sections, name,
        "is at \(hex(section.address)), not aligned to \(hex(section.alignment))")
    }
    if section.entrySize > 1, section.flags & SHF.strings == 0 {
      expect(
        section.size % section.entrySize == 0, .sections, name,
        "has size \(hex(section.size)), no multiple of its entries' \(section.entrySize)")
    }
    checkLink(section, name)
    guard section.isAllocated else {
      expect(section.address == 0, .sections, name, "is not allocated but has an address")
      return
    }
    guard section.size > 0 else { return }
    if section.isTLS {
      guard let tls = file.segment(PT.tls) else {
        findings.add(.tls, name, "there is no PT_TLS for it")
        return
      }
      expect(tls.contains(section.address, section.size), .tls, name, "lies outside PT_TLS")
      if section.type == SHT.nobits { return }
    }
    guard let load = file.load(at: section.address), load.contains(section.address, section.size)
    else {
      findings.add(.sections, name, "lies in no PT_LOAD")
      return
    }
    if section.type == SHT.nobits {
      expect(
        section.address &- load.address >= load.fileSize, .sections, name,
        "is SHT_NOBITS where its segment has bytes in the file")
    } else {
      expect(
        section.offset &- load.offset == section.address &- load.address, .sections, name,
        "is at another distance from its segment in the file than in memory")
      expect(
        (section.address &- load.address).addingClamped(section.size) <= load.fileSize, .sections,
        name, "has bytes beyond its segment's p_filesz")
    }
    if section.flags & SHF.write != 0 {
      expect(load.isWritable, .sections, name, "is writable, its segment is not")
    }
    if section.flags & SHF.execute != 0 {
      expect(load.isExecutable, .sections, name, "is executable, its segment is not")
    }
  }

  /// `sh_link` and `sh_info` by type (gABI, "sh_link and sh_info Interpretation").
  private mutating func checkLink(_ section: SectionHeader, _ name: String) {
    let link = Int(section.link)
    guard link < file.sections.count else {
      findings.add(.sections, name, "sh_link \(link) is no section")
      return
    }
    let linked = file.sections[link].type
    switch section.type {
    case SHT.symtab, SHT.dynsym, SHT.dynamic, SHT.gnuVerdef, SHT.gnuVerneed:
      expect(linked == SHT.strtab, .sections, name, "sh_link names no string table")
    case SHT.hash, SHT.gnuHash, SHT.gnuVersym:
      expect(linked == SHT.dynsym, .sections, name, "sh_link does not name .dynsym")
    case SHT.rela, SHT.rel:
      // Zero in a static program, whose IRELATIVE relocations name no symbol.
      expect(
        link == 0 || linked == SHT.dynsym || linked == SHT.symtab, .sections, name,
        "sh_link names no symbol table")
      if section.flags & SHF.infoLink != 0 {
        expect(
          section.info != 0 && Int(section.info) < file.sections.count, .sections, name,
          "sh_info \(section.info) is no section")
      }
    default: break
    }
    let entrySize: Int
    switch section.type {
    case SHT.symtab, SHT.dynsym: entrySize = file.is64 ? 24 : 16
    case SHT.rela: entrySize = file.wordSize * 3
    case SHT.rel, SHT.dynamic: entrySize = file.wordSize * 2
    case SHT.gnuVersym: entrySize = 2
    case SHT.relr: entrySize = file.wordSize
    default: return
    }
    expect(
      section.entrySize == UInt64(entrySize), .sections, name,
      "sh_entsize is \(section.entrySize), not \(entrySize)")
  }

  private mutating func checkOverlap() {
    let live = file.sections.filter { $0.type != 0 && $0.size > 0 }
    let inMemory = live.filter(\.occupiesMemory).sorted { $0.address < $1.address }
    for (previous, next) in zip(inMemory, inMemory.dropFirst()) {
      expect(
        previous.endAddress <= next.address, .sections, String(next.name),
        "overlaps \(previous.name) in memory")
    }
    let inFile = live.filter { $0.type != SHT.nobits }.sorted { $0.offset < $1.offset }
    for (previous, next) in zip(inFile, inFile.dropFirst()) {
      expect(
        previous.offset.addingClamped(previous.size) <= next.offset, .sections, String(next.name),
        "overlaps \(previous.name) in the file")
    }
    let headerEnd = file.sectionHeaderOffset.addingClamped(
      UInt64(file.sections.count * (file.is64 ? 64 : 40)))
    for section in inFile {
      expect(
        section.offset >= headerEnd
          || section.offset.addingClamped(section.size) <= file.sectionHeaderOffset, .sections,
        String(section.name), "overlaps the section header table")
    }
  }

  private mutating func checkTLS() {
    let sections = file.sections.filter { $0.isTLS && $0.isAllocated && $0.size > 0 }
    guard let tls = file.segment(PT.tls) else { return }
    guard let first = sections.map(\.address).min(), let end = sections.map(\.endAddress).max()
    else { return }
    expect(tls.address == first, .tls, "PT_TLS", "starts at \(hex(tls.address)), not \(hex(first))")
    expect(tls.endAddress >= end, .tls, "PT_TLS", "ends before its sections do")
    let alignment = sections.map(\.alignment).max() ?? 1
    expect(
      tls.alignment >= alignment, .tls, "PT_TLS",
      "has alignment \(tls.alignment), a section in it needs \(alignment)")
  }
}
