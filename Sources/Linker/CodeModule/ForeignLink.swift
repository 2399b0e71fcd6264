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
  /// of a shared library is then known by a stub in the program, a variable is copied into it.
  var needsAddress = false
}

/// Links an image's other inputs with the code module's names.
enum ForeignLink {
  /// - Throws: `ImageError` with `.inputs` and every message of the link, a line each; `.invalid`
  ///   for a machine whose objects cannot be linked yet; `.noEntry` if nothing defines the entry.
  static func link(_ request: ForeignLinkRequest) throws(ImageError) -> ForeignImage {
    throw ImageError(.invalid, "")
  }
}
