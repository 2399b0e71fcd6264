import ELFFormat

/// A piece of input that has a place in the output: one section of one object. 48 bytes.
struct Atom: BitwiseCopyable {
  /// Offset in its output section; after layout, its address (for sections without one, still the
  /// offset).
  var address: UInt64
  /// Bytes.
  var size: UInt64
  var file: FileIndex
  /// Index of the section header in the file.
  var section: UInt32
  /// Index of the header of its relocations in the file, 0 for none; with `decodedRelocations` in
  /// `flags`, an index into the link's decoded relocation lists.
  var relocations: UInt32
  var output: OutputIndex
  /// First frame description of its functions; the others follow by `Frame.next`.
  var frames: FrameIndex
  /// `AtomFlags`; `isLive` is set atomically.
  var flags: AtomFlags.RawValue
  /// log2 of the alignment in bytes.
  var alignment: UInt8
  var kind: AtomKind
  /// Where in the output section: lower parts come first.
  var part: UInt16
  /// For merged sections: index in the link's list of merge inputs. For compressed ones: index in
  /// the list of expanded contents. For synthetic ones: owner's business.
  var side: UInt32

  @inline(__always) var has: AtomFlags { AtomFlags(rawValue: flags) }

  /// No bytes, no place, nobody's.
  static var blank: Atom {
    Atom(
      address: 0, size: 0, file: FileIndex(raw: 0), section: 0, relocations: .max, output: .none,
      frames: .none, flags: 0, alignment: 0, kind: .regular, part: 0, side: .max)
  }
}

enum AtomKind: UInt8, BitwiseCopyable {
  /// Bytes copied and relocated as one.
  case regular
  /// No bytes in the file.
  case zeroFill
  /// Strings or constants that are merged; its pieces have addresses of their own.
  case merged
  /// Frame descriptions, taken apart and written anew.
  case frames
  /// Made by the linker: commons, copies of library variables.
  case synthetic
}

struct AtomFlags: OptionSet, Sendable {
  let rawValue: UInt32
  @inline(__always) init(rawValue: UInt32) { self.rawValue = rawValue }
  static let isLive = AtomFlags(rawValue: 1)
  static let isAlloc = AtomFlags(rawValue: 2)
  static let isWritable = AtomFlags(rawValue: 4)
  static let isExecutable = AtomFlags(rawValue: 8)
  static let isThreadLocal = AtomFlags(rawValue: 16)
  static let isCompressed = AtomFlags(rawValue: 32)
  static let decodedRelocations = AtomFlags(rawValue: 64)
  /// Garbage collection starts here.
  static let isRoot = AtomFlags(rawValue: 128)
  /// SHF_LINK_ORDER: placed in the order of the sections it is linked to.
  static let isLinkOrdered = AtomFlags(rawValue: 256)
  /// Its name is a C identifier: `__start_` and `__stop_` may bound it.
  static let isNamedForC = AtomFlags(rawValue: 512)
  static let isInGroup = AtomFlags(rawValue: 1024)
  static let isStrings = AtomFlags(rawValue: 2048)
  /// SHF_X86_64_LARGE.
  static let isLarge = AtomFlags(rawValue: 4096)
  /// All pieces of a merged section are kept, because something refers to it as a whole.
  static let keepsAllPieces = AtomFlags(rawValue: 16384)
  /// Others live if it does: `FollowerTable`.
  static let hasFollowers = AtomFlags(rawValue: 32768)
  /// Words are written from last to first: `.ctors` in `.init_array`.
  static let isReversed = AtomFlags(rawValue: 8192)
}
