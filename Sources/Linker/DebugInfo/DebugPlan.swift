import ELFFormat

/// The places that a change needs, found before anything is written: until it is carried out, all
/// of it can be taken back.
///
/// Lists of free room change as places are found; bytes do not. The only steps that can fail are
/// those here.
struct DebugPlan<E: ELFEncoding> {
  typealias Encoder = DebugEncoder<E>

  let storage: DebugStorage
  let unit: DebugUnitState
  let isNewUnit: Bool
  /// What was taken from free room in the unit, and in whole sections.
  private(set) var takenInUnit: [(kind: DebugKind, place: DebugFragment)] = []
  private(set) var takenInSections: [(kind: DebugKind, place: DebugFragment)] = []
  /// Where the unit's ranges were.
  let oldBounds: [DebugSpace.Bounds]
  private let oldEnds: [UInt64]
  private var retainedTypes: [Int] = []
  private(set) var newTypes: [(index: Int, bytes: [UInt8])] = []
  private(set) var newStrings: [(text: String, offset: UInt32)] = []

  init(storage: DebugStorage, unit: DebugUnitState, isNew: Bool) {
    self.storage = storage
    self.unit = unit
    isNewUnit = isNew
    oldEnds = DebugKind.allCases.map { storage[$0].end }
    oldBounds = DebugKind.ofUnits.map { unit[$0].bounds }
  }

  /// What a new unit has before its first declaration.
  mutating func addHeaders() throws(ImageError) {
    unit.producer = try string(unit.unit.producer)
    unit.path = try string(unit.unit.path)
    unit.directory = try string(unit.unit.directory)
    let entry = Encoder.unit(unit, length: 4, line: 0, ranges: 0)
    unit[.info].bounds.top = UInt32(entry.count)
    unit[.line].bounds.top = UInt32(Encoder.lineHeader(unit).count)
    unit[.ranges].bounds.top = Encoder.rangesHeaderSize
  }

  private mutating func string(_ text: String) throws(ImageError) -> UInt32 {
    if let offset = storage.stringOffsets[text] { return offset }
    let offset = storage[.strings].end
    try storage[.strings].extend(by: UInt64(text.utf8.count) + 1)
    storage.stringOffsets[text] = UInt32(offset)
    newStrings.append((text, UInt32(offset)))
    return UInt32(offset)
  }

  // MARK: Places

  /// Finds room in one of the unit's ranges, if need be beyond its end: `fit` then makes it
  /// longer.
  mutating func allocate(_ kind: DebugKind, capacity: Int) throws(ImageError) -> DebugFragment {
    guard UInt64(unit[kind].bounds.top) + UInt64(capacity) <= DebugSection.limit else {
      throw ImageError(
        .outOfRoom,
        "debug information of unit \(unit.unit.path) cannot grow beyond 4 GiB: divide the unit")
    }
    let length = UInt32(capacity)
    if let start = unit[kind].room.take(length) {
      let place = DebugFragment(offset: start, capacity: length)
      takenInUnit.append((kind, place))
      return place
    }
    let start = unit[kind].bounds.top
    var place = DebugFragment(offset: start, capacity: length)
    let capacity = unit[kind].bounds.capacity
    if kind == .line, place.end < capacity, capacity - place.end < Encoder.lineGapMinimum {
      // What is left could not be made a gap.
      place.capacity = capacity - start
    }
    unit[kind].bounds.top = place.end
    return place
  }

  /// A place for a fragment of `count` bytes: the old one if it is large enough.
  mutating func place(
    _ kind: DebugKind, count: Int, old: DebugFragment?
  ) throws(ImageError) -> DebugFragment {
    if let old, count <= Int(old.capacity) { return old }
    return try allocate(kind, capacity: Encoder.capacity(kind, count))
  }

  /// As `place`, in `.debug_frame`.
  mutating func placeFrame(count: Int, old: DebugFragment?) throws(ImageError) -> DebugFragment {
    if let old, count <= Int(old.capacity) { return old }
    let capacity = Encoder.frameCapacity(for: count)
    let taken = try storage[.frame].take(UInt64(capacity))
    let place = DebugFragment(offset: taken.start, capacity: UInt32(capacity))
    if taken.isReused { takenInSections.append((.frame, place)) }
    return place
  }

  /// Gives the unit ranges that hold what was allocated in them, and grows the sections.
  mutating func reserve() throws(ImageError) {
    for kind in DebugKind.ofUnits { try fit(kind) }
    for kind in DebugKind.allCases {
      try storage[kind].section.grow(to: storage[kind].end)
    }
  }

  private mutating func fit(_ kind: DebugKind) throws(ImageError) {
    let bounds = unit[kind].bounds
    // The entry that ends the unit's children, and the one that ends its list of ranges.
    let needed = UInt64(bounds.top) + (kind == .line ? 0 : 1)
    if needed <= bounds.capacity { return }
    // Twice what is needed, so that copying costs a constant share of what is added. A multiple
    // of 64, so that what is left of a free range is long enough to be a unit.
    let wanted = (2 * needed + 63) & ~63
    let section = storage[kind]
    if bounds.capacity > 0, UInt64(bounds.start) + UInt64(bounds.capacity) == section.end {
      try section.extend(by: wanted - UInt64(bounds.capacity))
    } else {
      let taken = try section.take(wanted)
      let place = DebugFragment(offset: taken.start, capacity: UInt32(wanted))
      if taken.isReused { takenInSections.append((kind, place)) }
      unit[kind].bounds.start = taken.start
    }
    unit[kind].bounds.capacity = UInt32(wanted)
  }

  // MARK: Types

  /// The entry of a type in the unit, which has one use more.
  mutating func use(_ type: DebugType) throws(ImageError) -> Int {
    if let index = unit.typeIndices[type] {
      unit.types[index]!.uses += 1
      retainedTypes.append(index)
      return index
    }
    var parts: [Int] = []
    for part in Encoder.parts(of: type) { parts.append(try use(part)) }
    let bytes = Encoder.type(type, parts: parts.map { offset(ofType: $0) })
    let place = try allocate(.info, capacity: (bytes.count + 3) & ~3)
    let entry = DebugTypeEntry(type: type, place: place, uses: 1, parts: parts)
    let index: Int
    if let free = unit.freeTypes.popLast() {
      index = free
      unit.types[index] = entry
    } else {
      index = unit.types.count
      unit.types.append(entry)
    }
    unit.typeIndices[type] = index
    newTypes.append((index, bytes))
    return index
  }

  func offset(ofType index: Int) -> UInt32 { unit.types[index]!.place.offset }

  // MARK: Taking back

  /// Makes everything as it was before the plan.
  func cancel() {
    for index in retainedTypes { unit.types[index]!.uses -= 1 }
    for (index, _) in newTypes.reversed() {
      unit.typeIndices[unit.types[index]!.type] = nil
      unit.types[index] = nil
      unit.freeTypes.append(index)
    }
    for (text, _) in newStrings { storage.stringOffsets[text] = nil }
    for (kind, place) in takenInUnit.reversed() {
      unit[kind].room.give(place.offset, place.capacity)
    }
    for (kind, place) in takenInSections.reversed() {
      storage[kind].room.give(place.offset, place.capacity)
    }
    for kind in DebugKind.ofUnits { unit[kind].bounds = oldBounds[kind.rawValue] }
    for kind in DebugKind.allCases {
      storage[kind].end = oldEnds[kind.rawValue]
      storage[kind].section.shrink(to: storage[kind].end)
    }
  }
}
