import ELFFormat
import Platform

/// The dynamic symbol table, `.dynsym`, and its names, `.dynstr`.
///
/// Order: the null symbol, then references (they cannot be found, and `.gnu.hash` leaves them out),
/// then what can be found, sorted by the hash table's bucket; among equals by symbol index, so that
/// the order doesn't depend on timing.
///
/// Libraries export hundreds of thousands of symbols. So each step is linear, walks the symbol table
/// in its own order (only the final place of an entry is random), and reads every name once, for the
/// hash; symbols need no `SymbolExtra` for this, as their places are in a flat side table.
struct DynamicSymbolTable: @unchecked Sendable {
  /// A symbol of the table, in the order of the link's symbols within its group. Its name is the
  /// record of `namePieces` with the same number.
  struct Entry: BitwiseCopyable {
    var symbol: SymbolIndex
    /// The hash of `.gnu.hash`.
    var hash: UInt32
    /// Place in `.dynsym`; while entries are sorted, the bucket.
    var index: UInt32
  }

  /// `.dynstr`; also has the names of libraries and versions.
  var names = StringTableBuilder()
  /// For each symbol of the link its place in `.dynsym`; 0 for those that aren't there.
  let indices = ReservedTable<UInt32>(capacity: 1 << 27, of: "dynamic symbols")
  /// References, then library symbols that this output stands in for, then own definitions.
  var entries = allocateForever(Entry.self, count: 1)
  /// Offset in `.dynstr`, and the bytes of the name; none for a name that another record has, which
  /// is how `foo@V` is named.
  var namePieces = allocateForever(StringTableBuilder.Piece.self, count: 1)
  var entryCount = 0
  var referenceCount = 0
  /// Entries from here on are defined by objects or the linker.
  var firstOwn = 0
  /// Hashes of the symbols that can be found, in the order of `.dynsym`.
  var hashes = allocateForever(UInt32.self, count: 1)
  /// Where each bucket of `.gnu.hash` ends, counted from the first symbol that can be found.
  var bucketEnds: UnsafeMutablePointer<UInt32> = allocateZeroed(count: 1)
  var shape = GNUHashShape(count: 0, wordSize: 8)

  /// Symbols, the null symbol included.
  var count: Int { entryCount + 1 }
  /// Index of the first symbol that can be found.
  var firstHashed: Int { referenceCount + 1 }

  /// Bytes of `.dynsym`.
  func size<E: ELFEncoding>(_: E.Type) -> Int { count * SymbolEntry<E>.size }

  /// Place of a symbol in `.dynsym`, 0 if it isn't there.
  @inline(__always)
  func index(of symbol: SymbolIndex) -> UInt32 { indices.base[symbol.int] }

  enum Group {
    static let none = -1
    static let reference = 0
    /// A copied variable, or a function whose address is its PLT entry here.
    static let standIn = 1
    static let own = 2
  }

  @inline(__always)
  static func group(of has: SymbolFlags) -> Int {
    let interesting: SymbolFlags = [.isImported, .isExported, .isShared]
    if has.isDisjoint(with: interesting) { return Group.none }
    if has.contains(.isShared) {
      let standsIn: SymbolFlags = [.needsCopy, .needsCanonicalPLT, .isExported]
      if !has.isDisjoint(with: standsIn) { return Group.standIn }
    } else if has.contains(.isExported) {
      return Group.own
    }
    return has.contains(.isImported) ? Group.reference : Group.none
  }

  /// Marks a name that has a version and whose place is found when all others are.
  static let versioned = UInt32.max

  /// What a chunk of the link's symbols has of a group: first counts, then the numbers before it.
  struct Share: BitwiseCopyable {
    var entries = 0
    var nameBytes = 0
  }
}
