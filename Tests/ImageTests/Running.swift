import CSystem
import Glibc
import Platform
import TestSupport

/// Runs a program and returns its exit status (128 + signal if it was killed), and what it printed.
func run(_ arguments: [String], input: String = "") -> (status: Int32, output: String) {
  var pipes: [Int32] = [0, 0]
  precondition(pipe(&pipes) == 0)
  var actions = posix_spawn_file_actions_t()
  posix_spawn_file_actions_init(&actions)
  posix_spawn_file_actions_adddup2(&actions, pipes[1], 1)
  posix_spawn_file_actions_adddup2(&actions, pipes[1], 2)
  posix_spawn_file_actions_addclose(&actions, pipes[0])
  var child: pid_t = 0
  var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) }
  argv.append(nil)
  var status = posix_spawnp(&child, arguments[0], &actions, nil, argv, environ)
  // A child that another test is starting may still hold the program open for writing.
  for _ in 0..<200 where status == ETXTBSY {
    usleep(5000)
    status = posix_spawnp(&child, arguments[0], &actions, nil, argv, environ)
  }
  for argument in argv { Glibc.free(argument) }
  posix_spawn_file_actions_destroy(&actions)
  close(pipes[1])
  defer { close(pipes[0]) }
  if status != 0 {
    return (127, "cannot run \(arguments[0]): \(String(cString: strerror(status)))")
  }
  var output: [UInt8] = []
  var buffer = [UInt8](repeating: 0, count: 1 << 16)
  while true {
    let n = read(pipes[0], &buffer, buffer.count)
    if n <= 0 { break }
    output += buffer[..<n]
  }
  var state: Int32 = 0
  while waitpid(child, &state, 0) < 0 && errno == EINTR {}
  let code = state & 0x7f == 0 ? state >> 8 & 0xff : 128 + state & 0x7f
  return (code, String(decoding: output, as: UTF8.self))
}

/// A directory for one test's files, removed when the test is done with it.
final class Scratch {
  let path: String
  init() {
    var template = Array("/tmp/weld-image-XXXXXX".utf8CString)
    path = String(cString: mkdtemp(&template))
  }
  deinit { _ = run(["rm", "-rf", path]) }
  func file(_ name: String) -> String { path + "/" + name }
}

/// Bytes of a whole file.
func contents(_ path: String) -> [UInt8] { readBytes(path) ?? [] }
