import Linker

/// Reading the values of options.
enum Values {
  /// A number as in C, decimal, 0x… or 0…, with an optional suffix K, M or G of 1024s; or nil.
  static func number(_ text: String) -> UInt64? {
    var digits = Substring(text)
    var shift: UInt64 = 0
    if let last = digits.utf8.last {
      switch last {
      case UInt8(ascii: "k"), UInt8(ascii: "K"): shift = 10
      case UInt8(ascii: "m"), UInt8(ascii: "M"): shift = 20
      case UInt8(ascii: "g"), UInt8(ascii: "G"): shift = 30
      default: break
      }
    }
    if shift != 0 { digits = Substring(digits.utf8.dropLast()) }
    var radix: UInt64 = 10
    if let rest = withoutHexPrefix(digits) {
      radix = 16
      digits = rest
    } else if digits.utf8.first == UInt8(ascii: "0"), digits.utf8.count > 1 {
      radix = 8
    }
    guard let value = unsigned(digits, radix) else { return nil }
    let shifted = value << shift
    return shifted >> shift == value ? shifted : nil
  }

  /// A hexadecimal number with or without 0x, or nil.
  static func hexadecimal(_ text: String) -> UInt64? {
    unsigned(withoutHexPrefix(text) ?? Substring(text), 16)
  }

  /// Digits alone: no sign and no space, which Swift's own conversion would let pass or not
  /// depending on the kind; nil also if the value needs more than 64 bits.
  private static func unsigned(_ digits: Substring, _ radix: UInt64) -> UInt64? {
    if digits.isEmpty { return nil }
    var value: UInt64 = 0
    for byte in digits.utf8 {
      guard let digit = hexDigit(byte), UInt64(digit) < radix else { return nil }
      let (high, low) = value.multipliedFullWidth(by: radix)
      let (sum, overflow) = low.addingReportingOverflow(UInt64(digit))
      if high != 0 || overflow { return nil }
      value = sum
    }
    return value
  }

  static func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
  }

  static func withoutHexPrefix<S: StringProtocol>(_ text: S) -> S.SubSequence? {
    text.hasPrefix("0x") || text.hasPrefix("0X") ? text.dropFirst(2) : nil
  }

  /// Bytes written as pairs of hexadecimal digits, with `-` or `:` between pairs; or nil.
  static func hexBytes(_ digits: Substring) -> [UInt8]? {
    var bytes: [UInt8] = []
    var high: UInt8?
    for byte in digits.utf8 {
      if byte == UInt8(ascii: "-") || byte == UInt8(ascii: ":"), high == nil, !bytes.isEmpty {
        continue
      }
      guard let digit = hexDigit(byte) else { return nil }
      if let first = high {
        bytes.append(first << 4 | digit)
        high = nil
      } else {
        high = digit
      }
    }
    return high == nil && !bytes.isEmpty ? bytes : nil
  }

  /// The parts of a list, without empty ones.
  ///
  /// Splits bytes: a combining mark after a separator doesn't hide it, as it would in Characters.
  static func list(_ text: String, separatedBy separator: Unicode.Scalar) -> [String] {
    text.utf8.split(separator: UInt8(ascii: separator)).map { String(Substring($0)) }
  }

  /// What stands before and after the first `=`, or nil.
  static func pair(_ text: String) -> (String, String)? {
    guard let split = text.utf8.firstIndex(of: UInt8(ascii: "=")) else { return nil }
    return (String(text[..<split]), String(text[text.utf8.index(after: split)...]))
  }

  /// The symbol on the left of an assignment: blanks at its ends do not count, in quotes everything
  /// does. Nil if it is none: nothing, several words, a number, the location counter (`.`), or with
  /// the rest of an operator (`a:=3`, `a+=3`).
  static func symbolName(_ text: String) -> String? {
    var name = Substring(text)
    while let first = name.first, first == " " || first == "\t" { name = name.dropFirst() }
    while let last = name.last, last == " " || last == "\t" { name = name.dropLast() }
    if name.utf8.count > 2, name.hasPrefix("\""), name.hasSuffix("\"") {
      return String(name.dropFirst().dropLast())
    }
    guard let last = name.utf8.last, !name.utf8.contains(UInt8(ascii: " ")) else { return nil }
    let isNumber = name.utf8.first.map { 0x30...0x39 ~= $0 } ?? false
    return isNumber || name == "." || ":+-*/&|^<>!=".utf8.contains(last) ? nil : String(name)
  }

  /// `text` with %XX and GNU ld's %[name] replaced by what they stand for; nil if the result isn't
  /// UTF-8, which JSON must be.
  ///
  /// Drivers encode metadata so that commas and quotes survive `-Wl`. Older tools pass plain JSON,
  /// so a percent sign that begins neither form stays as it is.
  static func percentDecoded(_ text: String) -> String? {
    let bytes = Array(text.utf8)
    var result: [UInt8] = []
    result.reserveCapacity(bytes.count)
    var i = 0
    while i < bytes.count {
      if bytes[i] == UInt8(ascii: "%") {
        if i + 2 < bytes.count, let high = hexDigit(bytes[i + 1]), let low = hexDigit(bytes[i + 2])
        {
          result.append(high << 4 | low)
          i += 3
          continue
        }
        if i + 1 < bytes.count, bytes[i + 1] == UInt8(ascii: "["),
          let end = bytes[i...].firstIndex(of: UInt8(ascii: "]")),
          let character = namedCharacter(String(decoding: bytes[(i + 2)..<end], as: UTF8.self))
        {
          result.append(character)
          i = end + 1
          continue
        }
      }
      result.append(bytes[i])
      i += 1
    }
    return String(validating: result, as: UTF8.self)
  }

  private static func namedCharacter(_ name: String) -> UInt8? {
    switch name {
    case "comma": UInt8(ascii: ",")
    case "lbrace": UInt8(ascii: "{")
    case "rbrace": UInt8(ascii: "}")
    case "quot": UInt8(ascii: "\"")
    case "space": UInt8(ascii: " ")
    default: nil
    }
  }
}

extension CommandLineParser {
  /// The number that `text` is, or nil after reporting that it is none, or too large.
  mutating func number(_ text: String, atMost limit: UInt64 = .max) -> UInt64? {
    guard let value = Values.number(text) else {
      fail(value: text, "isn't a number of at most 64 bits (decimal or 0x…)")
      return nil
    }
    guard value <= limit else {
      fail(value: text, "is greater than \(limit)")
      return nil
    }
    return value
  }

  /// The address that `text` is, hexadecimal with or without 0x, or nil after reporting.
  mutating func address(_ text: String) -> UInt64? {
    guard let value = Values.hexadecimal(text) else {
      fail(value: text, "isn't a hexadecimal address of at most 64 bits")
      return nil
    }
    return value
  }
}
