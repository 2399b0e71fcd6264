import ELFFormat
import Platform

extension X86_64 {
  /// What made it quick: nine of ten relocations end at the first `continue`, which needs the record
  /// itself and a word of `destinations`, so that the loop is one load behind the file's bytes. `link`
  /// comes as a parameter, and nothing else in the loop is a reference, so none is counted.
  static func scan(_ link: UnplacedLink, _ context: inout ScanContext, _ index: AtomIndex) {
    let atom = link.atoms[index]
    var entries = Entries(atom.relocationList)
    if entries.isEmpty { return }
    guard atom.kind != .zeroFill else {
      link.diagnostics.error(
        "\(link.placeName(index, 0)): the section has relocations but no bytes",
        key: link.key(index, 0))
      return
    }
    let code = atom.contents.start
    let size = atom.size
    let destinations = context.file.pointee.destinations
    let symbolCount = context.file.pointee.symbolCount
    let isPositionIndependent = context.isPositionIndependent
    while let entry = entries.popFirst() {
      let site = Site(atom: index, entry: entry, code: code, size: size)
      let type = site.type
      let offset = site.offset
      // The field has to lie in the atom: the writer relies on it.
      if offset > size || size &- offset < width(type) {
        link.diagnostics.error(
          "\(link.placeName(index, offset)): relocation \(relocationName(type)) is outside of its"
            + " section of \(size) bytes", key: link.key(index, offset))
        continue
      }
      // Most references are to what lies in the output and stays there: nothing is needed for them.
      // One word tells, so that neither the symbol nor its section is looked at.
      let source = Int(site.symbol)
      if source < symbolCount, destinations[source] & Destination.isSpecial == 0 {
        switch type {
        case R.pc32, R.plt32: continue
        case R.abs64:
          if isPositionIndependent {
            context.addRelative(index, offset, site.addend, site.symbol)
          }
          continue
        default: break
        }
      }
      if type == R.none || type == 250 || type == 251 { continue }
      guard let reference = context.reference(Encoding.self, site.symbol, index, offset) else {
        continue
      }
      checkThreadLocal(&context, site, reference)
      switch type {
      case R.abs64:
        scanAbsolute64(&context, site, reference)
      case R.abs32, R.abs32S, R.abs16, R.abs8:
        scanNarrow(&context, site, reference)
      case R.pc32, R.pc64, R.pc16, R.pc8:
        if reference.flags.contains(.isUndefined), context.isPositionIndependent {
          scanRelativeToUndefined(&context, site, reference)
        } else {
          scanRelative(&context, site, reference)
        }
      case R.plt32:
        scanCall(&context, reference)
      case R.gotpcrelx, R.rexGotpcrelx, R.code4Gotpcrelx:
        let kind = relaxation(
          link, context.file, relaxes: context.relaxes, reference, site)
        if kind == .none {
          context.demand(reference, .needsOffsetSlot)
        }
      case R.gotpcrel, R.code5Gotpcrelx, R.code6Gotpcrelx, R.gotpcrel64:
        context.demand(reference, .needsOffsetSlot)
      case R.got32, R.got64, R.gotplt64:
        context.demand(reference, .needsOffsetSlot)
        context.facts.insert(.needsOffsetTable)
      case R.gotpc32, R.gotpc64:
        context.facts.insert(.needsOffsetTable)
      case R.gotoff64:
        context.facts.insert(.needsOffsetTable)
        scanRelative(&context, site, reference)
      case R.pltoff64:
        context.facts.insert(.needsOffsetTable)
        scanCall(&context, reference)
      case R.size32, R.size64:
        if reference.isPreemptible, reference.flags.contains(.isShared), context.isShared {
          context.addDynamic(.symbolic, reference, index, offset, site.addend, type: type)
        }
      case R.tlsgd:
        scanGeneralDynamic(&context, site, reference, &entries)
      case R.tlsld:
        scanLocalDynamic(&context, site, &entries)
      case R.gottpoff, R.code4Gottpoff, R.code6Gottpoff, R.code5Gottpoff:
        if context.isShared {
          context.facts.insert(.hasStaticTLS)
          context.demand(reference, .needsTLSOffset)
        } else if reference.isPreemptible || !site.canRelaxInitialExec {
          context.demand(reference, .needsTLSOffset)
        }
      case R.gotpc32Tlsdesc, R.code4Gotpc32Tlsdesc:
        if context.isShared {
          context.demand(reference, .needsTLSDescriptor)
        } else if !site.canRelaxDescriptor {
          keepDescriptor(&context, site, reference, expected: "lea x@tlsdesc(%rip), %reg")
        } else if reference.isPreemptible {
          context.demand(reference, .needsTLSOffset)
        }
      case R.tlsdescCall:
        if !context.isShared, !site.isDescriptorCall {
          keepDescriptor(&context, site, reference, expected: "call *x@tlscall(%rax)")
        }
      case R.dtpoff32, R.dtpoff64: scanModuleOffset(&context, site, reference)
      case R.tpoff32, R.tpoff64:
        scanStaticOffset(&context, site, reference)
      default:
        link.diagnostics.error(
          "\(link.placeName(index, offset)): \(relocationName(type)) against"
            + " \(context.name(of: reference)) is not a relocation that objects may have",
          key: link.key(index, offset))
      }
    }
  }

  /// The same decision for the scan and for the writer.
  @inline(__always)
  static func relaxation(
    _ link: some ReadsUnplacedLink, _ file: UnsafeMutablePointer<ObjectFile>, relaxes: Bool,
    _ reference: Reference, _ site: Site
  ) -> SlotRelaxation {
    // Any other addend reads a part of the slot, or what is next to it.
    guard relaxes || isStartUpCode(link, file), site.addend == -4, !reference.isPreemptible,
      !reference.isIndirect, !reference.isFixed,
      !isFar(link, file, reference.symbol, reference.source)
    else { return .none }
    return site.slotRelaxation(isFixedAddress: link.isLoadedLow)
  }

  /// Large-model code and data may be out of reach of 32 bits.
  @inline(__always)
  static func isFar(
    _ link: some ReadsUnplacedLink, _ file: UnsafeMutablePointer<ObjectFile>, _ symbol: SymbolIndex,
    _ source: UInt32
  ) -> Bool {
    if link.isLargeModelInReach { return false }
    var atom = AtomIndex.none
    if symbol.isNone {
      let section = file.pointee.section(Encoding.self, of: Int(source))
      if Int(section) < file.pointee.sectionCount {
        atom = file.pointee.sectionAtoms[Int(section)]
      }
    } else {
      atom = link.symbols.pointer(symbol).pointee.atom
    }
    if atom.raw >= AtomIndex.discarded.raw { return false }
    let has = link.atoms.pointer(atom).pointee.has
    return has.contains(.isLarge) && !(link.isLargeCodeNear && has.contains(.isExecutable))
  }

  /// Whether slots would be read before they are relocated, although they are to be left alone.
  @inline(never)
  private static func isStartUpCode(
    _ link: some ReadsUnplacedLink, _ file: UnsafeMutablePointer<ObjectFile>
  ) -> Bool {
    !link.startFile.isNone && file == link.objects.pointer(link.startFile)
  }

  @inline(__always)
  private static func checkThreadLocal(
    _ context: inout ScanContext, _ site: Site, _ reference: Reference
  ) {
    let isTLSType: Bool
    switch site.type {
    case R.tlsgd, R.gottpoff, R.tpoff32, R.tpoff64, R.gotpc32Tlsdesc, R.tlsdescCall,
      R.code4Gottpoff, R.code5Gottpoff, R.code6Gottpoff, R.code4Gotpc32Tlsdesc:
      isTLSType = true
    case R.tlsld, R.dtpoff32, R.dtpoff64, R.size32, R.size64: return
    default: isTLSType = false
    }
    if isTLSType == reference.flags.contains(.isThreadLocal) { return }
    // Nobody here says what an undefined symbol is; or the null symbol of a module-local sequence.
    if isTLSType, reference.isFixed || reference.flags.contains(.isUndefined) { return }
    if !isTLSType, reference.symbol.isNone { return }
    context.link.diagnostics.error(
      "\(context.link.placeName(site.atom, site.offset)): \(relocationName(site.type)) against"
        + " \(context.name(of: reference)): TLS mismatch: one file treats it as thread-local, another"
        + " does not; make its declarations agree", key: context.link.key(site.atom, site.offset))
  }

  private static func scanAbsolute64(
    _ context: inout ScanContext, _ site: Site, _ reference: Reference
  ) {
    if !context.isPositionIndependent {
      if reference.isPreemptible {
        // Data that may be written at start takes the loader's value; code needs one of ours.
        if context.link.atoms[site.atom].has.contains(.isWritable) {
          context.addDynamic(
            .symbolic, reference, site.atom, site.offset, site.addend, type: R.abs64)
        } else {
          takeAddress(&context, site, reference)
        }
      } else if reference.isIndirect {
        context.demand(reference, [.needsPLT, .needsCanonicalPLT])
      }
      return
    }
    if reference.isPreemptible {
      context.addDynamic(.symbolic, reference, site.atom, site.offset, site.addend, type: R.abs64)
    } else if reference.isFixed {
      return
    } else {
      // Data and code have to agree about a function's address: it is the stub's.
      if reference.isIndirect { context.demand(reference, [.needsPLT, .needsCanonicalPLT]) }
      context.addRelative(site.atom, site.offset, site.addend, site.symbol)
    }
  }

  private static func scanNarrow(
    _ context: inout ScanContext, _ site: Site, _ reference: Reference
  ) {
    if context.isPositionIndependent {
      if reference.isFixed { return }
      cannotBeUsed(
        &context, site, reference,
        context.isShared ? "in a shared library" : "in a position-independent executable",
        context.isShared ? "recompile with -fPIC" : "recompile with -fPIE, or link with -no-pie")
      return
    }
    if reference.isPreemptible {
      takeAddress(&context, site, reference)
    } else if reference.isIndirect {
      context.demand(reference, [.needsPLT, .needsCanonicalPLT])
    }
  }

  /// Zero is no address that position-independent code can reach relative to itself: a branch is
  /// never taken there, and what `lea` gives can be written as a number; nothing else has a meaning.
  @inline(never)
  private static func scanRelativeToUndefined(
    _ context: inout ScanContext, _ site: Site, _ reference: Reference
  ) {
    guard reference.isPreemptible else { return }
    let isCode = context.link.atoms[site.atom].has.contains(.isExecutable)
    if isCode, site.type == R.pc32, site.isBranch {
      context.demand(reference, .needsPLT)
    } else if context.isShared {
      scanRelative(&context, site, reference)
    } else {
      cannotBeUsed(
        &context, site, reference,
        "in a position-independent executable, where it would not be zero if nothing defines the"
          + " symbol", "recompile with -fPIE, or link with -no-pie")
    }
  }

  /// The thread pointer's distance to a variable is known at link time in executables that define
  /// it; else the loader has to put it where it can put 64 bits, and the component can't be loaded
  /// by `dlopen` with certainty.
  private static func scanStaticOffset(
    _ context: inout ScanContext, _ site: Site, _ reference: Reference
  ) {
    if !context.isShared, !reference.isPreemptible { return }
    guard site.type == R.tpoff64 else {
      // Nobody is to touch a weak variable that isn't there.
      if !context.isShared, reference.flags.contains(.isUndefined) { return }
      cannotBeUsed(
        &context, site, reference,
        context.isShared ? "in a shared library" : "for what a shared library defines",
        context.isShared
          ? "recompile with -fPIC, or with -ftls-model=initial-exec"
          : "recompile with -ftls-model=initial-exec")
      return
    }
    if context.isShared { context.facts.insert(.hasStaticTLS) }
    context.addDynamic(
      reference.isPreemptible ? .symbolic : .threadLocal, reference, site.atom, site.offset,
      site.addend, type: site.type)
  }

  /// A descriptor sequence in an executable that isn't the psABI's: the loader's resolver can still
  /// be called, if there is a loader.
  @inline(never)
  private static func keepDescriptor(
    _ context: inout ScanContext, _ site: Site, _ reference: Reference, expected: StaticString
  ) {
    if context.link.isDynamic {
      context.demand(reference, .needsTLSDescriptor)
      return
    }
    context.link.diagnostics.error(
      "\(context.link.placeName(site.atom, site.offset)): \(relocationName(site.type)) against"
        + " \(context.name(of: reference)) is not on an instruction `\(expected)`; a static program"
        + " has no loader that could resolve it; recompile \(context.file.pointee.displayName)"
        + " without -mtls-dialect=gnu2", key: context.link.key(site.atom, site.offset))
  }

  @inline(__always)
  private static func scanCall(_ context: inout ScanContext, _ reference: Reference) {
    if reference.isPreemptible || reference.isIndirect {
      context.demand(reference, .needsPLT)
    } else if reference.flags.contains(.isAbsolute), context.isPositionIndependent,
      !reference.symbol.isNone
    {
      // No distance leads there wherever the program is loaded, but a stub does: its slot has the
      // number.
      context.demand(reference, [.needsPLT, .needsOffsetSlot])
    }
  }

  private static func scanRelative(
    _ context: inout ScanContext, _ site: Site, _ reference: Reference
  ) {
    if reference.isPreemptible {
      if context.isShared {
        cannotBeUsed(
          &context, site, reference, "in a shared library, where the symbol may be replaced",
          "recompile with -fPIC, or give the symbol hidden visibility")
      } else {
        takeAddress(&context, site, reference)
      }
    } else if reference.isIndirect {
      context.demand(reference, [.needsPLT, .needsCanonicalPLT])
    } else if reference.flags.contains(.isAbsolute), context.isPositionIndependent,
      !reference.symbol.isNone
    {
      cannotBeUsed(
        &context, site, reference, "because its value does not move with the program",
        "recompile with -fPIC")
    }
  }

  /// An executable needs the address of what a library defines: a function's is its PLT entry, a
  /// variable is copied into the executable.
  private static func takeAddress(
    _ context: inout ScanContext, _ site: Site, _ reference: Reference
  ) {
    if reference.flags.contains(.isUndefined) {
      // What the loader finds cannot be had here: zero, and then everywhere.
      context.bindToNull(reference)
      return
    }
    if reference.isFunction {
      if refusesProtected(&context, site, reference) { return }
      context.demand(reference, [.needsPLT, .needsCanonicalPLT])
      return
    }
    if !context.link.options.copiesRelocations {
      cannotBeUsed(
        &context, site, reference, "without a copy of the variable (-z nocopyreloc)",
        "recompile with -fPIC")
      return
    }
    context.demand(reference, .needsCopy)
  }

  /// A library's protected function keeps its address for the library itself, so that the stub's would
  /// be a second one. That is no harm to branches, which some assemblers mark as they mark data.
  @inline(never)
  private static func refusesProtected(
    _ context: inout ScanContext, _ site: Site, _ reference: Reference
  ) -> Bool {
    let link = context.link
    let symbol = link.symbols[reference.symbol]
    guard symbol.has.contains(.isShared) else { return false }
    let library = link.libraries[LibraryIndex(raw: symbol.file)]
    guard library.symbol(Encoding.self, Int(symbol.source)).visibility == .protected else {
      return false
    }
    let place = link.atoms[site.atom]
    if place.has.contains(.isExecutable), site.type == R.pc32,
      site.isBranch
    {
      return false
    }
    cannotBeUsed(
      &context, site, reference,
      "for the address of a protected function of \(library.path): the library would go on using"
        + " another", "recompile with -fPIC")
    return true
  }

  @inline(never)
  private static func cannotBeUsed(
    _ context: inout ScanContext, _ site: Site, _ reference: Reference, _ place: String,
    _ remedy: String
  ) {
    let link = context.link
    link.diagnostics.error(
      "\(link.placeName(site.atom, site.offset)): relocation \(relocationName(site.type)) against"
        + " \(context.name(of: reference)) cannot be used \(place); \(remedy)"
        + " (\(context.file.pointee.displayName))",
      key: link.key(site.atom, site.offset))
  }

  private static func scanGeneralDynamic(
    _ context: inout ScanContext, _ site: Site, _ reference: Reference,
    _ entries: inout Entries
  ) {
    if context.isShared {
      context.demand(reference, .needsTLSModuleAndOffset)
      return
    }
    guard site.generalDynamicCall != .unknown, entries.skipResolverCall(of: site) else {
      context.demand(reference, .needsTLSModuleAndOffset)
      return
    }
    if reference.isPreemptible { context.demand(reference, .needsTLSOffset) }
  }

  private static func scanLocalDynamic(
    _ context: inout ScanContext, _ site: Site, _ entries: inout Entries
  ) {
    if context.isShared {
      context.facts.insert(.needsLocalDynamic)
      return
    }
    if site.localDynamicCall == .unknown || !entries.skipResolverCall(of: site) {
      badSequence(&context, site)
    }
  }

  /// An offset in this module, of what another module has. Nobody is to touch a weak variable that
  /// isn't there.
  private static func scanModuleOffset(
    _ context: inout ScanContext, _ site: Site, _ reference: Reference
  ) {
    let flags = reference.flags
    guard reference.isPreemptible,
      flags.contains(.isShared) || flags.contains([.isUndefined, .isReferenced])
    else { return }
    cannotBeUsed(
      &context, site, reference, "for what another module defines",
      "recompile without -ftls-model=local-dynamic")
  }

  private static func badSequence(_ context: inout ScanContext, _ site: Site) {
    context.link.diagnostics.error(
      "\(context.link.placeName(site.atom, site.offset)): R_X86_64_TLSLD is not followed by a call of"
        + " __tls_get_addr as the psABI has it; the code cannot be linked into an executable",
      key: context.link.key(site.atom, site.offset))
  }
}
