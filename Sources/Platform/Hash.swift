import CSystem

// Hashes for tables whose keys come from inputs.
//
// Who writes an input must not be able to choose names that meet in a table: then each costs a look
// at all others. So the hash depends on two numbers that every process draws anew, which no input can
// know; and no block of a name makes it forget the blocks before. What a link writes never depends on
// the hash, only how long it takes: tables give out numbers by the order of the inputs.
//
// Tables that hold what inputs have in any number also end a search after `probeLimit` slots, and the
// link with an error: whatever is wrong with the hash, time stays linear.

/// Slots that a search in an open-addressing table looks at before it gives up.
///
/// Linear probing of a table that is three quarters full meets runs of some hundred slots once in
/// 2³⁰ names, and longer ones never by chance.
public let probeLimit = 4096

/// What a link says when a search gave up, after the name of what is searched.
public let floodRemedy =
  "have the same place in the linker's hash table, which does not happen by chance: an input was made"
  + " to slow the link down"

/// Multiplies to 128 bits and folds: one `mul` and one `xor`.
@inlinable
@inline(__always)
func foldedMultiply(_ a: UInt64, _ b: UInt64) -> UInt64 {
  let product = a.multipliedFullWidth(by: b)
  return product.high ^ product.low
}

/// The same, but keeps either factor where the other is 0.
@inlinable
@inline(__always)
func mix(_ a: UInt64, _ b: UInt64) -> UInt64 { foldedMultiply(a, b) ^ a ^ b }

@inlinable
@inline(__always)
func load64(_ p: UnsafePointer<UInt8>) -> UInt64 {
  UnsafeRawPointer(p).loadUnaligned(as: UInt64.self)
}

@inlinable
@inline(__always)
func load32(_ p: UnsafePointer<UInt8>) -> UInt64 {
  UInt64(UnsafeRawPointer(p).loadUnaligned(as: UInt32.self))
}

/// A folded-multiply hash over 16 bytes a step; quality comes from the 128-bit products.
@inlinable
public func hashBytes(_ start: UnsafePointer<UInt8>, _ count: Int) -> UInt64 {
  let k0 = weld_hash_seed()
  let k1 = weld_hash_multiplier()
  var state = UInt64(truncatingIfNeeded: count) &* k1 ^ k0
  var a: UInt64
  var b: UInt64
  if count <= 16 {
    if count >= 8 {
      a = load64(start)
      b = load64(start + (count &- 8))
    } else if count >= 4 {
      a = load32(start)
      b = load32(start + (count &- 4))
    } else if count > 0 {
      a =
        UInt64(start[0]) << 16 | UInt64(start[count >> 1]) << 8 | UInt64(start[count &- 1])
      b = 0
    } else {
      a = 0
      b = 0
    }
  } else {
    var p = start
    var left = count
    while left > 16 {
      state = mix(load64(p) ^ k1, load64(p + 8) ^ state)
      p += 16
      left &-= 16
    }
    a = load64(start + (count &- 16))
    b = load64(start + (count &- 8))
  }
  return foldedMultiply(mix(a ^ k1, b ^ state) ^ k0, k1)
}

/// The hash of a number that an input or a caller chose.
@inlinable
@inline(__always)
public func hashNumber(_ value: UInt64) -> UInt64 {
  // One product of a random multiplier leaves numbers in a row close together for one multiplier in
  // twenty.
  let product = foldedMultiply(value ^ weld_hash_seed(), weld_hash_multiplier())
  return foldedMultiply(product ^ weld_hash_multiplier(), 0x9e37_79b9_7f4a_7c15)
}

/// The hash of what `hash` stands for with `value` behind it.
@inlinable
public func hash(_ hash: UInt64, followedBy value: UInt64) -> UInt64 {
  mix(hash ^ weld_hash_multiplier(), value ^ weld_hash_seed())
}
