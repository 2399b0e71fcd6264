/// A part of an output that findings are about, as `--ignore` names it.
public enum Aspect: String, CaseIterable, Sendable {
  case header, segments, sections, symbols, bytes, dynamic, exports, relocations, versions, hash
  case unwind, notes, tls, debug
}

/// One thing that is wrong with a file, or different between two.
public struct Finding: Sendable, Equatable, CustomStringConvertible {
  public var aspect: Aspect
  /// What it is about: a symbol, a section, a tag.
  public var subject: String
  public var detail: String

  public init(_ aspect: Aspect, _ subject: String, _ detail: String) {
    self.aspect = aspect
    self.subject = subject
    self.detail = detail
  }

  public var description: String { "\(aspect.rawValue): \(subject): \(detail)" }
}

/// Gathers findings; beyond `limitPerAspect` only their number is kept, so that a hostile file
/// cannot fill memory with reports.
public struct Findings: Sendable {
  public private(set) var list: [Finding] = []
  /// How many findings of each aspect were dropped.
  public private(set) var dropped: [Aspect: Int] = [:]
  public var ignored: Set<Aspect>
  public var limitPerAspect: Int
  private var counts: [Aspect: Int] = [:]

  public init(ignoring ignored: Set<Aspect> = [], limitPerAspect: Int = 200) {
    self.ignored = ignored
    self.limitPerAspect = limitPerAspect
  }

  public var isEmpty: Bool { list.isEmpty }
  public var total: Int { list.count + dropped.values.reduce(0, +) }

  mutating func add(
    _ aspect: Aspect, _ subject: @autoclosure () -> String, _ detail: @autoclosure () -> String
  ) {
    if ignored.contains(aspect) { return }
    let count = counts[aspect, default: 0]
    counts[aspect] = count + 1
    if count >= limitPerAspect {
      dropped[aspect, default: 0] += 1
    } else {
      list.append(Finding(aspect, subject(), detail()))
    }
  }
}
