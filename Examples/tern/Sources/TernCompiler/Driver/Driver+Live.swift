import Glibc
import Synchronization
import Weld

/// `tern live`: a program that changes while it runs.
extension Driver {
  /// Set when somebody asks the driver to end.
  private static let isEnding = Atomic<Bool>(false)

  func live(_ output: String) throws(Failure) -> Int32 {
    // From before the source is read, so that no save is missed.
    var watch = Watch(file)
    let session = try build(to: output, isLive: true)
    guard let image = session.image else { return 1 }
    let process: LiveProcess
    let swaps: HotSwapSession
    do {
      process = try LiveProcess.launch(output, arguments: [file] + arguments)
      swaps = try image.hotSwapSession(with: process)
    } catch {
      throw Failure(text: "tern: error: cannot run \(file) for changes: \(error)")
    }
    // An interrupt from the terminal reaches the program as well, which decides.
    signal(SIGINT, SIG_IGN)
    signal(SIGTERM) { _ in Driver.isEnding.store(true, ordering: .relaxed) }
    Files.say("tern: \(file) runs as process \(process.id); what is saved is brought into it")
    var isPending = false
    while true {
      if let end = process.exitIfAny() { return Self.report(end) }
      if Self.isEnding.load(ordering: .relaxed) {
        try? process.send(signal: SIGTERM)
        return Self.report(process.waitForExit())
      }
      if let source = watch.poll() {
        let start = Files.now()
        do {
          let report = try session.update(source)
          try session.flush()
          isPending = try !swap(swaps, report, since: start)
        } catch { Files.say("\(error.text)\ntern: the program runs on as it was") }
      } else if isPending {
        isPending = (try? !swap(swaps, nil, since: Files.now())) ?? false
      }
      usleep(20_000)
    }
  }

  /// Brings what was flushed into the process and tells of it; false if that is to be tried again.
  private func swap(
    _ swaps: HotSwapSession, _ report: Session.Report?, since start: Double
  ) throws(BuildError) -> Bool {
    do throws(SwapError) {
      let swap = try swaps.swap()
      let whole = Int(Files.now() - start)
      var parts: [String] = []
      let names = report.map { $0.compiled + $0.placed } ?? swap.swapped
      if !names.isEmpty {
        parts.append(
          "swapped \(names.joined(separator: ", ")) in \(whole) µs,"
            + " stopped for \(Int(swap.stoppedMicroseconds)) µs")
      }
      if let report {
        if !report.initialValues.isEmpty {
          let names = report.initialValues.joined(separator: ", ")
          parts.append("\(names): the value in memory stays; the new one is for the next start")
        }
        if !report.removed.isEmpty {
          parts.append("\(report.removed.joined(separator: ", ")): removed, kept for old code")
        }
        if !report.shifted.isEmpty {
          parts.append("lines of \(report.shifted.joined(separator: ", ")) shifted")
        }
      }
      Files.say("tern: " + (parts.isEmpty ? "nothing changed" : parts.joined(separator: "; ")))
      return true
    } catch {
      switch error.code {
      case .busy, .timeLimit:
        if report != nil { Files.say("tern: not swapped yet: \(error.description)") }
        return false
      default:
        Files.say("tern: not swapped: \(error.description)\ntern: the program runs on as it was")
        return true
      }
    }
  }

  private static func report(_ end: ProcessEnd) -> Int32 {
    switch end {
    case .exited(let status):
      Files.say("tern: the program ended with status \(status)")
      return status
    case .killed(let number):
      Files.say("tern: the program was ended by signal \(number) (\(name(ofSignal: number)))")
      return 128 + number
    case .unknown:
      Files.say("tern: the program ended")
      return 1
    }
  }
}

/// Sees when a file gets other contents, be it written or replaced by rename.
struct Watch {
  private let path: String
  private var last: Files.Stamp?
  /// A stamp that may be of a file that is still being written.
  private var candidate: Files.Stamp?
  private var contents: [UInt8]?

  init(_ path: String) {
    self.path = path
    last = Files.stamp(path)
    contents = Files.read(path)
  }

  /// The file's contents if they are other than before, and have been for one poll.
  mutating func poll() -> [UInt8]? {
    // Between an editor's removing and renaming there is no file.
    guard let stamp = Files.stamp(path), stamp != last else { return nil }
    guard stamp == candidate else {
      candidate = stamp
      return nil
    }
    guard let bytes = Files.read(path), Files.stamp(path) == stamp else { return nil }
    last = stamp
    candidate = nil
    guard bytes != contents else { return nil }
    contents = bytes
    return bytes
  }
}
