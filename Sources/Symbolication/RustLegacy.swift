import Platform

/// Demangles Rust's first scheme: a path in the form of an Itanium nested name whose last component
/// is `h` and 16 hexadecimal digits, with characters that C++ does not know escaped as `$LT$`.
///
/// The hash is left out: it identifies a compilation, not a function.
/// - Returns: Nil where `name` is not of that form (it may still be a C++ name).
func demangleRustLegacy(_ name: ByteString) -> String? {
  guard name.hasPrefix("_ZN") else { return nil }
  var components: [ByteString] = []
  var position = 3
  while position < name.count, name[position] != UInt8(ascii: "E") {
    guard let component = sourceName(in: name, at: &position) else { return nil }
    components.append(component)
  }
  guard position < name.count, components.count >= 2, isRustHash(components.removeLast())
  else { return nil }
  var output = ""
  for component in components {
    if !output.isEmpty { output += "::" }
    appendUnescaped(component, to: &output)
  }
  return output + cloneSuffix(name.dropFirst(position + 1))
}

/// `h` and 16 lower-case hexadecimal digits.
func isRustHash(_ component: ByteString) -> Bool {
  component.count == 17 && component[0] == UInt8(ascii: "h")
    && component.buffer.dropFirst().allSatisfy {
      $0 &- UInt8(ascii: "0") < 10 || $0 &- UInt8(ascii: "a") < 6
    }
}

/// An Itanium `<source-name>`: a decimal length and that many bytes. Leaves `position` behind it.
func sourceName(in name: ByteString, at position: inout Int) -> ByteString? {
  var length = 0
  let start = position
  while position < name.count, name[position] &- UInt8(ascii: "0") < 10 {
    length = length * 10 + Int(name[position] - UInt8(ascii: "0"))
    guard length <= name.count else { return nil }
    position += 1
  }
  guard position > start, length > 0, length <= name.count - position else { return nil }
  defer { position += length }
  return name[position..<position + length]
}

/// How a clone of a Rust function is shown: as binutils shows those of C++. The suffix that LLVM
/// gives to what it makes visible across modules is a hash as well and left out.
func cloneSuffix(_ suffix: ByteString) -> String {
  if suffix.isEmpty || suffix.hasPrefix(".llvm.") { return "" }
  return suffix[0] == UInt8(ascii: ".") ? " [clone \(suffix)]" : String(suffix)
}

private func appendUnescaped(_ component: ByteString, to output: inout String) {
  var rest = component
  // An identifier may not start with `$` in the assemblers' view, so `_` is put before it.
  if rest.hasPrefix("_$") { rest = rest.dropFirst(1) }
  while !rest.isEmpty {
    if rest.hasPrefix("..") {
      output += "::"
      rest = rest.dropFirst(2)
    } else if rest[0] == UInt8(ascii: "$"),
      let end = rest.dropFirst(1).firstIndex(of: UInt8(ascii: "$")),
      let character = unescaped(rest[1..<end + 1])
    {
      output.unicodeScalars.append(character)
      rest = rest.dropFirst(end + 2)
    } else {
      var plain = 1
      while plain < rest.count, rest[plain] != UInt8(ascii: "$"), rest[plain] != UInt8(ascii: ".") {
        plain += 1
      }
      output += String(rest[0..<plain])
      rest = rest.dropFirst(plain)
    }
  }
}

private func unescaped(_ escape: ByteString) -> Unicode.Scalar? {
  if escape == "SP" { return "@" }
  if escape == "BP" { return "*" }
  if escape == "RF" { return "&" }
  if escape == "LT" { return "<" }
  if escape == "GT" { return ">" }
  if escape == "LP" { return "(" }
  if escape == "RP" { return ")" }
  if escape == "C" { return "," }
  guard escape.hasPrefix("u"), escape.count <= 7,
    let value = UInt32(String(escape.dropFirst(1)), radix: 16),
    let scalar = Unicode.Scalar(value), value >= 0x20
  else { return nil }
  return scalar
}
