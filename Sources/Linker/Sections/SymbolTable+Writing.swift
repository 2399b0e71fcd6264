import ELFFormat
import Glibc
import Platform

/// Where some symbols of the output go: local entries, global entries and names each follow one
/// another, but lie apart.
struct SymbolWriter<E: ELFEncoding> {
  /// The next entries.
  var locals: UnsafeMutableRawPointer
  var globals: UnsafeMutableRawPointer
  /// The next words of SHT_SYMTAB_SHNDX; nil if there is none.
  var extendedLocals: UnsafeMutableRawPointer?
  var extendedGlobals: UnsafeMutableRawPointer?
  /// The next name's place, and its offset in the string table.
  var names: UnsafeMutableRawPointer
  var nameOffset: Int
  // Names that follow one another in their file, NUL after NUL, are copied at once.
  private var run: UnsafePointer<UInt8>
  private var runCount = 0

  init(
    locals: UnsafeMutableRawPointer, globals: UnsafeMutableRawPointer,
    names: UnsafeMutableRawPointer, nameOffset: Int
  ) {
    self.locals = locals
    self.globals = globals
    self.names = names
    self.nameOffset = nameOffset
    run = UnsafePointer(names.assumingMemoryBound(to: UInt8.self))
  }

  /// Writes an entry and its name.
  ///
  /// - Parameters:
  ///   - isTerminated: a NUL follows the name where it lies.
  ///   - section: a section's number, marked by `realSection` if it is in the reserved range.
  @inline(__always)
  mutating func write(
    isLocal: Bool, _ name: ByteString, isTerminated: Bool, info: UInt8, other: UInt8,
    section: UInt32, value: UInt64, size: UInt64
  ) {
    var number = section
    var extended: UInt32 = 0
    if section >= SectionIndex.reservedStart, section != SectionIndex.absolute {
      number = SectionIndex.extended
      extended = section & ~Self.realSection
    }
    let entry = isLocal ? locals : globals
    SymbolEntry<E>.write(
      to: entry, name: UInt32(truncatingIfNeeded: nameOffset), info: info, other: other,
      sectionIndex: UInt16(truncatingIfNeeded: number), value: value, byteCount: size)
    if isLocal { locals += SymbolEntry<E>.size } else { globals += SymbolEntry<E>.size }
    if extendedLocals != nil {
      if isLocal {
        E.store32(extended, extendedLocals!)
        extendedLocals! += 4
      } else {
        E.store32(extended, extendedGlobals!)
        extendedGlobals! += 4
      }
    }
    nameOffset += name.count + 1
    if isTerminated {
      if run + runCount != name.start {
        flushNames()
        run = name.start
      }
      runCount += name.count + 1
    } else {
      flushNames()
      names.copyMemory(from: name.start, byteCount: name.count)
      names.storeBytes(of: 0, toByteOffset: name.count, as: UInt8.self)
      names += name.count + 1
    }
  }

  /// Real section numbers in the reserved range are marked, so that they are told apart.
  static var realSection: UInt32 { 0x8000_0000 }

  /// Writes what is left of the names; after the last symbol.
  @inline(__always)
  mutating func flushNames() {
    memcpy(names, run, runCount)
    names += runCount
    runCount = 0
  }
}

extension Link {
  /// The section number of an atom as `SymbolWriter` takes it.
  @inline(__always)
  private func realSection<E: ELFEncoding>(_: E.Type, _ atom: AtomIndex) -> UInt32 {
    let number = sectionNumber(atom)
    if atom.raw < AtomIndex.discarded.raw, number >= SectionIndex.reservedStart {
      return number | SymbolWriter<E>.realSection
    }
    return number
  }

  /// Writes the symbols of a span.
  func writeSymbols<E: ELFEncoding>(
    _: E.Type, _ span: SymbolSpan, to writer: inout SymbolWriter<E>
  ) {
    for number in span.files.files {
      let index = liveObjects[number]
      let file = objects.pointer(index)
      if file.pointee.has.contains(.isUnlisted) { continue }
      let range = span.files.items(file.pointee.symbolCount)
      let first = file.pointee.firstGlobal
      let names = file.pointee.symbolNames.start
      for j in range.clamped(to: 1..<max(1, first)) {
        let entry = file.pointee.symbol(E.self, j)
        let name = ObjectFile.name(file.pointee.symbolNames, at: entry.name)
        guard keepsLocal(E.self, file, j, entry, name) else { continue }
        let inputSection = file.pointee.section(E.self, of: j)
        var section = SectionIndex.absolute
        var value = entry.value
        if Int(inputSection) < file.pointee.sectionCount {
          let atom = file.pointee.sectionAtoms[Int(inputSection)]
          section = realSection(E.self, atom)
          value = localAddress(E.self, of: UInt32(j), in: file, addend: 0)
          if entry.type == .threadLocal { value = value &- tlsStart }
        }
        writer.write(
          isLocal: true, name, isTerminated: name.start == names + Int(entry.name),
          info: entry.info, other: entry.other, section: section, value: value,
          size: entry.byteCount)
      }
      // Where names have versions, a symbol's name may end before its file's does.
      let isPlain = !file.pointee.has.contains(.hasVersionedNames)
      for j in range.clamped(to: first..<file.pointee.symbolCount) {
        let pointer = symbols.pointer(file.pointee.globals[j - first])
        let place = placement(pointer, file: index.raw, source: j)
        if place == .none || place == .local && options.discard == .locals { continue }
        let symbol = pointer.pointee
        let entry = file.pointee.symbol(E.self, j)
        var type = entry.type
        if symbol.has.contains(.isCommon), type == .common { type = .object }
        let binding = place == .local ? SymbolBinding.local : entry.binding
        var value = symbol.word
        if symbol.has.contains(.isThreadLocal) { value = value &- tlsStart }
        writer.write(
          isLocal: place == .local, symbol.name,
          isTerminated: isPlain && symbol.nameStart == names + Int(entry.name),
          info: binding.rawValue << 4 | type.rawValue, other: entry.other & ~3 | visibility(symbol),
          section: realSection(E.self, symbol.atom), value: value,
          // Files may differ about a common symbol's size; its place has the largest.
          size: symbol.has.contains(.isCommon) ? atoms[symbol.atom].size : entry.byteCount)
      }
    }
    writer.flushNames()
  }

  /// Writes the null symbol, what the linker itself defines, and what is defined elsewhere.
  func writeOwnSymbols<E: ELFEncoding>(_: E.Type, to writer: inout SymbolWriter<E>) {
    SymbolEntry<E>.write(
      to: writer.locals, name: 0, info: 0, other: 0, sectionIndex: 0, value: 0, byteCount: 0)
    writer.locals += SymbolEntry<E>.size
    if let extended = writer.extendedLocals {
      E.store32(0, extended)
      writer.extendedLocals = extended + 4
    }
    for index in symbolTable.own {
      let symbol = symbols[index]
      let isLocal = isLocalInOutput(symbol.has)
      var section = SectionIndex.absolute
      if let output = linkerDefinedSections[index] {
        section = outputs[output].headerIndex
        if section >= SectionIndex.reservedStart { section |= SymbolWriter<E>.realSection }
      } else if symbol.atom.raw < AtomIndex.discarded.raw {
        section = realSection(E.self, symbol.atom)
      }
      let type: SymbolType =
        symbol.has.contains(.isThreadLocal)
        ? .threadLocal
        : symbol.has.contains(.isIndirectFunction)
          ? .gnuIndirectFunction : symbol.has.contains(.isFunction) ? .function : .none
      let binding: SymbolBinding = isLocal ? .local : .global
      writer.write(
        isLocal: isLocal, symbol.name, isTerminated: false,
        info: binding.rawValue << 4 | type.rawValue, other: visibility(symbol), section: section,
        value: symbol.has.contains(.isThreadLocal) ? symbol.word &- tlsStart : symbol.word,
        size: 0)
    }
    for index in symbolTable.references {
      let symbol = symbols[index]
      let isShared = symbol.has.contains(.isShared)
      var info: UInt8 =
        symbol.has.contains(.isReferenced)
        ? SymbolBinding.global.rawValue << 4
        : SymbolBinding.weak.rawValue << 4
      var size: UInt64 = 0
      var section = SectionIndex.undefined
      var value: UInt64 = 0
      if isShared {
        let entry = libraries[LibraryIndex(raw: symbol.file)].symbol(E.self, Int(symbol.source))
        let type = entry.type == .gnuIndirectFunction ? SymbolType.function : entry.type
        info |= type.rawValue
        if symbol.has.contains(.needsCopy) {
          section = realSection(E.self, symbol.atom)
          value = symbol.word
          size = entry.byteCount
        } else if symbol.has.contains(.needsCanonicalPLT) {
          value = symbol.word
        }
      } else if !symbol.has.isDisjoint(with: SymbolFlags.threadLocalDemands) {
        info |= SymbolType.threadLocal.rawValue
      }
      writer.write(
        isLocal: false, referenceName(E.self, symbol), isTerminated: false, info: info,
        other: isShared ? 0 : visibility(symbol), section: section, value: value, size: size)
    }
  }
}
