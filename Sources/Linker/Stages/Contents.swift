import ELFFormat
import Platform
import ScriptParsing

/// What the output is made of: an atom for each section that stays, with its frames and strings.
///
/// Made by reading sections; marking and placing change it.
struct Contents {
  let atoms = Table<AtomIndex, Atom>(capacity: 1 << 27, of: "sections")
  let groups = ReservedTable<SectionGroup>(capacity: 1 << 26, of: "section groups")
  /// For each symbol that is a group's signature: the complement of the claim of the first file that
  /// has the group (`groupClaim`); 0 for none.
  let groupClaims = ReservedTable<UInt64>(capacity: 1 << 27, of: "symbols")
  let mergeInputs = Table<MergeIndex, MergeInput>(capacity: 1 << 24, of: "mergeable sections")
  var mergedSections: [MergedSection] = []
  let frames = Table<FrameIndex, Frame>(capacity: 1 << 27, of: "frame descriptions")
  var frameSection = FrameSection()
  /// Atoms of the linker's own file: commons, copies, merged sections.
  var syntheticAtoms: [AtomIndex] = []
  /// What few links have, noted while sections are read.
  let rareSections = RareSections()
  let outputNames = OutputNames()
  let outputs = Table<OutputIndex, OutputSection>(capacity: 1 << 20, of: "output sections")
  /// Output sections that follow another one: SHF_LINK_ORDER.
  var linkOrders: [OutputIndex: OutputIndex] = [:]
  /// With `--gc-sections`, which pieces of merged sections are referred to; made by marking.
  var pieceMarks: PieceMarks?
}

/// Reads the contents.
protocol ReadsContents: Sendable {
  var contentStage: Reading<Contents> { get }
}

/// Changes the contents.
protocol ChangesContents: ReadsContents {
  var changingContents: Changing<Contents> { get }
}

extension ChangesContents {
  @inline(__always) var contentStage: Reading<Contents> { changingContents.reading }
  @inline(__always) var contents: Contents {
    @inline(__always) _read { yield changingContents.value }
    @inline(__always) nonmutating _modify { yield &changingContents.value }
  }
}

extension ReadsContents {
  @inline(__always) var contents: Contents {
    @inline(__always) _read { yield contentStage.value }
  }
  @inline(__always) var rareSections: RareSections { contentStage.value.rareSections }
  @inline(__always) var atoms: Table<AtomIndex, Atom> { contentStage.value.atoms }
  @inline(__always) var groupClaims: ReservedTable<UInt64> { contentStage.value.groupClaims }
  @inline(__always) var groups: ReservedTable<SectionGroup> { contentStage.value.groups }
  @inline(__always) var mergeInputs: Table<MergeIndex, MergeInput> {
    contentStage.value.mergeInputs
  }
  @inline(__always) var mergedSections: [MergedSection] { contentStage.value.mergedSections }
  @inline(__always) var frames: Table<FrameIndex, Frame> { contentStage.value.frames }
  @inline(__always) var frameSection: FrameSection { contentStage.value.frameSection }
  @inline(__always) var syntheticAtoms: [AtomIndex] { contentStage.value.syntheticAtoms }
  @inline(__always) var outputs: Table<OutputIndex, OutputSection> { contentStage.value.outputs }
  @inline(__always) var linkOrders: [OutputIndex: OutputIndex] { contentStage.value.linkOrders }
}
