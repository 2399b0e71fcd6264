import Platform

// Rust's second mangling scheme (RFC 2603, "Rust Symbol Mangling (v0)"): a prefix grammar in which
// `B` followed by a position means "as written there". Parsing and printing are one recursive
// walk; a back reference moves the walk's position and restores it afterwards.
//
// Back references make the text exponentially longer than the name, and nesting makes the walk as
// deep as the name is long, so the walk counts its depth, its steps and the bytes it has written,
// and gives up at a limit. Failure is a flag instead of a thrown error: every read yields zero once
// it is set, so all loops end.
//
// What only the compiler wants to know (hashes of crates, types of constants) is left out, as in
// Rust's own short form.

/// Demangles a v0 name (`_R…`); nil where it is malformed or beyond the limits.
func demangleRustV0(_ name: ByteString) -> String? {
  guard name.hasPrefix("_R"), name.count > 2 else { return nil }
  var symbol = name.dropFirst(2)
  // A digit would announce a later version of the encoding; paths start with a capital.
  guard symbol[0] &- UInt8(ascii: "A") < 26 else { return nil }
  var suffix = ByteString("")
  if let dot = symbol.firstIndex(of: UInt8(ascii: ".")) {
    suffix = symbol.dropFirst(dot)
    symbol = symbol[0..<dot]
  }
  var printer = RustPrinter(symbol: symbol)
  printer.path(inValue: true)
  if !printer.hasFailed, printer.position < symbol.count {
    // The crate that instantiated a generic function: where, not what.
    printer.isSilent = true
    printer.path(inValue: false)
  }
  guard !printer.hasFailed, printer.position == symbol.count else { return nil }
  return printer.output + cloneSuffix(suffix)
}

struct RustPrinter {
  let symbol: ByteString
  var position = 0
  var output = ""
  /// Set while something is read that is not shown.
  var isSilent = false
  private(set) var hasFailed = false
  /// How many lifetimes the `for<…>` around the walk's position have bound.
  var boundLifetimes: UInt64 = 0
  private var depth = 0
  private var steps = 0

  init(symbol: ByteString) { self.symbol = symbol }

  // MARK: Limits

  private static var maximumDepth: Int { 128 }
  private static var maximumSteps: Int { 20_000 }
  private static var maximumOutput: Int { 16 << 10 }

  mutating func fail() { hasFailed = true }

  /// Runs `body` one level deeper, unless that is too deep.
  mutating func nested(_ body: (inout RustPrinter) -> Void) {
    steps += 1
    guard depth < Self.maximumDepth, steps < Self.maximumSteps, !hasFailed else { return fail() }
    depth += 1
    body(&self)
    depth -= 1
  }

  mutating func write(_ text: String) {
    guard !isSilent, !hasFailed else { return }
    output += text
    if output.utf8.count > Self.maximumOutput { fail() }
  }

  // MARK: Reading

  /// The byte at the position, or 0 at the end.
  var peek: UInt8 { !hasFailed && position < symbol.count ? symbol[position] : 0 }

  mutating func next() -> UInt8 {
    let byte = peek
    if byte == 0 { fail() } else { position += 1 }
    return byte
  }

  mutating func eat(_ character: Unicode.Scalar) -> Bool {
    guard peek == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  /// `[0-9a-zA-Z]* _`, a number in base 62; the empty one is 0, and "0" is 1.
  mutating func base62() -> UInt64 {
    if eat("_") { return 0 }
    var value: UInt64 = 0
    while !hasFailed {
      let byte = next()
      let digit: UInt8
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = byte - UInt8(ascii: "0")
      case UInt8(ascii: "a")...UInt8(ascii: "z"): digit = byte - UInt8(ascii: "a") + 10
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit = byte - UInt8(ascii: "A") + 36
      case UInt8(ascii: "_"):
        if value == .max { fail() }
        return value &+ 1
      default:
        fail()
        return 0
      }
      let (product, overflow) = value.multipliedReportingOverflow(by: 62)
      let (sum, carry) = product.addingReportingOverflow(UInt64(digit))
      if overflow || carry { fail() }
      value = sum
    }
    return 0
  }

  /// A base-62 number after `tag`, counted from 1; 0 where `tag` is missing.
  mutating func optionalBase62(_ tag: Unicode.Scalar) -> UInt64 {
    guard eat(tag) else { return 0 }
    let value = base62()
    if value == .max { fail() }
    return value &+ 1
  }

  /// `["u"] <decimal> ["_"] <bytes>`, decoded.
  mutating func undisambiguatedIdentifier() -> String {
    let isPunycode = eat("u")
    var length = 0
    guard peek &- UInt8(ascii: "0") < 10 else {
      fail()
      return ""
    }
    if !eat("0") {
      while peek &- UInt8(ascii: "0") < 10 {
        length = length * 10 + Int(next() - UInt8(ascii: "0"))
        guard length <= symbol.count else {
          fail()
          return ""
        }
      }
    }
    _ = eat("_")
    guard !hasFailed, length <= symbol.count - position else {
      fail()
      return ""
    }
    let bytes = symbol[position..<position + length]
    position += length
    guard isPunycode else { return String(bytes) }
    guard let text = decodePunycode(bytes) else {
      fail()
      return ""
    }
    return text
  }

  /// `["s" <base-62>] <undisambiguated>`.
  mutating func identifier() -> (name: String, disambiguator: UInt64) {
    let disambiguator = optionalBase62("s")
    return (undisambiguatedIdentifier(), disambiguator)
  }

  /// `B <base-62>` whose `B` has been read: walks `body` over what stands at that position.
  mutating func backReference(_ body: (inout RustPrinter) -> Void) {
    let here = position - 1
    let target = base62()
    guard !hasFailed, target < UInt64(here) else { return fail() }
    // What is not shown need not be walked a second time.
    if isSilent { return }
    let resume = position
    position = Int(target)
    nested(body)
    position = resume
  }

  /// Elements up to an `E`, separated; returns how many.
  @discardableResult
  mutating func list(separator: String, _ element: (inout RustPrinter) -> Void) -> Int {
    var count = 0
    while !hasFailed, !eat("E") {
      if count > 0 { write(separator) }
      element(&self)
      count += 1
    }
    return count
  }
}
