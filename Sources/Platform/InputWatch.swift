import Glibc
import Synchronization

/// The inputs that are mapped, and so could change under the linker's hands.
///
/// What is read of them twice may differ from what was checked. Loops that write keep their bounds
/// whatever they read; other reads may end in a crash, which is then told as what it is: a handler of
/// signals looks here.
public final class InputWatch: Sendable {
  private struct Entry: Sendable {
    var path: String
    var state: FileState
  }

  /// An entry for signal handlers, never freed.
  private struct Node {
    var path: UnsafeMutablePointer<CChar>?
    var state: FileState
    var next: UInt
  }

  private let entries = Mutex<[Entry]>([])
  /// The last node's address; 0 for none.
  private static let nodes = Atomic<UInt>(0)
  private static let tellsCrashes = Atomic<Bool>(false)

  public init() {}

  /// The process belongs to the linker: what is watched from here on is looked at by
  /// `tellChangedInput`.
  static func tellCrashes() { tellsCrashes.store(true, ordering: .relaxed) }

  /// Notes an input, if it is mapped.
  public func add(_ path: String, _ input: MappedInput) {
    if let state = input.state { add(path, state) }
  }

  /// Notes a file that was mapped.
  public func add(_ path: String, _ state: FileState) {
    entries.withLock { $0.append(Entry(path: path, state: state)) }
    if !Self.tellsCrashes.load(ordering: .relaxed) { return }
    let node = UnsafeMutablePointer<Node>.allocate(capacity: 1)
    node.initialize(to: Node(path: strdup(path), state: state, next: 0))
    var head = Self.nodes.load(ordering: .relaxed)
    while true {
      node.pointee.next = head
      let (done, current) = Self.nodes.compareExchange(
        expected: head, desired: UInt(bitPattern: node), ordering: .acquiringAndReleasing)
      if done { return }
      head = current
    }
  }

  /// The paths of the files that have changed, in the order in which they were noted; each is told
  /// once.
  public func takeChanged(_ pool: WorkerPool) -> [String] {
    let all = entries.withLock { entries in
      defer { entries = [] }
      return entries
    }
    if all.isEmpty { return [] }
    let grain = 64
    let found = pool.map(chunks: (all.count + grain - 1) / grain) { chunk, _ in
      all[chunk * grain..<min(all.count, (chunk + 1) * grain)].filter { entry in
        entry.path.withCString { entry.state.hasChanged(at: $0) }
      }.map(\.path)
    }
    return found.flatMap { $0 }
  }

  /// If an input has changed, says so, and ends the process with status 1. For handlers of signals
  /// that tell of a crash.
  static func tellChangedInput() {
    var address = nodes.load(ordering: .acquiring)
    while let node = UnsafePointer<Node>(bitPattern: address) {
      if let path = node.pointee.path, node.pointee.state.hasChanged(at: path) {
        put("weld: error: ")
        _ = write(2, path, strlen(path))
        put(" was changed while it was linked; link again when nobody writes to it\n")
        _exit(1)
      }
      address = node.pointee.next
    }
  }

  private static func put(_ text: StaticString) {
    _ = write(2, text.utf8Start, text.utf8CodeUnitCount)
  }
}
