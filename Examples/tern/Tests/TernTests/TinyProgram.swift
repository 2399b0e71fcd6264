import Glibc
import Weld

@testable import TernCompiler

/// A program put together by hand: one segment that may be read, written and executed holds the
/// code, a table of slots, and data. It shows what back ends make, independently of the linker.
struct TinyProgram {
  enum Failure: Error {
    case system(String, CInt)
    case signal(CInt)
  }

  private let machine: MachineFacts
  private var bytes: [UInt8] = []
  private var places: [SymbolReference: UInt64] = [:]
  private var relocations: [(at: Int, CodeBuffer.Relocation)] = []
  private var slots: [SymbolReference: UInt64] = [:]

  static let base: UInt64 = 0x100_0000
  private static let headers = 128

  /// - Parameters:
  ///   - functions: by name; the program sets the thread pointer, calls `body` and ends.
  ///   - globals: by name, zero words, so many of each.
  ///   - threadLocals: by name, bytes from the beginning of the thread's block.
  init(
    _ machine: MachineFacts, functions: [String: IRFunction], globals: [String: Int],
    threadLocals: [String: Int] = [:], threadSize: Int = 64
  ) throws {
    self.machine = machine
    let threadStart = Self.base + 0x100_0000
    let threadPointer =
      switch machine.threadLayout {
      case .above: threadStart
      case .below: threadStart + UInt64(threadSize)
      }
    var functions = functions
    functions["main"] = Self.main(machine.threadLayout, threadPointer: threadPointer)
    let word = machine.wordBytes
    let tableStart = Self.base + UInt64(Self.headers)
    let names = functions.keys.sorted().map { SymbolReference.function($0) }
    let variables = globals.keys.sorted().map { SymbolReference.global($0) }
    for (i, symbol) in (names + variables).enumerated() {
      slots[symbol] = tableStart + UInt64(i * word)
    }
    bytes = [UInt8](repeating: 0, count: Self.headers + slots.count * word)

    align()
    let entry = try machine.entryCode(slot: slots[.function("main")]!)
    let entryAddress = Self.base + UInt64(bytes.count)
    bytes += entry
    for symbol in names {
      guard case .function(let name) = symbol else { continue }
      align()
      let code = try machine.emit(functions[name]!, tableSlots: slots)
      places[symbol] = Self.base + UInt64(bytes.count)
      relocations += code.relocations.map { (bytes.count, $0) }
      bytes += code.bytes
    }
    align()
    for symbol in variables {
      guard case .global(let name) = symbol else { continue }
      places[symbol] = Self.base + UInt64(bytes.count)
      bytes += [UInt8](repeating: 0, count: globals[name]! * word)
    }
    for (symbol, slot) in slots {
      put(places[symbol]!, word, at: Int(slot - Self.base))
    }
    for (start, relocation) in relocations {
      guard case .global(let name) = relocation.target, let place = threadLocals[name],
        relocation.kind == .threadOffset32
      else { preconditionFailure("\(relocation)") }
      let offset =
        switch machine.threadLayout {
        case .above(let reserved): reserved + place
        case .below: place - threadSize
        }
      put(UInt64(bitPattern: Int64(offset)), 4, at: start + relocation.offset)
    }
    writeHeaders(entry: entryAddress)
  }

  private static func main(
    _ layout: ThreadLayout, threadPointer: UInt64
  ) -> IRFunction {
    var main = IRFunction(parameterCount: 1)
    let value = main.makeSlot()
    main.append(.constant(value, Int64(threadPointer)))
    if case .below = layout { main.append(.store(.word, address: value, value: value)) }
    main.append(.setThreadPointer(value))
    main.append(.call(nil, .symbol(.function("body")), []))
    main.append(.constant(value, 0))
    main.append(.systemCall(value, .exitGroup, [value]))
    main.append(.trap)
    return main
  }

  private mutating func align() {
    bytes += [UInt8](repeating: 0, count: -bytes.count & 15)
  }

  private mutating func put(_ value: UInt64, _ count: Int, at offset: Int) {
    for i in 0..<count {
      let shift = (machine.isBigEndian ? count - 1 - i : i) * 8
      bytes[offset + i] = UInt8(truncatingIfNeeded: value >> shift)
    }
  }

  /// Source: gABI, "ELF Header", "Program Header".
  private mutating func writeHeaders(entry: UInt64) {
    let numbers: [ImageMachine: (machine: UInt64, flags: UInt64)] = [
      .x86_64: (62, 0), .aarch64: (183, 0), .arm: (40, 0x500_0400), .riscv64: (243, 4),
      .sparc64: (43, 2),
    ]
    let number = numbers[machine.machine]!
    let word = machine.wordBytes
    let isWide = word == 8
    let headerSize = isWide ? 64 : 52
    var at = 0
    func place(_ fields: [(UInt64, Int)], _ program: inout TinyProgram) {
      for (value, size) in fields {
        program.put(value, size, at: at)
        at += size
      }
    }
    bytes.replaceSubrange(
      0..<7, with: [0x7f, 0x45, 0x4c, 0x46, isWide ? 2 : 1, machine.isBigEndian ? 2 : 1, 1])
    at = 16
    place(
      [
        (2, 2), (number.machine, 2), (1, 4), (entry, word), (UInt64(headerSize), word), (0, word),
        (number.flags, 4), (UInt64(headerSize), 2), (isWide ? 56 : 32, 2), (1, 2),
      ], &self)
    at = headerSize
    let addresses: [(UInt64, Int)] = [(0, word), (Self.base, word), (Self.base, word)]
    let sizes: [(UInt64, Int)] = [(UInt64(bytes.count), word), (0x200_0000, word)]
    place(
      isWide
        ? [(1, 4), (7, 4)] + addresses + sizes + [(0x10_0000, 8)]
        : [(1, 4)] + addresses + sizes + [(7, 4), (0x10_0000, 4)], &self)
  }

  /// The program that executes those of a machine: none (empty) or an emulator; nil if there is
  /// no such thing here.
  static func runner(_ machine: ImageMachine) -> String? {
    var name = utsname()
    uname(&name)
    let native = withUnsafeBytes(of: &name.machine) { bytes in
      String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
    }
    let ours = machine == .x86_64 ? "x86_64" : machine.rawValue
    if native == ours { return "" }
    let emulator = "/usr/bin/qemu-\(ours)"
    return access(emulator, X_OK) == 0 ? emulator : nil
  }

  /// What the program writes, and its exit status.
  func run() throws -> (output: [UInt8], status: CInt) {
    var path = "/tmp/tern-program-XXXXXX".utf8CString.map { $0 }
    let file = mkstemp(&path)
    guard file >= 0 else { throw Failure.system("mkstemp", errno) }
    _ = fcntl(file, F_SETFD, FD_CLOEXEC)
    defer { unlink(path) }
    guard write(file, bytes, bytes.count) == bytes.count else {
      throw Failure.system("write", errno)
    }
    fchmod(file, 0o700)
    close(file)

    let outputPath = path.dropLast() + ".out".utf8CString
    let outputFile = outputPath.withUnsafeBufferPointer {
      open($0.baseAddress!, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    }
    guard outputFile >= 0 else { throw Failure.system("open", errno) }
    defer {
      close(outputFile)
      _ = outputPath.withUnsafeBufferPointer { unlink($0.baseAddress!) }
    }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    posix_spawn_file_actions_adddup2(&actions, outputFile, 1)
    defer { posix_spawn_file_actions_destroy(&actions) }
    let emulator = Self.runner(machine.machine) ?? ""
    var arguments = emulator.isEmpty ? [] : [strdup(emulator)]
    arguments += [path.withUnsafeBufferPointer { strdup($0.baseAddress!) }, nil]
    defer { for argument in arguments { free(argument) } }
    var child: pid_t = 0
    var error: CInt = 0
    // A process that another test is about to start has the file open until its own `execve`.
    for _ in 0..<100 {
      error = posix_spawn(&child, arguments[0]!, &actions, nil, &arguments, environ)
      if error != ETXTBSY { break }
      usleep(10_000)
    }
    guard error == 0 else { throw Failure.system("posix_spawn", error) }
    var status: CInt = 0
    while waitpid(child, &status, 0) < 0, errno == EINTR {}
    guard status & 0x7f == 0 else { throw Failure.signal(status & 0x7f) }

    var output: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 4096)
    lseek(outputFile, 0, SEEK_SET)
    while case let count = read(outputFile, &chunk, chunk.count), count > 0 {
      output += chunk[..<count]
    }
    return (output, status >> 8 & 0xff)
  }
}
