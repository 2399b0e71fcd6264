import ELFFormat
import Platform

extension MakeTables {
  /// Counts entries; before layout.
  func countDynamicRelocations() {
    var relative = dynamicRelocations.countedRelative
    var other = 0
    var packed = 0
    for list in dynamicRelocations.lists {
      for relocation in list {
        if relocation.kind != .relative {
          other += 1
        } else if isPacked(relocation) {
          packed += 1
        } else {
          relative += 1
        }
      }
    }
    for i in 0..<offsetTable.slots.count {
      guard let need = slotPlan(i, T.self).need else { continue }
      if need.isRelative {
        if options.packsRelative { packed += 1 } else { relative += 1 }
      } else if !(need.isIndirect && putsIndirectInPLT) {
        other += 1
      }
    }
    tables.relocations.relativeCount = relative
    tables.relocations.count = relative + other + copiedSymbols.count
    if packed > 0, tables.relocations.packedRoom == 0 {
      // A guess that layout corrects: an address and a bitmap for each 32.
      tables.relocations.packedRoom = packed / 16 + 2
    }
  }
}
