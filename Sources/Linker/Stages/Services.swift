import ELFFormat
import Platform
import Synchronization

/// What every pass may use: what was asked for, a place for messages, workers, memory.
struct Services {
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

  /// An output of inputs that were written to meanwhile is of neither the old nor the new.
  func reportChangedInputs() {
    for path in watch.takeChanged(pool) {
      diagnostics.error(
        "\(path) was changed while it was linked; link again when nobody writes to it")
    }
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
  var serviceStage: Reading<Services> { get }
}

extension UsesServices {
  @inline(__always) var services: Services {
    @inline(__always) _read { yield serviceStage.value }
  }
  @inline(__always) var options: LinkOptions { serviceStage.value.options }
  @inline(__always) var diagnostics: Diagnostics { serviceStage.value.diagnostics }
  @inline(__always) var target: any Target.Type { serviceStage.value.target }
  var encoding: any ELFEncoding.Type { serviceStage.value.target.encoding }
  @inline(__always) var pool: WorkerPool { serviceStage.value.pool }
  @inline(__always) var scratch: ScratchMemory { serviceStage.value.scratch }
  @inline(__always) var watch: InputWatch { serviceStage.value.watch }

  /// Addresses are not known before the program is loaded.
  var isPositionIndependent: Bool {
    serviceStage.value.options.isPositionIndependent
      || serviceStage.value.options.outputKind == .sharedLibrary
  }
  var isSharedLibrary: Bool { serviceStage.value.options.outputKind == .sharedLibrary }
  /// Bytes.
  var maximumPageSize: UInt64 {
    serviceStage.value.options.maximumPageSize ?? serviceStage.value.target.maximumPageSize
  }

  /// Ends the link if errors were reported: what follows may rely on there being none.
  func checkpoint() throws(LinkFailed) {
    if serviceStage.value.diagnostics.hasErrors { throw LinkFailed() }
  }
}
