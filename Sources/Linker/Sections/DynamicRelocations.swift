import ELFFormat
import Platform

/// `.rela.dyn`, `.rela.plt` and `.relr.dyn`.
///
/// Order in `.rela.dyn`: relative ones first, so that the loader can run through them
/// (DT_RELACOUNT); then those with symbols, by symbol, so that its cache of the last look-up hits;
/// then the ones that call resolvers, which may use what the others set up.
struct DynamicRelocationTable {
  /// By live file, in scan order; relative ones are listed only where `.relr.dyn` is to be made.
  var lists: [[DynamicRelocation]] = []
  /// Relative relocations that are not listed. They come first in `.rela.dyn`, by file, and are
  /// written along with what they relocate.
  var countedRelative = 0
  /// The bytes of `.rela.dyn`, while the output is written.
  var bytes: UnsafeMutableRawPointer?
  var hasStaticTLS = false
  var hasTextRelocations = false
  /// Relative entries at the head of `.rela.dyn`.
  var relativeCount = 0
  /// Entries of `.rela.dyn`, not counting those of the procedure linkage table.
  var count = 0
  /// Words of `.relr.dyn`.
  var packed: [UInt64] = []
  /// Room given to `.relr.dyn`, in words.
  var packedRoom = 0
}

extension Link {
  /// One dynamic relocation that a linker-made table needs.
  struct TableRelocation {
    var type: UInt32
    var slot: Int
    var symbol: SymbolIndex
    /// Filled when addresses are known.
    var addend: UInt64
    var isRelative: Bool
    var isIndirect: Bool
  }

  /// What slot `i` of the offset table needs from the loader, and what is in it at first.
  ///
  /// Before layout only the kind is meaningful.
  func slotContent<T: Target>(_: T.Type, _ i: Int) -> (
    relocation: TableRelocation?, word: UInt64
  ) {
    let slot = offsetTable.slots[i]
    let types = T.dynamicTypes
    func loader(
      _ type: UInt32, symbol: SymbolIndex = .none, addend: UInt64 = 0, relative: Bool = false,
      indirect: Bool = false
    ) -> TableRelocation {
      TableRelocation(
        type: type, slot: i, symbol: symbol, addend: addend, isRelative: relative,
        isIndirect: indirect)
    }
    if slot.use == .zero { return (nil, 0) }
    if slot.use == .localModule {
      return isSharedLibrary ? (loader(types.tlsModule), 0) : (nil, 1)
    }
    let extra = extras[slot.extra]
    let has: SymbolFlags
    let address: UInt64
    if extra.symbol.isNone {
      let file = objects.pointer(extra.file)
      has = localFlags(T.Encoding.self, file, extra.source)
      address = localAddress(T.Encoding.self, of: extra.source, in: file, addend: 0)
    } else {
      has = symbols[extra.symbol].has
      address = symbols[extra.symbol].word
    }
    let isPreemptible = has.contains(.isPreemptible)
    switch slot.use {
    case .address:
      if isPreemptible {
        // The slot of the stub that is itself the function's address must get the function: only for
        // this type the loader passes over the executable's own symbol, which means the stub.
        let isOfCanonicalStub = has.contains(.needsCanonicalPLT) && Int(extra.directSlot) == i
        return (
          loader(isOfCanonicalStub ? types.jumpSlot : types.globalData, symbol: extra.symbol), 0
        )
      }
      var value = address
      if has.contains(.isIndirectFunction), let plt = pltAddress(extra) { value = plt }
      let isFixed = has.contains(.isAbsolute) || has.contains(.isUndefined)
      if isPositionIndependent, !isFixed {
        return (loader(types.relative, addend: value, relative: true), value)
      }
      return (nil, value)
    case .indirect:
      return (loader(types.indirectRelative, addend: address, indirect: true), 0)
    case .tlsModule:
      if isPreemptible { return (loader(types.tlsModule, symbol: extra.symbol), 0) }
      return isSharedLibrary ? (loader(types.tlsModule), 0) : (nil, 1)
    case .tlsModuleOffset:
      if isPreemptible { return (loader(types.tlsOffset, symbol: extra.symbol), 0) }
      return (nil, address &- tlsStart)
    case .tlsOffset:
      if isPreemptible { return (loader(types.tlsStaticOffset, symbol: extra.symbol), 0) }
      if isSharedLibrary {
        return (loader(types.tlsStaticOffset, addend: address &- tlsStart), 0)
      }
      return (nil, has.contains(.isUndefined) ? 0 : address &- threadPointer)
    case .tlsDescriptor:
      if isPreemptible { return (loader(types.tlsDescriptor, symbol: extra.symbol), 0) }
      return (loader(types.tlsDescriptor, addend: address &- tlsStart), 0)
    case .tlsDescriptorArgument, .zero, .localModule: return (nil, 0)
    }
  }

  private func localFlags<E: ELFEncoding>(
    _: E.Type, _ file: UnsafeMutablePointer<ObjectFile>, _ source: UInt32
  ) -> SymbolFlags {
    let section = file.pointee.section(E.self, of: Int(source))
    if section == 0 || Int(section) >= file.pointee.sectionCount { return .isAbsolute }
    return file.pointee.symbol(E.self, Int(source)).type == .gnuIndirectFunction
      ? .isIndirectFunction : []
  }

  /// Whether a relative relocation goes to `.relr.dyn`: its place has to be even.
  @inline(__always)
  func isPacked(_ relocation: DynamicRelocation) -> Bool {
    options.packsRelative && relocation.kind == .relative && relocation.offset & 1 == 0
      && atoms[relocation.atom].alignment >= 1 && !atoms[relocation.atom].has.contains(.isReversed)
  }

  /// Counts entries; before layout.
  func countDynamicRelocations<T: Target>(_: T.Type) {
    var relative = dynamicRelocations.countedRelative
    var other = 0
    var packed = 0
    for list in dynamicRelocations.lists {
      for relocation in list {
        if relocation.kind != .relative {
          other += 1
        } else if isPacked(relocation) {
          packed += 1
        } else {
          relative += 1
        }
      }
    }
    for i in 0..<offsetTable.slots.count {
      guard let relocation = slotContent(T.self, i).relocation else { continue }
      if relocation.isRelative {
        if options.packsRelative { packed += 1 } else { relative += 1 }
      } else if !(relocation.isIndirect && putsIndirectInPLT) {
        other += 1
      }
    }
    dynamicRelocations.relativeCount = relative
    dynamicRelocations.count = relative + other + copiedSymbols.count
    if packed > 0, dynamicRelocations.packedRoom == 0 {
      // A guess that layout corrects: an address and a bitmap for each 32.
      dynamicRelocations.packedRoom = packed / 16 + 2
    }
  }

  /// Static programs that are not position-independent run these by `__rela_iplt_start`.
  var putsIndirectInPLT: Bool { !isDynamic }

  /// Entries of `.rela.plt`.
  var pltRelocationCount: Int {
    procedureLinkage.lazy.count + (putsIndirectInPLT ? indirectSlotCount : 0)
  }

  private var indirectSlotCount: Int {
    offsetTable.slots.reduce(0) { $0 + ($1.use == .indirect ? 1 : 0) }
  }

  @inline(__always)
  func place(of relocation: DynamicRelocation) -> UInt64 {
    let atom = atoms[relocation.atom]
    if atom.has.contains(.isReversed) {
      return atom.address &+ atom.size &- 8 &- relocation.offset
    }
    return atom.address &+ relocation.offset
  }

  /// Encodes `.relr.dyn` for the present addresses; true if it fits in its room.
  ///
  /// Otherwise there is more room for the next layout: as much as these addresses need, or if that was
  /// not enough too often, a word for each relocation, which is always enough.
  ///
  /// Source: gABI, "Relative Relocation Table": an even word is an address, an odd one a bitmap of
  /// the 63 words after the last.
  func packRelativeRelocations<T: Target>(_: T.Type, mayGuess: Bool) -> Bool {
    if synthetic.relativeRelocations.isNone { return true }
    var places: [UInt64] = []
    for list in dynamicRelocations.lists {
      for relocation in list where isPacked(relocation) { places.append(place(of: relocation)) }
    }
    let table = synthetic.offsetTable.isNone ? 0 : outputs[synthetic.offsetTable].address
    let width = UInt64(T.Encoding.wordSize)
    for i in 0..<offsetTable.slots.count
    where slotContent(T.self, i).relocation?.isRelative == true {
      places.append(table &+ UInt64(i) &* width)
    }
    places.sort()
    var words: [UInt64] = []
    let bits = width * 8 - 1
    var i = 0
    while i < places.count {
      words.append(places[i])
      var base = places[i] &+ width
      i += 1
      while true {
        var bitmap: UInt64 = 0
        while i < places.count {
          let distance = places[i] &- base
          if distance >= bits * width || distance % width != 0 { break }
          bitmap |= 1 << (distance / width)
          i += 1
        }
        if bitmap == 0 { break }
        words.append(bitmap << 1 | 1)
        base = base &+ bits * width
      }
    }
    dynamicRelocations.packed = words
    if words.count > dynamicRelocations.packedRoom {
      dynamicRelocations.packedRoom = mayGuess ? words.count : places.count
      return false
    }
    return true
  }

  func writeRelativeRelocations<T: Target>(_: T.Type, to p: UnsafeMutableRawPointer) {
    let width = T.Encoding.wordSize
    for i in 0..<dynamicRelocations.packedRoom {
      // What is left over is bitmaps without bits.
      let word = i < dynamicRelocations.packed.count ? dynamicRelocations.packed[i] : 1
      T.Encoding.storeWord(word, p + i * width)
    }
  }

  /// Writes `.rela.dyn`, but for relative entries that are written with what they relocate.
  func writeDynamicRelocations<T: Target>(_: T.Type, to p: UnsafeMutableRawPointer) {
    typealias E = T.Encoding
    let size = RelaEntry<E>.size
    let types = T.dynamicTypes
    nonisolated(unsafe) let start = p
    let lists = dynamicRelocations.lists
    // Relative ones: each file knows its range.
    var firsts: [Int] = []
    var next = dynamicRelocations.countedRelative
    for list in lists {
      firsts.append(next)
      for relocation in list where relocation.kind == .relative && !isPacked(relocation) {
        next += 1
      }
    }
    let starts = firsts
    pool.forEach(chunks: options.packsRelative ? lists.count : 0) { [self] i, _ in
      var at = start + starts[i] * size
      for relocation in lists[i] where relocation.kind == .relative && !isPacked(relocation) {
        let file = objects.pointer(atoms[relocation.atom].file)
        let value = finalAddress(
          E.self, of: relocation.source, in: file, addend: relocation.addend)
        RelaEntry<E>.write(
          to: at, offset: place(of: relocation), type: types.relative, symbol: 0,
          addend: Int64(bitPattern: value))
        at += size
      }
    }
    var rest: [LoaderEntry] = []
    for list in lists {
      for relocation in list where relocation.kind != .relative {
        let file = objects.pointer(atoms[relocation.atom].file)
        if relocation.kind == .indirect {
          rest.append(
            LoaderEntry(
              symbol: 0, type: types.indirectRelative, place: place(of: relocation),
              addend: address(E.self, of: relocation.source, in: file, addend: relocation.addend),
              isIndirect: true))
          continue
        }
        if relocation.kind == .threadLocal {
          let target = address(
            E.self, of: relocation.source, in: file, addend: relocation.addend)
          rest.append(
            LoaderEntry(
              symbol: 0, type: relocation.type, place: place(of: relocation),
              addend: target &- tlsStart, isIndirect: false))
          continue
        }
        let symbol = file.pointee.globals[Int(relocation.source) - file.pointee.firstGlobal]
        rest.append(
          LoaderEntry(
            symbol: dynamicSymbols.index(of: symbol), type: relocation.type,
            place: place(of: relocation),
            addend: UInt64(bitPattern: relocation.addend), isIndirect: false))
      }
    }
    let table = synthetic.offsetTable.isNone ? 0 : outputs[synthetic.offsetTable].address
    for i in 0..<offsetTable.slots.count {
      guard let relocation = slotContent(T.self, i).relocation else { continue }
      let place = table &+ UInt64(i * E.wordSize)
      if relocation.isRelative {
        if options.packsRelative { continue }
        RelaEntry<E>.write(
          to: p + next * size, offset: place, type: relocation.type, symbol: 0,
          addend: Int64(bitPattern: relocation.addend))
        next += 1
      } else if !(relocation.isIndirect && putsIndirectInPLT) {
        rest.append(
          LoaderEntry(
            symbol: relocation.symbol.isNone ? 0 : dynamicSymbols.index(of: relocation.symbol),
            type: relocation.type, place: place, addend: relocation.addend,
            isIndirect: relocation.isIndirect))
      }
    }
    for symbol in copiedSymbols {
      rest.append(
        LoaderEntry(
          symbol: dynamicSymbols.index(of: symbol), type: types.copy, place: symbols[symbol].word,
          addend: 0, isIndirect: false))
    }
    if options.combinesRelocations {
      rest.sort {
        ($0.isIndirect ? 1 : 0, $0.symbol, $0.place) < ($1.isIndirect ? 1 : 0, $1.symbol, $1.place)
      }
    }
    for entry in rest {
      RelaEntry<E>.write(
        to: p + next * size, offset: entry.place, type: entry.type, symbol: entry.symbol,
        addend: Int64(bitPattern: entry.addend))
      next += 1
    }
    assert(next == dynamicRelocations.count)
  }

  /// Writes `.rela.plt`.
  func writePLTRelocations<T: Target>(_: T.Type, to p: UnsafeMutableRawPointer) {
    typealias E = T.Encoding
    var at = p
    let width = UInt64(E.wordSize)
    for (i, extra) in procedureLinkage.lazy.enumerated() {
      let slot = outputs[synthetic.pltOffsetTable].address &+ UInt64(3 + i) &* width
      RelaEntry<E>.write(
        to: at, offset: slot, type: T.dynamicTypes.jumpSlot,
        symbol: dynamicSymbols.index(of: extras[extra].symbol), addend: 0)
      at += RelaEntry<E>.size
    }
    guard putsIndirectInPLT else { return }
    for i in 0..<offsetTable.slots.count where offsetTable.slots[i].use == .indirect {
      guard let relocation = slotContent(T.self, i).relocation else { continue }
      RelaEntry<E>.write(
        to: at, offset: outputs[synthetic.offsetTable].address &+ UInt64(i) &* width,
        type: relocation.type, symbol: 0, addend: Int64(bitPattern: relocation.addend))
      at += RelaEntry<E>.size
    }
  }

  func writeOffsetTable<T: Target>(_: T.Type, to p: UnsafeMutableRawPointer) {
    let clears = options.appliesDynamicRelocations == false && !options.packsRelative
    for i in 0..<offsetTable.slots.count {
      var (relocation, word) = slotContent(T.self, i)
      if clears, relocation?.isRelative == true { word = 0 }
      T.Encoding.storeWord(word, p + i * T.Encoding.wordSize)
    }
  }

  /// `.got.plt`: the dynamic section's address, two words for the loader, then a slot for each lazy
  /// entry, which at first leads back to the entry's second instruction.
  func writePLTOffsetTable<T: Target>(_: T.Type, to p: UnsafeMutableRawPointer) {
    let width = T.Encoding.wordSize
    T.Encoding.storeWord(
      synthetic.dynamic.isNone ? 0 : outputs[synthetic.dynamic].address, p)
    for i in 0..<procedureLinkage.lazy.count {
      let entry =
        outputs[synthetic.procedureLinkage].address &+ T.pltHeaderSize &+ UInt64(i)
        &* T.pltEntrySize
      T.Encoding.storeWord(
        usesLandingPads ? entry : entry &+ T.lazyEntryOffset, p + (3 + i) * width)
    }
  }

  func writePLT<T: Target>(_: T.Type, to p: UnsafeMutableRawPointer) {
    let plt = outputs[synthetic.procedureLinkage].address
    let slots = outputs[synthetic.pltOffsetTable].address
    T.writePLTHeader(p, plt: plt, pltSlots: slots)
    var at = p + Int(T.pltHeaderSize)
    for i in 0..<procedureLinkage.lazy.count {
      let address = plt &+ T.pltHeaderSize &+ UInt64(i) &* T.pltEntrySize
      if usesLandingPads {
        T.writeLandingLazyEntry(at, address: address, index: i, plt: plt)
      } else {
        T.writePLTEntry(
          at, address: address, slot: slots &+ UInt64((3 + i) * T.Encoding.wordSize), index: i,
          plt: plt)
      }
      at += Int(T.pltEntrySize)
    }
  }

  /// `.plt.sec`.
  func writeSecondPLT<T: Target>(_: T.Type, to p: UnsafeMutableRawPointer) {
    let slots = outputs[synthetic.pltOffsetTable].address
    for i in 0..<procedureLinkage.lazy.count {
      T.writeLandingPLTEntry(
        p + i * Int(T.landingPLTEntrySize), address: lazyPLTStart &+ UInt64(i) &* pltEntrySize,
        slot: slots &+ UInt64((3 + i) * T.Encoding.wordSize))
    }
  }

  func writeDirectPLT<T: Target>(_: T.Type, to p: UnsafeMutableRawPointer) {
    let table = outputs[synthetic.offsetTable].address
    for (i, index) in procedureLinkage.direct.enumerated() {
      let extra = extras[index]
      let slot = extra.directSlot >= 0 ? extra.directSlot : extra.offsetSlot
      let at = p + i * Int(directPLTEntrySize)
      let address = directPLTStart &+ UInt64(i) &* directPLTEntrySize
      let slotAddress = table &+ UInt64(slot) &* UInt64(T.Encoding.wordSize)
      if usesLandingPads {
        T.writeLandingPLTEntry(at, address: address, slot: slotAddress)
      } else {
        T.writeDirectPLTEntry(at, address: address, slot: slotAddress)
      }
    }
  }
}

/// An entry of `.rela.dyn` that is not relative, before sorting.
private struct LoaderEntry {
  var symbol: UInt32
  var type: UInt32
  var place: UInt64
  var addend: UInt64
  var isIndirect: Bool
}
