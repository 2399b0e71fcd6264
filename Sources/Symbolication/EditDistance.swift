import Platform

/// The number of insertions, deletions, substitutions and swaps of neighbours that turn `a` into
/// `b` (the optimal string alignment distance), as far as it is at most `limit`.
///
/// Equal beginnings are skipped, and each difference is tried as every kind of edit. With limits
/// of 3 or 4 that beats filling a table, and it needs no memory.
///
/// - Returns: The distance, or some number above `limit`.
func editDistance(_ a: ByteString, _ b: ByteString, limit: Int) -> Int {
  var prefix = 0
  let shorter = min(a.count, b.count)
  while prefix < shorter, a[prefix] == b[prefix] { prefix += 1 }
  let a = a.dropFirst(prefix)
  let b = b.dropFirst(prefix)
  if a.isEmpty || b.isEmpty { return max(a.count, b.count) }
  guard abs(a.count - b.count) <= limit, limit > 0 else { return limit + 1 }

  var best = editDistance(a.dropFirst(1), b.dropFirst(1), limit: limit - 1)
  best = min(best, editDistance(a.dropFirst(1), b, limit: min(limit - 1, best)))
  best = min(best, editDistance(a, b.dropFirst(1), limit: min(limit - 1, best)))
  if a.count > 1, b.count > 1, a[0] == b[1], a[1] == b[0] {
    best = min(best, editDistance(a.dropFirst(2), b.dropFirst(2), limit: min(limit - 1, best)))
  }
  return best + 1
}

/// Which bytes occur in a name, without regard to case: a lower bound for edit distances, since an
/// edit changes at most two of the bits.
func letters(_ name: ByteString) -> UInt64 {
  var set: UInt64 = 0
  for byte in name.buffer { set |= 1 << UInt64(byte & 0x1F | (byte & 0x40) >> 1) }
  return set
}

/// Whether two names differ in nothing but the case of ASCII letters.
func equalIgnoringCase(_ a: ByteString, _ b: ByteString) -> Bool {
  guard a.count == b.count else { return false }
  for i in 0..<a.count where a[i] != b[i] {
    let folded = a[i] | 0x20
    guard folded == b[i] | 0x20, folded &- UInt8(ascii: "a") < 26 else { return false }
  }
  return true
}
