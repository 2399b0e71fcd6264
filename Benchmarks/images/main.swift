// Measures images: `Benchmarks/run-images` builds this and runs it.

import Glibc

let usage = """
  usage: image-benchmark [--directory DIR] [--largest COUNT] [--rounds N] [MEASURE…]

  Measures: updates, debug, building, spans, swaps; all of them by default. The directory, /dev/shm
  by default, takes the outputs. Images have up to COUNT declarations, 1000000 by default.
  """

var directory = "/dev/shm"
var largest = 1_000_000
var rounds = 5
var wanted: [String] = []
var arguments = CommandLine.arguments.dropFirst()

func complain(_ message: String) {
  let line = "image-benchmark: \(message)\n"
  _ = write(2, line, line.utf8.count)
}

func stop(_ message: String) -> Never {
  complain("\(message)\n\(usage)")
  exit(2)
}

@MainActor
func number(_ option: String) -> Int {
  guard let text = arguments.popFirst(), let value = Int(text), value > 0 else {
    stop("\(option) needs a number")
  }
  return value
}

while let argument = arguments.popFirst() {
  switch argument {
  case "--directory":
    guard let path = arguments.popFirst() else { stop("--directory needs a path") }
    directory = path
  case "--largest": largest = number(argument)
  case "--rounds": rounds = number(argument)
  case "updates", "debug", "building", "spans", "swaps": wanted.append(argument)
  case "--help":
    print(usage)
    exit(0)
  default: stop("unknown argument '\(argument)'")
  }
}
if wanted.isEmpty { wanted = ["updates", "debug", "building", "spans", "swaps"] }

let counts = [1000, 10_000, 100_000, 1_000_000].filter { $0 <= largest }
do {
  for measure in wanted {
    switch measure {
    case "updates":
      try Updates(counts: counts, directory: directory, withDebugInfo: false).run()
    case "debug":
      try Updates(counts: counts, directory: directory, withDebugInfo: true).run()
    case "building": try measureBuilding(largest, directory: directory, rounds: rounds)
    case "spans":
      try measureSpans(directory: directory)
      try measureLongSpans(directory: directory)
    default:
      try measureSwaps(directory: directory, count: 1000, declarations: min(largest, 10_000))
    }
  }
} catch {
  complain("\(error)")
  exit(1)
}
