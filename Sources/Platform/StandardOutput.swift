import Synchronization

/// What a program prints. As with C's streams, a failure is kept and is asked for once, at the end.
public enum StandardOutput {
  private static let firstFailure = Mutex<Errno?>(nil)

  /// Why something that was printed did not arrive whole; nil if all did.
  public static var failure: Errno? { firstFailure.withLock { $0 } }

  public static func print(_ text: String) { print(Array(text.utf8)) }

  public static func print(_ text: [UInt8]) {
    do throws(Errno) {
      try FileDescriptor.standardOutput.write(text)
    } catch {
      firstFailure.withLock { $0 = $0 ?? error }
    }
  }
}
