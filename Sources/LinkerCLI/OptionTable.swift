// The options that weld knows, as data.
//
// One row describes one option: its spellings, its value, what it does (an enum case that the
// parser switches over), its line of help, and how far it is supported. `--help`, the suggestions
// for misspelt options, docs/options.md and the parser all read these rows, so that an option can't
// be parsed and undocumented, or documented and unknown. The rows live in `OptionTable+*.swift`, a
// file per topic, each beside the enum of its effects.
//
// A linker starts thousands of times in a build, so the rows are plain structs of static strings
// and small enums, and looking an option up is one hash of its bytes into a table of 16-bit
// numbers that the first parse fills (some microseconds for all rows).

import Platform

/// One option: spellings, value, effect, help and support.
struct OptionRow: Sendable {
  /// What follows the name.
  enum Value: Sendable {
    /// Nothing; `--name=x` is an error.
    case none
    /// `--name=VALUE`, `--name VALUE`; of one-letter options also `-nVALUE`.
    case required(StaticString)
    /// `--name` or `--name=VALUE`, never the next word.
    case optional(StaticString)
    /// One-letter only: `-n`, `-nVALUE`, and the next word when it is all digits.
    case digits(StaticString)
  }

  /// How far an option is supported.
  enum Support: Sendable {
    /// Changes the link as its help says.
    case honoured
    /// Understood and handed to the engine, which refuses what it can't do yet.
    case planned
    /// Accepted and ignored: no correct output depends on it.
    case harmless
    /// Understood, changes the meaning of a link, and not supported: the link is refused.
    case refused
  }

  /// What the parser does, by topic.
  enum Effect: Sendable {
    case output(OutputOption)
    case input(InputOption)
    case symbol(SymbolOption)
    case section(SectionOption)
    case run(RunOption)
    case keyword(Keyword)
    case nothing
    case refusal
  }

  let effect: Effect
  /// The spellings with their usual dashes, separated by `|`.
  let names: StaticString
  /// The spellings that say the opposite, separated by `|`; empty: none.
  let negatedNames: StaticString
  let value: Value
  let help: StaticString
  let support: Support

  init(
    _ effect: Effect, _ names: StaticString, no negatedNames: StaticString = "",
    takes value: Value = .none, _ help: StaticString, _ support: Support = .honoured
  ) {
    self.effect = effect
    self.names = names
    self.negatedNames = negatedNames
    self.value = value
    self.help = help
    self.support = support
  }

  /// A row of an option that is accepted without effect.
  static func harmless(
    _ names: StaticString, no negatedNames: StaticString = "", takes value: Value = .none,
    _ help: StaticString
  ) -> OptionRow {
    OptionRow(.nothing, names, no: negatedNames, takes: value, help, .harmless)
  }

  /// A row of an option that is understood and can't be honoured.
  static func refused(
    _ names: StaticString, no negatedNames: StaticString = "", takes value: Value = .none,
    _ help: StaticString
  ) -> OptionRow {
    OptionRow(.refusal, names, no: negatedNames, takes: value, help, .refused)
  }

  /// The name of the value in help, or nil.
  var metavariable: StaticString? {
    switch value {
    case .none: nil
    case .required(let name), .optional(let name), .digits(let name): name
    }
  }

  /// Splits `a|b|c` into its parts; for help, documentation and tests.
  static func split(_ names: StaticString) -> [String] {
    names.description.split(separator: "|").map(String.init)
  }
}

/// A group of rows under a heading of `--help`.
struct OptionTopic: Sendable {
  let title: String
  let rows: [OptionRow]
}

/// All options, and finding one by name.
enum OptionTable {
  static let topics: [OptionTopic] = [
    OptionTopic(title: "Output", rows: outputRows),
    OptionTopic(title: "Inputs", rows: inputRows),
    OptionTopic(title: "Symbols", rows: symbolRows),
    OptionTopic(title: "Sections and contents", rows: sectionRows),
    OptionTopic(title: "Messages and running", rows: runRows),
    OptionTopic(title: "Accepted without effect", rows: harmlessRows),
    OptionTopic(title: "Known and refused", rows: refusedRows),
  ]

  /// Options by name without dashes.
  static let options = OptionIndex([
    outputRows, inputRows, symbolRows, sectionRows, runRows, harmlessRows, refusedRows,
  ])

  /// The keywords of `-z`, by name.
  static let keywords = OptionIndex([keywordRows])
}

/// Finds rows by the bytes of a name.
struct OptionIndex: @unchecked Sendable {
  /// A spelling: bytes of a static string that lives in the program's image.
  struct Spelling {
    let name: ByteString
    let group: UInt8
    /// The row's number in its group.
    let row: UInt16
    let isNegated: Bool
    let dashes: UInt8
  }

  private let groups: [[OptionRow]]
  let spellings: [Spelling]
  private let index: HashIndex

  init(_ groups: [[OptionRow]]) {
    // The groups are kept as they are: copying the rows into one array costs page faults at
    // start-up.
    precondition(groups.count <= 256 && groups.allSatisfy { $0.count <= 1 << 16 })
    self.groups = groups
    let count = groups.reduce(0) { $0 + $1.count }
    var spellings: [Spelling] = []
    spellings.reserveCapacity(count * 2)
    for group in 0..<groups.count {
      for row in 0..<groups[group].count {
        let place = (UInt8(group), UInt16(row))
        OptionIndex.append(groups[group][row].names, place, isNegated: false, to: &spellings)
        OptionIndex.append(groups[group][row].negatedNames, place, isNegated: true, to: &spellings)
      }
    }
    var index = HashIndex(count: spellings.count)
    for (number, spelling) in spellings.enumerated() {
      let hash = spelling.name.hash
      if case .free(let slot) = index.search(hash, where: { spellings[$0].name == spelling.name }) {
        index.insert(number, hash, at: slot)
      }
    }
    self.spellings = spellings
    self.index = index
  }

  private static func append(
    _ names: StaticString, _ place: (group: UInt8, row: UInt16), isNegated: Bool,
    to spellings: inout [Spelling]
  ) {
    var rest = ByteString(names)
    while !rest.isEmpty {
      let end = rest.firstIndex(of: UInt8(ascii: "|")) ?? rest.count
      var name = rest[0..<end]
      var dashes: UInt8 = 0
      while dashes < 2, name.count > 1, name[0] == UInt8(ascii: "-") {
        name = name.dropFirst(1)
        dashes += 1
      }
      spellings.append(
        Spelling(
          name: name, group: place.group, row: place.row, isNegated: isNegated, dashes: dashes))
      rest = rest.dropFirst(end + 1)
    }
  }

  /// The row that `spelling` belongs to.
  func row(of spelling: Spelling) -> OptionRow { groups[Int(spelling.group)][Int(spelling.row)] }

  /// The spelling that is exactly `name`, or nil.
  func find(_ name: ByteString) -> Spelling? {
    guard case .found(let number) = index.search(name.hash, where: { spellings[$0].name == name })
    else { return nil }
    return spellings[number]
  }
}
