import ELFFormat
import Platform

extension X86_64 {
  /// What made it quick: `target` is a word of `destinations` and an addition in all but a few cases;
  /// those are out of line. The context goes by reference: a helper that took it by value was a copy of
  /// it for each relocation.
  static func apply(
    _ link: LaidOutLink, _ context: inout ApplyContext, _ index: AtomIndex,
    _ place: UnsafeMutableRawPointer
  ) {
    let atom = link.atoms[index]
    let relocations = atom.relocationList
    if relocations.count == 0 { return }
    context.enter(link, atom)
    if !atom.has.contains(.isAlloc) {
      applyUnloaded(link, &context, index, place)
      return
    }
    let bytes = place.assumingMemoryBound(to: UInt8.self)
    // What an instruction becomes is decided by the input's bytes, as the scan did: where
    // relocations overlap, those in `place` are no longer the same.
    let code = atom.contents.start
    let base = atom.address
    let symbolCount = context.file.pointee.symbolCount
    var i = 0
    while i < relocations.count {
      let entry = RelaEntry<Encoding>(relocations.start + i &* RelaEntry<Encoding>.size)
      i &+= 1
      let type = entry.type
      let offset = entry.offset
      let p = bytes + Int(offset)
      let address = base &+ offset
      let source = entry.symbol
      // The scan has checked both, but the file may have changed since. What a relocation writes
      // around its place stays within the room around a buffer (`WriteBuffer`).
      guard offset < atom.size, Int(source) < symbolCount else { continue }
      switch type {
      case R.pc32:
        let target = target(&context, source, entry.addend)
        if target == UInt64(bitPattern: entry.addend), context.isPositionIndependent,
          context.file.pointee.destinations[Int(source)] == Destination.unsettled,
          applyToUndefined(&context, index, entry, p, code, address)
        {
          break
        }
        let value = target &- address
        if !fitsSigned32(value) { outOfRange(&context, index, entry, value) }
        store32(value, p)
      case R.plt32:
        let value = callTarget(&context, source, entry.addend) &- address
        if !fitsSigned32(value) { outOfRange(&context, index, entry, value) }
        store32(value, p)
      case R.abs64:
        let value = absoluteValue(&context, source, entry.addend)
        store64(value, p)
        if context.relativeTable != nil, isRelative(&context, source) {
          // Words of reversed atoms trade places.
          let place =
            atom.has.contains(.isReversed) ? base &+ atom.size &- 8 &- offset : address
          context.writeRelative(
            Self.self, index, type: R.relative, address: place, value: value)
          if context.clearsRelative { store64(0, p) }
        }
      case R.gotpcrelx, R.rexGotpcrelx, R.code4Gotpcrelx:
        applySlot(&context, index, entry, p, code, address)
      case R.gotpcrel, R.code5Gotpcrelx, R.code6Gotpcrelx:
        let value = slot(&context, source) &+ UInt64(bitPattern: entry.addend) &- address
        if !fitsSigned32(value) { outOfRange(&context, index, entry, value) }
        store32(value, p)
      case R.abs32:
        let value = target(&context, source, entry.addend)
        if value >> 32 != 0 { outOfRange(&context, index, entry, value) }
        store32(value, p)
      case R.abs32S:
        let value = target(&context, source, entry.addend)
        if !fitsSigned32(value) { outOfRange(&context, index, entry, value) }
        store32(value, p)
      case R.tlsgd:
        applyGeneralDynamic(
          &context, index, entry, p, code, address, relocations.start, relocations.count, &i)
      case R.tlsld:
        if context.isShared {
          let value =
            context.slotAddress(link.offsetTable.localDynamicSlot)
            &+ UInt64(bitPattern: entry.addend) &- address
          if !fitsSigned32(value) { outOfRange(&context, index, entry, value) }
          store32(value, p)
        } else {
          rewriteLocalDynamic(p, localDynamicCall(code, offset, atom.size))
          i &+= 1
        }
      case R.dtpoff32:
        let value = moduleOffset(&context, source, entry.addend, origin(&context, index))
        if !fitsSigned32(value) { outOfRange(&context, index, entry, value) }
        store32(value, p)
      case R.dtpoff64:
        store64(moduleOffset(&context, source, entry.addend, origin(&context, index)), p)
      case R.gottpoff, R.code4Gottpoff, R.code5Gottpoff, R.code6Gottpoff:
        applyInitialExec(&context, index, entry, p, code, address)
      case R.gotpc32Tlsdesc, R.code4Gotpc32Tlsdesc:
        applyDescriptor(&context, index, entry, p, address)
      case R.tlsdescCall:
        if !context.isShared, let extra = context.extra(source),
          extra.pointee.tlsDescriptorSlot >= 0
        {
          break
        }
        if !context.isShared, isDescriptorCall(code, offset) {
          p[0] = 0x66  // xchg %ax, %ax
          p[1] = 0x90
        }
      case R.tpoff32:
        let value = threadOffset(&context, source, entry.addend)
        if !fitsSigned32(value) { outOfRange(&context, index, entry, value) }
        store32(value, p)
      case R.tpoff64:
        // Otherwise the loader does, from the relocation's addend.
        if context.isShared || reference(&context, source).isPreemptible { break }
        store64(threadOffset(&context, source, entry.addend), p)
      default:
        applyRare(&context, index, entry, p, address)
      }
    }
  }

  // MARK: Values

  /// S + A, where the address of an indirect function or of another component's function is its
  /// PLT entry.
  @inline(__always)
  private static func target(
    _ context: inout ApplyContext, _ source: UInt32, _ addend: Int64
  ) -> UInt64 {
    let word = context.file.pointee.destinations[Int(source)]
    if Destination.isAddress(word) { return word &+ UInt64(bitPattern: addend) }
    return unsettledTarget(&context, source, addend)
  }

  @inline(never)
  private static func unsettledTarget(
    _ context: inout ApplyContext, _ source: UInt32, _ addend: Int64
  ) -> UInt64 {
    context.link.finalAddress(Encoding.self, of: source, in: context.file, addend: addend)
  }

  /// As `target`, and through the PLT for what may be replaced, or is at no distance that is known.
  @inline(__always)
  private static func callTarget(
    _ context: inout ApplyContext, _ source: UInt32, _ addend: Int64
  ) -> UInt64 {
    let word = context.file.pointee.destinations[Int(source)]
    if Destination.isAddress(word) { return word &+ UInt64(bitPattern: addend) }
    let index = Int(source)
    if index >= context.file.pointee.firstGlobal {
      let link = context.link
      let symbol = link.symbols.pointer(
        context.file.pointee.globals[index &- context.file.pointee.firstGlobal])
      if !symbol.pointee.has.isDisjoint(with: [.isPreemptible, .isAbsolute]),
        !symbol.pointee.extra.isNone,
        let plt = link.pltAddress(link.extras[symbol.pointee.extra])
      {
        return plt &+ UInt64(bitPattern: addend)
      }
    }
    return target(&context, source, addend)
  }

  /// What lies in the file where a 64-bit address goes; the loader adds its base, or replaces it.
  @inline(__always)
  private static func absoluteValue(
    _ context: inout ApplyContext, _ source: UInt32, _ addend: Int64
  ) -> UInt64 {
    let word = context.file.pointee.destinations[Int(source)]
    if Destination.isAddress(word) { return word &+ UInt64(bitPattern: addend) }
    let index = Int(source)
    if index >= context.file.pointee.firstGlobal {
      let symbol = context.link.symbols.pointer(
        context.file.pointee.globals[index &- context.file.pointee.firstGlobal])
      // A library's symbol whose address the executable decides (copy, PLT) has a value; others
      // are the loader's business.
      if symbol.pointee.has.contains(.isPreemptible), symbol.pointee.word == 0 { return 0 }
    }
    return target(&context, source, addend)
  }

  /// Whether an address in position-independent output is relative to its base: as the scan decided.
  @inline(__always)
  private static func isRelative(_ context: inout ApplyContext, _ source: UInt32) -> Bool {
    let reference = reference(&context, source)
    return !reference.isPreemptible && !reference.isFixed
  }

  @inline(__always)
  private static func slot(_ context: inout ApplyContext, _ source: UInt32) -> UInt64 {
    guard let extra = context.extra(source) else { return 0 }
    return context.slotAddress(extra.pointee.offsetSlot)
  }

  @inline(__always)
  private static func threadOffset(
    _ context: inout ApplyContext, _ source: UInt32, _ addend: Int64
  ) -> UInt64 {
    moduleOffset(&context, source, addend, context.threadPointer)
  }

  /// Distance of a variable from `origin`, in the same module.
  @inline(__always)
  private static func moduleOffset(
    _ context: inout ApplyContext, _ source: UInt32, _ addend: Int64, _ origin: UInt64
  ) -> UInt64 {
    let word = context.file.pointee.destinations[Int(source)]
    if Destination.isAddress(word) { return word &+ UInt64(bitPattern: addend) &- origin }
    return unsettledOffset(&context, source, addend, origin)
  }

  /// What is not there lies nowhere: any offset does, and zero fits in 32 bits.
  @inline(never)
  private static func unsettledOffset(
    _ context: inout ApplyContext, _ source: UInt32, _ addend: Int64, _ origin: UInt64
  ) -> UInt64 {
    if reference(&context, source).flags.contains(.isUndefined) {
      return UInt64(bitPattern: addend)
    }
    return unsettledTarget(&context, source, addend) &- origin
  }

  /// What R_X86_64_DTPOFF32 and 64 count from: in an executable's code, local-dynamic sequences
  /// have become local-exec; data goes on meaning an offset in the module.
  @inline(__always)
  private static func origin(_ context: inout ApplyContext, _ index: AtomIndex) -> UInt64 {
    if context.isShared { return context.tlsStart }
    return context.link.atoms.pointer(index).pointee.has.contains(.isExecutable)
      ? context.threadPointer : context.tlsStart
  }

  // MARK: Sequences

  @inline(__always)
  private static func applySlot(
    _ context: inout ApplyContext, _ index: AtomIndex, _ entry: RelaEntry<Encoding>,
    _ p: UnsafeMutablePointer<UInt8>, _ code: UnsafePointer<UInt8>, _ address: UInt64
  ) {
    let source = entry.symbol
    let type = entry.type
    let reference = reference(&context, source)
    let link = context.link
    let kind = relaxation(
      link, context.file, relaxes: context.relaxes, reference, type, code, entry.offset,
      entry.addend)
    switch kind {
    case .none:
      let value = slot(&context, source) &+ UInt64(bitPattern: entry.addend) &- address
      if !fitsSigned32(value) { outOfRange(&context, index, entry, value) }
      store32(value, p)
    case .lea:
      p[-2] = 0x8d
      let value = target(&context, source, entry.addend) &- address
      if !fitsSigned32(value) { outOfRange(&context, index, entry, value) }
      store32(value, p)
    case .call:
      p[-2] = 0x67  // addr32 call
      p[-1] = 0xe8
      let value = target(&context, source, entry.addend) &- address
      if !fitsSigned32(value) { outOfRange(&context, index, entry, value) }
      store32(value, p)
    case .jump:
      // The instruction is a byte shorter: the field moves forward, and the addend counts from it.
      p[-2] = 0xe9
      let value = target(&context, source, entry.addend) &- address &+ 1
      if !fitsSigned32(value) { outOfRange(&context, index, entry, value) }
      store32(value, p - 1)
      p[3] = 0x90
    case .immediate:
      rewriteImmediate(p, type)
      let value = target(&context, source, entry.addend &+ 4)
      if !fitsSigned32(value) { outOfRange(&context, index, entry, value) }
      store32(value, p)
    }
  }

  /// The facts about a symbol that `relaxation` asks; the scan has checked everything.
  @inline(__always)
  private static func reference(_ context: inout ApplyContext, _ source: UInt32) -> Reference {
    let index = Int(source)
    if index >= context.file.pointee.firstGlobal {
      let symbol = context.file.pointee.globals[index &- context.file.pointee.firstGlobal]
      return Reference(
        symbol: symbol, flags: context.link.symbols.pointer(symbol).pointee.has, source: source)
    }
    let entry = context.file.pointee.symbol(Encoding.self, index)
    var flags: SymbolFlags = []
    if entry.type == .gnuIndirectFunction { flags.insert(.isIndirectFunction) }
    let section = context.file.pointee.section(Encoding.self, of: index)
    if section == 0 || Int(section) >= context.file.pointee.sectionCount
      || context.file.pointee.sectionAtoms[Int(section)].raw >= AtomIndex.discarded.raw
    {
      flags.insert(.isAbsolute)
    }
    return Reference(symbol: .none, flags: flags, source: source)
  }

  private static func applyGeneralDynamic(
    _ context: inout ApplyContext, _ index: AtomIndex, _ entry: RelaEntry<Encoding>,
    _ p: UnsafeMutablePointer<UInt8>, _ code: UnsafePointer<UInt8>, _ address: UInt64,
    _ relocations: UnsafePointer<UInt8>, _ count: Int, _ next: inout Int
  ) {
    let source = entry.symbol
    let extra = context.extra(source)
    // As the scan decided; the symbol may have slots for the sake of other sequences.
    let size = context.link.atoms[index].size
    let call = context.isShared ? .unknown : generalDynamicCall(code, entry.offset, size)
    guard call != .unknown,
      isResolverCall(entry.offset, size, relocations, count, next)
    else {
      guard let extra, extra.pointee.tlsModuleSlot >= 0 else { return }
      let value =
        context.slotAddress(extra.pointee.tlsModuleSlot) &+ UInt64(bitPattern: entry.addend)
        &- address
      if !fitsSigned32(value) { outOfRange(&context, index, entry, value) }
      store32(value, p)
      return
    }
    next &+= 1
    if let extra, extra.pointee.tlsOffsetSlot >= 0,
      reference(&context, source).isPreemptible
    {
      let field = rewriteGeneralDynamicToInitialExec(p, call)
      // The field ends the instruction: it counts from four bytes on.
      let fieldAddress = address &+ UInt64(bitPattern: Int64(field - p))
      let value = context.slotAddress(extra.pointee.tlsOffsetSlot) &- fieldAddress &- 4
      if !fitsSigned32(value) { outOfRange(&context, index, entry, value) }
      store32(value, field)
      return
    }
    let field = rewriteGeneralDynamicToLocalExec(p, call)
    let value = threadOffset(&context, source, entry.addend &+ 4)
    if !fitsSigned32(value) { outOfRange(&context, index, entry, value) }
    store32(value, field)
  }

  private static func applyInitialExec(
    _ context: inout ApplyContext, _ index: AtomIndex, _ entry: RelaEntry<Encoding>,
    _ p: UnsafeMutablePointer<UInt8>, _ code: UnsafePointer<UInt8>, _ address: UInt64
  ) {
    let source = entry.symbol
    if !context.isShared, !reference(&context, source).isPreemptible,
      canRelaxInitialExec(entry.type, code, entry.offset)
    {
      rewriteInitialExec(p, entry.type)
      let value = threadOffset(&context, source, entry.addend &+ 4)
      if !fitsSigned32(value) { outOfRange(&context, index, entry, value) }
      store32(value, p)
      return
    }
    guard let extra = context.extra(source) else { return }
    let value =
      context.slotAddress(extra.pointee.tlsOffsetSlot) &+ UInt64(bitPattern: entry.addend)
      &- address
    if !fitsSigned32(value) { outOfRange(&context, index, entry, value) }
    store32(value, p)
  }

  private static func applyDescriptor(
    _ context: inout ApplyContext, _ index: AtomIndex, _ entry: RelaEntry<Encoding>,
    _ p: UnsafeMutablePointer<UInt8>, _ address: UInt64
  ) {
    let source = entry.symbol
    let extra = context.extra(source)
    let value: UInt64
    if let extra, extra.pointee.tlsDescriptorSlot >= 0 {
      value =
        context.slotAddress(extra.pointee.tlsDescriptorSlot) &+ UInt64(bitPattern: entry.addend)
        &- address
    } else if let extra, extra.pointee.tlsOffsetSlot >= 0, reference(&context, source).isPreemptible
    {
      rewriteDescriptorToInitialExec(p)
      value =
        context.slotAddress(extra.pointee.tlsOffsetSlot) &+ UInt64(bitPattern: entry.addend)
        &- address
    } else {
      rewriteDescriptorToLocalExec(p, entry.type)
      value = threadOffset(&context, source, entry.addend &+ 4)
    }
    if !fitsSigned32(value) { outOfRange(&context, index, entry, value) }
    store32(value, p)
  }

  /// R_X86_64_PC32 in position-independent code whose target is address 0, as far as the link knows;
  /// false if it is written as any other.
  @inline(never)
  private static func applyToUndefined(
    _ context: inout ApplyContext, _ index: AtomIndex, _ entry: RelaEntry<Encoding>,
    _ p: UnsafeMutablePointer<UInt8>, _ code: UnsafePointer<UInt8>, _ address: UInt64
  ) -> Bool {
    guard reference(&context, entry.symbol).flags.contains(.isUndefined),
      context.link.atoms[index].has.contains(.isExecutable)
    else { return false }
    if isBranch(code, entry.offset, entry.addend) {
      let value = callTarget(&context, entry.symbol, entry.addend) &- address
      if !fitsSigned32(value) { outOfRange(&context, index, entry, value) }
      store32(value, p)
      return true
    }
    guard isAddressLoad(code, entry.offset, entry.addend) else { return false }
    rewriteAddressLoadToZero(p)
    return true
  }

  private static func applyRare(
    _ context: inout ApplyContext, _ index: AtomIndex, _ entry: RelaEntry<Encoding>,
    _ p: UnsafeMutablePointer<UInt8>, _ address: UInt64
  ) {
    let source = entry.symbol
    let addend = UInt64(bitPattern: entry.addend)
    switch entry.type {
    case R.none, 250, 251: break
    case R.pc64: store64(target(&context, source, entry.addend) &- address, p)
    case R.gotoff64:
      store64(target(&context, source, entry.addend) &- context.offsetTableAnchor, p)
    case R.gotpc32:
      let value = context.offsetTableAnchor &+ addend &- address
      if !fitsSigned32(value) { outOfRange(&context, index, entry, value) }
      store32(value, p)
    case R.gotpc64: store64(context.offsetTableAnchor &+ addend &- address, p)
    case R.got32:
      let value = slot(&context, source) &+ addend &- context.offsetTableAnchor
      if !fitsSigned32(value) { outOfRange(&context, index, entry, value) }
      store32(value, p)
    case R.got64, R.gotplt64:
      store64(slot(&context, source) &+ addend &- context.offsetTableAnchor, p)
    case R.gotpcrel64: store64(slot(&context, source) &+ addend &- address, p)
    case R.pltoff64:
      store64(callTarget(&context, source, entry.addend) &- context.offsetTableAnchor, p)
    case R.size32:
      store32(context.link.symbolSize(Encoding.self, context.file, source) &+ addend, p)
    case R.size64:
      store64(context.link.symbolSize(Encoding.self, context.file, source) &+ addend, p)
    case R.abs16:
      let value = target(&context, source, entry.addend)
      if Int64(bitPattern: value) < -0x8000 || Int64(bitPattern: value) > 0xffff {
        outOfRange(&context, index, entry, value)
      }
      UnsafeMutableRawPointer(p).storeBytes(
        of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
    case R.pc16:
      let value = target(&context, source, entry.addend) &- address
      if Int64(bitPattern: value) < -0x8000 || Int64(bitPattern: value) > 0x7fff {
        outOfRange(&context, index, entry, value)
      }
      UnsafeMutableRawPointer(p).storeBytes(
        of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
    case R.abs8:
      let value = target(&context, source, entry.addend)
      if Int64(bitPattern: value) < -0x80 || Int64(bitPattern: value) > 0xff {
        outOfRange(&context, index, entry, value)
      }
      p[0] = UInt8(truncatingIfNeeded: value)
    case R.pc8:
      let value = target(&context, source, entry.addend) &- address
      if Int64(bitPattern: value) < -0x80 || Int64(bitPattern: value) > 0x7f {
        outOfRange(&context, index, entry, value)
      }
      p[0] = UInt8(truncatingIfNeeded: value)
    default: break  // refused by the scan
    }
  }

  @inline(never)
  static func outOfRange(
    _ context: inout ApplyContext, _ index: AtomIndex, _ entry: RelaEntry<Encoding>, _ value: UInt64
  ) {
    let link = context.link
    link.diagnostics.error(
      "\(link.placeName(index, entry.offset)): relocation \(relocationName(entry.type)) against"
        + " \(link.referenceName(context.file, entry.symbol)) is out of range:"
        + " \(Int64(bitPattern: value)) does not fit in \(width(entry.type) * 8) bits; recompile"
        + " \(context.file.pointee.displayName) with -fPIC or -mcmodel=large, or bring the sections"
        + " closer together", key: link.key(index, entry.offset))
  }

  @inline(__always)
  static func fitsSigned32(_ value: UInt64) -> Bool {
    Int64(bitPattern: value) == Int64(Int32(truncatingIfNeeded: value))
  }

  @inline(__always)
  static func store32(_ value: UInt64, _ p: UnsafeMutablePointer<UInt8>) {
    Encoding.store32(UInt32(truncatingIfNeeded: value), UnsafeMutableRawPointer(p))
  }

  @inline(__always)
  static func store64(_ value: UInt64, _ p: UnsafeMutablePointer<UInt8>) {
    Encoding.store64(value, UnsafeMutableRawPointer(p))
  }
}
