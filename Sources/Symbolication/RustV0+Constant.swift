extension RustPrinter {
  /// `<const>`. Where not `inValue`, as a generic argument, what is more than a literal is put
  /// between braces.
  mutating func constant(inValue: Bool) {
    nested { $0.constantBody(inValue: inValue) }
  }

  private mutating func constantBody(inValue: Bool) {
    let tag = next()
    switch tag {
    case UInt8(ascii: "p"):
      write("_")
    case UInt8(ascii: "B"):
      backReference { $0.constant(inValue: inValue) }
    case UInt8(ascii: "a"), UInt8(ascii: "s"), UInt8(ascii: "l"), UInt8(ascii: "x"),
      UInt8(ascii: "n"), UInt8(ascii: "i"):
      if eat("n") { write("-") }
      integer()
    case UInt8(ascii: "h"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "y"),
      UInt8(ascii: "o"), UInt8(ascii: "j"):
      integer()
    case UInt8(ascii: "b"):
      switch hexValue() {
      case 0: write("false")
      case 1: write("true")
      default: fail()
      }
    case UInt8(ascii: "c"):
      guard let value = hexValue(), let code = UInt32(exactly: value),
        let scalar = Unicode.Scalar(code)
      else { return fail() }
      write("'" + escaped(scalar, quote: "'") + "'")
    case UInt8(ascii: "e"):
      // A `str` itself is not a value that can be named: only `&str` has a literal.
      braced(inValue) {
        $0.write("*")
        $0.stringLiteral()
      }
    case UInt8(ascii: "R") where eat("e"):
      stringLiteral()
    case UInt8(ascii: "R"), UInt8(ascii: "Q"):
      braced(inValue) {
        $0.write(tag == UInt8(ascii: "R") ? "&" : "&mut ")
        $0.constant(inValue: true)
      }
    case UInt8(ascii: "A"):
      braced(inValue) { printer in
        printer.write("[")
        printer.list(separator: ", ") { $0.constant(inValue: true) }
        printer.write("]")
      }
    case UInt8(ascii: "T"):
      braced(inValue) { printer in
        printer.write("(")
        let count = printer.list(separator: ", ") { $0.constant(inValue: true) }
        printer.write(count == 1 ? ",)" : ")")
      }
    case UInt8(ascii: "V"):
      braced(inValue) { $0.structure() }
    default:
      fail()
    }
  }

  private mutating func braced(_ inValue: Bool, _ body: (inout RustPrinter) -> Void) {
    if !inValue { write("{") }
    body(&self)
    if !inValue { write("}") }
  }

  /// A value of a structure or of an enumeration's case.
  private mutating func structure() {
    path(inValue: true)
    switch next() {
    case UInt8(ascii: "U"):
      break
    case UInt8(ascii: "T"):
      write("(")
      list(separator: ", ") { $0.constant(inValue: true) }
      write(")")
    case UInt8(ascii: "S"):
      write(" { ")
      list(separator: ", ") {
        $0.write($0.identifier().name + ": ")
        $0.constant(inValue: true)
      }
      write(" }")
    default:
      fail()
    }
  }

  /// The hexadecimal digits up to a `_`.
  private mutating func hexDigits() -> [UInt8] {
    var digits: [UInt8] = []
    while !hasFailed, !eat("_") {
      let byte = next()
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digits.append(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digits.append(byte - UInt8(ascii: "a") + 10)
      default: fail()
      }
    }
    return digits
  }

  private mutating func hexValue() -> UInt64? {
    let digits = hexDigits().drop { $0 == 0 }
    guard !hasFailed, digits.count <= 16 else { return nil }
    return digits.reduce(0) { $0 << 4 | UInt64($1) }
  }

  private mutating func integer() {
    let digits = hexDigits().drop { $0 == 0 }
    if digits.count <= 16 {
      write(String(digits.reduce(UInt64(0)) { $0 << 4 | UInt64($1) }))
    } else {
      // 128 bits are legible in neither base; hexadecimal at least is short.
      write("0x" + digits.map { String($0, radix: 16) }.joined())
    }
  }

  /// The bytes of a string as pairs of digits, as a literal.
  private mutating func stringLiteral() {
    let digits = hexDigits()
    guard digits.count % 2 == 0 else { return fail() }
    let bytes = stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
    guard let text = String(validating: bytes, as: UTF8.self) else { return fail() }
    write("\"" + text.unicodeScalars.map { escaped($0, quote: "\"") }.joined() + "\"")
  }

  private func escaped(_ scalar: Unicode.Scalar, quote: Unicode.Scalar) -> String {
    switch scalar {
    case "\n": return "\\n"
    case "\r": return "\\r"
    case "\t": return "\\t"
    case "\\": return "\\\\"
    case quote: return "\\" + String(quote)
    default:
      return scalar.value < 0x20 ? "\\u{\(String(scalar.value, radix: 16))}" : String(scalar)
    }
  }
}
