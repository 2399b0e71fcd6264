import ELFFormat
import Platform
import ScriptParsing

/// What the command line named: files, and which of them are in the link.
///
/// Made by opening and reading inputs; whoever adds files changes it.
struct Inputs {
  let objects = Table<FileIndex, ObjectFile>(capacity: 1 << 22, of: "objects")
  let libraries = Table<LibraryIndex, SharedLibrary>(capacity: 1 << 16, of: "shared libraries")
  let providers = Table<ProviderIndex, Provider>(capacity: 1 << 24, of: "archive members")
  /// DT_NEEDED names of all libraries.
  var neededNames: [ByteString] = []
  var indirectLibraries = IndirectLibraries()
  var scriptCommands: [PlacedCommand] = []
  /// Some object or archive names a version (`foo@V`), so that a name alone does not tell who is
  /// meant.
  var hasVersionedNames = false
  /// Live objects in the order of the command line; index 0 is the linker's own file.
  var liveObjects: [FileIndex] = []
  var isDynamic = false
}

/// Reads the inputs.
protocol ReadsInputs: Sendable {
  var inputStage: Reading<Inputs> { get }
}

/// Changes the inputs.
protocol ChangesInputs: ReadsInputs {
  var changingInputs: Changing<Inputs> { get }
}

extension ChangesInputs {
  @inline(__always) var inputStage: Reading<Inputs> { changingInputs.reading }
  @inline(__always) var inputs: Inputs {
    @inline(__always) _read { yield changingInputs.value }
    @inline(__always) nonmutating _modify { yield &changingInputs.value }
  }
}

extension ReadsInputs {
  @inline(__always) var inputs: Inputs {
    @inline(__always) _read { yield inputStage.value }
  }
  @inline(__always) var objects: Table<FileIndex, ObjectFile> { inputStage.value.objects }
  @inline(__always) var libraries: Table<LibraryIndex, SharedLibrary> { inputStage.value.libraries }
  @inline(__always) var providers: Table<ProviderIndex, Provider> { inputStage.value.providers }
  @inline(__always) var neededNames: [ByteString] { inputStage.value.neededNames }
  @inline(__always) var indirectLibraries: IndirectLibraries { inputStage.value.indirectLibraries }
  @inline(__always) var scriptCommands: [PlacedCommand] {
    inputStage.value.scriptCommands
  }
  @inline(__always) var hasVersionedNames: Bool { inputStage.value.hasVersionedNames }
  @inline(__always) var liveObjects: [FileIndex] { inputStage.value.liveObjects }
  @inline(__always) var isDynamic: Bool { inputStage.value.isDynamic }

  /// The live object at a place in the order of inputs; the linker's own file has place 0.
  func liveFile(order: UInt32) -> FileIndex {
    liveObjects[liveObjects.dropLast().partitioningIndex { objects[$0].order >= order }]
  }
}
