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
  var hasStaticTLS = false
  var hasTextRelocations = false
}

/// How large the sections of dynamic relocations are.
struct RelocationCounts {
  /// Relative entries at the head of `.rela.dyn`.
  var relativeCount = 0
  /// Entries of `.rela.dyn`, not counting those of the procedure linkage table.
  var count = 0
  /// Room given to `.relr.dyn`, in words.
  var packedRoom = 0
}

/// What a slot of the offset table holds at first, and what it needs from the loader.
struct SlotPlan {
  /// A word that is known when addresses are.
  enum Word {
    case zero, one
    case address
    /// The address at which the symbol is called: its stub, if it has one.
    case callable
    /// From the start of the thread-local block, and from the thread pointer.
    case blockOffset, threadOffset
  }

  /// A dynamic relocation of the slot.
  struct Need {
    var type: UInt32
    var symbol = SymbolIndex.none
    var addend = Word.zero
    var isRelative = false
    var isIndirect = false
  }

  var need: Need?
  var word = Word.zero
}

extension ReadsDemands where Self: UsesServices & ReadsInputs & ReadsNaming & ReadsContents {
  /// What slot `i` of the offset table holds.
  func slotPlan(_ i: Int, _ target: (some Target).Type) -> SlotPlan {
    let slot = offsetTable.slots[i]
    let types = target.dynamicTypes
    if slot.use == .zero { return SlotPlan() }
    if slot.use == .localModule {
      return isSharedLibrary
        ? SlotPlan(need: .init(type: types.tlsModule)) : SlotPlan(word: .one)
    }
    let extra = extras[slot.extra]
    let has =
      extra.symbol.isNone
      ? localFlags(target.Encoding.self, objects.pointer(extra.file), extra.source)
      : symbols[extra.symbol].has
    let isPreemptible = has.contains(.isPreemptible)
    func ofSymbol(_ type: UInt32) -> SlotPlan {
      SlotPlan(need: .init(type: type, symbol: extra.symbol))
    }
    switch slot.use {
    case .address:
      if isPreemptible {
        // The slot of the stub that is itself the function's address must get the function: only for
        // this type the loader passes over the executable's own symbol, which means the stub.
        let isOfCanonicalStub = has.contains(.needsCanonicalPLT) && Int(extra.directSlot) == i
        return ofSymbol(isOfCanonicalStub ? types.jumpSlot : types.globalData)
      }
      let word = has.contains(.isIndirectFunction) ? SlotPlan.Word.callable : .address
      let isFixed = has.contains(.isAbsolute) || has.contains(.isUndefined)
      if isPositionIndependent, !isFixed {
        return SlotPlan(
          need: .init(type: types.relative, addend: word, isRelative: true), word: word)
      }
      return SlotPlan(word: word)
    case .indirect:
      return SlotPlan(
        need: .init(type: types.indirectRelative, addend: .address, isIndirect: true))
    case .tlsModule:
      if isPreemptible { return ofSymbol(types.tlsModule) }
      return isSharedLibrary
        ? SlotPlan(need: .init(type: types.tlsModule)) : SlotPlan(word: .one)
    case .tlsModuleOffset:
      return isPreemptible ? ofSymbol(types.tlsOffset) : SlotPlan(word: .blockOffset)
    case .tlsOffset:
      if isPreemptible { return ofSymbol(types.tlsStaticOffset) }
      if isSharedLibrary {
        return SlotPlan(need: .init(type: types.tlsStaticOffset, addend: .blockOffset))
      }
      return SlotPlan(word: has.contains(.isUndefined) ? .zero : .threadOffset)
    case .tlsDescriptor:
      if isPreemptible { return ofSymbol(types.tlsDescriptor) }
      return SlotPlan(need: .init(type: types.tlsDescriptor, addend: .blockOffset))
    case .tlsDescriptorArgument, .zero, .localModule: return SlotPlan()
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

  /// Static programs that are not position-independent run these by `__rela_iplt_start`.
  var putsIndirectInPLT: Bool { !isDynamic }

  /// Entries of `.rela.plt`.
  var pltRelocationCount: Int {
    procedureLinkage.lazy.count + (putsIndirectInPLT ? indirectSlotCount : 0)
  }

  private var indirectSlotCount: Int {
    offsetTable.slots.reduce(0) { $0 + ($1.use == .indirect ? 1 : 0) }
  }
}

extension ReadsLayout where Self: ReadsNaming & ReadsInputs & ReadsContents & ReadsDemands {
  /// A word of slot `i`, when addresses are known.
  func value<E: ELFEncoding>(_: E.Type, of word: SlotPlan.Word, slot i: Int) -> UInt64 {
    switch word {
    case .zero: return 0
    case .one: return 1
    default: break
    }
    let extra = extras[offsetTable.slots[i].extra]
    let address =
      extra.symbol.isNone
      ? localAddress(E.self, of: extra.source, in: objects.pointer(extra.file), addend: 0)
      : symbols[extra.symbol].word
    switch word {
    case .callable: return pltAddress(extra) ?? address
    case .blockOffset: return address &- tlsStart
    case .threadOffset: return address &- threadPointer
    default: return address
    }
  }
}

extension ReadsContents {
  /// The address of a dynamic relocation's place.
  @inline(__always)
  func place(of relocation: DynamicRelocation, wordSize: Int) -> UInt64 {
    let atom = atoms[relocation.atom]
    if atom.has.contains(.isReversed) {
      return atom.address &+ atom.size &- UInt64(wordSize) &- relocation.offset
    }
    return atom.address &+ relocation.offset
  }
}
