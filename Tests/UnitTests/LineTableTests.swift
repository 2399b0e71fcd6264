import Glibc
import Platform
import Symbolication
import TestSupport
import Testing

@Suite struct LineTableTests {
  /// What the compilers of this machine write is understood.
  @Test(arguments: ["gcc", "clang"], [2, 3, 4, 5])
  func linesOfRealObjects(compiler: String, version: Int) throws {
    let object = try compile(compiler, "-gdwarf-\(version)")
    try check(object)
  }

  @Test func linesOf64BitDWARF() throws {
    try check(try compile("clang", "-gdwarf-5 -gdwarf64"))
    try check(try compile("gcc", "-gdwarf-5 -gdwarf64"))
  }

  /// Several compilations in one object, as `ld -r` makes it.
  @Test func laterUnitsAreFound() throws {
    let object = try compile("gcc", "-gdwarf-5", partialLink: true)
    try check(object)
  }

  private func check(_ object: TinyObject) throws {
    let sections = object.debugSections
    var seen: Set<String> = []
    for call in object.calls {
      let found = lookUpLine(in: sections, section: call.section, offset: call.offset)
      let line = try #require(found, "\(call)")
      switch call.callee {
      case "from_first": #expect(line.path == "a.c" && line.line == 4)
      case "from_second":
        #expect(line.path == "a.c" && line.line == 8)
      case "from_header":
        #expect(line.path.hasSuffix("sub/inc.h") && !line.path.hasSuffix("/sub/sub/inc.h"))
        #expect(line.line == 3)
      default: continue
      }
      seen.insert(call.callee)
    }
    #expect(seen == ["from_first", "from_second", "from_header"])
    #expect(lookUpLine(in: sections, section: 60_000, offset: 0) == nil)
    #expect(lookUpLine(in: sections, section: object.calls[0].section, offset: 1 << 40) == nil)
  }

  @Test func mutatedLineTablesAreHandled() throws {
    var random = SplitMix(state: 7)
    for version in [2, 4, 5] {
      let object = try compile("gcc", "-gdwarf-\(version)")
      let original = Array(object.section(".debug_line"))
      let call = try #require(object.calls.first)
      for _ in 0..<3000 {
        var bytes = original
        for _ in 0...Int(random.next() % 4) {
          let i = Int(random.next() % UInt64(bytes.count))
          switch random.next() % 4 {
          case 0: bytes[i] = UInt8(truncatingIfNeeded: random.next())
          case 1: bytes[i] = [0, 0x7F, 0x80, 0xFF][Int(random.next() % 4)]
          case 2 where bytes.count > 8: bytes.removeLast(Int(random.next() % 4) + 1)
          default: bytes.insert(bytes[i], at: i)
          }
        }
        bytes.withUnsafeBytes {
          var sections = object.debugSections
          sections.line = $0
          _ = lookUpLine(in: sections, section: call.section, offset: call.offset)
        }
      }
    }
  }

  /// Tables that announce 2^64 entries, of no size or of some.
  @Test func hostileCountsEndTheSearch() {
    let header: [UInt8] = [5, 0, 8, 0]
    let fields: [UInt8] = [1, 1, 1, 0xFB, 14, 1]
    let program: [UInt8] = [0, 9, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 9, 0, 1, 1]
    let many: [UInt8] = [0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF, 1]
    for tables: [UInt8] in [[0] + many + [0] + many, [1, 2, 0x0B] + many, [1, 1, 0x21] + many] {
      let rest = fields + tables
      let body = header + [UInt8(rest.count), 0, 0, 0] + rest + program
      let unit = [UInt8(body.count), 0, 0, 0] + body
      unit.withUnsafeBytes { bytes in
        let sections = DebugSections(line: bytes) { _ in (1, 0) }
        #expect(lookUpLine(in: sections, section: 1, offset: 0) == nil)
      }
    }
  }

  /// Fields of a table of files that no compiler here writes: MD5 sums, blocks, strings in place.
  @Test func everyFormOfFileTablesIsRead() {
    let tables: [UInt8] =
      [1, 1, 0x08, 2] + Array("/cwd\0dir\0".utf8)
      + [5, 1, 0x08, 2, 0x05, 3, 0x0F, 5, 0x1E, 0x10, 0x09, 2]
      + Array("a.c\0".utf8) + [0, 0, 1] + [UInt8](repeating: 9, count: 16) + [2, 7, 7]
      + Array("b.c\0".utf8) + [1, 0, 1] + [UInt8](repeating: 9, count: 16) + [0]
    // Lines 1 and 4 of file 1 at 0 and 2, then file 0; a row of line 0 belongs to the one before.
    let program: [UInt8] = [
      0, 9, 2, 0, 0, 0, 0, 0, 0, 0, 0, 1, 3, 3, 2, 2, 1, 4, 0, 2, 2, 1, 3, 0x7C, 2, 2, 1, 2, 2,
      0, 1, 1,
    ]
    let rest: [UInt8] = [1, 1, 1, 0xFB, 14, 10, 0, 1, 1, 1, 1, 0, 0, 0, 1] + tables
    let body = [5, 0, 8, 0] + [UInt8(rest.count), 0, 0, 0] + rest + program
    // An unreadable unit before it is passed over.
    let unit: [UInt8] = [3, 0, 0, 0, 99, 0, 0] + [UInt8(body.count), 0, 0, 0] + body
    unit.withUnsafeBytes { bytes in
      let sections = DebugSections(line: bytes) { _ in (3, 0x10) }
      func line(_ offset: UInt64) -> String? {
        lookUpLine(in: sections, section: 3, offset: offset).map { "\($0.path):\($0.line)" }
      }
      #expect(line(0x0F) == nil)
      #expect(line(0x10) == "dir/b.c:1")
      #expect(line(0x13) == "dir/b.c:4")
      #expect(line(0x14) == "a.c:4")
      #expect(line(0x17) == "a.c:4")
      #expect(line(0x18) == nil)
    }
  }
}

private struct CompilerFailed: Error { var command: String }

/// Compiles a known program, whose calls stand on known lines.
private func compile(
  _ compiler: String, _ options: String, partialLink: Bool = false
) throws -> TinyObject {
  let parent = getenv("TMPDIR").map { String(cString: $0) } ?? P_tmpdir
  var template = Array("\(parent)/weld-lines-XXXXXX".utf8CString)
  guard mkdtemp(&template) != nil else { throw CompilerFailed(command: "mkdtemp") }
  let directory = String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  let compile = "\(compiler) -c -O1 -ffunction-sections \(options)"
  let script = """
    cd \(directory) && mkdir sub
    printf 'int from_header(int);\\nstatic inline int header(int x) {\\n  \
    return from_header(x) + 1;\\n}\\n' >sub/inc.h
    printf '#include "sub/inc.h"\\nint from_first(int), from_second(int);\\nint first(int x) {\\n  \
    return from_first(x + 1) + 1;\\n}\\n\\nint second(int x) {\\n  \
    return header(from_second(x - 1)) * 2;\\n}\\n' >a.c
    printf 'int early(int x) { return x; }\\n' >b.c
    \(compile) a.c -o a.o 2>log || exit 1
    """
  let link = partialLink ? "\n\(compile) b.c -o b.o && ld -r b.o a.o -o c.o && mv c.o a.o" : ""
  let status = shell(script + link)
  defer { _ = shell("rm -rf \(directory)") }
  guard status == 0 else { throw CompilerFailed(command: compile) }
  return TinyObject(path: directory + "/a.o")
}

/// As much of an ELF reader as a test of trusted objects needs.
private final class TinyObject {
  private let bytes: UnsafeRawBufferPointer
  private var headers: [Elf64_Shdr] = []

  init(path: String) {
    let file = fopen(path, "r")!
    defer { fclose(file) }
    fseek(file, 0, SEEK_END)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: ftell(file), alignment: 16)
    rewind(file)
    precondition(fread(buffer.baseAddress!, 1, buffer.count, file) == buffer.count)
    bytes = UnsafeRawBufferPointer(buffer)
    let header = bytes.load(as: Elf64_Ehdr.self)
    for i in 0..<Int(header.e_shnum) {
      headers.append(
        bytes.loadUnaligned(fromByteOffset: Int(header.e_shoff) + i * 64, as: Elf64_Shdr.self))
    }
    let names = contents(Int(header.e_shstrndx))
    for (i, header) in headers.enumerated() {
      byName[string(names, Int(header.sh_name))] = i
    }
  }

  deinit { bytes.deallocate() }

  private var byName: [String: Int] = [:]

  private func contents(_ index: Int) -> UnsafeRawBufferPointer {
    let header = headers[index]
    return UnsafeRawBufferPointer(rebasing: bytes[Int(header.sh_offset)...][..<end(header)])
  }

  private func end(_ header: Elf64_Shdr) -> Int { Int(header.sh_offset + header.sh_size) }

  private func string(_ table: UnsafeRawBufferPointer, _ offset: Int) -> String {
    String(decoding: table[offset...].prefix { $0 != 0 }, as: UTF8.self)
  }

  func section(_ name: String) -> UnsafeRawBufferPointer {
    byName[name].map(contents) ?? UnsafeRawBufferPointer(start: nil, count: 0)
  }

  private func array<T>(_ bytes: UnsafeRawBufferPointer, of type: T.Type) -> [T] {
    (0..<bytes.count / MemoryLayout<T>.stride).map {
      bytes.loadUnaligned(fromByteOffset: $0 * MemoryLayout<T>.stride, as: T.self)
    }
  }

  private var symbols: [Elf64_Sym] { array(section(".symtab"), of: Elf64_Sym.self) }

  var debugSections: DebugSections {
    var targets: [Int: (UInt32, UInt64)] = [:]
    let symbols = symbols
    for rela in array(section(".rela.debug_line"), of: Elf64_Rela.self) {
      let symbol = symbols[Int(rela.r_info >> 32)]
      let value = symbol.st_value &+ UInt64(bitPattern: Int64(rela.r_addend))
      targets[Int(rela.r_offset)] = (UInt32(symbol.st_shndx), value)
    }
    let found = targets
    return DebugSections(
      line: section(".debug_line"), lineStrings: section(".debug_line_str"),
      strings: section(".debug_str")
    ) { found[$0] }
  }

  /// The relocations of code that name a function.
  var calls: [(section: UInt32, offset: UInt64, callee: String)] {
    let symbols = symbols
    var result: [(section: UInt32, offset: UInt64, callee: String)] = []
    for header in headers where header.sh_type == UInt32(SHT_RELA) {
      guard headers[Int(header.sh_info)].sh_flags & UInt64(SHF_EXECINSTR) != 0 else { continue }
      let relas = UnsafeRawBufferPointer(
        rebasing: bytes[Int(header.sh_offset)...][..<end(header)])
      for rela in array(relas, of: Elf64_Rela.self) {
        let name = string(section(".strtab"), Int(symbols[Int(rela.r_info >> 32)].st_name))
        if name.hasPrefix("from_") { result.append((header.sh_info, rela.r_offset, name)) }
      }
    }
    return result
  }
}
