import Platform

/// The file of `--dynamic-list` and `--export-dynamic-symbol-list`: patterns in braces, as a node
/// of a version script without a name and labels.
public enum DynamicList {
  /// Parses `{ name; glob*; extern "C++" { … }; };`, once or several times.
  ///
  /// - Throws: `ScriptError` for malformed text.
  public static func parse(_ bytes: UnsafeRawBufferPointer) throws(ScriptError) -> [Pattern] {
    var parser = VersionScriptParser(scanner: try ScriptScanner(bytes))
    return try parser.parseLists()
  }
}

/// Names or globs, one on a line: the file of `--retain-symbols-file`, of symbol orderings and of
/// similar options.
public enum SymbolList {
  /// Every line without the blanks at its ends; empty lines and those that begin with `#` are left
  /// out. Nothing is malformed, so nothing is thrown.
  public static func parse(_ bytes: UnsafeRawBufferPointer) -> [Pattern] {
    let text = ByteString(bytes)
    var patterns: [Pattern] = []
    var start = 0
    var line: UInt32 = 1
    while start < text.count {
      var end = start + (text.dropFirst(start).firstIndex(of: UInt8(ascii: "\n")) ?? text.count)
      end = min(end, text.count)
      var entry = text[start..<end]
      while !entry.isEmpty, isBlank(entry[0]) { entry = entry.dropFirst(1) }
      while !entry.isEmpty, isBlank(entry[entry.count - 1]) { entry = entry[0..<entry.count - 1] }
      if !entry.isEmpty, entry[0] != UInt8(ascii: "#") {
        patterns.append(Pattern(unquoted: entry, line: line))
      }
      start = end + 1
      line &+= 1
    }
    return patterns
  }

  private static func isBlank(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: " ") || (byte >= 0x09 && byte <= 0x0D)
  }
}
