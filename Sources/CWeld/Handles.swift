import CWeldHeader
import Glibc
import HotSwap
import Weld

// What C holds in its hand: pointers to objects, each counted once until C destroys it.

/// A handle, with the message of its last error.
class Handle {
  private(set) var message = copied("")
  let turn = Turn()

  deinit { free(message) }

  /// Remembers an error.
  func fail(_ error: any Error) -> weld_result {
    let failure = Failure(error)
    free(message)
    message = copied(failure.message)
    return failure.result
  }

  /// The pointer that C gets: it counts as a reference.
  func opened() -> OpaquePointer { OpaquePointer(Unmanaged.passRetained(self).toOpaque()) }

  /// What C's pointer leads to.
  static func at(_ pointer: OpaquePointer?) -> Self? {
    guard let pointer else { return nil }
    return Unmanaged<Self>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
  }

  static func close(_ pointer: OpaquePointer?) {
    guard let pointer else { return }
    Unmanaged<Self>.fromOpaque(UnsafeRawPointer(pointer)).release()
  }

  static func message(_ pointer: OpaquePointer?) -> UnsafePointer<CChar> {
    guard let handle = at(pointer) else { return constant("the handle is null: make one first") }
    guard handle.turn.isFree || handle.turn.isMine else {
      return constant("another thread is in a call with the handle")
    }
    return UnsafePointer(handle.message)
  }

  private static func constant(_ text: StaticString) -> UnsafePointer<CChar> {
    UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self)
  }

  /// A call with the handle: refused, without a message, while another thread is in one, whose message
  /// that would be.
  func call(_ body: () throws -> Void) -> weld_result {
    guard turn.take() else { return WELD_ERROR_IN_USE }
    defer { turn.giveBack() }
    do {
      try body()
      return WELD_OK
    } catch { return fail(error) }
  }
}

final class ImageHandle: Handle {
  let image: ElfImage
  let path: UnsafeMutablePointer<CChar>
  /// A lazy provider may ask the image, but not change it under the flush that has called it.
  private var isFlushing = false
  /// A provider wanted to destroy the image that it is called by.
  private var isUnwanted = false

  init(_ image: ElfImage) {
    self.image = image
    path = copied(image.options.path)
  }

  deinit { free(path) }

  /// A call that a lazy provider may make.
  static func ask(
    _ pointer: OpaquePointer?, _ body: (ElfImage) throws -> Void
  ) -> weld_result {
    guard let handle = at(pointer) else { return WELD_ERROR_INVALID }
    return handle.call { try body(handle.image) }
  }

  /// Destroys the image, unless a call with it is under way.
  static func destroy(_ pointer: OpaquePointer?) {
    guard let handle = at(pointer) else { return }
    if handle.turn.isMine { handle.isUnwanted = true }
    if handle.turn.isFree { close(pointer) }
  }

  /// Fails the flush whose provider has tried what it may not.
  static func checkProvider(_ pointer: OpaquePointer?) throws(ImageError) {
    guard let handle = at(pointer), handle.isUnwanted else { return }
    handle.isUnwanted = false
    throw ImageError(
      .invalid,
      "a provider of lazy symbols has tried to destroy the image that it was called by; it is still"
        + " there: destroy it when the flush has returned")
  }

  /// A call that a lazy provider may not make.
  static func change(
    _ pointer: OpaquePointer?, _ body: (ElfImage) throws -> Void
  ) -> weld_result {
    ask(pointer) { image in
      if at(pointer)?.isFlushing == true {
        throw Failure.invalid(
          "the image is being flushed: a provider of lazy symbols can use symbols, not change them")
      }
      try body(image)
    }
  }

  static func flush(_ pointer: OpaquePointer?) -> weld_result {
    change(pointer) { image in
      let handle = at(pointer)
      handle?.isFlushing = true
      defer { handle?.isFlushing = false }
      try image.flush()
    }
  }
}

final class ProcessHandle: Handle {
  let process: LiveProcess
  init(_ process: LiveProcess) { self.process = process }

  static func use(
    _ pointer: OpaquePointer?, _ body: (LiveProcess) throws -> Void
  ) -> weld_result {
    guard let handle = at(pointer) else { return WELD_ERROR_INVALID }
    return handle.call { try body(handle.process) }
  }
}

final class SessionHandle: Handle {
  let session: HotSwapSession
  /// What the last report points at.
  private var swapped = UnsafeMutableBufferPointer<UnsafePointer<CChar>?>(start: nil, count: 0)
  private var kept = UnsafeMutableBufferPointer<UInt64>(start: nil, count: 0)

  /// The turn with its image: a session changes what that knows of the process.
  private let image: Turn

  init(_ session: HotSwapSession, of image: Turn) {
    self.session = session
    self.image = image
  }

  deinit { forget() }

  /// Fills in what C reads of a report, and keeps the lists that it points at.
  func remember(_ report: SwapReport, in result: inout weld_swap_report) {
    forget()
    swapped = .allocate(capacity: report.swapped.count)
    _ = swapped.initialize(from: report.swapped.map { UnsafePointer(copied($0)) })
    kept = .allocate(capacity: report.kept.count)
    _ = kept.initialize(from: report.kept)
    result.swapped = UnsafePointer(swapped.baseAddress)
    result.swapped_count = swapped.count
    result.kept = UnsafePointer(kept.baseAddress)
    result.kept_count = kept.count
    result.threads = UInt64(report.threads)
    result.attempts = UInt64(report.attempts)
    result.bytes_written = UInt64(report.bytesWritten)
    result.stopped_microseconds = report.stoppedMicroseconds
    result.held_microseconds = report.heldMicroseconds
  }

  private func forget() {
    for text in swapped { free(UnsafeMutablePointer(mutating: text)) }
    swapped.deallocate()
    kept.deallocate()
  }

  static func use(
    _ pointer: OpaquePointer?, _ body: (SessionHandle) throws -> Void
  ) -> weld_result {
    guard let handle = at(pointer) else { return WELD_ERROR_INVALID }
    // What the image is called for is not to be changed from within.
    if handle.image.isMine {
      return handle.call {
        throw Failure.invalid(
          "the image of the session is being flushed: a provider of lazy symbols can't use the session"
        )
      }
    }
    guard handle.image.take() else { return WELD_ERROR_IN_USE }
    defer { handle.image.giveBack() }
    return handle.call { try body(handle) }
  }

  /// Destroys the session, unless a call with it or with its image is under way.
  static func destroy(_ pointer: OpaquePointer?) {
    guard let handle = at(pointer), handle.turn.isFree, !handle.image.isMine else { return }
    let image = handle.image
    guard image.take() else { return }
    defer { image.giveBack() }
    close(pointer)
  }
}

/// A text that C's `free` frees.
func copied(_ text: String) -> UnsafeMutablePointer<CChar> {
  guard let copy = strdup(text) else { fatalError("out of memory for a text") }
  return copy
}
