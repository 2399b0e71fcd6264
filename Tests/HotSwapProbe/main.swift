// A tracer in a process of its own, for tests that end it or take its rights away.
//
// Usage: hot-swap-probe attach PID [UID]     says whether it could attach
//        hot-swap-probe rewrite PID ADDRESS COUNT
//                                            writes the word at ADDRESS as it is, COUNT times in
//                                            each swap, until it is killed

import Glibc
import HotSwap
import Linker

let words = CommandLine.arguments
guard words.count > 2, let process = pid_t(words[2]) else {
  print("usage: hot-swap-probe attach PID [UID] | rewrite PID ADDRESS COUNT")
  exit(2)
}
if words[1] == "attach", words.count > 3, let user = uid_t(words[3]), setuid(user) != 0 {
  print("cannot become user \(user)")
  exit(2)
}
do {
  let live = try LiveProcess(attachingTo: process)
  print("attached")
  fflush(nil)
  if words[1] == "rewrite", words.count > 4, let address = UInt64(words[3]),
    let count = Int(words[4])
  {
    // Each at a place of its own, so that none is left out.
    let patches = (0..<count).map { index in
      ImagePatch(kind: .constant, address: address + UInt64(index % 4000), bytes: [0])
    }
    var set = ImagePatchSet()
    set.patches = patches
    while true { _ = try live.apply(set) }
  }
} catch {
  print(error)
  exit(1)
}
