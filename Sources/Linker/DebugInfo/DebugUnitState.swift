/// A place within a unit's range of a section, or within `.debug_frame`.
struct DebugFragment: Hashable {
  var offset: UInt32
  /// Bytes that it may have.
  var capacity: UInt32

  /// What a fragment of so many bytes is given, so that edits of its declaration stay in place.
  static func capacity(for count: Int) -> Int { (count + count / 3 + 7) & ~7 }

  var end: UInt32 { offset + capacity }
}

/// A unit's range in one section: a header, then fragments and free room, then what was not used
/// yet. Fragments' offsets count from its start, so that it can move as a whole.
struct DebugSpace {
  struct Bounds: Equatable {
    var start: UInt32 = 0
    var capacity: UInt32 = 0
    /// Where the bytes that were never used begin, from `start`.
    var top: UInt32 = 0
  }
  var bounds = Bounds()
  /// Within `0..<top`; none of it ends at `top`.
  var room = DebugRoom()
}

/// A type that a unit describes, for as long as something of the unit refers to it.
struct DebugTypeEntry {
  var type: DebugType
  var place: DebugFragment
  /// How many entries of the unit, other types among them, it is there for.
  var uses: Int
  /// Types that it refers to.
  var parts: [Int]
}

/// A compilation unit with all that it has in the sections.
final class DebugUnitState {
  let unit: DebugUnit
  private var spaces = [DebugSpace](repeating: DebugSpace(), count: DebugKind.ofUnits.count)
  /// Offsets in `.debug_line_str`.
  var producer: UInt32 = 0
  var path: UInt32 = 0
  var directory: UInt32 = 0
  var typeIndices: [DebugType: Int] = [:]
  var types: [DebugTypeEntry?] = []
  var freeTypes: [Int] = []
  /// Whose range the entries of the unit's list are.
  var rangeKeys: [UInt32] = []
  /// Bounds that the headers and ends in the sections are right for.
  var writtenBounds: [DebugSpace.Bounds] = []
  /// Declarations that belong to it.
  var declarations = 0

  init(_ unit: DebugUnit) { self.unit = unit }

  subscript(kind: DebugKind) -> DebugSpace {
    get { spaces[kind.rawValue] }
    _modify { yield &spaces[kind.rawValue] }
  }

  var bounds: [DebugSpace.Bounds] { spaces.map(\.bounds) }

  /// Offset in the section of a fragment of this unit.
  func position(_ kind: DebugKind, _ offset: UInt32) -> UInt64 {
    UInt64(spaces[kind.rawValue].bounds.start) + UInt64(offset)
  }
}

/// What debug information has of a function beyond its entry.
struct DebugFunctionPart {
  var address: UInt64
  var size: UInt64
  var line: DebugFragment?
  /// Index in the unit's list of ranges.
  var range: Int
  /// In `.debug_frame`, from the section's start.
  var frame: DebugFragment?
}

/// What debug information has of a declaration.
struct DebugRecord {
  let unit: DebugUnitState
  var info: DebugFragment
  /// Types that its entry refers to.
  var types: [Int]
  /// Nil for variables.
  var function: DebugFunctionPart?
}
