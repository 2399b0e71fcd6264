import Platform

/// What a link was asked to do: the command line after parsing, with names still unresolved.
///
/// The engine reads this and nothing else of the command line. Values are in the units that the
/// fields' comments name; paths are byte-exact as given.
public struct LinkOptions: Sendable {
  public init() {}

  // MARK: Output

  public enum OutputKind: Sendable { case executable, sharedLibrary, relocatable }

  /// `-o`; the default is `a.out`.
  public var outputPath = "a.out"
  public var outputKind = OutputKind.executable
  /// `-pie`: an executable that can be loaded anywhere.
  public var isPositionIndependent = false
  /// No shared library may be linked, and no loader is asked for: `-static` stands before all inputs,
  /// and nothing names a loader. With `isPositionIndependent`: a static PIE.
  public var isStatic = false
  /// `-m`: the emulation name, e.g. `elf_x86_64`; nil: decided by the first object.
  public var emulation: String?
  /// `-EL`/`-EB` agree or disagree with the target; nil: not said.
  public var isBigEndian: Bool?
  public var entry: String?
  public var soname: String?
  public var dynamicLinker: String?
  /// `--no-dynamic-linker`: no PT_INTERP.
  public var noDynamicLinker = false
  public var initFunction = "_init"
  public var finiFunction = "_fini"
  public var runPaths: [String] = []
  /// `--enable-new-dtags` (default): DT_RUNPATH; otherwise DT_RPATH.
  public var usesRunPath = true
  /// `--filter` / `-F` and `--auxiliary` / `-f`.
  public var filters: [String] = []
  public var auxiliaryFilters: [String] = []
  public var dependencyFile: String?
  /// `--package-metadata`: JSON text of a `.note.package`.
  public var packageMetadata: String?
  /// `--audit` and `--depaudit`: DT_AUDIT and DT_DEPAUDIT.
  public var auditLibraries: [String] = []
  public var dependencyAuditLibraries: [String] = []
  /// `-Bgroup`: DF_1_GROUP.
  public var groupLookup = false
  /// `--spare-dynamic-tags`: entries left free at the end of .dynamic; nil: the engine's choice.
  public var spareDynamicTags: Int?
  /// `--oformat`: `elf`, `binary` or the name of an ELF target as given; nil: ELF.
  public var outputFormat: String?
  public enum PageUse: Sendable {
    case aligned
    /// `-n`: sections aren't aligned to pages.
    case unaligned
    /// `-N`: as `unaligned`, and text is writable.
    case unalignedWritable
  }
  public var pageUse = PageUse.aligned

  // MARK: Inputs, in command-line order

  /// Files that are in memory and not on disk, by path; the caller keeps the bytes alive.
  public var memoryFiles: [String: ByteString] = [:]

  /// What position on the command line decides about an input.
  public struct InputState: Sendable, Equatable {
    public init() {}
    public var asNeeded = false
    public var wholeArchive = false
    /// `-Bstatic`: `-l` finds only archives, and shared libraries are refused.
    public var isStatic = false
    /// Between `--start-lib` and `--end-lib`: objects act like archive members.
    public var isLazy = false
    /// `-b binary`: the file's bytes become a data section.
    public var isBinary = false
    /// The output's symbol table leaves out what the object defines.
    public var isUnlisted = false
  }
  public enum InputKind: Sendable, Equatable {
    case path(String)
    /// `-lNAME`, or `-l:FILE` with the colon kept.
    case library(String)
    /// `-T FILE`: a linker script named explicitly.
    case script(String)
  }
  public struct Input: Sendable {
    public var kind: InputKind
    public var state: InputState
    public init(_ kind: InputKind, _ state: InputState) {
      self.kind = kind
      self.state = state
    }
  }
  public var inputs: [Input] = []
  public var libraryPaths: [String] = []
  /// `-rpath-link`: where libraries that libraries need are looked for.
  public var runPathLinks: [String] = []
  public var sysroot = ""
  /// `-nostdlib`: only paths of the command line are searched.
  public var noStandardLibraries = false
  /// `-Y`: directories, separated by colons, in place of the standard ones.
  public var defaultLibraryPath: String?
  /// `--default-script`: used when no input is a `.script`.
  public var defaultScript: String?
  /// `-R`, `--just-symbols`: files of which only symbol values count; a directory is a run path.
  public var justSymbols: [String] = []
  /// `--[no-]dependent-libraries`: whether .deplibs adds libraries.
  public var usesDependentLibraries = true

  // MARK: Symbols

  /// `-u`, `--undefined`.
  public var undefinedSymbols: [String] = []
  public var undefinedGlobs: [String] = []
  public var requiredSymbols: [String] = []
  public var wrappedSymbols: [String] = []
  /// `--defsym NAME=EXPRESSION`, in order; the expression is text.
  public var definitions: [(name: String, expression: String)] = []
  public var tracedSymbols: [String] = []
  /// `-E`, `--export-dynamic`.
  public var exportsAll = false
  /// `--export-dynamic-symbol=GLOB`.
  public var exportGlobs: [String] = []
  public var exportGlobFiles: [String] = []
  public var dynamicLists: [String] = []
  public var versionScripts: [String] = []
  public var retainSymbolsFile: String?
  /// `--no-undefined-version`: a version script naming a symbol that isn't there is an error.
  public var allowsUndefinedVersion = true
  /// `--exclude-libs`: archive base names, or `ALL`.
  public var excludedLibraries: [String] = []
  public enum SymbolicBinding: Sendable { case none, all, functions, nonWeak, nonWeakFunctions }
  public var symbolicBinding = SymbolicBinding.none
  public var allowsMultipleDefinitions = false
  public enum UnresolvedPolicy: Sendable {
    case reportAll, ignoreAll, ignoreInObjects, ignoreInSharedLibraries
  }
  /// `--unresolved-symbols`; nil: the default of the output kind (`-z defs` decides for libraries).
  public var unresolvedPolicy: UnresolvedPolicy?
  /// `--warn-unresolved-symbols`: report as warnings.
  public var warnsUnresolved = false
  /// `-z defs` / `--no-undefined`; nil: not said.
  public var requiresDefinitions: Bool?
  /// `--[no-]allow-shlib-undefined`; nil: not said.
  public var allowsLibraryUndefined: Bool?
  public var warnsCommon = false
  public var defaultSymbolVersion = false
  public enum CommonOrder: Sendable { case asFound, descending, ascending }
  /// `--sort-common`: the order of common symbols, by alignment.
  public var commonOrder = CommonOrder.asFound
  /// `-z start-stop-visibility`: ELF visibility number of `__start_`/`__stop_` symbols.
  public var startStopVisibility: UInt8 = 3
  public var demangles = true
  public var copiesRelocations = true
  /// `-z dynamic-undefined-weak`.
  public var dynamicUndefinedWeak: Bool?
  public var addsNeededOfNeeded = false
  public var checksSections = true
  /// `--ignore-unresolved-symbol`.
  public var ignoredUnresolved: [String] = []
  /// `--dynamic-list-data`, `--dynamic-list-cpp-new` and `--dynamic-list-cpp-typeinfo`.
  public var listsDataSymbols = false
  public var listsOperatorNew = false
  public var listsTypeInformation = false
  /// `-d` and `--no-define-common`; nil: commons are allocated unless the output is relocatable.
  public var definesCommon: Bool?
  /// `--no-gnu-unique` clears it: STB_GNU_UNIQUE becomes STB_GLOBAL.
  public var usesUniqueBinding = true
  /// `-z [no]extern-protected-data`, `-z [no]indirect-extern-access`; nil: not said.
  public var copiesProtectedData: Bool?
  public var indirectExternAccess: Bool?

  // MARK: Sections

  public var collectsGarbage = false
  public var printsGarbage = false
  /// `-z nostart-stop-gc` (the default here and in GNU ld): a reference to `__start_X` keeps X.
  public var startStopGarbageCollected = false
  /// `--gc-keep-exported` and `--keep-unique` of others.
  public var keepsExported = true
  public enum IdenticalCodeFolding: Sendable { case none, safe, all }
  public var folding = IdenticalCodeFolding.none
  public var printsFolding = false
  /// `--keep-unique`: symbols that are not folded.
  public var uniqueSymbols: [String] = []
  /// `--ignore-data-address-equality` and `--ignore-function-address-equality`.
  public var ignoresDataAddresses = false
  public var ignoresFunctionAddresses = false
  /// `--no-rosegment` clears it: read-only data may share the segment of code.
  public var separatesReadOnly = true
  /// `--force-group-allocation`, for relocatable outputs.
  public var forcesGroupAllocation = false
  /// `-z dead-reloc-in-nonalloc=GLOB=VALUE`: the last that matches a section's name counts.
  public var deadRelocations: [(sections: String, value: UInt64)] = []
  /// Processor errata to work around, e.g. `cortex-a53-843419`; of other machines: no effect.
  public var errata: [String] = []
  /// `-O`: 2 merges string tails.
  public var optimizationLevel = 1
  public var relaxes = true
  public enum SectionSort: Sendable { case none, name, alignment }
  public var sectionSort = SectionSort.none
  public var symbolOrderingFile: String?
  public var sectionStarts: [(section: String, address: UInt64)] = []
  /// Sections at addresses of their own, as `sectionStarts`, but laid out behind all others in the
  /// file: nothing follows on them, and the symbols that tell where the image ends pass them over.
  public var detachedSections: [(section: String, address: UInt64)] = []
  public var imageBase: UInt64?
  /// One past the highest address that sections which are not detached may reach; nil: no limit.
  public var addressLimit: UInt64?
  /// Program headers that somebody adds later: room for them is left behind the link's own.
  public var spareProgramHeaders = 0

  // MARK: Synthetic content

  /// `standard` is 20 bytes of a quick digest; `sha1`, for who asks for it, is SHA-1.
  public enum BuildID: Sendable, Equatable {
    case none, standard, fast, md5, sha1, sha256, uuid
    case bytes([UInt8])
  }
  public var buildID = BuildID.none
  public struct HashStyle: OptionSet, Sendable {
    public let rawValue: UInt8
    public init(rawValue: UInt8) { self.rawValue = rawValue }
    public static let sysv = HashStyle(rawValue: 1)
    public static let gnu = HashStyle(rawValue: 2)
  }
  public var hashStyle: HashStyle = [.gnu, .sysv]
  public var ehFrameHeader = false
  public enum Compression: Sendable { case none, zlib, zlibGNU, zstd }
  public var debugCompression = Compression.none
  public enum Strip: Sendable { case none, debug, all }
  public var strip = Strip.none
  public enum Discard: Sendable { case none, temporaries, locals }
  /// `-X` temporaries (the default for merged sections), `-x` all locals.
  public var discard = Discard.temporaries
  public var packsRelative = false
  public var packsAndroid = false
  public var usesAndroidRelrTags = false
  public var gdbIndex = false
  public var emitsRelocations = false
  public var mapFile: String?
  public var printsMap = false
  public var crossReferences = false
  public var writesSectionHeaders = true
  public var appliesDynamicRelocations: Bool?

  // MARK: -z

  public var relro = true
  /// `-z now` or `-z lazy`; nil: lazy.
  public var bindsNow = false
  public enum Separation: Sendable { case none, code, loadableSegments }
  public var separation = Separation.code
  /// Bytes; nil: the machine's.
  public var maximumPageSize: UInt64?
  public var commonPageSize: UInt64?
  public var stackSize: UInt64?
  public var executableStack: Bool?
  public enum TextRelocations: Sendable { case error, warn, allow }
  public var textRelocations = TextRelocations.error
  public var noDelete = false
  public var noOpen = false
  public var noDump = false
  public var noDefaultLibrary = false
  public var origin = false
  public var initFirst = false
  public var interpose = false
  public var global = false
  public var readOnlyDynamic = false
  public var combinesRelocations = true
  public var keepsTextSectionPrefix = false
  public var forcesIBT = false
  public var setsIBT = false
  public var setsSHSTK = false
  public enum ReportLevel: Sendable { case none, warning, error }
  public var cetReport = ReportLevel.none
  /// 0: not given; 1…4: x86-64-baseline, v2, v3, v4 needed.
  public var isaLevel = 0
  public var lamU48 = false
  public var lamU57 = false
  public var ibtPLT = false
  public var markPLT = false
  public var retpolinePLT = false
  public var ifuncNoPLT = false
  public var uniqueSymbol = false
  public var wxNeeded = false
  public var memorySeal = false
  public var rewritesEndbr = false
  /// `-z nognustack`: no PT_GNU_STACK.
  public var omitsStackHeader = false
  /// `-z loadfltr`, `-z globalaudit`, `-z unique`.
  public var loadsFiltees = false
  public var globalAudit = false
  public var uniqueNamespace = false
  /// `-z` keywords of particular machines as given, e.g. `force-bti`: the machine judges them.
  public var machineKeywords: [String] = []

  // MARK: Diagnostics

  /// 0: no limit.
  public var errorLimit = 20
  public var fatalWarnings = false
  public var suppressesWarnings = false
  /// nil: by whether standard error is a terminal.
  public var color: Bool?
  public var tracesFiles = false
  public var verbose = false
  /// `-v`, `-V`: print the version, then link; `-V`: the emulations also.
  public var printsVersion = false
  public var printsEmulations = false
  public var printsStatistics = false
  public var timeTrace: String?
  /// `--no-warn-search-mismatch` clears it: libraries of other machines are passed over in silence.
  public var warnsSearchMismatch = true
  public var orphanHandling: String?
  public var inhibitsErrors = false
  /// `--[no-]warn-execstack` and `--error-execstack`; likewise for writable code.
  public var executableStackReport = ReportLevel.none
  public var writableCodeReport = ReportLevel.none

  // MARK: Running

  /// 0: as many as there are processors.
  public var threads = 0
  public var reproduceArchive: String?
  /// Names of options and `-z` keywords that were understood, change the meaning of the link and
  /// have no other field here, as spelt: the link must not go on as if they weren't there.
  public var unsupportedOptions: [String] = []
}

extension LinkOptions {
  /// Whether `--exclude-libs` names an archive, with its `.a` or without, as in GNU ld.
  func isExcludedLibrary(_ path: String) -> Bool {
    if excludedLibraries.isEmpty { return false }
    let name = path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    return excludedLibraries.contains { $0 == "ALL" || $0 == name || $0 + ".a" == name }
  }
}
