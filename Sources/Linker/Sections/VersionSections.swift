import ELFFormat
import Platform

/// `.gnu.version`, `.gnu.version_d` and `.gnu.version_r`.
///
/// The first has a number for each dynamic symbol; the others say what the numbers mean. None is
/// made if there is no version to speak of. Source: Linux Standard Base, "Symbol Versioning".
extension Link {
  private static var definitionSize: Int { 20 }
  private static var definitionNameSize: Int { 8 }
  private static var needSize: Int { 16 }
  private static var neededVersionSize: Int { 16 }
  /// VER_FLG_BASE: the definition stands for the file itself.
  private static var baseFlag: UInt16 { 1 }
  /// VER_FLG_WEAK.
  private static var weakFlag: UInt16 { 2 }

  /// Finds the versions that are needed of libraries, and adds all versions' names to `.dynstr`.
  ///
  /// Runs after `buildDynamicSymbols`. Reports an error if there are more versions than numbers.
  func buildVersionSections<E: ELFEncoding>(_: E.Type) {
    findNeeds(E.self)
    naming.versions.definitionNames = []
    if versions.definitions.isEmpty { return }
    let name = options.soname ?? Self.baseName(options.outputPath)
    naming.versions.outputName = ByteString(copying: name)
    var offsets = [dynamicSymbols.names.add(versions.outputName)]
    for definition in versions.definitions {
      offsets.append(dynamicSymbols.names.add(definition.name))
      for parent in definition.parents { offsets.append(dynamicSymbols.names.add(parent)) }
    }
    naming.versions.definitionNames = offsets
  }

  private static func baseName(_ path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
    return String(path[path.utf8.index(after: slash)...])
  }

  private func findNeeds<E: ELFEncoding>(_: E.Type) {
    let table = dynamicSymbols
    var starts = [0]
    for i in libraries.indices {
      starts.append(starts[i] + libraries[LibraryIndex(i)].versionCount)
    }
    // First whether a version is referred to, and not only weakly; then its number.
    let marks: UnsafeMutablePointer<UInt16> = allocateZeroed(count: starts[libraries.count])
    let weakMark: UInt16 = 1
    let strongMark: UInt16 = 2
    for k in 0..<table.firstOwn {
      let symbol = symbols.pointer(table.entries[k].symbol)
      guard symbol.pointee.has.contains(.isShared) else { continue }
      let index = LibraryIndex(raw: symbol.pointee.file)
      let library = libraries.pointer(index)
      let version = library.pointee.version(E.self, of: Int(symbol.pointee.source)).index
      guard version >= 2, version < library.pointee.versionCount,
        !library.pointee.versionNames[version].isEmpty, isNeededAtRunTime(index)
      else { continue }
      let isStrong = symbol.pointee.has.contains(.isReferenced)
      marks[starts[index.int] + version] |= isStrong ? strongMark : weakMark
    }

    var needs: [VersionTable.Need] = []
    var next = versions.definitions.count + 2
    for index in librariesNeededAtRunTime() {
      let library = libraries[index]
      // A C library that doesn't know DT_RELR must refuse the output instead of running it without
      // its relocations. Source: glibc manual, "GLIBC_ABI_DT_RELR" in the notes of release 2.36.
      let needsRelativeSupport = options.packsRelative && library.soname.hasPrefix("libc.so.")
      var found: [VersionTable.NeededVersion] = []
      for version in 2..<max(2, library.versionCount) {
        let name = library.versionNames[version]
        let mark = marks + starts[index.int] + version
        if needsRelativeSupport, name == "GLIBC_ABI_DT_RELR" { mark.pointee |= strongMark }
        if mark.pointee == 0 { continue }
        found.append(
          .init(
            name: name, nameOffset: dynamicSymbols.names.add(name),
            number: UInt16(min(next, VersionTable.maximum)), isWeak: mark.pointee == weakMark))
        mark.pointee = UInt16(min(next, VersionTable.maximum))
        next += 1
      }
      if found.isEmpty { continue }
      let nameOffset = dynamicSymbols.names.add(library.soname)
      needs.append(.init(library: index, nameOffset: nameOffset, versions: found))
    }
    if next > VersionTable.maximum + 1 {
      diagnostics.error(
        "\(next - 2) symbol versions are defined and needed, more than the format's"
          + " \(VersionTable.maximum - 1)")
    }
    naming.versions.needs = needs
    naming.versions.needStarts = starts
    naming.versions.neededNumbers = marks
  }

  // MARK: Sizes

  /// Bytes of the three sections, 0 for those that aren't made; finds the needs first.
  func versionSectionSizes<E: ELFEncoding>(_: E.Type) -> (
    symbols: Int, definitions: Int, needs: Int
  ) {
    buildVersionSections(E.self)
    return (versionSymbolsSize, versionDefinitionsSize, versionNeedsSize)
  }

  /// Whether the output has versions; if not, none of the sections is made.
  var hasVersions: Bool { !versions.definitions.isEmpty || !versions.needs.isEmpty }

  /// Size of `.gnu.version` in bytes.
  var versionSymbolsSize: Int { hasVersions ? dynamicSymbols.count * 2 : 0 }

  /// Number of definitions, which is also the section's sh_info and DT_VERDEFNUM.
  var versionDefinitionCount: Int {
    versions.definitions.isEmpty ? 0 : versions.definitions.count + 1
  }

  /// Size of `.gnu.version_d` in bytes.
  var versionDefinitionsSize: Int {
    versionDefinitionCount * Self.definitionSize
      + versions.definitionNames.count * Self.definitionNameSize
  }

  /// Number of libraries with versions, which is also the section's sh_info and DT_VERNEEDNUM.
  var versionNeedCount: Int { versions.needs.count }

  /// Size of `.gnu.version_r` in bytes.
  var versionNeedsSize: Int {
    versions.needs.reduce(0) {
      $0 + Self.needSize + $1.versions.count * Self.neededVersionSize
    }
  }

  // MARK: Writing

  /// Writes `.gnu.version`.
  func writeVersionSymbols<E: ELFEncoding>(_: E.Type, to p: UnsafeMutableRawPointer) {
    let table = dynamicSymbols
    let versions = self.versions
    nonisolated(unsafe) let p = p
    E.store16(VersionTable.local, p)
    pool.forEachRange(table.entryCount, grain: 1 << 13) { [self] range, _ in
      for k in range {
        let entry = table.entries[k]
        var number: UInt16
        if k < table.firstOwn {
          number = neededNumber(E.self, symbols.pointer(entry.symbol), versions)
        } else {
          number = 0
          if entry.symbol.int < versions.symbolVersions.count {
            number = versions.symbolVersions.base[entry.symbol.int]
          }
          // It is exported, so what nothing was said of is global.
          if number == VersionTable.local { number = VersionTable.global }
        }
        E.store16(number, p + Int(entry.index) &* 2)
      }
    }
  }

  @inline(__always)
  private func neededNumber<E: ELFEncoding>(
    _: E.Type, _ symbol: UnsafeMutablePointer<Symbol>, _ versions: VersionTable
  ) -> UInt16 {
    guard symbol.pointee.has.contains(.isShared) else { return VersionTable.global }
    let index = LibraryIndex(raw: symbol.pointee.file)
    let library = libraries.pointer(index)
    let version = library.pointee.version(E.self, of: Int(symbol.pointee.source)).index
    guard version >= 2, version < library.pointee.versionCount else { return VersionTable.global }
    let number = versions.neededNumbers[versions.needStarts[index.int] &+ version]
    // Marks of libraries that aren't needed have no number.
    return number >= 2 ? number : VersionTable.global
  }

  /// Writes `.gnu.version_d`.
  func writeVersionDefinitions<E: ELFEncoding>(_: E.Type, to start: UnsafeMutableRawPointer) {
    var p = start
    var name = 0
    func write(number: UInt16, flags: UInt16, of text: ByteString, names: Int, isLast: Bool) {
      let size = Self.definitionSize + names * Self.definitionNameSize
      E.store16(1, p)
      E.store16(flags, p + 2)
      E.store16(number, p + 4)
      E.store16(UInt16(truncatingIfNeeded: names), p + 6)
      E.store32(NameHash.sysv(text), p + 8)
      E.store32(UInt32(Self.definitionSize), p + 12)
      E.store32(isLast ? 0 : UInt32(size), p + 16)
      var record = p + Self.definitionSize
      for i in 0..<names {
        E.store32(versions.definitionNames[name], record)
        E.store32(i == names - 1 ? 0 : UInt32(Self.definitionNameSize), record + 4)
        record += Self.definitionNameSize
        name += 1
      }
      p += size
    }
    if versions.definitions.isEmpty { return }
    write(
      number: VersionTable.global, flags: Self.baseFlag, of: versions.outputName, names: 1,
      isLast: false)
    for (i, definition) in versions.definitions.enumerated() {
      // A version without symbols exists for others to depend on; GNU ld marks it so too.
      let isUnused = definition.isEmpty && versions.mentions[i] == 0
      write(
        number: definition.number, flags: isUnused ? Self.weakFlag : 0, of: definition.name,
        names: 1 + definition.parents.count, isLast: i == versions.definitions.count - 1)
    }
  }

  /// Writes `.gnu.version_r`.
  func writeVersionNeeds<E: ELFEncoding>(_: E.Type, to start: UnsafeMutableRawPointer) {
    var p = start
    for (i, need) in versions.needs.enumerated() {
      let size = Self.needSize + need.versions.count * Self.neededVersionSize
      E.store16(1, p)
      E.store16(UInt16(truncatingIfNeeded: need.versions.count), p + 2)
      E.store32(need.nameOffset, p + 4)
      E.store32(UInt32(Self.needSize), p + 8)
      E.store32(i == versions.needs.count - 1 ? 0 : UInt32(size), p + 12)
      p += Self.needSize
      for (j, version) in need.versions.enumerated() {
        E.store32(NameHash.sysv(version.name), p)
        E.store16(version.isWeak ? Self.weakFlag : 0, p + 4)
        E.store16(version.number, p + 6)
        E.store32(version.nameOffset, p + 8)
        let isLast = j == need.versions.count - 1
        E.store32(isLast ? 0 : UInt32(Self.neededVersionSize), p + 12)
        p += Self.neededVersionSize
      }
    }
  }
}

extension ReadsInputs {
  /// Whether a library gets a DT_NEEDED entry.
  func isNeededAtRunTime(_ library: LibraryIndex) -> Bool {
    let library = libraries.pointer(library)
    return !library.pointee.isDuplicate
      && (library.pointee.isNeeded || !library.pointee.isAsNeeded)
  }

  /// The libraries with a DT_NEEDED entry, in the order of the command line.
  func librariesNeededAtRunTime() -> [LibraryIndex] {
    libraries.indices.map { LibraryIndex($0) }.filter { isNeededAtRunTime($0) }.sorted {
      (libraries[$0].position, $0.raw) < (libraries[$1].position, $1.raw)
    }
  }
}
