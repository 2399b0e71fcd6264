import ELFFormat
import Platform
import ScriptParsing

/// What the command line named: files, and which of them are in the link.
///
/// Made by opening and reading inputs; whoever adds files changes it.
struct Inputs: @unchecked Sendable {
  let objects = Table<FileIndex, ObjectFile>(capacity: 1 << 22, of: "objects")
  let libraries = Table<LibraryIndex, SharedLibrary>(capacity: 1 << 16, of: "shared libraries")
  let providers = Table<ProviderIndex, Provider>(capacity: 1 << 24, of: "archive members")
  /// DT_NEEDED names of all libraries.
  var neededNames: [ByteString] = []
  var indirectLibraries = IndirectLibraries()
  var scriptCommands: [(command: ScriptCommand, path: String)] = []
  /// Some object or archive names a version (`foo@V`), so that a name alone does not tell who is
  /// meant.
  var hasVersionedNames = false
  /// Live objects in the order of the command line; index 0 is the linker's own file.
  var liveObjects: [FileIndex] = []
  var isDynamic = false
}

/// Reads the inputs.
protocol ReadsInputs: Sendable {
  var inputs: Inputs { get }
}

extension ReadsInputs {
  @inline(__always) var objects: Table<FileIndex, ObjectFile> { inputs.objects }
  @inline(__always) var libraries: Table<LibraryIndex, SharedLibrary> { inputs.libraries }
  @inline(__always) var providers: Table<ProviderIndex, Provider> { inputs.providers }
  @inline(__always) var neededNames: [ByteString] { inputs.neededNames }
  @inline(__always) var indirectLibraries: IndirectLibraries { inputs.indirectLibraries }
  @inline(__always) var scriptCommands: [(command: ScriptCommand, path: String)] {
    inputs.scriptCommands
  }
  @inline(__always) var hasVersionedNames: Bool { inputs.hasVersionedNames }
  @inline(__always) var liveObjects: [FileIndex] { inputs.liveObjects }
  @inline(__always) var isDynamic: Bool { inputs.isDynamic }

  /// The live object at a place in the order of inputs; the linker's own file has place 0.
  func liveFile(order: UInt32) -> FileIndex {
    var low = 0
    var high = liveObjects.count - 1
    while low < high {
      let middle = (low + high) / 2
      if objects[liveObjects[middle]].order < order { low = middle + 1 } else { high = middle }
    }
    return liveObjects[low]
  }
}
