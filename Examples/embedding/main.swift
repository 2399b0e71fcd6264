// The program of docs/embedding.md: a compiler's dealings with weld, from the first function to a
// change in a running program. The guide's pieces of code are here word for word, between the lines
// with "guide"; a test sees to that, and runs this. The code that the "compiler" makes is x86-64's.
//
//     swift run embedding DIRECTORY

import Glibc
// guide: begin
import Weld

// guide: end

let directory = CommandLine.arguments.count > 1 ? CommandLine.arguments[1] : "/tmp"

/// Four bytes in the target's order.
func bytes(_ value: some FixedWidthInteger) -> [UInt8] {
  (0..<4).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
}

/// Runs a program to its end.
func run(_ path: String) -> Int32 {
  var arguments: [UnsafeMutablePointer<CChar>?] = [strdup(path), nil]
  var child: pid_t = 0
  guard posix_spawn(&child, path, nil, nil, &arguments, environ) == 0 else { return -1 }
  var status: Int32 = 0
  while waitpid(child, &status, 0) < 0 {}
  return status >> 8 & 0xff
}

func check(_ condition: Bool, _ what: String) {
  if condition { return }
  let message = "not as the guide says: \(what)\n"
  _ = write(2, message, message.utf8.count)
  exit(1)
}

// MARK: An image

// guide: begin
let options = ImageOptions(machine: .x86_64, path: "\(directory)/program")
let image = try ElfImage(options)

let start = Declaration(1)
let answer = Declaration(2)
// guide: end

// MARK: Functions

// guide: begin
// mov eax, 42; ret
try image.updateFunction(answer, name: "answer", code: [0xb8] + bytes(42) + [0xc3])

// call [slot of answer]; mov edi, eax; mov eax, 60 (exit); syscall
let call = try image.callSequence(to: image.symbol(for: answer))
try image.updateFunction(
  start, name: "start", code: call + [0x89, 0xc7, 0xb8] + bytes(60) + [0x0f, 0x05])
try image.updateExports(start, [Export("_start")])
try image.flush()
// guide: end
check(run(options.path) == 42, "42")

// guide: begin
// mov eax, 43; ret
try image.updateFunction(answer, name: "answer", code: [0xb8] + bytes(43) + [0xc3])
try image.flush()
// guide: end
check(run(options.path) == 43, "43")

// MARK: Data

// guide: begin
let counter = Declaration(3)
let counterSymbol = try image.updateData(
  counter, name: "counter", kind: .mutable, bytes: bytes(44), alignment: 2)

// mov rax, [slot of counter]; mov eax, [rax]; ret
let slot = try image.offsetTableAddress(of: counterSymbol)
try image.updateFunction(
  answer, name: "answer", code: [0x48, 0x8b, 0x04, 0x25] + bytes(slot) + [0x8b, 0x00, 0xc3])
// guide: end
try image.flush()
check(run(options.path) == 44, "44")

// guide: begin
let table = Declaration(4)
try image.updateData(
  table, name: "table", kind: .immutable, bytes: Array(repeating: 0, count: 16),
  relocations: [
    DataRelocation(offset: 0, target: image.symbol(for: answer)),
    DataRelocation(offset: 8, target: counterSymbol, addend: 2),
  ])
// guide: end

// MARK: Constants and lazy symbols

// guide: begin
let text = try image.unnamedConstant(of: start, bytes: Array("hello\n".utf8))
// guide: end
check(image.currentAddress(of: text) != nil, "a constant is placed")

// guide: begin
image.setLazyProvider { (kind, key) throws(ImageError) in
  switch (kind, key) {
  case (.constant, .key(let number)): LazyContent(bytes: bytes(number), alignment: 2)
  case (.constant, .all): LazyContent(bytes: Array("all of them".utf8))
  case (.code, _): throw ImageError(.invalid, "there is no lazy code here")
  }
}
let seven = try image.lazySymbol(.constant, .key(7))
let everything = try image.lazySymbol(.constant, .all)
// guide: end
try image.flush()
check(
  image.currentAddress(of: seven) != nil && image.currentAddress(of: everything) != nil,
  "lazy symbols are placed")

// MARK: Names

// guide: begin
try image.updateExports(
  answer,
  [Export("answer"), Export("the_answer", binding: .weak, visibility: .hidden)])
try image.removeExport(answer, name: "the_answer")
// guide: end

// MARK: Debug information

// guide: begin
let debug = FunctionDebugInfo(
  unit: DebugUnit(path: "answer.source", directory: "/project", producer: "example 1.0"),
  name: "answer",
  lines: [DebugLine(offset: 0, line: 1), DebugLine(offset: 5, line: 2, column: 3)],
  result: .integer(name: "int", bytes: 4, isSigned: true), frameRegister: 6)
try image.updateFunction(
  answer, name: "answer", code: [0xb8] + bytes(45) + [0xc3], debug: debug)
try image.updateLines(
  answer, lines: [DebugLine(offset: 0, line: 11), DebugLine(offset: 5, line: 12, column: 3)])
// guide: end
try image.flush()
check(run(options.path) == 45, "45")

// MARK: Errors

// guide: begin
let missing = try image.importedSymbol("missing")
let callMissing = try image.callSequence(to: missing)
try image.updateFunction(
  answer, name: "answer", code: callMissing + [0xc3],
  relocations: [DataRelocation(offset: 0, target: missing, kind: .slotUse)])
do {
  try image.flush()
} catch {
  print("\(error.code): \(error.message)")
}
// guide: end
check(run(options.path) == 45, "the last good file stays")
let before = image.counts.flushes

// guide: begin
try image.updateFunction(answer, name: "answer", code: [0xb8] + bytes(46) + [0xc3])
try image.flush()
// guide: end
check(run(options.path) == 46 && image.counts.flushes == before + 1, "46")

// guide: begin
print(image.dump())
// guide: end

// MARK: The C library

// guide: begin
var hosted = ImageOptions(machine: .x86_64, path: "\(directory)/hosted")
hosted.inputs = ImageInputs(startup: .c(os: .linuxGlibc, mode: .dynamic))
let program = try ElfImage(hosted)
let main = Declaration(1)
let greeting = try program.unnamedConstant(of: main, bytes: Array("hello from C\0".utf8))
let greetingSlot = try program.offsetTableAddress(of: greeting)
let callPuts = try program.callSequence(to: program.importedSymbol("puts"))
// push rax; mov rdi, [slot of greeting]; call [slot of puts]; xor eax, eax; pop rdx; ret
let body =
  [0x50, 0x48, 0x8b, 0x3c, 0x25] + bytes(greetingSlot) + callPuts + [0x31, 0xc0, 0x5a, 0xc3]
try program.updateFunction(main, name: "main", code: body)
try program.updateExports(main, [Export("main")])
try program.flush()
// guide: end
check(run(hosted.path) == 0, "a program with the C library")

// MARK: Hot swap

// guide: begin
var live = ImageOptions(machine: .x86_64, path: "\(directory)/live")
live.liveReserve = 1 << 20
let game = try ElfImage(live)
let step = Declaration(1)
let loop = Declaration(2)
// xor eax, eax; ret
try game.updateFunction(step, name: "step", code: [0x31, 0xc0, 0xc3])
// again: call [slot of step]; test eax, eax; je again; mov edi, eax; mov eax, 60 (exit); syscall
let callStep = try game.callSequence(to: game.symbol(for: step))
let again = UInt8(truncatingIfNeeded: -(callStep.count + 4))
try game.updateFunction(
  loop, name: "loop",
  code: callStep + [0x85, 0xc0, 0x74, again, 0x89, 0xc7, 0xb8] + bytes(60) + [0x0f, 0x05])
try game.updateExports(loop, [Export("_start")])
let score = Declaration(3)
try game.updateData(score, name: "score", kind: .mutable, bytes: bytes(100), alignment: 2)
try game.flush()

let process = try LiveProcess.launch(live.path, arguments: ["game"], machine: .x86_64)
let session = try game.hotSwapSession(with: process)
// guide: end

// guide: begin
try game.updateData(score, name: "score", kind: .mutable, bytes: bytes(1) + bytes(2))
try game.flush()
for reason in try session.preflight() { print("not swapped: \(reason)") }

try game.updateData(score, name: "score", kind: .mutable, bytes: bytes(200), alignment: 2)
try game.flush()
// guide: end
check(try session.preflight().isEmpty, "what was refused is taken back")

// guide: begin
// mov eax, 7; ret
try game.updateFunction(step, name: "step", code: [0xb8] + bytes(7) + [0xc3])
try game.flush()
let report = try session.swap()
print("swapped \(report.swapped), stopped for \(report.stoppedMicroseconds) µs")
print("ended:", process.waitForExit())
// guide: end
check(process.waitForExit() == .exited(status: 7), "the running program goes on with the new code")
