import Glibc
import Linker
import Testing
import Weld

#if arch(x86_64)
  /// Programs of declarations that use a C library, and are edited.
  @Suite struct LibraryImageTests {
    typealias Library = Fixture.Library

    @Test(arguments: Library.all) func callsAndCallbacks(_ library: Library) throws {
      let f = try Fixture(linkedWith: library)
      // compare: mov eax, [rdi]; sub eax, [rsi]; ret
      try f.image.updateFunction(
        Declaration(2), name: "compare", code: [0x8b, 0x07, 0x2b, 0x06, 0xc3])
      try f.image.updateData(
        Declaration(3), name: "numbers", kind: .mutable,
        bytes: [7, 0, 0, 0, 3, 0, 0, 0, 9, 0, 0, 0])
      func program(_ greeting: String, _ more: (inout Instructions) throws -> Void = { _ in })
        throws
      {
        try f.main { code in
          try code.argument(0, addressOf: f.text(1, greeting))
          try code.call("puts")
          // A block of memory: it is written and freed. mov rbx, rax; mov byte [rax], 65;
          // mov rdi, rbx
          code.argument(0, 100)
          try code.call("malloc")
          code.add([0x48, 0x89, 0xc3, 0xc6, 0x00, 65, 0x48, 0x89, 0xdf])
          try code.call("free")
          try code.argument(0, addressOf: f.symbol(3))
          code.argument(1, 3)
          code.argument(2, 4)
          try code.argument(3, addressOf: f.symbol(2))
          try code.call("qsort")
          try code.argument(0, addressOf: f.text(1, "%d %d %d\n"))
          try code.load(addressOf: f.symbol(3))
          code.argument(1, wordAt: 0)
          code.argument(2, wordAt: 4)
          code.argument(3, wordAt: 8)
          try code.call("printf")
          try more(&code)
          // Variables of the library: mov rdi, [rdi].
          try code.argument(0, addressOf: f.image.importedSymbol("stdout"))
          code.add([0x48, 0x8b, 0x3f])
          try code.call("fflush")
          // environ: mov rax, [rax]; test rax, rax; mov eax, 42; jnz over; xor eax, eax
          try code.load(addressOf: f.image.importedSymbol("environ"))
          code.add([0x48, 0x8b, 0x00, 0x48, 0x85, 0xc0])
          code.result(42)
          code.add([0x75, 2, 0x31, 0xc0])
        }
      }
      try program("hello")
      try f.prints("hello\n3 7 9\n", 42)
      // Edits: in place, with another constant; a callback that moves; then back to small.
      try program("hello, and a longer greeting this time")
      try f.prints("hello, and a longer greeting this time\n3 7 9\n", 42)
      // mov eax, [rsi]; sub eax, [rdi]; ret
      try f.image.updateFunction(
        Declaration(2), name: "compare",
        code: [UInt8](repeating: 0x90, count: 3000) + [0x8b, 0x06, 0x2b, 0x07, 0xc3])
      try f.prints("hello, and a longer greeting this time\n9 7 3\n", 42)
      // Imports that come after the first flush.
      try program("again") { code in
        code.argument(0, 66)
        try code.call("putchar")
        try code.argument(0, addressOf: f.text(1, "four"))
        try code.call("strlen")
        // lea edi, [rax + 48]
        code.add([0x8d, 0x78, 48])
        try code.call("putchar")
      }
      try f.prints("again\n9 7 3\nB4", 42)
      try program("less")
      try f.prints("less\n9 7 3\n", 42)
      #expect(f.symbols().filter { $0.name == "main" }.count == 1)
      #expect(f.symbol(named: "main")?.value == (try f.address(1)))
    }

    @Test(arguments: Library.all) func threadLocalsInThreadsOfC(_ library: Library) throws {
      let f = try Fixture(linkedWith: library) { $0.threadLocalReserve = 256 }
      func values(_ first: UInt32, extra: Int) throws {
        try f.data(10, first, kind: .threadLocal, extra: extra)
        try f.data(11, 0, kind: .threadLocal, extra: extra)
      }
      try values(5, extra: 0)
      // In each thread: ++a; b += a; returns b.
      try f.write(2, "worker") { code in
        // inc dword fs:[rax]; mov ecx, fs:[rax]
        try code.load(addressOf: f.symbol(10))
        code.add([0x64, 0xff, 0x00, 0x64, 0x8b, 0x08])
        // add fs:[rax], ecx; mov eax, fs:[rax]; ret
        try code.load(addressOf: f.symbol(11))
        code.add([0x64, 0x01, 0x08, 0x64, 0x8b, 0x00, 0xc3])
      }
      try f.image.updateData(
        Declaration(3), name: "thread", kind: .mutable, bytes: [], zeroFill: 8)
      try f.image.updateData(
        Declaration(4), name: "result", kind: .mutable, bytes: [], zeroFill: 8)
      try f.main { code in
        // The main thread has its own: b is 6, then 13.
        try code.call(f.symbol(2))
        try code.call(f.symbol(2))
        code.add([0x89, 0xc3])
        for _ in 0..<2 {
          try code.argument(0, addressOf: f.symbol(3))
          code.argument(1, 0)
          try code.argument(2, addressOf: f.symbol(2))
          code.argument(3, 0)
          try code.call("pthread_create")
          try code.load(addressOf: f.symbol(3))
          code.add([0x48, 0x8b, 0x38])
          try code.argument(1, addressOf: f.symbol(4))
          try code.call("pthread_join")
          // add ebx, [rax]
          try code.load(addressOf: f.symbol(4))
          code.add([0x03, 0x18])
        }
        code.add([0x89, 0xd8])
      }
      try f.prints("", 13 + 6 + 6)
      try values(7, extra: 20)
      try f.prints("", 17 + 8 + 8)
      // More than was set aside: the module's part of the block is made anew.
      try values(9, extra: 1000)
      try f.prints("", 21 + 10 + 10)
      try f.data(12, 1, kind: .threadLocal, extra: 20_000)
      try f.prints("", 21 + 10 + 10)
      try f.image.free(Declaration(12))
      try values(1, extra: 4)
      try f.prints("", 5 + 2 + 2)
    }

    @Test(arguments: Library.all) func objectsThatCallBack(_ library: Library) throws {
      let f = try Fixture(linkedWith: library)
      try f.image.addObject(
        f.compile(
          """
          #include <stdio.h>
          extern int module_function(int);
          extern int module_variable;
          extern _Thread_local int module_thread;
          int (*kept)(int) = module_function;
          int *pointer = &module_variable;
          int counter = 5;
          int helper(int x) {
            counter++;
            printf("%d %d %d %d\\n", kept == module_function, *pointer, counter, module_thread);
            return module_function(x) + 1;
          }
          """, as: "helper.o", "-fno-pie", "-g"))
      // lea eax, [rdi + rdi]; ret
      func double(_ padding: Int) throws {
        try f.image.updateFunction(
          Declaration(2), name: "twice",
          code: [UInt8](repeating: 0x90, count: padding) + [0x8d, 0x04, 0x3f, 0xc3])
      }
      try double(0)
      try f.image.updateExports(Declaration(2), [Export("module_function")])
      try f.data(3, 33)
      try f.image.updateExports(Declaration(3), [Export("module_variable")])
      try f.data(4, 44, kind: .threadLocal)
      try f.image.updateExports(Declaration(4), [Export("module_thread")])
      try f.main { code in
        code.argument(0, 10)
        try code.call("helper")
        // add eax, [counter]
        code.add([0x89, 0xc3])
        try code.load(addressOf: f.image.importedSymbol("counter"))
        code.add([0x03, 0x18, 0x89, 0xd8])
      }
      try f.prints("1 33 6 44\n", 27)
      let old = try f.address(2)
      try double(5000)
      #expect(try f.address(2) != old)
      try f.prints("1 33 6 44\n", 27)
      try f.data(3, 34, extra: 5000)
      try f.data(4, 45, kind: .threadLocal, extra: 500)
      try f.prints("1 34 6 45\n", 27)
      // The object's names, too, are in the one symbol table.
      #expect(f.symbol(named: "helper")?.type == "FUNC")
      #expect(f.symbol(named: "counter")?.type == "OBJECT")
      #expect(f.symbol(named: "module_function")?.value == (try f.address(2)))
      #expect(f.symbol(named: "module_thread")?.type == "TLS")
      // What the object needs is gone, and comes back.
      try f.image.removeExport(Declaration(2), name: "module_function")
      f.refuses(.inputs, "undefined symbol: module_function", "helper.o")
      try f.image.updateExports(Declaration(2), [Export("module_function", visibility: .hidden)])
      try f.prints("1 34 6 45\n", 27)
    }

    @Test(arguments: Library.all) func weakAndUndefined(_ library: Library) throws {
      let f = try Fixture(linkedWith: library)
      let weak = try f.image.importedSymbol("not_there", isWeak: true)
      func program(_ missing: Bool) throws {
        try f.main { code in
          // xor eax, eax unless the weak one is there: cmp rax, 1; sbb eax, eax; and eax, 9
          try code.load(addressOf: weak)
          code.add([0x48, 0x83, 0xf8, 1, 0x19, 0xc0, 0x83, 0xe0, 9])
          if missing {
            try code.call("missing_function")
            try code.call("another_one")
          }
        }
      }
      try program(false)
      try f.prints("", 9)
      try program(true)
      f.refuses(
        .inputs, "undefined symbol: missing_function", "undefined symbol: another_one",
        "referenced by 'main'")
      try program(false)
      try f.prints("", 9)
      // By an export, by nobody, and by an object.
      try program(true)
      try f.function(5, 3)
      try f.image.updateExports(
        Declaration(5), [Export("missing_function"), Export("another_one")])
      try f.prints("", 3)
      try f.image.free(Declaration(5))
      f.refuses(.inputs, "missing_function")
      try f.image.addObject(
        f.compile(
          "int missing_function(void) { return 1; } int another_one(void) { return 77; }"
            + " int not_there;", as: "late.o", "-fno-pie"))
      try f.prints("", 77)
      try program(false)
      try f.prints("", 0)
    }

    @Test(arguments: Library.all) func aWeakExportBesideAnObjects(_ library: Library) throws {
      let f = try Fixture(linkedWith: library)
      try f.image.addObject(
        f.compile("int answer(void) { return 50; }", as: "strong.o", "-fno-pie"))
      try f.function(2, 2)
      try f.image.updateExports(Declaration(2), [Export("answer", binding: .weak)])
      try f.main { code in
        // mov ebx, eax; ... add eax, ebx: the name's definition, and the declaration's own code.
        try code.call("answer")
        code.add([0x89, 0xc3])
        try code.call(f.symbol(2))
        code.add([0x01, 0xd8])
      }
      try f.prints("", 52)
      // The module's own moves: the name stays with the object's.
      try f.function(2, 3, size: 4000)
      try f.prints("", 53)
      try f.function(3, 4)
      try f.image.updateExports(Declaration(3), [Export("answer", binding: .weak)])
      try f.prints("", 53)
      try f.image.removeExport(Declaration(2), name: "answer")
      try f.prints("", 53)
      try f.image.updateExports(Declaration(2), [Export("answer")])
      f.refuses(.inputs, "duplicate symbol", "answer")
      try f.image.updateExports(Declaration(2), [])
      try f.prints("", 53)
    }

    @Test(arguments: Library.all) func addressesOfImportsInData(_ library: Library) throws {
      let f = try Fixture(linkedWith: library)
      let puts = try f.image.importedSymbol("puts")
      try f.image.updateData(
        Declaration(2), name: "table", kind: .immutable, bytes: [UInt8](repeating: 0, count: 16),
        relocations: [
          DataRelocation(offset: 0, target: puts),
          DataRelocation(offset: 8, target: try f.image.importedSymbol("environ")),
        ])
      func program(_ text: String, index: UInt8) throws {
        try f.main { code in
          try code.argument(0, addressOf: f.text(1, text))
          try code.load(addressOf: f.symbol(2))
          // call [rax + index]; the table's environ is the library's: mov rax, [rax + 8];
          // mov rax, [rax]; cmp rax, [rcx]; setz al; movzx eax, al
          code.add([0xff, 0x50, index])
          try code.load(addressOf: f.symbol(2))
          try code.argument(3, addressOf: f.image.importedSymbol("environ"))
          code.add([
            0x48, 0x8b, 0x40, 8, 0x48, 0x8b, 0x00, 0x48, 0x3b, 0x01, 0x0f, 0x94, 0xc0, 0x0f, 0xb6,
            0xc0,
          ])
        }
      }
      try program("through a table", index: 0)
      try f.prints("through a table\n", 1)
      // A new place that holds one, and a table that moves.
      try f.image.updateData(
        Declaration(2), name: "table", kind: .mutable, bytes: [UInt8](repeating: 0, count: 3000),
        relocations: [
          DataRelocation(offset: 16, target: puts),
          DataRelocation(offset: 8, target: try f.image.importedSymbol("environ")),
        ])
      try program("elsewhere", index: 16)
      try f.prints("elsewhere\n", 1)
    }
  }
#endif
