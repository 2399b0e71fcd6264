import Platform

/// A file or library that a linker script names.
public struct ScriptInput: Sendable, Equatable {
  public enum Kind: Sendable, Equatable {
    /// A path as written; may begin with `=` or `$SYSROOT`, which stand for the system root.
    case path
    /// What follows `-l`; with a colon in front, a file name to search for (`-l:name`).
    case library
  }

  public var kind: Kind
  public var name: ByteString
  /// Inside `AS_NEEDED`: a shared library counts only if something uses it.
  public var asNeeded: Bool
  /// 1-based.
  public var line: UInt32
}

/// `name = expression`, and its forms in `PROVIDE`, `HIDDEN` and `PROVIDE_HIDDEN`.
public struct ScriptAssignment: Sendable {
  public var name: ByteString
  /// For `name OP= x`, the expression `name OP (x)`.
  public var expression: Expression
  /// Defines the symbol only if it is referenced and nothing else defines it.
  public var isProvided: Bool
  public var isHidden: Bool
  /// 1-based.
  public var line: UInt32
}

/// One command of a linker script.
///
/// Names point into the text that was parsed, which must outlive the commands.
public enum ScriptCommand: Sendable {
  /// `INPUT(…)`, with `AS_NEEDED` flattened into the inputs' flags.
  case input([ScriptInput])
  /// `GROUP(…)`: archives that are searched until nothing new comes of it.
  case group([ScriptInput])
  case searchDirectory(ByteString)
  /// `OUTPUT_FORMAT(default)` or `OUTPUT_FORMAT(default, big, little)`: BFD names.
  case outputFormat(ByteString, big: ByteString?, little: ByteString?)
  case outputArchitecture(ByteString)
  case entry(ByteString)
  case output(ByteString)
  case target(ByteString)
  /// `EXTERN(…)`: as `-u` for each.
  case extern([ByteString])
  case assignment(ScriptAssignment)
  case assertion(Expression, message: ByteString)
  case version(VersionScript)
  case include(ByteString, line: UInt32)
}

/// The part of GNU ld's command language that text files in place of libraries use, and simple
/// scripts for `-T`.
///
/// See "Linker Scripts" in the GNU ld manual. Commands that lay out the output (`SECTIONS` and its
/// companions) are recognised and refused by name.
public enum LinkerScript {
  /// Parses a script.
  ///
  /// Commands are in the order of the text. `/* */` comments are taken anywhere, `#` comments only
  /// between commands, where GNU ld takes them too.
  ///
  /// - Throws: `ScriptError` for anything that isn't such a script.
  public static func parse(_ bytes: UnsafeRawBufferPointer) throws(ScriptError) -> [ScriptCommand] {
    var parser = LinkerScriptParser(scanner: try ScriptScanner(bytes))
    return try parser.parseCommands()
  }
}
