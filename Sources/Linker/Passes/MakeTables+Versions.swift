import ELFFormat
import Platform

/// Versions that the output needs, and the names of those that it defines.
extension MakeTables {
  /// Finds the versions that are needed of libraries, and adds all versions' names to `.dynstr`.
  ///
  /// Runs after `buildDynamicSymbols`. Reports an error if there are more versions than numbers.
  func buildVersionSections() {
    findNeeds()
    tables.versions.definitionNames = []
    if versions.definitions.isEmpty { return }
    let name = options.soname ?? Self.baseName(options.outputPath)
    tables.versions.outputName = ByteString(copying: name)
    var offsets = [tables.dynamicSymbols.names.add(tables.versions.outputName)]
    for definition in versions.definitions {
      offsets.append(tables.dynamicSymbols.names.add(definition.name))
      for parent in definition.parents { offsets.append(tables.dynamicSymbols.names.add(parent)) }
    }
    tables.versions.definitionNames = offsets
  }

  private static func baseName(_ path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return path }
    return String(path[path.utf8.index(after: slash)...])
  }

  private func findNeeds() {
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

    var needs: [VersionSections.Need] = []
    var next = versions.definitions.count + 2
    for index in librariesNeededAtRunTime() {
      let library = libraries[index]
      // A C library that doesn't know DT_RELR must refuse the output instead of running it without
      // its relocations. Source: glibc manual, "GLIBC_ABI_DT_RELR" in the notes of release 2.36.
      let needsRelativeSupport = options.packsRelative && library.soname.hasPrefix("libc.so.")
      var found: [VersionSections.NeededVersion] = []
      for version in 2..<max(2, library.versionCount) {
        let name = library.versionNames[version]
        let mark = marks + starts[index.int] + version
        if needsRelativeSupport, name == "GLIBC_ABI_DT_RELR" { mark.pointee |= strongMark }
        if mark.pointee == 0 { continue }
        found.append(
          .init(
            name: name, nameOffset: tables.dynamicSymbols.names.add(name),
            number: UInt16(min(next, VersionTable.maximum)), isWeak: mark.pointee == weakMark))
        mark.pointee = UInt16(min(next, VersionTable.maximum))
        next += 1
      }
      if found.isEmpty { continue }
      let nameOffset = tables.dynamicSymbols.names.add(library.soname)
      needs.append(.init(library: index, nameOffset: nameOffset, versions: found))
    }
    if next > VersionTable.maximum + 1 {
      diagnostics.error(
        "\(next - 2) symbol versions are defined and needed, more than the format's"
          + " \(VersionTable.maximum - 1)")
    }
    tables.versions.needs = needs
    tables.versions.needStarts = starts
    tables.versions.neededNumbers = marks
  }
}
