import CSystem
import Glibc
import Synchronization

/// A pool of threads for one link: parallel loops with the caller taking part.
///
/// A job is opened by raising `generation`; workers join, take chunks, and leave. The caller waits
/// only for workers that joined. Bodies get the worker's number, so that they can keep worker-local
/// scratch without locks. Results must not depend on which worker did what: that is the caller's
/// contract.
///
/// Each worker has a lane of its own, an equal part of the chunks in a row, and takes chunks of other
/// lanes when it has done its own. Many loops run over the same files or symbols one after the other:
/// this way most of what a worker needs is in its processor's cache since the loop before, and not
/// in another's; and neighbors in tables that are written are written by one worker.
public final class WorkerPool: @unchecked Sendable {
  public let count: Int
  /// Loops run on the calling thread: while there is so little to do that another thread would
  /// hardly have woken up. For the thread that starts the loops to set.
  public var isHeld = false
  private var threads: [pthread_t] = []
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let wake: UnsafeMutablePointer<pthread_cond_t>
  private let idle: UnsafeMutablePointer<pthread_cond_t>
  // Guarded by `mutex`.
  private var generation = 0
  private var joined = 0
  private var isOpen = false
  private var isEnding = false
  private var nextWorker = 1
  private var body: (@Sendable (_ chunk: Int, _ worker: Int) -> Void)?
  private var chunks = 0
  /// Chunks that a worker takes at once.
  private var step = 1
  /// The next chunk of each worker's lane; a cache line each.
  private let lanes: UnsafeMutablePointer<UInt64>
  private static let laneStride = 16
  /// Threads note what they allocate where the thread that made the pool did.
  private let ledger = MemoryLedger.current
  /// A job is under way: loops started inside it run on the worker that started them.
  private let isBusy = Atomic<Bool>(false)

  /// - Parameter count: threads including the caller; 0 for one a processor.
  public init(count: Int) {
    self.count = count > 0 ? min(count, 256) : max(1, Int(weld_cpu_count()))
    mutex = .allocate(capacity: 1)
    wake = .allocate(capacity: 1)
    idle = .allocate(capacity: 1)
    lanes = .allocate(capacity: self.count * Self.laneStride)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(wake, nil)
    pthread_cond_init(idle, nil)
  }

  /// Threads hold the pool, so there are none.
  deinit {
    pthread_mutex_destroy(mutex)
    pthread_cond_destroy(wake)
    pthread_cond_destroy(idle)
    mutex.deallocate()
    wake.deallocate()
    idle.deallocate()
    lanes.deallocate()
  }

  private func startThreads() {
    for worker in 1..<count {
      var thread = pthread_t()
      let context = Unmanaged.passRetained(WorkerContext(pool: self, worker: worker)).toOpaque()
      let failed = pthread_create(
        &thread, nil,
        { raw in
          let context = Unmanaged<WorkerContext>.fromOpaque(raw!).takeRetainedValue()
          context.pool.run(worker: context.worker)
          return nil
        }, context)
      if failed != 0 { break }
      threads.append(thread)
    }
  }

  private func run(worker: Int) {
    MemoryLedger.bind(ledger)
    var seen = 0
    pthread_mutex_lock(mutex)
    while true {
      while !isEnding && (!isOpen || generation == seen) { pthread_cond_wait(wake, mutex) }
      if isEnding { break }
      seen = generation
      joined += 1
      let body = self.body!
      let chunks = self.chunks
      let step = self.step
      pthread_mutex_unlock(mutex)
      take(chunks, step, body, worker)
      pthread_mutex_lock(mutex)
      joined -= 1
      if joined == 0 { pthread_cond_signal(idle) }
    }
    pthread_mutex_unlock(mutex)
  }

  /// Ends the threads, which otherwise live until exit. No loop may be under way; one that is
  /// started later starts threads anew.
  public func shutDown() {
    pthread_mutex_lock(mutex)
    isEnding = true
    pthread_cond_broadcast(wake)
    pthread_mutex_unlock(mutex)
    for thread in threads { pthread_join(thread, nil) }
    threads = []
    isEnding = false
  }

  /// Where a worker's lane begins; that of worker `count` is the end of the last one.
  @inline(__always)
  private func laneStart(_ worker: Int, _ chunks: Int) -> Int {
    let (high, low) = worker.multipliedFullWidth(by: chunks)
    return count.dividingFullWidth((high, low)).quotient
  }

  @inline(__always)
  private func take(
    _ chunks: Int, _ step: Int, _ body: (_ chunk: Int, _ worker: Int) -> Void, _ worker: Int
  ) {
    for turn in 0..<count {
      let lane = worker + turn < count ? worker + turn : worker + turn - count
      let next = atomicView(lanes + lane * Self.laneStride)
      let end = laneStart(lane + 1, chunks)
      while true {
        // Lanes that are done are left alone: others may be looking, too.
        if turn > 0, Int(next.pointee.load(ordering: .relaxed)) >= end { break }
        let first = Int(next.pointee.wrappingAdd(UInt64(step), ordering: .relaxed).oldValue)
        if first >= end { break }
        for chunk in first..<min(end, first + step) { body(chunk, worker) }
      }
    }
  }

  /// Calls `body` once for each number below `chunks`, on all workers; returns when all are done.
  ///
  /// From inside a body it runs serially, on the calling worker.
  public func forEach(
    chunks: Int, _ body: @escaping @Sendable (_ chunk: Int, _ worker: Int) -> Void
  ) {
    if chunks <= 0 { return }
    if count == 1 || chunks == 1 || isHeld || isBusy.exchange(true, ordering: .relaxed) {
      for chunk in 0..<chunks { body(chunk, 0) }
      return
    }
    defer { isBusy.store(false, ordering: .relaxed) }
    if threads.isEmpty { startThreads() }
    pthread_mutex_lock(mutex)
    self.body = body
    self.chunks = chunks
    // Where chunks are many they are small, such as files of one function.
    let step = max(1, min(16, chunks / (count * 256)))
    self.step = step
    for lane in 0..<count {
      atomicView(lanes + lane * Self.laneStride).pointee.store(
        UInt64(laneStart(lane, chunks)), ordering: .relaxed)
    }
    generation += 1
    isOpen = true
    pthread_cond_broadcast(wake)
    pthread_mutex_unlock(mutex)
    take(chunks, step, body, 0)
    pthread_mutex_lock(mutex)
    isOpen = false
    while joined > 0 { pthread_cond_wait(idle, mutex) }
    self.body = nil
    pthread_mutex_unlock(mutex)
  }

  /// Splits `0..<count` into ranges of at least `grain` and calls `body` for each.
  public func forEachRange(
    _ total: Int, grain: Int,
    _ body: @escaping @Sendable (_ range: Range<Int>, _ worker: Int) -> Void
  ) {
    if total <= 0 { return }
    let size = max(grain, (total + count * 8 - 1) / (count * 8))
    let chunks = (total + size - 1) / size
    forEach(chunks: chunks) { chunk, worker in
      body(chunk * size..<min(total, (chunk + 1) * size), worker)
    }
  }
}

private final class WorkerContext {
  let pool: WorkerPool
  let worker: Int
  init(pool: WorkerPool, worker: Int) {
    self.pool = pool
    self.worker = worker
  }
}

/// Atomic views of plain memory, for flags and counters inside flat tables.
///
/// Safety: while one thread uses these on a word, no other may touch that word otherwise.
@inlinable
@inline(__always)
public func atomicView(_ p: UnsafeMutablePointer<UInt64>) -> UnsafeMutablePointer<Atomic<UInt64>> {
  UnsafeMutableRawPointer(p).assumingMemoryBound(to: Atomic<UInt64>.self)
}

/// The atomic view of a word that other threads change; the memory outlives the use.
@inlinable
@inline(__always)
public func atomicView(_ p: UnsafeMutablePointer<UInt32>) -> UnsafeMutablePointer<Atomic<UInt32>> {
  UnsafeMutableRawPointer(p).assumingMemoryBound(to: Atomic<UInt32>.self)
}

/// Sets bits, testing first: an uncontended load is a seventh of a locked operation.
@inlinable
@inline(__always)
@discardableResult
public func atomicOr(_ p: UnsafeMutablePointer<UInt32>, _ bits: UInt32) -> UInt32 {
  let cell = atomicView(p)
  let old = cell.pointee.load(ordering: .relaxed)
  if old & bits == bits { return old }
  return cell.pointee.bitwiseOr(bits, ordering: .relaxed).oldValue
}

/// Lowers the word to `value` if that is smaller.
@inlinable
@inline(__always)
public func atomicMin(_ p: UnsafeMutablePointer<UInt64>, _ value: UInt64) {
  let cell = atomicView(p)
  var old = cell.pointee.load(ordering: .relaxed)
  while value < old {
    let (done, current) = cell.pointee.weakCompareExchange(
      expected: old, desired: value, ordering: .relaxed)
    if done { return }
    old = current
  }
}

extension WorkerPool {
  /// The results of `body` for each number below `chunks`, in order.
  @inlinable
  public func map<R: Sendable>(
    chunks: Int, _ body: @escaping @Sendable (_ chunk: Int, _ worker: Int) -> R
  ) -> [R] {
    if chunks <= 0 { return [] }
    return [R](unsafeUninitializedCapacity: chunks) { buffer, count in
      nonisolated(unsafe) let results = buffer.baseAddress!
      forEach(chunks: chunks) { chunk, worker in
        (results + chunk).initialize(to: body(chunk, worker))
      }
      count = chunks
    }
  }
}

/// Raises the word to `value` if that is larger.
@inlinable
@inline(__always)
public func atomicMax(_ p: UnsafeMutablePointer<UInt64>, _ value: UInt64) {
  let cell = atomicView(p)
  var old = cell.pointee.load(ordering: .relaxed)
  while value > old {
    let (done, current) = cell.pointee.weakCompareExchange(
      expected: old, desired: value, ordering: .relaxed)
    if done { return }
    old = current
  }
}
