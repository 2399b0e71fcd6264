import ELFFormat
import Platform

/// Frame descriptions (`.eh_frame`): how to unwind the stack from each function.
///
/// A section is a row of records: CIEs, which hold what many functions have in common, and FDEs, one
/// for each function. An FDE belongs to the code that its first field names: garbage collection and
/// the elections of groups keep or drop it together with that. So sections are taken apart into
/// records (`readFrames`), FDEs are chained to their functions, those whose function stays are laid
/// out anew with one copy of each CIE (`layoutFrames`), and the index for searching is made from
/// their relocations, without looking at the output again (`writeFrameHeader`).
///
/// Source: LSB Core, "Exception Frames"; DWARF 5, section 6.4.1.

/// A record of a live file's frame descriptions. 40 bytes.
struct Frame: BitwiseCopyable {
  /// The section that it is in, of kind `.frames`.
  var atom: AtomIndex
  /// Where the record is in the section, its length field included; bytes.
  var offset: UInt32
  /// For the start of a section: how many records follow.
  var size: UInt32
  /// Its relocations among those of `atom`; the first one of an FDE with a function is that of
  /// the function's address.
  var firstRelocation: UInt32
  var relocationCount: UInt32
  /// The record's CIE. For a CIE: itself, or the equal one that is written in its place.
  var cie: FrameIndex
  /// The section of an FDE's function; `.none` for records that aren't written.
  var function: AtomIndex
  /// The next FDE of the same section of functions. While CIEs are compared: the next CIE with the
  /// same hash.
  var next: FrameIndex
  /// Offset in the output, for records that are written.
  var output: UInt32
  var flags: FrameFlags.RawValue

  @inline(__always) var has: FrameFlags { FrameFlags(rawValue: flags) }
  /// Bytes before the second field, which leads to the CIE.
  @inline(__always) var idOffset: UInt32 { has.contains(.isExtended) ? 12 : 4 }
  /// Where an FDE has the address of its function.
  @inline(__always) var addressOffset: UInt32 { idOffset &+ 4 }
}

struct FrameFlags: OptionSet, Sendable {
  let rawValue: UInt32
  @inline(__always) init(rawValue: UInt32) { self.rawValue = rawValue }
  static let isCIE = FrameFlags(rawValue: 1)
  /// Its length takes 12 bytes instead of 4.
  static let isExtended = FrameFlags(rawValue: 2)
  /// Stands for the start of its section, not for a record: even an empty section has a place,
  /// which the start-up files' symbols name.
  static let isStart = FrameFlags(rawValue: 4)
  /// An FDE that is written, or a CIE that such an FDE uses.
  static let isKept = FrameFlags(rawValue: 8)
}

/// The `.eh_frame` section of the output.
struct FrameSection {
  /// A part of the section that is written at once; bytes.
  struct Chunk: BitwiseCopyable {
    var offset: Int
    var size: Int
    /// Its records among `order`.
    var firstRecord: Int
    var recordCount: Int
  }

  /// Bytes, with the terminator; 0 if no input has frame descriptions.
  var size = 0
  /// FDEs.
  var count = 0
  /// Bytes of `.eh_frame_hdr` with an entry for each FDE.
  var headerSize = 12
  var chunks: [Chunk] = []
  /// Records in the order of the output.
  var order = ReservedFrames.none
  var orderCount = 0
  /// FDEs in the order of the output, `count` of them.
  var descriptions = ReservedFrames.none

  enum ReservedFrames {
    nonisolated(unsafe) static let none = UnsafeMutablePointer<FrameIndex>.allocate(capacity: 1)
  }
}
