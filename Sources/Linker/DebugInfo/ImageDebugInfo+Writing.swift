import ELFFormat

/// Carrying out a plan: nothing here can fail.
extension ImageDebugInfo {
  private var open: DebugStorage { storage! }

  /// Moves the unit's ranges to where they were planned, and writes what is new in them.
  func begin(_ plan: DebugPlan<E>) {
    let unit = plan.unit
    for (text, offset) in plan.newStrings {
      var out = DebugBytes<E>()
      out.string(text)
      open[.strings].patch(out.bytes, at: UInt64(offset))
    }
    for kind in DebugKind.ofUnits {
      let old = plan.oldBounds[kind.rawValue]
      let new = unit[kind].bounds
      guard old.capacity > 0, old.start != new.start else { continue }
      let section = open[kind].section
      let bytes = section.bytes[Int(old.start)..<Int(old.start) + Int(old.top)]
      section.write(UnsafeRawBufferPointer(rebasing: bytes), at: UInt64(new.start))
      releaseRange(kind, DebugFragment(offset: old.start, capacity: old.capacity))
    }
    if plan.isNewUnit {
      units[unit.unit] = unit
      let header = Encoder.lineHeader(unit)
      open[.line].patch(header, at: unit.position(.line, 0))
    }
    for (index, bytes) in plan.newTypes {
      let place = unit.types[index]!.place
      let padding = Encoder.padding(Int(place.capacity) - bytes.count)
      open[.info].patch(bytes + padding, at: unit.position(.info, place.offset))
    }
  }

  /// Makes gaps of what is left of the room that was used, and the units' headers and ends right.
  func finish(_ plan: DebugPlan<E>) {
    for (kind, place) in plan.takenInUnit where kind == .info {
      padRest(plan.unit, from: place.end)
    }
    for (kind, place) in plan.takenInSections {
      if let rest = open[kind].room.length(at: place.end) {
        writeGap(kind, place.end..<place.end + rest)
      }
    }
    writeUnit(plan.unit)
  }

  /// Puts a record in the place of the key's old one, and gives up what the old one had and the
  /// new one has not.
  func replace(_ key: UInt32, by record: DebugRecord) {
    let unit = record.unit
    if let old = records[key], old.unit !== unit {
      release(key, keepingFrame: record.function?.frame)
      records[key] = record
      writeUnit(old.unit)
      dropIfEmpty(old.unit)
      enter(key, record)
      return
    }
    let old = records[key]
    records[key] = record
    guard let old else { return enter(key, record) }
    // The new record uses its types already: those in both stay.
    for type in old.types { releaseType(unit, type) }
    if old.info != record.info { release(unit, .info, old.info) }
    let part = old.function
    if let line = part?.line, line != record.function?.line { release(unit, .line, line) }
    if let frame = part?.frame, frame != record.function?.frame { releaseRange(.frame, frame) }
    if let part, record.function == nil { releaseRangeEntry(unit, part.range) }
    if part == nil, record.function != nil { unit.rangeKeys.append(key) }
  }

  private func enter(_ key: UInt32, _ record: DebugRecord) {
    record.unit.declarations += 1
    if record.function != nil { record.unit.rangeKeys.append(key) }
  }

  // MARK: Fragments

  func writeEntry(_ key: UInt32, _ entry: [UInt8]) {
    let unit = records[key]!.unit
    records[key]!.info = trim(unit, .info, records[key]!.info, count: entry.count)
    let place = records[key]!.info
    let padding = Encoder.padding(Int(place.capacity) - entry.count)
    open[.info].patch(entry + padding, at: unit.position(.info, place.offset))
  }

  func writeSequence(_ key: UInt32, _ sequence: [UInt8]) {
    guard let record = records[key], let line = record.function?.line else { return }
    let end = Encoder.endOfSequence
    let place = trim(record.unit, .line, line, count: sequence.count + end.count)
    records[key]!.function!.line = place
    let slack = [UInt8](
      repeating: DwarfLine.setBasicBlock,
      count: Int(place.capacity) - sequence.count - end.count)
    open[.line].patch(
      sequence + slack + end, at: record.unit.position(.line, place.offset))
  }

  func writeFrame(_ key: UInt32, _ instructions: [UInt8]) {
    guard let part = records[key]?.function, let place = part.frame else { return }
    let bytes = Encoder.frame(
      instructions, address: part.address, size: part.size, capacity: Int(place.capacity))
    open[.frame].patch(bytes, at: UInt64(place.offset))
  }

  func writeRange(_ unit: DebugUnitState, _ index: Int, _ address: UInt64, _ size: UInt64) {
    open[.ranges].patch(Encoder.range(address, size), at: rangePosition(unit, index))
  }

  private func rangePosition(_ unit: DebugUnitState, _ index: Int) -> UInt64 {
    unit.position(.ranges, Encoder.rangesHeaderSize + UInt32(index) * Encoder.rangeSize)
  }

  /// Gives back what a fragment has far too much of.
  private func trim(
    _ unit: DebugUnitState, _ kind: DebugKind, _ place: DebugFragment, count: Int
  ) -> DebugFragment {
    let wanted = UInt32(Encoder.capacity(kind, count))
    // What is given back is no shorter than any fragment would be.
    if place.capacity / 2 <= wanted { return place }
    release(
      unit, kind,
      DebugFragment(offset: place.offset + wanted, capacity: place.capacity - wanted))
    return DebugFragment(offset: place.offset, capacity: wanted)
  }

  /// Writes the headers of the unit's ranges, and what stands behind the last fragments.
  func writeUnit(_ unit: DebugUnitState) {
    if unit.bounds == unit.writtenBounds { return }
    unit.writtenBounds = unit.bounds
    let info = unit[.info].bounds
    let line = unit[.line].bounds
    let ranges = unit[.ranges].bounds
    let header = Encoder.unit(
      unit, length: info.capacity, line: line.start, ranges: ranges.start + Encoder.rangesHeaderSize
    )
    open[.info].patch(header, at: UInt64(info.start))
    let slack = Int(info.capacity) - Int(info.top) - 1
    open[.info].patch(Encoder.padding(slack), at: unit.position(.info, info.top))
    open[.info].patch([0], at: unit.position(.info, info.capacity - 1))

    // Line operations have no way to say "pass over the next thousand bytes": what is not used is
    // a table of its own.
    var length = DebugBytes<E>()
    length.u32(line.top - 4)
    open[.line].patch(length.bytes, at: unit.position(.line, 0))
    if line.top < line.capacity {
      writeGap(.line, line.start + line.top..<line.start + line.capacity)
    }
    open[.ranges].patch(
      Encoder.rangesHeader(length: ranges.capacity).bytes, at: UInt64(ranges.start))
  }

  // MARK: Giving up

  /// Gives up all that a key has.
  func release(_ key: UInt32, keepingFrame kept: DebugFragment? = nil) {
    let record = records.removeValue(forKey: key)!
    let unit = record.unit
    release(unit, .info, record.info)
    for type in record.types { releaseType(unit, type) }
    if let part = record.function {
      if let line = part.line { release(unit, .line, line) }
      if let frame = part.frame, frame != kept { releaseRange(.frame, frame) }
      releaseRangeEntry(unit, part.range)
    }
    unit.declarations -= 1
  }

  private func releaseType(_ unit: DebugUnitState, _ index: Int) {
    unit.types[index]!.uses -= 1
    guard let entry = unit.types[index], entry.uses == 0 else { return }
    unit.typeIndices[entry.type] = nil
    unit.types[index] = nil
    unit.freeTypes.append(index)
    release(unit, .info, entry.place)
    for part in entry.parts { releaseType(unit, part) }
  }

  /// Makes a fragment of a unit free room, or the unit end before it.
  func release(_ unit: DebugUnitState, _ kind: DebugKind, _ place: DebugFragment) {
    let extent = unit[kind].room.give(place.offset, place.capacity)
    if extent.upperBound == unit[kind].bounds.top {
      // What comes behind it now is written with the unit's header.
      unit[kind].room.drop(at: extent.lowerBound)
      unit[kind].bounds.top = extent.lowerBound
    } else if kind == .info {
      padRest(unit, from: extent.lowerBound)
    } else {
      let start = unit.position(kind, place.offset)
      open[kind].fill(
        start..<start + UInt64(place.capacity), with: DwarfLine.setBasicBlock)
    }
  }

  private func padRest(_ unit: DebugUnitState, from offset: UInt32) {
    guard let length = unit[.info].room.length(at: offset) else { return }
    open[.info].patch(Encoder.padding(Int(length)), at: unit.position(.info, offset))
  }

  /// The list has no gaps: its last entry takes the place of the one that goes.
  private func releaseRangeEntry(_ unit: DebugUnitState, _ index: Int) {
    let last = unit.rangeKeys.removeLast()
    let lastIndex = unit.rangeKeys.count
    if index != lastIndex {
      unit.rangeKeys[index] = last
      records[last]!.function!.range = index
      let part = records[last]!.function!
      writeRange(unit, index, part.address, part.size)
    }
    let end = rangePosition(unit, lastIndex)
    open[.ranges].fill(end..<end + UInt64(Encoder.rangeSize), with: DwarfRange.endOfList)
    unit[.ranges].bounds.top -= Encoder.rangeSize
  }

  /// Gives up the ranges of a unit without declarations.
  func dropIfEmpty(_ unit: DebugUnitState) {
    guard unit.declarations == 0 else { return }
    units[unit.unit] = nil
    for kind in DebugKind.ofUnits {
      let bounds = unit[kind].bounds
      releaseRange(kind, DebugFragment(offset: bounds.start, capacity: bounds.capacity))
    }
  }

  /// Makes a whole range of a section free room.
  private func releaseRange(_ kind: DebugKind, _ place: DebugFragment) {
    let extent = open[kind].room.give(place.offset, place.capacity)
    if kind == .ranges || kind == .frame {
      // Readers go through the bytes of these gaps: they are zero, the header of a gap that comes
      // to lie within another one included.
      let header = extent.upperBound > place.end ? UInt64(Encoder.frameUnit) : 0
      open[kind].fill(UInt64(place.offset)..<UInt64(place.end) + header, with: 0)
    }
    writeGap(kind, extent)
  }

  /// Writes what makes a range that belongs to no unit valid for readers.
  private func writeGap(_ kind: DebugKind, _ range: Range<UInt32>) {
    let length = UInt32(range.count)
    let start = UInt64(range.lowerBound)
    switch kind {
    case .info:
      var out = Encoder.unitHeader(length: length, type: DwarfUnitType.partial)
      out.u8(DebugAbbreviation.paddingUnit.rawValue)
      out.u32(length - UInt32(out.count) - 4)
      open[.info].patch(out.bytes, at: start)
    case .line:
      let gap = Encoder.lineGap(length: length)
      open[.line].patch(gap.front, at: start)
      open[.line].patch(gap.back, at: UInt64(range.upperBound) - UInt64(gap.back.count))
    case .ranges:
      open[.ranges].patch(Encoder.rangesHeader(length: length).bytes, at: start)
    case .frame:
      open[.frame].patch(Encoder.frameGap(length: Int(length)), at: start)
    case .strings: break
    }
  }
}

extension DebugEncoder {
  /// Bytes that a fragment is given in a unit.
  static func capacity(_ kind: DebugKind, _ count: Int) -> Int {
    kind == .line ? sequenceCapacity(for: count) : DebugFragment.capacity(for: count)
  }

  /// What stands at the beginning of `length` bytes between entries of a unit; what follows does
  /// not matter.
  static func padding(_ length: Int) -> [UInt8] {
    if length < 5 {
      return [UInt8](repeating: DebugAbbreviation.paddingByte.rawValue, count: length)
    }
    var out = DebugBytes<E>()
    out.u8(DebugAbbreviation.padding.rawValue)
    out.u32(UInt32(length - 5))
    return out.bytes
  }
}
