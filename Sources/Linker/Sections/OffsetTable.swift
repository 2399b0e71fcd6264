import ELFFormat
import Platform

/// `.got`: slots of a pointer's width, keyed by symbol and use; numbers are given once.
struct OffsetTable {
  enum Use: UInt8 {
    /// The symbol's address.
    case address
    /// The address that an indirect function's resolver returns.
    case indirect
    case tlsModule, tlsModuleOffset
    /// Offset from the thread pointer.
    case tlsOffset
    /// Two slots.
    case tlsDescriptor, tlsDescriptorArgument
    /// This module's number, for local-dynamic accesses; the next slot is zero.
    case localModule, zero
  }
  struct Slot {
    var use: Use
    var extra: ExtraIndex
  }
  var slots: [Slot] = []
  var localDynamicSlot: Int32 = -1

  mutating func add(_ use: Use, _ extra: ExtraIndex) -> Int32 {
    slots.append(Slot(use: use, extra: extra))
    return Int32(slots.count - 1)
  }
}

/// `.plt` and `.plt.got`: stubs for functions that other components or resolvers supply.
struct ProcedureLinkageTable {
  /// Bound at the first call, through `.got.plt`.
  var lazy: [ExtraIndex] = []
  /// Through slots of `.got`, filled at start.
  var direct: [ExtraIndex] = []
}

extension Link {
  /// What some symbols are: those with demands, and mentioned ones that no object defines.
  private struct FoundSymbols {
    var demanding: [SymbolIndex] = []
    var elsewhere: [SymbolIndex] = []
  }

  /// Turns the scan's demands into slots, entries and copies, in symbol order.
  func allocateSlots<T: Target>(_: T.Type) {
    let demands = SymbolFlags.demands
    let lists = pool.map(chunks: (symbols.count + 0xffff) >> 16) { [self] chunk, _ in
      var found = FoundSymbols()
      for i in chunk << 16..<min(symbols.count, (chunk + 1) << 16) {
        let has = symbols[SymbolIndex(i)].has
        if !has.isDisjoint(with: demands) { found.demanding.append(SymbolIndex(i)) }
        if !has.isDisjoint(with: [.isShared, .isUndefined]), has.contains(.isMentioned) {
          found.elsewhere.append(SymbolIndex(i))
        }
      }
      return found
    }
    for list in lists { mentionedElsewhere += list.elsewhere }
    var aliases = LibraryAliases()
    for list in lists {
      for symbol in list.demanding {
        let has = symbols[symbol].has
        if has.contains(.needsCopy) { copyVariable(T.Encoding.self, symbol, &aliases) }
        let extra = ensureExtra(symbol)
        allocateSlots(extra, symbols[symbol].has)
      }
    }
    for i in 0..<localDemands.count {
      let demand = localDemands[i]
      let extra = extras.append(
        SymbolExtra(symbol: .none, file: demand.file, source: demand.source))
      localDemands[i].extra = extra
      allocateSlots(extra, SymbolFlags(rawValue: demand.flags))
    }
    if scanFacts.contains(.needsLocalDynamic) {
      offsetTable.localDynamicSlot = offsetTable.add(.localModule, .none)
      _ = offsetTable.add(.zero, .none)
    }
  }

  func ensureExtra(_ symbol: SymbolIndex) -> ExtraIndex {
    if symbols[symbol].extra.isNone {
      symbols[symbol].extra = extras.append(
        SymbolExtra(symbol: symbol, file: .none, source: 0))
    }
    return symbols[symbol].extra
  }

  private func allocateSlots(_ index: ExtraIndex, _ has: SymbolFlags) {
    let extra = extras.pointer(index)
    let isOwnIndirect = has.contains(.isIndirectFunction) && !has.contains(.isPreemptible)
    let isCanonical = has.contains(.needsCanonicalPLT)
    if has.contains(.needsOffsetSlot) {
      extra.pointee.offsetSlot = offsetTable.add(
        isOwnIndirect && !isCanonical ? .indirect : .address, index)
    }
    if has.contains(.needsPLT) {
      if isOwnIndirect {
        extra.pointee.directEntry = Int32(procedureLinkage.direct.count)
        procedureLinkage.direct.append(index)
        if isCanonical || extra.pointee.offsetSlot < 0 {
          extra.pointee.directSlot = offsetTable.add(.indirect, index)
        }
      } else if options.bindsNow || extra.pointee.offsetSlot >= 0 && !isCanonical {
        extra.pointee.directEntry = Int32(procedureLinkage.direct.count)
        procedureLinkage.direct.append(index)
        if extra.pointee.offsetSlot < 0 || isCanonical {
          extra.pointee.directSlot = offsetTable.add(.address, index)
        }
      } else {
        extra.pointee.lazyEntry = Int32(procedureLinkage.lazy.count)
        procedureLinkage.lazy.append(index)
      }
    }
    if has.contains(.needsTLSModuleAndOffset) {
      extra.pointee.tlsModuleSlot = offsetTable.add(.tlsModule, index)
      _ = offsetTable.add(.tlsModuleOffset, index)
    }
    if has.contains(.needsTLSOffset) {
      extra.pointee.tlsOffsetSlot = offsetTable.add(.tlsOffset, index)
    }
    if has.contains(.needsTLSDescriptor) {
      extra.pointee.tlsDescriptorSlot = offsetTable.add(.tlsDescriptor, index)
      _ = offsetTable.add(.tlsDescriptorArgument, index)
    }
  }

  // MARK: Copies of libraries' variables

  /// Makes room for a library's variable in the executable, shared by all its names there.
  private func copyVariable<E: ELFEncoding>(
    _: E.Type, _ index: SymbolIndex, _ aliases: inout LibraryAliases
  ) {
    if !symbols[index].atom.isNone { return }  // an alias was copied before
    let library = libraries[LibraryIndex(raw: symbols[index].file)]
    let entry = library.symbol(E.self, Int(symbols[index].source))
    let size = entry.byteCount
    if entry.visibility == .protected {
      diagnostics.error(
        "cannot copy protected symbol '\(displayName(index))' of \(library.path) into the"
          + " executable: the library would go on using its own; recompile the objects that use it"
          + " with -fPIC")
      return
    }
    if size == 0 {
      diagnostics.error(
        "cannot copy symbol '\(displayName(index))' of \(library.path) into the executable: it has"
          + " no size; recompile the objects that use it with -fPIC")
      return
    }
    guard size < 1 << 47 else {
      diagnostics.error(
        "\(library.path): symbol '\(displayName(index))' has \(size) bytes; the file is damaged")
      return
    }
    let alignment = library.alignment(E.self, of: entry)
    let isReadOnly = options.relro && isReadOnly(E.self, library, entry.value)
    let name: ByteString = isReadOnly ? ".data.rel.ro" : ".bss"
    let atom = atoms.append(
      Atom(
        ownSize: size, output: outputIndex(name, type: .nobits, flags: [.alloc, .write]),
        flags: AtomFlags([.isAlloc, .isWritable, .isLive]).rawValue,
        alignment: UInt8(alignment.trailingZeroBitCount), kind: .zeroFill))
    syntheticAtoms.append(atom)
    copiedSymbols.append(index)
    aliases.forEachSymbol(E.self, at: entry.value, in: library, symbols[index].file) { i in
      guard library.symbol(E.self, i).sectionIndex == entry.sectionIndex,
        !library.globals[i].isNone
      else { return }
      let alias = symbols.pointer(library.globals[i])
      guard alias.pointee.has.contains(.isShared), alias.pointee.file == symbols[index].file,
        alias.pointee.source == UInt32(i)
      else { return }
      alias.pointee.atom = atom
      alias.pointee.word = 0
      alias.pointee.flags |=
        SymbolFlags([.needsCopy, .isExported, .isImported, .isPreemptible]).rawValue
    }
    symbols[index].atom = atom
    symbols[index].flags |= SymbolFlags([.needsCopy, .isExported]).rawValue
  }

  /// Whether the library maps the address without write permission.
  private func isReadOnly<E: ELFEncoding>(
    _: E.Type, _ library: SharedLibrary, _ address: UInt64
  ) -> Bool {
    let size = E.is64 ? 56 : 32
    for i in 0..<library.programHeaderCount {
      let p = library.programHeaders + i * size
      let type = SegmentType(rawValue: E.load32(p))
      let flags = SegmentFlags(rawValue: E.load32(p + (E.is64 ? 4 : 24)))
      let start = E.loadWord(p + (E.is64 ? 16 : 8))
      let length = E.loadWord(p + (E.is64 ? 40 : 20))
      guard address >= start, address &- start < length else { continue }
      if type == .gnuRelro { return true }
      if type == .load, !flags.contains(.write) { return true }
    }
    return false
  }

  /// The output section that a copied variable lies in.
  func copyOutput(of symbol: SymbolIndex) -> OutputIndex { atoms[symbols[symbol].atom].output }
}

/// The symbols of libraries by their values, to find all names of a variable.
private struct LibraryAliases {
  /// Searches of a library up to which looking at all symbols is less than sorting them.
  private static let fewSearches = 4
  private var searches: [UInt32: Int] = [:]
  /// Indices of symbols, by value.
  private var sorted: [UInt32: [UInt32]] = [:]

  mutating func forEachSymbol<E: ELFEncoding>(
    _: E.Type, at value: UInt64, in library: SharedLibrary, _ number: UInt32,
    _ body: (Int) -> Void
  ) {
    let count = library.symbolCount
    searches[number, default: 0] += 1
    if searches[number]! <= Self.fewSearches {
      for i in 1..<max(1, count) where library.symbol(E.self, i).value == value { body(i) }
      return
    }
    if sorted[number] == nil {
      func key(_ i: UInt32) -> (UInt64, UInt32) { (library.symbol(E.self, Int(i)).value, i) }
      sorted[number] = (1..<UInt32(max(1, count))).sorted { key($0) < key($1) }
    }
    let indices = sorted[number]!
    var low = 0
    var high = indices.count
    while low < high {
      let middle = (low + high) / 2
      if library.symbol(E.self, Int(indices[middle])).value < value {
        low = middle + 1
      } else {
        high = middle
      }
    }
    while low < indices.count, library.symbol(E.self, Int(indices[low])).value == value {
      body(Int(indices[low]))
      low += 1
    }
  }
}

extension ReadsLayout {
  /// Address of a symbol's PLT entry, if it has one; after layout.
  @inline(__always)
  func pltAddress(_ extra: SymbolExtra) -> UInt64? {
    if extra.lazyEntry >= 0 { return lazyPLTStart &+ UInt64(extra.lazyEntry) &* pltEntrySize }
    if extra.directEntry >= 0 {
      return directPLTStart &+ UInt64(extra.directEntry) &* directPLTEntrySize
    }
    return nil
  }
}
