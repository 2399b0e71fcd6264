import ELFFormat
import Platform
import ScriptParsing

/// What the passes that are still part of `Link` write.
extension Link: UsesServices, ChangesInputs, ChangesNaming, ChangesContents, ChangesDemands,
  ChangesTables, ChangesLayout
{
  var linkOrders: [OutputIndex: OutputIndex] {
    @inline(__always) _read { yield contents.linkOrders }
    @inline(__always) _modify { yield &contents.linkOrders }
  }
  var properties: (features: UInt32, isaNeeded: UInt32) {
    @inline(__always) _read { yield contents.properties }
    @inline(__always) _modify { yield &contents.properties }
  }
  var dynamicRelocations: DynamicRelocationTable {
    @inline(__always) _read { yield demands.dynamicRelocations }
    @inline(__always) _modify { yield &demands.dynamicRelocations }
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
