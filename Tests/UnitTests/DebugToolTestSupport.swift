import ELFFormat
import Glibc
import TestSupport
import Testing

@testable import Linker

/// A folder that goes away with its owner.
final class ScratchFolder {
  let path: String

  init() throws {
    let parent = getenv("TMPDIR").map { String(cString: $0) } ?? P_tmpdir
    var template = Array("\(parent)/debug-info.XXXXXX".utf8CString)
    try #require(mkdtemp(&template) != nil)
    path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
  }

  deinit {
    for name in directoryEntries(path, hidden: true) where name != "." && name != ".." {
      unlink("\(path)/\(name)")
    }
    rmdir(path)
  }
}

/// Programs that read debug information.
enum DebugTool {
  static func isInstalled(_ name: String) -> Bool {
    let folders = getenv("PATH").map { String(cString: $0) } ?? "/usr/bin:/bin"
    return folders.split(separator: ":").contains { access("\($0)/\(name)", X_OK) == 0 }
  }

  struct Output {
    var status: Int32
    var text: String
    var errors: String
  }

  /// Runs a program to its end, in English and without a configuration of the user's.
  static func run(_ words: [String], in folder: ScratchFolder) throws -> Output {
    let names = ["out", "errors"].map { "\(folder.path)/\($0)" }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    for (index, name) in names.enumerated() {
      posix_spawn_file_actions_addopen(
        &actions, Int32(index + 1), name, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    }
    let line = ["env", "LC_ALL=C", "HOME=\(folder.path)", "timeout", "120"] + words
    let arguments = line.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var pid: pid_t = 0
    try #require(posix_spawnp(&pid, "env", &actions, nil, arguments, environ) == 0)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
    let texts = try names.map { try #require(readText($0)) }
    return Output(status: status, text: texts[0], errors: texts[1])
  }
}

/// A program of nothing but code, data and debug information, put together by hand.
struct DebuggedProgram<T: CodeTarget> {
  typealias E = T.Encoding
  static var textAddress: UInt64 { 0x1000_0000 }
  static var dataAddress: UInt64 { 0x1040_0000 }
  static var textSize: Int { 1 << 20 }
  /// The beginning of `.text`, where the program starts.
  var code: [UInt8] = []
  /// Contents of `.data`.
  var data = DebugBytes<E>()

  private var headerFlags: UInt32 {
    switch T.imageMachine {
    case .arm: 0x0500_0400
    case .riscv64: 0x5
    case .x86_64, .aarch64, .sparc64: 0
    }
  }

  private struct Part {
    var name: String
    var type: SectionType = .progbits
    var flags: SectionFlags = []
    var address: UInt64 = 0
    var alignment: UInt64 = 1
    var entrySize: UInt64 = 0
    var bytes: [UInt8] = []
    var offset = 0
  }

  func write(_ sections: [ImageSection], to path: String) throws {
    var parts = [
      Part(
        name: ".text", flags: [.alloc, .execute], address: Self.textAddress, alignment: 16,
        bytes: code + [UInt8](repeating: 0, count: Self.textSize - code.count)),
      Part(
        name: ".data", flags: [.alloc, .write], address: Self.dataAddress, alignment: 16,
        bytes: data.bytes),
    ]
    parts += sections.map {
      Part(
        name: $0.name, type: $0.type, flags: $0.flags, alignment: 1 << UInt64($0.alignment),
        entrySize: $0.entrySize, bytes: Array($0.bytes))
    }
    var names = DebugBytes<E>()
    names.string("")
    var nameOffsets: [UInt32] = []
    for name in parts.map(\.name) + [".shstrtab"] {
      nameOffsets.append(UInt32(names.count))
      names.string(name)
    }
    parts.append(Part(name: ".shstrtab", type: SectionType(rawValue: 3), bytes: names.bytes))

    // Pages of the file are pages of memory.
    var end = 0x1_0000
    for index in parts.indices {
      let alignment = parts[index].address != 0 ? 0x1_0000 : 16
      end = (end + alignment - 1) / alignment * alignment
      parts[index].offset = end
      end += parts[index].bytes.count
    }
    let headerSize = E.is64 ? 64 : 52
    let tableOffset = (end + 15) / 16 * 16
    var out = DebugBytes<E>()
    out.append([0x7f, 0x45, 0x4c, 0x46, E.is64 ? 2 : 1, E.isBigEndian ? 2 : 1, 1])
    out.repeating(0, count: 9)
    out.u16(2)
    out.u16(T.machine)
    out.u32(1)
    out.word(Self.textAddress)
    out.word(UInt64(headerSize))
    out.word(UInt64(tableOffset))
    out.u32(headerFlags)
    for value in [headerSize, E.is64 ? 56 : 32, 2, E.is64 ? 64 : 40, parts.count + 1, parts.count] {
      out.u16(UInt16(value))
    }
    for (part, access) in zip(parts, [5, 6] as [UInt32]) {
      out.u32(1)
      if E.is64 { out.u32(access) }
      out.word(UInt64(part.offset))
      out.word(part.address)
      out.word(part.address)
      out.word(UInt64(part.bytes.count))
      out.word(UInt64(part.bytes.count))
      if !E.is64 { out.u32(access) }
      out.word(0x1_0000)
    }
    for part in parts {
      out.repeating(0, count: part.offset - out.count)
      out.append(part.bytes)
    }
    out.repeating(0, count: tableOffset - out.count + (E.is64 ? 64 : 40))
    for (part, name) in zip(parts, nameOffsets) {
      out.u32(name)
      out.u32(part.type.rawValue)
      out.word(part.flags.rawValue)
      out.word(part.address)
      out.word(UInt64(part.offset))
      out.word(UInt64(part.bytes.count))
      out.u32(0)
      out.u32(0)
      out.word(part.alignment)
      out.word(part.entrySize)
    }
    let file = try #require(fopen(path, "w"))
    defer { fclose(file) }
    let bytes = out.bytes
    try #require(fwrite(bytes, 1, bytes.count, file) == bytes.count)
  }
}
