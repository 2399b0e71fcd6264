import Platform
import Testing

@testable import Linker

/// A merged section made from bytes alone.
private struct Merged {
  var inputs: UnsafeMutableBufferPointer<MergeInput>
  var table: MergeTable

  init(
    _ contents: [[UInt8]], entrySize: Int = 1, isStrings: Bool = true, alignment: UInt8 = 0,
    sharesTails: Bool = false, threads: Int = 1, segmentBytes: Int? = nil,
    probeLimit: Int = Platform.probeLimit
  ) {
    inputs = .allocate(capacity: contents.count)
    for (i, bytes) in contents.enumerated() {
      let copy = UnsafeMutablePointer<UInt8>.allocate(capacity: max(bytes.count, 1))
      for (j, byte) in bytes.enumerated() { copy[j] = byte }
      inputs[i] = MergeInput(
        start: UnsafePointer(copy), pieces: MergeTable.noPieces, index: nil, uniques: nil,
        count: UInt32(bytes.count), pieceCount: 0, constantSize: isStrings ? 0 : UInt32(entrySize),
        source: .none, atom: .none)
    }
    table = MergeTable(
      inputs: inputs, entrySize: entrySize, isStrings: isStrings, alignment: alignment,
      sharesTails: sharesTails)
    table.probeLimit = probeLimit
    if let segmentBytes {
      table.segmentBytes = segmentBytes
      table.chunkBytes = segmentBytes
    }
    table.merge(pool: WorkerPool(count: threads))
  }

  var output: [UInt8] { output(0..<Int(table.size)) }

  func output(_ range: Range<Int>) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: range.count)
    bytes.withUnsafeMutableBytes { buffer in
      if let base = buffer.baseAddress {
        MergeTable.write(table.uniques, count: table.uniqueCount, range: range, to: base)
      }
    }
    return bytes
  }

  /// Every byte of every input is where its address says.
  var isFaithful: Bool {
    let output = output
    return inputs.allSatisfy { input in
      (0..<Int(input.count)).allSatisfy {
        output[Int(input.place(of: UInt64($0)))] == input.start[$0]
      }
    }
  }
}

private func strings(_ list: String...) -> [UInt8] { list.flatMap { Array($0.utf8) + [0] } }

@Suite struct MergeTableTests {
  /// Strings of one place end the search; the link then ends with an error.
  @Test(arguments: [1, 2]) func givesUp(threads: Int) {
    let contents = (0..<4).map { part in (0..<5000).flatMap { strings("\(part) and \($0)") } }
    #expect(Merged(contents, threads: threads, probeLimit: 1).table.isFlooded)
    #expect(!Merged(contents, threads: threads).table.isFlooded)
  }

  @Test func equalStringsAreKeptOnceInTheOrderOfTheirFirstSight() {
    let merged = Merged([strings("one", "two", "one"), strings("three", "", "two"), strings("one")])
    #expect(merged.output == strings("one", "two", "three", ""))
    #expect(merged.isFaithful)
    #expect(merged.table.uniqueCount == 4)
    #expect(merged.inputs[1].place(of: 0) == 8)
    // Inside a string, and at the end of the section.
    #expect(merged.inputs[1].place(of: 8) == 5)
    #expect(merged.inputs[1].place(of: 11) == 8)
  }

  @Test func stringsMustEnd() {
    let merged = Merged([strings("a"), Array("b\0c".utf8), strings("d")])
    #expect(merged.table.unterminated == [1])
    #expect(merged.output == strings("a", "d"))
    #expect(merged.inputs[1].place(of: 1) == 0)
  }

  @Test func anUnterminatedInputOfSeveralSegmentsIsLeftOut() {
    let long = strings("abc", "def", "ghi") + [65, 66]
    let merged = Merged([strings("x"), long, strings("y")], segmentBytes: 4)
    #expect(merged.table.unterminated == [1])
    #expect(merged.output == strings("x", "y"))
    #expect(merged.inputs[1].pieceCount == 0)
  }

  @Test func wideStringsEndWithAWholeUnit() {
    let a: [UInt8] = [65, 0, 0, 66, 0, 0, 67, 0, 0, 0]
    let b: [UInt8] = [67, 0, 0, 0]
    let merged = Merged([a, b], entrySize: 2)
    #expect(merged.output == [65, 0, 0, 66, 0, 0, 67, 0, 0, 0])
    #expect(merged.inputs[1].place(of: 0) == 6)
    #expect(merged.isFaithful)
    #expect(Merged([[65, 0, 0, 0, 66, 0]], entrySize: 2).table.unterminated == [0])
  }

  /// Inputs long enough to have an index, of strings that are empty, shorter and longer than what an
  /// entry of it stands for.
  @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
  func longInputsAreSearchedByTheirIndex(seed: UInt64) {
    var random = SeededGenerator(seed: seed)
    var contents: [[UInt8]] = []
    for _ in 0..<3 {
      var bytes: [UInt8] = []
      while bytes.count < 3000 {
        let length = [0, 1, 5, 63, 64, 65, 200][Int(random.next() % 7)]
        let letter = UInt8(65 + random.next() % 3)
        bytes += [UInt8](repeating: letter, count: length) + [0]
      }
      contents.append(bytes)
    }
    for segmentBytes in [nil, 100, 640] as [Int?] {
      let merged = Merged(contents, threads: 2, segmentBytes: segmentBytes)
      #expect(merged.inputs.allSatisfy { $0.index != nil }, "seed \(seed)")
      #expect(merged.isFaithful, "seed \(seed), segments of \(segmentBytes ?? 0)")
      // Past the end, the last piece counts.
      let last = merged.inputs[0]
      let end = UInt64(last.count)
      #expect(
        last.place(of: end + 7) == last.place(of: end - 1) + 8,
        "seed \(seed), segments of \(segmentBytes ?? 0)")
    }
  }

  @Test func constantsOfOneSize() {
    let merged = Merged(
      [[1, 0, 0, 0, 2, 0, 0, 0], [2, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0]], entrySize: 4,
      isStrings: false, alignment: 2)
    #expect(merged.output == [1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0])
    #expect(merged.inputs[1].place(of: 5) == 9)
    #expect(merged.isFaithful)
  }

  @Test func everyPieceIsAligned() {
    let merged = Merged([strings("abc", "d", "efghi"), strings("d", "x")], alignment: 2)
    #expect(merged.isFaithful)
    for input in merged.inputs {
      for i in 0..<Int(input.pieceCount) { #expect(input.pieces[i].place % 4 == 0) }
    }
    #expect(merged.table.size == 18)
  }

  @Test func offsetsOutsideTheSectionDoNotTrap() {
    let merged = Merged([strings("abc", "de"), strings("de")])
    #expect(merged.inputs[0].place(of: 1_000) == 1_000)
    #expect(merged.inputs[1].place(of: 1_000) == 1_004)
    #expect(merged.inputs[1].place(of: UInt64(bitPattern: -1)) == 3)
    #expect(merged.inputs[1].place(of: UInt64(bitPattern: Int64.min)) == 4 &+ 1 << 63)
    #expect(Merged([[]]).table.size == 0)
    #expect(Merged([]).table.size == 0)
  }

  @Test func stringsLieInTheEndsOfOthers() {
    let merged = Merged(
      [strings("bar", "foobar", "", "ar", "r"), strings("xbar", "oobar", "baz")], sharesTails: true)
    #expect(merged.output == strings("foobar", "xbar", "baz"))
    #expect(merged.isFaithful)
    #expect(Merged([strings("")], sharesTails: true).output == [0])
    #expect(Merged([strings("", "a")], sharesTails: true).output == strings("a"))
    #expect(Merged([strings("a", "")], sharesTails: true).output == strings("a"))
  }

  @Test func partsOfTheOutputMakeTheWhole() {
    let merged = Merged([strings("abc", "de", "fghij")], alignment: 3)
    let whole = merged.output
    for start in 0...whole.count {
      for end in start...whole.count {
        #expect(merged.output(start..<end) == Array(whole[start..<end]))
      }
    }
  }

  /// Many inputs, cut into many segments, on several threads, against the plain way.
  @Test(arguments: [false, true]) func threadsDoNotMatter(sharesTails: Bool) {
    var state: UInt64 = 42
    func random(_ n: UInt64) -> UInt64 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return (state >> 33) % n
    }
    let contents = (0..<60).map { _ in
      (0..<random(200)).flatMap { _ in
        (0..<random(random(10) == 0 ? 40 : 4)).map { _ in UInt8(97 + random(3)) } + [0]
      }
    }
    var seen: Set<[UInt8]> = []
    var expected: [UInt8] = []
    for input in contents {
      for piece in input.split(separator: 0, omittingEmptySubsequences: false).dropLast()
      where seen.insert(Array(piece)).inserted {
        expected += piece + [0]
      }
    }
    var outputs: Set<[UInt8]> = []
    for threads in 1...4 {
      for segmentBytes in [16, 100, 1 << 20] {
        let merged = Merged(
          contents, sharesTails: sharesTails, threads: threads, segmentBytes: segmentBytes)
        #expect(merged.isFaithful)
        outputs.insert(merged.output)
      }
    }
    #expect(outputs.count == 1)
    if sharesTails {
      let kept = outputs.first!.split(separator: 0, omittingEmptySubsequences: false).dropLast()
        .map(Array.init)
      for a in kept {
        #expect(!kept.contains { $0 != a && $0.suffix(a.count).elementsEqual(a) })
      }
    } else {
      #expect(outputs == [expected])
    }
  }
}
