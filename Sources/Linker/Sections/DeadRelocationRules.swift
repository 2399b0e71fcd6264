import Platform
import ScriptParsing

/// What `-z dead-reloc-in-nonalloc=SECTIONS=VALUE` asks for; the last rule that takes a section counts.
struct DeadRelocationRules {
  private struct Rule {
    /// Its place on the command line.
    var order: Int
    var value: UInt64
  }

  /// Rules that name a section; tools may write many.
  private var exact: [ByteString: Rule] = [:]
  /// The others, the last first.
  private var globs: [(glob: Glob, rule: Rule)] = []

  init(_ rules: [(sections: String, value: UInt64)]) {
    for (order, rule) in rules.enumerated() {
      let name = ByteString(copying: rule.sections)
      let rule = Rule(order: order, value: rule.value)
      if rules[order].sections.utf8.contains(where: Self.isMeta) {
        globs.append((Glob(name), rule))
      } else {
        exact[name] = rule
      }
    }
    globs.reverse()
  }

  private static func isMeta(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "*") || byte == UInt8(ascii: "?") || byte == UInt8(ascii: "[")
      || byte == UInt8(ascii: "\\")
  }

  /// The value for a section; nil if no rule takes it.
  func value(for section: ByteString) -> UInt64? {
    let named = exact.isEmpty ? nil : exact[section]
    for (glob, rule) in globs {
      if let named, named.order > rule.order { break }
      if glob.matches(section) { return rule.value }
    }
    return named?.value
  }
}
