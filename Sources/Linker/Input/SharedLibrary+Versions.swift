import ELFFormat
import Platform

/// The versions that a library defines and needs. Source: Linux Standard Base, "Symbol Versioning".
extension SharedLibraryReader {
  /// A version that a library needs of another one.
  struct NeededVersion {
    var soname: ByteString
    /// In the library's own table of versions.
    var number: Int
    var name: ByteString
  }

  /// Names by version index, from what the library defines and what it needs.
  static func readVersions<E: ELFEncoding>(
    _: E.Type, _ file: ObjectFile, definitions: Int, needs: Int, _ library: inout SharedLibrary
  ) throws(InputError) {
    var names = try definedVersions(E.self, file, definitions)
    for version in try neededVersions(E.self, file, needs) {
      names.append((version.number, version.name))
    }
    let count = (names.map(\.number).max() ?? 1) + 1
    library.versionNames = allocateForever(count: count)
    library.versionNames.initialize(repeating: "", count: count)
    library.versionCount = count
    for (index, name) in names where index >= 2 { library.versionNames[index] = name }
  }

  /// The versions that a library was found to define; the first stands for the library itself.
  static func definedVersions<E: ELFEncoding>(
    _: E.Type, of library: SharedLibrary
  ) -> Set<ByteString> {
    let (file, section) = find(E.self, .gnuVersionDefinitions, in: library)
    return Set(((try? definedVersions(E.self, file, section)) ?? []).map(\.name))
  }

  /// The versions that a library was found to need.
  static func neededVersions<E: ELFEncoding>(
    _: E.Type, of library: SharedLibrary
  ) -> [NeededVersion] {
    let (file, section) = find(E.self, .gnuVersionNeeds, in: library)
    return (try? neededVersions(E.self, file, section)) ?? []
  }

  private static func find<E: ELFEncoding>(
    _: E.Type, _ type: SectionType, in library: SharedLibrary
  ) -> (file: ObjectFile, section: Int) {
    var file = ObjectFile.empty
    file.base = library.base
    file.byteCount = library.byteCount
    file.sectionHeaders = library.sectionHeaders
    file.sectionCount = library.sectionCount
    var section = 0
    for i in 1..<max(1, library.sectionCount) where file.header(E.self, i).type == type {
      section = i
    }
    return (file, section)
  }

  private static func definedVersions<E: ELFEncoding>(
    _: E.Type, _ file: ObjectFile, _ section: Int
  ) throws(InputError) -> [(number: Int, name: ByteString)] {
    var names: [(number: Int, name: ByteString)] = []
    if section == 0 { return names }
    let bytes = try ObjectReader.contents(E.self, file, section)
    let strings = try linkedStrings(E.self, file, file.header(E.self, section))
    var at = 0
    // Each step moves forward by at least one record, so the loop ends with the bytes.
    while at <= bytes.count - 20 {
      let record = bytes.start + at
      let auxiliary = at + Int(E.load32(record + 12))
      if auxiliary <= bytes.count - 8 {
        let name = ObjectFile.name(strings, at: E.load32(bytes.start + auxiliary))
        names.append((Int(E.load16(record + 4) & 0x7fff), name))
      }
      let next = Int(E.load32(record + 16))
      if next < 20 { break }
      at += next
    }
    return names
  }

  private static func neededVersions<E: ELFEncoding>(
    _: E.Type, _ file: ObjectFile, _ section: Int
  ) throws(InputError) -> [NeededVersion] {
    var versions: [NeededVersion] = []
    if section == 0 { return versions }
    let bytes = try ObjectReader.contents(E.self, file, section)
    let strings = try linkedStrings(E.self, file, file.header(E.self, section))
    var at = 0
    // Records may share their entries; each is read a few times at most.
    let limit = bytes.count
    while at <= bytes.count - 16 {
      let record = bytes.start + at
      let soname = ObjectFile.name(strings, at: E.load32(record + 4))
      var auxiliary = at + Int(E.load32(record + 8))
      for _ in 0..<E.load16(record + 2) {
        guard auxiliary <= bytes.count - 16 else { break }
        guard versions.count <= limit else { throw InputError("damaged version needs") }
        let entry = bytes.start + auxiliary
        versions.append(
          NeededVersion(
            soname: soname, number: Int(E.load16(entry + 6) & 0x7fff),
            name: ObjectFile.name(strings, at: E.load32(entry + 8))))
        let next = Int(E.load32(entry + 12))
        if next < 16 { break }
        auxiliary += next
      }
      let next = Int(E.load32(record + 12))
      if next < 16 { break }
      at += next
    }
    return versions
  }
}
