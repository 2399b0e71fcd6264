import Glibc
import Linker
import TestSupport
import Testing
import Weld

#if arch(x86_64)
  /// A session of a thousand edits with debug information, flushed after each: every file has to be
  /// accepted by readelf and eu-elflint, and gdb has to find its way in it. gdb takes longest, so it is
  /// asked after every fortieth edit, or after each with WELD_LONG_TESTS=1.
  @Suite struct SessionTests {
    @Test func aThousandEdits() throws {
      let session = try Session(seed: 0x5e55_1017)
      let isLong = getenv("WELD_LONG_TESTS").map { String(cString: $0) } == "1"
      for edit in 0..<1000 {
        try session.edit()
        try session.fixture.image.flush()
        session.checkTools("edit \(edit)")
        if isLong || edit % 40 == 39 { session.checkDebugger("edit \(edit)") }
      }
      #expect(session.fixture.image.violations() == [])
    }

    private final class Session {
      let fixture: Fixture
      var chance: Chance
      let units: [DebugUnit]

      /// A function: calls the next one, or is the last. At `line` it is entered, the call is on the
      /// line after, and the return on the one after that.
      struct Function {
        var unit: Int
        var line: UInt32
        var padding: Int
        var value: UInt32
        /// Bytes from its start.
        var callEnd: UInt32 = 0
      }
      var functions: [Function] = []
      var globals: [(unit: Int, value: Int32, kind: DataKind, extra: Int)] = []
      var others: Set<UInt64> = []
      static let int = DebugType.integer(name: "int", bytes: 4, isSigned: true)
      static let pair = DebugType.structure(
        name: "Pair", bytes: 8,
        fields: [
          .init(name: "first", type: int, offset: 0), .init(name: "second", type: int, offset: 4),
        ])

      init(seed: UInt64) throws {
        fixture = try Fixture { $0.checksInvariants = false }
        chance = Chance(seed: seed)
        let directory = fixture.scratch.path
        units = ["one.t", "two.t", "three.t"].map {
          DebugUnit(path: $0, directory: directory, producer: "session")
        }
        for i in 0..<5 {
          functions.append(Function(unit: i % 3, line: line(i), padding: 0, value: 1))
        }
        globals = [(0, 1, .mutable, 0), (1, -2, .immutable, 0), (2, 3, .mutable, 100)]
        for i in functions.indices.reversed() { try writeFunction(i) }
        for i in globals.indices { try writeGlobal(i) }
        try writeStart()
      }

      private func writeStart() throws {
        // call the first function; mov edi, eax; mov eax, 60; syscall
        let call = try fixture.image.callSequence(to: fixture.symbol(100))
        try fixture.image.updateFunction(
          Declaration(1), name: "start",
          code: call + [0x89, 0xc7, 0xb8, 60, 0, 0, 0, 0x0f, 0x05],
          debug: FunctionDebugInfo(
            unit: units[0], name: "start",
            lines: [DebugLine(offset: 0, line: 1), DebugLine(offset: UInt32(call.count), line: 2)],
            frameRegister: 7))
        try fixture.image.updateExports(Declaration(1), [Export("_start")])
      }

      private func lines(_ f: Function) -> [DebugLine] {
        [
          DebugLine(offset: 0, line: f.line),
          DebugLine(offset: UInt32(15 + f.padding), line: f.line + 1),
          DebugLine(offset: f.callEnd, line: f.line + 2),
        ]
      }

      func writeFunction(_ i: Int) throws {
        var f = functions[i]
        // push rbp; mov rbp, rsp; sub rsp, 16; mov dword [rbp - 8], value
        var code: [UInt8] = [0x55, 0x48, 0x89, 0xe5, 0x48, 0x83, 0xec, 16, 0xc7, 0x45, 0xf8]
        code += fixture.emitter.bytes(f.value) + [UInt8](repeating: 0x90, count: f.padding)
        if i + 1 < functions.count {
          code += try fixture.image.callSequence(to: fixture.symbol(UInt64(101 + i)))
        } else {
          // xor eax, eax
          code += [0x31, 0xc0]
        }
        f.callEnd = UInt32(code.count)
        // add eax, [rbp - 8]; leave; ret
        code += [0x03, 0x45, 0xf8, 0xc9, 0xc3]
        // Behind the push and the move: DW_CFA_advance_loc, def_cfa_offset 16, offset rbp;
        // advance_loc 3, def_cfa_register rbp.
        let frame: [UInt8] = [0x41, 0x0e, 16, 0x86, 2, 0x43, 0x0d, 6]
        try fixture.image.updateFunction(
          Declaration(UInt64(100 + i)), name: "level\(i)", code: code,
          debug: FunctionDebugInfo(
            unit: units[f.unit], name: "level\(i)", lines: lines(f), result: Self.int,
            locals: [
              DebugLocal(name: "here", type: Self.int, frameOffset: -8, isParameter: false)
            ], frameRegister: 6, frameInstructions: frame))
        functions[i] = f
      }

      func writeGlobal(_ i: Int) throws {
        let g = globals[i]
        let bytes = fixture.emitter.bytes(UInt32(bitPattern: g.value))
        try fixture.image.updateData(
          Declaration(UInt64(200 + i)), name: "global\(i)", kind: g.kind,
          bytes: bytes + bytes + [UInt8](repeating: 0, count: g.extra),
          debug: VariableDebugInfo(
            unit: units[g.unit], name: "global\(i)", type: i == 1 ? Self.pair : Self.int))
      }

      /// Where a function may begin; no two share lines.
      private func line(_ i: Int) -> UInt32 {
        UInt32(1000 * (i + 1)) + .random(in: 0..<900, using: &chance)
      }

      /// One change, as a programmer makes it.
      func edit() throws {
        let i = Int.random(in: functions.indices, using: &chance)
        let g = Int.random(in: globals.indices, using: &chance)
        switch Int.random(in: 0..<10, using: &chance) {
        case 0...2:
          functions[i].padding = .random(in: 0..<120, using: &chance)
          functions[i].value = .random(in: 0..<20, using: &chance)
          try writeFunction(i)
        case 3...4:
          // Lines above it came or went.
          functions[i].line = line(i)
          try fixture.image.updateLines(
            Declaration(UInt64(100 + i)), lines: lines(functions[i]))
        case 5:
          functions[i].unit = .random(in: 0..<3, using: &chance)
          functions[i].line = line(i)
          try writeFunction(i)
        case 6:
          globals[g] = (
            .random(in: 0..<3, using: &chance), .random(in: -1000..<1000, using: &chance),
            Bool.random(using: &chance) ? .mutable : .immutable,
            .random(in: 0..<200, using: &chance)
          )
          try writeGlobal(g)
        case 7:
          functions[i].padding += .random(in: 0..<2000, using: &chance)
          try writeFunction(i)
        default:
          try editOther()
        }
      }

      /// Functions beside the chain, which come and go.
      private func editOther() throws {
        let key = UInt64.random(in: 300..<340, using: &chance)
        if others.contains(key), Bool.random(using: &chance) {
          try fixture.image.free(Declaration(key))
          others.remove(key)
          return
        }
        others.insert(key)
        let line = UInt32.random(in: 10_000..<20_000, using: &chance)
        let code = fixture.code(1, size: .random(in: 0..<300, using: &chance))
        let isData = key % 3 == 0
        if isData {
          try fixture.image.updateData(
            Declaration(key), name: "other\(key)", kind: .mutable, bytes: code,
            debug: VariableDebugInfo(
              unit: units[Int(key % 2)], name: "other\(key)",
              type: .array(of: Self.int, count: UInt64(code.count / 4))))
        } else {
          try fixture.image.updateFunction(
            Declaration(key), name: "other\(key)", code: code,
            debug: FunctionDebugInfo(
              unit: units[Int(key % 3)], name: "other\(key)",
              lines: [DebugLine(offset: 0, line: line)], result: .pointer(to: Self.pair),
              frameRegister: 7))
        }
      }

      /// Both tools in one shell: what they complain of, if anything.
      func checkTools(_ comment: String) {
        let path = fixture.path
        let result = run([
          "sh", "-c",
          "readelf -aW --debug-dump=info,line,frames \(path) 2>&1 >/dev/null;"
            + " eu-elflint --gnu-ld \(path)",
        ])
        #expect(result.output == "No errors\n", "\(comment)")
      }

      /// Stops in a function, and asks where it is and what it sees.
      func checkDebugger(_ comment: String) {
        let last = Int.random(in: functions.indices, using: &chance)
        let f = functions[last]
        let result = run([
          "timeout", "60", "gdb", "--batch", "-nx", "-q", "-iex",
          "set disable-randomization off", "-iex", "set debuginfod enabled off", "-ex",
          "break \(units[f.unit].path):\(f.line + 1)", "-ex", "run", "-ex", "backtrace", "-ex",
          "print here", "-ex", "print global0", "-ex", "print global1", "-ex", "print global2",
          "-ex", "delete", "-ex", "continue", fixture.path,
        ])
        var answers = (0...last).map { i in
          let unit = units[functions[i].unit].path
          return i == last
            ? "level\(i) () at \(unit):\(f.line + 1)"
            : "in level\(i) () at \(unit):\(functions[i].line + 1)"
        }
        answers += [
          "in start () at one.t:1", "$1 = \(f.value)", "$2 = \(globals[0].value)",
          "$3 = {first = \(globals[1].value), second = \(globals[1].value)}",
          "$4 = \(globals[2].value)",
        ]
        let status = functions.reduce(0) { $0 + $1.value } & 0xff
        answers.append(
          status == 0
            ? "exited normally" : "exited with code 0\(String(status, radix: 8))]")
        for answer in answers {
          #expect(result.output.contains(answer), "\(comment), \(answer): \(result.output)")
        }
      }
    }
  }
#endif
