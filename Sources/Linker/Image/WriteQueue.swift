import Glibc
import Platform

/// Writes that workers hand over to each other.
///
/// The system lets one thread at a time write to a file; others that want to spin, and writing is a
/// third of what making an output costs. So a worker that finds another one writing leaves its bytes
/// behind and goes on; who writes goes on with what was left, until there is nothing. Buffers go
/// round. When all of them wait to be written, workers wait, too.
final class WriteQueue: @unchecked Sendable {
  /// Bytes and their place in the file.
  struct Part {
    var bytes: UnsafeRawBufferPointer
    var offset: Int
  }

  private struct Batch {
    var parts: [Part]
    var buffer: WriteBuffer?
  }

  private let file: OutputFile
  private let limit: Int
  private let mutex: UnsafeMutablePointer<pthread_mutex_t>
  private let returned: UnsafeMutablePointer<pthread_cond_t>
  // Guarded by `mutex`.
  private var free: [WriteBuffer] = []
  private var made = 0
  private var pending: [Batch] = []
  private var isWriting = false
  private var firstFailure: Errno?

  /// - Parameter workers: threads that fill buffers; there are two buffers for each.
  init(file: OutputFile, workers: Int) {
    self.file = file
    limit = workers * 2
    mutex = .allocate(capacity: 1)
    returned = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
    pthread_cond_init(returned, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    pthread_cond_destroy(returned)
    mutex.deallocate()
    returned.deallocate()
  }

  /// What went wrong first; when all workers are done.
  var failure: Errno? { firstFailure }

  /// A buffer to fill, the one that was used last if there is a choice.
  func takeBuffer() -> WriteBuffer {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    while true {
      if let buffer = free.popLast() { return buffer }
      if made < limit {
        made += 1
        return WriteBuffer()
      }
      pthread_cond_wait(returned, mutex)
    }
  }

  /// Has `parts` written, by this thread or by one that is writing.
  ///
  /// - Parameter buffer: where their bytes are, if they are in a buffer.
  func write(_ parts: [Part], in buffer: WriteBuffer?) {
    pthread_mutex_lock(mutex)
    pending.append(Batch(parts: parts, buffer: buffer))
    if isWriting {
      pthread_mutex_unlock(mutex)
      return
    }
    isWriting = true
    while !pending.isEmpty {
      let batches = pending
      pending = []
      pthread_mutex_unlock(mutex)
      for batch in batches { write(batch) }
      pthread_mutex_lock(mutex)
    }
    isWriting = false
    pthread_mutex_unlock(mutex)
  }

  private func write(_ batch: Batch) {
    var failure: Errno?
    for part in batch.parts where part.bytes.count > 0 {
      do throws(Errno) {
        try file.write(part.bytes, at: part.offset)
      } catch {
        failure = failure ?? error
      }
    }
    if failure == nil && batch.buffer == nil { return }
    pthread_mutex_lock(mutex)
    firstFailure = firstFailure ?? failure
    if let buffer = batch.buffer {
      free.append(buffer)
      pthread_cond_signal(returned)
    }
    pthread_mutex_unlock(mutex)
  }
}

/// Room for a part of the output in the making, which stays in the cache from chunk to chunk.
final class WriteBuffer: @unchecked Sendable {
  private var start: UnsafeMutableRawPointer?
  private var size = 0

  /// Bytes before and after the room, that a relocation at its ends may touch: none that is as it
  /// was when it was checked does.
  private static let margin = 64

  func room(_ bytes: Int) -> UnsafeMutableRawPointer {
    let wanted = bytes + 2 * Self.margin
    if wanted > size || start == nil {
      if let start { releaseAddressSpace(start, bytes: size) }
      size = max(wanted, 1 << 20)
      start = reserveAddressSpace(bytes: size)
    }
    return start! + Self.margin
  }
}
