import Glibc
import Platform
import Synchronization

/// Collects what there is to say about the inputs; says it in input order.
///
/// Workers report with a key (file order, then place), so that the text does not depend on who was
/// first. Nothing is printed before `flush`, except traces.
public final class Diagnostics: Sendable {
  public enum Severity: Sendable { case error, warning }
  struct Message: Sendable {
    var key: UInt64
    var serial: Int
    var severity: Severity
    var text: String
  }
  private struct State: Sendable {
    var messages: [Message] = []
    var serial = 0
    var errors = 0
  }
  private let state = Mutex(State())
  private let fatalWarnings: Bool
  private let suppressesWarnings: Bool
  private let errorLimit: Int
  private let color: Bool
  private let program: String
  private let output: FileDescriptor

  /// - Parameter output: where messages are said.
  public init(
    options: LinkOptions, program: String = "weld", output: FileDescriptor = .standardError
  ) {
    self.output = output
    fatalWarnings = options.fatalWarnings
    suppressesWarnings = options.suppressesWarnings
    errorLimit = options.errorLimit
    color = options.color ?? (isatty(2) == 1)
    self.program = program
  }

  /// - Parameter key: messages are said in the order of their keys, then of their coming.
  public func error(_ text: String, key: UInt64 = 0) { add(.error, text, key) }

  public func warning(_ text: String, key: UInt64 = 0) {
    if fatalWarnings {
      add(.error, text, key)
    } else if !suppressesWarnings {
      add(.warning, text, key)
    }
  }

  private func add(_ severity: Severity, _ text: String, _ key: UInt64) {
    state.withLock { state in
      if severity == .error { state.errors += 1 }
      // A hostile input may have millions; what is beyond any limit is only counted.
      if state.messages.count < 100_000 {
        state.messages.append(
          Message(key: key, serial: state.serial, severity: severity, text: text))
      }
      state.serial += 1
    }
  }

  public var hasErrors: Bool { state.withLock { $0.errors > 0 } }

  /// Takes what was collected so far, in order, to be said elsewhere; errors stay counted.
  func take() -> [Message] {
    state.withLock { state in
      defer { state.messages = [] }
      return state.messages
    }.sorted { ($0.key, $0.serial) < ($1.key, $1.serial) }
  }

  /// Says everything collected so far and forgets the text; errors stay counted.
  public func flush() {
    let messages = take()
    if messages.isEmpty { return }
    var text = ""
    var errors = 0
    for message in messages {
      switch message.severity {
      case .error:
        errors += 1
        if errorLimit > 0 && errors > errorLimit {
          if errors == errorLimit + 1 {
            text += "\(program): error: too many errors emitted, stopping now"
            text += " (use --error-limit=0 to see all errors)\n"
          }
          continue
        }
        text += color ? "\(program): \u{1b}[1;31merror:\u{1b}[0m " : "\(program): error: "
      case .warning:
        text += color ? "\(program): \u{1b}[1;35mwarning:\u{1b}[0m " : "\(program): warning: "
      }
      text += message.text
      text += "\n"
    }
    // Nobody is left to be told that messages do not arrive.
    try? output.write(text)
  }
}

/// Thrown to end a link whose errors are already in `Diagnostics`.
public struct LinkFailed: Error {}
