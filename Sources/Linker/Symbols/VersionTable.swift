import ELFFormat
import Platform
import ScriptParsing
import Symbolication

/// Symbol versions: those that the output defines, what each symbol gets of them, and those that
/// the output needs of libraries.
///
/// Numbers: 0 is "local" and 1 "global, without a version"; with definitions, 1 is also the output
/// itself; the definitions follow from 2 on in the order of the scripts, then the needed versions.
/// Source: Linux Standard Base, "Symbol Versioning".
struct VersionTable: @unchecked Sendable {
  /// VER_NDX_LOCAL.
  static let local: UInt16 = 0
  /// VER_NDX_GLOBAL.
  static let global: UInt16 = 1
  /// Not the default version of its name: only references that ask for the version find it.
  static let hidden: UInt16 = 0x8000
  /// Numbers have 15 bits.
  static let maximum = 0x7fff

  /// A version that the output defines.
  struct Definition: Sendable {
    var name: ByteString
    var parents: [ByteString]
    var number: UInt16
    /// The script says nothing about symbols.
    var isEmpty: Bool
  }

  /// What the output needs of one library.
  struct Need: Sendable {
    var library: LibraryIndex
    var nameOffset: UInt32
    var versions: [NeededVersion]
  }

  struct NeededVersion: Sendable {
    var name: ByteString
    var nameOffset: UInt32
    var number: UInt16
    /// All references to it are weak: the program starts without it.
    var isWeak: Bool
  }

  private(set) var scripts: [VersionScript] = []
  /// Versions by number, from 2 on.
  private(set) var definitions: [Definition] = []
  private var numbers: [ByteString: UInt16] = [:]
  /// For each symbol of the link its number, with `hidden`; 0 for those that nothing was said of.
  let symbolVersions = ReservedTable<UInt16>(capacity: 1 << 27, of: "symbol versions")
  /// For each definition whether a symbol named it in its own name.
  fileprivate(set) var mentions: UnsafeMutablePointer<UInt32> = allocateZeroed(count: 1)

  // Found by `buildVersionSections`.
  var needs: [Need] = []
  /// For each library where its versions start in `neededNumbers`.
  var needStarts: [Int] = []
  var neededNumbers: UnsafeMutablePointer<UInt16> = allocateZeroed(count: 1)
  /// In `.dynstr`: the output's own name, then the definitions' names, each with its parents.
  var definitionNames: [UInt32] = []
  /// What stands for the output in the definitions: DT_SONAME, else the file's name.
  var outputName: ByteString = ""

  var hasScript: Bool { !scripts.isEmpty }

  /// Adds a script after those that came before.
  ///
  /// - Throws: `InputError` for a version that was defined before, a parent that wasn't, a version
  ///   without a name next to others, and too many versions.
  mutating func add(_ script: VersionScript) throws(InputError) {
    if let (node, parent) = script.undefinedParent(after: scripts) {
      throw InputError(
        "line \(node.line): version '\(node.name)' depends on '\(parent)', which is not defined"
          + " before it")
    }
    let others = scripts.contains { !$0.nodes.isEmpty }
    for node in script.nodes {
      if others, node.name.isEmpty || scripts.contains(where: { $0.nodes.first?.name == "" }) {
        throw InputError(
          "line \(node.line): a version without a name cannot be combined with other versions")
      }
      if node.name.isEmpty { continue }
      let number = definitions.count + 2
      guard number < Self.maximum else {
        throw InputError("line \(node.line): more than \(Self.maximum - 2) versions")
      }
      guard numbers.updateValue(UInt16(number), forKey: node.name) == nil else {
        throw InputError("line \(node.line): version '\(node.name)' is defined twice")
      }
      definitions.append(
        Definition(
          name: node.name, parents: node.parents, number: UInt16(number),
          isEmpty: node.globals.isEmpty && node.locals.isEmpty))
    }
    scripts.append(script)
    mentions = allocateZeroed(count: definitions.count)
  }

  /// The number of a version that the output defines.
  func number(of name: ByteString) -> UInt16? { numbers[name] }

  /// What a node of a script makes of the symbols in one of its lists.
  fileprivate func number(of node: VersionScript.Node, _ scope: VersionScript.Scope) -> UInt32 {
    if scope == .local { return UInt32(Self.local) }
    return UInt32(node.name.isEmpty ? Self.global : numbers[node.name] ?? Self.global)
  }
}

/// `foo@V` or `foo@@V`: the version in a symbol's name, as the assembler's `.symver` makes it.
struct VersionSuffix: Equatable {
  var version: ByteString
  var isDefault: Bool
}

extension VersionSuffix {
  /// Nil if the name has none.
  init?(of name: ByteString) {
    guard let at = name.firstIndex(of: 0x40), at > 0 else { return nil }
    var rest = name.dropFirst(at + 1)
    isDefault = rest.hasPrefix("@")
    if isDefault { rest = rest.dropFirst(1) }
    // `foo@@@V`: the default version where it is defined.
    if isDefault, rest.hasPrefix("@") { rest = rest.dropFirst(1) }
    version = rest
  }
}

extension Link {
  /// Reads the files of `--version-script`; reports what is wrong with them.
  func readVersionScripts() {
    for path in options.versionScripts {
      openText(path, "version script") { addVersionScript($0, path: $1) }
    }
  }

  /// Parses a version script, whose bytes live as long as the link, and adds it.
  func addVersionScript(_ bytes: UnsafeRawBufferPointer, path: String) {
    do {
      try versions.add(VersionScript.parse(bytes))
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
      try versions.add(script)
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
  func applyVersions<E: ELFEncoding>(_: E.Type) {
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
        if hasSuffixes, let suffixed = suffixVersion(E.self, symbol.pointee, table, nodes) {
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
  /// An unknown version is an error in a shared library. In an executable it is ignored, because a
  /// program may define a versioned symbol in place of a library's, whatever its own script is about:
  /// references to the version find a symbol without one too.
  private func suffixVersion<E: ELFEncoding>(
    _: E.Type, _ symbol: Symbol, _ table: VersionTable, _ nodes: [PatternMatcher?]
  ) -> UInt16? {
    guard symbol.file != 0, symbol.file < objects.count else { return nil }
    let file = objects.pointer(FileIndex(raw: symbol.file))
    guard file.pointee.has.contains(.hasVersionedNames) else { return nil }
    let entry = file.pointee.symbol(E.self, Int(symbol.source))
    let name = ObjectFile.name(file.pointee.symbolNames, at: entry.name)
    guard let suffix = VersionSuffix(of: name) else { return nil }
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
      let remedy =
        table.hasScript
        ? "add it to the version script" : "define it in a version script (--version-script)"
      diagnostics.error(
        "\(file.pointee.displayName): symbol '\(name)' has undefined version"
          + " '\(suffix.version)'; \(remedy)",
        key: UInt64(file.pointee.order) << 32 | UInt64(symbol.source))
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
}
