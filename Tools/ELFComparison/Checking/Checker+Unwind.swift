import Platform

// Unwind tables and notes.

extension Checker {
  mutating func checkUnwind() {
    let header = file.readUnwindHeader()
    guard let tables = file.readUnwindTables() else {
      expect(
        header?.table.isEmpty ?? true, .unwind, ".eh_frame_hdr", "there is no .eh_frame for it")
      return
    }
    for problem in tables.problems { findings.add(.unwind, ".eh_frame", problem) }
    for cie in tables.cies {
      guard let personality = cie.personality else { continue }
      let load = file.load(at: personality)
      expect(
        load != nil && (cie.isPersonalityIndirect || load!.isExecutable), .unwind,
        "CIE at offset \(hex(cie.offset))",
        "its personality \(hex(personality)) is not in \(cie.isPersonalityIndirect ? "" : "executable ")memory"
      )
    }
    var starts = tables.fdes.filter { $0.size > 0 }
    starts.sort { $0.start < $1.start }
    for fde in starts {
      let load = file.load(at: fde.start)
      expect(
        load?.isExecutable == true && load!.contains(fde.start, fde.size), .unwind,
        "FDE at offset \(hex(fde.offset))",
        "\(hex(fde.start)) + \(hex(fde.size)) is not executable memory")
      if let lsda = fde.lsda {
        expect(
          file.bytes(from: lsda) != nil, .unwind, "FDE at offset \(hex(fde.offset))",
          "its LSDA \(hex(lsda)) is in no segment")
      }
    }
    for (previous, next) in zip(starts, starts.dropFirst()) {
      expect(
        previous.start.addingClamped(previous.size) <= next.start, .unwind,
        "FDE at offset \(hex(next.offset))",
        "\(hex(next.start)) is covered by the FDE at offset \(hex(previous.offset)) too")
    }
    if let header { check(header, tables) }
  }

  /// The unwinder searches the table by bisection: it must be sorted, whole, and true.
  private mutating func check(_ header: UnwindHeader, _ tables: UnwindTables) {
    let name = ".eh_frame_hdr"
    for problem in header.problems { findings.add(.unwind, name, problem) }
    expect(
      header.framePointer == tables.address, .unwind, name, "does not point to .eh_frame")
    guard header.hasTable else { return }
    for (previous, next) in zip(header.table, header.table.dropFirst())
    where previous.start > next.start {
      findings.add(.unwind, name, "is not sorted at \(hex(next.start))")
    }
    var fdes: [UInt64: UnwindFDE] = [:]
    for fde in tables.fdes { fdes[tables.address &+ UInt64(fde.offset)] = fde }
    var found: Set<UInt64> = []
    for entry in header.table {
      guard let fde = fdes[entry.fde] else {
        findings.add(
          .unwind, name, "\(hex(entry.start)) leads to \(hex(entry.fde)), which is no FDE")
        continue
      }
      expect(
        fde.start == entry.start, .unwind, name,
        "\(hex(entry.start)) leads to the FDE of \(hex(fde.start))")
      found.insert(entry.fde)
    }
    // An FDE of no length covers nothing, and may be left out.
    for (address, fde) in fdes where fde.size > 0 && !found.contains(address) {
      findings.add(.unwind, name, "lacks the FDE of \(hex(fde.start))")
    }
  }

  mutating func checkNotes() {
    let file = self.file
    for header in file.programHeaders where header.type == PT.note {
      guard let view = file.bytes.slice(header.offset, header.fileSize) else { continue }
      let (notes, isWhole) = ELFNote.read(view, alignment: header.alignment)
      expect(isWhole, .notes, "PT_NOTE at \(hex(header.address))", "has a malformed note")
      for note in notes where note.name == "GNU" && note.type == 5 {
        expect(
          header.alignment == UInt64(file.wordSize), .notes, ".note.gnu.property",
          "its PT_NOTE is aligned to \(header.alignment), not \(file.wordSize)")
      }
    }
    let section = file.section(named: ".note.gnu.property")
    if let header = file.segment(PT.property) {
      expect(
        section == nil
          || (section!.address == header.address && section!.size == header.memorySize),
        .notes, "PT_GNU_PROPERTY", "does not describe .note.gnu.property")
    } else if let section, section.isAllocated {
      let isCovered = file.programHeaders.contains {
        $0.type == PT.note && $0.contains(section.address, section.size)
      }
      expect(isCovered, .notes, ".note.gnu.property", "is in neither PT_GNU_PROPERTY nor PT_NOTE")
    }
    for section in file.sections where section.type == SHT.note && section.isAllocated {
      let isCovered = file.programHeaders.contains {
        $0.type == PT.note && $0.contains(section.address, section.size)
      }
      expect(isCovered, .notes, String(section.name), "is in no PT_NOTE")
    }
  }
}
