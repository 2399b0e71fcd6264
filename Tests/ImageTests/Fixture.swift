import Glibc
import Linker
import Testing
import Weld

/// An image with its directory, for tests that place a few declarations and look at the program.
/// Declarations go by their keys; the program starts at key 1.
final class Fixture {
  let scratch = Scratch()
  let image: ElfImage
  let emitter: Emitter

  init(
    _ machine: ImageMachine = .x86_64, _ configure: (inout ImageOptions) -> Void = { _ in }
  ) throws {
    var options = ImageOptions(machine: machine, path: scratch.file("program"))
    options.checksInvariants = true
    configure(&options)
    image = try ElfImage(options)
    emitter = Emitter(machine: machine)
  }

  var path: String { image.options.path }

  func symbol(_ key: UInt64) throws -> ImageSymbol { try image.symbol(for: Declaration(key)) }

  func slot(_ key: UInt64) throws -> UInt64 {
    try image.offsetTableAddress(of: symbol(key))
  }

  /// Today's address of a declaration that has one.
  func address(_ key: UInt64) throws -> UInt64 {
    try #require(image.currentAddress(of: symbol(key)))
  }

  /// A function that returns `value`, of at least `size` bytes.
  func function(_ key: UInt64, _ value: UInt32, size: Int = 0, alignment: UInt8 = 4) throws {
    try image.updateFunction(
      Declaration(key), name: "f\(key)", code: code(value, size: size), alignment: alignment)
  }

  func code(_ value: UInt32, size: Int = 0) -> [UInt8] {
    let end = emitter.constant(value)
    let count = max(size - end.count, 0) / emitter.nop.count
    return Array(repeatElement(emitter.nop, count: count).joined()) + end
  }

  /// A function that returns the first word of the variable `variable`.
  func reader(_ key: UInt64, of variable: UInt64) throws {
    try image.updateFunction(
      Declaration(key), name: "f\(key)", code: emitter.reader(slot: slot(variable)))
  }

  func data(
    _ key: UInt64, _ value: UInt32, kind: DataKind = .mutable, extra: Int = 0,
    alignment: UInt8 = 3
  ) throws {
    try image.updateData(
      Declaration(key), name: "d\(key)", kind: kind,
      bytes: emitter.bytes(value) + [UInt8](repeating: value == 0 ? 0 : 0x5a, count: extra),
      alignment: alignment)
  }

  /// The start: calls functions, and writes what they return, folded into a number.
  func start(calling symbols: [ImageSymbol]) throws {
    try image.updateFunction(
      Declaration(1), name: "start",
      code: emitter.start(calls: symbols.map { try image.callSequence(to: $0) }))
    try image.updateExports(Declaration(1), [Export("_start")])
  }

  func start(calling keys: UInt64...) throws {
    try start(calling: keys.map { try symbol($0) })
  }

  /// Flushes, and checks what the functions called return; tools have to accept the file.
  func check(
    _ values: UInt32..., lints: Bool = true, sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    try image.flush()
    runs(values, sourceLocation: sourceLocation)
    if lints { accepts(sourceLocation: sourceLocation) }
  }

  /// The file as it is gives these values.
  func runs(_ values: [UInt32], sourceLocation: SourceLocation = #_sourceLocation) {
    let expected = values.reduce(0 as UInt32) { $0 &* 31 &+ $1 }
    let result = run(emitter.runner + [path])
    #expect(result.status == 0, "\(result.output)", sourceLocation: sourceLocation)
    #expect(
      result.output == String(decoding: emitter.bytes(expected), as: UTF8.self),
      sourceLocation: sourceLocation)
  }

  func accepts(sourceLocation: SourceLocation = #_sourceLocation) {
    let dump = run(["readelf", "-aW", path])
    #expect(
      dump.status == 0 && !dump.output.contains("readelf:"), "\(dump.output)",
      sourceLocation: sourceLocation)
    // Static glibc refers to the file's header by a name that lies in no section, whoever links it.
    // The relocations of a static program name no symbols, and no symbol table.
    let lint = run(["eu-elflint", "--gnu-ld", path]).output.split(separator: "\n").filter {
      !$0.hasSuffix("(__ehdr_start): st_value out of bounds")
        && !($0.contains("'.rela.plt': relocation ") && $0.hasSuffix(": invalid symbol index"))
    }
    #expect(lint.allSatisfy { $0 == "No errors" }, "\(dump.output)", sourceLocation: sourceLocation)
    #expect(image.violations() == [], sourceLocation: sourceLocation)
  }

  /// A flush that is refused, with these words, and leaves the file as it was.
  func refuses(
    _ code: ImageError.Code, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let before = contents(path)
    do {
      try image.flush()
      Issue.record("the flush was not refused", sourceLocation: sourceLocation)
    } catch {
      #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
      for word in words {
        #expect(error.message.contains(word), "\(error)", sourceLocation: sourceLocation)
      }
    }
    #expect(contents(path) == before, sourceLocation: sourceLocation)
  }

  /// A call that is refused, with these words, and changes nothing.
  func rejects(
    _ code: ImageError.Code, _ words: String..., sourceLocation: SourceLocation = #_sourceLocation,
    _ call: () throws -> Void
  ) {
    let before = image.dump()
    do {
      try call()
      Issue.record("the call was not refused", sourceLocation: sourceLocation)
    } catch let error as ImageError {
      #expect(error.code == code, "\(error)", sourceLocation: sourceLocation)
      for word in words {
        #expect(error.message.contains(word), "\(error)", sourceLocation: sourceLocation)
      }
    } catch {
      Issue.record("\(error)", sourceLocation: sourceLocation)
    }
    #expect(image.dump() == before, sourceLocation: sourceLocation)
    #expect(image.violations() == [], sourceLocation: sourceLocation)
  }

  // MARK: Looking at the file

  struct Entry: Equatable {
    var value: UInt64
    var size: UInt64
    var type: String
    var binding: String
    var visibility: String
    /// Name of its section; "UND" and "ABS" for those without.
    var section: String
  }

  /// The symbol table, as readelf shows it, in order.
  func symbols() -> [(name: String, entry: Entry)] {
    let sections = self.sections()
    return run(["readelf", "-sW", path]).output.split(separator: "\n").compactMap { line in
      let words = line.split(separator: " ").map(String.init)
      guard words.count >= 8, words[0].hasSuffix(":"), let value = UInt64(words[1], radix: 16),
        let size = words[2].hasPrefix("0x")
          ? UInt64(words[2].dropFirst(2), radix: 16) : UInt64(words[2])
      else { return nil }
      let section = Int(words[6]).flatMap { $0 < sections.count ? sections[$0].name : nil }
      return (
        words[7],
        Entry(
          value: value, size: size, type: words[3], binding: words[4], visibility: words[5],
          section: section ?? words[6])
      )
    }
  }

  func symbol(named name: String) -> Entry? { symbols().first { $0.name == name }?.entry }

  struct Section {
    var name: String
    var address: UInt64
    var offset: UInt64
    var size: UInt64
    /// `sh_info`.
    var info: Int
    var alignment: UInt64
  }

  /// The section headers, as readelf shows them; the first is null.
  func sections() -> [Section] {
    run(["readelf", "-SW", path]).output.split(separator: "\n").compactMap { line in
      guard let bracket = line.firstIndex(of: "]"),
        line.trimmingPrefix(while: { $0 == " " }).first == "[",
        line[..<bracket].contains(where: \.isNumber)
      else { return nil }
      var words = line[line.index(after: bracket)...].split(separator: " ").map(String.init)
      if words.first == "NULL" { words.insert("", at: 0) }
      // Flags may be missing.
      guard words.count >= 9, let address = UInt64(words[2], radix: 16),
        let offset = UInt64(words[3], radix: 16), let size = UInt64(words[4], radix: 16)
      else { return nil }
      return Section(
        name: words[0], address: address, offset: offset, size: size,
        info: Int(words[words.count - 2]) ?? -1, alignment: UInt64(words[words.count - 1]) ?? 0)
    }
  }

  func section(_ name: String) -> Section? { sections().first { $0.name == name } }

  /// Bytes of the file that a section's address leads to.
  func bytes(at address: UInt64, count: Int) throws -> [UInt8] {
    let section = try #require(
      sections().first { $0.address > 0 && ($0.address..<$0.address + $0.size).contains(address) })
    let start = Int(section.offset + address - section.address)
    return Array(contents(path)[start..<start + count])
  }

  /// Bytes in the target's order as a number.
  func number(_ bytes: [UInt8]) -> UInt64 {
    (emitter.isBigEndian ? bytes : bytes.reversed()).reduce(0) { $0 << 8 | UInt64($1) }
  }
}
