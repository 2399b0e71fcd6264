import Glibc
import Linker
import Testing
import Weld

#if arch(x86_64)
  /// Objects, archives and shared libraries in images, and what changes with edits.
  @Suite struct InputDefectTests {
    typealias Library = Fixture.Library

    /// No C library: the module has the entry, which moves without the link being made again.
    @Test func objectsAlone() throws {
      let f = try Fixture(linkedWith: nil)
      try f.image.addObject(
        f.compile(
          """
          extern int module_value(void);
          int numbers[1000] = {1};
          int twice(void) { return numbers[999] + 2 * module_value(); }
          """, as: "twice.o", "-fno-pie", "-ffreestanding"))
      try f.function(2, 21)
      try f.image.updateExports(Declaration(2), [Export("module_value")])
      let twice = try f.image.importedSymbol("twice")
      try f.start(calling: [twice])
      try f.check(42)
      let place = try f.address(1)
      try f.start(calling: [twice, twice, twice, twice, twice, twice, twice, twice, twice, twice])
      #expect(try f.address(1) == place)
      try f.function(3, 3)
      try f.start(calling: [ImageSymbol](repeating: twice, count: 400))
      #expect(try f.address(1) != place)
      try f.image.flush()
      f.runs([UInt32](repeating: 42, count: 400))
      f.accepts()
      try f.start(calling: [twice])
      try f.check(42)
      try f.image.removeExport(Declaration(1), name: "_start")
      f.refuses(.noEntry, "_start")
    }

    @Test func archivesBringMembersAsTheyAreNeeded() throws {
      let f = try Fixture(linkedWith: Library.all[1])
      let members = try (0..<6).map { i in
        try f.compile(
          i == 5
            ? "extern int f4(void); int f5(void) { return 5 + f4(); }"
            : "int f\(i)(void) { return \(i); } int only_\(i) = 1;", as: "m\(i).o", "-fno-pie")
      }
      let archive = f.scratch.file("libmembers.a")
      try #require(run(["ar", "rcs", archive] + members).status == 0)
      try f.image.addArchive(archive)
      func program(_ names: [String]) throws {
        try f.main { code in
          code.add([0x31, 0xdb])
          for name in names {
            // imul ebx, ebx, 3; add ebx, eax
            try code.call(name)
            code.add([0x6b, 0xdb, 3, 0x01, 0xc3])
          }
          code.add([0x89, 0xd8])
        }
      }
      try program(["f1"])
      try f.prints("", 1)
      #expect(f.symbol(named: "only_1") != nil && f.symbol(named: "only_2") == nil)
      try program(["f1", "f2"])
      try f.prints("", 5)
      #expect(f.symbol(named: "only_2") != nil)
      try program(["f5"])
      try f.prints("", 9)
      #expect(f.symbol(named: "only_4") != nil)
      // A declaration of that name goes before the archive's.
      try f.function(2, 100)
      try f.image.updateExports(Declaration(2), [Export("f5")])
      try f.prints("", 100)
    }

    @Test func sharedLibraries() throws {
      let f = try Fixture(linkedWith: Library.all[0])
      let library = try f.compile(
        """
        int shared_value = 7;
        int shared_function(int x) { return x + shared_value; }
        extern int module_back(int);
        int shared_back(int x) { return module_back(x) + 1; }
        """, as: "libshared.so", "-shared")
      try f.image.addSharedLibrary(library)
      // lea eax, [rdi + rdi * 2]; ret
      func back(_ padding: Int) throws {
        try f.image.updateFunction(
          Declaration(2), name: "back",
          code: [UInt8](repeating: 0x90, count: padding) + [0x8d, 0x04, 0x7f, 0xc3])
      }
      try back(0)
      try f.image.updateExports(Declaration(2), [Export("module_back")])
      func program(address: Bool) throws {
        if address {
          // The variable's address in data: it is copied into the program.
          try f.image.updateData(
            Declaration(3), name: "pointer", kind: .mutable,
            bytes: [UInt8](repeating: 0, count: 8),
            relocations: [
              DataRelocation(offset: 0, target: try f.image.importedSymbol("shared_value"))
            ])
        }
        try f.main { code in
          if address {
            // mov rax, [rax]; mov dword [rax], 9
            try code.load(addressOf: f.symbol(3))
            code.add([0x48, 0x8b, 0x00, 0xc7, 0x00, 9, 0, 0, 0])
          }
          code.argument(0, 10)
          try code.call("shared_function")
          code.add([0x89, 0xc3])
          code.argument(0, 20)
          try code.call("shared_back")
          code.add([0x01, 0xd8])
          code.add([0x89, 0xc3])
          // add ebx, [rax]
          try code.load(addressOf: f.image.importedSymbol("shared_value"))
          code.add([0x03, 0x18, 0x89, 0xd8])
        }
      }
      setenv("LD_LIBRARY_PATH", f.scratch.path, 1)
      defer { unsetenv("LD_LIBRARY_PATH") }
      try program(address: false)
      try f.prints("", 17 + 61 + 7)
      // The library calls the module's function through the dynamic symbol table.
      try back(5000)
      try f.prints("", 17 + 61 + 7)
      try program(address: true)
      try f.prints("", 19 + 61 + 9)
      try back(0)
      try f.prints("", 19 + 61 + 9)
    }

    /// Thread-local variables of an object beside the module's. The module cannot name the object's,
    /// of which it has no way to say that they are thread-local; that is refused.
    @Test(arguments: Library.all) func threadLocalsOfObjects(_ library: Library) throws {
      let f = try Fixture(linkedWith: library)
      try f.image.addObject(
        f.compile(
          "_Thread_local int theirs = 5; _Thread_local int zeros[100];"
            + "int get(void) { return theirs + zeros[99]; }", as: "theirs.o", "-fno-pie"))
      try f.data(2, 7, kind: .threadLocal)
      func program(_ more: Bool) throws {
        try f.main { code in
          // add dword fs:[rax], 3
          if more {
            try code.load(addressOf: f.image.importedSymbol("theirs"))
            code.add([0x64, 0x83, 0x00, 3])
          }
          try code.call("get")
          // add eax, fs:[rcx]
          code.add([0x89, 0xc3])
          try code.load(addressOf: f.symbol(2))
          code.add([0x64, 0x03, 0x18, 0x89, 0xd8])
        }
      }
      try program(false)
      try f.prints("", 12)
      try program(true)
      f.refuses(.inputs, "'theirs'", "TLS mismatch")
      try program(false)
      try f.data(2, 9, kind: .threadLocal, extra: 9000)
      try f.prints("", 14)
    }

    /// The link's part of the file grows over what lay behind it; then come more segments than its
    /// headers have room for.
    @Test(arguments: [Library.all[0], .all[1]]) func partsOfTheFileThatGrow(
      _ library: Library
    ) throws {
      let f = try Fixture(linkedWith: library) { $0.reserve = 1 << 20 }
      try f.main { $0.result(3) }
      try f.prints("", 3)
      for round in 0..<3 {
        let object = try f.compile(
          "char big_\(round)[200000] = {1}; int f_\(round)(void) { return big_\(round)[0]; }",
          as: "big\(round).o", "-fno-pie")
        try f.image.addObject(object)
        try f.data(UInt64(10 + round), 1, extra: 30_000)
        try f.main { code in
          try code.call("f_\(round)")
        }
        try f.prints("", 1)
      }
      for i in 0..<150 as Range<UInt64> {
        try f.data(100 + i, UInt32(i))
        try f.image.updateExports(
          Declaration(100 + i), [Export("e\(i)", section: "section_\(i)")])
      }
      try f.main { code in
        try code.call("puts_nothing")
        // mov eax, [rax]
        try code.load(addressOf: f.symbol(222))
        code.add([0x8b, 0x00])
      }
      try f.function(5, 0)
      try f.image.updateExports(Declaration(5), [Export("puts_nothing")])
      try f.prints("", 122)
    }

    /// Symbols name sections in 16 bits.
    @Test func moreSectionsThanSymbolsCanName() throws {
      let f = try Fixture(linkedWith: nil)
      try f.start(calling: [ImageSymbol]())
      try f.check()
      let sections = """
        __asm__(".altmacro\\n.macro one n\\n.section part\\\\n\\n.byte 0\\n.endm\\n.set i, 0\\n"
                ".rept 66000\\none %i\\n.set i, i + 1\\n.endr\\n.text");
        """
      try f.image.addObject(f.compile(sections, as: "many.o", "-fno-pie"))
      f.refuses(.outOfRoom, "sections")
    }

    @Test func inputsThatAreInError() throws {
      let f = try Fixture(linkedWith: Library.all[1])
      try f.main { $0.result(3) }
      try f.prints("", 3)
      try f.image.addObject(f.scratch.file("none.o"))
      f.refuses(.inputs, "none.o")
      #expect(run([f.path]).status == 3)
      // The file appears.
      _ = try f.compile("int there = 4;", as: "none.o", "-fno-pie")
      try f.main { code in
        try code.load(addressOf: f.image.importedSymbol("there"))
        code.add([0x8b, 0x00])
      }
      try f.prints("", 4)
      let plain = try Fixture()
      #expect(throws: ImageError.self) { try plain.image.addObject("any.o") }
      #expect(throws: ImageError.self) {
        try Fixture(.aarch64) { $0.inputs = ImageInputs() }
      }
    }

    /// With the objects' debug information beside the module's own.
    @Test func objectsWithDebugInformation() throws {
      let f = try Fixture(linkedWith: Library.all[0])
      try f.image.addObject(
        f.compile("int helper(int x) { return x + 1; }", as: "helper.o", "-g", "-fno-pie"))
      let unit = DebugUnit(path: "main.t", directory: f.scratch.path, producer: "compiler")
      var code = Instructions(f.image)
      code.enter()
      code.argument(0, 4)
      try code.call("helper")
      code.leave()
      for line in [10, 20] as [UInt32] {
        try f.image.updateFunction(
          Declaration(1), name: "main", code: code.bytes, relocations: code.relocations,
          debug: FunctionDebugInfo(
            unit: unit, name: "main",
            lines: [DebugLine(offset: 0, line: line), DebugLine(offset: 6, line: line + 1)],
            frameRegister: 6))
        try f.image.updateExports(Declaration(1), [Export("main")])
        try f.prints("", 5)
        let lines = run(["readelf", "--debug-dump=decodedline", f.path]).output
        #expect(lines.contains("main.t"))
        let gdb = run([
          "timeout", "60", "gdb", "--batch", "-nx", "-iex", "set disable-randomization off",
          "-iex", "set debuginfod enabled off", "-ex",
          "break main.t:\(line + 1)", "-ex", "run", "-ex", "backtrace", f.path,
        ])
        #expect(gdb.output.contains("main () at main.t:\(line + 1)"), "\(gdb.output)")
      }
    }
  }
#endif
