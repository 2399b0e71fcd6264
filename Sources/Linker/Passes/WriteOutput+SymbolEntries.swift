import ELFFormat
import Platform

extension WriteOutput {
  /// The section number of an atom as `SymbolWriter` takes it.
  @inline(__always)
  private func realSection(_ atom: AtomIndex) -> UInt32 {
    let number = sectionNumber(atom)
    if atom.raw < AtomIndex.discarded.raw, number >= SectionIndex.reservedStart {
      return number | SymbolWriter<E>.realSection
    }
    return number
  }

  /// Writes the symbols of a span.
  func writeSymbols(
    _ span: SymbolSpan, to writer: inout SymbolWriter<E>
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
          section = realSection(atom)
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
          section: realSection(symbol.atom), value: value,
          // Files may differ about a common symbol's size; its place has the largest.
          size: symbol.has.contains(.isCommon) ? atoms[symbol.atom].size : entry.byteCount)
      }
    }
    writer.flushNames()
  }

  /// Writes the null symbol, what the linker itself defines, and what is defined elsewhere.
  func writeOwnSymbols(to writer: inout SymbolWriter<E>) {
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
        section = realSection(symbol.atom)
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
          section = realSection(symbol.atom)
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
