import ELFFormat
import Platform
import ScriptParsing

/// What every relocation of live, loaded atoms needs, found before anything has an address.
///
/// The scan only records demands: bits on symbols (atomic OR), local symbols with demands, dynamic
/// relocations, undefined references. Slots are given out afterwards in symbol order, so they do
/// not depend on which worker saw a demand first. Lists are kept by file and joined in file order.
struct ScanRelocations<T: Target>: UsesServices, ReadsInputs, ReadsNaming, ReadsContents,
  ChangesDemands
{
  let serviceStage: Reading<Services>
  let inputStage: Reading<Inputs>
  let namingStage: Reading<Naming>
  let contentStage: Reading<Contents>
  let changingDemands: Changing<Demands>

  /// Finds what all relocations of live files need; symbols that need something are marked.
  static func run(
    _ services: Reading<Services>, _ inputs: Reading<Inputs>, _ naming: Reading<Naming>,
    _ contents: Reading<Contents>,
    _ demands: Changing<Demands>
  ) {
    let pass = ScanRelocations(
      serviceStage: services, inputStage: inputs, namingStage: naming, contentStage: contents,
      changingDemands: demands)
    pass.scan()
  }

  private func scan() {
    measureLoaded()
    demands.relaxesSlots = options.relaxes && isCompact
    if !relaxesSlots { demands.startFile = findStartFile() }
    _ = relativeFirsts.reserve(count: atoms.count - relativeFirsts.count)
    // Garbage collection has come by all relocations of what lives, and knows which atoms have plain
    // ones only.
    let wanted: AtomFlags =
      options.collectsGarbage ? [.isLive, .isAlloc, .isLeftToScan] : [.isLive, .isAlloc]
    // Several files share a context and its lists.
    let grain = max(1, min(32, liveObjects.count / 512))
    let link = UnplacedLink(
      serviceStage: serviceStage, inputStage: inputStage, namingStage: namingStage,
      contentStage: contentStage, demandStage: demandStage)
    nonisolated(unsafe) let relativeCounts: UnsafeMutablePointer<Int> = allocateZeroed(
      count: liveObjects.count)
    let results = pool.map(chunks: (liveObjects.count + grain - 1) / grain) { [self] chunk, _ in
      var context = ScanContext(
        link: link, file: objects.base, isShared: isSharedLibrary,
        isPositionIndependent: isPositionIndependent, relaxes: relaxesSlots)
      var facts: ScanFacts = []
      for i in chunk * grain..<min(liveObjects.count, (chunk + 1) * grain) {
        let file = objects.pointer(liveObjects[i])
        let firstLocal = context.locals.count
        context.file = file
        context.facts = []
        context.relativeCount = 0
        if i > 0 { scan(link, &context, wanted) }
        if context.locals.count > firstLocal + 1 {
          context.locals[firstLocal...].sort { $0.source < $1.source }
        }
        relativeCounts[i] = context.relativeCount
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
      demands.scanFacts.formUnion(results[chunk].facts)
      if !results[chunk].undefined.isEmpty { undefined += results[chunk].undefined }
      var locals = results[chunk].locals[...]
      for i in chunk * grain..<min(liveObjects.count, (chunk + 1) * grain) {
        let file = objects.pointer(liveObjects[i])
        file.pointee.firstRelative = relativeCount
        relativeCount += relativeCounts[i]
        let first = localDemands.count
        file.pointee.firstLocalDemand = first
        if file.pointee.localDemandCount == 0 { continue }
        var last: UInt32?
        for demand in locals.prefix(file.pointee.localDemandCount) {
          if demand.source == last {
            localDemands[localDemands.count - 1].flags |= demand.flags
          } else {
            localDemands.append(demand)
            last = demand.source
          }
        }
        locals.removeFirst(file.pointee.localDemandCount)
        file.pointee.localDemandCount = localDemands.count - first
      }
    }
    demands.dynamicRelocations.countedRelative = relativeCount
    demands.dynamicRelocations.lists = results.map(\.dynamic)
    demands.dynamicRelocations.hasStaticTLS = scanFacts.contains(.hasStaticTLS)
    demands.dynamicRelocations.hasTextRelocations = scanFacts.contains(.hasTextRelocations)
    if scanFacts.contains(.bindsToNull) { bindToNull() }
    SymbolReport(serviceStage, inputStage, namingStage, contentStage).reportUndefined(undefined)
    demandStubsOfAliases()
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
      demands.dynamicRelocations.lists[i].removeAll { [self] relocation in
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
      let needs: SymbolFlags = isSharedLibrary ? .needsPLT : [.needsPLT, .needsCanonicalPLT]
      symbols[index].flags |= needs.rawValue
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
  private func scan(
    _ link: UnplacedLink, _ context: inout ScanContext, _ wanted: AtomFlags
  ) {
    let file = context.file
    for j in 0..<file.pointee.atomCount {
      let index = AtomIndex(file.pointee.firstAtom.int + j)
      let atom = atoms.pointer(index)
      guard atom.pointee.has.contains(wanted), atom.pointee.relocations != 0,
        atom.pointee.kind != .frames
      else { continue }
      T.scan(link, &context, index)
    }
    if file.pointee.frameCount > 0 { scanFrames(&context) }
  }

  /// Personality routines may be in a library: their references are scanned like data.
  private func scanFrames(_ context: inout ScanContext) {
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
