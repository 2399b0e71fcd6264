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

  // MARK: Stages, in the order in which they become known

  var inputs = Inputs()
  var naming = Naming()
  var contents = Contents()
  var demands = Demands()
  var tables = LinkerTables()
  var layout = Layout()

  /// The complement of each symbol's best claim; 0 for none.
  let claims = ReservedTable<UInt64>(capacity: 1 << 27, of: "symbols")
  /// Some definition is STB_GNU_UNIQUE or STT_GNU_IFUNC.
  let sawGNUSymbol = Atomic<Bool>(false)
  let duplicates = Mutex<[DuplicateDefinition]>([])
  /// For each symbol that is a group's signature: the complement of the claim of the first file that
  /// has the group (`groupClaim`); 0 for none.
  let groupClaims = ReservedTable<UInt64>(capacity: 1 << 27, of: "symbols")
  let rareSections = RareSections()
  let deadRules: DeadRelocationRules
  /// What libraries define and is only referred to weakly.
  let weakImports = Mutex<[SymbolIndex]>([])
  /// Guards `frames` while sections are read in parallel.
  let framesLock = Mutex(())
  /// Bytes that compressed sections have or are about to have, expanded.
  let expandedBytes = Atomic<Int>(0)
  let outputNames = Mutex<[OutputKey: OutputIndex]>([:])
  /// Output sections that are writable, whatever single inputs say; made when somebody asks.
  let writableOutputs = Mutex<[Bool]>([])
  /// Line tables that messages asked for; nil for files without.
  var sourceLineTables: [FileIndex: SourceLineTables?] = [:]
  var encoding: any ELFEncoding.Type = ELF64Little.self
  var machine: UInt16 = 0
  var maximumPageSize: UInt64 = 4096
  var codeFill: UInt8 = 0
  var libraryDirectories: [String] = []
  /// What scripts and `--oformat` call the output's format.
  var formatNames: [String] = []
  /// The program interpreter, unless `-dynamic-linker` names one.
  var defaultInterpreter = ""

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
    naming.symbols.storage.preferLargePages()
    contents.frames.storage.preferLargePages()
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
