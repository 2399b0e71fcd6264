// The C interface of images, processes and sessions. What each function does is said in `weld.h`:
// the functions here implement the declarations of that header, and the compiler holds their types
// to it. They do no more than to turn C's parameters into Swift's, with every check that C cannot
// make, and errors into results and messages.

public import CWeldHeader
import Glibc
import HotSwap
import Weld

@c @implementation public func weld_version() -> UnsafePointer<CChar>! {
  UnsafePointer(Version.text)
}

private enum Version {
  /// Never freed.
  nonisolated(unsafe) static let text = copied(WELD_VERSION)
}

@c @implementation public func weld_free(_ text: UnsafeMutablePointer<CChar>?) { free(text) }

@c @implementation public func weld_result_name(_ result: weld_result) -> UnsafePointer<CChar>! {
  let name: StaticString =
    switch result {
    case WELD_OK: "no error"
    case WELD_ERROR_OUT_OF_ROOM: "out of room"
    case WELD_ERROR_FILE: "file"
    case WELD_ERROR_DUPLICATE: "duplicate"
    case WELD_ERROR_UNDEFINED: "undefined"
    case WELD_ERROR_NO_ENTRY: "no entry"
    case WELD_ERROR_RANGE: "range"
    case WELD_ERROR_INVALID: "invalid"
    case WELD_ERROR_INPUTS: "inputs"
    case WELD_ERROR_NOT_SWAPPABLE: "not swappable"
    case WELD_ERROR_IN_USE: "in use"
    case WELD_ERROR_ENDED: "ended"
    case WELD_ERROR_NOT_PERMITTED: "not permitted"
    case WELD_ERROR_OTHER_PROGRAM: "other program"
    case WELD_ERROR_REFUSED: "refused"
    case WELD_ERROR_BUSY: "busy"
    case WELD_ERROR_TIME_LIMIT: "time limit"
    case WELD_ERROR_NOT_WRITTEN: "not written"
    case WELD_ERROR_NOT_UNDONE: "not undone"
    case WELD_ERROR_SYSTEM: "system"
    default: "unknown"
    }
  return UnsafeRawPointer(name.utf8Start).assumingMemoryBound(to: CChar.self)
}

/// Why a call failed.
struct Failure: Error {
  var result: weld_result
  var message: String

  init(_ result: weld_result, _ message: String) {
    self.result = result
    self.message = message
  }

  init(_ error: any Error) {
    switch error {
    case let error as Failure: self = error
    case let error as ImageError: self.init(error.code.result, error.message)
    case let error as SwapError: self.init(error.code.result, error.description)
    default: self.init(WELD_ERROR_SYSTEM, "\(error)")
    }
  }

  static func invalid(_ message: String) -> Failure { Failure(WELD_ERROR_INVALID, message) }
}

extension ImageError.Code {
  var result: weld_result {
    switch self {
    case .outOfRoom: WELD_ERROR_OUT_OF_ROOM
    case .file: WELD_ERROR_FILE
    case .duplicate: WELD_ERROR_DUPLICATE
    case .undefined: WELD_ERROR_UNDEFINED
    case .noEntry: WELD_ERROR_NO_ENTRY
    case .range: WELD_ERROR_RANGE
    case .invalid: WELD_ERROR_INVALID
    case .inputs: WELD_ERROR_INPUTS
    case .notSwappable: WELD_ERROR_NOT_SWAPPABLE
    }
  }

  /// Of what a caller's function returned; nil for what is no error of an image.
  init?(_ result: weld_result) {
    switch result {
    case WELD_ERROR_OUT_OF_ROOM: self = .outOfRoom
    case WELD_ERROR_FILE: self = .file
    case WELD_ERROR_DUPLICATE: self = .duplicate
    case WELD_ERROR_UNDEFINED: self = .undefined
    case WELD_ERROR_NO_ENTRY: self = .noEntry
    case WELD_ERROR_RANGE: self = .range
    case WELD_ERROR_INVALID: self = .invalid
    case WELD_ERROR_INPUTS: self = .inputs
    case WELD_ERROR_NOT_SWAPPABLE: self = .notSwappable
    default: return nil
    }
  }
}

extension SwapError.Code {
  var result: weld_result {
    switch self {
    case .ended: WELD_ERROR_ENDED
    case .notPermitted: WELD_ERROR_NOT_PERMITTED
    case .otherProgram: WELD_ERROR_OTHER_PROGRAM
    case .refused: WELD_ERROR_REFUSED
    case .busy: WELD_ERROR_BUSY
    case .timeLimit: WELD_ERROR_TIME_LIMIT
    case .notWritten: WELD_ERROR_NOT_WRITTEN
    case .notUndone: WELD_ERROR_NOT_UNDONE
    case .system: WELD_ERROR_SYSTEM
    }
  }
}
