import ELFFormat
import Platform

/// What libraries need that the command line does not name, as `-rpath-link` finds it.
///
/// Nothing is bound to such libraries; they only tell whether those that are linked are complete.
/// Source: GNU ld manual, `-rpath-link`.
struct IndirectLibraries {
  private(set) var sonames: Set<ByteString> = []
  /// What they define.
  private(set) var names: Set<ByteString> = []

  /// - Parameters:
  ///   - needed: names of DT_NEEDED, without those of libraries that are `here`.
  init<E: ELFEncoding>(
    _: E.Type, machine: UInt16, needed: [ByteString], here: Set<ByteString>,
    in directories: [String]
  ) {
    var pending = needed
    while let name = pending.popLast() {
      if here.contains(name) || sonames.contains(name) { continue }
      for directory in directories {
        let path = "\(directory)/\(name)"
        // What is no library of this machine is passed over.
        guard let file = try? MappedInput(path: path),
          let found = try? SharedLibraryReader.read(
            E.self, machine: machine, bytes: ByteString(file.bytes), path: ByteString(copying: path)
          )
        else { continue }
        sonames.insert(name)
        pending += found.needed
        addNames(E.self, found.library)
        break
      }
    }
  }

  private mutating func addNames<E: ELFEncoding>(_: E.Type, _ library: SharedLibrary) {
    for i in 1..<max(1, library.symbolCount) {
      let entry = library.symbol(E.self, i)
      if UInt32(entry.sectionIndex) != SectionIndex.undefined {
        names.insert(ObjectFile.name(library.symbolNames, at: entry.name))
      }
    }
  }
}
