import Glibc

/// Header bytes that stay where they are in memory, so that pieces of a file can point at them.
final class HeaderBuffer {
  private(set) var bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 16)
  /// Bytes that are compared and written together.
  private static let grain = 16

  init() { bytes.initializeMemory(as: UInt8.self, repeating: 0) }

  deinit { bytes.deallocate() }

  /// Makes the content `new`, and returns the ranges in which it differs from before: an edit that
  /// moves a section's end changes a few numbers, and those alone go to the file.
  func replace(with new: [UInt8]) -> [Range<UInt64>] {
    if new.count != bytes.count {
      let size = max(new.count, bytes.count)
      bytes.deallocate()
      bytes = .allocate(byteCount: new.count, alignment: 16)
      bytes.copyBytes(from: new)
      return [0..<UInt64(size)]
    }
    let changes = new.withUnsafeBytes { differences($0) }
    if !changes.isEmpty { bytes.copyBytes(from: new) }
    return changes
  }

  private func differences(_ new: UnsafeRawBufferPointer) -> [Range<UInt64>] {
    guard let start = new.baseAddress, let old = bytes.baseAddress else { return [] }
    if memcmp(start, old, new.count) == 0 { return [] }
    var changes: [Range<UInt64>] = []
    for offset in stride(from: 0, to: new.count, by: Self.grain) {
      let count = min(Self.grain, new.count - offset)
      if memcmp(start + offset, old + offset, count) == 0 { continue }
      let range = UInt64(offset)..<UInt64(offset + count)
      if let last = changes.last, last.upperBound == range.lowerBound {
        changes[changes.count - 1] = last.lowerBound..<range.upperBound
      } else {
        changes.append(range)
      }
    }
    return changes
  }
}
