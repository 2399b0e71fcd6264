import Glibc
import Platform
import Synchronization
import Testing

@testable import Linker

/// A compiler links an image's inputs again whenever its names change, for hours: nothing may be left
/// of a link, and what others allocate meanwhile is theirs.
@Suite struct ForeignLinkRepetitionTests {
  private static func request(isStatic: Bool = false) -> ForeignLinkRequest {
    // The smaller of the libraries whose archive can be read.
    let startup = ImageInputs.Startup.c(
      os: isStatic ? .linuxMusl : .linuxGlibc, mode: isStatic ? .static : .dynamic)
    var request = ForeignLinkRequest(
      machine: .x86_64, path: "program", entry: "_start",
      settings: ImageInputs(startup: startup), inputs: [],
      addressLimit: 0x1000_0000)
    request.slotAddress = 0x1200_0000
    request.slotCount = 4
    request.imports = [ForeignImport(name: "puts", slot: 0)]
    request.exports = [
      ForeignExport(name: "main", kind: .function, address: 0x1000_0000, size: 1)
    ]
    return request
  }

  /// In a process of its own, whose files and memory nobody else uses.
  @Test func nothingIsLeftOfTwoHundredLinks() async {
    await #expect(processExitsWith: .success) {
      for i in 0..<40 { try Self.linkOrFail(i) }
      let files = Self.openFiles()
      let bytes = Self.residentBytes()
      let mappings = Self.mappings()
      for i in 0..<200 { try Self.linkOrFail(i) }
      #expect(Self.openFiles() == files)
      // The allocator keeps some; what a link takes is a megabyte or more.
      #expect(Self.residentBytes() - bytes < 4 << 20)
      #expect(Self.mappings() - mappings < 20)
      #expect(MemoryLedger.current == nil)
    }
  }

  /// Links, every third time with archives, every fourth time into an error.
  private static func linkOrFail(_ i: Int) throws {
    var request = request(isStatic: i % 3 == 2)
    if i % 4 == 3 { request.imports.append(ForeignImport(name: "no_such_name", slot: 1)) }
    do throws(ImageError) {
      let image = try ForeignLink.link(request)
      #expect(i % 4 != 3 && (image.imports == [.loaded]) == (i % 3 != 2))
    } catch {
      #expect(i % 4 == 3 && error.code == .inputs)
    }
  }

  @Test func tablesOfOtherThreadsStay() throws {
    let ends = Atomic<Bool>(false)
    nonisolated(unsafe) let tables = UnsafeMutablePointer<ReservedTable<UInt64>>.allocate(
      capacity: 256)
    defer { tables.deallocate() }
    var thread = pthread_t()
    struct Work {
      var ends: UnsafePointer<Atomic<Bool>>
      var tables: UnsafeMutablePointer<ReservedTable<UInt64>>
      var count = 0
    }
    try withUnsafePointer(to: ends) { ends in
      var work = Work(ends: ends, tables: tables)
      try withUnsafeMutablePointer(to: &work) { work in
        let failed = pthread_create(
          &thread, nil,
          { raw in
            let work = raw!.assumingMemoryBound(to: Work.self)
            while !work.pointee.ends.pointee.load(ordering: .relaxed), work.pointee.count < 256 {
              let table = ReservedTable<UInt64>(capacity: 1 << 16)
              for i in 0..<100 { table.append(UInt64(work.pointee.count * 1000 + i)) }
              (work.pointee.tables + work.pointee.count).initialize(to: table)
              work.pointee.count += 1
              usleep(500)
            }
            return nil
          }, work)
        try #require(failed == 0)
        defer {
          work.pointee.ends.pointee.store(true, ordering: .relaxed)
          pthread_join(thread, nil)
          for k in 0..<work.pointee.count {
            for i in 0..<100 { #expect(tables[k][i] == UInt64(k * 1000 + i)) }
          }
          #expect(work.pointee.count > 0)
        }
        for i in 0..<4 { try Self.linkOrFail(i) }
      }
    }
  }

  @Test func setsOfNamesMayChange() throws {
    var request = Self.request()
    #expect(try ForeignLink.link(request).imports.count == 1)
    request.imports.append(ForeignImport(name: "qsort", slot: 2))
    request.exports.append(
      ForeignExport(name: "other", kind: .function, address: 0x1000_0040, size: 1))
    let second = try ForeignLink.link(request)
    #expect(second.imports == [.loaded, .loaded])
    request.imports.removeFirst()
    let third = try ForeignLink.link(request)
    // What an earlier link gave stays valid.
    #expect(second.symbols.contains { String($0.name).hasPrefix("puts") })
    #expect(!third.symbols.contains { String($0.name).hasPrefix("puts") })
    let fourth = try ForeignLink.link(request)
    #expect(Array(fourth.bytes.bytes) == Array(third.bytes.bytes))
    withExtendedLifetime((second, third, fourth)) {}
  }

  @Test func linksOnTwoThreadsAtOnce() async throws {
    try await withThrowingTaskGroup(of: Void.self) { group in
      for k in 0..<2 {
        group.addTask {
          for i in 0..<3 { try Self.linkOrFail(i + k) }
        }
      }
      try await group.waitForAll()
    }
  }

  // MARK: Counts

  private static func lines(_ path: String) -> [String] {
    guard let file = fopen(path, "re") else { return [] }
    defer { fclose(file) }
    var result: [String] = []
    var line = [CChar](repeating: 0, count: 1024)
    while fgets(&line, 1024, file) != nil {
      result.append(
        String(decoding: line.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self))
    }
    return result
  }

  private static func mappings() -> Int { lines("/proc/self/maps").count }

  private static func residentBytes() -> Int {
    let words = lines("/proc/self/statm").first?.split(separator: " ") ?? []
    return words.count > 1 ? (Int(words[1]) ?? 0) * 4096 : 0
  }

  private static func openFiles() -> Int {
    guard let directory = opendir("/proc/self/fd") else { return 0 }
    defer { closedir(directory) }
    var count = 0
    while readdir(directory) != nil { count += 1 }
    return count
  }
}
