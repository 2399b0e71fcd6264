import Platform

/// Files of the command line that were opened before their turn.
///
/// What an input means depends on those before it, so inputs are taken in their order; but opening
/// is most of what a small one costs, and what a path names does not depend on anything. What is out
/// of the ordinary is left to its turn: errors are told there, and pipes are read there, as one
/// writer may feed several of them.
struct FilesAhead {
  private let files: UnsafeMutablePointer<MappedInput.Opened?>?

  /// Opens the paths among `inputs` in parallel, if there are many.
  init(_ inputs: [LinkOptions.Input], memoryFiles: [String: ByteString], pool: WorkerPool) {
    let grain = 32
    guard inputs.count > 2 * grain else {
      files = nil
      return
    }
    nonisolated(unsafe) let files = UnsafeMutablePointer<MappedInput.Opened?>.allocate(
      capacity: inputs.count)
    nonisolated(unsafe) let arenas = UnsafeMutablePointer<InputArena?>.allocate(
      capacity: pool.count)
    arenas.initialize(repeating: InputArena(), count: pool.count)
    nonisolated(unsafe) let neighbors = UnsafeMutablePointer<NearbyFiles>.allocate(
      capacity: pool.count)
    neighbors.initialize(repeating: NearbyFiles(), count: pool.count)
    pool.forEach(chunks: (inputs.count + grain - 1) / grain) { chunk, worker in
      for i in chunk * grain..<min(inputs.count, (chunk + 1) * grain) {
        (files + i).initialize(to: nil)
        guard case .path(let path) = inputs[i].kind else { continue }
        if !memoryFiles.isEmpty, memoryFiles[path] != nil { continue }
        files[i] = try? MappedInput.open(
          path, among: &neighbors[worker], arena: &arenas[worker])
      }
    }
    arenas.deallocate()
    for worker in 0..<pool.count { neighbors[worker].close() }
    neighbors.deinitialize(count: pool.count).deallocate()
    self.files = files
  }

  /// The input's file; nil if it was not opened or could not be.
  subscript(index: Int) -> MappedInput.Opened? { files?[index] }

  /// Safety: nobody asks for a file afterwards.
  func deallocate() { files?.deallocate() }
}
