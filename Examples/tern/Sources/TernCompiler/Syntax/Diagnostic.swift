/// An error in a source, at a place.
public struct Diagnostic: Hashable, Sendable {
  public var position: SourcePosition
  public var message: String
}

/// A source file, for messages and the debugger.
public struct SourceFile: Sendable {
  public var path: String
  public var bytes: [UInt8]
  public init(path: String, bytes: [UInt8]) {
    self.path = path
    self.bytes = bytes
  }

  /// `path:line:column: error: message`, the line, and a caret below the place.
  public func rendered(_ diagnostic: Diagnostic) -> String {
    let position = diagnostic.position
    let lines = bytes.split(separator: UInt8(ascii: "\n"), omittingEmptySubsequences: false)
    let line = position.line <= lines.count ? Array(lines[position.line - 1]) : []
    // A tab before the place is repeated, so that the caret stands where the terminal puts it.
    let margin = line.prefix(position.column - 1).map { $0 == 9 ? UInt8(9) : 32 }
    return "\(path):\(position.line):\(position.column): error: \(diagnostic.message)\n"
      + "  \(String(decoding: line, as: UTF8.self))\n"
      + "  \(String(decoding: margin, as: UTF8.self))^"
  }
}

/// The errors of a compilation, all of them; those of one place once.
public struct CompileErrors: Error, Sendable {
  public var diagnostics: [Diagnostic]

  init(_ all: [Diagnostic]) {
    var places: Set<SourcePosition> = []
    diagnostics = all.sorted { $0.position < $1.position }
      .filter { places.insert($0.position).inserted }
  }
}
