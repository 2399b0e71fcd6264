import ELFFormat
import Platform

extension WriteOutput {
  /// Writes `.dynamic`, once addresses are known.
  func writeDynamic(to start: UnsafeMutableRawPointer) {
    var p = start
    let entries = dynamicSection.entries
    for entry in entries {
      if !entry.section.isNone, outputs[entry.section].size == 0 { continue }
      let value: UInt64
      switch entry.value {
      case .number(let number): value = number
      case .address(let section): value = outputs[section].address
      case .size(let section): value = outputs[section].size
      case .namesAddress: value = outputs[synthetic[.dynamicNames]].address
      case .namesSize: value = outputs[synthetic[.dynamicNames]].size
      case .symbol(let symbol): value = symbols[symbol].word
      case .relativeCount: value = UInt64(tables.relocations.relativeCount)
      }
      E.storeWord(entry.tag, p)
      E.storeWord(value, p + E.wordSize)
      p += 2 * E.wordSize
    }
    let end = start + dynamicSection.size(E.self)
    while p < end {
      E.storeWord(DynamicTag.null, p)
      p += E.wordSize
    }
  }
}
