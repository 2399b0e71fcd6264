import Platform

/// The mappings of a process, from its `maps` file. Source: proc(5).
struct ProcessMap: Sendable {
  struct Mapping: Sendable {
    var range: Range<UInt64>
    var isReadable: Bool
    var isWritable: Bool
    var isExecutable: Bool
    /// Writes go to the file, and to whoever else maps it.
    var isShared: Bool
    /// Without a file behind it.
    var isAnonymous: Bool
    /// `rwxp`, for messages.
    var permissions: String
  }

  /// In ascending order.
  let mappings: [Mapping]

  /// Lines that are not understood are left out: what they cover counts as unmapped.
  init(_ text: [UInt8]) {
    var mappings: [Mapping] = []
    for line in text.split(separator: UInt8(ascii: "\n")) {
      let words = line.split(separator: UInt8(ascii: " "), maxSplits: 5)
      guard words.count >= 5, words[1].count >= 4,
        let dash = words[0].firstIndex(of: UInt8(ascii: "-")),
        let start = Self.hexadecimal(words[0][..<dash]),
        let end = Self.hexadecimal(words[0][(dash + 1)...]), start < end
      else { continue }
      let flags = Array(words[1])
      mappings.append(
        Mapping(
          range: start..<end, isReadable: flags[0] == UInt8(ascii: "r"),
          isWritable: flags[1] == UInt8(ascii: "w"), isExecutable: flags[2] == UInt8(ascii: "x"),
          isShared: flags[3] == UInt8(ascii: "s"), isAnonymous: words[4].elementsEqual([0x30]),
          permissions: String(decoding: flags, as: UTF8.self)))
    }
    self.mappings = mappings
  }

  private static func hexadecimal(_ digits: ArraySlice<UInt8>) -> UInt64? {
    if digits.isEmpty || digits.count > 16 { return nil }
    var value: UInt64 = 0
    for digit in digits {
      switch digit {
      case 0x30...0x39: value = value << 4 | UInt64(digit - 0x30)
      case 0x61...0x66: value = value << 4 | UInt64(digit - 0x57)
      default: return nil
      }
    }
    return value
  }

  func mapping(at address: UInt64) -> Mapping? {
    mappings.lazy.map(\.range).index(holding: address).map { mappings[$0] }
  }

  /// The mappings that hold a range, in ascending order; nil if some of it is not mapped.
  func mappings(holding range: Range<UInt64>) -> [Mapping]? {
    var result: [Mapping] = []
    var address = range.lowerBound
    while address < range.upperBound {
      guard let next = mapping(at: address) else { return nil }
      result.append(next)
      address = next.range.upperBound
    }
    return result
  }
}
