import Glibc
import Synchronization

/// What a file was like when it was mapped: enough to tell whether it was written to, or replaced,
/// since.
public struct FileIdentity: BitwiseCopyable, Sendable {
  private var device: UInt
  private var inode: UInt
  private var size: Int
  /// When its bytes changed.
  private var modified: (seconds: Int, nanoseconds: Int)
  /// When anything about it changed.
  private var touched: (seconds: Int, nanoseconds: Int)

  init(_ status: stat) {
    device = UInt(status.st_dev)
    inode = UInt(status.st_ino)
    size = Int(status.st_size)
    modified = (status.st_mtim.tv_sec, status.st_mtim.tv_nsec)
    touched = (status.st_ctim.tv_sec, status.st_ctim.tv_nsec)
  }

  /// Whether another file is at `path` by now, or the same one with other bytes. Where there is
  /// nothing, nobody has written anything: temporary files go when nobody needs their names.
  ///
  /// Some file systems give a file another number each time; what was replaced has another time, too.
  /// A signal handler may call this.
  public func hasChanged(at path: UnsafePointer<CChar>) -> Bool {
    var status = stat()
    if stat(path, &status) != 0 { return false }
    let now = FileIdentity(status)
    if now.size != size || now.modified != modified { return true }
    return (now.device, now.inode) != (device, inode) && now.touched != touched
  }
}

/// The inputs that are mapped, and so could change under the linker's hands.
///
/// What is read of them twice may differ from what was checked. Loops that write keep their bounds
/// whatever they read; other reads may end in a crash, which is then told as what it is: a handler of
/// signals looks here.
public final class InputWatch: Sendable {
  private struct Entry: Sendable {
    var path: String
    var identity: FileIdentity
  }

  /// An entry for signal handlers, never freed.
  private struct Node {
    var path: UnsafeMutablePointer<CChar>?
    var identity: FileIdentity
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

  /// Notes a file that was mapped.
  public func add(_ path: String, _ identity: FileIdentity) {
    entries.withLock { $0.append(Entry(path: path, identity: identity)) }
    if !Self.tellsCrashes.load(ordering: .relaxed) { return }
    let node = UnsafeMutablePointer<Node>.allocate(capacity: 1)
    node.initialize(to: Node(path: strdup(path), identity: identity, next: 0))
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
        entry.path.withCString { entry.identity.hasChanged(at: $0) }
      }.map(\.path)
    }
    return found.flatMap { $0 }
  }

  /// If an input has changed, says so, and ends the process with status 1. For handlers of signals
  /// that tell of a crash.
  static func tellChangedInput() {
    var address = nodes.load(ordering: .acquiring)
    while let node = UnsafePointer<Node>(bitPattern: address) {
      if let path = node.pointee.path, node.pointee.identity.hasChanged(at: path) {
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
