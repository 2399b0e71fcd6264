import Glibc

/// The exit status of a shell command, 128 and the signal if it was killed, -1 if there is no shell.
public func shell(_ script: String) -> Int32 {
  let words: [String] = ["sh", "-c", script]
  var arguments: [UnsafeMutablePointer<CChar>?] = words.map { word in strdup(word) }
  arguments.append(nil)
  defer { for argument in arguments { free(argument) } }
  var child: pid_t = 0
  guard posix_spawn(&child, "/bin/sh", nil, nil, &arguments, environ) == 0 else { return -1 }
  var status: Int32 = 0
  while waitpid(child, &status, 0) < 0, errno == EINTR {}
  return status & 0x7f == 0 ? status >> 8 & 0xff : 128 + status & 0x7f
}
