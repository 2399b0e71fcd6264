import Glibc
import Linker
import Platform

/// Compares a process with what an image expects of it, in its memory and in the file that it was
/// started from.
final class ProcessComparison {
  private let memory: ProcessMemory
  private let file: FileDescriptor
  /// The parts of the file that are loaded: where, and from which offset.
  private var segments: [(range: Range<UInt64>, offset: UInt64)] = []
  /// A part of the memory: small pieces lie close together.
  private var window: [UInt8] = []
  private var windowStart: UInt64 = 0
  private static let windowSize = 1 << 20

  /// - Throws: `SwapError.Code.ended`, or `otherProgram` if its file cannot be read.
  init(_ process: LiveProcess) throws(SwapError) {
    memory = try process.memory()
    try process.checkRuns()
    let file = try process.files.ask { (thread) throws(SwapError) in
      do {
        return try FileDescriptor.open(process.files.path(thread, "exe"), flags: O_RDONLY)
      } catch {
        throw SwapError(
          .otherProgram,
          "cannot read the file that process \(process.id) was started from: \(error)")
      }
    }
    guard let file else { throw LiveProcess.gone(process.id) }
    self.file = file
    readSegments()
  }

  deinit { file.close() }

  /// Source: gABI, "ELF Header" and "Program Header", of the 64-bit class: the others are refused
  /// when a process is attached to.
  private func readSegments() {
    func number(_ bytes: ArraySlice<UInt8>) -> UInt64 {
      bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
    guard let header = bytes(at: 0, count: 64), header.count == 64, header[4] == 2 else { return }
    let size = Int(number(header[54..<56]))
    let count = Int(number(header[56..<58]))
    guard size >= 56, count <= 1 << 16 / size,
      let table = bytes(at: number(header[32..<40]), count: size * count),
      table.count == size * count
    else { return }
    for start in stride(from: 0, to: table.count, by: size) {
      let entry = table[start..<start + size]
      func word(_ offset: Int) -> UInt64 { number(entry[start + offset..<start + offset + 8]) }
      // PT_LOAD.
      guard number(entry[start..<start + 4]) == 1 else { continue }
      let (end, overflow) = word(16).addingReportingOverflow(word(32))
      if !overflow { segments.append((word(16)..<end, word(8))) }
    }
  }

  private func bytes(at offset: UInt64, count: Int) -> [UInt8]? {
    guard let at = off_t(exactly: offset) else { return nil }
    return [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      let read = try? retrying { pread(file.raw, buffer.baseAddress, count, at) }
      initialized = read ?? 0
    }
  }

  func match(_ place: ProcessPlace, _ address: UInt64, _ expected: UnsafeRawBufferPointer)
    -> ProcessMatch
  {
    var result = ProcessMatch.same
    var done = 0
    while done < expected.count {
      let count = min(expected.count - done, Self.windowSize)
      let piece = UnsafeRawBufferPointer(rebasing: expected[done..<done + count])
      let part =
        place == .memory
        ? matchMemory(address &+ UInt64(done), piece) : matchFile(address &+ UInt64(done), piece)
      if part == .different { return .different }
      if part == .blank { result = .blank }
      done += count
    }
    return result
  }

  private func matchMemory(_ address: UInt64, _ expected: UnsafeRawBufferPointer) -> ProcessMatch {
    let (end, overflow) = address.addingReportingOverflow(UInt64(expected.count))
    if overflow { return .different }
    if address < windowStart || end > windowStart + UInt64(window.count) {
      windowStart = address
      // Where the memory ends before the window does, what is asked for has to do.
      window =
        (try? memory.bytes(address, count: Self.windowSize))
        ?? (try? memory.bytes(address, count: expected.count)) ?? []
      if window.count < expected.count { return .different }
    }
    let start = Int(address - windowStart)
    return window.withUnsafeBytes {
      Self.compare(UnsafeRawBufferPointer(rebasing: $0[start..<start + expected.count]), expected)
    }
  }

  private func matchFile(_ address: UInt64, _ expected: UnsafeRawBufferPointer) -> ProcessMatch {
    for segment in segments where segment.range.contains(address) {
      guard UInt64(expected.count) <= segment.range.upperBound - address,
        let found = bytes(
          at: segment.offset &+ (address - segment.range.lowerBound), count: expected.count),
        found.count == expected.count
      else { return .different }
      return found.withUnsafeBytes { Self.compare($0, expected) }
    }
    return .different
  }

  private static func compare(
    _ found: UnsafeRawBufferPointer, _ expected: UnsafeRawBufferPointer
  ) -> ProcessMatch {
    guard let first = found.baseAddress, let second = expected.baseAddress else { return .same }
    if memcmp(first, second, found.count) == 0 { return .same }
    return found.allSatisfy { $0 == 0 } ? .blank : .different
  }
}
