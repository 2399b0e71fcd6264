import ELFFormat
import Platform
import Synchronization

/// Takes `.eh_frame` sections apart and ties FDEs to the code that they describe.
extension ReadSections {
  /// Reads the frame descriptions of one file into `frames`; in parallel with other files.
  ///
  /// Where a file's range of the table lies depends on who was first; nothing may follow from it.
  func readFrames(file index: FileIndex) {
    let file = objects.pointer(index)
    let all = file.pointee.firstAtom.int..<file.pointee.firstAtom.int + file.pointee.atomCount
    // As a rule there is one.
    var sections = all.upperBound..<all.upperBound
    var failing: AtomIndex?
    do throws(InputError) {
      var count = 0
      for i in all where atoms.pointer(AtomIndex(i)).pointee.kind == .frames {
        failing = AtomIndex(i)
        count += try countFrames(AtomIndex(i))
        sections = min(sections.lowerBound, i)..<i + 1
      }
      if count == 0 { return }
      let first: FrameIndex? = shared.framesLock.withLock { _ in
        frames.count + count <= frames.storage.capacity ? frames.reserve(count: count) : nil
      }
      guard let first else { throw InputError("too many frame descriptions in this link") }
      var next = first
      for i in sections where atoms.pointer(AtomIndex(i)).pointee.kind == .frames {
        failing = AtomIndex(i)
        try readSection(AtomIndex(i), &next)
      }
      file.pointee.firstFrame = first
      file.pointee.frameCount = count
      chain(first, count)
    } catch {
      let name = failing.map { "(\(sectionName($0)))" } ?? ""
      diagnostics.error(
        "\(file.pointee.displayName):\(name): \(error.text)",
        key: UInt64(file.pointee.order) << 32)
    }
  }

  /// Records of a section, and one for its start.
  private func countFrames(
    _ section: AtomIndex
  ) throws(InputError) -> Int {
    let bytes = atoms[section].contents
    guard bytes.count < 1 << 31 else { throw InputError("section of 2 GiB or more") }
    var parser = FrameParser<E>(bytes)
    var count = 1
    while try parser.next() != nil { count += 1 }
    return count
  }

  private func readSection(
    _ section: AtomIndex, _ next: inout FrameIndex
  ) throws(InputError) {
    let atom = atoms.pointer(section)
    let file = objects.pointer(atom.pointee.file)
    let bytes = atom.pointee.contents
    let relocations = try sortedRelocations(section)
    let size = RelaEntry<E>.size
    var relocation = 0
    var cies = KnownCIEs()
    var parser = FrameParser<E>(bytes)

    var start = Self.frame(section)
    start.flags = FrameFlags.isStart.rawValue
    let startIndex = next
    frames[next] = start
    next.raw += 1

    while let record = try parser.next() {
      var frame = Self.frame(section)
      frame.offset = UInt32(record.offset)
      frame.size = UInt32(record.size)
      if record.isExtended { frame.flags |= FrameFlags.isExtended.rawValue }

      frame.firstRelocation = UInt32(relocation)
      let first = relocation
      let end = UInt64(record.offset + record.size)
      while relocation < relocations.count {
        let entry = RelaEntry<E>(relocations.start + relocation &* size)
        if entry.offset >= end { break }
        try check(entry, record, file)
        relocation += 1
      }
      frame.relocationCount = UInt32(relocation - first)

      if record.isCIE {
        frame.flags |= FrameFlags.isCIE.rawValue
        frame.cie = next
        cies.add(record.offset, next)
      } else {
        frame.cie = try cies.find(record)
        attach(&frame, relocations.start, file)
      }
      frames[next] = frame
      next.raw += 1
    }
    frames[startIndex].size = next.raw - startIndex.raw - 1
  }

  private static func frame(_ section: AtomIndex) -> Frame {
    Frame(
      atom: section, offset: 0, size: 0, firstRelocation: 0, relocationCount: 0, cie: .none,
      function: .none, next: .none, output: 0, flags: 0)
  }

  /// What writing relies on. Type 0 does nothing on any machine.
  @inline(__always)
  private func check(
    _ entry: RelaEntry<E>, _ record: FrameParser<E>.Record, _ file: UnsafeMutablePointer<ObjectFile>
  ) throws(InputError) {
    guard Int(entry.symbol) < file.pointee.symbolCount || entry.type == 0 else {
      throw InputError(
        "relocation at offset 0x\(String(entry.offset, radix: 16)) has bad symbol \(entry.symbol)")
    }
    if entry.type != 0, entry.offset < UInt64(record.idOffset + 4) {
      throw InputError(
        "relocation at offset 0x\(String(entry.offset, radix: 16)) changes the header of a frame"
          + " description")
    }
  }

  /// Finds the code that an FDE describes: the section that its address field's relocation names.
  @inline(__always)
  private func attach(
    _ frame: inout Frame, _ relocations: UnsafePointer<UInt8>,
    _ file: UnsafeMutablePointer<ObjectFile>
  ) {
    let place = UInt64(frame.offset &+ frame.addressOffset)
    while frame.relocationCount > 0 {
      let entry = RelaEntry<E>(relocations + Int(frame.firstRelocation) &* RelaEntry<E>.size)
      if entry.type == 0 {
        frame.firstRelocation += 1
        frame.relocationCount -= 1
        continue
      }
      guard entry.offset == place, entry.symbol != 0 else { return }
      let section = file.pointee.section(E.self, of: Int(entry.symbol))
      guard section != 0, Int(section) < file.pointee.sectionCount else { return }
      let atom = file.pointee.sectionAtoms[Int(section)]
      if atom.raw < AtomIndex.discarded.raw { frame.function = atom }
      return
    }
  }

  /// Lists each section's FDEs in order.
  private func chain(_ first: FrameIndex, _ count: Int) {
    for i in stride(from: first.int + count - 1, through: first.int, by: -1) {
      let frame = frames.base + i
      if frame.pointee.function.isNone { continue }
      let atom = atoms.pointer(frame.pointee.function)
      frame.pointee.next = atom.pointee.frames
      atom.pointee.frames = FrameIndex(i)
      if frame.pointee.relocationCount > 1 || frames[frame.pointee.cie].relocationCount > 0 {
        atom.pointee.flags |= AtomFlags.hasFrameReferences.rawValue
      }
    }
  }

  /// The relocations of a section by offset; a sorted copy is made if the file has them otherwise.
  private func sortedRelocations(
    _ index: AtomIndex
  ) throws(InputError) -> (start: UnsafePointer<UInt8>, count: Int) {
    let atom = atoms.pointer(index)
    let given = atom.pointee.relocationList
    let size = RelaEntry<E>.size
    var isSorted = true
    var last: UInt64 = 0
    for i in 0..<given.count {
      let offset = RelaEntry<E>(given.start + i &* size).offset
      guard offset < atom.pointee.size else {
        throw InputError(
          "relocation at offset 0x\(String(offset, radix: 16)) is past the end of the section")
      }
      if offset < last { isSorted = false }
      last = offset
    }
    if isSorted { return given }
    let order = (0..<given.count)
      .map { (offset: RelaEntry<E>(given.start + $0 * size).offset, index: $0) }
      .sorted { ($0.offset, $0.index) < ($1.offset, $1.index) }
    let copy = allocateForever(UInt8.self, count: given.count * size)
    for (i, item) in order.enumerated() {
      (copy + i * size).initialize(from: given.start + item.index * size, count: size)
    }
    atom.pointee.relocationStart = UnsafePointer(copy)
    return atom.pointee.relocationList
  }
}

/// The CIEs of a section so far, by offset. Most sections have one, and the last one is asked for.
private struct KnownCIEs {
  private var lastOffset = Int.min
  private var lastFrame = FrameIndex.none
  private var earlier: [(offset: Int, frame: FrameIndex)] = []

  mutating func add(_ offset: Int, _ frame: FrameIndex) {
    if !lastFrame.isNone { earlier.append((lastOffset, lastFrame)) }
    lastOffset = offset
    lastFrame = frame
  }

  /// The CIE of an FDE.
  func find<E: ELFEncoding>(_ record: FrameParser<E>.Record) throws(InputError) -> FrameIndex {
    let offset = record.idOffset - Int(record.id)
    if offset == lastOffset, !lastFrame.isNone { return lastFrame }
    let index = earlier.partitioningIndex { $0.offset >= offset }
    guard index < earlier.count, earlier[index].offset == offset else {
      throw InputError(
        "frame description at offset 0x\(String(record.offset, radix: 16)) refers to no CIE")
    }
    return earlier[index].frame
  }
}
