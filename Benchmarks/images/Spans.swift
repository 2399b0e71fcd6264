import Weld

/// How well placement uses room: the span of addresses that code takes over its bytes, after many
/// random edits.
func measureSpans(directory: String) throws {
  var rows: [[String]] = []
  for seed in 1...3 as ClosedRange<UInt64> {
    try withOutput(in: directory) { path in
      let image = try ElfImage(ImageOptions(machine: .host, path: path))
      var chance = Chance(seed: seed)
      var sizes: [UInt64: Int] = [:]
      var capacities: [UInt64: Int] = [:]
      // What the span would be if room were never used again.
      var appended = 0
      var nextKey: UInt64 = 1
      func write(_ key: UInt64, _ size: Int) throws {
        try image.updateFunction(
          Declaration(key), name: "f\(key)", code: [UInt8](repeating: 0x90, count: size))
        sizes[key] = size
        if capacities[key] ?? 0 < size {
          let capacity = (size + size / 3 + 15) & ~15
          capacities[key] = capacity
          appended += capacity
        }
      }
      for _ in 0..<4000 {
        let keys = sizes.keys.sorted()
        switch Int.random(in: 0..<100, using: &chance) {
        case 0..<50 where keys.count > 50:
          // An edit: a little more or less, at times something else altogether.
          let key = keys.randomElement(using: &chance)!
          let isRewrite = Int.random(in: 0..<4, using: &chance) == 0
          let old = sizes[key]!
          try write(
            key,
            isRewrite
              ? functionSize(&chance)
              : max(16, old * Int.random(in: 70...145, using: &chance) / 100))
        case 50..<70 where keys.count > 50:
          let key = keys.randomElement(using: &chance)!
          try image.free(Declaration(key))
          sizes[key] = nil
          capacities[key] = nil
        default:
          try write(nextKey, functionSize(&chance))
          nextKey += 1
        }
      }
      var low = UInt64.max
      var high = 0 as UInt64
      var live = 0
      for (key, size) in sizes {
        let address = try image.currentAddress(of: image.symbol(for: Declaration(key)))!
        low = min(low, address)
        high = max(high, address + UInt64(size))
        live += size
      }
      rows.append([
        "\(seed)", grouped(sizes.count), grouped(live), grouped(Int(high - low)),
        text(Double(high - low) / Double(live)), text(Double(appended) / Double(live)),
      ])
    }
  }
  table(
    "Room after 4,000 random edits",
    [
      "seed", "functions", "live bytes", "span of addresses", "span / live bytes",
      "without reuse",
    ], rows)
}

/// The same over a long time, with as many functions of 24 to 50 bytes as of 750 to 1,500.
func measureLongSpans(directory: String) throws {
  var rows: [[String]] = []
  for count in [1000, 10_000] {
    try withOutput(in: directory) { path in
      let image = try ElfImage(ImageOptions(machine: .host, path: path))
      var chance = Chance(seed: UInt64(count))
      var sizes = [Int](repeating: 0, count: count)
      let code = [UInt8](repeating: 0x90, count: 1500)
      var row = [grouped(count)]
      var worst = 0.0
      func ratio() throws -> Double {
        var low = UInt64.max
        var high = 0 as UInt64
        for (index, size) in sizes.enumerated() {
          let symbol = try image.symbol(for: Declaration(UInt64(index + 1)))
          guard let address = image.currentAddress(of: symbol) else { continue }
          low = min(low, address)
          high = max(high, address + UInt64(size))
        }
        return Double(high - low) / Double(sizes.reduce(0, +))
      }
      for edit in 0..<count + 1_000_000 {
        let index = edit < count ? edit : Int.random(in: 0..<count, using: &chance)
        let log = Double.random(in: 0..<6, using: &chance)
        sizes[index] = min(1500, Int(24 * Double(1 << Int(log)) * (1 + log - Double(Int(log)))))
        try code.withUnsafeBytes {
          _ = try image.updateFunction(
            Declaration(UInt64(index + 1)), name: "f\(index)",
            code: UnsafeRawBufferPointer(rebasing: $0[..<sizes[index]]))
        }
        let edits = edit - count + 1
        if edits >= 12_000, edits % 4000 == 0 { worst = max(worst, try ratio()) }
        if [12_000, 100_000, 1_000_000].contains(edits) { row.append(text(try ratio())) }
      }
      rows.append(row + [text(worst)])
    }
  }
  table(
    "Span / live bytes in long sessions, functions of 24 to 1,500 bytes",
    ["functions", "12,000 edits", "100,000", "1,000,000", "worst since the 12,000th"], rows)
}

/// Sizes as a compiler's functions have: many small, few large.
private func functionSize(_ chance: inout Chance) -> Int {
  let log = Double.random(in: 0..<3.5, using: &chance) + Double.random(in: 0..<3.5, using: &chance)
  var size = 16.0
  // 16 to 2,048 bytes, most between 64 and 512.
  for _ in 0..<Int(log) { size *= 2 }
  return Int(size * (1 + log - Double(Int(log))))
}
