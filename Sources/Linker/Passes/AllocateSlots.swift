import ELFFormat
import Platform

/// Gives what needs them slots, stubs and copies, in the order of symbols.
struct AllocateSlots<E: ELFEncoding>: UsesServices, ReadsInputs, ReadsNaming, ChangesContents,
  ChangesDemands
{
  let serviceStage: Reading<Services>
  let inputStage: Reading<Inputs>
  let namingStage: Reading<Naming>
  let changingContents: Changing<Contents>
  let changingDemands: Changing<Demands>

  /// Turns the scan's demands into slots, entries and copies. Copies are atoms.
  static func run(
    _ services: Reading<Services>, _ inputs: Reading<Inputs>, _ naming: Reading<Naming>,
    _ contents: Changing<Contents>,
    _ demands: Changing<Demands>
  ) {
    AllocateSlots(
      serviceStage: services, inputStage: inputs, namingStage: naming,
      changingContents: contents,
      changingDemands: demands
    )
    .allocate()
  }

  private func allocate() {
    let needs = SymbolFlags.demands
    let lists = pool.map(chunks: (symbols.count + 0xffff) >> 16) { [self] chunk, _ in
      var found = FoundSymbols()
      for i in chunk << 16..<min(symbols.count, (chunk + 1) << 16) {
        let has = symbols[SymbolIndex(i)].has
        if !has.isDisjoint(with: needs) { found.demanding.append(SymbolIndex(i)) }
        if !has.isDisjoint(with: [.isShared, .isUndefined]), has.contains(.isMentioned) {
          found.elsewhere.append(SymbolIndex(i))
        }
      }
      return found
    }
    for list in lists { demands.mentionedElsewhere += list.elsewhere }
    var aliases = LibraryAliases()
    for list in lists {
      for symbol in list.demanding {
        let has = symbols[symbol].has
        if has.contains(.needsCopy) { copyVariable(symbol, &aliases) }
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
      demands.offsetTable.localDynamicSlot = demands.offsetTable.add(.localModule, .none)
      _ = demands.offsetTable.add(.zero, .none)
    }
  }

  private func allocateSlots(_ index: ExtraIndex, _ has: SymbolFlags) {
    let extra = extras.pointer(index)
    let isOwnIndirect = has.contains(.isIndirectFunction) && !has.contains(.isPreemptible)
    let isCanonical = has.contains(.needsCanonicalPLT)
    if has.contains(.needsOffsetSlot) {
      extra.pointee.offsetSlot = demands.offsetTable.add(
        isOwnIndirect && !isCanonical ? .indirect : .address, index)
    }
    if has.contains(.needsPLT) {
      if isOwnIndirect {
        extra.pointee.directEntry = Int32(procedureLinkage.direct.count)
        demands.procedureLinkage.direct.append(index)
        if isCanonical || extra.pointee.offsetSlot < 0 {
          extra.pointee.directSlot = demands.offsetTable.add(.indirect, index)
        }
      } else if options.bindsNow || extra.pointee.offsetSlot >= 0 && !isCanonical {
        extra.pointee.directEntry = Int32(procedureLinkage.direct.count)
        demands.procedureLinkage.direct.append(index)
        if extra.pointee.offsetSlot < 0 || isCanonical {
          extra.pointee.directSlot = demands.offsetTable.add(.address, index)
        }
      } else {
        extra.pointee.lazyEntry = Int32(procedureLinkage.lazy.count)
        demands.procedureLinkage.lazy.append(index)
      }
    }
    if has.contains(.needsTLSModuleAndOffset) {
      extra.pointee.tlsModuleSlot = demands.offsetTable.add(.tlsModule, index)
      _ = demands.offsetTable.add(.tlsModuleOffset, index)
    }
    if has.contains(.needsTLSOffset) {
      extra.pointee.tlsOffsetSlot = demands.offsetTable.add(.tlsOffset, index)
    }
    if has.contains(.needsTLSDescriptor) {
      extra.pointee.tlsDescriptorSlot = demands.offsetTable.add(.tlsDescriptor, index)
      _ = demands.offsetTable.add(.tlsDescriptorArgument, index)
    }
  }

  // MARK: Copies of libraries' variables

  /// Makes room for a library's variable in the executable, shared by all its names there.
  private func copyVariable(
    _ index: SymbolIndex, _ aliases: inout LibraryAliases
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
    let isReadOnly = options.relro && isReadOnly(library, entry.value)
    let name: ByteString = isReadOnly ? ".data.rel.ro" : ".bss"
    let atom = atoms.append(
      Atom(
        ownSize: size, output: outputIndex(name, type: .nobits, flags: [.alloc, .write]),
        flags: AtomFlags([.isAlloc, .isWritable, .isLive]).rawValue,
        alignment: UInt8(alignment.trailingZeroBitCount), kind: .zeroFill))
    contents.syntheticAtoms.append(atom)
    demands.copiedSymbols.append(index)
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
  private func isReadOnly(
    _ library: SharedLibrary, _ address: UInt64
  ) -> Bool {
    for i in 0..<library.programHeaderCount {
      let header = ProgramHeader<E>(library.programHeaders + i * ProgramHeader<E>.size)
      guard address >= header.address, address &- header.address < header.memorySize else {
        continue
      }
      if header.type == .gnuRelro { return true }
      if header.type == .load, !header.flags.contains(.write) { return true }
    }
    return false
  }
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
    let first = indices.partitioningIndex { library.symbol(E.self, Int($0)).value >= value }
    for index in indices[first...] {
      if library.symbol(E.self, Int(index)).value != value { break }
      body(Int(index))
    }
  }
}

/// What some symbols are: those with demands, and mentioned ones that no object defines.
private struct FoundSymbols {
  var demanding: [SymbolIndex] = []
  var elsewhere: [SymbolIndex] = []
}
