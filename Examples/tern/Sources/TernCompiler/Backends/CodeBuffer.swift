import Weld

/// The bytes of a function under construction, in the machine's byte order, with its labels, its
/// relocations and the description of its frame.
struct CodeBuffer: Sendable {
  /// A jump whose distance is not known yet.
  struct Fixup: Sendable {
    /// Where the instruction starts.
    var offset: Int
    var label: Label
    /// The machine's own.
    var kind: UInt8
  }

  struct Relocation: Hashable, Sendable {
    var offset: Int
    var target: SymbolReference
    var kind: DataRelocation.Kind
    var addend: Int64 = 0
  }

  let isBigEndian: Bool
  var bytes: [UInt8] = []
  private(set) var fixups: [Fixup] = []
  private(set) var relocations: [Relocation] = []
  var frame: CallFrameInstructions
  private var labels: [Int: Int] = [:]

  init(isBigEndian: Bool, factors: FrameFactors) {
    self.isBigEndian = isBigEndian
    frame = CallFrameInstructions(factors: factors, isBigEndian: isBigEndian)
  }

  var count: Int { bytes.count }

  mutating func append(_ new: [UInt8]) { bytes += new }
  mutating func append(_ new: UInt8...) { bytes += new }
  mutating func append16(_ value: UInt16) { bytes += encoded(UInt64(value), 2) }
  mutating func append32(_ value: UInt32) { bytes += encoded(UInt64(value), 4) }
  mutating func append64(_ value: UInt64) { bytes += encoded(value, 8) }

  func word32(at offset: Int) -> UInt32 {
    let four = bytes[offset..<offset + 4]
    return (isBigEndian ? Array(four) : four.reversed()).reduce(0) { $0 << 8 | UInt32($1) }
  }
  mutating func set32(_ value: UInt32, at offset: Int) {
    bytes.replaceSubrange(offset..<offset + 4, with: encoded(UInt64(value), 4))
  }

  private func encoded(_ value: UInt64, _ count: Int) -> [UInt8] {
    let little = (0..<count).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
    return isBigEndian ? little.reversed() : little
  }

  /// The next instruction is one that jumps to `label`.
  mutating func addFixup(to label: Label, kind: UInt8 = 0) {
    fixups.append(Fixup(offset: count, label: label, kind: kind))
  }
  mutating func bind(_ label: Label) { labels[label.index] = count }
  func offset(of label: Label) -> Int? { labels[label.index] }

  /// The bytes at `offset` (where the next go, if nil) are given a value when the image is laid
  /// out.
  mutating func addRelocation(
    at offset: Int? = nil, to target: SymbolReference, kind: DataRelocation.Kind, addend: Int64 = 0
  ) {
    relocations.append(
      Relocation(offset: offset ?? count, target: target, kind: kind, addend: addend))
  }
}

/// Builds call frame instructions. Source: DWARF 5, 6.4.2.
struct CallFrameInstructions: Sendable {
  let factors: FrameFactors
  let isBigEndian: Bool
  private(set) var bytes: [UInt8] = []
  private var location = 0

  init(factors: FrameFactors, isBigEndian: Bool) {
    self.factors = factors
    self.isBigEndian = isBigEndian
  }

  /// What follows holds from so many bytes after the function's start.
  mutating func advance(to offset: Int) {
    let delta = (offset - location) / factors.code
    location = offset
    switch delta {
    case ..<1: return
    case ..<0x40: bytes.append(0x40 | UInt8(delta))  // DW_CFA_advance_loc
    case ..<0x100: bytes += [0x02, UInt8(delta)]  // DW_CFA_advance_loc1
    default:  // DW_CFA_advance_loc2
      let pair = [UInt8(truncatingIfNeeded: delta), UInt8(truncatingIfNeeded: delta >> 8)]
      bytes += [0x03] + (isBigEndian ? pair.reversed() : pair)
    }
  }
  /// The canonical frame address is `register` plus `offset` bytes.
  mutating func defineFrame(register: UInt8, offset: Int) {
    bytes += [0x0c] + Self.unsigned(UInt64(register)) + Self.unsigned(UInt64(offset))
  }
  mutating func setFrameOffset(_ offset: Int) {
    bytes += [0x0e] + Self.unsigned(UInt64(offset))
  }
  mutating func setFrameRegister(_ register: UInt8) {
    bytes += [0x0d] + Self.unsigned(UInt64(register))
  }
  /// A register's old value lies so many bytes from the canonical frame address.
  mutating func saved(register: UInt8, at offset: Int) {
    // DW_CFA_offset_extended_sf, which has a form for either sign.
    bytes += [0x11] + Self.unsigned(UInt64(register)) + Self.signed(Int64(offset / factors.data))
  }
  /// For instructions that have no method here, such as those of one machine.
  mutating func append(_ raw: [UInt8]) { bytes += raw }

  static func unsigned(_ value: UInt64) -> [UInt8] {
    var result: [UInt8] = []
    var rest = value
    repeat {
      let byte = UInt8(rest & 0x7f)
      rest >>= 7
      result.append(rest == 0 ? byte : byte | 0x80)
    } while rest != 0
    return result
  }
  static func signed(_ value: Int64) -> [UInt8] {
    var result: [UInt8] = []
    var rest = value
    while true {
      let byte = UInt8(truncatingIfNeeded: rest & 0x7f)
      rest >>= 7
      if (rest == 0 && byte & 0x40 == 0) || (rest == -1 && byte & 0x40 != 0) {
        result.append(byte)
        return result
      }
      result.append(byte | 0x80)
    }
  }
}
