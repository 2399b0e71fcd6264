import ELFFormat
import Platform
import Synchronization

/// What every pass may use: what was asked for, a place for messages, workers, memory.
final class Services: Sendable {
  let options: LinkOptions
  let diagnostics: Diagnostics
  /// The machine that the output is for.
  let target: any Target.Type
  /// Where the output goes if it is to stay in memory.
  let outputBytes: OutputBytes?
  /// What debug information says of addresses that are gone, as options have it.
  let deadRules: DeadRelocationRules
  let pool: WorkerPool
  let scratch = ScratchMemory()
  let watch = InputWatch()
  /// With `--dependency-file`, every path that was opened, in order.
  let openedPaths = OpenedPaths()
  let sourceLines = SourceLineCache()

  init(
    options: LinkOptions, diagnostics: Diagnostics, target: any Target.Type, output: OutputBytes?
  ) {
    self.options = options
    self.diagnostics = diagnostics
    self.target = target
    outputBytes = output
    deadRules = DeadRelocationRules(options.deadRelocations)
    pool = WorkerPool(count: options.threads)
  }
}

/// A list of paths, for all to add to.
final class OpenedPaths: Sendable {
  private let paths = Mutex<[String]>([])
  var all: [String] { paths.withLock { $0 } }
  func add(_ path: String) { paths.withLock { $0.append(path) } }
}

/// Uses the services.
protocol UsesServices: Sendable {
  var services: Services { get }
}

extension UsesServices {
  @inline(__always) var options: LinkOptions { services.options }
  @inline(__always) var diagnostics: Diagnostics { services.diagnostics }
  @inline(__always) var target: any Target.Type { services.target }
  var encoding: any ELFEncoding.Type { services.target.encoding }
  @inline(__always) var pool: WorkerPool { services.pool }
  @inline(__always) var scratch: ScratchMemory { services.scratch }
  @inline(__always) var watch: InputWatch { services.watch }

  /// Addresses are not known before the program is loaded.
  var isPositionIndependent: Bool {
    services.options.isPositionIndependent || services.options.outputKind == .sharedLibrary
  }
  var isSharedLibrary: Bool { services.options.outputKind == .sharedLibrary }
  /// Bytes.
  var maximumPageSize: UInt64 {
    services.options.maximumPageSize ?? services.target.maximumPageSize
  }

  /// Ends the link if errors were reported: what follows may rely on there being none.
  func checkpoint() throws(LinkFailed) {
    if services.diagnostics.hasErrors { throw LinkFailed() }
  }
}
