import Glibc
import Synchronization

/// Removes the unfinished output when a signal ends the link, or memory runs out, so that an
/// interrupted build leaves nothing behind.
///
/// The handler only calls what a handler may: `unlink`, `write`, `_exit`, `raise`. A bus error means
/// that an input was truncated while it was mapped; that is said in words.
public enum TemporaryFile {
  /// The address of the name, a C string that is never freed; 0 if there is none.
  private static let path = Atomic<UInt>(0)

  /// Removes the file called `name` if the process is interrupted from here on, until `release()`.
  public static func guardAgainstSignals(_ name: String) {
    path.store(UInt(bitPattern: strdup(name)), ordering: .releasing)
    var action = sigaction()
    action.__sigaction_handler.sa_handler = { signal in
      TemporaryFile.remove()
      if signal == SIGBUS {
        InputWatch.tellChangedInput()
        let text: StaticString =
          "weld: error: an input file was truncated while it was being read; run the build again\n"
        _ = write(2, text.utf8Start, text.utf8CodeUnitCount)
        _exit(1)
      }
      Glibc.signal(signal, SIG_DFL)
      raise(signal)
    }
    for signal in [SIGINT, SIGTERM, SIGHUP, SIGBUS] { sigaction(signal, &action, nil) }
    // A file size limit shows as an error of `write` instead.
    signal(SIGXFSZ, SIG_IGN)
  }

  /// The file has its final name, or is gone.
  public static func release() { path.store(0, ordering: .releasing) }

  /// Removes the file, if there is one. A signal handler may call this.
  public static func remove() {
    let address = path.load(ordering: .acquiring)
    if let name = UnsafePointer<CChar>(bitPattern: address) { unlink(name) }
  }
}
