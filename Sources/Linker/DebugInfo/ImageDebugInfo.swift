// Debug information that is written as a compiler works: DWARF 5, declaration by declaration.
//
// Each source file has a unit: a range of `.debug_info`, of `.debug_line` and of
// `.debug_rnglists`. In `.debug_info` the unit's entry is followed by fragments: one for each
// function or variable, one for each type that they use. In `.debug_line`, each function has a
// sequence. The unit's list of ranges has an entry for each function, since functions of several
// units lie mixed in `.text`. `.debug_frame` has a record for each function that says how its
// frame is unwound; units have no part in it.
//
// Fragments are given a third more than they need, so that most edits rewrite one in place; what
// outgrows its place goes to free room in the unit, or to the unit's end. A unit that outgrows its
// range moves to the section's end, with as much room again. Offsets in a unit count from the
// unit's start, so nothing in it changes when it moves, except for the two offsets in its entry.
// So the cost of an edit follows from what was edited.
//
// Strings of units that are gone stay in `.debug_line_str`: they are a path or two for each file
// that there ever was.
//
// A file can be read after every flush, so unused bytes mean something at any time, namely nothing:
//
//   section           within a unit                            between units
//   .debug_info       entries of a vendor's tag with a block   partial units with such a block
//   .debug_line       DW_LNS_set_basic_block                   tables with such a block as directory
//   .debug_rnglists   lists without entries (zeros)            the same behind a header
//   .debug_frame                                               common records that nobody refers to
//
// There is no `.debug_aranges`: it cannot have gaps (an entry of zeros ends a table, and gdb
// refuses the section if two tables name one unit), and says nothing that units' ranges do not.
//
// Source: DWARF 5, sections 2.17, 3, 5, 6.2, 6.4, 7.5.

import ELFFormat

/// The debug information of an image.
///
/// Declarations go by keys of the caller's. Each call that throws leaves everything as it was.
/// Nothing is reserved before the first declaration comes.
final class ImageDebugInfo<E: ELFEncoding> {
  typealias Encoder = DebugEncoder<E>

  private let facts: DebugFrameFacts
  private let growth: GrowthGate
  private let reserve: UInt64
  private(set) var storage: DebugStorage?
  var units: [DebugUnit: DebugUnitState] = [:]
  var records: [UInt32: DebugRecord] = [:]

  /// - Parameters:
  ///   - frame: how functions' frames look on entry.
  ///   - reserve: bytes of address space for each section.
  init(frame: DebugFrameFacts, growth: GrowthGate, reserve: UInt64 = 1 << 32) {
    facts = frame
    self.growth = growth
    self.reserve = reserve
  }

  /// The sections, once there is anything in them: always the same ones, none loaded.
  var sections: [ImageSection] { storage?.all ?? [] }

  // MARK: Changes

  /// Describes a function, in place of whatever `key` was.
  ///
  /// - Parameter size: of its code, in bytes.
  func update(
    function key: UInt32, info: FunctionDebugInfo, address: UInt64, size: UInt64
  ) throws(ImageError) {
    try check(info.lines, size: size, name: info.name)
    try check(address, size: size, name: info.name)
    try change(info.unit) { (plan) throws(ImageError) in
      let old = self.records[key].flatMap { $0.unit === plan.unit ? $0 : nil }
      var types: [Int] = []
      var result: UInt32?
      if let type = info.result {
        types.append(try plan.use(type))
        result = plan.offset(ofType: types[0])
      }
      var locals: [UInt32] = []
      for local in info.locals {
        let type = try plan.use(local.type)
        types.append(type)
        locals.append(plan.offset(ofType: type))
      }
      let entry = Encoder.function(
        info, address: address, size: size, result: result, locals: locals)
      let place = try plan.place(.info, count: entry.count, old: old?.info)
      let sequence = Encoder.sequence(info.lines, address: address, size: size)
      var line: DebugFragment?
      if !sequence.isEmpty {
        line = try plan.place(
          .line, count: sequence.count + Encoder.endOfSequence.count, old: old?.function?.line)
      }
      let range: Int
      if let present = old?.function?.range {
        range = present
      } else {
        range = plan.unit.rangeKeys.count
        _ = try plan.allocate(.ranges, capacity: Int(Encoder.rangeSize))
      }
      var frame: DebugFragment?
      if !info.frameInstructions.isEmpty {
        let bytes = Encoder.frame(
          info.frameInstructions, address: address, size: size, capacity: nil)
        // Not part of a unit: the place serves whichever unit the function is in.
        frame = try plan.placeFrame(
          count: bytes.count, old: self.records[key]?.function?.frame)
      }
      try plan.reserve()
      self.begin(plan)
      let part = DebugFunctionPart(
        address: address, size: size, line: line, range: range, frame: frame)
      self.replace(
        key, by: DebugRecord(unit: plan.unit, info: place, types: types, function: part))
      self.writeEntry(key, entry)
      self.writeSequence(key, sequence)
      self.writeFrame(key, info.frameInstructions)
      self.writeRange(plan.unit, range, address, size)
      self.finish(plan)
    }
  }

  /// An edit that only shifted lines: writes the function's line records.
  func updateLines(_ key: UInt32, _ lines: [DebugLine]) throws(ImageError) {
    guard let record = records[key], let part = record.function else {
      throw ImageError(
        .invalid,
        "lines of a function without debug information cannot change: update the function with it")
    }
    try check(lines, size: part.size, name: "the function")
    let sequence = Encoder.sequence(lines, address: part.address, size: part.size)
    try change(record.unit.unit) { (plan) throws(ImageError) in
      var line: DebugFragment?
      if !sequence.isEmpty {
        line = try plan.place(
          .line, count: sequence.count + Encoder.endOfSequence.count, old: part.line)
      }
      try plan.reserve()
      self.begin(plan)
      if let old = part.line, old != line { self.release(record.unit, .line, old) }
      self.records[key]!.function!.line = line
      self.writeSequence(key, sequence)
      self.finish(plan)
    }
  }

  /// Describes a variable, in place of whatever `key` was.
  ///
  /// - Parameters:
  ///   - address: its address, or if it is thread-local, its offset in each thread's block.
  func update(
    variable key: UInt32, info: VariableDebugInfo, address: UInt64, isThreadLocal: Bool = false
  ) throws(ImageError) {
    try check(address, size: 0, name: info.name)
    try change(info.unit) { (plan) throws(ImageError) in
      let old = self.records[key].flatMap { $0.unit === plan.unit ? $0 : nil }
      let type = try plan.use(info.type)
      let entry = Encoder.variable(
        info, address: address, isThreadLocal: isThreadLocal, type: plan.offset(ofType: type))
      let place = try plan.place(.info, count: entry.count, old: old?.info)
      try plan.reserve()
      self.begin(plan)
      self.replace(
        key, by: DebugRecord(unit: plan.unit, info: place, types: [type], function: nil))
      self.writeEntry(key, entry)
      self.finish(plan)
    }
  }

  /// A function or variable lies elsewhere now: rewrites the fields that hold its address. Keys
  /// without debug information are passed over.
  func moved(_ key: UInt32, to address: UInt64) {
    guard let storage, let record = records[key] else { return }
    var out = DebugBytes<E>()
    out.word(address)
    let unit = record.unit
    guard let part = record.function else {
      let offset = record.info.offset + Encoder.variableAddressOffset
      storage[.info].patch(out.bytes, at: unit.position(.info, offset))
      return
    }
    storage[.info].patch(
      out.bytes,
      at: unit.position(.info, record.info.offset + Encoder.functionAddressOffset))
    if let line = part.line {
      storage[.line].patch(
        out.bytes, at: unit.position(.line, line.offset + Encoder.sequenceAddressOffset))
    }
    if let frame = part.frame {
      storage[.frame].patch(out.bytes, at: UInt64(frame.offset + Encoder.frameAddressOffset))
    }
    writeRange(unit, part.range, address, part.size)
    records[key]!.function!.address = address
  }

  /// Forgets a declaration; keys without debug information are passed over.
  func remove(_ key: UInt32) {
    guard let record = records[key] else { return }
    release(key)
    writeUnit(record.unit)
    dropIfEmpty(record.unit)
  }

  // MARK: Steps

  /// Plans and carries out a change in a unit; takes back what was planned if that fails.
  ///
  /// - Parameter body: plans, and from `begin` on writes.
  private func change(
    _ unit: DebugUnit, _ body: (inout DebugPlan<E>) throws(ImageError) -> Void
  ) throws(ImageError) {
    let hadStorage = storage != nil
    let storage = try openStorage()
    let present = units[unit]
    let state = present ?? DebugUnitState(unit)
    var plan = DebugPlan<E>(storage: storage, unit: state, isNew: present == nil)
    do throws(ImageError) {
      if present == nil { try plan.addHeaders() }
      try body(&plan)
    } catch {
      plan.cancel()
      if !hadStorage { self.storage = nil }
      throw error
    }
  }

  private func openStorage() throws(ImageError) -> DebugStorage {
    if let storage { return storage }
    let info = try makeSection(".debug_info", [])
    let line = try makeSection(".debug_line", [])
    let ranges = try makeSection(".debug_rnglists", [])
    let frame = try makeSection(
      ".debug_frame", Encoder.commonFrame(facts), alignment: E.is64 ? 3 : 2)
    // Strings that end with others would have to be sorted: each stands alone.
    let strings = try makeSection(
      ".debug_line_str", [0], flags: [.merge, .strings], entrySize: 1)
    let abbreviations = try makeSection(".debug_abbrev", DebugAbbreviation.table(E.self))
    let opened = DebugStorage(
      sections: [info, line, ranges, frame, strings].map { DebugSection($0) },
      abbreviations: abbreviations)
    opened.stringOffsets[""] = 0
    storage = opened
    return opened
  }

  private func makeSection(
    _ name: String, _ contents: [UInt8], flags: SectionFlags = [], alignment: UInt8 = 0,
    entrySize: UInt64 = 0
  ) throws(ImageError) -> ImageSection {
    let section = try ImageSection(
      name: name, type: .progbits, flags: flags, alignment: alignment, address: 0,
      reserve: reserve, entrySize: entrySize, growth: growth)
    try section.grow(to: UInt64(contents.count))
    section.write(contents, at: 0)
    return section
  }

  private func check(
    _ lines: [DebugLine], size: UInt64, name: String
  ) throws(ImageError) {
    var last: UInt32 = 0
    for row in lines {
      guard row.offset >= last, UInt64(row.offset) <= size else {
        throw ImageError(
          .invalid,
          "lines of \(name) are out of order: offset \(row.offset) follows \(last) in"
            + " \(size) bytes of code; give them by ascending offset")
      }
      last = row.offset
    }
  }

  private func check(_ address: UInt64, size: UInt64, name: String) throws(ImageError) {
    let end = address.addingReportingOverflow(size)
    if !end.overflow, E.is64 || end.partialValue <= 1 << 32 { return }
    throw ImageError(
      .range,
      "\(name) at 0x\(String(address, radix: 16)) with \(size) bytes ends beyond the addresses that"
        + " debug information can hold: place it lower")
  }
}
