import Platform

/// Decodes an identifier as Rust's v0 mangling encodes it: Punycode (RFC 3492) with `_` as the
/// delimiter, since `-` is not a character of symbol names.
///
/// - Returns: Nil for what is not Punycode, and for identifiers of more than 256 characters:
///   decoding takes time quadratic in the length.
func decodePunycode(_ bytes: ByteString) -> String? {
  guard bytes.count <= 512 else { return nil }
  var scalars: [Unicode.Scalar] = []
  var encoded = bytes
  if let delimiter = bytes.buffer.lastIndex(of: UInt8(ascii: "_")) {
    for byte in bytes[0..<delimiter].buffer {
      guard byte < 0x80 else { return nil }
      scalars.append(Unicode.Scalar(byte))
    }
    encoded = bytes.dropFirst(delimiter + 1)
  }

  // The names of RFC 3492, section 5.
  let base = 36, tMin = 1, tMax = 26, skew = 38
  var bias = 72
  var damp = 700
  var n = 0x80
  var i = 0
  var position = 0
  while position < encoded.count {
    let old = i
    var weight = 1
    var k = base
    while true {
      guard position < encoded.count else { return nil }
      let byte = encoded[position]
      position += 1
      let digit: Int
      switch byte {
      case UInt8(ascii: "a")...UInt8(ascii: "z"): digit = Int(byte - UInt8(ascii: "a"))
      case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit = Int(byte - UInt8(ascii: "A"))
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = Int(byte - UInt8(ascii: "0")) + 26
      default: return nil
      }
      i += digit * weight
      guard i < 1 << 32 else { return nil }
      let threshold = min(max(k - bias, tMin), tMax)
      if digit < threshold { break }
      weight *= base - threshold
      guard weight < 1 << 32 else { return nil }
      k += base
    }
    let count = scalars.count + 1
    guard count <= 256 else { return nil }
    var delta = (i - old) / damp
    damp = 2
    delta += delta / count
    k = 0
    while delta > ((base - tMin) * tMax) / 2 {
      delta /= base - tMin
      k += base
    }
    bias = k + ((base - tMin + 1) * delta) / (delta + skew)
    n += i / count
    i %= count
    guard n <= 0x10FFFF, let scalar = Unicode.Scalar(UInt32(n)) else { return nil }
    scalars.insert(scalar, at: i)
    i += 1
  }
  var text = ""
  text.unicodeScalars.append(contentsOf: scalars)
  return text
}
