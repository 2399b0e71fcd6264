import Glibc
import Linker
import TestSupport
import Testing
import Weld

#if arch(x86_64)
  /// Random edits of a program that is linked with a C library and an object, with failures in
  /// between, against a model of what it prints.
  @Suite struct RandomInputTests {
    @Test(arguments: Fixture.Library.all) func threeHundredEdits(_ library: Fixture.Library) throws
    {
      try Edits(library, seed: 0x11b_c0de).run(operations: 300, every: 30)
    }

    private final class Edits {
      let f: Fixture
      var chance: Chance
      let library: Fixture.Library
      static let hooks = 6

      /// What a function returns.
      enum Thing {
        case number(UInt32)
        /// A thread-local variable's first word.
        case threadLocal(of: UInt64)
        /// `abs(-number)`, by the library.
        case absolute(UInt32)
        /// `strlen` of a text that long.
        case length(Int)
        /// What the function returns whose address a table holds.
        case table(of: UInt64)
        /// What the object makes of the hooks.
        case hooks
      }
      var things: [UInt64: Thing] = [:]
      var threadLocals: [UInt64: UInt32] = [:]
      /// Which declaration exports each hook, and whether strongly.
      var exports: [Int: UInt64] = [:]
      var nextKey: UInt64 = 10
      var isCompound = false

      init(_ library: Fixture.Library, seed: UInt64) throws {
        self.library = library
        chance = Chance(seed: seed)
        f = try Fixture(linkedWith: library) { $0.threadLocalReserve = 128 }
        let names = (0..<Self.hooks).map { "hook_\($0)" }
        let source =
          names.map { "extern int \($0)(void) __attribute__((weak));" }.joined(separator: "\n")
          + "\nint (*const kept[])(void) = {\(names.joined(separator: ", "))};\n"
            + """
            unsigned sum_hooks(void) {
              unsigned sum = 0;
              for (int i = 0; i < \(Self.hooks); i++) sum = sum * 7 + (kept[i] ? kept[i]() : 1);
              return sum;
            }
            """
        try f.image.addObject(f.compile(source, as: "hooks.o", "-fno-pie"))
      }

      func run(operations: Int, every: Int) throws {
        for operation in 0..<operations {
          let comment = "\(library), operation \(operation)"
          let gate = RandomEditTests.gate(f.image)
          let injects = Int.random(in: 0..<8, using: &chance) == 0
          let before = injects ? f.image.dump() : ""
          isCompound = false
          if injects { gate.stepsUntilFailure = .random(in: 0..<4, using: &chance) }
          do {
            try edit()
          } catch let error as ImageError {
            #expect(injects, "\(comment): \(error)")
            // An edit of several calls may fail at any of them.
            if injects, !isCompound { #expect(f.image.dump() == before, "\(comment)") }
          }
          gate.stepsUntilFailure = nil
          if operation % every == every - 1 { try check(comment) }
        }
      }

      private func pick(_ wanted: (Thing) -> Bool = { _ in true }) -> UInt64? {
        things.keys.sorted().filter { wanted(things[$0]!) }.randomElement(using: &chance)
      }

      private func isNumber(_ thing: Thing) -> Bool {
        if case .number = thing { true } else { false }
      }

      private func isUsed(_ key: UInt64) -> Bool {
        exports.values.contains(key)
          || things.values.contains { if case .table(key) = $0 { true } else { false } }
      }

      private func edit() throws {
        switch Int.random(in: 0..<100, using: &chance) {
        case 0..<30:
          if let key = pick() {
            var thing = things[key]!
            if isNumber(thing) { thing = .number(.random(in: 0..<1000, using: &chance)) }
            try write(key, thing)
            things[key] = thing
          }
        case 30..<40:
          if let key = pick(), !isUsed(key) {
            try f.image.free(Declaration(key))
            things[key] = nil
          }
        case 40..<55:
          // A hook comes, goes, or moves to another function.
          let hook = Int.random(in: 0..<Self.hooks, using: &chance)
          if let old = exports[hook] {
            try f.image.removeExport(Declaration(old), name: "hook_\(hook)")
            exports[hook] = nil
          } else if let key = pick(isNumber), !exports.values.contains(key) {
            let binding: Export.Binding = Bool.random(using: &chance) ? .strong : .weak
            try f.image.updateExports(
              Declaration(key), [Export("hook_\(hook)", binding: binding)])
            exports[hook] = key
          }
        case 55..<65:
          let known = threadLocals.keys.sorted().randomElement(using: &chance)
          let isNew = known == nil || Bool.random(using: &chance)
          let key = isNew ? nextKey : known!
          let value = Bool.random(using: &chance) ? 0 : UInt32.random(in: 1..<1000, using: &chance)
          try f.data(
            key, value, kind: .threadLocal, extra: .random(in: 0..<60, using: &chance),
            alignment: 2)
          if isNew { nextKey += 1 }
          threadLocals[key] = value
        default:
          guard things.count < 60 else { return }
          let kinds: [Thing?] = [
            .number(.random(in: 0..<1000, using: &chance)),
            .number(.random(in: 0..<1000, using: &chance)),
            .absolute(.random(in: 0..<1000, using: &chance)),
            .length(.random(in: 0..<40, using: &chance)), .hooks,
            threadLocals.keys.sorted().randomElement(using: &chance).map { .threadLocal(of: $0) },
            pick(isNumber).map { .table(of: $0) },
          ]
          guard let thing = kinds.randomElement(using: &chance)! else { return }
          let key = nextKey
          nextKey += 2
          things[key] = thing
          do {
            try write(key, thing)
          } catch {
            things[key] = nil
            nextKey -= 2
            throw error
          }
        }
      }

      private func write(_ key: UInt64, _ thing: Thing) throws {
        isCompound = true
        var code = Instructions(f.image)
        code.add([UInt8](repeating: 0x90, count: .random(in: 0..<100, using: &chance)))
        code.enter()
        switch thing {
        case .number(let value): code.result(value)
        case .absolute(let value):
          code.argument(0, 0 &- value)
          try code.call("abs")
        case .length(let count):
          try code.argument(0, addressOf: f.text(key, String(repeating: "x", count: count)))
          try code.call("strlen")
        case .hooks: try code.call("sum_hooks")
        case .threadLocal(let variable):
          try code.load(addressOf: f.symbol(variable))
          code.add([0x64, 0x8b, 0x00])
        case .table(let function):
          let table = try f.image.unnamedConstant(
            of: Declaration(key), bytes: [UInt8](repeating: 0, count: 8), alignment: 3,
            relocations: [DataRelocation(offset: 0, target: f.symbol(function))])
          try code.load(addressOf: table)
          code.add([0xff, 0x10])
        }
        code.leave()
        try f.image.updateFunction(
          Declaration(key), name: "d\(key)", code: code.bytes, relocations: code.relocations)
      }

      private func value(_ key: UInt64) -> UInt32 {
        switch things[key]! {
        case .number(let value), .absolute(let value): value
        case .length(let count): UInt32(count)
        case .threadLocal(let variable): threadLocals[variable]!
        case .table(let function): value(function)
        case .hooks:
          (0..<Self.hooks).reduce(0) { $0 &* 7 &+ (exports[$1].map { value($0) } ?? 1) }
        }
      }

      private func check(_ comment: String) throws {
        let keys = things.keys.sorted()
        try f.main { code in
          // xor ebx, ebx; (call; imul ebx, ebx, 31; add ebx, eax)*
          code.add([0x31, 0xdb])
          for key in keys {
            try code.call(f.symbol(key))
            code.add([0x6b, 0xdb, 0x1f, 0x01, 0xc3])
          }
          // mov esi, ebx
          try code.argument(0, addressOf: f.text(1, "%u\n"))
          code.add([0x89, 0xde])
          try code.call("printf")
          code.result(0)
        }
        try f.image.flush()
        let expected = keys.reduce(0 as UInt32) { $0 &* 31 &+ value($1) }
        let result = ImageTests.run([f.path])
        #expect(result.output == "\(expected)\n", "\(comment)")
        #expect(result.status == 0, "\(comment)")
        f.accepts()
      }
    }
  }
#endif
