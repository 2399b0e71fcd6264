import ELFFormat
import Platform

/// What libraries need that the command line does not name, as `-rpath-link` and `-rpath` find it.
///
/// Nothing is bound to such libraries; but they tell whether those that are linked are complete, and
/// what they leave undefined an executable exports. Source: GNU ld manual, `-rpath-link`.
struct IndirectLibraries {
  private(set) var sonames: Set<ByteString> = []
  /// What they define.
  private(set) var names: Set<ByteString> = []
  private var libraries: [Library] = []

  private struct Library {
    var path: String
    var needed: [ByteString]
    /// What it leaves undefined, and whether that is only weakly referred to.
    var undefined: [(name: ByteString, isWeak: Bool)]
  }

  init() {}

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
        add(E.self, found.library, needed: found.needed, path)
        break
      }
    }
  }

  private mutating func add<E: ELFEncoding>(
    _: E.Type, _ library: SharedLibrary, needed: [ByteString], _ path: String
  ) {
    var undefined: [(name: ByteString, isWeak: Bool)] = []
    for i in 1..<max(1, library.symbolCount) {
      let entry = library.symbol(E.self, i)
      if entry.binding == .local { continue }
      let name = ObjectFile.name(library.symbolNames, at: entry.name)
      if UInt32(entry.sectionIndex) != SectionIndex.undefined {
        names.insert(name)
      } else {
        undefined.append((name, entry.binding == .weak))
      }
    }
    libraries.append(Library(path: path, needed: needed, undefined: undefined))
  }

  /// Visits what no library in here defines and some library refers to.
  func forEachUndefined(_ visit: (ByteString) -> Void) {
    for library in libraries {
      for reference in library.undefined where !names.contains(reference.name) {
        visit(reference.name)
      }
    }
  }

  /// Visits what has to be defined elsewhere, for libraries whose own needs are all here.
  ///
  /// - Parameter here: names of libraries that are linked.
  func forEachNeed(here: Set<ByteString>, _ visit: (ByteString, _ path: String) -> Void) {
    for library in libraries {
      if !library.needed.allSatisfy({ here.contains($0) || sonames.contains($0) }) { continue }
      for reference in library.undefined where !reference.isWeak && !names.contains(reference.name)
      {
        visit(reference.name, library.path)
      }
    }
  }
}
