import ELFFormat
import Platform

/// The result of a link of an image's other inputs: a whole program without the code module's bytes,
/// and what it takes to add them.
struct ForeignImage: Sendable {
  /// The file. What the code module adds goes behind its end; section headers, which come last,
  /// may be overwritten. Pointers into it are good for as long as this object is held.
  var bytes: OutputBytes
  var entry: UInt64
  /// As the file has them. Where there is a PT_PHDR, it is the first, and its size follows from
  /// their number.
  var programHeaders: [ForeignSegment]
  /// Program headers that fit between the file header and the first section.
  var programHeaderRoom: Int
  /// Section headers; the first is null.
  var sections: [ForeignSection]
  /// `.symtab` but for its null entry, without the code module's exports; its imports that libraries
  /// define are there, as undefined symbols. Locals come first.
  var symbols: [ForeignSymbol]
  var localSymbolCount: Int
  /// What became of each import of the request.
  var imports: [ForeignImportResult]
  /// What became of each export of the request.
  var exports: [ForeignExportResult]
  /// Where the names asked for lie; nil for what nothing defines or only the loader knows.
  var wantedAddresses: [UInt64?]
  /// The room for the module's thread-local variables.
  var threadLocalRoom: ForeignRoom?
  /// The program's thread-local block: nil if it has none.
  var threadLocalBlock: ForeignThreadLocalBlock?
  /// The slots.
  var slotRoom: ForeignRoom?
  /// What the link warns of, a message each.
  var warnings: [String]
}

/// A place in the image and in its file.
struct ForeignRoom: Hashable, Sendable {
  var address: UInt64
  var fileOffset: UInt64
  /// Bytes.
  var size: UInt64
}

struct ForeignThreadLocalBlock: Hashable, Sendable {
  var address: UInt64
  /// Bytes in memory.
  var size: UInt64
  /// In bytes.
  var alignment: UInt64
}

struct ForeignSegment: Sendable {
  var type: SegmentType
  var flags: SegmentFlags
  var fileOffset: UInt64
  var address: UInt64
  /// Bytes.
  var fileSize: UInt64
  var memorySize: UInt64
  /// In bytes.
  var alignment: UInt64
}

struct ForeignSection: Sendable {
  var name: String
  var type: SectionType
  var flags: SectionFlags
  var address: UInt64
  var fileOffset: UInt64
  /// Bytes.
  var size: UInt64
  var link: UInt32
  var info: UInt32
  /// In bytes; 0 and 1 mean none.
  var alignment: UInt64
  /// Bytes of an entry, for tables.
  var entrySize: UInt64
}

struct ForeignSymbol: Sendable {
  /// Points into `ForeignImage.bytes`.
  var name: ByteString
  var type: SymbolType
  var binding: SymbolBinding
  /// st_other.
  var other: UInt8
  /// Index in `ForeignImage.sections`; `absoluteSection` for a plain number, 0 for undefined.
  var section: UInt32
  /// An address; of a thread-local variable, the offset in the block.
  var value: UInt64
  /// Bytes.
  var size: UInt64

  static let absoluteSection = UInt32.max
}

/// What became of an import.
enum ForeignImportResult: Hashable, Sendable {
  /// Its address, or of a thread-local variable what to add to the thread pointer, is this in every
  /// run; a slot in the file holds it.
  case fixed(UInt64)
  /// The loader finds it in a shared library and fills the slot.
  case loaded
  /// It is weak, and nothing defines it.
  case absent
}

/// What became of an export.
struct ForeignExportResult: Hashable, Sendable {
  /// Some other input refers to the name.
  var isReferenced: Bool
  /// The export is weak, and a definition of another input, at this address, is in force.
  var overriddenBy: UInt64?
}
