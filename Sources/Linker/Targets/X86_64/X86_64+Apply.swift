import ELFFormat
import Platform

extension X86_64 {
  /// What made it quick: `target` is a word of `destinations` and an addition in all but a few cases;
  /// those are out of line. The context goes by reference: a helper that took it by value was a copy of
  /// it for each relocation.
  static func apply(
    _ link: LaidOutLink, _ context: inout ApplyContext, _ index: AtomIndex,
    _ start: UnsafeMutableRawPointer
  ) {
    let atom = link.atoms[index]
    var entries = Entries(atom.relocationList)
    if entries.isEmpty { return }
    context.enter(link, atom)
    if !atom.has.contains(.isAlloc) {
      applyUnloaded(link, &context, index, start)
      return
    }
    let bytes = start.assumingMemoryBound(to: UInt8.self)
    let code = atom.contents.start
    let symbolCount = context.file.pointee.symbolCount
    while let entry = entries.popFirst() {
      let site = Site(atom: index, entry: entry, code: code, size: atom.size)
      let offset = site.offset
      // The scan has checked both, but the file may have changed since. What a relocation writes
      // around its place stays within the room around a buffer (`WriteBuffer`).
      guard offset < atom.size, Int(site.symbol) < symbolCount else { continue }
      let place = Place(site: site, p: bytes + Int(offset), address: atom.address &+ offset)
      switch site.type {
      case R.pc32:
        let target = target(&context, site)
        if target == UInt64(bitPattern: site.addend), context.isPositionIndependent,
          context.file.pointee.destinations[Int(site.symbol)] == Destination.unsettled,
          applyToUndefined(&context, place)
        {
          break
        }
        place.store(target &- place.address, as: Int32.self, &context)
      case R.plt32:
        place.store(callTarget(&context, site) &- place.address, as: Int32.self, &context)
      case R.abs64:
        let value = absoluteValue(&context, site)
        place.store(value, as: UInt64.self, &context)
        if context.relativeTable != nil, isRelative(&context, site) {
          // Words of reversed atoms trade places.
          let address =
            atom.has.contains(.isReversed)
            ? atom.address &+ atom.size &- 8 &- offset : place.address
          context.writeRelative(
            Self.self, index, type: R.relative, address: address, value: value)
          if context.clearsRelative { place.store(0, as: UInt64.self, &context) }
        }
      case R.gotpcrelx, R.rexGotpcrelx, R.code4Gotpcrelx: applySlot(&context, place)
      case R.gotpcrel, R.code5Gotpcrelx, R.code6Gotpcrelx:
        place.store(slot(&context, site) &- place.address, as: Int32.self, &context)
      case R.abs32: place.store(target(&context, site), as: UInt32.self, &context)
      case R.abs32S: place.store(target(&context, site), as: Int32.self, &context)
      case R.tlsgd: applyGeneralDynamic(&context, place, &entries)
      case R.tlsld:
        if context.isShared {
          place.store(
            context.slotAddress(link.offsetTable.localDynamicSlot)
              &+ UInt64(bitPattern: site.addend) &- place.address, as: Int32.self, &context)
        } else {
          place.rewriteLocalDynamic(site.localDynamicCall)
          _ = entries.popFirst()
        }
      case R.dtpoff32:
        place.store(
          moduleOffset(&context, site, from: origin(&context, index)), as: Int32.self, &context)
      case R.dtpoff64:
        place.store(
          moduleOffset(&context, site, from: origin(&context, index)), as: UInt64.self, &context)
      case R.gottpoff, R.code4Gottpoff, R.code5Gottpoff, R.code6Gottpoff:
        applyInitialExec(&context, place)
      case R.gotpc32Tlsdesc, R.code4Gotpc32Tlsdesc: applyDescriptor(&context, place)
      case R.tlsdescCall:
        if !context.isShared, let extra = context.extra(site.symbol),
          extra.pointee.tlsDescriptorSlot >= 0
        {
          break
        }
        if !context.isShared, site.isDescriptorCall { place.rewriteDescriptorCall() }
      case R.tpoff32: place.store(threadOffset(&context, site), as: Int32.self, &context)
      case R.tpoff64:
        // Otherwise the loader does, from the relocation's addend.
        if context.isShared || reference(&context, site).isPreemptible { break }
        place.store(threadOffset(&context, site), as: UInt64.self, &context)
      default: applyRare(&context, place)
      }
    }
  }

  // MARK: Values

  /// S + A, where the address of an indirect function or of another component's function is its
  /// PLT entry.
  ///
  /// - Parameter more: is added to the addend.
  @inline(__always)
  private static func target(
    _ context: inout ApplyContext, _ site: Site, plus more: Int64 = 0
  ) -> UInt64 {
    let word = context.file.pointee.destinations[Int(site.symbol)]
    if Destination.isAddress(word) { return word &+ UInt64(bitPattern: site.addend &+ more) }
    return unsettledTarget(&context, site, plus: more)
  }

  @inline(never)
  private static func unsettledTarget(
    _ context: inout ApplyContext, _ site: Site, plus more: Int64
  ) -> UInt64 {
    context.link.finalAddress(
      Encoding.self, of: site.symbol, in: context.file, addend: site.addend &+ more)
  }

  /// As `target`, and through the PLT for what may be replaced, or is at no distance that is known.
  @inline(__always)
  private static func callTarget(_ context: inout ApplyContext, _ site: Site) -> UInt64 {
    let index = Int(site.symbol)
    let word = context.file.pointee.destinations[index]
    if Destination.isAddress(word) { return word &+ UInt64(bitPattern: site.addend) }
    if index >= context.file.pointee.firstGlobal {
      let link = context.link
      let symbol = link.symbols.pointer(
        context.file.pointee.globals[index &- context.file.pointee.firstGlobal])
      if !symbol.pointee.has.isDisjoint(with: [.isPreemptible, .isAbsolute]),
        !symbol.pointee.extra.isNone,
        let plt = link.pltAddress(link.extras[symbol.pointee.extra])
      {
        return plt &+ UInt64(bitPattern: site.addend)
      }
    }
    return target(&context, site)
  }

  /// What lies in the file where a 64-bit address goes; the loader adds its base, or replaces it.
  @inline(__always)
  private static func absoluteValue(_ context: inout ApplyContext, _ site: Site) -> UInt64 {
    let index = Int(site.symbol)
    let word = context.file.pointee.destinations[index]
    if Destination.isAddress(word) { return word &+ UInt64(bitPattern: site.addend) }
    if index >= context.file.pointee.firstGlobal {
      let symbol = context.link.symbols.pointer(
        context.file.pointee.globals[index &- context.file.pointee.firstGlobal])
      // A library's symbol whose address the executable decides (copy, PLT) has a value; others
      // are the loader's business.
      if symbol.pointee.has.contains(.isPreemptible), symbol.pointee.word == 0 { return 0 }
    }
    return target(&context, site)
  }

  /// Whether an address in position-independent output is relative to its base: as the scan decided.
  @inline(__always)
  private static func isRelative(_ context: inout ApplyContext, _ site: Site) -> Bool {
    let reference = reference(&context, site)
    return !reference.isPreemptible && !reference.isFixed
  }

  /// The address of the symbol's slot in the offset table, plus A.
  @inline(__always)
  private static func slot(_ context: inout ApplyContext, _ site: Site) -> UInt64 {
    guard let extra = context.extra(site.symbol) else { return UInt64(bitPattern: site.addend) }
    return context.slotAddress(extra.pointee.offsetSlot) &+ UInt64(bitPattern: site.addend)
  }

  @inline(__always)
  private static func threadOffset(
    _ context: inout ApplyContext, _ site: Site, plus more: Int64 = 0
  ) -> UInt64 {
    moduleOffset(&context, site, plus: more, from: context.threadPointer)
  }

  /// Distance of a variable from `origin`, in the same module.
  @inline(__always)
  private static func moduleOffset(
    _ context: inout ApplyContext, _ site: Site, plus more: Int64 = 0, from origin: UInt64
  ) -> UInt64 {
    let word = context.file.pointee.destinations[Int(site.symbol)]
    if Destination.isAddress(word) {
      return word &+ UInt64(bitPattern: site.addend &+ more) &- origin
    }
    return unsettledOffset(&context, site, plus: more, from: origin)
  }

  /// What is not there lies nowhere: any offset does, and zero fits in 32 bits.
  @inline(never)
  private static func unsettledOffset(
    _ context: inout ApplyContext, _ site: Site, plus more: Int64, from origin: UInt64
  ) -> UInt64 {
    if reference(&context, site).flags.contains(.isUndefined) {
      return UInt64(bitPattern: site.addend &+ more)
    }
    return unsettledTarget(&context, site, plus: more) &- origin
  }

  /// What R_X86_64_DTPOFF32 and 64 count from: in an executable's code, local-dynamic sequences
  /// have become local-exec; data goes on meaning an offset in the module.
  @inline(__always)
  private static func origin(_ context: inout ApplyContext, _ index: AtomIndex) -> UInt64 {
    if context.isShared { return context.tlsStart }
    return context.link.atoms.pointer(index).pointee.has.contains(.isExecutable)
      ? context.threadPointer : context.tlsStart
  }

  /// st_size + A.
  static func size(_ context: inout ApplyContext, _ site: Site) -> UInt64 {
    context.link.symbolSize(Encoding.self, context.file, site.symbol)
      &+ UInt64(bitPattern: site.addend)
  }

  /// The facts about a symbol that `relaxation` asks; the scan has checked everything.
  @inline(__always)
  private static func reference(_ context: inout ApplyContext, _ site: Site) -> Reference {
    let source = site.symbol
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

  // MARK: Sequences

  @inline(__always)
  private static func applySlot(_ context: inout ApplyContext, _ place: Place) {
    let site = place.site
    let kind = relaxation(
      context.link, context.file, relaxes: context.relaxes, reference(&context, site), site)
    switch kind {
    case .none:
      place.store(slot(&context, site) &- place.address, as: Int32.self, &context)
    case .lea:
      place.p[-2] = 0x8d
      place.store(target(&context, site) &- place.address, as: Int32.self, &context)
    case .call:
      place.p[-2] = 0x67  // addr32 call
      place.p[-1] = 0xe8
      place.store(target(&context, site) &- place.address, as: Int32.self, &context)
    case .jump:
      // The instruction is a byte shorter: the field moves forward, and the addend counts from it.
      place.p[-2] = 0xe9
      let field = place.moved(by: -1)
      field.store(target(&context, site) &- field.address, as: Int32.self, &context)
      place.p[3] = 0x90
    case .immediate:
      place.rewriteImmediate()
      place.store(target(&context, site, plus: 4), as: Int32.self, &context)
    }
  }

  private static func applyGeneralDynamic(
    _ context: inout ApplyContext, _ place: Place, _ entries: inout Entries
  ) {
    let site = place.site
    let extra = context.extra(site.symbol)
    // As the scan decided; the symbol may have slots for the sake of other sequences.
    let call = context.isShared ? .unknown : site.generalDynamicCall
    guard call != .unknown, entries.skipResolverCall(of: site) else {
      guard let extra, extra.pointee.tlsModuleSlot >= 0 else { return }
      let slot = context.slotAddress(extra.pointee.tlsModuleSlot)
      place.store(
        slot &+ UInt64(bitPattern: site.addend) &- place.address, as: Int32.self, &context)
      return
    }
    if let extra, extra.pointee.tlsOffsetSlot >= 0, reference(&context, site).isPreemptible {
      let field = place.rewriteGeneralDynamicToInitialExec(call)
      // The field ends the instruction: it counts from four bytes on.
      let slot = context.slotAddress(extra.pointee.tlsOffsetSlot)
      field.store(slot &- field.address &- 4, as: Int32.self, &context)
      return
    }
    let field = place.rewriteGeneralDynamicToLocalExec(call)
    field.store(threadOffset(&context, site, plus: 4), as: Int32.self, &context)
  }

  private static func applyInitialExec(_ context: inout ApplyContext, _ place: Place) {
    let site = place.site
    if !context.isShared, !reference(&context, site).isPreemptible, site.canRelaxInitialExec {
      place.rewriteInitialExec()
      place.store(threadOffset(&context, site, plus: 4), as: Int32.self, &context)
      return
    }
    guard let extra = context.extra(site.symbol) else { return }
    let slot = context.slotAddress(extra.pointee.tlsOffsetSlot)
    place.store(slot &+ UInt64(bitPattern: site.addend) &- place.address, as: Int32.self, &context)
  }

  private static func applyDescriptor(_ context: inout ApplyContext, _ place: Place) {
    let site = place.site
    let extra = context.extra(site.symbol)
    let slot: Int32
    if let extra, extra.pointee.tlsDescriptorSlot >= 0 {
      slot = extra.pointee.tlsDescriptorSlot
    } else if let extra, extra.pointee.tlsOffsetSlot >= 0, reference(&context, site).isPreemptible {
      place.rewriteDescriptorToInitialExec()
      slot = extra.pointee.tlsOffsetSlot
    } else {
      place.rewriteDescriptorToLocalExec()
      place.store(threadOffset(&context, site, plus: 4), as: Int32.self, &context)
      return
    }
    place.store(
      context.slotAddress(slot) &+ UInt64(bitPattern: site.addend) &- place.address,
      as: Int32.self, &context)
  }

  /// R_X86_64_PC32 in position-independent code whose target is address 0, as far as the link knows;
  /// false if it is written as any other.
  @inline(never)
  private static func applyToUndefined(_ context: inout ApplyContext, _ place: Place) -> Bool {
    let site = place.site
    guard reference(&context, site).flags.contains(.isUndefined),
      context.link.atoms[site.atom].has.contains(.isExecutable)
    else { return false }
    if site.isBranch {
      place.store(callTarget(&context, site) &- place.address, as: Int32.self, &context)
      return true
    }
    guard site.isAddressLoad else { return false }
    place.rewriteAddressLoadToZero()
    return true
  }

  private static func applyRare(_ context: inout ApplyContext, _ place: Place) {
    let site = place.site
    let table = context.offsetTableAnchor
    let toTable = table &+ UInt64(bitPattern: site.addend) &- place.address
    switch site.type {
    case R.none, 250, 251: break
    case R.pc64: place.store(target(&context, site) &- place.address, as: UInt64.self, &context)
    case R.gotoff64: place.store(target(&context, site) &- table, as: UInt64.self, &context)
    case R.gotpc32: place.store(toTable, as: Int32.self, &context)
    case R.gotpc64: place.store(toTable, as: UInt64.self, &context)
    case R.got32: place.store(slot(&context, site) &- table, as: Int32.self, &context)
    case R.got64, R.gotplt64: place.store(slot(&context, site) &- table, as: UInt64.self, &context)
    case R.gotpcrel64:
      place.store(slot(&context, site) &- place.address, as: UInt64.self, &context)
    case R.pltoff64: place.store(callTarget(&context, site) &- table, as: UInt64.self, &context)
    case R.size32: place.store(truncating: size(&context, site), as: UInt32.self)
    case R.size64: place.store(truncating: size(&context, site), as: UInt64.self)
    case R.abs16: place.store(target(&context, site), as: Int16.self, or: UInt16.self, &context)
    case R.pc16: place.store(target(&context, site) &- place.address, as: Int16.self, &context)
    case R.abs8: place.store(target(&context, site), as: Int8.self, or: UInt8.self, &context)
    case R.pc8: place.store(target(&context, site) &- place.address, as: Int8.self, &context)
    default: break  // refused by the scan
    }
  }
}
