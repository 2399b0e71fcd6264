import ELFFormat
import Platform

@_silgen_name("LLVMFuzzerMutate")
func defaultMutation(_ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int) -> Int

/// Half of the time changes one field of one of the file's records to a value that is likely to
/// matter; otherwise what libFuzzer does by itself, which seldom finds those fields.
///
/// - Parameter start: where the ELF file begins in `data`.
func mutateELF(
  _ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int, _ seed: UInt32, start: Int
) -> Int {
  var random = Random(state: UInt64(seed) &* 0x9E37_79B9_7F4A_7C15 | 1)
  guard random.next(2) == 0,
    let file = Records(base: UnsafeMutableRawPointer(data) + start, count: size - start)
  else { return defaultMutation(data, size, maximum) }
  // Several at once now and then: some mistakes hide behind others.
  for _ in 0...random.next(3) * random.next(2) { file.change(&random) }
  return size
}

struct Random {
  var state: UInt64
  /// A number below `bound`.
  mutating func next(_ bound: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return Int(state >> 11) % max(bound, 1)
  }
}

/// The section headers of an ELF64 file and the tables that they describe, as places to change.
private struct Records {
  typealias E = ELF64Little
  let base: UnsafeMutableRawPointer
  let count: Int
  let headers: Int
  let sectionCount: Int
  /// Types of sections that are read in a way of their own, with SHT_CREL and the versions' tables.
  static let types: [UInt32] =
    Array(0...19) + [0x4000_0014, 0x6fff_4c00, 0x6fff_4c0a, 0x6fff_fffd, 0x6fff_fffe, 0x6fff_ffff]

  init?(base: UnsafeMutableRawPointer, count: Int) {
    guard count >= 64, E.load32(base) == 0x464c_457f else { return nil }
    let header = FileHeader<E>(base)
    guard header.sectionHeaderOffset < UInt64(count) else { return nil }
    self.base = base
    self.count = count
    headers = Int(header.sectionHeaderOffset)
    sectionCount = min(Int(header.sectionCount), (count - headers) / 64)
    if sectionCount == 0 { return nil }
  }

  func change(_ random: inout Random) {
    let header = base + headers + random.next(sectionCount) * 64
    let section = SectionHeader<E>(header)
    let offset = section.offset
    let size = section.byteCount
    guard random.next(3) != 0, offset <= UInt64(count), size <= UInt64(count) - offset, size > 0
    else {
      let fields = [
        (0, 4), (4, 4), (8, 8), (16, 8), (24, 8), (32, 8), (40, 4), (44, 4), (48, 8), (56, 8),
      ]
      let field = fields[random.next(fields.count)]
      if field.0 == 4, random.next(2) == 0 {
        return E.store32(Self.types[random.next(Self.types.count)], header + 4)
      }
      return store(header + field.0, field.1, &random)
    }
    let start = base + Int(offset)
    let fields: [(Int, Int)]
    let record: Int
    switch section.type {
    case .symbolTable, .dynamicSymbols:
      (record, fields) = (24, [(0, 4), (4, 1), (5, 1), (6, 2), (8, 8), (16, 8)])
    case .rela: (record, fields) = (24, [(0, 8), (8, 4), (8, 1), (12, 4), (16, 8)])
    case .dynamic: (record, fields) = (16, [(0, 8), (8, 8)])
    case .gnuVersionSymbols: (record, fields) = (2, [(0, 2)])
    default: (record, fields) = (4, [(0, 1), (0, 2), (0, 4)])
    }
    guard Int(size) >= max(record, 4) else { return store(start, 1, &random) }
    let field = fields[random.next(fields.count)]
    store(start + random.next(Int(size) / record) * record + field.0, field.1, &random)
  }

  /// A small number, an edge, the size of something, or a change by little.
  private func store(_ place: UnsafeMutableRawPointer, _ width: Int, _ random: inout Random) {
    guard place >= base, place + width <= base + count else { return }
    var old: UInt64 = 0
    for i in 0..<width {
      old |= UInt64(place.load(fromByteOffset: i, as: UInt8.self)) << UInt64(i * 8)
    }
    let value: UInt64
    switch random.next(8) {
    case 0: value = UInt64(random.next(64))
    case 1: value = UInt64.max - UInt64(random.next(3))
    case 2: value = 1 << UInt64(random.next(64)) &- UInt64(random.next(2))
    case 3: value = old &+ UInt64(random.next(17)) &- 8
    case 4: value = UInt64(random.next(count + 9))
    case 5: value = UInt64(random.next(sectionCount + 2))
    case 6: value = UInt64(0xff00 + random.next(0x100))
    default: value = old ^ 1 << UInt64(random.next(width * 8))
    }
    for i in 0..<width {
      place.storeBytes(
        of: UInt8(truncatingIfNeeded: value >> UInt64(i * 8)), toByteOffset: i, as: UInt8.self)
    }
  }
}
