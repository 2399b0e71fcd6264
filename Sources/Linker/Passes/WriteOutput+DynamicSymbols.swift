import CSystem
import ELFFormat
import Platform

extension WriteOutput {
  /// Writes `.dynsym`, once addresses are known. Uses the pool, so it is not for a worker to call;
  /// the same goes for `writeVersionSymbols` and the hash tables.
  ///
  /// An output section beyond number 0xfeff is written as SHN_XINDEX, and its number into the table
  /// beside. Source: gABI, "Symbol Table", on SHN_XINDEX, and "Dynamic Section", on
  /// DT_SYMTAB_SHNDX.
  func writeDynamicSymbols(to p: UnsafeMutableRawPointer) {
    if !synthetic[.dynamicIndices].isNone {
      made.sectionNumbers = UnsafeMutableRawPointer(
        allocateZeroed(count: dynamicSymbols.count) as UnsafeMutablePointer<UInt32>)
    }
    let table = dynamicSymbols
    nonisolated(unsafe) let p = p
    SymbolEntry<E>.write(
      to: p, name: 0, info: 0, other: 0, sectionIndex: 0, value: 0, byteCount: 0)
    let tlsStart = self.tlsStart
    pool.forEachRange(table.entryCount, grain: 1 << 11) { [self] range, _ in
      for k in range {
        let next = table.entries[min(k &+ 16, range.upperBound &- 1)].index
        weld_prefetch_write(p + Int(next) &* SymbolEntry<E>.size)
        let entry = table.entries[k]
        let name = table.namePieces[k].offset
        let place = p + Int(entry.index) &* SymbolEntry<E>.size
        if k < table.referenceCount {
          writeReference(entry, name: name, to: place)
        } else if k < table.firstOwn {
          writeStandIn(entry, name: name, to: place)
        } else {
          writeDefinition(entry, name: name, tlsStart: tlsStart, to: place)
        }
      }
    }
  }

  /// st_info: the binding is that of the references, as the definition is elsewhere. What an executable
  /// was allowed to leave undefined is zero if the loader does not find it either, and the program
  /// starts.
  private func referenceInfo(_ symbol: Symbol) -> UInt8 {
    let mayBeMissing = symbol.has.contains(.isUndefined) && !isSharedLibrary
    let binding: SymbolBinding =
      symbol.has.contains(.isReferenced) && !mayBeMissing ? .global : .weak
    var type: SymbolType = .none
    if symbol.has.contains(.isShared) {
      let library = libraries.pointer(LibraryIndex(raw: symbol.file))
      type = library.pointee.symbol(E.self, Int(symbol.source)).type
      // The caller doesn't see that the library chooses the function when it is loaded.
      if type == .gnuIndirectFunction { type = .function }
    } else if !symbol.has.isDisjoint(with: SymbolFlags.threadLocalDemands) {
      type = .threadLocal
    } else if symbol.has.contains(.isFunction) {
      type = .function
    }
    return binding.rawValue << 4 | type.rawValue
  }

  private func writeReference(
    _ entry: DynamicSymbolTable.Entry, name: UInt32, to p: UnsafeMutableRawPointer
  ) {
    SymbolEntry<E>.write(
      to: p, name: name, info: referenceInfo(symbols[entry.symbol]), other: 0,
      sectionIndex: 0, value: 0, byteCount: 0)
  }

  private func writeStandIn(
    _ entry: DynamicSymbolTable.Entry, name: UInt32, to p: UnsafeMutableRawPointer
  ) {
    let symbol = symbols[entry.symbol]
    let library = libraries.pointer(LibraryIndex(raw: symbol.file))
    let source = library.pointee.symbol(E.self, Int(symbol.source))
    guard symbol.has.contains(.needsCopy) else {
      // Undefined with a value: references to the address, but not calls, are bound to it.
      // Source: x86-64 psABI, "Function Addresses".
      let value = symbol.has.contains(.needsCanonicalPLT) ? symbol.word : 0
      SymbolEntry<E>.write(
        to: p, name: name, info: referenceInfo(symbol), other: 0,
        sectionIndex: 0, value: value, byteCount: 0)
      return
    }
    let binding: SymbolBinding = symbol.has.contains(.isWeak) ? .weak : .global
    SymbolEntry<E>.write(
      to: p, name: name, info: binding.rawValue << 4 | source.type.rawValue, other: 0,
      sectionIndex: sectionNumber(copyOutput(of: entry.symbol), address: symbol.word, of: entry),
      value: symbol.word, byteCount: source.byteCount)
  }

  private func writeDefinition(
    _ entry: DynamicSymbolTable.Entry, name: UInt32, tlsStart: UInt64,
    to p: UnsafeMutableRawPointer
  ) {
    let symbol = symbols[entry.symbol]
    let has = symbol.has
    var type: SymbolType =
      has.contains(.isIndirectFunction)
      ? .gnuIndirectFunction : has.contains(.isFunction) ? .function : .none
    var other: UInt8 = 0
    var size: UInt64 = 0
    // What the linker itself defines has no record.
    if symbol.file != 0, symbol.file < objects.count {
      let file = objects.pointer(FileIndex(raw: symbol.file))
      let source = file.pointee.symbol(E.self, Int(symbol.source))
      type = source.type
      // Machines use the upper bits, for instance to mark calling conventions.
      other = source.other & 0xfc
      size = source.byteCount
    }
    if type == .common { type = .object }
    if has.contains(.isThreadLocal) { type = .threadLocal }
    // The address that everybody has to agree on is the stub's.
    var stub: UInt64?
    if has.contains([.isIndirectFunction, .needsCanonicalPLT]), !symbol.extra.isNone {
      stub = pltAddress(extras[symbol.extra])
      if stub != nil {
        type = .function
        // The size in the file is the resolver's.
        size = 0
      }
    }
    let binding: SymbolBinding =
      has.contains(.isUnique) ? .gnuUnique : has.contains(.isWeak) ? .weak : .global
    if has.contains(.sawProtected) { other |= SymbolVisibility.protected.rawValue }

    var value = stub ?? symbol.word
    var section = UInt16(SectionIndex.absolute)
    if stub != nil {
      section = sectionNumber(.none, address: value, of: entry)
    } else if !has.contains(.isAbsolute) {
      var output = OutputIndex.none
      if symbol.atom.raw < AtomIndex.discarded.raw {
        let atom = atoms.pointer(symbol.atom)
        output = atom.pointee.output
        // Files may differ about a common symbol's size; its place has the largest.
        if has.contains(.isCommon) { size = max(size, atom.pointee.size) }
      } else if let section = linkerDefinedSections[entry.symbol] {
        output = section
      }
      section = sectionNumber(output, address: value, of: entry)
      if has.contains(.isThreadLocal) { value = value &- tlsStart }
    }
    SymbolEntry<E>.write(
      to: p, name: name, info: binding.rawValue << 4 | type.rawValue, other: other,
      sectionIndex: section, value: value, byteCount: size)
  }

  /// st_shndx of what lies in `output`, or of an address that belongs to no atom (`_end`): the last
  /// section that starts no later. Such a symbol must not be SHN_ABS, because it moves with the
  /// output.
  private func sectionNumber(
    _ output: OutputIndex, address: UInt64, of entry: DynamicSymbolTable.Entry
  ) -> UInt16 {
    var number: UInt32 = 0
    if !output.isNone {
      number = outputs[output].headerIndex
    } else {
      var best: UInt64 = 0
      for index in sectionOrder {
        let section = outputs.pointer(index)
        guard section.pointee.has.contains(.alloc), section.pointee.headerIndex != 0 else {
          continue
        }
        if number == 0 || section.pointee.address <= address && section.pointee.address >= best {
          number = section.pointee.headerIndex
          best = section.pointee.address
        }
      }
    }
    // Without section headers a definition still has to look like one.
    if number == 0 { number = 1 }
    if number < SectionIndex.reservedStart { return UInt16(number) }
    if let table = made.sectionNumbers {
      E.store32(number, table + Int(entry.index) &* 4)
    }
    return UInt16(SectionIndex.extended)
  }
}
