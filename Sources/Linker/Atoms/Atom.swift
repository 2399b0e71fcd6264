import ELFFormat
import Platform

/// A piece of input that has a place in the output: one section of one object. 64 bytes, one line of
/// the cache: passes come by atoms in the order of references, where each line is a wait. So an atom
/// leads to its bytes and relocations without the section headers of its file, which were checked
/// when it was made.
struct Atom: BitwiseCopyable {
  /// Offset in its output section; after layout, its address (for sections without one, still the
  /// offset).
  var address: UInt64
  /// Bytes.
  var size: UInt64
  /// What it holds, expanded if it was compressed: `size` bytes, unless its kind has none.
  var start: UnsafePointer<UInt8>
  /// Records with addends, `relocations` of them, decoded if the file has them in another form; nil
  /// if it has no section of relocations.
  var relocationStart: UnsafePointer<UInt8>?
  var file: FileIndex
  /// Index of the section header in the file.
  var section: UInt32
  /// The number of its relocations; for an atom of an image, the first of them.
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
  /// For merged sections: index in the link's list of merge inputs. For synthetic ones: owner's
  /// business.
  var side: UInt32

  @inline(__always) var has: AtomFlags { AtomFlags(rawValue: flags) }

  /// The bytes of an atom that has some: not of kind `.zeroFill` or `.synthetic`.
  @inline(__always) var contents: ByteString { ByteString(start: start, count: Int(size)) }
  @inline(__always) var relocationList: (start: UnsafePointer<UInt8>, count: Int) {
    guard let relocationStart else { return (start, 0) }
    return (relocationStart, Int(relocations))
  }

  /// No bytes, no place, nobody's.
  static var blank: Atom {
    var atom = Atom(ownSize: 0, output: .none, flags: 0, alignment: 0, kind: .regular)
    atom.relocations = .max
    atom.side = .max
    return atom
  }
}

extension Atom {
  /// An atom of the linker's own file.
  init(
    ownSize size: UInt64, output: OutputIndex, flags: AtomFlags.RawValue, alignment: UInt8,
    kind: AtomKind, part: UInt16 = 0, side: UInt32 = 0
  ) {
    self.init(
      address: 0, size: size, start: ByteString("").start, relocationStart: nil,
      file: FileIndex(raw: 0), section: 0, relocations: 0, output: output, frames: .none,
      flags: flags, alignment: alignment, kind: kind, part: part, side: side)
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
  /// Its frame descriptions refer to more than to it: to a personality, or exception tables.
  static let hasFrameReferences = AtomFlags(rawValue: 32)
  /// With garbage collection: it has relocations that the scan has to look at.
  static let isLeftToScan = AtomFlags(rawValue: 64)
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
