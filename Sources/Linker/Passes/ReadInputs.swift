import ELFFormat
import Platform
import ScriptParsing
import Synchronization

/// From the command line to the set of live files: reading, naming, and pulling in archive members.
///
/// Members come in waves. A wave is the set of providers that the undefined names of the last
/// wave's files ask for; its files are read in parallel, named in one batch, and switched on. Which
/// files end up live depends on the inputs alone, not on timing: a name asks for the provider that
/// comes first on the command line, and waves are sets.
struct ReadInputs<T: Target>: UsesServices, ChangesInputs, ChangesNaming, ReadsContents {
  typealias E = T.Encoding

  let serviceStage: Reading<Services>
  let changingInputs: Changing<Inputs>
  let changingNaming: Changing<Naming>
  let contentStage: Reading<Contents>

  private let changingNotes: Changing<InputNotes>

  @inline(__always) var notes: InputNotes {
    @inline(__always) _read { yield changingNotes.value }
    @inline(__always) nonmutating _modify { yield &changingNotes.value }
  }

  /// Reads what the loader has opened, and what of it is needed.
  ///
  /// - Parameter contents: takes the section groups.
  static func run(
    _ services: Reading<Services>, _ loader: InputLoader, _ inputs: Changing<Inputs>,
    _ naming: Changing<Naming>,
    _ contents: Reading<Contents>
  ) throws(LinkFailed) {
    let notes = Changing(InputNotes())
    defer { notes.deallocate() }
    try ReadInputs(services, inputs, naming, contents, notes).read(loader)
  }

  private init(
    _ services: Reading<Services>, _ inputs: Changing<Inputs>, _ naming: Changing<Naming>,
    _ contents: Reading<Contents>, _ notes: Changing<InputNotes>
  ) {
    serviceStage = services
    changingInputs = inputs
    changingNaming = naming
    contentStage = contents
    changingNotes = notes
  }

  private func read(_ loader: InputLoader) throws(LinkFailed) {
    var loader = loader
    inputs.isDynamic = isSharedLibrary || isPositionIndependent || !loader.libraries.isEmpty
    // A page that something was written to does not become part of a large one.
    objects.expectWrites(to: 0..<loader.objects.count + 1)
    // Index 0 is the linker's own file.
    objects.append(.empty)
    var files = try addInputs(&loader)
    var references = activate(files)
    references += referencesFromOptions()
    references += referencesFromLibraries()
    if try addDependentLibraries(of: files, &loader) {
      references = allReferences()
    }

    while true {
      let wave = takeProviders(references)
      if wave.isEmpty { break }
      let start = objects.count
      var sources: [ObjectReader.Source] = []
      files = []
      for index in wave {
        let provider = providers[index]
        if provider.kind == .lazyObject {
          files.append(FileIndex(raw: provider.owner))
        } else if let source = memberSource(provider) {
          sources.append(source)
        }
      }
      let newFirst = readObjects(sources)
      nameInputs(files: start..<objects.count, libraries: 0..<0)
      files += (newFirst.int..<objects.count).map { FileIndex($0) }
      references = activate(files)
      try checkpoint()
      if try addDependentLibraries(of: files, &loader) {
        references = allReferences()
      }
    }
    findIndirectLibraries()
    try checkpoint()
    orderFiles()
  }

  /// Reads what the loader has opened since the last time, and gives it its place among providers
  /// and symbols. Returns the objects that are live of themselves; nobody has activated them yet.
  func addInputs(_ loader: inout InputLoader) throws(LinkFailed)
    -> [FileIndex]
  {
    notes.archives = loader.archives
    let first = readObjects(loader.objects)
    let lazyFirst = readObjects(loader.lazyObjects)
    let firstLibrary = libraries.count
    readLibraries(loader)
    makeProviders(loader, firstLibrary: firstLibrary, lazyFirst: lazyFirst)
    loader.objects = []
    loader.lazyObjects = []
    loader.libraries = []
    loader.lazies = []
    try checkpoint()
    nameInputs(files: first.int..<objects.count, libraries: firstLibrary..<libraries.count)
    return (first.int..<lazyFirst.int).map { FileIndex($0) }
  }

  /// All names that some provider may be asked for, for when there are new providers.
  private func allReferences() -> [SymbolIndex] {
    var references: [SymbolIndex] = []
    for i in symbols.indices {
      let symbol = symbols[SymbolIndex(i)]
      if symbol.extra.isNone || symbol.has.contains(.isDefinedInObject) { continue }
      if !symbol.has.isDisjoint(with: [.isReferenced, .sawCommon]) {
        references.append(SymbolIndex(i))
      }
    }
    return references + referencesFromOptions() + referencesFromLibraries()
  }

  private func memberSource(_ provider: Provider) -> ObjectReader.Source? {
    let archive = notes.archives[Int(provider.owner)]
    do {
      let member = try archive.member(at: Int(provider.offset))
      let flags: FileFlags =
        !options.excludedLibraries.isEmpty && options.isExcludedLibrary(String(archive.path))
        ? .isExcluded : []
      let source = InputLoader.source(
        of: member, in: archive, position: provider.position, flags: flags, serviceStage)
      if let source, InputLoader.isBitcode(source.bytes) {
        diagnostics.error(InputLoader.bitcodeText("\(archive.path)(\(member.name))"))
        return nil
      }
      return source
    } catch {
      diagnostics.error("\(archive.path): \(error.text)")
      return nil
    }
  }

  /// Bytes of objects up to which a link is done sooner by one thread than by several.
  private static var smallInput: Int { 3 << 20 }

  /// Reads objects in parallel; files get consecutive indices in the order of `sources`.
  private func readObjects(_ sources: [ObjectReader.Source]) -> FileIndex {
    let first = objects.reserve(count: sources.count)
    objects.expectWrites(to: first.int..<objects.count)
    for source in sources { notes.inputBytes += source.bytes.count }
    pool.isHeld = notes.inputBytes < Self.smallInput
    let found = Mutex<[(file: FileIndex, groups: [(section: UInt32, symbol: UInt32)])]>([])
    pool.forEach(chunks: sources.count) { [self] i, _ in
      let index = FileIndex(first.int + i)
      var fileGroups: [(section: UInt32, symbol: UInt32)] = []
      do throws(InputError) {
        try ObjectReader.read(
          E.self, machine: T.machine, sources[i], into: objects.pointer(index),
          groups: &fileGroups)
      } catch {
        objects[index].symbolCount = 0
        objects[index].firstGlobal = 0
        diagnostics.error(
          "\(objects[index].displayName): \(error.text)", key: sources[i].position)
        return
      }
      if objects[index].has.contains(.hasUnloadedMembers) {
        rareSections.sawUnloadedMembers.store(true, ordering: .relaxed)
      }
      if !fileGroups.isEmpty { found.withLock { $0.append((index, fileGroups)) } }
    }
    for entry in found.withLock({ $0 }).sorted(by: { $0.file.raw < $1.file.raw }) {
      let start = groups.reserve(count: entry.groups.count)
      objects[entry.file].firstGroup = start
      objects[entry.file].groupCount = entry.groups.count
      for (i, group) in entry.groups.enumerated() {
        groups[start + i] = SectionGroup(
          section: group.section, source: group.symbol, signature: .none)
      }
    }
    return first
  }

  private func readLibraries(_ loader: InputLoader) {
    var sonames: Set<ByteString> = []
    for i in libraries.indices { sonames.insert(libraries[LibraryIndex(i)].soname) }
    for input in loader.libraries {
      do {
        var result = try SharedLibraryReader.read(
          E.self, machine: T.machine, bytes: input.bytes, path: input.path)
        if result.library.soname.isEmpty {
          // The name that the user wrote; for `-l`, the file's name.
          result.library.soname = sonameFromPath(input.path)
        }
        result.library.position = input.position
        result.library.isAsNeeded = input.asNeeded
        result.library.isDuplicate = !sonames.insert(result.library.soname).inserted
        result.library.firstNeeded = neededNames.count
        result.library.neededCount = result.needed.count
        inputs.neededNames += result.needed
        libraries.append(result.library)
      } catch {
        diagnostics.error("\(input.path): \(error.text)", key: input.position)
        var broken = SharedLibrary.empty
        broken.path = input.path
        broken.isDuplicate = true
        libraries.append(broken)
      }
    }
  }

  private func sonameFromPath(_ path: ByteString) -> ByteString {
    let text = String(path)
    let wasSearched = !options.inputs.contains {
      if case .path(let given) = $0.kind { return given == text }
      return false
    }
    guard wasSearched else { return path }
    var name = path
    while let slash = name.firstIndex(of: 0x2f) { name = name.dropFirst(slash + 1) }
    return name
  }

  private func makeProviders(
    _ loader: InputLoader, firstLibrary: Int, lazyFirst: FileIndex
  ) {
    for lazy in loader.lazies {
      switch lazy {
      case .library(let number):
        let i = firstLibrary + number
        if libraries[LibraryIndex(i)].isDuplicate { continue }
        libraries[LibraryIndex(i)].provider = providers.append(
          Provider(
            kind: .library, isTaken: false, owner: UInt32(i), offset: 0,
            position: libraries[LibraryIndex(i)].position))
      case .object(let i):
        let file = FileIndex(lazyFirst.int + i)
        let provider = providers.append(
          Provider(
            kind: .lazyObject, isTaken: false, owner: file.raw, offset: 0,
            position: objects[file].position))
        notes.lazyProviders.append((file, provider))
      case .archive(let i): makeProviders(forArchive: i)
      }
    }
  }

  private func makeProviders(forArchive i: Int) {
    let archive = notes.archives[i]
    let first = providers.count
    var names = notes.archiveNames
    notes.archiveNames = []
    let firstName = names.count
    names.reserveCapacity(firstName + archive.indexCount)
    do {
      // Indexes list members in file order as a rule; only then is there nothing to sort.
      var last = -1
      var isSorted = true
      try archive.forEachIndexEntry { name, offset in
        if offset != last {
          if offset < last { isSorted = false }
          last = offset
          addProvider(i, archive, offset)
        }
        addArchiveName(name, ProviderIndex(providers.count - 1), to: &names)
      }
      if !isSorted {
        names.removeSubrange(firstName...)
        while providers.count > first { providers.storage.removeLast() }
        try addSorted(i, archive, &names)
      }
    } catch {
      diagnostics.error("\(archive.path): \(error.text)", key: archive.position)
    }
    notes.archiveNames = names
  }

  private func addProvider(_ archiveNumber: Int, _ archive: Archive, _ offset: Int) {
    providers.append(
      Provider(
        kind: .archiveMember, isTaken: false, owner: UInt32(archiveNumber),
        offset: UInt64(offset),
        position: archive.position | min(UInt64(truncatingIfNeeded: offset) >> 1, 0xffff_ffff)))
  }

  /// The members of an archive whose index is not in their order.
  private func addSorted(
    _ number: Int, _ archive: Archive,
    _ names: inout [ArchiveName]
  ) throws(Archive.Failure) {
    var offsets: [Int] = []
    try archive.forEachIndexEntry { offsets.append($1) }
    offsets.sort()
    var unique: [Int] = []
    for offset in offsets where unique.last != offset { unique.append(offset) }
    let first = providers.count
    for offset in unique { addProvider(number, archive, offset) }
    try archive.forEachIndexEntry { name, offset in
      let member = unique.partitioningIndex { $0 >= offset }
      addArchiveName(name, ProviderIndex(first + member), to: &names)
    }
  }

  /// Switches files on: their definitions and references count. Returns the names that they leave
  /// undefined and that some provider has, in file order.
  func activate(_ files: [FileIndex]) -> [SymbolIndex] {
    if files.isEmpty { return [] }
    let spans = FileSpan.spans(files: 0..<files.count, grain: 1 << 12) {
      objects[files[$0]].globalCount
    }
    let lists = pool.map(chunks: spans.count) { [self] i, _ in
      var wanted: [SymbolIndex] = []
      for number in spans[i].files {
        activate(objects.pointer(files[number]), spans[i], &wanted)
      }
      return wanted
    }
    return lists.flatMap { $0 }
  }

  private func activate(
    _ file: UnsafeMutablePointer<ObjectFile>, _ span: FileSpan,
    _ wanted: inout [SymbolIndex]
  ) {
    let items = span.items(file.pointee.globalCount)
    let isVersioned = file.pointee.has.contains(.hasVersionedNames)
    if items.lowerBound == 0 { file.pointee.flags |= FileFlags.isLive.rawValue }
    let first = file.pointee.firstGlobal
    for j in items {
      let entry = file.pointee.symbol(E.self, first + j)
      let index = file.pointee.globals[j]
      let symbol = symbols.pointer(index)
      var facts: SymbolFlags = []
      let section = UInt32(entry.sectionIndex)
      if section == SectionIndex.undefined {
        facts = .isMentioned
        if entry.binding != .weak {
          facts.insert(.isReferenced)
          if !symbol.pointee.extra.isNone { wanted.append(index) }
        } else if entry.visibility != .default, !symbol.pointee.extra.isNone,
          symbol.pointee.has.contains(.isReferenced)
        {
          // A library no longer meets the references that there were before.
          wanted.append(index)
        }
      } else {
        // A common symbol gives way to a definition, also to one that an archive has.
        let isCommon =
          section == SectionIndex.common || section == ObjectFile.largeCommonSection
        facts = isCommon ? .sawCommon : .isDefinedInObject
        if isCommon, !symbol.pointee.extra.isNone { wanted.append(index) }
        if isVersioned { noteVersionedDefinition(file, entry) }
      }
      let visibility = entry.visibility
      if visibility == .protected {
        facts.insert(.sawProtected)
      } else if visibility != .default {
        facts.insert(.sawHidden)
      }
      atomicOr(&symbol.pointee.flags, facts.rawValue)
    }
  }

  /// Chooses the providers that `references` ask for; in the order of the command line.
  private func takeProviders(_ references: [SymbolIndex]) -> [ProviderIndex] {
    // Of numbers, whose arrays need nothing made at run time.
    var wave: [Int] = []
    var references = references
    while !references.isEmpty {
      var used: [LibraryIndex] = []
      takeProviders(references, &wave, &used)
      references = load(used)
    }
    wave.sort()
    return wave.map { ProviderIndex($0) }
  }

  /// - Parameter used: libraries that nothing has used before.
  private func takeProviders(
    _ references: [SymbolIndex], _ wave: inout [Int], _ used: inout [LibraryIndex]
  ) {
    let met = hasVersionedNames ? libraryVersions(asked: references) : [:]
    for index in references {
      let symbol = symbols.pointer(index)
      if symbol.pointee.has.contains(.isDefinedInObject) { continue }
      let meeting = met[index]
      if let meeting { noteUse(of: providers[meeting], &used) }
      if symbol.pointee.extra.isNone { continue }
      var provider = ProviderIndex(raw: symbol.pointee.extra.raw)
      if providers[provider].kind == .library {
        guard let other = providerBehindLibrary(index) else {
          if symbol.pointee.has.isDisjoint(with: [.sawHidden, .sawProtected, .sawCommon]) {
            noteUse(of: providers[provider], &used)
          }
          continue
        }
        provider = other
      }
      if providers[provider].isTaken { continue }
      if let meeting, meeting.raw < provider.raw { continue }
      if symbol.pointee.has.contains(.sawCommon),
        !overridesCommon(providers[provider], index)
      {
        continue
      }
      providers[provider].isTaken = true
      wave.append(provider.int)
    }
  }

  private func noteUse(of provider: Provider, _ used: inout [LibraryIndex]) {
    let library = LibraryIndex(raw: provider.owner)
    if !libraries[library].isLoaded { used.append(library) }
  }

  /// Whether a provider defines what so far is only common, and not as a common symbol, too: the
  /// index of an archive does not tell these apart. Source: GNU ld manual, "--warn-common"; ar's
  /// index lists both.
  private func overridesCommon(
    _ provider: Provider, _ symbol: SymbolIndex
  ) -> Bool {
    var object = ObjectFile.empty
    if provider.kind == .lazyObject {
      object = objects[FileIndex(raw: provider.owner)]
    } else {
      guard let source = memberSource(provider) else { return false }
      var groups: [(section: UInt32, symbol: UInt32)] = []
      // What is wrong with the member is told when it is read for good.
      guard
        (try? ObjectReader.read(
          E.self, machine: T.machine, source, into: &object, groups: &groups)) != nil
      else { return true }
    }
    let wanted = symbols[symbol].name
    for i in 0..<object.globalCount {
      let entry = object.symbol(E.self, object.firstGlobal + i)
      let section = UInt32(entry.sectionIndex)
      if section == SectionIndex.undefined || section == SectionIndex.common
        || section == ObjectFile.largeCommonSection || entry.binding == .weak
      {
        continue
      }
      var name = ObjectFile.name(object.symbolNames, at: entry.name)
      if let suffix = VersionSuffix(of: name), suffix.isDefault {
        name = name[0..<name.firstIndex(of: 0x40)!]
      }
      if name == wanted { return true }
    }
    return false
  }

  /// Names that the command line speaks of; they get symbols even if no file has them.
  var optionNames: [ByteString] {
    optionSymbolNames.map { ByteString(copying: $0) }
  }

  func referencesFromOptions() -> [SymbolIndex] {
    var references: [SymbolIndex] = []
    for name in rootSymbolNames {
      guard let index = names.find(ByteString(copying: name), in: symbols) else { continue }
      symbols[index].flags |= SymbolFlags([.isRoot, .isMentioned]).rawValue
      references.append(index)
    }
    for definition in parsedDefinitions where !definition.isProvided || isAsked(definition.name) {
      for name in definition.expression.symbols {
        guard let index = names.find(name, in: symbols) else { continue }
        symbols[index].flags |= SymbolFlags([.isReferenced, .isMentioned]).rawValue
        references.append(index)
      }
    }
    for pattern in options.undefinedGlobs {
      let glob = Glob(ByteString(copying: pattern))
      for i in symbols.indices {
        let index = SymbolIndex(i)
        if !symbols[index].extra.isNone, glob.matches(symbols[index].name) {
          symbols[index].flags |= SymbolFlags([.isRoot, .isMentioned]).rawValue
          references.append(index)
        }
      }
    }
    return references
  }

  /// Whether live objects refer to a name and none defines it.
  private func isAsked(_ name: ByteString) -> Bool {
    guard let index = names.find(name, in: symbols) else { return false }
    let has = symbols[index].has
    return has.contains(.isMentioned) && !has.contains(.isDefinedInObject)
  }

  /// What libraries leave undefined may be in an archive, and if it is in an object it has to be
  /// exported. Archives are asked for what is going to be loaded only: not for a library under
  /// `--as-needed` that nothing uses.
  func referencesFromLibraries() -> [SymbolIndex] {
    var loaded: [LibraryIndex] = []
    for i in libraries.indices.map({ LibraryIndex($0) }) {
      if libraries[i].isLoaded || !libraries[i].isAsNeeded {
        libraries[i].isLoaded = false
        loaded.append(i)
      } else {
        noteReferences(of: libraries[i]) { _ in }
      }
    }
    return load(loaded)
  }

  /// Notes that libraries will be loaded, with those on the command line that they name as needed.
  /// Returns what they leave undefined and archives may have.
  private func load(_ used: [LibraryIndex]) -> [SymbolIndex] {
    if used.isEmpty { return [] }
    if notes.libraryNames?.count != libraries.count { notes.libraryNames = LibraryNames(libraries) }
    let names = notes.libraryNames!
    var references: [SymbolIndex] = []
    var pending = used
    while let index = pending.popLast() {
      let library = libraries[index]
      if library.isLoaded || library.isDuplicate { continue }
      libraries[index].isLoaded = true
      noteReferences(of: library) { references.append($0) }
      for name in neededNames[library.firstNeeded..<library.firstNeeded + library.neededCount] {
        if let other = names.find(name) { pending.append(other) }
      }
    }
    return withoutDefinedByLibraries(references)
  }

  /// What only libraries refer to is a library's, if one defines it: no archive in front of it takes
  /// its place.
  private func withoutDefinedByLibraries(
    _ references: [SymbolIndex]
  ) -> [SymbolIndex] {
    let asked = references.filter {
      let extra = symbols[$0].extra
      return !extra.isNone && providers[ProviderIndex(raw: extra.raw)].kind != .library
    }
    if asked.isEmpty { return references }
    let isAsked = Set(asked)
    var isDefined: Set<SymbolIndex> = []
    for i in libraries.indices where !libraries[LibraryIndex(i)].isDuplicate {
      let library = libraries[LibraryIndex(i)]
      for j in 1..<max(1, library.symbolCount)
      where isAsked.contains(library.globals[j])
        && UInt32(library.symbol(E.self, j).sectionIndex) != SectionIndex.undefined
      {
        isDefined.insert(library.globals[j])
      }
    }
    return isDefined.isEmpty ? references : references.filter { !isDefined.contains($0) }
  }

  /// Marks the symbols that a library refers to.
  ///
  /// - Parameter visit: is called with those that an archive may be asked for.
  private func noteReferences(
    of library: SharedLibrary, _ visit: (SymbolIndex) -> Void
  ) {
    if library.isDuplicate { return }
    for j in 1..<max(1, library.symbolCount) {
      let entry = library.symbol(E.self, j)
      let index = library.globals[j]
      if index.isNone { continue }
      // A name that the library defines, too: at run time, ours has to be found first.
      let isDefinition = UInt32(entry.sectionIndex) != SectionIndex.undefined
      let version = isDefinition ? 0 : library.version(E.self, of: j).index
      if version <= 1 || version >= library.versionCount {
        symbols[index].flags |= SymbolFlags.isReferencedByLibrary.rawValue
        if !isDefinition, entry.binding != .weak { visit(index) }
        continue
      }
      // What asks for a version means a definition of that version, which is another symbol if it
      // is not the default one. No archive member is taken for the plain name.
      let full = symbol(named: symbols[index].name, version: library.versionNames[version])
      symbols[full ?? index].flags |= SymbolFlags.isReferencedByLibrary.rawValue
      // Nor is one that has the version as its default.
      if let full, entry.binding != .weak, notes.lazyVersions.contains(full) { visit(full) }
    }
  }

  /// `--wrap`: pairs of symbols, from and to.
  func prepareWraps() -> [SymbolIndex: SymbolIndex] {
    for name in options.wrappedSymbols {
      guard
        let symbol = names.find(ByteString(copying: name), in: symbols),
        let wrapper = names.find(ByteString(copying: "__wrap_" + name), in: symbols),
        let real = names.find(ByteString(copying: "__real_" + name), in: symbols)
      else { continue }
      notes.wraps[symbol] = wrapper
      notes.wraps[real] = symbol
    }
    return notes.wraps
  }

  /// Only references are redirected: a file that defines the symbol goes on using its own.
  func redirectWrapped(
    _ file: UnsafeMutablePointer<ObjectFile>, _ wraps: [SymbolIndex: SymbolIndex]
  ) {
    for i in 0..<file.pointee.globalCount {
      let entry = file.pointee.symbol(E.self, file.pointee.firstGlobal + i)
      guard UInt32(entry.sectionIndex) == SectionIndex.undefined else { continue }
      if let other = wraps[file.pointee.globals[i]] { file.pointee.globals[i] = other }
    }
  }

  /// Puts live files and libraries in the order of the command line.
  private func orderFiles() {
    var live: [FileIndex] = []
    for i in objects.indices.dropFirst() where objects[FileIndex(i)].has.contains(.isLive) {
      live.append(FileIndex(i))
    }
    live.sort { objects[$0].position < objects[$1].position }
    inputs.liveObjects = [FileIndex(0)] + live
    var order: UInt32 = 1
    var library = 0
    for index in live {
      while library < libraries.count,
        libraries[LibraryIndex(library)].position < objects[index].position
      {
        libraries[LibraryIndex(library)].order = order
        order += 1
        library += 1
      }
      objects[index].order = order
      order += 1
    }
    while library < libraries.count {
      libraries[LibraryIndex(library)].order = order
      order += 1
      library += 1
    }
    // What was the first provider is from here on the symbol's extra record.
    for symbol in notes.providedSymbols { symbols[symbol].extra = .none }
    notes.providedSymbols = []
    notes.shadowedProviders = []
  }
}

/// What reading inputs notes on its way. Meanwhile, `extra` of a symbol is the first provider that has
/// it.
struct InputNotes {
  var archives: [Archive] = []
  /// Names of archives' indexes that have no symbols yet.
  var archiveNames: [ArchiveName] = []
  var lazyProviders: [(file: FileIndex, provider: ProviderIndex)] = []
  /// Symbols whose `extra` is a provider.
  var providedSymbols: [SymbolIndex] = []
  /// For names that a shared library has, the archive members and lazy objects behind it that have
  /// them, too.
  var shadowedProviders: [(symbol: SymbolIndex, provider: ProviderIndex)] = []
  var shadowedProvidersAreSorted = false
  /// Symbols `foo@V` that members of archives and lazy objects define by that name, and not by
  /// `foo@@V`.
  var lazyVersions: Set<SymbolIndex> = []
  /// `--wrap`: references to the key mean the value.
  var wraps: [SymbolIndex: SymbolIndex] = [:]
  /// The libraries so far, by name; made when somebody asks.
  var libraryNames: LibraryNames?
  /// Bytes of the objects that are read.
  var inputBytes = 0
  /// What objects name in `.deplibs`, once each.
  var dependentLibraries: Set<ByteString> = []
}
