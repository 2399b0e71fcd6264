import ELFFormat
import Platform
import ScriptParsing
import Symbolication

/// Versions of what is exported.
extension DecideExports {
  /// Reads the files of `--version-script`; reports what is wrong with them.
  func readVersionScripts() {
    for path in options.versionScripts {
      openText(path, "version script") { addVersionScript($0, path: $1) }
    }
  }

  /// Parses a version script, whose bytes live as long as the link, and adds it.
  func addVersionScript(_ bytes: UnsafeRawBufferPointer, path: String) {
    do {
      try naming.versions.add(VersionScript.parse(bytes))
    } catch let error as ScriptError {
      diagnostics.error("\(path):\(error)")
    } catch let error as InputError {
      diagnostics.error("\(path): \(error.text)")
    } catch {
      diagnostics.error("\(path): \(error)")
    }
  }

  /// Adds the VERSION block of a linker script.
  func addVersionScript(_ script: VersionScript, path: String) {
    do throws(InputError) {
      try naming.versions.add(script)
    } catch {
      diagnostics.error("\(path): \(error.text)")
    }
  }

  /// Gives every global symbol that is defined here its version, and marks as `isForcedLocal` those
  /// that a script makes local.
  ///
  /// The version in a symbol's name counts first, then the scripts; but `foo@V` is local if the
  /// script makes `foo` local in V. Runs after resolution and before it is decided what is exported.
  /// Each symbol is written by one worker, atomically for the flag.
  func applyVersions() {
    let table = versions
    let numbers = table.symbolVersions
    _ = numbers.reserve(count: symbols.count - numbers.count)
    let hasSuffixes = liveObjects.contains { objects[$0].has.contains(.hasVersionedNames) }
    if !table.hasScript && !hasSuffixes { return }
    let matcher = makeMatcher()
    let demangles = matcher?.needsDemangledNames ?? false
    let nodes = hasSuffixes ? nodeMatchers() : []
    pool.forEachRange(symbols.count, grain: 1 << 12) { [self] range, _ in
      let skipped: SymbolFlags = [.isShared, .isUndefined, .isForcedLocal, .sawHidden]
      for i in range {
        let symbol = symbols.pointer(SymbolIndex(i))
        if !symbol.pointee.has.isDisjoint(with: skipped) { continue }
        var number = VersionTable.global
        if hasSuffixes, let suffixed = suffixVersion(symbol.pointee, table, nodes) {
          number = suffixed
        } else if let matcher {
          let match = Self.match(symbol.pointee.name, matcher, demangles: demangles)
          if let match { number = UInt16(truncatingIfNeeded: match) }
        }
        numbers.base[i] = number
        if number == VersionTable.local {
          atomicOr(&symbol.pointee.flags, SymbolFlags.isForcedLocal.rawValue)
        }
      }
    }
    if !options.allowsUndefinedVersion { checkAssignments() }
  }

  /// A program defines the versions that its exported symbols name, whatever its script is about: it
  /// may stand in for a library. As in GNU ld.
  func defineExportedVersions() {
    if isSharedLibrary || !hasVersionedNames { return }
    for file in liveObjects where objects[file].has.contains(.hasVersionedNames) {
      for i in 0..<objects[file].globalCount {
        let index = objects[file].globals[i]
        guard symbols[index].has.contains(.isExported), symbols[index].file == file.raw,
          let (_, suffix) = nameInFile(symbols[index]), !suffix.version.isEmpty
        else { continue }
        guard let number = naming.versions.define(suffix.version) else {
          diagnostics.error(
            "\(objects[file].displayName): more than \(VersionTable.mostDefinitions) versions")
          return
        }
        let isOld = !suffix.isDefault && versionInName(index) != nil
        versions.symbolVersions.base[index.int] = number | (isOld ? VersionTable.hidden : 0)
      }
    }
  }

  /// What the defining file calls a symbol, if that names a version.
  private func nameInFile(_ symbol: Symbol) -> (name: ByteString, suffix: VersionSuffix)? {
    guard symbol.file != 0, symbol.file < objects.count else { return nil }
    let file = objects.pointer(FileIndex(raw: symbol.file))
    guard file.pointee.has.contains(.hasVersionedNames) else { return nil }
    let entry = file.pointee.symbol(E.self, Int(symbol.source))
    let name = ObjectFile.name(file.pointee.symbolNames, at: entry.name)
    return VersionSuffix(of: name).map { (name, $0) }
  }

  private func makeMatcher() -> PatternMatcher? {
    var entries: [PatternMatcher.Entry] = []
    for script in versions.scripts {
      entries += script.matcherEntries { node, scope in
        versions.number(of: script.nodes[node], scope)
      }
    }
    return entries.isEmpty ? nil : makeMatcher(entries)
  }

  /// For each version that the output defines what its node alone says of names; nil for nodes that
  /// make nothing local.
  private func nodeMatchers() -> [PatternMatcher?] {
    var found = [PatternMatcher?](repeating: nil, count: versions.definitions.count)
    for script in versions.scripts {
      for node in script.nodes where !node.locals.isEmpty {
        guard let number = versions.number(of: node.name) else { continue }
        let entries =
          node.globals.map { PatternMatcher.Entry($0, payload: UInt32(number)) }
          + node.locals.map {
            PatternMatcher.Entry($0, payload: UInt32(VersionTable.local), isLocal: true)
          }
        found[Int(number - 2)] = makeMatcher(entries)
      }
    }
    return found
  }

  /// Demangled names are looked at only if a pattern is about them, since demangling costs a hundred
  /// times what matching does.
  @inline(__always)
  private static func match(
    _ name: ByteString, _ matcher: PatternMatcher, demangles: Bool
  ) -> UInt32? {
    if demangles, name.hasPrefix("_Z"), var demangled = demangle(name) {
      return demangled.withUTF8 { bytes in
        matcher.match(name, demangled: ByteString(UnsafeRawBufferPointer(bytes)))
      }
    }
    return matcher.match(name)
  }

  /// The version that the defining file's name for a symbol asks for; nil if it asks for none.
  ///
  /// A version that no script defines is an error in a shared library; a program defines it if the
  /// symbol is exported.
  private func suffixVersion(
    _ symbol: Symbol, _ table: VersionTable, _ nodes: [PatternMatcher?]
  ) -> UInt16? {
    guard let (name, suffix) = nameInFile(symbol) else { return nil }
    // A strong `foo@V` may be what the symbol `foo` has become.
    let symbolAt = symbol.name.firstIndex(of: 0x40)
    let hidden = suffix.isDefault || symbolAt == nil ? 0 : VersionTable.hidden
    if suffix.version.isEmpty { return VersionTable.global | hidden }
    if let number = table.number(of: suffix.version) {
      atomicOr(table.mentions + Int(number - 2), 1)
      if let symbolAt, hidden != 0, let matcher = nodes[Int(number - 2)],
        Self.match(
          symbol.name[0..<symbolAt], matcher, demangles: matcher.needsDemangledNames)
          == UInt32(VersionTable.local)
      {
        return VersionTable.local
      }
      return number | hidden
    }
    if isSharedLibrary {
      let file = objects[FileIndex(raw: symbol.file)]
      let remedy =
        table.hasScript
        ? "add it to the version script" : "define it in a version script (--version-script)"
      diagnostics.error(
        "\(file.displayName): symbol '\(name)' has undefined version '\(suffix.version)'; \(remedy)",
        key: UInt64(file.order) << 32 | UInt64(symbol.source))
    }
    return VersionTable.global
  }

  /// `--no-undefined-version`: every symbol that a script exports by its full name has to exist.
  private func checkAssignments() {
    var entries: [PatternMatcher.Entry] = []
    var seen = Set<ByteString>()
    for script in versions.scripts {
      for node in script.nodes {
        for pattern in node.globals where pattern.isExact && pattern.language == .cxx {
          if seen.insert(pattern.text).inserted {
            entries.append(.init(pattern, payload: UInt32(entries.count)))
          }
        }
      }
    }
    let found: UnsafeMutablePointer<UInt32> = allocateZeroed(count: entries.count)
    if !entries.isEmpty { findDemangled(makeMatcher(entries), found) }
    var isFound: [ByteString: Bool] = [:]
    for (k, entry) in entries.enumerated() { isFound[entry.pattern.text] = found[k] != 0 }

    for script in versions.scripts {
      for node in script.nodes {
        for pattern in node.globals where pattern.isExact {
          if pattern.language == .cxx {
            if isFound[pattern.text] == true { continue }
          } else if let symbol = names.find(pattern.text, in: symbols),
            symbols[symbol].has.isDisjoint(with: [.isUndefined, .isShared])
          {
            continue
          }
          let version = node.name.isEmpty ? "global" : String(node.name)
          diagnostics.error(
            "version script assignment of '\(version)' to symbol '\(pattern.text)' failed:"
              + " symbol not defined")
        }
      }
    }
  }

  /// Notes for each of a matcher's entries whether the demangled name of a defined symbol is it.
  private func findDemangled(_ matcher: PatternMatcher, _ found: UnsafeMutablePointer<UInt32>) {
    nonisolated(unsafe) let found = found
    pool.forEachRange(symbols.count, grain: 1 << 12) { [symbols] range, _ in
      for i in range {
        let symbol = symbols.pointer(SymbolIndex(i))
        guard symbol.pointee.has.isDisjoint(with: [.isUndefined, .isShared]) else { continue }
        if let match = Self.match(symbol.pointee.name, matcher, demangles: true) {
          atomicOr(found + Int(match), 1)
        }
      }
    }
  }

  /// `.symver foo, foo@V` leaves `foo` in the object, too, which is not meant: `foo` is the name of
  /// the default version, and V is to be an old one. So `foo` stands for `foo@V` then, unless a
  /// script gives it another version. One that is hidden is no alias: it stays inside, and V is
  /// exported.
  func foldVersionedAliases() {
    var redirected: [SymbolIndex: SymbolIndex] = [:]
    for file in liveObjects where objects[file].has.contains(.hasVersionedNames) {
      for i in 0..<objects[file].globalCount {
        let index = objects[file].globals[i]
        guard let version = versionInName(index), isDefinedHere(index),
          let plain = plainSymbol(of: index), isDefinedHere(plain), redirected[plain] == nil,
          !symbols[plain].has.contains(.sawHidden), defaultVersion(E.self, of: plain) == nil
        else { continue }
        let number = Int(versions.symbolVersions.base[plain.int] & ~VersionTable.hidden)
        if number >= 2
          ? versions.definitions[number - 2].name == version : isSamePlace(index, plain)
        {
          redirected[plain] = index
          symbols[plain].flags |= SymbolFlags.isForcedLocal.rawValue
        }
      }
    }
    redirect(redirected)
  }

  /// An executable's `foo@@V` is exported for libraries that refer to `foo` in that version or in
  /// none; others mean the `foo` of a library.
  func forgetOtherVersions() {
    if isSharedLibrary { return }
    var versioned: [SymbolIndex: ByteString] = [:]
    for file in liveObjects where objects[file].has.contains(.hasVersionedNames) {
      for i in 0..<objects[file].globalCount {
        let index = objects[file].globals[i]
        guard let version = defaultVersion(E.self, of: index) else { continue }
        versioned[index] = version
        symbols[index].flags &= ~SymbolFlags.isReferencedByLibrary.rawValue
      }
    }
    if versioned.isEmpty { return }
    for i in libraries.indices {
      let library = libraries[LibraryIndex(i)]
      if library.isDuplicate { continue }
      for j in 1..<max(1, library.symbolCount) {
        guard !library.globals[j].isNone, let version = versioned[library.globals[j]] else {
          continue
        }
        let number = library.version(E.self, of: j).index
        if number < 2 || number >= library.versionCount || library.versionNames[number] == version {
          symbols[library.globals[j]].flags |= SymbolFlags.isReferencedByLibrary.rawValue
        }
      }
    }
  }
}
