import ELFFormat
import Platform

extension WriteOutput {
  /// Writes `.gnu.version`.
  func writeVersionSymbols(to p: UnsafeMutableRawPointer) {
    let table = dynamicSymbols
    let versions = self.versions
    let needs = tables.versions
    nonisolated(unsafe) let p = p
    E.store16(VersionTable.local, p)
    pool.forEachRange(table.entryCount, grain: 1 << 13) { [self] range, _ in
      for k in range {
        let entry = table.entries[k]
        var number: UInt16
        if k < table.firstOwn {
          number = neededNumber(symbols.pointer(entry.symbol), needs)
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
  private func neededNumber(
    _ symbol: UnsafeMutablePointer<Symbol>, _ needs: VersionSections
  ) -> UInt16 {
    guard symbol.pointee.has.contains(.isShared) else { return VersionTable.global }
    let index = LibraryIndex(raw: symbol.pointee.file)
    let library = libraries.pointer(index)
    let version = library.pointee.version(E.self, of: Int(symbol.pointee.source)).index
    guard version >= 2, version < library.pointee.versionCount else { return VersionTable.global }
    let number = needs.neededNumbers[needs.needStarts[index.int] &+ version]
    // Marks of libraries that aren't needed have no number.
    return number >= 2 ? number : VersionTable.global
  }

  /// Writes `.gnu.version_d`.
  func writeVersionDefinitions(to start: UnsafeMutableRawPointer) {
    var p = start
    var name = 0
    func write(number: UInt16, flags: UInt16, of text: ByteString, names: Int, isLast: Bool) {
      let size = VersionSections.definitionSize + names * VersionSections.definitionNameSize
      E.store16(1, p)
      E.store16(flags, p + 2)
      E.store16(number, p + 4)
      E.store16(UInt16(truncatingIfNeeded: names), p + 6)
      E.store32(NameHash.sysv(text), p + 8)
      E.store32(UInt32(VersionSections.definitionSize), p + 12)
      E.store32(isLast ? 0 : UInt32(size), p + 16)
      var record = p + VersionSections.definitionSize
      for i in 0..<names {
        E.store32(tables.versions.definitionNames[name], record)
        E.store32(i == names - 1 ? 0 : UInt32(VersionSections.definitionNameSize), record + 4)
        record += VersionSections.definitionNameSize
        name += 1
      }
      p += size
    }
    if versions.definitions.isEmpty { return }
    write(
      number: VersionTable.global, flags: VersionSections.baseFlag, of: tables.versions.outputName,
      names: 1,
      isLast: false)
    for (i, definition) in versions.definitions.enumerated() {
      // A version without symbols exists for others to depend on; GNU ld marks it so too.
      let isUnused = definition.isEmpty && versions.mentions[i] == 0
      write(
        number: definition.number, flags: isUnused ? VersionSections.weakFlag : 0,
        of: definition.name,
        names: 1 + definition.parents.count, isLast: i == versions.definitions.count - 1)
    }
  }

  /// Writes `.gnu.version_r`.
  func writeVersionNeeds(to start: UnsafeMutableRawPointer) {
    var p = start
    for (i, need) in tables.versions.needs.enumerated() {
      let size = VersionSections.needSize + need.versions.count * VersionSections.neededVersionSize
      E.store16(1, p)
      E.store16(UInt16(truncatingIfNeeded: need.versions.count), p + 2)
      E.store32(need.nameOffset, p + 4)
      E.store32(UInt32(VersionSections.needSize), p + 8)
      E.store32(i == tables.versions.needs.count - 1 ? 0 : UInt32(size), p + 12)
      p += VersionSections.needSize
      for (j, version) in need.versions.enumerated() {
        E.store32(NameHash.sysv(version.name), p)
        E.store16(version.isWeak ? VersionSections.weakFlag : 0, p + 4)
        E.store16(version.number, p + 6)
        E.store32(version.nameOffset, p + 8)
        let isLast = j == need.versions.count - 1
        E.store32(isLast ? 0 : UInt32(VersionSections.neededVersionSize), p + 12)
        p += VersionSections.neededVersionSize
      }
    }
  }
}
