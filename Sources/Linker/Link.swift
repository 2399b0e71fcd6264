import ELFFormat
import Platform
import ScriptParsing
import Synchronization

/// One run of the linker: owner of every table.
///
/// Tables are flat, reached by 32-bit index, and held as `let`s whose storage never moves, so that
/// workers may read them freely. Who may write when is said with each pass in `Link+Run.swift`.
public final class Link: @unchecked Sendable {
  public let options: LinkOptions
  public let diagnostics: Diagnostics
  let pool: WorkerPool
  let timer: PhaseTimer
  let scratch = ScratchMemory()
  let watch = InputWatch()

  // MARK: Inputs

  let objects = Table<FileIndex, ObjectFile>(capacity: 1 << 22, of: "objects")
  let libraries = Table<LibraryIndex, SharedLibrary>(capacity: 1 << 16, of: "shared libraries")
  let providers = Table<ProviderIndex, Provider>(capacity: 1 << 24, of: "archive members")
  var archives: [Archive] = []
  /// Live objects in the order of the command line; index 0 is the linker's own file.
  var liveObjects: [FileIndex] = []
  /// Bytes of the objects that are read.
  var inputBytes = 0
  /// With `--dependency-file`, every path that was opened, in order.
  var openedPaths: [String] = []
  /// What objects name in `.deplibs`, once each.
  var dependentLibraries: Set<ByteString> = []
  /// DT_NEEDED names of all libraries.
  var neededNames: [ByteString] = []
  var indirectLibraries = IndirectLibraries()
  // Only while reading: names of archive indexes, and lazily linked objects.
  var archiveNames: [ArchiveName] = []
  var lazyProviders: [(file: FileIndex, provider: ProviderIndex)] = []
  /// Symbols whose `extra` is a provider.
  var providedSymbols: [SymbolIndex] = []
  /// For names that a shared library has, the archive members and lazy objects behind it that have
  /// them, too.
  var shadowedProviders: [(symbol: SymbolIndex, provider: ProviderIndex)] = []
  var shadowedProvidersAreSorted = false
  /// Symbols `foo@V` that members of archives and lazy objects define by that name, and not by
  /// `foo@@V`.
  var lazyVersions: Set<SymbolIndex> = []
  /// Some object or archive names a version (`foo@V`), so that a name alone does not tell who is
  /// meant.
  var hasVersionedNames = false
  /// `--wrap`: references to the key mean the value.
  var wraps: [SymbolIndex: SymbolIndex] = [:]

  // MARK: Symbols

  let symbols = Table<SymbolIndex, Symbol>(capacity: 1 << 27, of: "symbols")
  var names = NameTable(capacity: 1 << 10)
  let extras = Table<ExtraIndex, SymbolExtra>(capacity: 1 << 26, of: "symbols with slots")
  let localDemands = ReservedTable<LocalDemand>(capacity: 1 << 26, of: "local symbols with slots")
  /// Some file has relocations.
  var hasDestinations = false
  /// Where each global symbol leads (`Destination`), if files name many.
  var symbolDestinations: UnsafeMutablePointer<UInt64>?
  /// For atoms with relative relocations: the number of their first one in the file.
  let relativeFirsts = ReservedTable<UInt32>(capacity: 1 << 27, of: "sections")
  /// The complement of each symbol's best claim; 0 for none.
  let claims = ReservedTable<UInt64>(capacity: 1 << 27, of: "symbols")
  /// Some definition is STB_GNU_UNIQUE or STT_GNU_IFUNC.
  let sawGNUSymbol = Atomic<Bool>(false)
  let duplicates = Mutex<[DuplicateDefinition]>([])
  /// Atoms of the linker's own file: commons, copies, merged sections.
  var syntheticAtoms: [AtomIndex] = []
  /// For each symbol that is a group's signature: the complement of the claim of the first file that
  /// has the group (`groupClaim`); 0 for none.
  let groupClaims = ReservedTable<UInt64>(capacity: 1 << 27, of: "symbols")
  let groups = ReservedTable<SectionGroup>(capacity: 1 << 26, of: "section groups")
  let rareSections = RareSections()
  let deadRules: DeadRelocationRules
  /// Symbols that the linker defines if somebody refers to them, and the value that they'll have.
  var linkerDefined: [LinkerDefinedSymbol] = []
  /// Values of `--defsym`, evaluated after layout.
  var definitions: [SymbolDefinition] = []
  var versions = VersionTable()

  /// Symbols that a reference names with a version which is the default one of a library.
  var askedByVersion: Set<SymbolIndex> = []
  /// What libraries define and is only referred to weakly.
  let weakImports = Mutex<[SymbolIndex]>([])

  // MARK: Atoms

  let atoms = Table<AtomIndex, Atom>(capacity: 1 << 27, of: "sections")
  let mergeInputs = Table<MergeIndex, MergeInput>(capacity: 1 << 24, of: "mergeable sections")
  var mergedSections: [MergedSection] = []
  /// With `--gc-sections`: a bit for each byte of loaded merged sections that is referred to. Index
  /// 0 is unused.
  let pieceMarkWords = ReservedTable<UInt32>(capacity: 1 << 28, of: "marks of mergeable sections")
  let frames = Table<FrameIndex, Frame>(capacity: 1 << 27, of: "frame descriptions")
  var frameSection = FrameSection()
  /// Guards `frames` while sections are read in parallel.
  let framesLock = Mutex(())

  /// Bytes that compressed sections have or are about to have, expanded.
  let expandedBytes = Atomic<Int>(0)

  // MARK: Output

  let outputs = Table<OutputIndex, OutputSection>(capacity: 1 << 20, of: "output sections")
  let outputNames = Mutex<[OutputKey: OutputIndex]>([:])
  /// Live atoms by output section, then by place.
  var atomOrder = allocateForever(AtomIndex.self, count: 1)
  /// Output sections in the order of the file, the null section left out.
  var sectionOrder: [OutputIndex] = []
  var segments: [Segment] = []
  var synthetic = SyntheticSections()
  var dynamicRelocations = DynamicRelocationTable()
  var offsetTable = OffsetTable()
  var procedureLinkage = ProcedureLinkageTable()
  var dynamicSymbols = DynamicSymbolTable()
  /// Pieces in which `.dynstr` is written.
  var dynamicNameParts: [StringTableBuilder.Part] = []
  var dynamicSection = DynamicSection()
  var isDynamic = false
  var entryAddress: UInt64 = 0
  var encoding: any ELFEncoding.Type = ELF64Little.self
  var machine: UInt16 = 0
  var maximumPageSize: UInt64 = 4096
  var codeFill: UInt8 = 0
  var libraryDirectories: [String] = []
  /// What scripts and `--oformat` call the output's format.
  var formatNames: [String] = []
  /// The program interpreter, unless `-dynamic-linker` names one.
  var defaultInterpreter = ""
  var scriptCommands: [(command: ScriptCommand, path: String)] = []
  var parsedDefinitions:
    [(name: ByteString, expression: Expression, isProvided: Bool, isHidden: Bool, origin: String)] =
      []
  /// Bytes of loaded atoms, without the large model's.
  var loadedBytes: UInt64 = 0
  /// What the large model keeps apart is near enough to be reached directly, too.
  var isLargeModelInReach = false
  /// The large model's code lies beside all other code, and not behind all data.
  var isLargeCodeNear = true
  /// The file with the entry, if its code runs before anybody has relocated the program: what it finds
  /// in slots is not yet right.
  var startFile = FileIndex.none
  /// Output sections that are writable, whatever single inputs say; made when somebody asks.
  let writableOutputs = Mutex<[Bool]>([])
  /// Accesses through the offset table may be made direct.
  var relaxesSlots = true
  var scanFacts: ScanFacts = []
  /// Sections by the C identifier that names them, while garbage is collected.
  var identifierSections: [ByteString: [AtomIndex]] = [:]
  /// While garbage is collected, a byte for each atom that is not zero if the atom lives.
  var liveMarks = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
  /// Atoms that live because others do, while garbage is collected.
  var followers = FollowerTable()
  /// Line tables that messages asked for; nil for files without.
  var sourceLineTables: [FileIndex: SourceLineTables?] = [:]
  var identifierSymbols: [SymbolIndex: ByteString] = [:]
  /// Where linker-defined symbols lie, for their section number.
  var linkerDefinedSections: [SymbolIndex: OutputIndex] = [:]
  /// Library variables that the executable holds.
  var copiedSymbols: [SymbolIndex] = []
  /// Output sections that follow another one: SHF_LINK_ORDER.
  var linkOrders: [OutputIndex: OutputIndex] = [:]
  var compressedContents: [OutputIndex: UnsafeRawPointer] = [:]
  var properties: (features: UInt32, isaNeeded: UInt32) = (0, 0)
  var symbolTable = SymbolTable()
  /// Mentioned symbols that no object defines, in order.
  var mentionedElsewhere: [SymbolIndex] = []
  var sectionNameTable = StringTableBuilder()

  // Known after layout.
  var imageBase: UInt64 = 0
  /// Bytes of the file header and the program headers.
  var headersSize: UInt64 = 0
  var sectionHeadersOffset: UInt64 = 0
  /// Where the loaded part of the file ends.
  var loadedEnd: UInt64 = 0
  var outputSize: UInt64 = 0
  var tlsStart: UInt64 = 0
  /// The address in the TLS image that the thread pointer stands for.
  var threadPointer: UInt64 = 0
  var offsetTableAnchor = OutputIndex.none
  var lazyPLTStart: UInt64 = 0
  var directPLTStart: UInt64 = 0
  var pltEntrySize: UInt64 = 0
  var directPLTEntrySize: UInt64 = 0

  /// Where the output goes if it is to stay in memory.
  let outputBytes: OutputBytes?

  public convenience init(options: LinkOptions, diagnostics: Diagnostics) {
    self.init(options: options, diagnostics: diagnostics, output: nil)
  }

  /// - Parameter output: takes the output, in place of a file at `options.outputPath`.
  init(options: LinkOptions, diagnostics: Diagnostics, output: OutputBytes?) {
    self.options = options
    self.diagnostics = diagnostics
    deadRules = DeadRelocationRules(options.deadRelocations)
    outputBytes = output
    pool = WorkerPool(count: options.threads)
    symbols.storage.preferLargePages()
    frames.storage.preferLargePages()
    timer = PhaseTimer(isOn: options.printsStatistics || options.timeTrace != nil)
  }

  /// Addresses are not known before the program is loaded.
  var isPositionIndependent: Bool {
    options.isPositionIndependent || options.outputKind == .sharedLibrary
  }
  var isSharedLibrary: Bool { options.outputKind == .sharedLibrary }

  /// Ends the link if errors were reported: what follows may rely on there being none.
  func checkpoint() throws(LinkFailed) {
    if diagnostics.hasErrors { throw LinkFailed() }
  }
}

/// A section group of a live file. Source: gABI, "Section Groups".
struct SectionGroup: BitwiseCopyable {
  /// Header index of the SHT_GROUP section.
  var section: UInt32
  var signature: SymbolIndex
}
