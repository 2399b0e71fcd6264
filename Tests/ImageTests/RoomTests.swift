import Glibc
import Linker
import TestSupport
import Testing
import Weld

/// What long sessions of edits cost: room for code, and time for a flush.
@Suite struct RoomTests {
  struct Mix: CustomTestStringConvertible, Sendable {
    var testDescription: String
    /// Bytes of a function.
    var sizes: ClosedRange<Double>
    var functions: Int
    /// Whether an edit changes a size a little only.
    var drifts = false
    /// Whether there are only the smallest and the largest.
    var isExtreme = false
  }

  /// However sizes are mixed, code spans at most 1.6 times its bytes, for good.
  @Test(arguments: [
    Mix(testDescription: "24 to 1,500 bytes", sizes: 24...1500, functions: 1000),
    Mix(testDescription: "three decades", sizes: 16...16_000, functions: 1000),
    Mix(testDescription: "drifting", sizes: 24...1500, functions: 1000, drifts: true),
    Mix(testDescription: "two sizes", sizes: 24...1500, functions: 3000, isExtreme: true),
  ])
  func spanFollowsBytes(mix: Mix) throws {
    let fixture = try Fixture { $0.checksInvariants = false }
    var chance = Chance(seed: 0x5eed_0f34)
    var sizes: [Int] = []
    let nops = [UInt8](repeating: 0x90, count: 16_000)
    func size() -> Int {
      if mix.isExtreme {
        return Int(Bool.random(using: &chance) ? mix.sizes.lowerBound : mix.sizes.upperBound)
      }
      // As many from 100 to 200 as from 1,000 to 2,000.
      let logs = log(mix.sizes.lowerBound)...log(mix.sizes.upperBound)
      return Int(exp(Double.random(in: logs, using: &chance)))
    }
    func write(_ index: Int) throws {
      try nops.withUnsafeBytes {
        _ = try fixture.image.updateFunction(
          Declaration(UInt64(index + 10)), name: "f",
          code: UnsafeRawBufferPointer(rebasing: $0[..<sizes[index]]))
      }
    }
    for index in 0..<mix.functions {
      sizes.append(size())
      try write(index)
    }
    for edit in 0..<40_000 {
      let index = Int.random(in: sizes.indices, using: &chance)
      sizes[index] =
        mix.drifts
        ? min(max(sizes[index] * Int.random(in: 70...145, using: &chance) / 100, 24), 1500) : size()
      try write(index)
      guard edit >= 12_000, edit % 4000 == 0 else { continue }
      var low = UInt64.max
      var high: UInt64 = 0
      for index in sizes.indices {
        let address = try fixture.address(UInt64(index + 10))
        low = min(low, address)
        high = max(high, address + UInt64(sizes[index]))
      }
      let ratio = Double(high - low) / Double(sizes.reduce(0, +))
      #expect(ratio <= 1.6, "\(mix.testDescription), after \(edit) edits")
    }
    #expect(fixture.image.violations() == [])
  }

  enum Names: CaseIterable, Sendable {
    case exports, definitionsOfOneName, weakImports, unusedImports
  }

  /// An edit and its flush take as long with many names as with few.
  @Test(arguments: Names.allCases) func namesCostNothing(names: Names) throws {
    func time(_ count: Int) throws -> UInt64 {
      let fixture = try Fixture { $0.checksInvariants = false }
      try fixture.function(1, 1)
      try fixture.image.updateExports(Declaration(1), [Export("_start")])
      for number in 0..<count {
        let key = UInt64(100 + number)
        switch names {
        case .exports:
          try fixture.function(key, 1)
          try fixture.image.updateExports(Declaration(key), [Export("name\(number)")])
        case .definitionsOfOneName:
          try fixture.function(key, 1)
          try fixture.image.updateExports(Declaration(key), [Export("name", binding: .weak)])
        case .weakImports:
          _ = try fixture.image.offsetTableAddress(
            of: fixture.image.importedSymbol("name\(number)", isWeak: true))
        case .unusedImports:
          _ = try fixture.image.importedSymbol("name\(number)", isWeak: false)
        }
      }
      for _ in 0..<3 { try fixture.image.flush() }
      var best = UInt64.max
      for round in 0..<30 {
        var start = timespec()
        var end = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &start)
        try fixture.function(2, UInt32(round))
        if names == .definitionsOfOneName {
          try fixture.image.updateExports(
            Declaration(2), round % 2 == 0 ? [Export("name", binding: .weak)] : [])
        }
        try fixture.image.flush()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &end)
        best = min(
          best,
          UInt64((end.tv_sec - start.tv_sec) * 1_000_000_000 + end.tv_nsec - start.tv_nsec))
      }
      return best
    }
    let few = try time(50)
    let many = try time(10_000)
    #expect(many < few * 3, "\(few) ns with 50 names, \(many) ns with 10,000")
  }

  /// Strong definitions come before weak ones, and of equals the one that has been so for longest.
  @Test func definitionsTakeTurns() throws {
    let fixture = try Fixture()
    let name = try fixture.image.importedSymbol("name", isWeak: true)
    for key in 10...14 as ClosedRange<UInt64> { try fixture.function(key, UInt32(key)) }
    func export(_ key: UInt64, _ binding: Export.Binding?) throws {
      try fixture.image.updateExports(
        Declaration(key), binding.map { [Export("name", binding: $0)] } ?? [])
    }
    func isAt(_ key: UInt64, sourceLocation: SourceLocation = #_sourceLocation) throws {
      #expect(
        try fixture.image.currentAddress(of: name) == fixture.address(key),
        sourceLocation: sourceLocation)
    }
    try export(10, .local)
    #expect(fixture.image.currentAddress(of: name) == nil)
    try export(11, .weak)
    try export(12, .weak)
    try export(13, .weak)
    try isAt(11)
    try export(12, .strong)
    try isAt(12)
    try export(11, nil)
    try isAt(12)
    try export(12, .local)
    try isAt(13)
    try export(10, .weak)
    try isAt(13)
    try fixture.image.free(Declaration(13))
    try isAt(10)
    try export(10, nil)
    #expect(fixture.image.currentAddress(of: name) == nil)
    try export(12, .weak)
    try isAt(12)
  }
}
