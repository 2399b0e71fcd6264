import ELFFormat
import Platform

/// Sections of strings and constants that may be merged (SHF_MERGE): equal pieces are kept once.
///
/// Inputs that go to the same output section and have pieces of the same kind form one
/// `MergedSection`, which has one atom of its own; the input atoms get no place in the output.
/// `MergeTable` finds the pieces and decides which are kept; here is what the rest of the link sees:
/// the pass that makes the sections, the address of a byte of an input, and the bytes to write.
///
/// Source: gABI, "Sections", SHF_MERGE and SHF_STRINGS.

/// A merged section of an input file.
struct MergeInput: BitwiseCopyable {
  /// Its bytes, expanded if they were compressed.
  var start: UnsafePointer<UInt8>
  /// Its pieces in order, `pieceCount` of them.
  var pieces: UnsafeMutablePointer<MergePiece>
  /// For strings: the piece that contains byte 0, 64, 128, …; nil for short inputs. Debug information
  /// refers to strings by the million, in no order: a search by halves is 14 steps in a large input,
  /// each of them out of the cache, and this leaves one or two.
  var index: UnsafeMutablePointer<UInt32>?
  /// What `MergePiece.place` is an index of; nil if places are offsets.
  var uniques: UnsafeMutablePointer<UniquePiece>?
  /// Bytes.
  var count: UInt32
  var pieceCount: UInt32
  /// Bytes of a constant; 0 for strings.
  var constantSize: UInt32
  /// A bit for each byte that something live refers to; nil if all pieces are kept.
  var marks: UnsafeMutablePointer<UInt32>?
  /// The input's own atom.
  var source: AtomIndex
  /// The atom of the merged section.
  var atom: AtomIndex

  @inline(__always) var bytes: ByteString { ByteString(start: start, count: Int(count)) }
}

/// A string with its terminator, or a constant, in an input.
struct MergePiece: BitwiseCopyable {
  /// Offset in the input.
  var offset: UInt32
  /// Offset in the merged section. If that is larger than 4 GiB, the index of the unique piece.
  var place: UInt32

  /// In `place`, while pieces are compared: nothing live refers to the piece, and it is left out.
  @inline(__always) static var dead: UInt32 { .max >> 1 }
}

/// A piece that is kept.
struct UniquePiece: BitwiseCopyable {
  var start: UnsafePointer<UInt8>
  /// Offset in the merged section.
  var offset: UInt64
  /// Bytes, the terminator included.
  var count: UInt32
  /// The piece whose end this one is; itself if it is kept in full.
  var host: UInt32
}

/// What all merge inputs of one kind become.
struct MergedSection: BitwiseCopyable {
  /// Its place in the output.
  var atom: AtomIndex
  var output: OutputIndex
  /// Bytes of a unit.
  var entrySize: UInt64
  var isStrings: Bool
  /// log2 of the alignment of every piece.
  var alignment: UInt8
  /// Bytes.
  var size: UInt64
  /// Pieces that are written, by offset.
  var uniques: UnsafeMutablePointer<UniquePiece>
  var uniqueCount: Int
}

extension MergeInput {
  /// log2 of the bytes for each entry of `index`.
  static let indexShift: UInt32 = 6
  /// Inputs of fewer bytes than this have few pieces to search.
  static let indexedCount: UInt32 = 512

  /// Entries of `index` that an input has.
  var indexCount: Int {
    constantSize == 0 && count >= Self.indexedCount
      ? Int((count &- 1) >> Self.indexShift) &+ 1 : 0
  }

  /// The offset in the merged section of what is at `offset` in the input.
  @inline(__always)
  func place(of offset: UInt64) -> UInt64 {
    if pieceCount == 0 { return 0 }
    // Before the start (a negative addend), the first piece counts; past the end, the last.
    let inside = Int64(bitPattern: offset) < 0 ? 0 : UInt32(clamping: offset)
    var low = 0
    if constantSize != 0 {
      low = min(Int(inside / constantSize), Int(pieceCount) &- 1)
    } else if let index {
      if inside >= count {
        low = Int(pieceCount) &- 1
      } else {
        low = Int(index[Int(inside >> Self.indexShift)])
        while low &+ 1 < Int(pieceCount), pieces[low &+ 1].offset <= inside { low &+= 1 }
      }
    } else {
      // The last piece that starts at or before `inside`: without a branch that takes either way half
      // of the time, as `partitioningIndex` has.
      var length = Int(pieceCount)
      while length > 1 {
        let half = length >> 1
        low = pieces[low &+ half].offset <= inside ? low &+ half : low
        length &-= half
      }
    }
    let piece = pieces[low]
    let place = uniques.map { $0[Int(piece.place)].offset } ?? UInt64(piece.place)
    return place &+ offset &- UInt64(piece.offset)
  }
}

extension ReadsContents {
  /// The address of byte `offset` of a merged input section, after layout.
  ///
  /// - Parameter atom: the input's atom, of kind `.merged`.
  /// Offsets outside the section are taken from its first or last piece.
  @inline(__always)
  func mergedAddress(_ atom: Atom, offset: UInt64) -> UInt64 {
    // What was collected as garbage was not merged.
    guard atom.has.contains(.isLive) else { return 0 }
    let input = mergeInputs.pointer(MergeIndex(raw: atom.side))
    let base = atoms.pointer(input.pointee.atom).pointee.address
    return base &+ input.pointee.place(of: offset)
  }

  /// Writes the bytes of a merged section; gaps between pieces are left alone.
  func writeMerged(_ section: Int, to p: UnsafeMutableRawPointer) {
    writeMerged(section, range: 0..<Int(mergedSections[section].size), to: p)
  }

  /// Writes the bytes of a merged section that lie in `range`, the first of them at `p`.
  func writeMerged(_ section: Int, range: Range<Int>, to p: UnsafeMutableRawPointer) {
    let merged = mergedSections[section]
    MergeTable.write(merged.uniques, count: merged.uniqueCount, range: range, to: p)
  }
}
