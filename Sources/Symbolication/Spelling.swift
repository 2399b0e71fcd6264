import Platform

/// A defined name that somebody who wrote an undefined one may have meant.
public struct SpellingSuggestion: Sendable {
  /// How the two names are related, from the surest guess to the least sure.
  public enum Kind: Int, Sendable {
    /// The reference is to a C name, the definition is C++: it lacks `extern "C"`.
    case definitionLacksExternC
    /// The reference is to a C++ name, the definition is C: the declaration lacks `extern "C"`.
    case referenceLacksExternC
    /// The same path in Rust with another hash: of another build or version of the crate.
    case otherBuild
    /// The same qualified name with other parameters (or qualifiers, or template arguments).
    case otherParameters
    /// The same name in an enclosing or enclosed namespace or class.
    case otherScope
    /// The same name but for the case of letters.
    case otherCase
    /// A name a few letters away.
    case misspelling
  }

  public let kind: Kind
  /// The suggested name, as the symbol table has it.
  public let name: ByteString

  /// The name as messages show it. For `referenceLacksExternC`, it is the undefined name that
  /// wants showing instead: it has the parameters.
  public func text(demangling: Bool) -> String { displayName(name, demangling: demangling) }
}

/// Finds the defined name that is most like an undefined one.
///
/// Show it all defined names, in any order, by `consider(_:)`; the answer does not depend on the
/// order, so parts of a symbol table may be given to several suggesters that are then merged.
/// A name takes a few hundred nanoseconds at most: C++ names are compared by the identifiers in
/// their mangled form, others as they are.
public struct SpellingSuggester {
  private let target: ByteString
  private let scheme: ManglingScheme
  private let targetLetters: UInt64
  private let limit: Int
  private let targetName: ItaniumName
  private let isTargetParsed: Bool
  private var candidateName = ItaniumName()
  private var best: SpellingSuggestion?
  private var bestRank = Int.max

  /// - Parameter undefined: The name to find another for; a version (`@V`) is ignored.
  public init(undefined: ByteString) {
    target = Self.withoutVersion(undefined)
    scheme = manglingScheme(of: target)
    targetLetters = letters(target)
    var name = ItaniumName()
    isTargetParsed = scheme == .itanium && name.parse(target)
    // What is spelt: the identifiers, of a C++ name.
    let length = isTargetParsed ? name.components.reduce(0) { $0 + $1.count } : target.count
    limit = min(3, length / 3)
    targetName = name
  }

  /// The best of the names considered so far; nil where none is close enough.
  public var suggestion: SpellingSuggestion? { best }

  /// Takes a defined name into account.
  public mutating func consider(_ candidate: ByteString) {
    guard candidate.count > 1, candidate.count <= Self.longestName,
      target.count <= Self.longestName, candidate[0] != UInt8(ascii: ".")
    else { return }
    let isCandidateMangled = candidate.hasPrefix("_Z")
    if isTargetParsed {
      if isCandidateMangled {
        considerMangled(candidate)
      } else if isUnscoped(targetName), candidate == targetName.components[0] {
        offer(candidate, .referenceLacksExternC)
      }
      return
    }
    if isCandidateMangled {
      if scheme == .none { considerDefinitionInCxx(candidate) }
      return
    }
    guard abs(candidate.count - target.count) <= limit,
      (letters(candidate) ^ targetLetters).nonzeroBitCount <= 2 * limit,
      manglingScheme(of: candidate) == scheme
    else { return }
    if equalIgnoringCase(candidate, target) {
      if candidate != target { offer(candidate, .otherCase) }
      return
    }
    let distance = editDistance(target, candidate, limit: limit)
    if distance <= limit { offer(candidate, .misspelling, distance: distance) }
  }

  /// Takes what another suggester for the same name has found into account.
  public mutating func merge(_ other: SpellingSuggester) {
    if let found = other.best { offer(found, rank: other.bestRank) }
  }

  // MARK: Mangled names

  /// Longer names are neither suggested nor corrected; comparing them takes too long.
  private static var longestName: Int { 4096 }

  private static func withoutVersion(_ name: ByteString) -> ByteString {
    guard let at = name.firstIndex(of: UInt8(ascii: "@")), at > 0 else { return name }
    return name[0..<at]
  }

  private func isUnscoped(_ name: ItaniumName) -> Bool {
    name.components.count == 1 && name.special.isEmpty && !name.hasRustHash
  }

  private mutating func considerDefinitionInCxx(_ candidate: ByteString) {
    // `_Z3foov` for `foo`: look at the length alone before anything else.
    guard candidate.count > target.count + 2, candidate[2] != UInt8(ascii: "N"),
      candidateName.parse(candidate), isUnscoped(candidateName),
      candidateName.components[0] == target
    else { return }
    offer(candidate, .definitionLacksExternC)
  }

  private mutating func considerMangled(_ candidate: ByteString) {
    guard candidateName.parse(candidate), candidateName.special == targetName.special else {
      return
    }
    guard candidateName.components.count == targetName.components.count else {
      return considerOtherScope(candidate)
    }
    var distance = 0
    var differsInCase = false
    for i in 0..<targetName.components.count {
      let a = targetName.components[i]
      let b = candidateName.components[i]
      if a == b { continue }
      // Codes of operators and abbreviations are not spelt; short names have too many neighbours.
      if equalIgnoringCase(a, b), a.count > 2 {
        differsInCase = true
        continue
      }
      let most = min(limit - distance, max(a.count, b.count) / 3)
      guard most > 0, abs(a.count - b.count) <= most,
        (letters(a) ^ letters(b)).nonzeroBitCount <= 2 * most
      else { return }
      let edits = editDistance(a, b, limit: most)
      guard edits <= most else { return }
      distance += edits
    }
    let hasSameTail = candidateName.tail == targetName.tail
    if distance > 0 {
      offer(candidate, .misspelling, distance: distance, hasSameTail: hasSameTail)
    } else if differsInCase {
      offer(candidate, .otherCase, hasSameTail: hasSameTail)
    } else if candidateName.hasRustHash, targetName.hasRustHash {
      if candidate != target { offer(candidate, .otherBuild) }
    } else if candidate != target, !isOtherVariant(candidate, hasSameTail) {
      offer(candidate, .otherParameters)
    }
  }

  /// Whether `candidate` is the other object constructor or destructor of the same declaration,
  /// which demangles to the same text.
  private func isOtherVariant(_ candidate: ByteString, _ hasSameTail: Bool) -> Bool {
    guard hasSameTail, candidate.count == target.count, let last = targetName.components.last
    else { return false }
    return last == "C" || last == "D"
  }

  /// `foo(int)` for `ns::foo(int)`, and the reverse.
  private mutating func considerOtherScope(_ candidate: ByteString) {
    let a = targetName.components
    let b = candidateName.components
    guard candidateName.tail == targetName.tail, a.last == b.last, a.last!.count >= 3,
      !candidateName.hasRustHash
    else { return }
    for i in 2..<max(min(a.count, b.count) + 1, 2) where a[a.count - i] != b[b.count - i] {
      return
    }
    offer(candidate, .otherScope, distance: abs(a.count - b.count))
  }

  // MARK: Ranking

  private mutating func offer(
    _ name: ByteString, _ kind: SpellingSuggestion.Kind, distance: Int = 0, hasSameTail: Bool = true
  ) {
    let rank = kind.rawValue << 16 + distance << 1 + (hasSameTail ? 0 : 1)
    offer(SpellingSuggestion(kind: kind, name: name), rank: rank)
  }

  private mutating func offer(_ suggestion: SpellingSuggestion, rank: Int) {
    // Of equals, the first by name: the order of the symbol table may depend on threads.
    if rank < bestRank || (rank == bestRank && suggestion.name < best!.name) {
      best = suggestion
      bestRank = rank
    }
  }
}
