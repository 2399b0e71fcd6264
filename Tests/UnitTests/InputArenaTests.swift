import Foundation
import Glibc
import Platform
import Testing

/// What is opened, whole and unchanged, however it gets into memory.
@Suite struct InputArenaTests {
  private let directory: URL

  init() throws {
    directory = FileManager.default.temporaryDirectory
      .appendingPathComponent("weld-arena-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
  }

  private func write(_ name: String, _ bytes: [UInt8]) throws -> String {
    let url = directory.appendingPathComponent(name)
    try Data(bytes).write(to: url)
    return url.path
  }

  private func object(_ count: Int, _ seed: Int) -> [UInt8] {
    [0x7f, 0x45, 0x4c, 0x46]
      + (4..<max(count, 4)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ seed) }
  }

  @Test func filesOfAllSizes() throws {
    defer { try? FileManager.default.removeItem(at: directory) }
    // Pages are read and mapped differently; large ones make the arena expect large ones.
    let sizes = [700, 4095, 4096, 4097, 8192, 16383, 16384, 16385, 700, 100_000, 0, 701, 4096, 5]
    var arena: InputArena? = InputArena()
    var files = NearbyFiles()
    defer { files.close() }
    var expected: [[UInt8]] = []
    var found: [MappedInput] = []
    for round in 0..<40 {
      for (i, size) in sizes.enumerated() {
        let isText = (round + i) % 3 == 0
        var bytes = size == 0 ? [] : object(size, round)
        if isText, !bytes.isEmpty { bytes[0] = 0x2f }
        let path = try write("\(round)-\(i)", bytes)
        if round % 2 == 0 {
          found.append(try MappedInput(path: path, arena: &arena))
        } else {
          guard
            case .contents(let input) = try MappedInput.open(
              path, among: &files, arena: &arena)
          else {
            Issue.record("\(path) is taken for a stream")
            continue
          }
          found.append(input)
        }
        expected.append(bytes)
      }
    }
    #expect(found.count == expected.count)
    for (input, bytes) in zip(found, expected) { #expect(Array(input.bytes) == bytes) }
  }

  @Test func smallFilesMayShrinkAfterwards() throws {
    defer { try? FileManager.default.removeItem(at: directory) }
    let bytes = object(900, 1)
    let path = try write("a.o", bytes)
    var arena: InputArena? = InputArena()
    let input = try MappedInput(path: path, arena: &arena)
    #expect(truncate(path, 0) == 0)
    #expect(Array(input.bytes) == bytes)
  }

  @Test func whatIsNoFile() throws {
    defer { try? FileManager.default.removeItem(at: directory) }
    var arena: InputArena? = InputArena()
    var files = NearbyFiles()
    defer { files.close() }
    // The second and third time, the directory is open.
    for _ in 0..<3 {
      #expect(throws: Errno(ENOENT)) {
        try MappedInput.open(directory.path + "/none", among: &files, arena: &arena)
      }
    }
    #expect(throws: Errno(EISDIR)) {
      try MappedInput.open(directory.path, among: &files, arena: &arena)
    }
    #expect(throws: Errno(EISDIR)) { try MappedInput(path: directory.path, arena: &arena) }
    #expect(throws: Errno(EFBIG)) {
      try MappedInput(path: "/dev/zero", arena: &arena, streamLimit: 1 << 20)
    }
  }

  @Test func pipesWaitForTheirWriter() throws {
    defer { try? FileManager.default.removeItem(at: directory) }
    let path = directory.appendingPathComponent("pipe").path
    #expect(mkfifo(path, 0o600) == 0)
    var arena: InputArena? = InputArena()
    var files = NearbyFiles()
    defer { files.close() }
    // Opened before there is a writer, read when there is one.
    guard case .stream(let stream) = try MappedInput.open(path, among: &files, arena: &arena) else {
      Issue.record("a pipe is taken for a file")
      return
    }
    let bytes = object(200_000, 7)
    let writer = Thread {
      usleep(50_000)
      let raw = Glibc.open(path, O_WRONLY)
      bytes.withUnsafeBytes { try? FileDescriptor(raw: raw).write($0) }
      close(raw)
    }
    writer.start()
    let input = try MappedInput(stream: stream)
    #expect(Array(input.bytes) == bytes)
  }
}
