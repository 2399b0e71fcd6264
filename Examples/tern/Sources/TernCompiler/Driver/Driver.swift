import Glibc
import Weld

/// The command `tern`.
public struct Driver {
  struct Failure: Error {
    var text: String
    var status: Int32 = 1
  }

  static let usage = """
    usage: tern build FILE [-o OUT] [--target MACHINE] [--static]
           tern run FILE [--target MACHINE] [--static] [ARGUMENT...]
           tern live FILE [-o OUT] [--static] [ARGUMENT...]

    build   writes the program, as FILE without its extension unless -o says otherwise
    run     builds the program and runs it; one for another machine by qemu
    live    runs the program, and brings what is changed in FILE into it while it runs

    MACHINE is \(ImageMachine.allCases.filter { MachineFacts($0) != nil }.map(\.rawValue)
      .joined(separator: ", ")). --static links without shared libraries.
    """

  /// Runs a command line, the program's name first; returns the exit status.
  public static func run(_ commandLine: [String]) -> Int32 {
    do throws(Failure) {
      return try Driver(commandLine).run()
    } catch {
      Files.say(error.text)
      return error.status
    }
  }

  let command: String
  let file: String
  var output: String?
  var machine = ImageMachine.x86_64
  var isStatic = false
  var arguments: [String] = []

  private init(_ commandLine: [String]) throws(Failure) {
    var rest = commandLine.dropFirst()
    command = rest.popFirst() ?? "--help"
    if command == "--help" || command == "-h" {
      Files.say(Self.usage, to: STDOUT_FILENO)
      throw Failure(text: "", status: 0)
    }
    guard ["build", "run", "live"].contains(command) else {
      throw Failure(text: "tern: error: there is no command '\(command)'\n\(Self.usage)", status: 2)
    }
    var source: String?
    while let word = rest.popFirst() {
      // What follows the file belongs to the program, where it is run.
      if let source, command != "build" && !["-o", "--target", "--static"].contains(word) {
        file = source
        arguments = [word] + rest
        return
      }
      switch word {
      case "-o", "--target":
        guard let value = rest.popFirst() else {
          throw Failure(text: "tern: error: '\(word)' needs a value", status: 2)
        }
        if word == "-o" {
          output = value
        } else if let known = ImageMachine(rawValue: value), MachineFacts(known) != nil {
          machine = known
        } else {
          throw Failure(
            text: "tern: error: there is no machine '\(value)'\n\(Self.usage)", status: 2)
        }
      case "--static": isStatic = true
      default:
        if word.hasPrefix("-") || source != nil {
          throw Failure(text: "tern: error: unexpected '\(word)'\n\(Self.usage)", status: 2)
        }
        source = word
      }
    }
    guard let source else {
      throw Failure(text: "tern: error: '\(command)' needs a file\n\(Self.usage)", status: 2)
    }
    file = source
  }

  private func run() throws(Failure) -> Int32 {
    switch command {
    case "build":
      var name = output ?? file
      if output == nil {
        guard file.hasSuffix(".tern") else {
          throw Failure(text: "tern: error: '\(file)' does not end in .tern; give -o", status: 2)
        }
        name.removeLast(5)
      }
      _ = try build(to: name)
      return 0
    case "run":
      return try withDirectory { (directory) throws(Failure) in
        let program = "\(directory)/program"
        _ = try build(to: program)
        return try execute(program)
      }
    default:
      if let output { return try live(output) }
      return try withDirectory { (directory) throws(Failure) in
        try live("\(directory)/program")
      }
    }
  }

  private func withDirectory(
    _ body: (String) throws(Failure) -> Int32
  ) throws(Failure) -> Int32 {
    guard let directory = Files.makeDirectory() else {
      throw Failure(text: "tern: error: cannot make a temporary directory: \(Files.error())")
    }
    defer {
      unlink("\(directory)/program")
      rmdir(directory)
    }
    return try body(directory)
  }

  func source() throws(Failure) -> [UInt8] {
    guard let bytes = Files.read(file) else {
      throw Failure(text: "tern: error: cannot read \(file): \(Files.error())")
    }
    return bytes
  }

  func build(to output: String, isLive: Bool = false) throws(Failure) -> Session {
    var options = Session.Options(path: file, output: output)
    options.machine = machine
    options.isStatic = isStatic
    options.isLive = isLive
    let bytes = try source()
    do throws(BuildError) {
      let session = try Session(options)
      _ = try session.update(bytes)
      try session.flush()
      return session
    } catch { throw Failure(text: error.text) }
  }

  private func execute(_ program: String) throws(Failure) -> Int32 {
    var words = [program] + arguments
    let emulators: [ImageMachine: String] = [
      .aarch64: "qemu-aarch64", .arm: "qemu-arm", .riscv64: "qemu-riscv64",
      .sparc64: "qemu-sparc64",
    ]
    if machine != .x86_64, let emulator = emulators[machine] { words.insert(emulator, at: 0) }
    var vector = words.map { strdup($0) } + [nil]
    defer { for string in vector { free(string) } }
    var id: pid_t = 0
    let error = posix_spawnp(&id, words[0], nil, nil, &vector, environ)
    guard error == 0 else {
      throw Failure(
        text: "tern: error: cannot run \(words[0]): \(String(cString: strerror(error)))")
    }
    // The program decides what an interrupt from the terminal does.
    signal(SIGINT, SIG_IGN)
    var status: Int32 = 0
    while waitpid(id, &status, 0) < 0, errno == EINTR {}
    let killer = status & 0x7f
    if killer == 0 { return status >> 8 & 0xff }
    Files.say("tern: the program was ended by signal \(killer) (\(Self.name(ofSignal: killer)))")
    return 128 + killer
  }

  static func name(ofSignal number: Int32) -> String {
    strsignal(number).map { String(cString: $0) } ?? "?"
  }
}
