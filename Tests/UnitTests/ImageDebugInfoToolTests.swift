import ELFFormat
import Glibc
import Testing

@testable import Linker

/// What others say of the debug information: none may complain, and gdb has to find what it is
/// asked for. Programs that are not installed are not asked.
@Suite(.serialized) struct ImageDebugInfoToolTests {
  @Test func x86_64() throws { try Editing<X86_64Code>(frameRegister: 6, seed: 1).run() }
  @Test func aarch64() throws { try Editing<AArch64Code>(frameRegister: 29, seed: 2).run() }
  @Test func arm() throws { try Editing<ARMCode>(frameRegister: 11, seed: 3).run() }
  @Test func riscv64() throws { try Editing<RISCV64Code>(frameRegister: 8, seed: 4).run() }
  @Test func sparc64() throws { try Editing<SPARC64Code>(frameRegister: 30, seed: 5).run() }

  #if arch(x86_64)
    /// A running program: breakpoints by line, frames by `.debug_frame`, locals and globals.
    @Test func runningProgram() throws {
      guard DebugTool.isInstalled("gdb") else { return }
      let folder = try ScratchFolder()
      let info = ImageDebugInfo<ELF64Little>(frame: X86_64Code.debugFrame, growth: GrowthGate())
      var program = DebuggedProgram<X86_64Code>()
      program.data.u32(42)
      // push rbp; mov rbp, rsp; sub rsp, 16; mov dword [rbp-8], 5; mov edi, [rbp-8];
      // call twice; mov edi, eax; mov eax, 60; syscall
      program.code = [
        0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xec, 0x10, 0xc7, 0x45, 0xf8, 5, 0, 0, 0, 0x8b, 0x7d,
        0xf8, 0xe8, 64 - 23, 0, 0, 0, 0x89, 0xc7, 0xb8, 60, 0, 0, 0, 0x0f, 0x05,
      ]
      program.code += [UInt8](repeating: 0xcc, count: 64 - program.code.count)
      // push rbp; mov rbp, rsp; mov [rbp-4], edi; mov eax, [rbp-4]; add eax, eax; pop rbp; ret
      program.code += [
        0x55, 0x48, 0x89, 0xe5, 0x89, 0x7d, 0xfc, 0x8b, 0x45, 0xfc, 0x01, 0xc0, 0x5d, 0xc3,
      ]
      let text = DebuggedProgram<X86_64Code>.textAddress
      let source = try #require(fopen("\(folder.path)/main.t", "w"))
      for line in 1...99 { fputs("line \(line)\n", source) }
      fclose(source)
      let unit = DebugUnit(path: "main.t", directory: folder.path, producer: "compiler")
      let int = DebugType.integer(name: "int", bytes: 4, isSigned: true)
      let frame: [UInt8] = [0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6]
      let start = FunctionDebugInfo(
        unit: unit, name: "start",
        lines: [(0, 1), (8, 2), (15, 3), (23, 4)].map { DebugLine(offset: $0, line: $1) },
        locals: [DebugLocal(name: "five", type: int, frameOffset: -8, isParameter: false)],
        frameRegister: 6, frameInstructions: frame)
      func twice(_ name: String, line: UInt32) -> FunctionDebugInfo {
        FunctionDebugInfo(
          unit: unit, name: name,
          lines: [(0, 0), (7, 1), (12, 2)].map { DebugLine(offset: $0, line: line + $1) },
          result: int,
          locals: [DebugLocal(name: "number", type: int, frameOffset: -4, isParameter: true)],
          frameRegister: 6, frameInstructions: frame + [0x49, 0x0c, 7, 8])
      }
      try info.update(function: 1, info: start, address: text, size: 32)
      try info.update(
        variable: 3, info: VariableDebugInfo(unit: unit, name: "counter", type: int),
        address: DebuggedProgram<X86_64Code>.dataAddress)
      let path = "\(folder.path)/program"
      for (name, line) in [("twice", 10), ("twice", 50), ("doubled_by_addition", 70)] {
        try info.update(
          function: 2, info: twice(name, line: UInt32(line)), address: text + 64, size: 14)
        try program.write(info.sections, to: path)
        try #require(chmod(path, 0o700) == 0)
        let output = try DebugTool.run(
          [
            "gdb", "--batch", "-nx", "-q", "-iex", "set disable-randomization off", "-ex",
            "break main.t:\(line + 1)", "-ex", "run", "-ex", "backtrace", "-ex", "print counter",
            "-ex", "finish", "-ex", "print five", "-ex", "continue", path,
          ], in: folder)
        #expect(output.errors.isEmpty, "\(output.errors)")
        for answer in [
          "#0  \(name) (number=5) at main.t:\(line + 1)", "in start () at main.t:3", "$1 = 42",
          "Value returned is $2 = 10", "$3 = 5", "exited with code 012",
        ] { #expect(output.text.contains(answer), "\(answer): \(output.text)") }
      }
    }
  #endif

  /// Hundreds of edits of declarations made up at random, with some known ones among them.
  private final class Editing<T: CodeTarget> {
    typealias E = T.Encoding
    typealias Program = DebuggedProgram<T>

    let info = ImageDebugInfo<E>(frame: T.debugFrame, growth: GrowthGate())
    let folder: ScratchFolder
    let frameRegister: UInt8
    var program = Program()
    var maker: DebugInfoMaker
    var nextAddress = Program.textAddress + 0x1000
    /// Names of functions that are there.
    var names: [UInt32: String] = [:]
    /// Of the default language.
    let unit = DebugUnit(path: "main.t", directory: "/src", producer: "compiler 1")

    init(frameRegister: UInt8, seed: UInt64) throws {
      folder = try ScratchFolder()
      self.frameRegister = frameRegister
      maker = DebugInfoMaker(seed: seed, units: 5)
      for number in [42, 1, 2, 3, 7, 0] as [UInt32] { program.data.u32(number) }
      program.data.word(Program.dataAddress + 16)
    }

    func run() throws {
      try describeData()
      try edit(steps: 40)
      try describeCode(address: nextAddress, firstLine: 10)
      try verify(firstLine: 10)

      try edit(steps: 300)
      try info.updateLines(1000, lines(firstLine: 310))
      try verify(firstLine: 310)

      let moved = place(64)
      info.moved(1000, to: moved)
      codeAddress = moved
      for key in names.keys.sorted().prefix(names.count * 3 / 4) {
        info.remove(key)
        names[key] = nil
      }
      try verify(firstLine: 310)

      try edit(steps: 200)
      try describeCode(address: place(64), firstLine: 20)
      try verify(firstLine: 20)
      #expect(info.violations() == [])
    }

    // MARK: Declarations

    static var int: DebugType { .integer(name: "int", bytes: 4, isSigned: true) }
    static var node: DebugType {
      .structure(
        name: "Node", bytes: UInt64(8 + E.wordSize),
        fields: [
          .init(name: "value", type: int, offset: 0),
          .init(name: "next", type: .pointer(to: .incomplete(name: "Node")), offset: 8),
        ])
    }
    var codeAddress: UInt64 = 0

    func place(_ size: UInt64) -> UInt64 {
      defer { nextAddress += (size + 31) & ~15 }
      return nextAddress
    }

    func describeData() throws {
      let data = Program.dataAddress
      let variables: [(UInt32, String, DebugType, UInt64)] = [
        (2000, "counter", Self.int, data),
        (2001, "table", .array(of: Self.int, count: 3), data + 4),
        (2002, "node", Self.node, data + 16),
      ]
      for (key, name, type, address) in variables {
        try info.update(
          variable: key, info: VariableDebugInfo(unit: unit, name: name, type: type),
          address: address)
      }
    }

    func lines(firstLine: UInt32) -> [DebugLine] {
      [0, 12, 24, 40].enumerated().map { index, offset in
        DebugLine(offset: offset, line: firstLine + UInt32(index), column: 3)
      }
    }

    func describeCode(address: UInt64, firstLine: UInt32) throws {
      codeAddress = address
      if address == nextAddress { _ = place(64) }
      let described = FunctionDebugInfo(
        unit: unit, name: "compute", lines: lines(firstLine: firstLine), result: Self.int,
        locals: [
          DebugLocal(name: "count", type: Self.int, frameOffset: -24, isParameter: true),
          DebugLocal(
            name: "list", type: .pointer(to: Self.node), frameOffset: -32, isParameter: true),
          DebugLocal(name: "total", type: Self.int, frameOffset: -40, isParameter: false),
        ],
        frameRegister: frameRegister, frameInstructions: frameInstructions(1))
      try info.update(function: 1000, info: described, address: address, size: 64)
    }

    /// Steps of a prologue: the frame grows, the frame register is saved.
    func frameInstructions(_ count: Int) -> [UInt8] {
      (0..<count).flatMap { [0x41, 0x0e, UInt8(16 + $0), 0x80 | frameRegister, 2] }
    }

    func edit(steps: Int) throws {
      for _ in 0..<steps {
        let key = UInt32(maker.below(90))
        switch maker.below(8) {
        case 0:
          info.remove(key)
          names[key] = nil
        case 1:
          try info.update(variable: key, info: maker.variable(key), address: Program.dataAddress)
          names[key] = nil
        case 2: if names[key] != nil { info.moved(key, to: place(600)) }
        default:
          let size = UInt64(1 + maker.below(500))
          var described = maker.function(key, size: size)
          described.frameRegister = frameRegister
          described.frameInstructions = frameInstructions(maker.below(8))
          try info.update(function: key, info: described, address: place(size), size: size)
          names[key] = described.name
        }
      }
    }

    // MARK: Checks

    func verify(firstLine: UInt32) throws {
      #expect(info.violations() == [])
      let path = "\(folder.path)/program"
      try #require(nextAddress < Program.textAddress + UInt64(Program.textSize))
      try program.write(info.sections, to: path)

      let dump = try read([
        "readelf", "--debug-dump=info,line,frames,Ranges,aranges,abbrev", "--wide", path,
      ])
      if let dump {
        // "DW_AT_name : f1", and the same for what is not a function.
        let found = Set(dump.split(separator: "\n").compactMap { $0.split(separator: " ").last })
        for name in names.values { #expect(found.contains(name[...]), "\(name)") }
        #expect(found.contains("compute") && found.contains("counter"))
      }
      _ = try read(["readelf", "--debug-dump=decodedline", path])
      _ = try read(["readelf", "--debug-dump=frames-interp", path])
      _ = try read(["eu-readelf", "--debug-dump", path])
      _ = try read(["eu-readelf", "-N", "--debug-dump=decodedline", path])
      let verified = try read(["llvm-dwarfdump", "--verify", path])
      if let verified {
        #expect(verified.contains("No errors."))
        #expect(!verified.contains("warning:"), "\(verified)")
      }
      _ = try read(["llvm-dwarfdump", "--all", "--verbose", path])
      try askDebugger(path, firstLine: firstLine)
    }

    /// What a program writes about the file; nil if it is not installed.
    func read(_ words: [String]) throws -> String? {
      guard DebugTool.isInstalled(words[0]) else { return nil }
      let output = try DebugTool.run(words, in: folder)
      #expect(output.status == 0, "\(T.imageMachine) \(words)")
      #expect(output.errors.isEmpty, "\(T.imageMachine) \(words): \(output.errors)")
      return output.text
    }

    func askDebugger(_ path: String, firstLine: UInt32) throws {
      let debugger = T.imageMachine == .x86_64 ? "gdb" : "gdb-multiarch"
      let address = String(codeAddress, radix: 16)
      let second = String(codeAddress + 12, radix: 16)
      let questions: [(String, String)] = [
        ("info address compute", "Symbol \"compute\" is a function at address 0x\(address)."),
        (
          "info line *0x\(second)",
          "Line \(firstLine + 1) of \"main.t\" starts at address 0x\(second)"
        ),
        ("info line main.t:\(firstLine + 2)", "Line \(firstLine + 2) of \"main.t\" starts at"),
        ("ptype compute", "type = int (int, struct Node *)"),
        ("info scope compute", "Symbol total is a variable"),
        ("print counter", "= 42"),
        ("print table", "= {1, 2, 3}"),
        ("ptype struct Node", "struct Node *next;"),
        ("print node.next->value", "= 7"),
        ("print sizeof(node)", "= \(8 + E.wordSize)"),
        ("info symbol 0x\(second)", "No symbol"),
        ("info source", ""),
      ]
      var words = [
        debugger, "--batch", "-nx", "-q", "-iex", "set complaints 1000", "-iex", "set width 0",
        "-ex", "maint expand-symtabs",
      ]
      for (question, _) in questions { words += ["-ex", question] }
      guard let answers = try read(words + [path]) else { return }
      #expect(!answers.contains("During symbol reading"), "\(T.imageMachine): \(answers)")
      for (question, answer) in questions where !answer.isEmpty {
        #expect(answers.contains(answer), "\(T.imageMachine) \(question): \(answers)")
      }
    }
  }
}
