import ELFFormat
import Platform

/// What a link of an image's other inputs is to do: the code module's side of it.
///
/// To the other inputs the code module is one more object: it defines its exports, at addresses that
/// the module chose, and it refers to its imports. Everything else is the batch engine's.
struct ForeignLinkRequest: Sendable {
  var machine: ImageMachine
  /// The image's path, for messages.
  var path: String
  /// The symbol at which the program starts.
  var entry: String
  var settings: ImageInputs
  /// In the order in which a command line would name them.
  var inputs: [ImageInput]
  var exports: [ForeignExport] = []
  var imports: [ForeignImport] = []
  /// Where the imports' slots lie: a range of whole pages that nothing else uses.
  var slotAddress: UInt64 = 0
  /// Words in that range, used or not; 0 for none.
  var slotCount = 0
  /// Bytes for the module's thread-local variables; 0 for none.
  var threadLocalReserve: UInt64 = 0
  /// log2 of the alignment in bytes of that room.
  var threadLocalAlignment: UInt8 = 6
  /// Where the link's own sections begin; nil for the machine's choice.
  var imageBase: UInt64?
  /// One past the highest address that the link's own sections may reach, the slots apart: the
  /// module's lie there.
  var addressLimit: UInt64
  /// Program headers for which there is to be room behind the link's own.
  var spareProgramHeaders = 8
  /// Names whose addresses the result tells, without their being referred to.
  var wantedNames: [String] = []

  init(
    machine: ImageMachine, path: String, entry: String, settings: ImageInputs,
    inputs: [ImageInput], addressLimit: UInt64
  ) {
    self.machine = machine
    self.path = path
    self.entry = entry
    self.settings = settings
    self.inputs = inputs
    self.addressLimit = addressLimit
  }
}

/// A name that the code module defines.
struct ForeignExport: Hashable, Sendable {
  enum Kind: UInt8, Sendable {
    case function
    case object
    /// `address` is an offset in the room for the module's thread-local variables.
    case threadLocal
  }
  var name: String
  var kind: Kind
  var address: UInt64
  /// Bytes.
  var size: UInt64
  /// `.local` ones are not seen by the other inputs, and have no place here.
  var binding: Export.Binding = .strong
  var visibility: Export.Visibility = .default
}

/// A name that the code module refers to and does not define.
struct ForeignImport: Hashable, Sendable {
  var name: String
  /// Zero if nothing defines it.
  var isWeak = false
  /// The word of the slot table that holds its address, or for a thread-local variable what to add
  /// to the thread pointer; nil for none.
  var slot: Int?
  /// The slot holds the offset of a thread-local variable from the thread pointer.
  var isThreadLocal = false
  /// The module writes its address into its initialised data, so it has to be known now: a function
  /// of a shared library is then known by a stub in the program, a variable is copied into it. Not
  /// for thread-local variables, which have an address in each thread.
  var needsAddress = false
}

/// Links an image's other inputs with the code module's names.
///
/// The link is an ordinary one in which the code module is one object more (`ModuleObject`), and
/// whose output stays in memory. Nothing of it is left when it is over but the result.
enum ForeignLink {
  /// What messages call the code module.
  static let moduleName = "the compiler's code"

  /// - Throws: `ImageError` with `.inputs` and every message of the link, a line each; `.invalid`
  ///   for a machine whose objects cannot be linked yet; `.noEntry` if nothing defines the entry.
  static func link(_ request: ForeignLinkRequest) throws(ImageError) -> ForeignImage {
    guard let target = Link.target(of: request.machine) else {
      throw ImageError(
        .invalid,
        "objects, archives and libraries for \(request.machine.rawValue) cannot be linked into an"
          + " image yet; leave them out, or build for a machine that they can be linked for: "
          + Link.imageMachines.map(\.rawValue).joined(separator: ", "))
    }
    return try link(target, request)
  }

  private static func link<T: Target>(
    _: T.Type, _ request: ForeignLinkRequest
  ) throws(ImageError) -> ForeignImage {
    if request.slotCount > 0, request.slotAddress % T.maximumPageSize != 0 {
      throw ImageError(
        .invalid,
        "the slots of imports at 0x\(String(request.slotAddress, radix: 16)) do not begin with a"
          + " page of \(T.maximumPageSize) bytes")
    }
    for wanted in request.imports {
      guard let slot = wanted.slot, slot < 0 || slot >= request.slotCount else { continue }
      throw ImageError(
        .invalid,
        "import '\(wanted.name)' has slot \(slot), but there are only \(request.slotCount)")
    }
    let object = ModuleObject<T>.bytes(for: request)
    let bytes = object.withUnsafeBytes { ByteString($0) }
    defer { withExtendedLifetime(object) {} }
    let options = try LinkOptions(T.self, request, module: bytes)
    let diagnostics = Diagnostics(options: options)
    let output = OutputBytes()
    let image: ForeignImage?
    do {
      image = try Link.runAndRelease(options, diagnostics: diagnostics, output: output) {
        $0.laidOut.entryIsDefined ? $0.laidOut.foreignImage(T.self, request, output) : nil
      }
    } catch {
      let errors = diagnostics.take().filter { $0.severity == .error }.map(\.text)
      throw ImageError(
        .inputs,
        errors.isEmpty
          ? "\(request.path): linking its inputs failed" : errors.joined(separator: "\n"))
    }
    guard var image else {
      throw ImageError(
        .noEntry,
        "nothing defines '\(options.entry ?? request.entry)', at which \(request.path) is to start;"
          + " export it, or add an object that defines it")
    }
    image.warnings = diagnostics.take().map(\.text)
    return image
  }
}

extension LinkOptions {
  /// The command line, so to speak, of an image's other inputs.
  fileprivate init<T: Target>(
    _: T.Type, _ request: ForeignLinkRequest, module: ByteString
  ) throws(ImageError) {
    self.init()
    outputPath = request.path
    isStatic = request.settings.isStatic
    var state = InputState()
    var around: FoundStartupFiles?
    var asked = request.settings.startup
    for case .startupFiles(let system, let mode) in request.inputs {
      asked = .c(os: system, mode: mode)
    }
    if case .c(let system, let mode) = asked {
      if !mode.isAtFixedAddress {
        throw ImageError(
          .invalid,
          "an image is a program at fixed addresses: start-up files for '\(mode.rawValue)' do not"
            + " fit it; use 'dynamic' or 'static'")
      }
      isStatic = isStatic || mode == .static
      around = try StartupFiles.recipe(system, isStatic ? .static : mode).find(
        machine: request.machine, directories: request.settings.libraryDirectories)
    }
    state.isStatic = isStatic

    func add(_ kind: InputKind, _ state: InputState) { inputs.append(Input(kind, state)) }
    for path in around?.beginning ?? [] { add(.path(path), state) }
    memoryFiles[ModuleObject<T>.name] = module
    var unlisted = state
    unlisted.isUnlisted = true
    add(.path(ModuleObject<T>.name), unlisted)
    for input in request.inputs {
      switch input {
      case .object(let path), .archive(let path), .sharedLibrary(let path):
        add(.path(path), state)
      case .library(let name): add(.library(name), state)
      case .startupFiles: break
      }
    }
    for library in around?.libraries ?? [] {
      var state = state
      state.asNeeded = library.isAsNeeded
      add(.library(library.name), state)
    }
    for path in around?.end ?? [] { add(.path(path), state) }
    libraryPaths = request.settings.libraryDirectories + (around?.libraryDirectories ?? [])
    noStandardLibraries = around?.isAloneInSearch ?? false
    dynamicLinker = isStatic ? nil : around?.interpreter
    // `_start` is the custom; a system may call its start-up code otherwise.
    entry = request.entry == "_start" ? around?.entry ?? request.entry : request.entry

    if request.slotCount > 0 {
      detachedSections = [(ModuleObject<T>.slotSection, request.slotAddress)]
    }
    imageBase = request.imageBase
    addressLimit = request.addressLimit
    spareProgramHeaders = request.spareProgramHeaders
    ehFrameHeader = true
    hashStyle = .gnu
    // Everything is told at once: there is nobody to run the build again for.
    errorLimit = 0
    color = false
  }
}
