// Every option that takes a number is given the numbers at which arithmetic breaks, and has to link or
// to say what is wrong: never to trap, to hang, or to write without end.
//
// What is tried follows from the option table, so that a new option is among it; the linker runs as a
// process of its own, as only that can tell a trap from an error.

import Glibc
import Testing

@testable import LinkerCLI

@Suite struct OptionNumberTests {
  /// How a row's value is made of a number; nil if it has none in it.
  private static func value(of metavariable: String, _ number: String) -> String? {
    switch metavariable {
    case "ADDRESS", "COUNT", "SIZE", "N", "LEVEL", "PASSES", "SEED", "US", "VALUE", "STYLE":
      number
    case "SECTION=ADDRESS": ".text=\(number)"
    case "SYMBOL=EXPRESSION": "symbol=\(number)"
    case "GLOB=VALUE": "*=\(number)"
    default: nil
    }
  }

  /// Values that are words, names or paths. One that is neither here nor above fails the test: say
  /// which it is.
  private static let words: Set<String> = [
    "ARCH", "DIR", "EMULATION", "FILE", "FORMAT", "GLOB", "GLOB=FORMAT", "JSON", "KEY", "KEYWORD",
    "KINDS", "LIB,LIB", "METHOD", "MODE", "NAME", "OPTION", "ORDER", "PADDING", "PATH", "POLICY",
    "SECTION", "SYMBOL", "TYPE", "VISIBILITY", "WHEN",
  ]

  private static let numbers = [
    "", "0", "1", "7", "8", "0xfff", "4096", "0x1001", "65535", "65536", "0x7fffffff", "0x80000000",
    "0xffffffff", "0x100000000", "0x7fffffffffff", "0x800000000000", "0x7fffffffffffffff",
    "0x8000000000000000", "0xffffffff80000000", "0xfffffffffffff000", "0xfffffffffffffff8",
    "0xffffffffffffffff", "0x10000000000000000", "18446744073709551615", "-1", "0x3fffffffffffffK",
  ]

  private static let kinds = [
    ["-pie", "-z", "now"], ["-no-pie", "-z", "norelro"], ["-shared"], ["-no-pie", "--gc-sections"],
    ["-pie", "-z", "pack-relative-relocs"],
  ]

  /// A fixed sequence: a failure can be repeated.
  private struct Random {
    var state: UInt64
    mutating func below(_ bound: Int) -> Int {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int(state >> 33) % bound
    }
  }

  /// Options with their values in place, by the row and the number.
  private static let options: [[[String]]] = {
    var result: [[[String]]] = []
    for (rows, isKeyword) in [(OptionTable.topics.flatMap(\.rows), false), (keywordRows, true)] {
      for row in rows {
        guard let metavariable = row.metavariable?.description,
          value(of: metavariable, "") != nil
        else { continue }
        for name in OptionRow.split(row.names) {
          result.append(
            numbers.map { number in
              let text = value(of: metavariable, number) ?? ""
              if isKeyword { return ["-z", "\(name)=\(text)"] }
              return name.hasPrefix("--") || name.utf8.count > 2
                ? ["\(name)=\(text)"] : [name + text]
            })
        }
      }
    }
    return result
  }()

  private static var keywordRows: [OptionRow] { OptionTable.keywordRows }

  private static let sections = [
    ".interp", ".note.gnu.build-id", ".gnu.hash", ".dynsym", ".rodata", ".eh_frame_hdr",
    ".eh_frame",
    ".init", ".plt", ".text", ".tdata", ".tbss", ".init_array", ".data.rel.ro", ".dynamic", ".got",
    ".got.plt", ".data", ".bss",
  ]

  @Test func everyMetavariableIsClassified() {
    for row in OptionTable.topics.flatMap(\.rows) + Self.keywordRows {
      guard let metavariable = row.metavariable?.description else { continue }
      #expect(
        Self.words.contains(metavariable) != (Self.value(of: metavariable, "") != nil),
        "\(row.names): is \(metavariable) a number?")
    }
    #expect(Self.options.count > 25)
  }

  /// Each option with each number, in one kind of output after the other.
  @Test(arguments: Self.options.indices) func singleOptions(_ option: Int) throws {
    let inputs = try Inputs()
    for (i, words) in Self.options[option].enumerated() {
      try inputs.link(Self.kinds[(option + i) % Self.kinds.count] + words)
    }
  }

  @Test(arguments: Self.sections) func sectionStarts(_ section: String) throws {
    let inputs = try Inputs()
    for (i, number) in Self.numbers.enumerated() where !number.isEmpty {
      let start = "--section-start=\(section)=\(number)"
      try inputs.link(Self.kinds[i % Self.kinds.count] + [start])
      try inputs.link(Self.kinds[(i + 1) % Self.kinds.count] + [start])
    }
  }

  @Test(arguments: 0..<8) func severalOptions(_ seed: UInt64) throws {
    let inputs = try Inputs()
    var random = Random(state: seed)
    for _ in 0..<40 {
      var words = Self.kinds[random.below(Self.kinds.count)]
      for _ in 0..<2 + random.below(3) {
        let number = Self.numbers[random.below(Self.numbers.count)]
        if random.below(2) == 0 {
          let section = Self.sections[random.below(Self.sections.count)]
          words.append("--section-start=\(section)=\(number)")
        } else {
          let option = Self.options[random.below(Self.options.count)]
          words += option[random.below(option.count)]
        }
      }
      try inputs.link(words)
    }
  }

  /// A directory with something to link.
  private struct Inputs {
    private let testBed: TestBed
    private let directory: String

    init() throws {
      testBed = try TestBed.shared.get()
      directory = testBed.root + "/numbers.\(UInt64.random(in: 0 ... .max))"
      try makeDirectory(directory)
      guard let file = fopen(directory + "/a.c", "w") else { throw CaseFailure("cannot write a.c") }
      fputs(Self.source, file)
      fclose(file)
      let words = ["gcc", "-c", "-O1", "-fPIC", "-ffunction-sections", "a.c", "-o", "a.o"]
      let compiled = try Command(words: words, directory: directory).run()
      #expect(compiled.succeeded, "\(compiled.standardError)")
    }

    /// Everything that has a section or a table of its own.
    private static let source = """
      extern int puts(const char *);
      extern int *environ_like(void) __attribute__((weak));
      __thread int initialized = 3, zeroed;
      static int hidden_one;
      int data = 5, zero[100];
      int *const pointer = &data, *pointers[] = {&data, zero, &hidden_one};
      const char text[] = "text";
      __attribute__((constructor)) static void start(void) { data++; }
      static int one(void) { return 1; }
      static void *choose(void) { return one; }
      __attribute__((ifunc("choose"))) int chosen(void);
      int _start(void) {
        puts(text);
        if (environ_like) environ_like();
        return initialized + zeroed + *pointers[data & 1] + chosen();
      }
      """

    func link(_ words: [String], sourceLocation: SourceLocation = #_sourceLocation) throws {
      let common = [
        testBed.linker.path, "a.o", "-o", "out", "--build-id", "--eh-frame-hdr", "-L/lib64",
        "-L/lib/x86_64-linux-gnu", "-l:libc.so.6", "-dynamic-linker", "/lib64/ld-linux-x86-64.so.2",
      ]
      var command = Command(words: common + words, directory: directory, timeout: 30)
      command.environment["SWIFT_BACKTRACE"] = "enable=no"
      let result = try command.run()
      #expect(
        result.end == .exited(0) || result.end == .exited(1),
        "\(command.line): \(result.summary) \(result.standardError)", sourceLocation: sourceLocation
      )
      if result.end == .exited(1) {
        #expect(!result.standardError.isEmpty, "\(command.line)", sourceLocation: sourceLocation)
      }
    }
  }
}
