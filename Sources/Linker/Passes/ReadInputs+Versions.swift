import ELFFormat
import Platform

/// Names with versions while inputs are read. What defines `foo@@V` defines `foo` and the version V
/// of it, so it is found by both names: that of the symbol `foo` and that of the symbol `foo@V`.
///
/// Source: GNU as manual, ".symver"; Linux Standard Base, "Symbol Versioning". Links without such
/// names do nothing here.
extension ReadInputs {
  /// Lists a name of an archive's index.
  @inline(__always)
  func addArchiveName(
    _ name: ByteString, _ provider: ProviderIndex,
    to list: inout [ArchiveName]
  ) {
    guard let at = name.firstIndex(of: 0x40), at > 0 else {
      list.append(ArchiveName(name: name, provider: provider))
      return
    }
    inputs.hasVersionedNames = true
    guard let suffix = VersionSuffix(of: name), suffix.isDefault else {
      list.append(ArchiveName(name: name, provider: provider, namesVersion: true))
      return
    }
    let plain = name[0..<at]
    list.append(ArchiveName(name: plain, provider: provider))
    list.append(ArchiveName(name: joinedName(plain, suffix.version), provider: provider))
  }

  /// The names `foo@V` that lazy objects have by defining `foo@@V`.
  func versionedNames(
    of lazies: [(file: FileIndex, provider: ProviderIndex)]
  ) -> [ArchiveName] {
    var found: [ArchiveName] = []
    for (index, provider) in lazies where objects[index].has.contains(.hasVersionedNames) {
      let file = objects[index]
      for i in 0..<file.globalCount {
        let entry = file.symbol(E.self, file.firstGlobal + i)
        if UInt32(entry.sectionIndex) == SectionIndex.undefined { continue }
        let name = ObjectFile.name(file.symbolNames, at: entry.name)
        guard let suffix = VersionSuffix(of: name) else { continue }
        if !suffix.isDefault {
          notes.lazyVersions.insert(file.globals[i])
          continue
        }
        let plain = name[0..<name.firstIndex(of: 0x40)!]
        found.append(
          ArchiveName(name: joinedName(plain, suffix.version), provider: provider))
      }
    }
    return found
  }

  /// What a live object defines as `foo@@V` is not to be looked for as `foo@V`.
  @inline(never)
  func noteVersionedDefinition(
    _ file: UnsafeMutablePointer<ObjectFile>, _ entry: SymbolEntry<E>
  ) {
    let name = ObjectFile.name(file.pointee.symbolNames, at: entry.name)
    guard let suffix = VersionSuffix(of: name), suffix.isDefault,
      let full = symbol(
        named: name[0..<name.firstIndex(of: 0x40)!], version: suffix.version)
    else { return }
    atomicOr(&symbols.pointer(full).pointee.flags, SymbolFlags.isDefinedInObject.rawValue)
  }

  /// A library cannot meet a reference that asks for a definition in this output: who can, if a
  /// library comes first.
  @inline(__always)
  func providerBehindLibrary(_ index: SymbolIndex) -> ProviderIndex? {
    let has = symbols[index].has
    if has.isDisjoint(with: [.sawHidden, .sawProtected]) || !has.contains(.isReferenced) {
      return nil
    }
    return shadowedProvider(index)
  }

  @inline(never)
  private func shadowedProvider(_ index: SymbolIndex) -> ProviderIndex? {
    if notes.shadowedProviders.isEmpty { return nil }
    if !notes.shadowedProvidersAreSorted {
      notes.shadowedProviders.sort {
        ($0.symbol.raw, $0.provider.raw) < ($1.symbol.raw, $1.provider.raw)
      }
      notes.shadowedProvidersAreSorted = true
    }
    let providers = notes.shadowedProviders
    let first = providers.partitioningIndex { $0.symbol.raw >= index.raw }
    guard first < providers.count, providers[first].symbol == index else { return nil }
    return providers[first].provider
  }

  /// For those of `references` that ask for a version which some library has as its default: the
  /// first such library.
  func libraryVersions(
    asked references: [SymbolIndex]
  ) -> [SymbolIndex: ProviderIndex] {
    var asked = AskedVersions()
    for index in references {
      if let plain = plainSymbol(of: index), let version = versionInName(index) {
        asked.add(index, plain, version)
      }
    }
    var found: [SymbolIndex: ProviderIndex] = [:]
    visitDefaultVersions(E.self, of: asked) { library, _, index in
      let provider = libraries[library].provider
      if let other = found[index], other.raw <= provider.raw { return }
      found[index] = provider
    }
    return found
  }
}
