import Linker

/// What a program's file looks like in memory, and what a swap makes of it: a process that needs no
/// machine. 64-bit little-endian files.
final class FakeProcess {
  private struct Part {
    var start: UInt64
    var bytes: [UInt8]
    /// Those that the file has.
    var file: [UInt8]
  }
  private var parts: [Part] = []
  let target: SwapTarget

  init(path: String, id: Int32) {
    target = SwapTarget(process: id, startTime: UInt64(id), device: 0, inode: 0)
    let file = contents(path)
    func number(_ offset: Int, _ size: Int) -> UInt64 {
      (0..<size).reduce(0) { $0 | UInt64(file[offset + $1]) << UInt64(8 * $1) }
    }
    guard file.count >= 64 else { return }
    for index in 0..<Int(number(56, 2)) {
      let entry = Int(number(32, 8)) + index * Int(number(54, 2))
      guard number(entry, 4) == 1 else { continue }
      let offset = Int(number(entry + 8, 8))
      let inFile = Array(file[offset..<offset + Int(number(entry + 32, 8))])
      let zeros = [UInt8](repeating: 0, count: Int(number(entry + 40, 8)) - inFile.count)
      parts.append(Part(start: number(entry + 16, 8), bytes: inFile + zeros, file: inFile))
    }
  }

  private func place(_ address: UInt64, _ count: Int) -> (part: Int, offset: Int)? {
    for (index, part) in parts.enumerated()
    where address >= part.start && address - part.start <= UInt64(part.bytes.count) {
      let offset = Int(address - part.start)
      if offset + count <= part.bytes.count { return (index, offset) }
    }
    return nil
  }

  /// Bytes of the memory; nil where it has none.
  func read(_ address: UInt64, _ count: Int) -> [UInt8]? {
    place(address, count).map { Array(parts[$0.part].bytes[$0.offset..<$0.offset + count]) }
  }

  func write(_ address: UInt64, _ bytes: [UInt8]) {
    guard let place = place(address, bytes.count) else { return }
    parts[place.part].bytes.replaceSubrange(place.offset..<place.offset + bytes.count, with: bytes)
  }

  func match(
    _ where: ProcessPlace, _ address: UInt64, _ expected: UnsafeRawBufferPointer
  ) -> ProcessMatch {
    guard let place = place(address, expected.count) else { return .different }
    let part = parts[place.part]
    let bytes = `where` == .memory ? part.bytes : part.file
    guard place.offset + expected.count <= bytes.count else { return .different }
    let found = bytes[place.offset..<place.offset + expected.count]
    if found.elementsEqual(expected) { return .same }
    return found.allSatisfy { $0 == 0 } ? .blank : .different
  }

  /// Makes a change; what stands in its way, and then nothing is changed.
  func apply(_ set: ImagePatchSet) -> [String] {
    var reasons = set.refusals
    for patch in set.patches
    where place(patch.address, patch.bytes.count + Int(patch.zeroCount)) == nil {
      reasons.append("\(patch.kind) at \(String(patch.address, radix: 16)) has no memory")
    }
    if !reasons.isEmpty { return reasons }
    for patch in set.patches {
      if patch.kind == .address, read(patch.address, patch.old.count) != patch.old { continue }
      write(
        patch.address, patch.bytes + [UInt8](repeating: 0, count: Int(patch.zeroCount)))
    }
    return []
  }
}
