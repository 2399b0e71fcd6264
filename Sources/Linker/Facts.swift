import ELFFormat
import Platform

/// What several passes ask of the tables.
extension ReadsNaming where Self: ReadsContents {
  /// The address of `addend` bytes past a symbol of `file`, after layout. Zero for what is undefined
  /// or was discarded.
  ///
  /// A section symbol of a merged section with its addend names a piece, so the addend has to be
  /// known here.
  @inline(__always)
  func address<E: ELFEncoding>(
    _: E.Type, of symbol: UInt32, in file: UnsafeMutablePointer<ObjectFile>, addend: Int64
  ) -> UInt64 {
    let first = file.pointee.firstGlobal
    if Int(symbol) >= first {
      let index = file.pointee.globals[Int(symbol) &- first]
      return symbols[index].word &+ UInt64(bitPattern: addend)
    }
    return localAddress(E.self, of: symbol, in: file, addend: addend)
  }

  @inline(__always)
  func localAddress<E: ELFEncoding>(
    _: E.Type, of symbol: UInt32, in file: UnsafeMutablePointer<ObjectFile>, addend: Int64
  ) -> UInt64 {
    let entry = file.pointee.symbol(E.self, Int(symbol))
    let section = file.pointee.section(E.self, of: Int(symbol))
    if Int(section) >= file.pointee.sectionCount {
      // SHN_ABS; other reserved numbers were refused.
      return entry.value &+ UInt64(bitPattern: addend)
    }
    let index = file.pointee.sectionAtoms[Int(section)]
    if index.raw >= AtomIndex.discarded.raw { return 0 }
    let atom = atoms.pointer(index)
    if atom.pointee.kind == .merged {
      if entry.type == .section {
        return mergedAddress(atom.pointee, offset: entry.value &+ UInt64(bitPattern: addend))
      }
      return mergedAddress(atom.pointee, offset: entry.value) &+ UInt64(bitPattern: addend)
    }
    return atom.pointee.address &+ entry.value &+ UInt64(bitPattern: addend)
  }
}

extension ReadsNaming where Self: ReadsContents & ReadsDemands & ReadsLayout {
  /// As `address`, but an indirect function's address is that of its stub, if it has one.
  @inline(__always)
  func finalAddress<E: ELFEncoding>(
    _: E.Type, of source: UInt32, in file: UnsafeMutablePointer<ObjectFile>, addend: Int64
  ) -> UInt64 {
    let index = Int(source)
    if index >= file.pointee.firstGlobal {
      let symbol = symbols.pointer(file.pointee.globals[index &- file.pointee.firstGlobal])
      if symbol.pointee.has.contains(.isIndirectFunction), !symbol.pointee.extra.isNone,
        let plt = pltAddress(extras[symbol.pointee.extra])
      {
        return plt &+ UInt64(bitPattern: addend)
      }
      return symbol.pointee.word &+ UInt64(bitPattern: addend)
    }
    if file.pointee.localDemandCount > 0,
      file.pointee.symbol(E.self, index).type == .gnuIndirectFunction,
      let extra = localExtra(source, in: file), let plt = pltAddress(extra.pointee)
    {
      return plt &+ UInt64(bitPattern: addend)
    }
    return localAddress(E.self, of: source, in: file, addend: addend)
  }

  /// The extra record of a local symbol that the scan gave a slot.
  @inline(never)
  func localExtra(
    _ source: UInt32, in file: UnsafeMutablePointer<ObjectFile>
  ) -> UnsafeMutablePointer<SymbolExtra>? {
    let first = file.pointee.firstLocalDemand
    let own = first..<first + file.pointee.localDemandCount
    let index = own.partitioningIndex { localDemands[$0].source >= source }
    guard index < own.upperBound, localDemands[index].source == source else { return nil }
    let extra = localDemands[index].extra
    return extra.isNone ? nil : extras.pointer(extra)
  }
}

extension ReadsNaming where Self: ReadsInputs {
  /// st_size of a relocation's symbol.
  func symbolSize<E: ELFEncoding>(
    _: E.Type, _ file: UnsafeMutablePointer<ObjectFile>, _ source: UInt32
  ) -> UInt64 {
    let index = Int(source)
    if index < file.pointee.firstGlobal { return file.pointee.symbol(E.self, index).byteCount }
    let symbol = symbols[file.pointee.globals[index - file.pointee.firstGlobal]]
    if symbol.has.contains(.isUndefined) || symbol.has.contains(.isLinkerDefined) { return 0 }
    if symbol.has.contains(.isShared) {
      return libraries[LibraryIndex(raw: symbol.file)].symbol(E.self, Int(symbol.source)).byteCount
    }
    return objects[FileIndex(raw: symbol.file)].symbol(E.self, Int(symbol.source)).byteCount
  }
}

extension ReadsNaming where Self: ReadsContents {
  /// Whether a relocation of debug information points at something that is not in the output.
  @inline(__always)
  func isDead<E: ELFEncoding>(
    _: E.Type, _ source: UInt32, in file: UnsafeMutablePointer<ObjectFile>
  ) -> Bool {
    let index = Int(source)
    let atom: AtomIndex
    if index < file.pointee.firstGlobal {
      let section = file.pointee.section(E.self, of: index)
      if Int(section) >= file.pointee.sectionCount { return false }
      atom = file.pointee.sectionAtoms[Int(section)]
      if atom.isNone { return false }
    } else {
      let symbol = symbols.pointer(file.pointee.globals[index &- file.pointee.firstGlobal])
      atom = symbol.pointee.atom
      if atom.isNone { return false }
    }
    if atom == .discarded { return true }
    return !atoms.pointer(atom).pointee.has.contains(.isLive)
  }
}

extension UsesServices where Self: ReadsContents {
  /// What stands in debug information for an address that is gone: 0, but 1 in range lists of DWARF
  /// 2 to 4, where a pair of zeros ends the list.
  func tombstone(_ atom: Atom) -> UInt64 {
    let name = outputs[atom.output].name
    if let value = services.deadRules.value(for: name) { return value }
    return name == ".debug_ranges" || name == ".debug_loc" ? 1 : 0
  }

}

extension UsesServices {
  /// Where the image begins unless an option says otherwise.
  func defaultBase<T: Target>(_: T.Type) -> UInt64 {
    isPositionIndependent ? 0 : alignUp(T.defaultImageBase, maximumPageSize)
  }

  /// Whether the gaps between segments can be larger than estimates of the image's size allow for.
  var hasWideGaps: Bool { maximumPageSize > 1 << 22 }
}

extension UsesServices where Self: ReadsDemands {
  /// Whether absolute addresses fit an immediate operand.
  var isLoadedLow: Bool {
    !isPositionIndependent && (options.imageBase ?? 0) < 1 << 30 && options.sectionStarts.isEmpty
      && loadedBytes < 1 << 30 && !hasWideGaps
  }
}

extension AtomIndex {
  /// Marks sections that lost their group's election or were excluded.
  @inline(__always) static var discarded: AtomIndex { AtomIndex(raw: .max - 1) }
}

/// Relocations that were in a packed form.
struct DecodedRelocations: BitwiseCopyable {
  var start: UnsafePointer<UInt8>
  var count: Int
}

extension UsesServices where Self: ReadsTables {
  /// Whether linkage stubs begin with a landing pad for indirect branches: the output promises
  /// branch tracking, or `-z ibtplt`.
  var usesLandingPads: Bool { properties.features & PropertyNote.ibt != 0 || options.ibtPLT }
}
