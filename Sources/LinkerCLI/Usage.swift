// What `--help` and `--version` print.
//
// Build systems read these texts. libtool wants "GNU" in the version, `no-whole-archive` in the
// help, and `: supported targets:` followed by ` elf`; meson takes the linker for GNU's if it says
// GNU and names no other linker; configure scripts take the first number of the first line for a
// version. So neither text may name other linkers.

import Linker

enum Usage {
  static let version = "0.1.0"
  static let versionLine = "weld \(version) (compatible with GNU ld)"
  static let emulations = ["elf_x86_64"]
  static let targets = ["elf64-x86-64"]

  static func version(withEmulations: Bool) -> String {
    guard withEmulations else { return versionLine + "\n" }
    return versionLine + "\n  Supported emulations:\n"
      + emulations.map { "   \($0)\n" }.joined()
  }

  /// The text that an option which prints and exits asks for.
  static func text(for request: RunOption, _ options: LinkOptions) -> String {
    switch request {
    case .help: return help()
    case .printSysroot: return options.sysroot + "\n"
    case .printFormat: return (options.outputFormat ?? targets[0]) + "\n"
    default: return version(withEmulations: false)
    }
  }

  static func help() -> String {
    var text = "Usage: weld [options] file...\n"
    for topic in OptionTable.topics {
      text += "\n\(topic.title):\n"
      for row in topic.rows { text += entry(row, prefix: "") }
    }
    text += "\nKeywords:\n"
    for row in OptionTable.keywordRows { text += entry(row, prefix: "-z ") }
    text += "\n  @FILE                       read options from FILE\n"
    text += "\nweld: supported targets: \(targets.joined(separator: " "))\n"
    text += "weld: supported emulations: \(emulations.joined(separator: " "))\n"
    return text
  }

  /// The lines of one option: its spellings, and its help from column 30 on.
  private static func entry(_ row: OptionRow, prefix: String) -> String {
    let left = "  " + spellings(of: row, prefix: prefix).joined(separator: ", ")
    let column = 30
    let isShort = left.utf8.count < column - 1
    let gap = isShort ? "" : "\n"
    let padding = String(repeating: " ", count: isShort ? column - left.utf8.count : column)
    return "\(left)\(gap)\(padding)\(row.help)\n"
  }

  /// The spellings of an option with its value, as help and documentation show them.
  static func spellings(of row: OptionRow, prefix: String) -> [String] {
    let names = OptionRow.split(row.names).map { name -> String in
      switch row.value {
      case .none: return prefix + name
      case .required(let value):
        return prefix + name + (name.utf8.count > 2 || !prefix.isEmpty ? "=" : " ") + "\(value)"
      case .optional(let value): return "\(prefix)\(name)[=\(value)]"
      case .digits(let value): return "\(prefix)\(name)[\(value)]"
      }
    }
    return names + OptionRow.split(row.negatedNames).map { prefix + $0 }
  }
}
