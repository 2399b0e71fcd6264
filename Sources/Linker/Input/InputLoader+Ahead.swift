import Platform

/// Files of the command line that were opened before their turn.
///
/// What an input means depends on those before it, so inputs are taken in their order; but opening
/// is most of what a small one costs, and what a path names does not depend on anything. What is out
/// of the ordinary is left to its turn: errors are told there, and pipes are read there, as one
/// writer may feed several of them.
struct FilesAhead {
  /// An input's file.
  struct File: BitwiseCopyable {
    enum Kind: UInt8, BitwiseCopyable {
      /// It was not opened, or could not be.
      case none
      /// What `ObjectReader` may read: `name` is the path.
      case object
      case contents
      case stream
    }
    var kind: Kind
    var descriptor: Int32
    var bytes: ByteString
    var name: ByteString

    static var none: File { File(kind: .none, descriptor: -1, bytes: "", name: "") }

    var opened: MappedInput.Opened? {
      switch kind {
      case .none: nil
      case .object, .contents:
        .contents(MappedInput(memory: UnsafeRawBufferPointer(bytes.buffer)))
      case .stream: .stream(FileDescriptor(raw: descriptor))
      }
    }
  }

  private let files: UnsafeMutablePointer<File>?
  /// The inputs whose files are mapped.
  let mapped: [(input: Int, state: FileState)]

  /// Opens the paths among `inputs` in parallel, if there are many.
  init(_ inputs: [LinkOptions.Input], memoryFiles: [String: ByteString], pool: WorkerPool) {
    let grain = 32
    guard inputs.count > 2 * grain else {
      files = nil
      mapped = []
      return
    }
    nonisolated(unsafe) let files = UnsafeMutablePointer<File>.allocate(capacity: inputs.count)
    nonisolated(unsafe) let arenas = UnsafeMutablePointer<InputArena?>.allocate(
      capacity: pool.count)
    arenas.initialize(
      repeating: InputArena(expectsMuch: inputs.count / pool.count > 4000), count: pool.count)
    nonisolated(unsafe) let neighbors = UnsafeMutablePointer<NearbyFiles>.allocate(
      capacity: pool.count)
    neighbors.initialize(repeating: NearbyFiles(), count: pool.count)
    let found = pool.map(chunks: (inputs.count + grain - 1) / grain) { chunk, worker in
      var mapped: [(input: Int, state: FileState)] = []
      for i in chunk * grain..<min(inputs.count, (chunk + 1) * grain) {
        (files + i).initialize(to: .none)
        guard case .path(let path) = inputs[i].kind else { continue }
        if !memoryFiles.isEmpty, memoryFiles[path] != nil { continue }
        guard
          let file = try? Self.open(
            path, among: &neighbors[worker], arena: &arenas[worker])
        else { continue }
        files[i] = file.file
        if let state = file.state { mapped.append((i, state)) }
      }
      return mapped
    }
    mapped = found.flatMap { $0 }
    arenas.deallocate()
    for worker in 0..<pool.count { neighbors[worker].close() }
    neighbors.deinitialize(count: pool.count).deallocate()
    self.files = files
  }

  private static func open(
    _ path: String, among neighbors: inout NearbyFiles, arena: inout InputArena?
  ) throws(Errno) -> (file: File, state: FileState?) {
    let input: MappedInput
    switch try MappedInput.open(path, among: &neighbors, arena: &arena) {
    case .contents(let contents): input = contents
    case .stream(let descriptor):
      return (File(kind: .stream, descriptor: descriptor.raw, bytes: "", name: ""), nil)
    }
    var file = File(kind: .contents, descriptor: -1, bytes: ByteString(input.bytes), name: "")
    if InputLoader.isObject(file.bytes) {
      var path = path
      if let name = path.withUTF8({ try? arena?.copy(ByteString(UnsafeRawBufferPointer($0))) }) {
        file.kind = .object
        file.name = name
      }
    }
    return (file, input.state)
  }

  /// The input's file.
  @inline(__always)
  subscript(index: Int) -> File { files?[index] ?? .none }

  /// Safety: nobody asks for a file afterwards.
  func deallocate() { files?.deallocate() }
}
