import ELFFormat
import Platform

/// CREL: relocations packed as differences in LEB128. Source: gABI, "Relocation", SHT_CREL.
enum CompactRelocations {
  static func decode<E: ELFEncoding>(
    _: E.Type, _ bytes: ByteString, section: Int
  ) throws(InputError) -> DecodedRelocations {
    var reader = LEB128Reader(bytes)
    let broken = InputError("compact relocations (section \(section)) are damaged")
    guard let header = reader.unsigned() else { throw broken }
    let count = header >> 3
    let hasAddends = header & 4 != 0
    let shift = header & 3
    guard hasAddends || count == 0 else {
      throw InputError(
        "compact relocations without addends (section \(section)) are not used on this machine")
    }
    // Each relocation takes a byte at least.
    guard count <= UInt64(bytes.count) else { throw broken }
    let size = RelaEntry<E>.size
    let records = allocateZeroed(UInt8.self, count: Int(count) * size)
    var offset: UInt64 = 0
    var symbol: UInt32 = 0
    var type: UInt32 = 0
    var addend: Int64 = 0
    for i in 0..<Int(count) {
      // The first byte holds flags below and the offset's low bits above; more of the offset
      // follows if its top bit is set.
      guard let first = reader.byte() else { throw broken }
      let flagBits: UInt64 = hasAddends ? 3 : 2
      var delta = UInt64(first) >> flagBits
      if first & 0x80 != 0 {
        guard let more = reader.unsigned() else { throw broken }
        delta = (more << (7 - flagBits)) &+ (delta & ((1 << (7 - flagBits)) - 1))
      }
      offset = offset &+ delta
      if first & 1 != 0 {
        guard let d = reader.signed() else { throw broken }
        symbol = symbol &+ UInt32(truncatingIfNeeded: d)
      }
      if first & 2 != 0 {
        guard let d = reader.signed() else { throw broken }
        type = type &+ UInt32(truncatingIfNeeded: d)
      }
      if hasAddends, first & 4 != 0 {
        guard let d = reader.signed() else { throw broken }
        addend = addend &+ d
      }
      RelaEntry<E>.write(
        to: records + i * size, offset: offset << shift, type: type, symbol: symbol, addend: addend)
    }
    return DecodedRelocations(start: records, count: Int(count))
  }
}

/// Little-endian base 128 numbers, bounds-checked.
struct LEB128Reader {
  private let bytes: ByteString
  private(set) var offset = 0

  init(_ bytes: ByteString) { self.bytes = bytes }

  mutating func byte() -> UInt8? {
    guard offset < bytes.count else { return nil }
    offset += 1
    return bytes[offset - 1]
  }

  mutating func unsigned() -> UInt64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while let next = byte() {
      if shift < 64 { value |= UInt64(next & 0x7f) << shift }
      shift += 7
      if next & 0x80 == 0 { return value }
    }
    return nil
  }

  mutating func signed() -> Int64? {
    var value: UInt64 = 0
    var shift: UInt64 = 0
    while let next = byte() {
      if shift < 64 { value |= UInt64(next & 0x7f) << shift }
      shift += 7
      if next & 0x80 == 0 {
        if next & 0x40 != 0, shift < 64 { value |= ~0 << shift }
        return Int64(bitPattern: value)
      }
    }
    return nil
  }
}
