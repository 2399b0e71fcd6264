import ELFFormat
import Platform

/// The offset table and the procedure linkage tables.
extension WriteOutput {
  func writeOffsetTable(to p: UnsafeMutableRawPointer) {
    let clears = options.appliesDynamicRelocations == false && !options.packsRelative
    for i in 0..<offsetTable.slots.count {
      let plan = slotPlan(i, T.self)
      let isCleared = clears && plan.need?.isRelative == true
      E.storeWord(isCleared ? 0 : value(E.self, of: plan.word, slot: i), p + i * E.wordSize)
    }
  }

  /// `.got.plt`: the dynamic section's address, two words for the loader, then a slot for each lazy
  /// entry, which at first leads back to the entry's second instruction.
  func writePLTOffsetTable(to p: UnsafeMutableRawPointer) {
    let width = E.wordSize
    E.storeWord(
      synthetic[.dynamic].isNone ? 0 : outputs[synthetic[.dynamic]].address, p)
    for i in 0..<procedureLinkage.lazy.count {
      let entry =
        outputs[synthetic[.procedureLinkage]].address &+ T.pltHeaderSize &+ UInt64(i)
        &* T.pltEntrySize
      E.storeWord(
        usesLandingPads ? entry : entry &+ T.lazyEntryOffset, p + (3 + i) * width)
    }
  }

  func writePLT(to p: UnsafeMutableRawPointer) {
    let plt = outputs[synthetic[.procedureLinkage]].address
    let slots = outputs[synthetic[.pltOffsetTable]].address
    T.writePLTHeader(p, plt: plt, pltSlots: slots)
    var at = p + Int(T.pltHeaderSize)
    for i in 0..<procedureLinkage.lazy.count {
      let address = plt &+ T.pltHeaderSize &+ UInt64(i) &* T.pltEntrySize
      if usesLandingPads {
        T.writeLandingLazyEntry(at, address: address, index: i, plt: plt)
      } else {
        T.writePLTEntry(
          at, address: address, slot: slots &+ UInt64((3 + i) * E.wordSize), index: i,
          plt: plt)
      }
      at += Int(T.pltEntrySize)
    }
  }

  /// `.plt.sec`.
  func writeSecondPLT(to p: UnsafeMutableRawPointer) {
    let slots = outputs[synthetic[.pltOffsetTable]].address
    for i in 0..<procedureLinkage.lazy.count {
      T.writeLandingPLTEntry(
        p + i * Int(T.landingPLTEntrySize), address: lazyPLTStart &+ UInt64(i) &* pltEntrySize,
        slot: slots &+ UInt64((3 + i) * E.wordSize))
    }
  }

  func writeDirectPLT(to p: UnsafeMutableRawPointer) {
    let table = outputs[synthetic[.offsetTable]].address
    for (i, index) in procedureLinkage.direct.enumerated() {
      let extra = extras[index]
      let slot = extra.directSlot >= 0 ? extra.directSlot : extra.offsetSlot
      let at = p + i * Int(directPLTEntrySize)
      let address = directPLTStart &+ UInt64(i) &* directPLTEntrySize
      let slotAddress = table &+ UInt64(slot) &* UInt64(E.wordSize)
      if usesLandingPads {
        T.writeLandingPLTEntry(at, address: address, slot: slotAddress)
      } else {
        T.writeDirectPLTEntry(at, address: address, slot: slotAddress)
      }
    }
  }
}
