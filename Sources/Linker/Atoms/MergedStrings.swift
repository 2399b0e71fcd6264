import CSystem
import ELFFormat
import Glibc
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

extension Link {
  /// Inputs of one kind, in input order.
  private struct MergeGroup {
    var output: OutputIndex
    var entrySize: UInt32
    var isStrings: Bool
    var alignment: UInt8
    var part: UInt16
    var flags: AtomFlags.RawValue
    var inputs: [AtomIndex]
  }

  /// Pieces with a larger alignment than this (log2) are not worth what the gaps cost.
  private static let largestMergedAlignment: UInt8 = 12

  /// Merges the live mergeable sections: makes `mergedSections` and their atoms, and points the
  /// `side` of each input atom to its `MergeInput`. Once, after garbage collection.
  ///
  /// An input with relocations is not merged, since its bytes are not what they will be; nor is one
  /// with an extreme alignment. They become regular atoms. The contents of a merged atom are from
  /// here on in its `MergeInput`.
  func mergeInputs<E: ELFEncoding>(_: E.Type) {
    for group in mergeGroups(E.self) {
      let first = mergeInputs.reserve(count: group.inputs.count)
      let sectionIndex = mergedSections.count
      let merged = atoms.append(
        Atom(
          ownSize: 0, output: group.output, flags: group.flags, alignment: group.alignment,
          kind: .synthetic, part: group.part, side: UInt32(sectionIndex)))
      syntheticAtoms.append(merged)
      for (i, index) in group.inputs.enumerated() {
        let atom = atoms.pointer(index)
        let bytes = atom.pointee.contents
        let marks = contents.pieceMarks?.marks(of: atom.pointee)
        mergeInputs.base[first.int + i] = MergeInput(
          start: bytes.start, pieces: MergeTable.noPieces, index: nil, uniques: nil,
          count: UInt32(bytes.count), pieceCount: 0,
          constantSize: group.isStrings ? 0 : group.entrySize, marks: marks, source: index,
          atom: merged)
        atom.pointee.side = first.raw + UInt32(i)
      }
      var table = MergeTable(
        inputs: UnsafeMutableBufferPointer(
          start: mergeInputs.base + first.int, count: group.inputs.count),
        entrySize: Int(group.entrySize), isStrings: group.isStrings, alignment: group.alignment,
        sharesTails: options.optimizationLevel >= 2)
      table.merge(pool: pool)
      for i in table.unterminated {
        report(
          group.inputs[i], "the last string has no terminating NUL; the file is damaged, rebuild it"
        )
      }
      if table.hasTooManyPieces {
        report(
          group.inputs[0],
          "too many pieces to merge in one output section; compile with less debug information")
      }
      if table.isFlooded {
        report(
          group.inputs[0], "more than \(probeLimit) merged strings or constants \(floodRemedy)")
      }
      mergedSections.append(
        MergedSection(
          atom: merged, output: group.output, entrySize: UInt64(group.entrySize),
          isStrings: group.isStrings, alignment: group.alignment, size: table.size,
          uniques: table.uniques, uniqueCount: table.uniqueCount))
      atoms[merged].size = table.size
    }
  }

  private func report(_ index: AtomIndex, _ text: String) {
    let file = objects[atoms[index].file]
    diagnostics.error(
      "\(file.displayName):(\(sectionName(index))): \(text)", key: UInt64(file.order) << 32)
  }

  private func mergeGroups<E: ELFEncoding>(_: E.Type) -> [MergeGroup] {
    let grain = 32
    let found = pool.map(chunks: (liveObjects.count + grain - 1) / grain) { [self] chunk, _ in
      var found: [AtomIndex] = []
      for i in max(1, chunk * grain)..<max(1, min(liveObjects.count, (chunk + 1) * grain)) {
        let file = objects.pointer(liveObjects[i])
        for j in 0..<file.pointee.atomCount {
          let index = AtomIndex(file.pointee.firstAtom.int + j)
          let atom = atoms.pointer(index)
          guard atom.pointee.kind == .merged, atom.pointee.has.contains(.isLive) else { continue }
          if atom.pointee.relocations != 0 || atom.pointee.alignment > Self.largestMergedAlignment {
            atom.pointee.kind = .regular
          } else {
            found.append(index)
          }
        }
      }
      return found
    }

    var groups: [MergeGroup] = []
    var known: [UInt64: Int] = [:]
    var total = mergeInputs.count
    for index in found.joined() {
      let atom = atoms[index]
      let entrySize = objects.pointer(atom.file).pointee.header(E.self, Int(atom.section)).entrySize
      let isStrings = atom.has.contains(.isStrings)
      guard entrySize > 0, entrySize <= 1 << 16, atom.size < 1 << 32,
        atom.size % entrySize == 0, total < mergeInputs.storage.capacity
      else {
        atoms[index].kind = .regular
        continue
      }
      total += 1
      let key =
        UInt64(atom.output.raw) << 32 | entrySize << 8 | UInt64(atom.alignment) << 1
        | (isStrings ? 1 : 0)
      let kept: AtomFlags = [
        .isLive, .isAlloc, .isWritable, .isExecutable, .isThreadLocal, .isLarge,
      ]
      let flags = (atom.flags & kept.rawValue) | AtomFlags.isLive.rawValue
      if let group = known[key] {
        groups[group].part = min(groups[group].part, atom.part)
        groups[group].flags |= flags
        groups[group].inputs.append(index)
      } else {
        known[key] = groups.count
        groups.append(
          MergeGroup(
            output: atom.output, entrySize: UInt32(entrySize), isStrings: isStrings,
            alignment: atom.alignment, part: atom.part, flags: flags, inputs: [index]))
      }
    }
    return groups
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
      // The last piece that starts at or before `inside`.
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
}
