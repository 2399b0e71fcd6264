import ELFFormat
import Platform
import ScriptParsing

/// What the passes that are still part of `Link` write.
extension Link: UsesServices, ReadsInputs, ReadsNaming, ReadsContents, ReadsDemands, ReadsTables,
  ReadsLayout
{
  var archives: [Archive] {
    @inline(__always) _read { yield inputs.archives }
    @inline(__always) _modify { yield &inputs.archives }
  }
  var neededNames: [ByteString] {
    @inline(__always) _read { yield inputs.neededNames }
    @inline(__always) _modify { yield &inputs.neededNames }
  }
  var indirectLibraries: IndirectLibraries {
    @inline(__always) _read { yield inputs.indirectLibraries }
    @inline(__always) _modify { yield &inputs.indirectLibraries }
  }
  var scriptCommands: [(command: ScriptCommand, path: String)] {
    @inline(__always) _read { yield inputs.scriptCommands }
    @inline(__always) _modify { yield &inputs.scriptCommands }
  }
  var hasVersionedNames: Bool {
    @inline(__always) _read { yield inputs.hasVersionedNames }
    @inline(__always) _modify { yield &inputs.hasVersionedNames }
  }
  var liveObjects: [FileIndex] {
    @inline(__always) _read { yield inputs.liveObjects }
    @inline(__always) _modify { yield &inputs.liveObjects }
  }
  var isDynamic: Bool {
    @inline(__always) _read { yield inputs.isDynamic }
    @inline(__always) _modify { yield &inputs.isDynamic }
  }
  var inputBytes: Int {
    @inline(__always) _read { yield inputs.inputBytes }
    @inline(__always) _modify { yield &inputs.inputBytes }
  }
  var dependentLibraries: Set<ByteString> {
    @inline(__always) _read { yield inputs.dependentLibraries }
    @inline(__always) _modify { yield &inputs.dependentLibraries }
  }
  var archiveNames: [ArchiveName] {
    @inline(__always) _read { yield inputs.archiveNames }
    @inline(__always) _modify { yield &inputs.archiveNames }
  }
  var lazyProviders: [(file: FileIndex, provider: ProviderIndex)] {
    @inline(__always) _read { yield inputs.lazyProviders }
    @inline(__always) _modify { yield &inputs.lazyProviders }
  }
  var providedSymbols: [SymbolIndex] {
    @inline(__always) _read { yield inputs.providedSymbols }
    @inline(__always) _modify { yield &inputs.providedSymbols }
  }
  var shadowedProviders: [(symbol: SymbolIndex, provider: ProviderIndex)] {
    @inline(__always) _read { yield inputs.shadowedProviders }
    @inline(__always) _modify { yield &inputs.shadowedProviders }
  }
  var shadowedProvidersAreSorted: Bool {
    @inline(__always) _read { yield inputs.shadowedProvidersAreSorted }
    @inline(__always) _modify { yield &inputs.shadowedProvidersAreSorted }
  }
  var lazyVersions: Set<SymbolIndex> {
    @inline(__always) _read { yield inputs.lazyVersions }
    @inline(__always) _modify { yield &inputs.lazyVersions }
  }
  var wraps: [SymbolIndex: SymbolIndex] {
    @inline(__always) _read { yield inputs.wraps }
    @inline(__always) _modify { yield &inputs.wraps }
  }
  var names: NameTable {
    @inline(__always) _read { yield naming.names }
    @inline(__always) _modify { yield &naming.names }
  }
  var mergedSections: [MergedSection] {
    @inline(__always) _read { yield contents.mergedSections }
    @inline(__always) _modify { yield &contents.mergedSections }
  }
  var frameSection: FrameSection {
    @inline(__always) _read { yield contents.frameSection }
    @inline(__always) _modify { yield &contents.frameSection }
  }
  var syntheticAtoms: [AtomIndex] {
    @inline(__always) _read { yield contents.syntheticAtoms }
    @inline(__always) _modify { yield &contents.syntheticAtoms }
  }
  var linkOrders: [OutputIndex: OutputIndex] {
    @inline(__always) _read { yield contents.linkOrders }
    @inline(__always) _modify { yield &contents.linkOrders }
  }
  var properties: (features: UInt32, isaNeeded: UInt32) {
    @inline(__always) _read { yield contents.properties }
    @inline(__always) _modify { yield &contents.properties }
  }
  var loadedBytes: UInt64 {
    @inline(__always) _read { yield demands.loadedBytes }
    @inline(__always) _modify { yield &demands.loadedBytes }
  }
  var isLargeModelInReach: Bool {
    @inline(__always) _read { yield demands.isLargeModelInReach }
    @inline(__always) _modify { yield &demands.isLargeModelInReach }
  }
  var isLargeCodeNear: Bool {
    @inline(__always) _read { yield demands.isLargeCodeNear }
    @inline(__always) _modify { yield &demands.isLargeCodeNear }
  }
  var startFile: FileIndex {
    @inline(__always) _read { yield demands.startFile }
    @inline(__always) _modify { yield &demands.startFile }
  }
  var relaxesSlots: Bool {
    @inline(__always) _read { yield demands.relaxesSlots }
    @inline(__always) _modify { yield &demands.relaxesSlots }
  }
  var scanFacts: ScanFacts {
    @inline(__always) _read { yield demands.scanFacts }
    @inline(__always) _modify { yield &demands.scanFacts }
  }
  var dynamicRelocations: DynamicRelocationTable {
    @inline(__always) _read { yield demands.dynamicRelocations }
    @inline(__always) _modify { yield &demands.dynamicRelocations }
  }
  var copiedSymbols: [SymbolIndex] {
    @inline(__always) _read { yield demands.copiedSymbols }
    @inline(__always) _modify { yield &demands.copiedSymbols }
  }
  var mentionedElsewhere: [SymbolIndex] {
    @inline(__always) _read { yield demands.mentionedElsewhere }
    @inline(__always) _modify { yield &demands.mentionedElsewhere }
  }
  var offsetTable: OffsetTable {
    @inline(__always) _read { yield demands.offsetTable }
    @inline(__always) _modify { yield &demands.offsetTable }
  }
  var procedureLinkage: ProcedureLinkageTable {
    @inline(__always) _read { yield demands.procedureLinkage }
    @inline(__always) _modify { yield &demands.procedureLinkage }
  }
  var synthetic: SyntheticSections {
    @inline(__always) _read { yield tables.synthetic }
    @inline(__always) _modify { yield &tables.synthetic }
  }
  var dynamicSymbols: DynamicSymbolTable {
    @inline(__always) _read { yield tables.dynamicSymbols }
    @inline(__always) _modify { yield &tables.dynamicSymbols }
  }
  var dynamicSection: DynamicSection {
    @inline(__always) _read { yield tables.dynamicSection }
    @inline(__always) _modify { yield &tables.dynamicSection }
  }
  var symbolTable: SymbolTable {
    @inline(__always) _read { yield tables.symbolTable }
    @inline(__always) _modify { yield &tables.symbolTable }
  }
  var sectionNameTable: StringTableBuilder {
    @inline(__always) _read { yield tables.sectionNameTable }
    @inline(__always) _modify { yield &tables.sectionNameTable }
  }
  var dynamicNameParts: [StringTableBuilder.Part] {
    @inline(__always) _read { yield tables.dynamicNameParts }
    @inline(__always) _modify { yield &tables.dynamicNameParts }
  }
  var offsetTableAnchor: OutputIndex {
    @inline(__always) _read { yield tables.offsetTableAnchor }
    @inline(__always) _modify { yield &tables.offsetTableAnchor }
  }
  var atomOrder: UnsafeMutablePointer<AtomIndex> {
    @inline(__always) _read { yield layout.atomOrder }
    @inline(__always) _modify { yield &layout.atomOrder }
  }
  var sectionOrder: [OutputIndex] {
    @inline(__always) _read { yield layout.sectionOrder }
    @inline(__always) _modify { yield &layout.sectionOrder }
  }
  var segments: [Segment] {
    @inline(__always) _read { yield layout.segments }
    @inline(__always) _modify { yield &layout.segments }
  }
  var imageBase: UInt64 {
    @inline(__always) _read { yield layout.imageBase }
    @inline(__always) _modify { yield &layout.imageBase }
  }
  var headersSize: UInt64 {
    @inline(__always) _read { yield layout.headersSize }
    @inline(__always) _modify { yield &layout.headersSize }
  }
  var entryAddress: UInt64 {
    @inline(__always) _read { yield layout.entryAddress }
    @inline(__always) _modify { yield &layout.entryAddress }
  }
  var tlsStart: UInt64 {
    @inline(__always) _read { yield layout.tlsStart }
    @inline(__always) _modify { yield &layout.tlsStart }
  }
  var threadPointer: UInt64 {
    @inline(__always) _read { yield layout.threadPointer }
    @inline(__always) _modify { yield &layout.threadPointer }
  }
  var lazyPLTStart: UInt64 {
    @inline(__always) _read { yield layout.lazyPLTStart }
    @inline(__always) _modify { yield &layout.lazyPLTStart }
  }
  var directPLTStart: UInt64 {
    @inline(__always) _read { yield layout.directPLTStart }
    @inline(__always) _modify { yield &layout.directPLTStart }
  }
  var pltEntrySize: UInt64 {
    @inline(__always) _read { yield layout.pltEntrySize }
    @inline(__always) _modify { yield &layout.pltEntrySize }
  }
  var directPLTEntrySize: UInt64 {
    @inline(__always) _read { yield layout.directPLTEntrySize }
    @inline(__always) _modify { yield &layout.directPLTEntrySize }
  }
  var loadedEnd: UInt64 {
    @inline(__always) _read { yield layout.loadedEnd }
    @inline(__always) _modify { yield &layout.loadedEnd }
  }
  var sectionHeadersOffset: UInt64 {
    @inline(__always) _read { yield layout.sectionHeadersOffset }
    @inline(__always) _modify { yield &layout.sectionHeadersOffset }
  }
  var outputSize: UInt64 {
    @inline(__always) _read { yield layout.outputSize }
    @inline(__always) _modify { yield &layout.outputSize }
  }
  var compressedContents: [OutputIndex: UnsafeRawPointer] {
    @inline(__always) _read { yield layout.compressedContents }
    @inline(__always) _modify { yield &layout.compressedContents }
  }
}
