import ELFFormat

/// What must always hold between calls; for tests.
extension ImageDebugInfo {
  /// What does not hold; empty if all is well.
  func violations() -> [String] {
    guard let storage else {
      return records.isEmpty && units.isEmpty ? [] : ["declarations without sections"]
    }
    var found: [String] = []
    for kind in DebugKind.allCases where storage[kind].end != storage[kind].section.size {
      found.append("\(kind): ends at \(storage[kind].end) of \(storage[kind].section.size)")
    }
    for kind in DebugKind.ofUnits {
      let places = units.values.map { unit in
        let bounds = unit[kind].bounds
        return bounds.start..<bounds.start + bounds.capacity
      }
      found += checkTiling(
        "\(kind)", places, storage[kind].room, 0..<UInt32(storage[kind].end), shortest: 64)
    }
    let frames = records.values.compactMap { $0.function?.frame }.map { $0.offset..<$0.end }
    let common = UInt32(2 * Encoder.frameUnit)
    found += checkTiling(
      "frame", frames, storage[.frame].room, common..<UInt32(storage[.frame].end),
      shortest: UInt32(Encoder.frameUnit))
    for unit in units.values { found += violations(of: unit) }
    return found
  }

  private func violations(of unit: DebugUnitState) -> [String] {
    var found: [String] = []
    let name = unit.unit.path
    let own = records.filter { $0.value.unit === unit }
    if own.count != unit.declarations || own.isEmpty {
      found.append("\(name): counts \(unit.declarations) declarations of \(own.count)")
    }
    let types = unit.types.compactMap { $0 }
    let info = own.values.map(\.info) + types.map(\.place)
    let infoHeader = UInt32(Encoder.unit(unit, length: 4, line: 0, ranges: 0).count)
    found += checkTiling(
      "\(name) info", info.map { $0.offset..<$0.end }, unit[.info].room,
      infoHeader..<unit[.info].bounds.top, shortest: 1)
    if unit[.info].bounds.top >= unit[.info].bounds.capacity {
      found.append("\(name): no room for the end of its entries")
    }
    let lines = own.values.compactMap { $0.function?.line }
    found += checkTiling(
      "\(name) lines", lines.map { $0.offset..<$0.end }, unit[.line].room,
      UInt32(Encoder.lineHeader(unit).count)..<unit[.line].bounds.top, shortest: 1)

    for kind in [DebugKind.info, .line]
    where unit[kind].room.extents.contains(where: { $0.upperBound == unit[kind].bounds.top }) {
      found.append("\(name): free room at the end in use of \(kind)")
    }
    let unused = unit[.line].bounds.capacity - unit[.line].bounds.top
    if unused > 0, unused < Encoder.lineGapMinimum {
      found.append("\(name): \(unused) bytes behind the lines are too few for a gap")
    }

    let functions = own.filter { $0.value.function != nil }
    if Set(unit.rangeKeys) != Set(functions.keys) || functions.count != unit.rangeKeys.count {
      found.append("\(name): ranges are those of other functions")
    }
    for (key, record) in functions {
      let index = record.function!.range
      if index >= unit.rangeKeys.count || unit.rangeKeys[index] != key {
        found.append("\(name): range \(index) is not of \(key)")
      }
    }
    let rangesTop =
      Encoder.rangesHeaderSize + UInt32(unit.rangeKeys.count) * Encoder.rangeSize
    if unit[.ranges].bounds.top != rangesTop {
      found.append("\(name): ranges end at \(unit[.ranges].bounds.top), not \(rangesTop)")
    }

    var uses: [Int: Int] = [:]
    for index in own.values.flatMap(\.types) + types.flatMap(\.parts) {
      uses[index, default: 0] += 1
    }
    for (index, entry) in unit.types.enumerated() {
      if entry?.uses ?? 0 != uses[index] ?? 0 {
        found.append("\(name): type \(index) counts \(entry?.uses ?? 0) of \(uses[index] ?? 0)")
      }
      if let entry, unit.typeIndices[entry.type] != index {
        found.append("\(name): type \(index) is not found")
      }
    }
    if unit.typeIndices.count != types.count {
      found.append("\(name): \(unit.typeIndices.count) types are listed of \(types.count)")
    }
    return found
  }

  /// Places and free room cover `whole`, and none overlaps another.
  private func checkTiling(
    _ name: String, _ places: [Range<UInt32>], _ room: DebugRoom, _ whole: Range<UInt32>,
    shortest: UInt32
  ) -> [String] {
    var found: [String] = []
    let free = room.extents
    for extent in free where UInt32(extent.count) < shortest {
      found.append("\(name): free extent \(extent) is too short")
    }
    for (extent, next) in zip(free, free.dropFirst()) where extent.upperBound == next.lowerBound {
      found.append("\(name): free extents \(extent) and \(next) are not joined")
    }
    var next = whole.lowerBound
    for range in (places + free).sorted(by: { $0.lowerBound < $1.lowerBound }) {
      if range.lowerBound != next { found.append("\(name): \(range) follows \(next)") }
      next = range.upperBound
    }
    if next != whole.upperBound { found.append("\(name): ends at \(next) of \(whole)") }
    return found
  }
}
