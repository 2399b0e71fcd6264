import TestSupport
import Testing
import Weld

/// What an edit costs, counted: it depends on what was edited, and never on how much else there is.
@Suite struct CountTests {
  static let sizes = [1000, 20_000]

  /// What one edit and the flush after it did.
  struct Cost: Hashable {
    var image = ImageCounts()
    /// Bytes that the flush wrote to the file.
    var file = 0
  }

  /// An image with many declarations, of which a few are edited.
  final class Subject {
    let image: ElfImage
    private let scratch = Scratch()
    /// Not the last of its section.
    let function = Declaration(10)
    let table = Declaration(11)

    /// Every function has a slot. The table holds the function's address three times; another
    /// table, of a declaration apart, holds it once.
    init(_ count: Int) throws {
      image = try ElfImage(ImageOptions(machine: .x86_64, path: scratch.file("program")))
      for key in 100..<100 + UInt64(count) {
        if key == 120 {
          try update(function, 200)
          let target = try image.symbol(for: function)
          try image.updateData(
            table, name: "table", kind: .mutable, bytes: [UInt8](repeating: 1, count: 64),
            relocations: [0, 16, 40].map { DataRelocation(offset: $0, target: target) })
          try image.updateData(
            Declaration(12), name: "other_table", kind: .immutable,
            bytes: [UInt8](repeating: 1, count: 16),
            relocations: [DataRelocation(offset: 8, target: target, addend: 4)])
        }
        try update(Declaration(key), 100)
      }
      try image.updateExports(Declaration(100), [Export("_start")])
      // Twice, so that both copies of the file are there.
      try image.flush()
      try update(Declaration(110), 100, byte: 0xcc)
      try image.flush()
      try image.flush()
      try image.flush()
    }

    func update(_ declaration: Declaration, _ size: Int, byte: UInt8 = 0x90) throws {
      let symbol = try image.updateFunction(
        declaration, name: "f\(declaration.key)", code: [UInt8](repeating: byte, count: size))
      _ = try image.offsetTableAddress(of: symbol)
    }

    func cost(_ edit: (ElfImage) throws -> Void) throws -> Cost {
      let before = image.counts
      try edit(image)
      let edited = image.counts
      try image.flush()
      let after = image.counts
      var cost = Cost()
      cost.image.atomsPlaced = edited.atomsPlaced - before.atomsPlaced
      cost.image.atomsMoved = edited.atomsMoved - before.atomsMoved
      cost.image.atomsRewritten = edited.atomsRewritten - before.atomsRewritten
      cost.image.slotsWritten = edited.slotsWritten - before.slotsWritten
      cost.image.relocationsApplied = edited.relocationsApplied - before.relocationsApplied
      cost.image.bytesWritten = edited.bytesWritten - before.bytesWritten
      cost.image.sectionsMoved = after.sectionsMoved - before.sectionsMoved
      cost.file = after.fileBytesWritten - before.fileBytesWritten
      return cost
    }
  }

  /// Bytes of an entry of the symbol table, and of a slot.
  static let entry = 24
  static let slot = 8
  /// What the headers of a section and a segment that grow take at most, in steps of 16 bytes.
  static let headers = 3 * 16

  /// The same edit in images of different sizes costs the same.
  private func cost(
    _ edit: @escaping (Subject) throws -> Void
  ) throws -> Cost {
    let costs = try Self.sizes.map { count in
      let subject = try Subject(count)
      return try subject.cost { _ in try edit(subject) }
    }
    #expect(Set(costs).count == 1, "\(costs)")
    return costs[0]
  }

  @Test func anEditInPlaceWritesItsBytesAndNoSlot() throws {
    let cost = try cost { try $0.update($0.function, 200, byte: 1) }
    #expect(cost.image.atomsRewritten == 1)
    #expect(cost.image.atomsMoved == 0)
    #expect(cost.image.slotsWritten == 0)
    #expect(cost.image.relocationsApplied == 0)
    #expect(cost.image.bytesWritten == 200)
    #expect(cost.file == 200 + Self.entry)
  }

  @Test func growthWithinTheRoomWritesItsBytesAndNoSlot() throws {
    let cost = try cost { try $0.update($0.function, 260, byte: 1) }
    #expect(cost.image.atomsRewritten == 1)
    #expect(cost.image.slotsWritten == 0)
    #expect(cost.image.bytesWritten == 260)
    #expect(cost.file == 260 + Self.entry)
  }

  @Test func aMoveWritesTheBytesTheSlotAndTheRecordedPlaces() throws {
    let cost = try cost { try $0.update($0.function, 600, byte: 1) }
    #expect(cost.image.atomsMoved == 1)
    #expect(cost.image.slotsWritten == 1)
    // Three places in one table, one in the other.
    #expect(cost.image.relocationsApplied == 4)
    #expect(cost.image.bytesWritten == 600 + Self.slot + 4 * 8)
    // The last flush but one changed nothing that the spare copy would have to catch up on. Behind
    // the last atom so far there may be a gap of less than its size, which is written as well.
    let least = 600 + Self.slot + 4 * 8 + Self.entry
    #expect(cost.file >= least)
    #expect(cost.file <= 2 * least + Self.headers)
  }

  @Test func theFlushAfterAnEditBringsTheOtherCopyUpToDate() throws {
    let subject = try Subject(1000)
    _ = try subject.cost { _ in try subject.update(subject.function, 200, byte: 1) }
    let again = try subject.cost { _ in }
    #expect(again.image.bytesWritten == 0)
    #expect(again.file == 200 + Self.entry)
    let nothing = try subject.cost { _ in }
    #expect(nothing.file == 0)
  }

  @Test func theFileTakesTwiceWhatEachEditWritesAndHeaders() throws {
    for count in Self.sizes {
      let subject = try Subject(count)
      var chance = Chance(seed: 7)
      for _ in 0..<200 {
        let size = Int.random(in: 60...220, using: &chance)
        let declaration = Declaration(UInt64(Int.random(in: 130..<900, using: &chance)))
        let last = try subject.cost { _ in try subject.update(declaration, size, byte: 2) }
        #expect(last.image.bytesWritten <= size + Self.slot)
        // This edit's and the last one's: bytes, entry and slot; what grew, with the gap before it.
        let bound = 2 * (220 + 220 / 3 + 64 + Self.entry + Self.slot + Self.headers)
        #expect(last.file <= bound, "\(last)")
        #expect(last.image.sectionsMoved == 0)
      }
    }
  }

  @Test func aNewFunctionWritesItsBytesAndSlot() throws {
    let cost = try cost { try $0.update(Declaration(1), 200) }
    #expect(cost.image.atomsPlaced == 1)
    #expect(cost.image.atomsMoved == 0)
    #expect(cost.image.slotsWritten == 1)
    #expect(cost.image.bytesWritten == 200 + Self.slot)
  }

  @Test func dataThatMovesRewritesTheTablesThatHoldItsAddress() throws {
    let cost = try cost { subject in
      let table = try subject.image.symbol(for: subject.table)
      try subject.image.updateData(
        Declaration(20), name: "holder", kind: .mutable, bytes: [UInt8](repeating: 1, count: 8),
        relocations: [DataRelocation(offset: 0, target: table, addend: 16)])
      let before = subject.image.counts
      try subject.image.updateData(
        subject.table, name: "table", kind: .mutable, bytes: [UInt8](repeating: 2, count: 800))
      let after = subject.image.counts
      #expect(after.atomsMoved - before.atomsMoved == 1)
      #expect(after.relocationsApplied - before.relocationsApplied == 1)
      // No code has asked for its slot.
      #expect(after.slotsWritten == before.slotsWritten)
      #expect(after.bytesWritten - before.bytesWritten == 800 + 8)
    }
    #expect(cost.image.atomsPlaced == 1)
  }

  @Test func linesThatShiftWriteNothingButLineRecords() throws {
    let subject = try Subject(1000)
    let lines = [DebugLine(offset: 0, line: 10), DebugLine(offset: 20, line: 11)]
    func debug(_ lines: [DebugLine]) -> FunctionDebugInfo {
      FunctionDebugInfo(
        unit: DebugUnit(path: "a.source", directory: "/source", producer: "test"),
        name: "f10", lines: lines, frameRegister: 6)
    }
    try subject.image.updateFunction(
      subject.function, name: "f10", code: [UInt8](repeating: 0x90, count: 200),
      debug: debug(lines))
    try subject.image.flush()
    try subject.image.flush()
    try subject.image.flush()
    let cost = try subject.cost { image in
      try image.updateLines(
        subject.function, lines: lines.map { DebugLine(offset: $0.offset, line: $0.line + 3) })
    }
    #expect(cost.image == ImageCounts())
    #expect(cost.file > 0)
    #expect(cost.file <= 64, "\(cost.file)")
  }
}
