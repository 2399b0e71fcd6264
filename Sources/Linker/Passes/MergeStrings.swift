import ELFFormat
import Platform

/// Merges the live mergeable sections: makes `mergedSections` and their atoms, and points the
/// `side` of each input atom to its `MergeInput`. Once, after garbage collection.
///
/// An input with relocations is not merged, since its bytes are not what they will be; nor is one
/// with an extreme alignment. They become regular atoms. The contents of a merged atom are from
/// here on in its `MergeInput`.
struct MergeStrings<E: ELFEncoding>: UsesServices, ReadsInputs, ReadsNaming, ChangesContents {
  let serviceStage: Reading<Services>
  let inputStage: Reading<Inputs>
  let namingStage: Reading<Naming>
  let changingContents: Changing<Contents>

  /// Pieces with a larger alignment than this (log2) are not worth what the gaps cost.
  private static var largestMergedAlignment: UInt8 { 12 }

  static func run(
    _ services: Reading<Services>, _ inputs: Reading<Inputs>, _ naming: Reading<Naming>,
    _ contents: Changing<Contents>
  ) {
    MergeStrings(
      serviceStage: services, inputStage: inputs, namingStage: naming,
      changingContents: contents
    )
    .merge()
  }

  private func merge() {
    for group in mergeGroups() {
      let first = mergeInputs.reserve(count: group.inputs.count)
      let sectionIndex = mergedSections.count
      let merged = atoms.append(
        Atom(
          ownSize: 0, output: group.output, flags: group.flags, alignment: group.alignment,
          kind: .synthetic, part: group.part, side: UInt32(sectionIndex)))
      contents.syntheticAtoms.append(merged)
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
      contents.mergedSections.append(
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

  private func mergeGroups() -> [MergeGroup] {
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
}

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
