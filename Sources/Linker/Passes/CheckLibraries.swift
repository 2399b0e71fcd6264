import ELFFormat
import Platform

/// Whether libraries will find at run time what they leave undefined.
///
/// An executable that is complete has all of it. Asked of the libraries that will be loaded and
/// whose own needs are all among the inputs; as there is nobody else, what is not found here is
/// missing. The loader looks for a name in a version, so a library's default version does not meet
/// what asks for an older one. Source: Linux Standard Base, "Symbol Versioning"; GNU ld manual,
/// "--no-allow-shlib-undefined".
struct CheckLibraries<E: ELFEncoding>: UsesServices, ReadsInputs, ReadsNaming {
  let serviceStage: Reading<Services>
  let inputStage: Reading<Inputs>
  let namingStage: Reading<Naming>
  private let libraryNames: LibraryNames

  /// Reports what will not be found, and makes libraries needed that only others have a use for.
  static func run(
    _ services: Reading<Services>, _ inputs: Reading<Inputs>, _ naming: Reading<Naming>
  ) {
    CheckLibraries(services, inputs, naming).check()
  }

  private init(_ services: Reading<Services>, _ inputs: Reading<Inputs>, _ naming: Reading<Naming>)
  {
    serviceStage = services
    inputStage = inputs
    namingStage = naming
    libraryNames = LibraryNames(inputs.value.libraries)
  }

  private func check() {
    var here: Set<ByteString> = []
    for i in libraries.indices { here.insert(libraries[LibraryIndex(i)].soname) }
    let linked = here
    here.formUnion(indirectLibraries.sonames)
    var isLoaded = [Bool](repeating: false, count: libraries.count)
    let needed = libraries.indices.map { LibraryIndex($0) }.filter { isNeededAtRunTime($0) }
    var found = findNeeds(of: load(needed, &isLoaded), isLoaded, here)
    if !found.open.isEmpty { found.open = meetNeeds(&found, &isLoaded, here) }
    reportMissingVersions(found.own)
    for need in found.open where !indirectLibraries.names.contains(symbols[need.symbol].name) {
      report(need)
    }
    reportIndirectUndefined(linked: linked)
  }

  /// Makes libraries needed as long as that meets needs: those on the line that only another library
  /// has a use for, which does not name them itself. Returns what stays unmet.
  private func meetNeeds(
    _ found: inout (open: [OpenNeed], own: [OpenNeed]), _ isLoaded: inout [Bool],
    _ here: Set<ByteString>
  ) -> [OpenNeed] {
    var definers = definers(of: Set(found.open.map(\.symbol)))
    let unmet = found.open.filter { !isMet($0, definers, isLoaded) }
    var fresh = load(needDefiners(of: unmet, definers, isLoaded), &isLoaded)
    if fresh.isEmpty { return unmet }
    definers = definersOfNeeds()
    while !fresh.isEmpty {
      let more = findNeeds(of: fresh, isLoaded, here)
      found.open += more.open
      found.own += more.own
      let unmet = more.open.filter { !isMet($0, definers, isLoaded) }
      fresh = load(needDefiners(of: unmet, definers, isLoaded), &isLoaded)
    }
    return found.open.filter { !isMet($0, definers, isLoaded) }
  }

  /// What libraries behind those that are linked find nowhere.
  ///
  /// - Parameter linked: names of the libraries that are linked.
  private func reportIndirectUndefined(linked: Set<ByteString>) {
    var unmet: [ByteString: [String]] = [:]
    var order: [ByteString] = []
    indirectLibraries.forEachNeed(here: linked) { name, path in
      if let index = names.find(name, in: symbols),
        !symbols[index].has.isDisjoint(with: [.isShared, .isExported])
      {
        return
      }
      if unmet[name] == nil { order.append(name) }
      unmet[name, default: []].append(path)
    }
    if order.isEmpty { return }
    // Definitions of libraries that are no symbol's: nobody here refers to them.
    for i in libraries.indices {
      let library = libraries[LibraryIndex(i)]
      for j in 1..<max(1, library.symbolCount) {
        let entry = library.symbol(E.self, j)
        if UInt32(entry.sectionIndex) == SectionIndex.undefined { continue }
        unmet[ObjectFile.name(library.symbolNames, at: entry.name)] = nil
      }
    }
    for name in order {
      for path in unmet[name] ?? [] {
        report(names.find(name, in: symbols), name, nil, path, key: .max >> 1)
      }
    }
  }

  /// What libraries leave undefined: what no definition of the output or of the library that the
  /// symbol has become meets; and, in versions, what the output meets.
  private func findNeeds(
    of asking: [LibraryIndex], _ isLoaded: [Bool], _ here: Set<ByteString>
  ) -> (open: [OpenNeed], own: [OpenNeed]) {
    var open: [OpenNeed] = []
    var own: [OpenNeed] = []
    for index in asking {
      let library = libraries[index]
      let needed = neededNames[library.firstNeeded..<library.firstNeeded + library.neededCount]
      if !needed.allSatisfy({ here.contains($0) }) { continue }
      for j in 1..<max(1, library.symbolCount) {
        let entry = library.symbol(E.self, j)
        let symbol = library.globals[j]
        guard UInt32(entry.sectionIndex) == SectionIndex.undefined, !symbol.isNone,
          entry.binding != .weak
        else { continue }
        let number = library.version(E.self, of: j).index
        let version =
          number >= 2 && number < library.versionCount ? library.versionNames[number] : nil
        let need = OpenNeed(library: index, symbol: symbol, version: version, number: number)
        switch answer(symbol, version) {
        case .met:
          if !isLoaded[Int(symbols[symbol].file)] {
            open.append(need)
          }
        case .own: if version != nil { own.append(need) }
        case .open: open.append(need)
        }
      }
    }
    return (open, own)
  }

  /// Makes the libraries that meet some of the needs, but are not loaded, needed, and returns them.
  /// Source: GNU ld manual, "--as-needed".
  private func needDefiners(
    of needs: [OpenNeed], _ definers: Definers, _ isLoaded: [Bool]
  ) -> [LibraryIndex] {
    var needed: [LibraryIndex] = []
    for need in needs {
      var index = need.symbol
      if let version = need.version,
        let full = symbol(named: symbols[index].name, version: version),
        symbols[full].has.contains(.isShared)
      {
        index = full
      }
      let definer: LibraryIndex
      if symbols[index].has.contains(.isShared) {
        definer = LibraryIndex(raw: symbols[index].file)
      } else if let first = definers[need.symbol]?.first(where: { isMet(need, by: $0) }) {
        // What the program refers to only weakly has become undefined.
        definer = first.library
      } else {
        continue
      }
      if !isLoaded[definer.int], !libraries[definer].isNeeded {
        libraries[definer].isNeeded = true
        needed.append(definer)
      }
    }
    return needed
  }

  /// Adds libraries, and those on the line that they name, to what is loaded; returns what is new, in
  /// the order of the line.
  private func load(
    _ needed: [LibraryIndex], _ isLoaded: inout [Bool]
  ) -> [LibraryIndex] {
    var fresh: [LibraryIndex] = []
    for index in needed where !isLoaded[index.int] {
      isLoaded[index.int] = true
      fresh.append(index)
    }
    var next = 0
    while next < fresh.count {
      let library = libraries[fresh[next]]
      next += 1
      for name in neededNames[library.firstNeeded..<library.firstNeeded + library.neededCount] {
        if let other = libraryNames.find(name), !isLoaded[other.int] {
          isLoaded[other.int] = true
          fresh.append(other)
        }
      }
    }
    return fresh.sorted { libraries[$0].order < libraries[$1].order }
  }

  /// Whether what the symbol has become is what a library finds.
  @inline(__always)
  private func answer(_ index: SymbolIndex, _ version: ByteString?) -> Answer {
    let symbol = symbols[index]
    if symbol.has.contains(.isUndefined) { return .open }
    if symbol.has.contains(.isShared) {
      guard let version else { return .met }
      let library = libraries[LibraryIndex(raw: symbol.file)]
      let number = library.version(E.self, of: Int(symbol.source)).index
      return number < library.versionCount && library.versionNames[number] == version
        ? .met : .open
    }
    guard symbol.has.contains(.isExported) else { return .open }
    if hasVersionedNames, let version, let own = defaultVersion(E.self, of: index), own != version {
      return .open
    }
    return .own
  }

  /// The output's definition meets a library's reference to a version only if the library that was to
  /// have the version has it: else the loader does not start the program.
  private func reportMissingVersions(_ needs: [OpenNeed]) {
    if needs.isEmpty { return }
    var defined: [ByteString: Set<ByteString>] = [:]
    for i in libraries.indices where !libraries[LibraryIndex(i)].isDuplicate {
      let library = libraries[LibraryIndex(i)]
      defined[library.soname] = SharedLibraryReader.definedVersions(E.self, of: library)
    }
    var missing: [LibraryIndex: Set<Int>] = [:]
    for need in needs {
      if missing[need.library] == nil {
        missing[need.library] = missingVersions(libraries[need.library], defined)
      }
      if missing[need.library]!.contains(need.number) { report(need, isVersionMissing: true) }
    }
  }

  /// Numbers of the versions that a library needs of others here that have versions, but not these.
  ///
  /// - Parameter defined: the versions of each library, by its name.
  private func missingVersions(
    _ library: SharedLibrary, _ defined: [ByteString: Set<ByteString>]
  ) -> Set<Int> {
    var missing: Set<Int> = []
    for version in SharedLibraryReader.neededVersions(E.self, of: library) {
      guard let names = defined[version.soname], !names.isEmpty else { continue }
      if !names.contains(version.name) { missing.insert(version.number) }
    }
    return missing
  }

  /// Definitions of libraries, by symbol.
  private typealias Definers = [SymbolIndex: [(library: LibraryIndex, source: Int)]]

  /// All definitions of what some library leaves undefined.
  private func definersOfNeeds() -> Definers {
    var wanted: Set<SymbolIndex> = []
    for i in libraries.indices where !libraries[LibraryIndex(i)].isDuplicate {
      let library = libraries[LibraryIndex(i)]
      for j in 1..<max(1, library.symbolCount)
      where UInt32(library.symbol(E.self, j).sectionIndex) == SectionIndex.undefined
        && !library.globals[j].isNone
      {
        wanted.insert(library.globals[j])
      }
    }
    return definers(of: wanted)
  }

  private func definers(of wanted: Set<SymbolIndex>) -> Definers {
    var found: Definers = [:]
    for i in libraries.indices where !libraries[LibraryIndex(i)].isDuplicate {
      let index = LibraryIndex(i)
      let library = libraries[index]
      for j in 1..<max(1, library.symbolCount) {
        let symbol = library.globals[j]
        if !symbol.isNone, wanted.contains(symbol),
          UInt32(library.symbol(E.self, j).sectionIndex) != SectionIndex.undefined
        {
          found[symbol, default: []].append((index, j))
        }
      }
    }
    return found
  }

  /// Whether something that is loaded meets the need: another version of the name, or a library
  /// behind the first that has it.
  private func isMet(
    _ need: OpenNeed, _ definers: Definers, _ isLoaded: [Bool]
  ) -> Bool {
    if let version = need.version,
      let full = symbol(named: symbols[need.symbol].name, version: version)
    {
      let other = symbols[full]
      if other.has.contains(.isShared)
        ? isLoaded[Int(other.file)] : other.has.contains(.isExported)
      {
        return true
      }
    }
    return definers[need.symbol]?.contains {
      isLoaded[$0.library.int] && isMet(need, by: $0)
    } ?? false
  }

  private func isMet(_ need: OpenNeed, by definer: (library: LibraryIndex, source: Int)) -> Bool {
    guard let version = need.version else { return true }
    let library = libraries[definer.library]
    let number = library.version(E.self, of: definer.source).index
    return number >= 2 && number < library.versionCount && library.versionNames[number] == version
  }

  private func report(_ need: OpenNeed, isVersionMissing: Bool = false) {
    let library = libraries[need.library]
    report(
      need.symbol, symbols[need.symbol].name, need.version, String(library.path),
      isVersionMissing: isVersionMissing, key: UInt64(library.order) << 32)
  }

  /// - Parameters:
  ///   - index: the name's symbol, if it has one.
  ///   - path: the library with the reference.
  private func report(
    _ index: SymbolIndex?, _ plainName: ByteString, _ version: ByteString?, _ path: String,
    isVersionMissing: Bool = false, key: UInt64
  ) {
    var name = displayName(plainName)
    if let version { name += "@\(version)" }
    var text = "undefined symbol: \(name)\n>>> referenced by \(path)"
    let remedy = "link the library that defines it, or allow it with --allow-shlib-undefined"
    if let index, symbols[index].has.isDisjoint(with: [.isUndefined, .isShared]), version == nil {
      let symbol = symbols[index]
      let isHidden = symbol.has.contains(.sawHidden)
      let place =
        symbol.file != 0 && Int(symbol.file) < objects.count
        ? objects[FileIndex(raw: symbol.file)].displayName : "the linker"
      text +=
        "\n>>> defined in \(place), but "
        + (isHidden
          ? "hidden; give it default visibility"
          : "local by a version script or --exclude-libs; export it there")
        + ", or allow it with --allow-shlib-undefined"
    } else {
      if isVersionMissing {
        text +=
          "\n>>> the library that is to have this version does not: the program would not start"
      } else if let index, version != nil, !symbols[index].has.contains(.isUndefined) {
        text += "\n>>> '\(displayName(plainName))' is defined, but not in that version"
      }
      text += "\n>>> \(remedy)"
    }
    if options.warnsUnresolved {
      diagnostics.warning(text, key: key)
    } else {
      diagnostics.error(text, key: key)
    }
  }
}

/// A library's reference that the symbols' definitions do not show to be met.
private struct OpenNeed {
  var library: LibraryIndex
  var symbol: SymbolIndex
  /// Nil if any will do.
  var version: ByteString?
  /// The version's number in the library.
  var number: Int
}

private enum Answer { case met, own, open }

extension UsesServices where Self: ReadsInputs {
  /// Whether what libraries leave undefined is an error or a warning.
  var checksLibraries: Bool {
    if options.allowsLibraryUndefined ?? isSharedLibrary || !isDynamic { return false }
    return options.unresolvedPolicy != .ignoreAll
      && options.unresolvedPolicy != .ignoreInSharedLibraries
  }
}
