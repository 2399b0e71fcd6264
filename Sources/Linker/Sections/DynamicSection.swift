import ELFFormat
import Platform

/// The dynamic section: what the dynamic linker has to know of the output.
///
/// The entries are listed before layout, because their number decides the section's size; their
/// values are looked up when the section is written. An entry about a section that turned out to be
/// empty is left out then, and DT_NULL fills up. Source: gABI, "Dynamic Section".
struct DynamicSection: Sendable {
  enum Value: Sendable {
    case number(UInt64)
    case address(OutputIndex)
    case size(OutputIndex)
    /// Where `.dynstr` is; it is complete, and so made, only when all entries are listed.
    case namesAddress
    case namesSize
    case symbol(SymbolIndex)
    /// How many relative relocations come first.
    case relativeCount
  }

  struct Entry: Sendable {
    var tag: UInt64
    var value: Value
    /// Left out if this section is empty.
    var section = OutputIndex.none
  }

  /// Without the DT_NULL at the end.
  var entries: [Entry] = []
  /// Entries that are left free for tools, behind the DT_NULL: they are DT_NULL, too.
  var spareCount = 0

  /// Bytes of `.dynamic`.
  func size<E: ELFEncoding>(_: E.Type) -> Int { (entries.count + 1 + spareCount) * 2 * E.wordSize }
}
