import ELFFormat
import Platform

extension AssignAddresses {
  /// Encodes `.relr.dyn` for the present addresses; true if it fits in its room.
  ///
  /// Otherwise there is more room for the next layout: as much as these addresses need, or if that was
  /// not enough too often, a word for each relocation, which is always enough.
  ///
  /// Source: gABI, "Relative Relocation Table": an even word is an address, an odd one a bitmap of
  /// the 63 words after the last.
  func packRelativeRelocations(mayGuess: Bool) -> Bool {
    if synthetic[.relativeRelocations].isNone { return true }
    var places: [UInt64] = []
    for list in dynamicRelocations.lists {
      for relocation in list where isPacked(relocation) {
        // Atoms have offsets in their section as yet.
        let base = outputs[atoms[relocation.atom].output].address
        places.append(base &+ place(of: relocation, wordSize: E.wordSize))
      }
    }
    let table = synthetic[.offsetTable].isNone ? 0 : outputs[synthetic[.offsetTable]].address
    let width = UInt64(E.wordSize)
    for i in 0..<offsetTable.slots.count
    where slotPlan(i, T.self).need?.isRelative == true {
      places.append(table &+ UInt64(i) &* width)
    }
    places.sort()
    var words: [UInt64] = []
    let bits = width * 8 - 1
    var i = 0
    while i < places.count {
      words.append(places[i])
      var base = places[i] &+ width
      i += 1
      while true {
        var bitmap: UInt64 = 0
        while i < places.count {
          let distance = places[i] &- base
          if distance >= bits * width || distance % width != 0 { break }
          bitmap |= 1 << (distance / width)
          i += 1
        }
        if bitmap == 0 { break }
        words.append(bitmap << 1 | 1)
        base = base &+ bits * width
      }
    }
    layout.packedRelative = words
    if words.count > tables.relocations.packedRoom {
      tables.relocations.packedRoom = mayGuess ? words.count : places.count
      return false
    }
    return true
  }
}
