import ELFFormat
import Platform
import ScriptParsing
import Synchronization

/// What every relocation of live, loaded atoms needs, found before anything has an address.
///
/// The scan only records demands: bits on symbols (atomic OR), local symbols with demands, dynamic
/// relocations, undefined references. Slots are given out afterwards in symbol order, so they do
/// not depend on which worker saw a demand first. Lists are kept by file and joined in file order.
struct ScanContext {
  let link: Link
  var file: UnsafeMutablePointer<ObjectFile>
  let isShared: Bool
  let isPositionIndependent: Bool
  /// GOTPCRELX and its like may be relaxed.
  let relaxes: Bool
  var dynamic: [DynamicRelocation] = []
  var locals: [LocalDemand] = []
  var undefined: [UndefinedReference] = []
  /// Facts about the output, joined over all files.
  var facts: ScanFacts = []
  /// Relative relocations of the file so far, if they are only counted.
  var relativeCount = 0
  /// The last atom that had one.
  var relativeAtom = AtomIndex.none
}

struct ScanFacts: OptionSet, Sendable {
  let rawValue: UInt32
  /// The address of the offset table itself is used.
  static let needsOffsetTable = ScanFacts(rawValue: 1)
  /// A module slot for local-dynamic thread-locals.
  static let needsLocalDynamic = ScanFacts(rawValue: 2)
  static let hasStaticTLS = ScanFacts(rawValue: 4)
  static let hasTextRelocations = ScanFacts(rawValue: 8)
  /// A place takes the address of what nothing defines, where the loader has no say.
  static let bindsToNull = ScanFacts(rawValue: 16)
}

/// A reference that nothing satisfies.
struct UndefinedReference: Sendable {
  var symbol: SymbolIndex
  var atom: AtomIndex
  var offset: UInt64
}

/// What a relocation refers to, as far as the scan cares.
struct Reference {
  /// `.none` for local symbols.
  var symbol: SymbolIndex
  var flags: SymbolFlags
  /// Index in the file's symbol table.
  var source: UInt32

  @inline(__always) var isPreemptible: Bool { flags.contains(.isPreemptible) }
  @inline(__always) var isIndirect: Bool { flags.contains(.isIndirectFunction) }
  @inline(__always) var isFunction: Bool { flags.contains(.isFunction) }
  /// Resolves to zero, or to a number: no base is added to it at run time.
  @inline(__always) var isFixed: Bool {
    flags.contains(.isAbsolute)
      || flags.contains(.isUndefined) && !flags.contains(.isPreemptible)
  }
}

extension ScanContext {
  /// Looks a relocation's symbol up; nil if the index is bad or the reference is an error, which
  /// has been noted.
  @inline(__always)
  mutating func reference<E: ELFEncoding>(
    _: E.Type, _ source: UInt32, _ atom: AtomIndex, _ offset: UInt64
  ) -> Reference? {
    let index = Int(source)
    if index >= file.pointee.firstGlobal {
      guard index < file.pointee.symbolCount else {
        badSymbol(source, atom)
        return nil
      }
      let symbol = file.pointee.globals[index &- file.pointee.firstGlobal]
      let flags = link.symbols.pointer(symbol).pointee.has
      if flags.contains(.isUndefined) {
        return undefinedReference(E.self, symbol, flags, source, atom, offset)
      }
      return Reference(symbol: symbol, flags: flags, source: source)
    }
    return localReference(E.self, source, atom, offset)
  }

  @inline(never)
  private mutating func undefinedReference<E: ELFEncoding>(
    _: E.Type, _ symbol: SymbolIndex, _ flags: SymbolFlags, _ source: UInt32, _ atom: AtomIndex,
    _ offset: UInt64
  ) -> Reference? {
    var isWeak = file.pointee.symbol(E.self, Int(source)).binding == .weak
    // The loader is told a version together with the library that has it: without one, it cannot be
    // asked.
    let lacksVersion =
      link.hasVersionedNames && flags.contains(.isImported)
      && link.hasVersionInReferences(symbol)
    if lacksVersion { isWeak = false }
    let isOurs = !flags.isDisjoint(with: [.sawHidden, .sawProtected]) || lacksVersion
    if !isWeak, link.reportsUndefined != .none || isOurs {
      undefined.append(UndefinedReference(symbol: symbol, atom: atom, offset: offset))
      if link.reportsUndefined == .error || isOurs { return nil }
    }
    return Reference(symbol: symbol, flags: flags, source: source)
  }

  @inline(__always)
  private mutating func localReference<E: ELFEncoding>(
    _: E.Type, _ source: UInt32, _ atom: AtomIndex, _ offset: UInt64
  ) -> Reference? {
    let entry = file.pointee.symbol(E.self, Int(source))
    var flags: SymbolFlags = []
    switch entry.type {
    case .threadLocal: flags.insert(.isThreadLocal)
    case .gnuIndirectFunction: flags.formUnion([.isFunction, .isIndirectFunction])
    case .function: flags.insert(.isFunction)
    default: break
    }
    let section = file.pointee.section(E.self, of: Int(source))
    if Int(section) >= file.pointee.sectionCount {
      guard section == ObjectFile.absoluteSection else {
        badSymbol(source, atom)
        return nil
      }
      flags.insert(.isAbsolute)
    } else if section == 0 {
      // The null symbol: the relocation is about its addend alone.
      flags.insert(.isAbsolute)
    } else {
      let target = file.pointee.sectionAtoms[Int(section)]
      if target == .discarded {
        return discardedReference(E.self, source, atom, offset)
      }
      if target.isNone {
        flags.insert(.isAbsolute)
      } else if link.atoms[target].has.contains(.isThreadLocal) {
        flags.insert(.isThreadLocal)
      }
    }
    return Reference(symbol: .none, flags: flags, source: source)
  }

  @inline(never)
  private func badSymbol(_ source: UInt32, _ atom: AtomIndex) {
    link.diagnostics.error(
      "\(link.placeName(atom, 0)): relocation refers to symbol \(source), which isn't there or has"
        + " a bad section index", key: link.key(atom, 0))
  }

  /// A local symbol of a section that lost its group: the winner cannot stand for it, because
  /// nothing says that it has the same layout.
  @inline(never)
  private mutating func discardedReference<E: ELFEncoding>(
    _: E.Type, _ source: UInt32, _ atom: AtomIndex, _ offset: UInt64
  ) -> Reference? {
    // Older compilers leave a dropped function's exception table outside of its group: nothing finds
    // it without the function.
    if link.outputs[link.atoms[atom].output].name == ".gcc_except_table" {
      return Reference(symbol: .none, flags: .isAbsolute, source: source)
    }
    let entry = file.pointee.symbol(E.self, Int(source))
    let name = ObjectFile.name(file.pointee.symbolNames, at: entry.name)
    let section = file.pointee.section(E.self, of: Int(source))
    let sectionName = ObjectFile.name(
      file.pointee.sectionNames, at: file.pointee.header(E.self, Int(section)).name)
    link.diagnostics.error(
      "\(link.placeName(atom, offset)): relocation refers to"
        + " \(name.isEmpty ? "section '\(sectionName)'" : "'\(name)' in section '\(sectionName)'"),"
        + " which was discarded because another file has the same group",
      key: link.key(atom, offset))
    return nil
  }

  /// Notes that the symbol needs something.
  @inline(__always)
  mutating func demand(_ reference: Reference, _ needs: SymbolFlags) {
    if reference.symbol.isNone {
      let index = FileIndex(file - link.objects.base)
      locals.append(
        LocalDemand(
          file: index, source: reference.source,
          flags: needs.union(reference.flags).rawValue, extra: .none))
    } else {
      atomicOr(&link.symbols.pointer(reference.symbol).pointee.flags, needs.rawValue)
    }
  }

  /// A name that nothing defines is zero for all references, whatever the loader could find.
  @inline(never)
  mutating func bindToNull(_ reference: Reference) {
    // Nobody copies what nothing defines, so the demand says it.
    demand(reference, .needsCopy)
    facts.insert(.bindsToNull)
  }

  /// A dynamic relocation at a place of an atom, which must be in a writable section for it.
  @inline(__always)
  mutating func addDynamic(
    _ kind: DynamicRelocation.Kind, _ reference: Reference, _ atom: AtomIndex, _ offset: UInt64,
    _ addend: Int64, type: UInt32
  ) {
    if !link.atoms[atom].has.contains(.isWritable), !allowsTextRelocation(reference, atom, offset) {
      return
    }
    if kind == .symbolic {
      atomicOr(
        &link.symbols.pointer(reference.symbol).pointee.flags,
        SymbolFlags.needsDynamicSymbol.rawValue)
    }
    dynamic.append(
      DynamicRelocation(
        offset: offset, addend: addend, atom: atom, source: reference.source,
        type: type, kind: kind))
  }

  /// A 64-bit place of an atom to which the loader adds the image's base.
  ///
  /// It is only counted, and the atom told its number: the writer comes by the same relocations in
  /// the same order, and then knows place and value (`ApplyContext.writeRelative`). `.relr.dyn` is
  /// made of places before anything is written, so these are listed for it.
  @inline(__always)
  mutating func addRelative(
    _ atom: AtomIndex, _ offset: UInt64, _ addend: Int64, _ source: UInt32
  ) {
    if !link.atoms.pointer(atom).pointee.has.contains(.isWritable),
      !allowsTextRelocation(Reference(symbol: .none, flags: [], source: source), atom, offset)
    {
      return
    }
    if link.options.packsRelative {
      dynamic.append(
        DynamicRelocation(
          offset: offset, addend: addend, atom: atom, source: source, type: 0, kind: .relative))
      return
    }
    if relativeAtom != atom {
      relativeAtom = atom
      link.relativeFirsts[atom.int] = UInt32(truncatingIfNeeded: relativeCount)
    }
    relativeCount &+= 1
  }

  @inline(never)
  private mutating func allowsTextRelocation(
    _ reference: Reference, _ atom: AtomIndex, _ offset: UInt64
  ) -> Bool {
    if link.isWritable(link.atoms[atom].output) { return true }
    if link.options.textRelocations == .error {
      link.diagnostics.error(
        "\(link.placeName(atom, offset)): relocation against \(name(of: reference)) in a read-only"
          + " section; recompile \(file.pointee.displayName) with -fPIC, or link with -z notext",
        key: link.key(atom, offset))
      return false
    }
    if link.options.textRelocations == .warn, !facts.contains(.hasTextRelocations) {
      link.diagnostics.warning(
        "\(link.placeName(atom, offset)): relocation against \(name(of: reference)) in a read-only"
          + " section makes the text writable at start", key: link.key(atom, offset))
    }
    facts.insert(.hasTextRelocations)
    return true
  }

  /// The symbol of a reference, for messages.
  func name(of reference: Reference) -> String {
    link.referenceName(file, reference.source)
  }
}

/// A relocation that the loader applies, at a place inside an atom. 32 bytes.
struct DynamicRelocation: BitwiseCopyable, Sendable {
  enum Kind: UInt32, BitwiseCopyable {
    /// The image's base is added to symbol + addend, which the link knows.
    case relative
    /// The loader looks the symbol up.
    case symbolic
    /// The address that the resolver function returns.
    case indirect
    /// Where a variable of the component itself lies from the thread pointer.
    case threadLocal
  }
  var offset: UInt64
  var addend: Int64
  var atom: AtomIndex
  /// Index in the symbol table of the atom's file.
  var source: UInt32
  /// Machine's type, for symbolic ones.
  var type: UInt32
  var kind: Kind
}

extension Link {
  func scanRelocations<T: Target>(_: T.Type) throws(LinkFailed) {
    measureLoaded()
    relaxesSlots = options.relaxes && isCompact(T.self)
    if !relaxesSlots { startFile = findStartFile() }
    _ = relativeFirsts.reserve(count: atoms.count - relativeFirsts.count)
    // Garbage collection has come by all relocations of what lives, and knows which atoms have plain
    // ones only.
    let wanted: AtomFlags =
      options.collectsGarbage ? [.isLive, .isAlloc, .isLeftToScan] : [.isLive, .isAlloc]
    // Several files share a context and its lists.
    let grain = max(1, min(32, liveObjects.count / 512))
    let results = pool.map(chunks: (liveObjects.count + grain - 1) / grain) { [self] chunk, _ in
      var context = ScanContext(
        link: self, file: objects.base, isShared: isSharedLibrary,
        isPositionIndependent: isPositionIndependent, relaxes: relaxesSlots)
      var facts: ScanFacts = []
      for i in chunk * grain..<min(liveObjects.count, (chunk + 1) * grain) {
        let file = objects.pointer(liveObjects[i])
        let firstLocal = context.locals.count
        context.file = file
        context.facts = []
        context.relativeCount = 0
        if i > 0 { scanRelocations(T.self, &context, wanted) }
        if context.locals.count > firstLocal + 1 {
          context.locals[firstLocal...].sort { $0.source < $1.source }
        }
        // Numbers of its own, until those of the files before it are known.
        file.pointee.firstRelative = context.relativeCount
        file.pointee.localDemandCount = context.locals.count - firstLocal
        facts.formUnion(context.facts)
      }
      return ScanResult(
        dynamic: context.dynamic, locals: context.locals, undefined: context.undefined,
        facts: facts)
    }
    var undefined: [UndefinedReference] = []
    var relativeCount = 0
    for chunk in results.indices {
      scanFacts.formUnion(results[chunk].facts)
      if !results[chunk].undefined.isEmpty { undefined += results[chunk].undefined }
      var demands = results[chunk].locals[...]
      for i in chunk * grain..<min(liveObjects.count, (chunk + 1) * grain) {
        let file = objects.pointer(liveObjects[i])
        let ownCount = file.pointee.firstRelative
        file.pointee.firstRelative = relativeCount
        relativeCount += ownCount
        let first = localDemands.count
        file.pointee.firstLocalDemand = first
        if file.pointee.localDemandCount == 0 { continue }
        var last: UInt32?
        for demand in demands.prefix(file.pointee.localDemandCount) {
          if demand.source == last {
            localDemands[localDemands.count - 1].flags |= demand.flags
          } else {
            localDemands.append(demand)
            last = demand.source
          }
        }
        demands.removeFirst(file.pointee.localDemandCount)
        file.pointee.localDemandCount = localDemands.count - first
      }
    }
    dynamicRelocations.countedRelative = relativeCount
    dynamicRelocations.lists = results.map(\.dynamic)
    dynamicRelocations.hasStaticTLS = scanFacts.contains(.hasStaticTLS)
    dynamicRelocations.hasTextRelocations = scanFacts.contains(.hasTextRelocations)
    if scanFacts.contains(.bindsToNull) { bindToNull() }
    reportUndefined(undefined)
    if checksLibraries { CheckLibraries<T.Encoding>(services, inputs, naming).run() }
    demandStubsOfAliases()
    try checkpoint()
  }

  /// Whether what libraries leave undefined is an error or a warning.
  private var checksLibraries: Bool {
    if options.allowsLibraryUndefined ?? isSharedLibrary || !isDynamic { return false }
    return options.unresolvedPolicy != .ignoreAll
      && options.unresolvedPolicy != .ignoreInSharedLibraries
  }

  /// Takes back what was asked for names that some code takes for null: code and data have to agree.
  private func bindToNull() {
    let marks: SymbolFlags = [.isUndefined, .needsCopy]
    let dropped: SymbolFlags = [
      .isImported, .isPreemptible, .needsCopy, .needsPLT, .needsCanonicalPLT, .needsDynamicSymbol,
    ]
    var isNull = [Bool](repeating: false, count: symbols.count)
    for i in symbols.indices where symbols[SymbolIndex(i)].has.isSuperset(of: marks) {
      symbols[SymbolIndex(i)].flags &= ~dropped.rawValue
      isNull[i] = true
    }
    for i in dynamicRelocations.lists.indices {
      dynamicRelocations.lists[i].removeAll { relocation in
        let file = objects.pointer(atoms[relocation.atom].file)
        let global = Int(relocation.source) - file.pointee.firstGlobal
        return relocation.kind == .symbolic && isNull[file.pointee.globals[global].int]
      }
    }
  }

  /// An alias of a library's function is the function's stub, which is the only address that the
  /// link knows. In an executable all have to agree about the function's address, so it is that of
  /// the function, too.
  private func demandStubsOfAliases() {
    for definition in definitions {
      guard let name = definition.expression.aliasedSymbol,
        let index = names.find(name, in: symbols)
      else { continue }
      let has = symbols[index].has
      guard has.contains([.isShared, .isFunction, .isImported]) else { continue }
      let demands: SymbolFlags = isSharedLibrary ? .needsPLT : [.needsPLT, .needsCanonicalPLT]
      symbols[index].flags |= demands.rawValue
    }
  }

  /// A static position-independent program relocates itself: what runs before that must not go
  /// through slots.
  private func findStartFile() -> FileIndex {
    guard isPositionIndependent, !isSharedLibrary, interpreterPath == nil,
      let index = names.find(ByteString(copying: entryName), in: symbols)
    else { return .none }
    let symbol = symbols[index]
    let elsewhere: SymbolFlags = [.isUndefined, .isShared, .isLinkerDefined]
    return symbol.has.isDisjoint(with: elsewhere) ? FileIndex(raw: symbol.file) : .none
  }

  /// Scans the atoms of the context's file.
  private func scanRelocations<T: Target>(
    _: T.Type, _ context: inout ScanContext, _ wanted: AtomFlags
  ) {
    let file = context.file
    for j in 0..<file.pointee.atomCount {
      let index = AtomIndex(file.pointee.firstAtom.int + j)
      let atom = atoms.pointer(index)
      guard atom.pointee.has.contains(wanted), atom.pointee.relocations != 0,
        atom.pointee.kind != .frames
      else { continue }
      T.scan(self, &context, index)
    }
    if file.pointee.frameCount > 0 { scanFrames(T.self, &context) }
  }

  /// Personality routines may be in a library: their references are scanned like data.
  private func scanFrames<T: Target>(_: T.Type, _ context: inout ScanContext) {
    typealias E = T.Encoding
    let file = context.file
    for j in 0..<file.pointee.atomCount {
      let index = AtomIndex(file.pointee.firstAtom.int + j)
      guard atoms[index].kind == .frames else { continue }
      let relocations = atoms[index].relocationList
      for i in 0..<relocations.count {
        let entry = RelaEntry<E>(relocations.start + i &* RelaEntry<E>.size)
        let source = Int(entry.symbol)
        guard source >= file.pointee.firstGlobal, source < file.pointee.symbolCount else {
          continue
        }
        let symbol = file.pointee.globals[source - file.pointee.firstGlobal]
        let has = symbols[symbol].has
        // What only dropped records name is no longer imported.
        guard has.contains(.isPreemptible), !has.contains(.isShared) || has.contains(.isImported)
        else { continue }
        let reference = Reference(symbol: symbol, flags: has, source: entry.symbol)
        // A personality that another component defines is reached by its PLT entry.
        if has.contains(.isFunction), has.contains(.isShared), !isSharedLibrary {
          context.demand(reference, [.needsPLT, .needsCanonicalPLT])
        }
      }
    }
  }
}

/// What the scan found in some files in a row.
struct ScanResult: Sendable {
  var dynamic: [DynamicRelocation]
  var locals: [LocalDemand]
  var undefined: [UndefinedReference]
  var facts: ScanFacts
}
