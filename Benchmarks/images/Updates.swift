import Weld

/// Updates of single functions in images of several sizes.
struct Updates {
  enum Edit: CaseIterable {
    case sameSize
    case growing
    case moving

    var text: String {
      switch self {
      case .sameSize: "same size"
      case .growing: "grows within its room"
      case .moving: "moves"
      }
    }
  }

  /// What one kind of edit cost.
  struct Cost {
    var update = Samples()
    var flush = Samples()
    var both = Samples()
    var bytes = 0
    var fileBytes = 0
    var slots = 0
    var moves = 0
  }

  let counts: [Int]
  let directory: String
  let withDebugInfo: Bool

  func run() throws {
    var rows: [[String]] = []
    var lineRows: [[String]] = []
    for count in counts {
      var costs = Edit.allCases.map { ($0, Cost()) }
      var lines = Cost()
      // Small images have few functions to move.
      let rounds = max(1, 4000 / count)
      for round in 0..<rounds {
        try withOutput(in: directory) { path in
          let program = try Program(count, path: path, withDebugInfo: withDebugInfo)
          // Both copies of the file.
          try program.image.flush()
          try warmUp(program)
          var chance = Chance(seed: UInt64(round + 1))
          for i in costs.indices {
            try measure(costs[i].0, program, &costs[i].1, &chance)
          }
          if withDebugInfo { try measureLines(program, &lines, &chance) }
        }
      }
      for (edit, cost) in costs { rows.append(row(count, edit.text, cost)) }
      if withDebugInfo { lineRows.append(row(count, "only lines shift", lines)) }
    }
    table(
      "Update of one 200-byte function" + (withDebugInfo ? ", with debug information" : ""),
      left: 2,
      [
        "declarations", "edit", "update, median µs", "99 %", "flush, median µs", "99 %",
        "both, median µs", "99 %", "bytes written", "slots", "bytes to the file",
      ], rows + lineRows)
  }

  private func row(_ count: Int, _ edit: String, _ cost: Cost) -> [String] {
    [
      grouped(count), edit, cost.update.median, cost.update.percentile99, cost.flush.median,
      cost.flush.percentile99, cost.both.median, cost.both.percentile99, grouped(cost.bytes),
      grouped(cost.slots), grouped(cost.fileBytes),
    ]
  }

  private func warmUp(_ program: Program) throws {
    for i in 0..<20 {
      try program.update(program.functions[i + 1], Self.code(Program.functionSize, UInt8(i)))
      try program.image.flush()
    }
  }

  private static func code(_ size: Int, _ byte: UInt8) -> [UInt8] {
    [UInt8](repeating: byte, count: size)
  }

  private func measure(
    _ edit: Edit, _ program: Program, _ cost: inout Cost, _ chance: inout Chance
  ) throws {
    let image = program.image
    // Updates alone, then updates with a flush each.
    for flushes in [false, true] {
      // Each small function can move once.
      let small = program.small.indices.filter { $0 % 2 == (flushes ? 1 : 0) }
      let samples = edit == .moving ? min(small.count, 1000) : 1000
      var movers = small.shuffled(using: &chance)[...]
      for i in 0..<samples {
        let declaration =
          edit == .moving
          ? program.small[movers.removeFirst()] : program.functions.randomElement(using: &chance)!
        let size = edit == .growing ? 260 : 200
        if edit == .growing {
          try program.update(declaration, Self.code(200, UInt8(truncatingIfNeeded: i)))
          if flushes { try image.flush() }
        }
        let code = Self.code(size, UInt8(truncatingIfNeeded: i + 1))
        let debug = withDebugInfo ? program.debugInfo(declaration, size) : nil
        let name = program.name(declaration)
        let before = image.counts
        let start = now()
        try image.updateFunction(declaration, name: name, code: code, debug: debug)
        let updated = now()
        let after = image.counts
        cost.bytes = max(cost.bytes, after.bytesWritten - before.bytesWritten)
        cost.slots = max(cost.slots, after.slotsWritten - before.slotsWritten)
        if !flushes {
          cost.update.add(updated - start)
          continue
        }
        let flushStart = now()
        try image.flush()
        let end = now()
        cost.flush.add(end - flushStart)
        cost.both.add(end - flushStart + updated - start)
        cost.fileBytes = max(
          cost.fileBytes, image.counts.fileBytesWritten - before.fileBytesWritten)
      }
      try image.flush()
      try image.flush()
    }
  }

  private func measureLines(
    _ program: Program, _ cost: inout Cost, _ chance: inout Chance
  ) throws {
    let image = program.image
    for flushes in [false, true] {
      for i in 0..<1000 {
        let declaration = program.functions.randomElement(using: &chance)!
        let lines = program.lines(
          declaration, 200, firstLine: UInt32(declaration.key % 1000) * 12 + UInt32(i % 100))
        let before = image.counts
        let start = now()
        try image.updateLines(declaration, lines: lines)
        let updated = now()
        if !flushes {
          cost.update.add(updated - start)
          continue
        }
        try image.flush()
        let end = now()
        cost.flush.add(end - updated)
        cost.both.add(end - start)
        cost.fileBytes = max(
          cost.fileBytes, image.counts.fileBytesWritten - before.fileBytesWritten)
      }
      try image.flush()
      try image.flush()
    }
  }
}
