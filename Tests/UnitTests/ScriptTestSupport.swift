import Platform
import ScriptParsing

/// The bytes of `text`, which live until exit as a mapped script does.
func scriptBytes(_ text: String) -> UnsafeRawBufferPointer {
  scriptBytes(Array(text.utf8))
}

func scriptBytes(_ bytes: [UInt8]) -> UnsafeRawBufferPointer {
  let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: bytes.count, alignment: 1)
  copy.copyBytes(from: bytes)
  return UnsafeRawBufferPointer(copy)
}

/// The error of `body` as `line:column: message`, or nil if it succeeds.
func scriptError<T>(_ body: () throws(ScriptError) -> T) -> String? {
  do throws(ScriptError) {
    _ = try body()
    return nil
  } catch {
    return error.description
  }
}

/// SplitMix64: the same numbers for a seed everywhere.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ z >> 30) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ z >> 27) &* 0x94D0_49BB_1331_11EB
    return z ^ z >> 31
  }
}

/// Changes `sample` in up to four places: other bytes, cuts, copies of pieces, words of grammar.
func mutated(_ sample: [UInt8], _ random: inout SeededGenerator) -> [UInt8] {
  let words = [
    "(", ")", "{", "}", ";", ",", "\"", "/*", "*/", ":", "::", "#", "\n", "\0", "=", "+=",
    "AS_NEEDED(",
    "extern \"C++\" {", "global:", "local:", "[", "\\", "*", "?", "ALIGN(", "DEFINED(", "-l", "0x",
    "99999999999999999999", "&&", "||", "\u{80}", "((((((((", "~-!", "VERSION {", "PROVIDE(",
  ]
  var bytes = sample
  for _ in 0..<Int.random(in: 1...4, using: &random) {
    let place = Int.random(in: 0...bytes.count, using: &random)
    let end = min(bytes.count, place + Int.random(in: 0...20, using: &random))
    switch Int.random(in: 0..<5, using: &random) {
    case 0 where place < bytes.count:
      bytes[place] = UInt8.random(in: 0...255, using: &random)
    case 1: bytes.removeSubrange(place..<end)
    case 2: bytes.insert(contentsOf: bytes[place..<end], at: place)
    case 3: bytes.removeSubrange(place...)
    default:
      bytes.insert(contentsOf: words.randomElement(using: &random)!.utf8, at: place)
    }
  }
  return bytes
}
