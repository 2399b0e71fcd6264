import ELFFormat
import Platform

/// Whether sections lie where the format, the loader and the arithmetic of later passes can have them.
///
/// Where a section lies follows from its input's sizes, and from the addresses that options and scripts
/// name, which can be any numbers.
struct LayoutBounds {
  /// What is wrong, in words; the first of it.
  var problem: String?

  /// The first byte behind what lies before the next section.
  private var end: UInt64
  private let page: UInt64
  private let isRelocated: Bool
  private var lowest: UInt64
  private var highest: UInt64
  private var relroEnd: UInt64?

  /// - Parameters:
  ///   - page: a power of two.
  ///   - isRelocated: whether the loader chooses where the whole lies.
  init(base: UInt64, headersSize: UInt64, page: UInt64, isRelocated: Bool) {
    self.page = page
    self.isRelocated = isRelocated
    lowest = base
    highest = base
    let (end, isTooLong) = base.addingReportingOverflow(headersSize)
    self.end = end
    if isTooLong {
      problem =
        "the file's headers at \(Self.hex(base)) do not fit in the address space; give a lower image"
        + " base"
    }
  }

  /// - Parameters:
  ///   - section: with its address, in the order of layout.
  ///   - start: where an option says that it lies.
  ///   - tls: where the thread-local segment begins, if it does.
  mutating func add(_ section: OutputSection, start: UInt64?, isRelro: Bool, tls: UInt64?) {
    if problem != nil { return }
    let (end, isTooLong) = section.address.addingReportingOverflow(section.size)
    let least = start ?? self.end
    let isLower = section.address < least
    // Sections that nothing may follow on end within a page.
    let isAtEnd = end > 0 &- page
    if isTooLong || isLower || isAtEnd {
      problem =
        "section \(section.name) at \(Self.hex(isLower ? least : section.address)) does not fit in"
        + " the address space; give lower addresses (--image-base, -Ttext, --section-start)"
      return
    }
    let isThreadZero =
      section.type == SectionType.nobits.rawValue && section.has.contains(.threadLocal)
    if section.has.contains(.threadLocal), let tls, section.address < tls {
      problem =
        "thread-local section \(section.name) at \(Self.hex(section.address)) lies before the first of"
        + " them, at \(Self.hex(tls)); --section-start has to keep their order"
      return
    }
    if isRelro {
      if start != nil, let relroEnd,
        section.address < relroEnd || section.address & ~(page - 1) > alignUp(relroEnd, page)
      {
        problem =
          "section \(section.name) at \(Self.hex(section.address)) does not follow on the other"
          + " sections that become read-only after relocation, which end at \(Self.hex(relroEnd));"
          + " leave --section-start out, or link with -z norelro"
        return
      }
      relroEnd = isThreadZero ? relroEnd ?? section.address : end
    }
    if !isThreadZero { self.end = end }
    lowest = min(lowest, section.address)
    highest = max(highest, end)
  }

  /// What can be said when all sections are known.
  mutating func finish() {
    if problem != nil || !isRelocated || highest - lowest <= 1 << 47 { return }
    problem =
      "the sections lie between \(Self.hex(lowest)) and \(Self.hex(highest)), further apart than a"
      + " process has addresses; change --image-base or --section-start, or link with -no-pie"
  }

  private static func hex(_ value: UInt64) -> String { "0x\(String(value, radix: 16))" }
}
