public import CWeldHeader
import HotSwap
import Weld

// Running processes, and bringing changes into them.

/// What an options structure says of attaching.
private struct Attachment {
  var program: ProgramIdentity?
  var limits = SwapLimits()

  init(_ pointer: UnsafePointer<weld_process_options>?) throws {
    guard pointer != nil else { return }
    let options = try structure(pointer, "the options of a process")
    if let path = options.program {
      program = try ProgramIdentity(path: try text(path, "the path of the program"))
    }
    if options.attempts != 0 { limits.attempts = Int(options.attempts) }
    if options.stop_microseconds != 0 { limits.stopMicroseconds = Int(options.stop_microseconds) }
  }
}

@c @implementation public func weld_process_launch(
  _ path: UnsafePointer<CChar>?, _ arguments: UnsafePointer<UnsafePointer<CChar>?>?,
  _ environment: UnsafePointer<UnsafePointer<CChar>?>?,
  _ options: UnsafePointer<weld_process_options>?,
  _ process: UnsafeMutablePointer<OpaquePointer?>?,
  _ message: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> weld_result {
  open(process, message) {
    let path = try text(path, "the path of the program")
    let attachment = try Attachment(options)
    return ProcessHandle(
      try LiveProcess.launch(
        path, arguments: try arguments.map { try texts($0, "an argument") } ?? [path],
        environment: try environment.map { try texts($0, "a variable of the environment") },
        program: attachment.program, limits: attachment.limits))
  }
}

@c @implementation public func weld_process_attach(
  _ id: Int32, _ options: UnsafePointer<weld_process_options>?,
  _ process: UnsafeMutablePointer<OpaquePointer?>?,
  _ message: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> weld_result {
  open(process, message) {
    let attachment = try Attachment(options)
    return ProcessHandle(
      try LiveProcess(
        attachingTo: id, program: attachment.program, limits: attachment.limits))
  }
}

@c @implementation public func weld_process_destroy(_ process: OpaquePointer?) {
  guard let handle = ProcessHandle.at(process), handle.turn.isFree else { return }
  handle.process.detach()
  ProcessHandle.close(process)
}

@c @implementation public func weld_process_error_message(
  _ process: OpaquePointer?
) -> UnsafePointer<CChar>! {
  ProcessHandle.message(process)
}

@c @implementation public func weld_process_id(_ process: OpaquePointer?) -> Int32 {
  ProcessHandle.at(process)?.process.id ?? 0
}

@c @implementation public func weld_process_send_signal(
  _ process: OpaquePointer?, _ signal: Int32
) -> weld_result {
  ProcessHandle.use(process) { try $0.send(signal: signal) }
}

@c @implementation public func weld_process_wait(
  _ process: OpaquePointer?, _ state: UnsafeMutablePointer<weld_process_state>?,
  _ value: UnsafeMutablePointer<Int32>?
) -> weld_result {
  ProcessHandle.use(process) { store($0.waitForExit(), state, value) }
}

@c @implementation public func weld_process_poll(
  _ process: OpaquePointer?, _ state: UnsafeMutablePointer<weld_process_state>?,
  _ value: UnsafeMutablePointer<Int32>?
) -> weld_result {
  ProcessHandle.use(process) { store($0.exitIfAny(), state, value) }
}

private func store(
  _ end: ProcessEnd?, _ state: UnsafeMutablePointer<weld_process_state>?,
  _ value: UnsafeMutablePointer<Int32>?
) {
  let (kind, number): (weld_process_state, Int32) =
    switch end {
    case nil: (WELD_PROCESS_RUNNING, 0)
    case .exited(let status): (WELD_PROCESS_EXITED, status)
    case .killed(let signal): (WELD_PROCESS_KILLED, signal)
    case .unknown: (WELD_PROCESS_ENDED, 0)
    }
  state?.pointee = kind
  value?.pointee = number
}

// MARK: Sessions

@c @implementation public func weld_image_begin_session(
  _ image: OpaquePointer?, _ process: OpaquePointer?,
  _ session: UnsafeMutablePointer<OpaquePointer?>?
) -> weld_result {
  guard let handle = ImageHandle.at(image) else { return WELD_ERROR_INVALID }
  return ImageHandle.change(image) { image in
    let result = try place(session, "the session")
    guard let process = ProcessHandle.at(process) else {
      throw Failure.invalid("the process is null: launch one, or attach to one")
    }
    result.pointee = SessionHandle(
      try image.hotSwapSession(with: process.process), of: handle.turn
    ).opened()
  }
}

@c @implementation public func weld_session_destroy(_ session: OpaquePointer?) {
  SessionHandle.destroy(session)
}

@c @implementation public func weld_session_error_message(
  _ session: OpaquePointer?
) -> UnsafePointer<CChar>! {
  SessionHandle.message(session)
}

@c @implementation public func weld_session_set_reclaims(
  _ session: OpaquePointer?, _ reclaims: UInt8
) -> weld_result {
  SessionHandle.use(session) { $0.session.reclaimsAfterSwaps = reclaims != 0 }
}

@c @implementation public func weld_session_preflight(
  _ session: OpaquePointer?, _ reasons: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?
) -> weld_result {
  SessionHandle.use(session) { handle in
    let result = try place(reasons, "the text")
    try storeLines(try handle.session.preflight(), in: result)
  }
}

@c @implementation public func weld_session_swap(
  _ session: OpaquePointer?, _ report: UnsafeMutablePointer<weld_swap_report>?
) -> weld_result {
  SessionHandle.use(session) { handle in
    let output = try report.map { try checkOutput($0, "the report of a swap") }
    let result = try handle.session.swap()
    if let output { handle.remember(result, in: &output.pointee) }
  }
}

@c @implementation public func weld_session_collect(
  _ session: OpaquePointer?, _ includes_memory: UInt8, _ count: UnsafeMutablePointer<UInt64>?
) -> weld_result {
  SessionHandle.use(session) { handle in
    let ranges = try handle.session.collect(includingMemory: includes_memory != 0)
    count?.pointee = ranges.reduce(0) { $0 + UInt64($1.count) }
  }
}
