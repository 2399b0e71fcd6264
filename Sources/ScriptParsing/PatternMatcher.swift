import Platform

/// Finds what a list of patterns says about a name.
///
/// If several patterns match, the winner is, in this order:
/// 1. an exact pattern, the first of them;
/// 2. a glob other than `*` among the global ones, the last of them;
/// 3. a glob other than `*` among the local ones, the last of them;
/// 4. a global `*`, the last of them;
/// 5. a local `*`, the last of them.
///
/// The GNU ld manual says only that an exact name beats a glob and that `local: *` is meant to
/// catch the rest; the order above is what GNU ld 2.40 was observed to do. Other linkers differ in
/// 2 and 3, where they take the last matching glob whichever scope it is in. The language of a
/// pattern doesn't matter to the order.
///
/// Exact patterns are in a hash table; globs are tried only if the name has their literal beginning
/// or end (``AffixIndex``). Lookups take no locks and allocate nothing.
///
/// `@unchecked Sendable`: all memory is written in `init`, only read afterwards, and freed when
/// nobody refers to the matcher any more.
public final class PatternMatcher: @unchecked Sendable {
  public struct Entry: Sendable {
    public var pattern: Pattern
    /// What a match returns.
    public var payload: UInt32
    public var isLocal: Bool

    public init(_ pattern: Pattern, payload: UInt32, isLocal: Bool = false) {
      self.pattern = pattern
      self.payload = payload
      self.isLocal = isLocal
    }
  }

  /// An exact pattern that an earlier one with another payload makes void: indices of entries.
  public struct Conflict: Sendable, Equatable {
    public var kept: Int
    public var dropped: Int
  }

  private let names: PatternTable
  private let demangledNames: PatternTable

  /// In the order of the entries; worth a warning.
  public let conflicts: [Conflict]

  /// Whether patterns were left out because too many exact names have one place in the hash table:
  /// the matcher must not be used.
  public let isFlooded: Bool

  /// Copies what it needs of the patterns' text. At most 2³¹ entries.
  ///
  /// - Parameter probeLimit: slots of the hash table that a search looks at before it gives up.
  public init(_ entries: [Entry], probeLimit: Int = Platform.probeLimit) {
    precondition(entries.count < 1 << 31, "too many patterns")
    var conflicts: [Conflict] = []
    names = PatternTable(entries, language: .c, &conflicts, probeLimit: probeLimit)
    demangledNames = PatternTable(entries, language: .cxx, &conflicts, probeLimit: probeLimit)
    conflicts.sort { $0.dropped < $1.dropped }
    self.conflicts = conflicts
    isFlooded = names.isFlooded || demangledNames.isFlooded
  }

  deinit {
    names.deallocate()
    demangledNames.deallocate()
  }

  /// Whether any pattern wants demangled names; if not, demangling can be saved.
  public var needsDemangledNames: Bool { !demangledNames.isEmpty }

  /// The payload of the pattern that decides about `name`, or nil if none matches.
  ///
  /// - Parameters:
  ///   - name: as it is in the symbol table, without a version.
  ///   - demangled: the same as C++ declares it; nil if it isn't a mangled name, in which case
  ///     `extern "C++"` patterns are matched against `name`, as GNU ld does.
  public func match(_ name: ByteString, demangled: ByteString? = nil) -> UInt32? {
    var best: PatternTable.Match = (0, 0)
    if !names.isEmpty { best = names.best(for: name, beating: best) }
    if !demangledNames.isEmpty {
      best = demangledNames.best(for: demangled ?? name, beating: best)
    }
    return best.rank == 0 ? nil : best.payload
  }
}
