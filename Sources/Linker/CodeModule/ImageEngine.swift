/// What an image is made for, and where it goes.
public struct ImageOptions: Sendable {
  public var machine: ImageMachine
  /// The program that a flush writes.
  public var path: String
  /// The symbol at which the program starts.
  public var entry: String
  /// Where the sections' address ranges begin; nil for the machine's own choice.
  public var baseAddress: UInt64?
  /// Bytes of address space that each section of the image has at first. What outgrows it goes on
  /// in another range.
  public var reserve: UInt64
  /// Bytes of growth that each section of a running program has room for, for hot swap; 0 for
  /// programs that are not changed while they run. Costs address space of the program, and holes in
  /// its file.
  public var liveReserve: UInt64
  /// Bytes set aside for thread-local variables. When they are used up, the block is made anew with
  /// twice the room; not while a process is attached, whose threads have theirs.
  public var threadLocalReserve: UInt64
  /// Asserts after each call that everything that must always hold does: slow, for tests.
  public var checksInvariants: Bool
  /// How other inputs are linked in: nil for programs without any.
  public var inputs: ImageInputs?

  public init(machine: ImageMachine, path: String, entry: String = "_start") {
    self.machine = machine
    self.path = path
    self.entry = entry
    reserve = 64 << 20
    liveReserve = 0
    threadLocalReserve = 4096
    checksInvariants = false
  }
}

/// How a program's other inputs are linked.
public struct ImageInputs: Sendable {
  /// Without shared libraries and a program interpreter; so it is, too, if `startup` says so.
  public var isStatic: Bool
  /// Directories in which libraries are looked for, before the system's own.
  public var libraryDirectories: [String]
  /// The files of the system that a program starts and ends with, and its C library: nil for none.
  public var startup: Startup?

  public enum Startup: Hashable, Sendable {
    /// Those of a program in C.
    case c(os: StartupFiles.System, mode: StartupFiles.Mode)
  }

  public init(
    isStatic: Bool = false, libraryDirectories: [String] = [], startup: Startup? = nil
  ) {
    self.isStatic = isStatic
    self.libraryDirectories = libraryDirectories
    self.startup = startup
  }
}

/// A file that takes part in an image beside the compiler's declarations.
public enum ImageInput: Hashable, Sendable {
  case object(String)
  case archive(String)
  case sharedLibrary(String)
  /// By name, as `-l`.
  case library(String)
  /// As `ImageInputs.startup`, said later: the beginning goes before all other inputs, the end
  /// behind them.
  case startupFiles(StartupFiles.System, StartupFiles.Mode)
}

/// What an image has done since it was made.
public struct ImageCounts: Hashable, Sendable {
  /// Atoms placed for the first time.
  public var atomsPlaced = 0
  /// Atoms that went to another address.
  public var atomsMoved = 0
  /// Atoms rewritten where they were.
  public var atomsRewritten = 0
  public var slotsWritten = 0
  public var relocationsApplied = 0
  /// Bytes written to the image; what goes to the file follows from it.
  public var bytesWritten = 0
  /// Bytes of the sections' contents that flushes wrote to files, the spare copy's catching-up
  /// included.
  public var fileBytesWritten = 0
  public var flushes = 0
  /// Sections that moved in the file.
  public var sectionsMoved = 0
  public init() {}
}

/// An image for one machine. The public face is the `Weld` module's `ElfImage`, which says what
/// each call does.
public protocol ImageEngine: AnyObject {
  var options: ImageOptions { get }
  var counts: ImageCounts { get }
  /// Everything that can run out while the image grows passes through here; tests make it fail.
  var growth: GrowthGate { get }
  var lazyProvider: ((LazyKind, LazyKey) throws(ImageError) -> LazyContent)? { get set }

  func symbol(for declaration: Declaration) throws(ImageError) -> ImageSymbol
  func updateFunction(
    _ declaration: Declaration, name: String, code: UnsafeRawBufferPointer, alignment: UInt8,
    relocations: [DataRelocation], debug: FunctionDebugInfo?
  ) throws(ImageError) -> ImageSymbol
  func updateData(
    _ declaration: Declaration, name: String, kind: DataKind, bytes: UnsafeRawBufferPointer,
    zeroFill: UInt64, alignment: UInt8, relocations: [DataRelocation], debug: VariableDebugInfo?
  ) throws(ImageError) -> ImageSymbol
  func updateLines(_ declaration: Declaration, lines: [DebugLine]) throws(ImageError)
  func free(_ declaration: Declaration) throws(ImageError)
  func unnamedConstant(
    of declaration: Declaration, bytes: UnsafeRawBufferPointer, alignment: UInt8,
    relocations: [DataRelocation]
  ) throws(ImageError) -> ImageSymbol
  func updateExports(_ declaration: Declaration, _ exports: [Export]) throws(ImageError)
  func removeExport(_ declaration: Declaration, name: String) throws(ImageError)
  func importedSymbol(_ name: String, isWeak: Bool) throws(ImageError) -> ImageSymbol
  func offsetTableAddress(of symbol: ImageSymbol) throws(ImageError) -> UInt64
  func callSequence(to symbol: ImageSymbol) throws(ImageError) -> [UInt8]
  func address(
    of symbol: ImageSymbol, referencedFrom holder: ImageSymbol, offset: UInt64, addend: Int64
  ) throws(ImageError) -> UInt64
  func currentAddress(of symbol: ImageSymbol) -> UInt64?
  func lazySymbol(_ kind: LazyKind, _ key: LazyKey) throws(ImageError) -> ImageSymbol
  func addInput(_ input: ImageInput) throws(ImageError)
  func flush() throws(ImageError)
  func dump() -> String
  func dumpJSON() -> String
  func violations() -> [String]

  /// A process runs what the last flush wrote, and is to be changed with the image from now on. If it
  /// is the one that was changed until now, that goes on.
  ///
  /// - Parameter check: compares what the process has at an address with the bytes given.
  /// - Throws: `ImageError.Code.notSwappable` if the image cannot be swapped, has changes that were
  ///   not flushed, or the process does not run what was.
  func beginSwapping(
    with target: SwapTarget, check: (ProcessPlace, UInt64, UnsafeRawBufferPointer) -> ProcessMatch
  ) throws(ImageError)
  /// The number of the last `beginSwapping` that succeeded.
  var swapSession: UInt64 { get }
  /// What the process lacks, as of the last flush.
  func takePatches() -> ImagePatchSet
  /// The process has what `takePatches` gave: the old places may be used again once no thread is
  /// in them.
  func endSwapping()
  /// No process has to be thought of any more.
  func stopSwapping()
  /// Ranges that nothing uses any more but threads may still be in.
  var retiredRanges: [Range<UInt64>] { get }
  /// Ranges that will be so once the process has what `takePatches` gives.
  var retiringRanges: [Range<UInt64>] { get }
  /// Gives retired ranges back to placement: no thread is in them.
  func reclaim(_ ranges: [Range<UInt64>])
  /// The name of the declaration that has the byte at `address`, for messages; nil if none does.
  /// Time linear in the number of declarations.
  func name(containing address: UInt64) -> String?
}

extension ImageEngine {
  public func name(containing address: UInt64) -> String? { nil }
}

/// Which process is changed: its number may be another one's later, so what tells it apart is kept.
public struct SwapTarget: Hashable, Sendable {
  public var process: Int32
  /// Clock ticks from the system's start to its own.
  public var startTime: UInt64
  /// Its program's file.
  public var device: UInt64
  public var inode: UInt64
  public init(process: Int32, startTime: UInt64, device: UInt64, inode: UInt64) {
    self.process = process
    self.startTime = startTime
    self.device = device
    self.inode = inode
  }
}

/// Where a process is looked at.
public enum ProcessPlace: Sendable {
  /// Its memory as it is.
  case memory
  /// The file that it was started from.
  case file
}

/// What was found there.
public enum ProcessMatch: Sendable {
  case same
  case different
  /// Zeros.
  case blank
}

/// Bytes that a running process of the image needs to be as the file is.
public struct ImagePatch: Sendable {
  public enum Kind: UInt8, Sendable {
    /// Code at a place where none was before.
    case code
    /// Constants at a place where none were before.
    case constant
    /// The first value of a new variable.
    case variable
    /// A slot of the offset table: written last, all together.
    case slot
    /// An address in data that the program may have changed since: written only where the process
    /// still has `old`.
    case address
  }
  public var kind: Kind
  public var address: UInt64
  public var bytes: [UInt8]
  /// For `address` and `slot`: what the image had there before.
  public var old: [UInt8]
  /// Without `bytes`: how many zeros the process has to have there. It has them as a rule, since
  /// nothing was there before.
  public var zeroCount: UInt64
  public init(
    kind: Kind, address: UInt64, bytes: [UInt8], old: [UInt8] = [], zeroCount: UInt64 = 0
  ) {
    self.zeroCount = zeroCount
    self.kind = kind
    self.address = address
    self.bytes = bytes
    self.old = old
  }
}

/// What a flush changed.
public struct ImagePatchSet: Sendable {
  public var patches: [ImagePatch] = []
  /// Names of the declarations swapped, for messages.
  public var swapped: [String] = []
  /// Why the process cannot take this; empty if it can.
  public var refusals: [String] = []
  public init() {}
}
