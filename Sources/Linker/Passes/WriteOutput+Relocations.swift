import ELFFormat
import Platform

extension WriteOutput {
  func writeRelativeRelocations(to p: UnsafeMutableRawPointer) {
    let width = E.wordSize
    for i in 0..<tables.relocations.packedRoom {
      // What is left over is bitmaps without bits.
      let word = i < layout.packedRelative.count ? layout.packedRelative[i] : 1
      E.storeWord(word, p + i * width)
    }
  }

  /// Writes `.rela.dyn`, but for relative entries that are written with what they relocate.
  func writeDynamicRelocations(to p: UnsafeMutableRawPointer) {
    let size = LoaderRelocation<T>.size
    let types = T.dynamicTypes
    nonisolated(unsafe) let start = p
    let lists = dynamicRelocations.lists
    // Relative ones: each file knows its range.
    var firsts: [Int] = []
    var next = dynamicRelocations.countedRelative
    for list in lists {
      firsts.append(next)
      for relocation in list where relocation.kind == .relative && !isPacked(relocation) {
        next += 1
      }
    }
    let starts = firsts
    pool.forEach(chunks: options.packsRelative ? lists.count : 0) { [self] i, _ in
      var at = start + starts[i] * size
      for relocation in lists[i] where relocation.kind == .relative && !isPacked(relocation) {
        let file = objects.pointer(atoms[relocation.atom].file)
        let value = finalAddress(
          E.self, of: relocation.source, in: file, addend: relocation.addend)
        LoaderRelocation<T>.write(
          to: at, offset: place(of: relocation, wordSize: E.wordSize), type: types.relative,
          symbol: 0,
          addend: Int64(bitPattern: value))
        at += size
      }
    }
    var rest: [LoaderEntry] = []
    for list in lists {
      for relocation in list where relocation.kind != .relative {
        let file = objects.pointer(atoms[relocation.atom].file)
        if relocation.kind == .indirect {
          rest.append(
            LoaderEntry(
              symbol: 0, type: types.indirectRelative,
              place: place(of: relocation, wordSize: E.wordSize),
              addend: address(E.self, of: relocation.source, in: file, addend: relocation.addend),
              isIndirect: true))
          continue
        }
        if relocation.kind == .threadLocal {
          let target = address(
            E.self, of: relocation.source, in: file, addend: relocation.addend)
          rest.append(
            LoaderEntry(
              symbol: 0, type: relocation.type, place: place(of: relocation, wordSize: E.wordSize),
              addend: target &- tlsStart, isIndirect: false))
          continue
        }
        let symbol = file.pointee.globals[Int(relocation.source) - file.pointee.firstGlobal]
        rest.append(
          LoaderEntry(
            symbol: dynamicSymbols.index(of: symbol), type: relocation.type,
            place: place(of: relocation, wordSize: E.wordSize),
            addend: UInt64(bitPattern: relocation.addend), isIndirect: false))
      }
    }
    let table = synthetic[.offsetTable].isNone ? 0 : outputs[synthetic[.offsetTable]].address
    for i in 0..<offsetTable.slots.count {
      guard let need = slotPlan(i, T.self).need else { continue }
      let addend = value(E.self, of: need.addend, slot: i)
      let place = table &+ UInt64(i * E.wordSize)
      if need.isRelative {
        if options.packsRelative { continue }
        LoaderRelocation<T>.write(
          to: p + next * size, offset: place, type: need.type, symbol: 0,
          addend: Int64(bitPattern: addend))
        next += 1
      } else if !(need.isIndirect && putsIndirectInPLT) {
        rest.append(
          LoaderEntry(
            symbol: need.symbol.isNone ? 0 : dynamicSymbols.index(of: need.symbol),
            type: need.type, place: place, addend: addend,
            isIndirect: need.isIndirect))
      }
    }
    for symbol in copiedSymbols {
      rest.append(
        LoaderEntry(
          symbol: dynamicSymbols.index(of: symbol), type: types.copy, place: symbols[symbol].word,
          addend: 0, isIndirect: false))
    }
    if options.combinesRelocations {
      rest.sort {
        ($0.isIndirect ? 1 : 0, $0.symbol, $0.place) < ($1.isIndirect ? 1 : 0, $1.symbol, $1.place)
      }
    }
    for entry in rest {
      LoaderRelocation<T>.write(
        to: p + next * size, offset: entry.place, type: entry.type, symbol: entry.symbol,
        addend: Int64(bitPattern: entry.addend))
      next += 1
    }
    assert(next == tables.relocations.count)
  }

  /// Writes `.rela.plt`.
  func writePLTRelocations(to p: UnsafeMutableRawPointer) {
    var at = p
    let width = UInt64(E.wordSize)
    for (i, extra) in procedureLinkage.lazy.enumerated() {
      let slot = outputs[synthetic[.pltOffsetTable]].address &+ UInt64(3 + i) &* width
      LoaderRelocation<T>.write(
        to: at, offset: slot, type: T.dynamicTypes.jumpSlot,
        symbol: dynamicSymbols.index(of: extras[extra].symbol), addend: 0)
      at += LoaderRelocation<T>.size
    }
    guard putsIndirectInPLT else { return }
    for i in 0..<offsetTable.slots.count where offsetTable.slots[i].use == .indirect {
      guard let need = slotPlan(i, T.self).need else { continue }
      LoaderRelocation<T>.write(
        to: at, offset: outputs[synthetic[.offsetTable]].address &+ UInt64(i) &* width,
        type: need.type, symbol: 0,
        addend: Int64(bitPattern: value(E.self, of: need.addend, slot: i)))
      at += LoaderRelocation<T>.size
    }
  }
}

/// An entry of `.rela.dyn` that is not relative, before sorting.
private struct LoaderEntry {
  var symbol: UInt32
  var type: UInt32
  var place: UInt64
  var addend: UInt64
  var isIndirect: Bool
}
