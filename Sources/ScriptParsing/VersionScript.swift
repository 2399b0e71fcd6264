import Platform

/// A symbol name or a glob, of a version script, a dynamic list or a list of symbols.
public struct Pattern: Sendable, Equatable {
  public enum Language: UInt8, Sendable {
    /// Matches the symbol's name as it is in the symbol table.
    case c
    /// Matches the demangled name.
    case cxx
  }

  /// Without the quotes, if it had any.
  public var text: ByteString
  public var language: Language
  /// Quoted, or without `*`, `?`, `[` and `\`: `text` is compared, not matched.
  public var isExact: Bool
  /// 1-based.
  public var line: UInt32

  public init(text: ByteString, language: Language = .c, isExact: Bool, line: UInt32 = 0) {
    self.text = text
    self.language = language
    self.isExact = isExact
    self.line = line
  }

  /// An unquoted pattern: exact unless a metacharacter is in it.
  public init(unquoted text: ByteString, language: Language = .c, line: UInt32 = 0) {
    self.init(
      text: text, language: language, isExact: !Glob.hasMetacharacter(text), line: line)
  }
}

/// A version script: which symbols are exported under which version, and which are not.
///
/// See "VERSION Command" in the GNU ld manual. Names point into the text that was parsed, which
/// must outlive the script.
public struct VersionScript: Sendable {
  public enum Scope: Sendable { case global, local }

  public struct Node: Sendable {
    /// Empty for the anonymous node, which is then the only one.
    public var name: ByteString
    /// The versions that this one depends on, as written after the closing brace.
    public var parents: [ByteString]
    public var globals: [Pattern]
    public var locals: [Pattern]
    /// 1-based.
    public var line: UInt32
  }

  /// In the order of the text.
  public internal(set) var nodes: [Node] = []

  /// Parses a version script.
  ///
  /// Tolerates what GNU ld or other linkers do: `global:` and `local:` in any order and number, a
  /// missing semicolon after the last pattern of an `extern` block, any bytes in names that the
  /// grammar doesn't use.
  ///
  /// - Throws: `ScriptError` for malformed text, a version named twice, and an anonymous node next
  ///   to another.
  public static func parse(_ bytes: UnsafeRawBufferPointer) throws(ScriptError) -> VersionScript {
    var parser = VersionScriptParser(scanner: try ScriptScanner(bytes))
    return try parser.parseNodes(isBlock: false)
  }

  /// The first parent that neither an earlier node of this script nor `earlier` scripts name;
  /// GNU ld refuses such a script.
  public func undefinedParent(
    after earlier: [VersionScript] = []
  ) -> (node: Node, parent: ByteString)? {
    var known = Set<ByteString>()
    for script in earlier {
      for node in script.nodes { known.insert(node.name) }
    }
    for node in nodes {
      for parent in node.parents where !known.contains(parent) { return (node, parent) }
      known.insert(node.name)
    }
    return nil
  }

  /// What a ``PatternMatcher`` needs to find the node of a name.
  ///
  /// - Parameter payload: makes the number that a match returns, from a node's index in `nodes`
  ///   and the scope.
  public func matcherEntries(
    payload: (_ node: Int, _ scope: Scope) -> UInt32
  ) -> [PatternMatcher.Entry] {
    var entries: [PatternMatcher.Entry] = []
    entries.reserveCapacity(nodes.reduce(0) { $0 + $1.globals.count + $1.locals.count })
    for (index, node) in nodes.enumerated() {
      let global = payload(index, .global)
      for pattern in node.globals { entries.append(.init(pattern, payload: global)) }
      let local = payload(index, .local)
      for pattern in node.locals { entries.append(.init(pattern, payload: local, isLocal: true)) }
    }
    return entries
  }
}
