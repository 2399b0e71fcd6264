import ELFFormat
import Platform
import Synchronization

/// Who defines each name.
///
/// Three steps, each parallel over files. Claims: every definition in a kept section lowers its
/// symbol's claim word, whose order is rank, file, index; so the winner does not depend on timing.
/// Facts: the winner of each symbol writes the record; nobody else touches it. Duplicates show
/// here: a strong definition that is not the winner of a strongly defined symbol. Rest: symbols
/// without a claim are undefined.
struct ResolveSymbols<E: ELFEncoding>: UsesServices, ReadsInputs, ChangesNaming, ChangesContents,
  @unchecked Sendable
{
  let serviceStage: Reading<Services>
  let inputStage: Reading<Inputs>
  let changingNaming: Changing<Naming>
  let changingContents: Changing<Contents>
  /// The complement of each symbol's best claim; 0 for none.
  let claims = ReservedTable<UInt64>(capacity: 1 << 27, of: "symbols")
  private unowned(unsafe) let found: ResolutionFindings

  /// Finds the definitions of all symbols; common ones become atoms. Returns what is defined twice.
  static func run(
    _ services: Reading<Services>, _ inputs: Reading<Inputs>, _ naming: Changing<Naming>,
    _ contents: Changing<Contents>
  ) throws(LinkFailed) -> [DuplicateDefinition] {
    let found = ResolutionFindings()
    try withExtendedLifetime(found) { () throws(LinkFailed) in
      try ResolveSymbols(services, inputs, naming, contents, found).resolve()
    }
    return found.duplicates.withLock { $0 }
  }

  private init(
    _ services: Reading<Services>, _ inputs: Reading<Inputs>, _ naming: Changing<Naming>,
    _ contents: Changing<Contents>, _ found: ResolutionFindings
  ) {
    serviceStage = services
    inputStage = inputs
    changingNaming = naming
    changingContents = contents
    self.found = found
  }

  private func resolve() throws(LinkFailed) {
    _ = claims.reserve(count: symbols.count)
    claims.expectWrites(to: 0..<claims.count)
    let spans = FileSpan.spans(files: 1..<liveObjects.count, grain: 1 << 12) {
      let file = objects.pointer(liveObjects[$0])
      // Which of several versions counts is seen in a whole file only.
      return file.pointee.has.contains(.hasVersionedNames) ? 0 : file.pointee.globalCount
    }
    pool.forEach(chunks: spans.count) { [self] i, _ in
      for file in spans[i].files { claimSymbols(liveObjects[file], spans[i]) }
    }
    pool.forEach(chunks: libraries.count) { [self] i, _ in
      claimSymbols(LibraryIndex(i))
    }
    claimDefinitions()
    let commons = pool.map(chunks: spans.count) { [self] i, _ in
      var commons: [CommonClaim] = []
      for file in spans[i].files {
        settleSymbols(liveObjects[file], spans[i], &commons)
      }
      return commons
    }
    let larger = pool.map(chunks: libraries.count) { [self] i, _ in
      var larger: [CommonClaim] = []
      settleSymbols(LibraryIndex(i), &larger)
      return larger
    }
    pool.forEachRange(symbols.count, grain: 1 << 13) { [self] range, _ in
      for i in range {
        let symbol = symbols.pointer(SymbolIndex(i))
        if claims[i] == 0 { symbol.pointee.flags |= SymbolFlags.isUndefined.rawValue }
      }
    }
    settleDefinitions()
    if hasVersionedNames { settleVersionedNames() }
    placeCommons(commons.flatMap { $0 } + larger.flatMap { $0 })
    refuseSlimLTO()
    naming.hasGNUSymbols = found.hasGNUSymbols.load(ordering: .relaxed)
    scratch.give(claims.base, bytes: claims.count * 8)
    try checkpoint()
  }

  private func claimSymbols(_ index: FileIndex, _ span: FileSpan) {
    let file = objects.pointer(index)
    let first = file.pointee.firstGlobal
    let versioned =
      file.pointee.has.contains(.hasVersionedNames) ? versionedDefinitions(file) : [:]
    for i in span.items(file.pointee.globalCount) {
      let entry = file.pointee.symbol(E.self, first + i)
      if UInt32(entry.sectionIndex) == SectionIndex.undefined { continue }
      // `.symver foo, foo@@V` leaves both names; the one that tells the version counts.
      if let other = versioned[file.pointee.globals[i]], other != first + i { continue }
      let section = file.pointee.section(E.self, of: first + i)
      let rank: UInt64
      if Int(section) < file.pointee.sectionCount {
        if file.pointee.sectionAtoms[Int(section)] == .discarded { continue }
        rank = entry.binding == .weak ? Claim.weak : Claim.strong
      } else if section == ObjectFile.commonSection || section == ObjectFile.largeCommonSection {
        rank = Claim.common
      } else if section == ObjectFile.absoluteSection {
        rank = entry.binding == .weak ? Claim.weak : Claim.strong
      } else {
        diagnostics.error(
          "\(file.pointee.displayName): symbol"
            + " '\(symbols[file.pointee.globals[i]].name)' has bad section index \(section)",
          key: UInt64(file.pointee.order) << 32)
        continue
      }
      atomicMax(
        claims.base + file.pointee.globals[i].int,
        ~Claim.make(rank: rank, order: file.pointee.order, source: UInt32(first + i)))
    }
  }

  /// The definitions `foo@@V` of a file, by the symbol `foo`.
  private func versionedDefinitions(
    _ file: UnsafeMutablePointer<ObjectFile>
  ) -> [SymbolIndex: Int] {
    var found: [SymbolIndex: Int] = [:]
    for i in 0..<file.pointee.globalCount {
      let source = file.pointee.firstGlobal + i
      let entry = file.pointee.symbol(E.self, source)
      if UInt32(entry.sectionIndex) == SectionIndex.undefined { continue }
      let name = ObjectFile.name(file.pointee.symbolNames, at: entry.name)
      if VersionSuffix(of: name)?.isDefault == true, found[file.pointee.globals[i]] == nil {
        found[file.pointee.globals[i]] = source
      }
    }
    return found
  }

  private func claimSymbols(_ index: LibraryIndex) {
    let library = libraries[index]
    if library.isDuplicate { return }
    for i in 1..<max(1, library.symbolCount) {
      let symbol = library.globals[i]
      if symbol.isNone || UInt32(library.symbol(E.self, i).sectionIndex) == SectionIndex.undefined {
        continue
      }
      // A hidden or protected reference cannot be met from outside.
      let pointer = symbols.pointer(symbol)
      if !pointer.pointee.has.isDisjoint(with: [.sawHidden, .sawProtected]) { continue }
      atomicMax(
        claims.base + symbol.int,
        ~Claim.make(rank: Claim.shared, order: library.order, source: UInt32(i)))
    }
  }

  private func settleSymbols(
    _ index: FileIndex, _ span: FileSpan, _ commons: inout [CommonClaim]
  ) {
    let file = objects.pointer(index)
    let first = file.pointee.firstGlobal
    let order = file.pointee.order
    for i in span.items(file.pointee.globalCount) {
      let source = UInt32(first + i)
      let entry = file.pointee.symbol(E.self, first + i)
      if UInt32(entry.sectionIndex) == SectionIndex.undefined { continue }
      let symbolIndex = file.pointee.globals[i]
      let symbol = symbols.pointer(symbolIndex)
      let claim = ~claims[symbolIndex.int]
      let section = file.pointee.section(E.self, of: first + i)
      if section == ObjectFile.commonSection || section == ObjectFile.largeCommonSection {
        commons.append(
          CommonClaim(
            symbol: symbolIndex, file: index, source: source, size: entry.byteCount,
            alignment: entry.value,
            isLarge: section == ObjectFile.largeCommonSection, isOfLibrary: false))
      }
      guard Claim.order(claim) == order, Claim.source(claim) == source,
        Claim.rank(claim) != Claim.shared
      else {
        reportDuplicate(index, source, section, symbolIndex, claim)
        continue
      }
      var facts: SymbolFlags = []
      symbol.pointee.file = index.raw
      symbol.pointee.source = source
      switch Claim.rank(claim) {
      case Claim.weak: facts.insert(.isWeak)
      case Claim.common: facts.insert(.isCommon)
      default: break
      }
      if entry.binding == .gnuUnique, options.usesUniqueBinding {
        facts.insert(.isUnique)
        noteGNUSymbol()
      }
      switch entry.type {
      case .function: facts.insert(.isFunction)
      case .gnuIndirectFunction:
        facts.formUnion([.isFunction, .isIndirectFunction])
        noteGNUSymbol()
      case .threadLocal: facts.insert(.isThreadLocal)
      default: break
      }
      if Int(section) < file.pointee.sectionCount {
        let atom = file.pointee.sectionAtoms[Int(section)]
        symbol.pointee.atom = atom
        if atom.isNone {
          facts.insert(.isAbsolute)
        } else if atoms[atom].has.contains(.isThreadLocal) {
          facts.insert(.isThreadLocal)
        }
      } else if section == ObjectFile.absoluteSection {
        facts.insert(.isAbsolute)
      }
      symbol.pointee.word = entry.value
      symbol.pointee.flags |= facts.rawValue
    }
  }

  /// Files are settled in parallel, and what is written often is slow to read.
  private func noteGNUSymbol() {
    if !found.hasGNUSymbols.load(ordering: .relaxed) {
      found.hasGNUSymbols.store(true, ordering: .relaxed)
    }
  }

  func note(_ duplicate: DuplicateDefinition) { found.duplicates.withLock { $0.append(duplicate) } }

  /// A strong definition that lost to another strong one.
  private func reportDuplicate(
    _ fileIndex: FileIndex, _ source: UInt32, _ section: UInt32,
    _ index: SymbolIndex, _ claim: UInt64
  ) {
    let file = objects.pointer(fileIndex)
    if options.allowsMultipleDefinitions || Claim.rank(claim) != Claim.strong { return }
    let entry = file.pointee.symbol(E.self, Int(source))
    if entry.binding == .weak || section == ObjectFile.commonSection
      || section == ObjectFile.largeCommonSection
    {
      return
    }
    if Int(section) < file.pointee.sectionCount,
      file.pointee.sectionAtoms[Int(section)] == .discarded
    {
      return
    }
    // What the command line defines replaces what objects say.
    if Claim.order(claim) == 0 { return }
    // Two names of one place, with a version and without.
    if Claim.order(claim) == file.pointee.order {
      let other = file.pointee.symbol(E.self, Int(Claim.source(claim)))
      if other.value == entry.value,
        file.pointee.section(E.self, of: Int(Claim.source(claim))) == section
      {
        return
      }
    }
    // Two equal absolute definitions are one, as for GNU ld.
    let winnerFile = liveFile(order: Claim.order(claim))
    let winner = objects.pointer(winnerFile)
    if section == ObjectFile.absoluteSection,
      winner.pointee.section(E.self, of: Int(Claim.source(claim))) == ObjectFile.absoluteSection,
      winner.pointee.symbol(E.self, Int(Claim.source(claim))).value == entry.value
    {
      return
    }
    note(
      DuplicateDefinition(
        symbol: index, winner: winnerFile, winnerSource: Claim.source(claim),
        loser: fileIndex, loserSource: source))
  }

  private func settleSymbols(
    _ index: LibraryIndex, _ larger: inout [CommonClaim]
  ) {
    let library = libraries[index]
    if library.isDuplicate { return }
    for i in 1..<max(1, library.symbolCount) {
      let symbolIndex = library.globals[i]
      if symbolIndex.isNone { continue }
      let claim = ~claims[symbolIndex.int]
      if Claim.rank(claim) == Claim.common {
        claimSize(symbolIndex, library, i, &larger)
      }
      guard Claim.rank(claim) == Claim.shared, Claim.order(claim) == library.order,
        Claim.source(claim) == UInt32(i)
      else { continue }
      settle(symbolIndex, in: index, i)
    }
  }

  /// A library uses the variable that a common symbol becomes in place of its own, so it has to be as
  /// large.
  @inline(never)
  private func claimSize(
    _ symbol: SymbolIndex, _ library: SharedLibrary, _ source: Int,
    _ claims: inout [CommonClaim]
  ) {
    let entry = library.symbol(E.self, source)
    if UInt32(entry.sectionIndex) == SectionIndex.undefined { return }
    guard entry.type == .object || entry.type == .common else { return }
    claims.append(
      CommonClaim(
        symbol: symbol, file: .none, source: 0, size: entry.byteCount,
        alignment: library.alignment(E.self, of: entry), isLarge: false, isOfLibrary: true))
  }

  /// Makes a library's definition that of a symbol.
  @inline(__always)
  func settle(
    _ symbolIndex: SymbolIndex, in library: LibraryIndex, _ source: Int
  ) {
    let entry = libraries[library].symbol(E.self, source)
    let symbol = symbols.pointer(symbolIndex)
    symbol.pointee.file = library.raw
    symbol.pointee.source = UInt32(source)
    var facts: SymbolFlags = .isShared
    if entry.binding == .weak { facts.insert(.isWeak) }
    switch entry.type {
    case .function, .gnuIndirectFunction: facts.insert(.isFunction)
    case .threadLocal: facts.insert(.isThreadLocal)
    default: break
    }
    symbol.pointee.flags |= facts.rawValue
  }

  /// Common symbols become zero-filled atoms, as large and as aligned as the most demanding file
  /// says.
  private func placeCommons(_ claims: [CommonClaim]) {
    var places: [SymbolIndex: AtomIndex] = [:]
    for claim in claims {
      let symbol = symbols.pointer(claim.symbol)
      if options.warnsCommon, !claim.isOfLibrary { warnOfCommon(claim) }
      guard symbol.pointee.has.contains(.isCommon) else { continue }
      guard claim.size < 1 << 47, claim.alignment <= 1 << 32 else {
        diagnostics.error(
          "common symbol '\(symbol.pointee.name)' of \(claim.size) bytes aligned to"
            + " \(claim.alignment) does not fit in memory; its object is damaged")
        continue
      }
      let alignment = claim.alignment.nonzeroBitCount == 1 ? claim.alignment : 1
      let log2 = UInt8(alignment.trailingZeroBitCount)
      if let place = places[claim.symbol] {
        if claim.size > atoms[place].size, !claim.isOfLibrary {
          // The largest is the definition.
          symbol.pointee.file = claim.file.raw
          symbol.pointee.source = claim.source
        }
        atoms[place].size = max(atoms[place].size, claim.size)
        atoms[place].alignment = max(atoms[place].alignment, log2)
        continue
      }
      let isThreadLocal = symbol.pointee.has.contains(.isThreadLocal)
      let flags: SectionFlags = isThreadLocal ? [.alloc, .write, .threadLocal] : [.alloc, .write]
      let name: ByteString = isThreadLocal ? ".tbss" : claim.isLarge ? ".lbss" : ".bss"
      var has: AtomFlags = [.isAlloc, .isWritable]
      if isThreadLocal { has.insert(.isThreadLocal) }
      if !options.collectsGarbage { has.insert(.isLive) }
      let atom = atoms.append(
        Atom(
          ownSize: claim.size, output: outputIndex(name, type: .nobits, flags: flags),
          flags: has.rawValue, alignment: log2, kind: .zeroFill, part: 1))
      places[claim.symbol] = atom
      contents.syntheticAtoms.append(atom)
      symbol.pointee.atom = atom
      symbol.pointee.word = 0
    }
    if options.commonOrder != .asFound { sortCommons(places) }
  }

  /// GCC's objects that hold nothing but its intermediate language carry this mark.
  private func refuseSlimLTO() {
    guard let index = names.find("__gnu_lto_slim", in: symbols) else { return }
    for file in liveObjects {
      let object = objects[file]
      for i in 0..<object.globalCount where object.globals[i] == index {
        diagnostics.error(
          "\(object.displayName): the object holds only GCC's link-time optimisation data and no"
            + " code; rebuild it without -flto, or with -ffat-lto-objects",
          key: UInt64(object.order) << 32)
        break
      }
    }
  }
}

/// What one file says of a common symbol.
struct CommonClaim: Sendable {
  var symbol: SymbolIndex
  var file: FileIndex
  /// Index in the file's symbol table.
  var source: UInt32
  /// Bytes.
  var size: UInt64
  var alignment: UInt64
  var isLarge: Bool
  /// A shared library's variable of that name.
  var isOfLibrary: Bool
}

/// Two strong definitions of one name.
struct DuplicateDefinition: Sendable {
  var symbol: SymbolIndex
  var winner: FileIndex
  var winnerSource: UInt32
  var loser: FileIndex
  var loserSource: UInt32
}

/// What workers come upon.
private final class ResolutionFindings: Sendable {
  let duplicates = Mutex<[DuplicateDefinition]>([])
  let hasGNUSymbols = Atomic<Bool>(false)
}
