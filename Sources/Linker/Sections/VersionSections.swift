import ELFFormat
import Platform

/// `.gnu.version`, `.gnu.version_d` and `.gnu.version_r`.
///
/// The first has a number for each dynamic symbol; the others say what the numbers mean. None is
/// made if there is no version to speak of. Source: Linux Standard Base, "Symbol Versioning".
struct VersionSections: @unchecked Sendable {
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

  var needs: [Need] = []
  /// For each library where its versions start in `neededNumbers`.
  var needStarts: [Int] = []
  var neededNumbers: UnsafeMutablePointer<UInt16> = allocateZeroed(count: 1)
  /// In `.dynstr`: the output's own name, then the definitions' names, each with its parents.
  var definitionNames: [UInt32] = []
  /// What stands for the output in the definitions: DT_SONAME, else the file's name.
  var outputName: ByteString = ""

  /// Bytes of the records.
  static var definitionSize: Int { 20 }
  static var definitionNameSize: Int { 8 }
  static var needSize: Int { 16 }
  static var neededVersionSize: Int { 16 }
  /// VER_FLG_BASE: the definition stands for the file itself.
  static var baseFlag: UInt16 { 1 }
  /// VER_FLG_WEAK.
  static var weakFlag: UInt16 { 2 }
}

extension ReadsTables where Self: ReadsNaming {
  /// Whether the output has versions; if not, none of the sections is made.
  var hasVersions: Bool { !versions.definitions.isEmpty || !tables.versions.needs.isEmpty }

  /// Size of `.gnu.version` in bytes.
  var versionSymbolsSize: Int { hasVersions ? dynamicSymbols.count * 2 : 0 }

  /// Number of definitions, which is also the section's sh_info and DT_VERDEFNUM.
  var versionDefinitionCount: Int {
    versions.definitions.isEmpty ? 0 : versions.definitions.count + 1
  }

  /// Size of `.gnu.version_d` in bytes.
  var versionDefinitionsSize: Int {
    versionDefinitionCount * VersionSections.definitionSize
      + tables.versions.definitionNames.count * VersionSections.definitionNameSize
  }

  /// Number of libraries with versions, which is also the section's sh_info and DT_VERNEEDNUM.
  var versionNeedCount: Int { tables.versions.needs.count }

  /// Size of `.gnu.version_r` in bytes.
  var versionNeedsSize: Int {
    tables.versions.needs.reduce(0) {
      $0 + VersionSections.needSize + $1.versions.count * VersionSections.neededVersionSize
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
