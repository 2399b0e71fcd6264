import Glibc
import Testing
import Weld

@testable import TernCompiler

/// What tests need of the system.
enum Support {
  static let directory = String(#filePath.prefix(upTo: #filePath.lastIndex(of: "/")!))

  /// The driver, which lies beside the tests.
  static func driver() throws -> String {
    var buffer = [UInt8](repeating: 0, count: 4096)
    let count = buffer.withUnsafeMutableBytes {
      readlink("/proc/self/exe", $0.baseAddress!, $0.count)
    }
    let tests = String(decoding: buffer[..<max(count, 0)], as: UTF8.self)
    return String(tests.prefix(upTo: try #require(tests.lastIndex(of: "/")))) + "/tern"
  }

  /// Names, without `.tern`, of the programs in a directory.
  static func programs(_ directory: String) -> [String] {
    var names: [String] = []
    guard let handle = opendir(directory) else { return [] }
    defer { closedir(handle) }
    while let entry = readdir(handle) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
        String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasSuffix(".tern") { names.append(String(name.dropLast(5))) }
    }
    return names.sorted()
  }

  static func text(_ path: String) throws -> String {
    String(decoding: try #require(Files.read(path)), as: UTF8.self)
  }

  static func write(_ text: String, to path: String) throws {
    let file = open(path, O_WRONLY | O_CREAT | O_TRUNC, 0o644)
    try #require(file >= 0)
    let bytes = Array(text.utf8)
    try #require(Glibc.write(file, bytes, bytes.count) == bytes.count)
    close(file)
  }

  /// A directory that is removed with its files.
  static func withDirectory<R>(_ body: (String) async throws -> R) async throws -> R {
    let directory = try #require(Files.makeDirectory())
    defer {
      if let handle = opendir(directory) {
        while let entry = readdir(handle) {
          withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
            let name = String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
            if !name.allSatisfy({ $0 == "." }) { unlink("\(directory)/\(name)") }
          }
        }
        closedir(handle)
      }
      rmdir(directory)
    }
    return try await body(directory)
  }

  /// Starts a command with its output in files.
  static func start(_ words: [String], output: String, errors: String? = nil) throws -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let flags = O_WRONLY | O_CREAT | O_TRUNC
    posix_spawn_file_actions_addopen(&actions, 1, output, flags, 0o600)
    if let errors { posix_spawn_file_actions_addopen(&actions, 2, errors, flags, 0o600) }
    // The threads that run tests have most signals blocked, and children would inherit that.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGMASK))
    var vector = words.map { strdup($0) } + [nil]
    defer { for word in vector { free(word) } }
    var id: pid_t = 0
    let error = posix_spawnp(&id, words[0], &actions, &attributes, &vector, environ)
    try #require(error == 0, "\(words[0]): \(String(cString: strerror(error)))")
    return id
  }

  /// What a program writes, and a last line that says how it ended.
  static func run(_ words: [String], in directory: String) throws -> String {
    var status: Int32 = 0
    var code: Int32 = 0
    // A file is busy for as long as a process that another test is about to start has it open for
    // writing: between its making and its `execve`.
    for _ in 0..<20 {
      // A program that does not end is a failure, not a test that hangs.
      let id = try start(
        ["timeout", "60"] + words, output: "\(directory)/output", errors: "\(directory)/errors")
      while waitpid(id, &status, 0) < 0, errno == EINTR {}
      code = status >> 8 & 0xff
      if code != 126 { break }
      usleep(10_000)
    }
    // `timeout` ends by the same signal as its command.
    let isSignal = status & 0x7f != 0 || code >= 128
    let end = isSignal ? "signal\n" : "status \(code)\n"
    return try text("\(directory)/output") + end
  }

  /// The words that run a machine's programs; nil if they can't be run here.
  static func command(_ machine: ImageMachine, _ program: String) -> [String]? {
    guard let runner = TinyProgram.runner(machine) else { return nil }
    return runner.isEmpty ? [program] : [runner, program]
  }
}
