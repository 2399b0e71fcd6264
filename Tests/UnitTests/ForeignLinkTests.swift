import ELFFormat
import Glibc
import Platform
import Testing

@testable import Linker

/// Objects, archives and libraries linked into an image with a compiler's code, which the tests write
/// by hand at the address that the module chose.
@Suite struct ForeignLinkTests {
  struct Library: CustomStringConvertible, Sendable {
    var system: StartupFiles.System
    var mode: StartupFiles.Mode
    var settings: ImageInputs { ImageInputs(startup: .c(os: system, mode: mode)) }
    var description: String { "\(system.rawValue) \(mode.rawValue)" }
  }
  static let libraries = [StartupFiles.System.linuxGlibc, .linuxMusl].flatMap { system in
    [StartupFiles.Mode.dynamic, .static].map { Library(system: system, mode: $0) }
  }

  @Test(arguments: libraries) func callsThroughSlot(library: Library) throws {
    var module = TestModule(library.settings, imports: [ForeignImport(name: "puts", slot: 3)])
    module.enter()
    module.argument(module.text("hello from the module"))
    module.call(3)
    module.result(42)
    module.leave()
    let image = try module.link()
    #expect(image.warnings == [])
    let ran = try module.run(image)
    #expect(ran.output == "hello from the module\n")
    #expect(ran.status == 42)
    #expect((image.imports == [.loaded]) == (library.mode == .dynamic))
    #expect(image.exports[0].isReferenced)
    #expect(image.slotRoom?.address == TestModule.slots)
  }

  @Test(arguments: libraries) func objectsCallExportsBack(library: Library) throws {
    let scratch = try Scratch()
    let object = try scratch.compile(
      """
      extern void qsort(void *, unsigned long, unsigned long, int (*)(const void *, const void *));
      extern int printf(const char *, ...);
      extern int compare(const void *, const void *);
      extern int weak_name(void);
      int (*kept)(const void *, const void *) = compare;
      int sorted(void) {
        int values[] = {5, 3, 9, 1, 7};
        qsort(values, 5, sizeof *values, compare);
        for (int i = 0; i < 5; i++) printf("%d ", values[i]);
        printf("%d\\n", kept == compare && compare(values, values + 1) < 0);
        return 7;
      }
      """)
    var module = TestModule(
      library.settings, [.object(object)], imports: [ForeignImport(name: "sorted", slot: 0)])
    module.enter()
    module.call(0)
    module.leave()
    // compare: mov eax,[rdi]; sub eax,[rsi]; ret
    let compare = TestModule.code + UInt64(module.instructions.count)
    module.instructions += [0x8b, 0x07, 0x2b, 0x06, 0xc3]
    module.request.exports += [
      ForeignExport(name: "compare", kind: .function, address: compare, size: 5),
      ForeignExport(name: "unused", kind: .function, address: compare, size: 5),
    ]
    let image = try module.link()
    let ran = try module.run(image)
    #expect(ran.output == "1 3 5 7 9 1\n")
    #expect(ran.status == 7)
    #expect(image.exports.map(\.isReferenced) == [true, true, false])
    guard case .fixed(let address) = image.imports[0] else {
      Issue.record("an object's function has an address")
      return
    }
    let sorted = image.symbols.first { $0.name == "sorted" }
    #expect(sorted?.value == address && sorted?.type == .function)
    #expect(image.sections[Int(sorted?.section ?? 0)].name == ".text")
    #expect(!image.symbols.contains { $0.name == "compare" || $0.name == "main" })
  }

  /// A slot that the loader fills and a constant in data agree on where a library's variable is.
  @Test(arguments: libraries) func dataOfLibraries(library: Library) throws {
    var module = TestModule(
      library.settings,
      imports: [
        ForeignImport(name: "stdout", slot: 0, needsAddress: true),
        ForeignImport(name: "environ", slot: 1, needsAddress: true),
        ForeignImport(name: "fputs", slot: 2),
        ForeignImport(name: "puts", slot: 4, needsAddress: true),
      ])
    // The code does not depend on the addresses but for the constants at the end of the data.
    let text = module.text("data\n")
    while module.variables.count % 8 != 0 { module.variables.append(0) }
    let constants = TestModule.data + UInt64(module.variables.count)
    module.enter()
    for (i, slot) in [0, 1, 4].enumerated() {
      module.load(slot)
      // cmp rax, [constant]; jne to the failing end, a ud2
      module.instructions +=
        [0x48, 0x3b, 0x04, 0x25] + TestModule.word(constants + UInt64(i) * 8)
      module.instructions += [0x74, 0x02, 0x0f, 0x0b]
    }
    // mov rax,[slot 1]; cmp qword [rax],0; jne over ud2
    module.load(1)
    module.instructions += [0x48, 0x83, 0x38, 0x00, 0x75, 0x02, 0x0f, 0x0b]
    module.argument(text)
    // mov rax,[slot 0]; mov rsi,[rax]
    module.load(0)
    module.instructions += [0x48, 0x8b, 0x30]
    module.call(2)
    module.result(0)
    module.leave()
    let image = try module.link()
    for i in [0, 1, 3] {
      guard case .fixed(let address) = image.imports[i] else {
        Issue.record("import \(i) has no address")
        return
      }
      module.variables += TestModule.word(address) + TestModule.word(address >> 32)
    }
    let ran = try module.run(image)
    #expect(ran.output == "data\n")
    #expect(ran.status == 0)
  }

  /// Which code runs is decided at start, also where no loader is; the address is one all the same.
  @Test(arguments: libraries) func indirectFunctions(library: Library) throws {
    var module = TestModule(
      library.settings,
      imports: [
        ForeignImport(name: "strlen", slot: 0, needsAddress: true),
        ForeignImport(name: "strchr", slot: 1),
      ])
    let text = module.text("seven c")
    module.enter()
    module.argument(text)
    // mov esi, 'v'
    module.instructions += [0xbe, 0x76, 0, 0, 0]
    module.call(1)
    // mov rdi, rax
    module.instructions += [0x48, 0x89, 0xc7]
    module.call(0)
    module.leave()
    let image = try module.link()
    guard case .fixed(let address) = image.imports[0] else {
      Issue.record("no address of strlen")
      return
    }
    #expect(address < TestModule.code)
    #expect(try module.run(image).status == 5)
  }

  /// A library that is given a name of the module's finds it at the module's address.
  @Test(arguments: libraries.filter { $0.mode == .dynamic })
  func librariesCallExportsBack(library: Library) throws {
    let scratch = try Scratch()
    try scratch.write(
      Array("int callback(int); int far(void) { return callback(20) + 1; }".utf8), to: "l.c")
    try scratch.command(
      "gcc -shared -fPIC -nostdlib -o '\(scratch.path)/libl.so'"
        + " -Wl,-soname,'\(scratch.path)/libl.so' '\(scratch.path)/l.c'")
    var module = TestModule(
      library.settings, [.sharedLibrary(scratch.path + "/libl.so")],
      imports: [ForeignImport(name: "far", slot: 0)])
    module.enter()
    module.call(0)
    module.leave()
    module.request.exports.append(
      ForeignExport(
        name: "callback", kind: .function,
        address: TestModule.code + UInt64(module.instructions.count), size: 4))
    // lea eax,[rdi+rdi]; ret
    module.instructions += [0x8d, 0x04, 0x3f, 0xc3]
    let image = try module.link()
    #expect(image.exports[1].isReferenced)
    #expect(try module.run(image).status == 41)
  }

  /// The module has the entry, and there is no C library.
  @Test func programsWithoutLibrary() throws {
    let scratch = try Scratch()
    let object = try scratch.compile("int twice(int x) { return x + x; }")
    var module = TestModule(
      ImageInputs(), [.object(object)], imports: [ForeignImport(name: "twice", slot: 0)])
    module.request.exports = [
      ForeignExport(name: "_start", kind: .function, address: TestModule.code, size: 64)
    ]
    module.argument(9)
    module.call(0)
    // mov edi,eax; mov eax,60; syscall: exit(2)
    module.instructions += [0x89, 0xc7, 0xb8, 60, 0, 0, 0, 0x0f, 0x05]
    let image = try module.link()
    #expect(image.entry == TestModule.code)
    #expect(try module.run(image).status == 18)
  }

  @Test(arguments: libraries) func weakImportThatNobodyDefines(library: Library) throws {
    var module = TestModule(
      library.settings,
      imports: [
        ForeignImport(name: "nobody_defines_this", isWeak: true, slot: 5),
        ForeignImport(name: "nor_this", isWeak: true, needsAddress: true),
      ])
    module.load(5)
    module.instructions += [0x48, 0x85, 0xc0, 0x0f, 0x94, 0xc0, 0x0f, 0xb6, 0xc0, 0xc3]
    let image = try module.link()
    #expect(image.imports[1] == .absent)
    #expect(try module.run(image).status == 1)
  }

  @Test(arguments: libraries) func threadLocals(library: Library) throws {
    let scratch = try Scratch()
    let object = try scratch.compile(
      """
      extern __thread int module_variable;
      __thread int counter = 30;
      int peek(void) { return module_variable + counter; }
      """)
    var module = TestModule(
      library.settings, [.object(object)],
      imports: [
        ForeignImport(name: "__errno_location", slot: 0), ForeignImport(name: "peek", slot: 1),
        ForeignImport(name: "counter", slot: 2, isThreadLocal: true),
      ])
    module.request.threadLocalReserve = 256
    module.request.threadLocalAlignment = 6
    module.request.exports.append(
      ForeignExport(name: "module_variable", kind: .threadLocal, address: 64, size: 4))
    let probe = try module.link()
    let block = try #require(probe.threadLocalBlock)
    let room = try #require(probe.threadLocalRoom)
    #expect(room.size == 256 && room.address % 64 == 0)
    #expect(block.alignment >= 64)
    // Source: x86-64 psABI, "Thread-Local Storage": the block ends at the thread pointer.
    let end = (block.address + block.size + block.alignment - 1) & ~(block.alignment - 1)
    let offset = room.address + 64 &- end
    module.enter()
    module.call(0)
    // mov dword [rax], 5: errno, next to the variables
    module.instructions += [0xc7, 0x00, 0x05, 0, 0, 0]
    // add dword fs:[offset], 1
    module.instructions += [0x64, 0x83, 0x04, 0x25] + TestModule.word(offset) + [0x01]
    // mov rax,[slot 2]; add dword fs:[rax], 2
    module.load(2)
    module.instructions += [0x64, 0x83, 0x00, 0x02]
    module.call(1)
    module.leave()
    let image = try module.link()
    #expect(image.threadLocalRoom == room)
    // The variable's first value, as the engine writes it.
    image.bytes.mutableBytes[Int(room.fileOffset) + 64] = 9
    #expect(try module.run(image).status == 42)
    #expect(!image.symbols.contains { $0.name == "module_variable" })
  }

  @Test func threadLocalOfLibrary() throws {
    let scratch = try Scratch()
    try scratch.write(Array("__thread int far_variable = 17;\n".utf8), to: "l.c")
    try scratch.command(
      "gcc -shared -fPIC -o '\(scratch.path)/libl.so' -Wl,-soname,'\(scratch.path)/libl.so'"
        + " '\(scratch.path)/l.c'")
    var module = TestModule(
      Self.libraries[0].settings, [.sharedLibrary(scratch.path + "/libl.so")],
      imports: [ForeignImport(name: "far_variable", slot: 0, isThreadLocal: true)])
    module.load(0)
    module.instructions += [0x64, 0x8b, 0x00, 0xc3]
    let image = try module.link()
    #expect(image.imports == [.loaded])
    #expect(try module.run(image).status == 17)
  }

  // MARK: Errors

  private func message(_ module: TestModule) -> (ImageError.Code, String)? {
    do throws(ImageError) {
      _ = try module.link()
      return nil
    } catch {
      return (error.code, error.message)
    }
  }

  @Test func undefinedNamesAreTold() throws {
    let module = TestModule(
      Self.libraries[0].settings,
      imports: [
        ForeignImport(name: "no_such_function", slot: 0), ForeignImport(name: "nor_this", slot: 1),
      ])
    let (code, text) = try #require(message(module))
    #expect(code == .inputs)
    #expect(text.contains("undefined symbol: no_such_function"))
    #expect(text.contains(">>> referenced by the compiler's code\n"))
    #expect(text.contains("undefined symbol: nor_this"))
  }

  @Test func duplicatesNameBothPlaces() throws {
    let scratch = try Scratch()
    let object = try scratch.compile("int twice(void) { return 1; }")
    var module = TestModule(Self.libraries[0].settings, [.object(object)], imports: [])
    module.request.exports.append(
      ForeignExport(name: "twice", kind: .function, address: TestModule.code, size: 1))
    let (code, text) = try #require(message(module))
    #expect(code == .inputs)
    #expect(text.contains("duplicate symbol: twice"))
    #expect(text.contains(">>> defined at the compiler's code"))
    #expect(text.contains("a.o:(.text+0x0)"))
  }

  @Test func weakExportGivesWay() throws {
    let scratch = try Scratch()
    let object = try scratch.compile("int choice(void) { return 1; }")
    var module = TestModule(
      Self.libraries[0].settings, [.object(object)],
      imports: [ForeignImport(name: "choice", slot: 0)])
    module.request.exports.append(
      ForeignExport(
        name: "choice", kind: .function, address: TestModule.code, size: 1, binding: .weak))
    let image = try module.link()
    let other = try #require(image.exports[1].overriddenBy)
    #expect(image.imports == [.fixed(other)])
    #expect(image.exports[0].overriddenBy == nil)
  }

  @Test func unreadableFilesAndMissingLibraries() throws {
    let module = TestModule(
      Self.libraries[0].settings, [.object("/no/such/file.o"), .library("no_such_library")],
      imports: [])
    let (code, text) = try #require(message(module))
    #expect(code == .inputs)
    #expect(text.contains("cannot open /no/such/file.o"))
    #expect(text.contains("unable to find library -lno_such_library"))
  }

  @Test func missingEntryAndOtherMachines() throws {
    let scratch = try Scratch()
    let object = try scratch.compile("int f(void) { return 1; }")
    var module = TestModule(ImageInputs(), [.object(object)], imports: [])
    #expect(try #require(message(module)).0 == .noEntry)
    module.request.entry = "f"
    #expect(message(module) == nil)
    for machine in ImageMachine.allCases where machine != .x86_64 {
      module.request.machine = machine
      let (code, text) = try #require(message(module))
      #expect(code == .invalid && text.contains(machine.rawValue))
    }
  }

  @Test func positionIndependentModesAreRefused() throws {
    for mode in [StartupFiles.Mode.pie, .staticPIE, .shared] {
      let module = TestModule(
        ImageInputs(startup: .c(os: .linuxGlibc, mode: mode)), imports: [])
      let (code, text) = try #require(message(module))
      #expect(code == .invalid && text.contains("'\(mode.rawValue)'"))
    }
  }

  @Test func slotsAreChecked() throws {
    var module = TestModule(
      Self.libraries[0].settings, imports: [ForeignImport(name: "puts", slot: 16)])
    #expect(try #require(message(module)).1.contains("'puts' has slot 16"))
    module.request.imports[0].slot = 15
    #expect(message(module) == nil)
    module.request.slotAddress += 8
    #expect(try #require(message(module)).1.contains("do not begin with a page"))
  }

  @Test func addressesStayBelowTheModule() throws {
    let scratch = try Scratch()
    let object = try scratch.compile("char huge[300 << 20]; int f(void) { return huge[5]; }")
    var module = TestModule(ImageInputs(), [.object(object)], imports: [])
    module.request.entry = "f"
    let (code, text) = try #require(message(module))
    #expect(code == .inputs && text.contains("section .bss ends at"))
    module.request.addressLimit = 0x4000_0000
    // Now the slots are in the way.
    #expect(try #require(message(module)).1.contains("overlaps"))
    module.request.slotAddress = 0x5000_0000
    #expect(message(module) == nil)
  }

  // MARK: The result

  /// Other tools find nothing wrong with the part that was linked.
  @Test(arguments: libraries) func otherToolsAccept(library: Library) throws {
    let scratch = try Scratch()
    var module = TestModule(
      library.settings,
      imports: [
        ForeignImport(name: "puts", slot: 0), ForeignImport(name: "environ", needsAddress: true),
      ])
    module.request.threadLocalReserve = 64
    let image = try module.link()
    try scratch.write(Array(image.bytes.bytes), to: "linked")
    let inside = "cd '\(scratch.path)' &&"
    try scratch.command("\(inside) readelf -aW linked 2>&1 >/dev/null | cmp - /dev/null")
    // `__ehdr_start` lies in front of all sections; GNU ld's programs are found fault with for it, too.
    // The relocations of a static program name no symbols, and no symbol table.
    let usual = "__ehdr_start\\|^No errors\\|'.rela.plt': relocation [0-9]*: invalid symbol index"
    try scratch.command(
      "\(inside) eu-elflint --gnu-ld linked | grep -v \"\(usual)\" | cmp - /dev/null")
  }

  @Test func imagesFromMemoryAreWhole() throws {
    var module = TestModule(
      Self.libraries[1].settings, imports: [ForeignImport(name: "puts", slot: 0)])
    module.request.spareProgramHeaders = 40
    module.request.wantedNames = ["puts", "_end", "no_such_name"]
    let image = try module.link()
    #expect(image.programHeaderRoom >= image.programHeaders.count + 40)
    #expect(image.wantedAddresses[0] != nil && image.wantedAddresses[2] == nil)
    if case .fixed(let puts) = image.imports[0] { #expect(image.wantedAddresses[0] == puts) }
    // The end of the image is that of the link's own part.
    if let end = image.wantedAddresses[1] { #expect(end < TestModule.code) }
    #expect(image.sections[0].type == .null)
    for section in image.sections.dropFirst() where section.type != .nobits {
      #expect(section.fileOffset + section.size <= UInt64(image.bytes.count))
    }
    for header in image.programHeaders {
      #expect(header.fileOffset + header.fileSize <= UInt64(image.bytes.count))
    }
    let locals = image.symbols.prefix(image.localSymbolCount)
    #expect(locals.allSatisfy { $0.binding == .local })
    #expect(image.symbols.dropFirst(image.localSymbolCount).allSatisfy { $0.binding != .local })
    let slots = try #require(image.sections.first { $0.name == ".got.imports" })
    #expect(slots.address == TestModule.slots && slots.flags.contains([.alloc, .write]))
  }

}
