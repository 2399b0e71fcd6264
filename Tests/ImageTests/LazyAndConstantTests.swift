import Glibc
import Linker
import Testing
import Weld

/// What is made at its first use, and what has no name.
@Suite struct LazyAndConstantTests {
  /// Makes lazy symbols: remembers what it was asked for, and may be told to fail.
  private final class Maker {
    var asked: [String] = []
    var version: UInt32 = 0
    var fails = false
    var uses: [UInt64: [UInt64]] = [:]

    func install(in f: Fixture) {
      f.image.setLazyProvider { [unowned f] kind, key throws(ImageError) in
        self.asked.append("\(kind) \(key)")
        if self.fails { throw ImageError(.invalid, "cannot make \(key)") }
        var value = self.version
        if case .key(let number) = key {
          value += UInt32(number)
          for other in self.uses[number] ?? [] {
            _ = try f.image.lazySymbol(kind, .key(other))
          }
        }
        return LazyContent(
          bytes: kind == .code ? f.emitter.constant(value) : f.emitter.bytes(value), alignment: 2)
      }
    }
  }

  @Test func lazySymbolsAreMadeOnce() throws {
    let f = try Fixture()
    let maker = Maker()
    let code = try f.image.lazySymbol(.code, .key(7))
    try f.start(calling: [code])
    f.refuses(.invalid, "set a lazy provider")
    maker.install(in: f)
    #expect(f.image.currentAddress(of: code) == nil)
    try f.check(7)
    #expect(maker.asked == ["code key(7)"])
    #expect(try f.image.lazySymbol(.code, .key(7)) == code)
    try f.check(7)
    #expect(maker.asked.count == 1)
    // The same key of another kind is another symbol.
    let constant = try f.image.lazySymbol(.constant, .key(7))
    #expect(constant != code)
    try f.image.updateFunction(
      Declaration(2), name: "reader",
      code: f.emitter.reader(slot: f.image.offsetTableAddress(of: constant)))
    try f.start(calling: [code, try f.symbol(2)])
    try f.check(7, 7)
    #expect(f.symbol(named: "lazy.code.7")?.section == ".text")
    #expect(f.symbol(named: "lazy.constant.7")?.section == ".rodata")
  }

  @Test func allComesLastAndAgainAfterANewUse() throws {
    let f = try Fixture()
    let maker = Maker()
    maker.install(in: f)
    maker.uses = [1: [2, 3], 3: [4]]
    let all = try f.image.lazySymbol(.code, .all)
    let one = try f.image.lazySymbol(.code, .key(1))
    try f.start(calling: [one, all])
    maker.version = 10
    try f.check(11, 10)
    #expect(
      maker.asked == ["code key(1)", "code key(2)", "code key(3)", "code key(4)", "code all"])
    maker.asked = []
    maker.version = 20
    try f.check(11, 10)
    #expect(maker.asked == [])
    #expect(try f.image.lazySymbol(.code, .all) == all)
    #expect(try f.image.lazySymbol(.code, .all) == all)
    let five = try f.image.lazySymbol(.code, .key(5))
    try f.start(calling: [one, all, five])
    try f.check(11, 20, 25)
    #expect(maker.asked == ["code key(5)", "code all"])
  }

  @Test func aProviderThatThrows() throws {
    let f = try Fixture()
    let maker = Maker()
    maker.install(in: f)
    try f.start(calling: [])
    try f.check()
    let symbols = try (1...3).map { try f.image.lazySymbol(.code, .key($0)) }
    let all = try f.image.lazySymbol(.code, .all)
    try f.start(calling: symbols + [all])
    maker.fails = true
    f.refuses(.invalid, "cannot make key(1)")
    f.refuses(.invalid, "cannot make key(1)")
    f.runs([])
    maker.fails = false
    maker.asked = []
    try f.check(1, 2, 3, 0)
    #expect(maker.asked.count == 4)
    maker.fails = true
    _ = try f.image.lazySymbol(.code, .all)
    f.refuses(.invalid, "cannot make all")
    f.runs([1, 2, 3, 0])
    maker.fails = false
    maker.version = 9
    try f.check(1, 2, 3, 9)
  }

  @Test func aProviderThatFlushes() throws {
    let f = try Fixture()
    f.image.setLazyProvider { [unowned f] kind, key throws(ImageError) in
      try f.image.flush()
      return LazyContent(bytes: [])
    }
    try f.start(calling: [try f.image.lazySymbol(.code, .key(1))])
    f.refuses(.invalid, "while one was under way")
    f.image.setLazyProvider { [unowned f] _, _ throws(ImageError) in
      // Any other use of the image is fine.
      try f.image.updateFunction(Declaration(2), name: "made", code: f.code(2))
      return LazyContent(bytes: f.emitter.constant(1))
    }
    try f.check(1)
    #expect(f.symbol(named: "made") != nil)
  }

  /// What is made may refer to the image, and be referred to from data before it is there.
  @Test func lazyTables() throws {
    let f = try Fixture()
    try f.function(2, 2)
    f.image.setLazyProvider { [unowned f] kind, key throws(ImageError) in
      LazyContent(
        bytes: [UInt8](repeating: 0, count: 8), alignment: 3,
        relocations: [
          DataRelocation(offset: 0, target: try f.image.symbol(for: Declaration(2)))
        ])
    }
    let all = try f.image.lazySymbol(.constant, .all)
    try f.image.updateFunction(
      Declaration(3), name: "caller",
      code: f.emitter.jumpThroughData(slot: f.image.offsetTableAddress(of: all)))
    try f.image.updateData(
      Declaration(4), name: "pointer", kind: .mutable, bytes: [UInt8](repeating: 0, count: 8),
      relocations: [DataRelocation(offset: 0, target: all)])
    try f.start(calling: 3)
    try f.check(2)
    try f.function(2, 22, size: 1000)
    try f.check(22)
    #expect(try f.number(f.bytes(at: f.address(4), count: 8)) == f.image.currentAddress(of: all))
  }

  // MARK: Constants

  @Test func constantsLiveAndDieWithTheirOwnersVersions() throws {
    let f = try Fixture()
    let owner = Declaration(2)
    func version(_ value: UInt32) throws -> ImageSymbol {
      let constant = try f.image.unnamedConstant(
        of: owner, bytes: f.emitter.bytes(value), alignment: 2)
      let other = try f.image.unnamedConstant(of: owner, bytes: [1, 2, 3])
      _ = try f.image.offsetTableAddress(of: other)
      try f.image.updateFunction(
        owner, name: "owner",
        code: f.emitter.reader(slot: f.image.offsetTableAddress(of: constant)))
      return constant
    }
    func constants() -> Int {
      f.image.dump().split(separator: "\n").count { $0.contains(" : unnamed.") }
    }
    // The first may be made before its owner has bytes.
    let first = try version(1)
    try f.start(calling: 2)
    try f.check(1)
    #expect(constants() == 2)
    let place = try #require(f.image.currentAddress(of: first))
    let second = try version(2)
    try f.check(2)
    #expect(constants() == 2)
    #expect(f.image.currentAddress(of: second) != place)
    // The room of the first one is there again.
    _ = try version(3)
    try f.check(3)
    #expect(constants() == 2)
    let slots = try #require(f.section(".got")).size
    for value in 4..<40 as Range<UInt32> { _ = try version(value) }
    try f.check(39)
    #expect(constants() == 2)
    #expect(try #require(f.section(".got")).size <= slots + 16)
    // One made for a version that failed belongs to the next.
    _ = try f.image.unnamedConstant(of: owner, bytes: [7])
    f.rejects(.invalid) { try f.function(2, 2, alignment: 60) }
    #expect(constants() == 3)
    _ = try version(50)
    #expect(constants() == 3)
    // With none, all go.
    try f.function(2, 60)
    try f.check(60)
    #expect(constants() == 0)
    _ = try version(70)
    try f.image.free(owner)
    #expect(constants() == 0)
    try f.start(calling: [])
    try f.check()
  }

  @Test func aConstantThatDataStillRefersTo() throws {
    let f = try Fixture()
    try f.function(2, 2)
    let constant = try f.image.unnamedConstant(of: Declaration(2), bytes: [1, 2, 3, 4])
    try f.function(2, 2)
    try f.image.updateData(
      Declaration(3), name: "pointer", kind: .mutable, bytes: [UInt8](repeating: 0, count: 8),
      relocations: [DataRelocation(offset: 0, target: constant)])
    try f.start(calling: 2)
    try f.check(2)
    try f.function(2, 22)
    f.refuses(.undefined, "was freed", "'pointer' at offset 0")
    try f.image.free(Declaration(3))
    try f.check(22)
    // A constant of a declaration that is refused its bytes leaves nothing behind.
    f.rejects(.invalid) {
      _ = try f.image.unnamedConstant(of: Declaration(9), bytes: [1], alignment: 99)
    }
  }

  // MARK: Dumps

  @Test func dumps() throws {
    let f = try Fixture()
    try f.function(2, 2)
    try f.image.updateExports(
      Declaration(2), [Export("two"), Export("odd \"name\"\\\u{1}é", binding: .weak)])
    _ = try f.image.importedSymbol("perhaps", isWeak: true)
    _ = try f.image.unnamedConstant(of: Declaration(2), bytes: [1])
    try f.start(calling: 2)
    try f.check(2)
    let place = String(try f.address(2), radix: 16)
    let text = f.image.dump()
    #expect(text.contains(" : two : @\(place) : sect("))
    #expect(text.contains(" : E :  : code module"))
    #expect(text.contains(" : perhaps : @0 : sect(0) : atom(0) : I : weak : code module"))
    let script = """
      import json, sys
      dump = json.load(sys.stdin)
      module = dump["files"][0]
      assert module["name"] == "code module"
      names = {s["name"]: s for s in module["globals"]}
      assert set(names) == {"_start", "two", 'odd "name"\\\\\\x01\\u00e9', "perhaps"}, names
      assert names["two"]["export"] and not names["two"]["import"] and not names["two"]["weak"]
      assert names["perhaps"]["import"] and names["perhaps"]["weak"]
      assert names["two"]["address"] == int("\(place)", 16)
      assert names["two"]["section"] > 0 and names["two"]["atom"] > 0
      assert {s["name"] for s in module["locals"]} >= {"f2", "start"}
      assert len({s["index"] for s in module["locals"] + module["globals"]}) == 7
      """
    let json = f.scratch.file("dump.json")
    for (path, text) in [(json, f.image.dumpJSON()), (json + ".py", script)] {
      let file = try #require(fopen(path, "w"))
      fputs(text, file)
      fclose(file)
    }
    let result = run(["sh", "-c", "python3 \(json).py < \(json)"])
    #expect(result.status == 0, "\(result.output)\n\(f.image.dumpJSON())")
  }
}
