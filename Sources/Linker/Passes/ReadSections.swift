import CSystem
import ELFFormat
import Platform
import Synchronization

/// From section headers to atoms, for live files only, after groups were elected: a section that
/// lost its election is never looked at.
///
/// Each file is read by one worker, into atoms that were set aside for it; atoms are therefore
/// numbered in the order of files, then sections. Some numbers stay unused: those of sections that lose
/// their group, and of what is for the linker only.
struct ReadSections<T: Target>: UsesServices, ReadsInputs, ReadsNaming, ReadsContents {
  typealias E = T.Encoding

  let serviceStage: Reading<Services>
  let inputStage: Reading<Inputs>
  let namingStage: Reading<Naming>
  let contentStage: Reading<Contents>
  let rules: SectionRules
  unowned(unsafe) let shared: SectionReading

  /// Makes the atoms and frames of all live files.
  static func run(
    _ services: Reading<Services>, _ inputs: Reading<Inputs>, _ naming: Reading<Naming>,
    _ contents: Reading<Contents>
  ) throws(LinkFailed) {
    let shared = SectionReading()
    try withExtendedLifetime(shared) { () throws(LinkFailed) in
      try ReadSections(
        serviceStage: services, inputStage: inputs, namingStage: naming, contentStage: contents,
        rules: SectionRules(keepsApart: services.value.options.keepsTextSectionPrefix),
        shared: shared
      ).read()
    }
  }

  private func read() throws(LinkFailed) {
    prepareOutputs()
    let first = atoms.count
    var count = 0
    for index in liveObjects {
      let file = objects.pointer(index)
      file.pointee.firstAtom = atoms.reserve(count: file.pointee.atomBound)
      count += file.pointee.sectionCount
    }
    var next = allocateForever(AtomIndex.self, count: count)
    for index in liveObjects where objects[index].sectionCount > 0 {
      objects[index].sectionAtoms = next
      next += objects[index].sectionCount
    }
    atoms.expectWrites(to: first..<atoms.count)
    pool.forEach(chunks: liveObjects.count) { [self] i, _ in
      if i == 0 { return }
      do throws(InputError) {
        try readSections(liveObjects[i])
      } catch {
        let file = objects[liveObjects[i]]
        diagnostics.error("\(file.displayName): \(error.text)", key: UInt64(file.order) << 32)
      }
    }
    try checkpoint()
  }

  private func readSections(_ index: FileIndex) throws(InputError) {
    let file = objects.pointer(index)
    let count = file.pointee.sectionCount
    if count == 0 { return }
    let map = file.pointee.sectionAtoms
    map.initialize(repeating: .none, count: count)
    try discardLostGroups(E.self, index, map)

    var next = file.pointee.firstAtom
    let end = next.int + file.pointee.atomBound
    var hasFrames = false
    // Relocations come right behind their section as a rule.
    var postponed: [Int] = []
    for i in 1..<count {
      if map[i] == .discarded { continue }
      let header = file.pointee.header(E.self, i)
      let type = header.type
      switch type {
      case .null, .symbolTable, .stringTable, .group, .sectionIndices, .llvmAddressSignificance,
        .llvmDependentLibraries, .llvmCallGraphProfile, .llvmSymbolPartition, .gnuAttributes,
        .llvmLTO:
        continue
      case .rela, .rel, .crel:
        if Int(header.info) < i {
          try attachRelocations(file, i, header)
        } else {
          postponed.append(i)
        }
        continue
      default: break
      }
      let flags = header.flags
      let name = ObjectFile.name(file.pointee.sectionNames, at: header.name)
      if try isConsumed(file, i, name: name, type: type, flags: flags) {
        map[i] = .discarded
        continue
      }
      guard next.int < end else { throw InputError("the file was changed while it was read") }
      let atom = atoms.pointer(next)
      try makeAtom(index, i, name: name, header: header, into: atom)
      if atom.pointee.kind == .frames { hasFrames = true }
      map[i] = next
      next.raw += 1
    }
    file.pointee.atomCount = next.int - file.pointee.firstAtom.int
    for i in postponed {
      try attachRelocations(file, i, file.pointee.header(E.self, i))
    }
    if hasFrames {
      readFrames(file: index)
    }
  }

  /// Sections that tell the linker something, or that options leave out.
  private func isConsumed(
    _ file: UnsafeMutablePointer<ObjectFile>, _ index: Int, name: ByteString,
    type: SectionType, flags: SectionFlags
  ) throws(InputError) -> Bool {
    if flags.contains(.exclude) { return true }
    let second = name.count > 1 ? name[1] : 0
    if second == UInt8(ascii: "n"), name == ".note.GNU-stack" {
      if flags.contains(.execute) { file.pointee.flags |= FileFlags.wantsExecutableStack.rawValue }
      return true
    }
    if second == UInt8(ascii: "n"), name == ".note.gnu.property" {
      let contents = try ObjectReader.contents(E.self, file.pointee, index)
      try PropertyNote.read(E.self, contents, into: file)
      return true
    }
    if flags.contains(.alloc) { return false }
    if name.hasPrefix(".gnu.lto_") || name.hasPrefix(".gnu.debuglto_")
      || name == ".note.GNU-split-stack" || name == ".note.GNU-no-split-stack"
      || name == ".gnu_debuglink" || name.hasPrefix(".gnu.warning.")
    {
      return true
    }
    return options.strip != .none && SectionNaming.isDebug(name)
  }

  private func makeAtom(
    _ index: FileIndex, _ section: Int, name rawName: ByteString,
    header: SectionHeader<E>, into atom: UnsafeMutablePointer<Atom>
  ) throws(InputError) {
    let file = objects.pointer(index)
    var name = rawName
    let flags = header.flags
    var size = header.byteCount
    var alignment = max(header.alignment, 1)
    var has: AtomFlags = []
    var kind = AtomKind.regular
    var start = file.pointee.base
    if header.type == .nobits {
      kind = .zeroFill
    } else {
      start = try ObjectReader.contents(E.self, file.pointee, section).start
    }
    if flags.contains(.compressed) || name.hasPrefix(".zdebug") && kind == .regular {
      let raw = try ObjectReader.contents(E.self, file.pointee, section)
      let isOld = !flags.contains(.compressed)
      let result = try Expansion.expand(
        E.self, raw, isOld: isOld, section: section, hasRoom: reserveExpansion)
      if let result {
        if isOld { name = Expansion.plainName(name) }
        size = UInt64(result.bytes.count)
        alignment = max(result.alignment, 1)
        start = result.bytes.start
      }
    }
    guard alignment & (alignment - 1) == 0 else {
      throw InputError(
        "section \(section) (\(name)) has alignment \(alignment), not a power of two")
    }
    guard alignment <= 1 << 32 else {
      throw InputError(
        "section \(section) (\(name)) has alignment \(alignment), which is too large")
    }
    guard size < 1 << 47 else {
      throw InputError("section \(section) (\(name)) is too large (\(size) bytes)")
    }
    if flags.contains(.alloc) { has.insert(.isAlloc) }
    if flags.contains(.write) { has.insert(.isWritable) }
    if flags.contains(.execute) { has.insert(.isExecutable) }
    if flags.contains(.threadLocal) { has.insert(.isThreadLocal) }
    if flags.contains(.linkOrder) {
      has.insert(.isLinkOrdered)
      file.pointee.flags |= FileFlags.hasLinkOrder.rawValue
      if !rareSections.sawLinkOrder.load(ordering: .relaxed) {
        rareSections.sawLinkOrder.store(true, ordering: .relaxed)
      }
    }
    if flags.contains(.group) { has.insert(.isInGroup) }
    if flags.contains(.x86Large) { has.insert(.isLarge) }
    if flags.contains(.strings) { has.insert(.isStrings) }
    if SectionNaming.isCIdentifier(name) { has.insert(.isNamedForC) }
    var place = rules.place(of: name, flags: flags)
    if place.isReversed, name == ".ctors" || name == ".dtors",
      SectionNaming.isStartFile(file.pointee.name)
    {
      place = SectionRules.Place(name: name)
    }
    if place.isReversed { has.insert(.isReversed) }
    if kind == .regular {
      if name == ".eh_frame", flags.contains(.alloc) {
        kind = .frames
      } else if flags.contains(.merge), !flags.contains(.write), size > 0, header.entrySize > 0,
        header.entrySize <= 1 << 16, size % header.entrySize == 0, size < 1 << 32
      {
        kind = .merged
      }
    }
    if name.count > 14, name[1] == UInt8(ascii: "g"), name[4] == 0x2e,
      name.hasPrefix(".gnu.linkonce."), !flags.contains(.group)
    {
      rareSections.linkOnce.withLock {
        $0.append(LinkOnceSection(file: index, section: section, name: name))
      }
    }
    if isRoot(name: name, type: header.type, flags: flags) { has.insert(.isRoot) }
    if !options.collectsGarbage || !flags.contains(.alloc) { has.insert(.isLive) }
    atom.pointee = Atom(
      address: 0, size: size, start: start, relocationStart: nil, file: index,
      section: UInt32(section), relocations: 0,
      output: outputIndex(place, type: header.type, flags: flags), frames: .none,
      flags: has.rawValue, alignment: UInt8(alignment.trailingZeroBitCount), kind: kind,
      part: place.part, side: 0)
  }

  /// Counts bytes that compressed sections expand to; false if that would be more than the machine
  /// has. A few bytes can stand for gigabytes, and many sections can share them.
  private func reserveExpansion(_ bytes: Int) -> Bool {
    let before = shared.expandedBytes.wrappingAdd(bytes, ordering: .relaxed).oldValue
    let (sum, overflow) = before.addingReportingOverflow(bytes)
    return !overflow && sum <= weld_memory_size()
  }

  /// What garbage collection never takes: what the loader or the start-up code runs, notes, and
  /// what its maker asked to be kept.
  private func isRoot(name: ByteString, type: SectionType, flags: SectionFlags) -> Bool {
    guard flags.contains(.alloc) else { return false }
    if flags.contains(.gnuRetain) { return true }
    switch type {
    case .initArray, .finiArray, .preinitArray: return true
    case .note: return !flags.contains(.group)
    default:
      switch name.count > 1 ? name[1] : 0 {
      case UInt8(ascii: "i"), UInt8(ascii: "f"), UInt8(ascii: "c"), UInt8(ascii: "d"),
        UInt8(ascii: "p"), UInt8(ascii: "j"):
        break
      default: return false
      }
      return name == ".init" || name == ".fini" || name.hasPrefix(".ctors")
        || name.hasPrefix(".dtors") || name.hasPrefix(".init_array")
        || name.hasPrefix(".fini_array") || name.hasPrefix(".preinit_array") || name == ".jcr"
    }
  }

  /// Gives an atom its relocations, in one form whatever the file has.
  private func attachRelocations(
    _ file: UnsafeMutablePointer<ObjectFile>, _ i: Int,
    _ header: SectionHeader<E>
  ) throws(InputError) {
    let type = header.type
    guard Int(header.info) < file.pointee.sectionCount else {
      throw InputError("relocation section \(i) is for section \(header.info), which isn't there")
    }
    let target = file.pointee.sectionAtoms[Int(header.info)]
    if target.raw >= AtomIndex.discarded.raw { return }
    guard header.link == file.pointee.symbolSection else {
      throw InputError("relocation section \(i) does not use the file's symbol table")
    }
    let bytes = try ObjectReader.contents(E.self, file.pointee, i)
    let atom = atoms.pointer(target)
    guard atom.pointee.relocationStart == nil else {
      throw InputError("section \(header.info) has more than one relocation section")
    }
    let list: (start: UnsafePointer<UInt8>, count: Int)
    if type == .rela {
      guard header.entrySize == UInt64(RelaEntry<E>.size),
        bytes.count % RelaEntry<E>.size == 0
      else { throw InputError("bad size of relocations (section \(i))") }
      list = (bytes.start, bytes.count / RelaEntry<E>.size)
    } else if type == .crel {
      let decoded = try CompactRelocations.decode(E.self, bytes, section: i)
      list = (decoded.start, decoded.count)
    } else if !T.relocationsHoldAddends {
      guard header.entrySize == UInt64(RelEntry<E>.size), bytes.count % RelEntry<E>.size == 0,
        atom.pointee.kind != .zeroFill
      else { throw InputError("bad size of relocations (section \(i))") }
      list = try withAddends(bytes, of: atom.pointee.contents)
    } else {
      throw InputError("relocations without addends (section \(i)) are not used on this machine")
    }
    guard list.count < Int(UInt32.max) else {
      throw InputError("too many relocations (section \(i))")
    }
    if list.count > 0 { file.pointee.flags |= FileFlags.hasRelocations.rawValue }
    atom.pointee.relocationStart = list.start
    atom.pointee.relocations = UInt32(list.count)
  }
}

extension ReadSections {
  /// Relocations with the addends that their places hold: the one form that passes know.
  private func withAddends(
    _ bytes: ByteString, of section: ByteString
  ) throws(InputError) -> (start: UnsafePointer<UInt8>, count: Int) {
    let count = bytes.count / RelEntry<E>.size
    let list = allocateForever(UInt8.self, count: count * RelaEntry<E>.size)
    for i in 0..<count {
      let entry = RelEntry<E>(bytes.start + i * RelEntry<E>.size)
      // Eight bytes cover any machine's field; what lies past the end is told by the scan.
      var addend: Int64 = 0
      if entry.offset <= UInt64(section.count), UInt64(section.count) - entry.offset >= 8 {
        addend = T.addend(type: entry.type, at: section.start + Int(entry.offset))
      } else if entry.offset < UInt64(section.count) {
        addend = withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 8) { field in
          field.initialize(repeating: 0)
          for k in Int(entry.offset)..<section.count {
            field[k - Int(entry.offset)] = section.start[k]
          }
          return T.addend(type: entry.type, at: field.baseAddress!)
        }
      }
      RelaEntry<E>.write(
        to: list + i * RelaEntry<E>.size, offset: entry.offset, type: entry.type,
        symbol: entry.symbol, addend: addend)
    }
    return (UnsafePointer(list), count)
  }
}

/// What workers share that read sections.
final class SectionReading: Sendable {
  /// Guards the table of frames.
  let framesLock = Mutex(())
  /// Bytes that compressed sections have or are about to have, expanded.
  let expandedBytes = Atomic<Int>(0)
}
