import Glibc
import Testing
import Weld

/// Code for x86-64 that calls C: instructions one after the other, with calls and data through slots.
struct Instructions {
  let image: ElfImage
  private(set) var bytes: [UInt8] = []
  private(set) var relocations: [DataRelocation] = []

  init(_ image: ElfImage) { self.image = image }

  mutating func add(_ new: [UInt8]) { bytes += new }

  private func word(_ value: UInt32) -> [UInt8] { (0..<4).map { UInt8(value >> ($0 * 8) & 0xff) } }

  /// push rbp; mov rbp, rsp; push rbx; push rbx
  mutating func enter() { add([0x55, 0x48, 0x89, 0xe5, 0x53, 0x53]) }

  /// pop rbx; pop rbx; pop rbp; ret
  mutating func leave() { add([0x5b, 0x5b, 0x5d, 0xc3]) }

  /// mov edi/esi/edx/ecx, value
  mutating func argument(_ n: Int, _ value: UInt32) {
    add([[0xbf, 0xbe, 0xba, 0xb9][n]] + word(value))
  }

  /// mov rdi/rsi/rdx/rcx, [slot]
  mutating func argument(_ n: Int, addressOf symbol: ImageSymbol) throws {
    try use(symbol, [0x48, 0x8b, [0x3c, 0x34, 0x14, 0x0c][n], 0x25])
  }

  /// mov rax, [slot]
  mutating func load(addressOf symbol: ImageSymbol) throws {
    try use(symbol, [0x48, 0x8b, 0x04, 0x25])
  }

  /// mov esi/edx/ecx, [rax + offset]
  mutating func argument(_ n: Int, wordAt offset: UInt8) {
    add([0x8b, [0x78, 0x70, 0x50, 0x48][n], offset])
  }

  /// xor eax, eax; call [slot]
  mutating func call(_ symbol: ImageSymbol) throws {
    add([0x31, 0xc0])
    try use(symbol, [0xff, 0x14, 0x25])
  }

  mutating func call(_ name: String) throws { try call(image.importedSymbol(name)) }

  /// mov eax, value
  mutating func result(_ value: UInt32) { add([0xb8] + word(value)) }

  private mutating func use(_ symbol: ImageSymbol, _ instruction: [UInt8]) throws {
    add(instruction)
    relocations.append(
      DataRelocation(offset: UInt64(bytes.count), target: symbol, kind: .slotUse))
    add(word(UInt32(try image.offsetTableAddress(of: symbol))))
  }
}

extension Fixture {
  /// An image that is linked with a C library.
  convenience init(
    linkedWith library: Library?, _ configure: (inout ImageOptions) -> Void = { _ in }
  ) throws {
    try self.init(.x86_64) {
      $0.inputs = ImageInputs()
      configure(&$0)
    }
    if let library { try image.addStartupFiles(for: library.system, mode: library.mode) }
  }

  struct Library: CustomStringConvertible, Sendable {
    var system: StartupFiles.System
    var mode: StartupFiles.Mode
    var description: String { "\(system.rawValue) \(mode.rawValue)" }

    static let all = [StartupFiles.System.linuxGlibc, .linuxMusl].flatMap { system in
      [StartupFiles.Mode.dynamic, .static].map { Library(system: system, mode: $0) }
    }
  }

  /// A function made of instructions.
  func write(
    _ key: UInt64, _ name: String, exported: Bool = false,
    _ body: (inout Instructions) throws -> Void
  ) throws {
    var code = Instructions(image)
    try body(&code)
    try image.updateFunction(
      Declaration(key), name: name, code: code.bytes, relocations: code.relocations)
    if exported { try image.updateExports(Declaration(key), [Export(name)]) }
  }

  /// `main`, whose body ends with its result in eax.
  func main(_ body: (inout Instructions) throws -> Void) throws {
    try write(1, "main", exported: true) {
      $0.enter()
      try body(&$0)
      $0.leave()
    }
  }

  /// A constant of `key` with a text, for C.
  func text(_ key: UInt64, _ text: String) throws -> ImageSymbol {
    try image.unnamedConstant(of: Declaration(key), bytes: Array(text.utf8) + [0])
  }

  /// Flushes and runs: what it prints, and with what it exits.
  func prints(
    _ output: String, _ status: Int32 = 0, lints: Bool = true,
    sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try image.flush()
    let result = run([path])
    #expect(result.output == output, sourceLocation: sourceLocation)
    #expect(result.status == status, sourceLocation: sourceLocation)
    if lints { accepts(sourceLocation: sourceLocation) }
  }

  /// Compiles C to an object, or with `-shared` to a library.
  func compile(_ source: String, as name: String, _ options: String...) throws -> String {
    let path = scratch.file(name)
    let text = try #require(fopen(path + ".c", "w"))
    fputs(source, text)
    fclose(text)
    let shared = options.contains("-shared")
    let result = run(
      ["gcc", "-O1", "-o", path, path + ".c"] + (shared ? ["-fPIC"] : ["-c"]) + options)
    try #require(result.status == 0, "\(result.output)")
    return path
  }
}
