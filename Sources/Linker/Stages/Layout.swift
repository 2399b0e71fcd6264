import ELFFormat
import Platform
import ScriptParsing

/// Where everything is, in memory and in the file.
///
/// Made by placing atoms and assigning addresses.
struct Layout {
  /// Live atoms by output section, then by place.
  var atomOrder = allocateForever(AtomIndex.self, count: 1)
  /// Output sections in the order of the file, the null section left out.
  var sectionOrder: [OutputIndex] = []
  var segments: [Segment] = []
  var imageBase: UInt64 = 0
  /// Bytes of the file header and the program headers.
  var headersSize: UInt64 = 0
  var entryAddress: UInt64 = 0
  var tlsStart: UInt64 = 0
  /// The address in the TLS image that the thread pointer stands for.
  var threadPointer: UInt64 = 0
  var lazyPLTStart: UInt64 = 0
  var directPLTStart: UInt64 = 0
  var pltEntrySize: UInt64 = 0
  var directPLTEntrySize: UInt64 = 0
  /// Where the loaded part of the file ends.
  var loadedEnd: UInt64 = 0
  var sectionHeadersOffset: UInt64 = 0
  var outputSize: UInt64 = 0
  var sectionNameTable = StringTableBuilder()
  /// Where linker-defined symbols lie, for their section number.
  var linkerDefinedSections = SymbolAnchors()
  /// Words of `.relr.dyn`.
  var packedRelative: [UInt64] = []
  var compressedContents: [OutputIndex: UnsafeRawPointer] = [:]
}

/// Reads the layout.
protocol ReadsLayout: Sendable {
  var layoutStage: Reading<Layout> { get }
}

/// Changes the layout.
protocol ChangesLayout: ReadsLayout {
  var changingLayout: Changing<Layout> { get }
}

extension ChangesLayout {
  @inline(__always) var layoutStage: Reading<Layout> { changingLayout.reading }
  @inline(__always) var layout: Layout {
    @inline(__always) _read { yield changingLayout.value }
    @inline(__always) nonmutating _modify { yield &changingLayout.value }
  }
}

extension ReadsLayout {
  @inline(__always) var layout: Layout {
    @inline(__always) _read { yield layoutStage.value }
  }
  @inline(__always) var atomOrder: UnsafeMutablePointer<AtomIndex> { layoutStage.value.atomOrder }
  @inline(__always) var sectionOrder: [OutputIndex] { layoutStage.value.sectionOrder }
  @inline(__always) var segments: [Segment] { layoutStage.value.segments }
  @inline(__always) var imageBase: UInt64 { layoutStage.value.imageBase }
  @inline(__always) var headersSize: UInt64 { layoutStage.value.headersSize }
  @inline(__always) var entryAddress: UInt64 { layoutStage.value.entryAddress }
  @inline(__always) var tlsStart: UInt64 { layoutStage.value.tlsStart }
  @inline(__always) var threadPointer: UInt64 { layoutStage.value.threadPointer }
  @inline(__always) var lazyPLTStart: UInt64 { layoutStage.value.lazyPLTStart }
  @inline(__always) var directPLTStart: UInt64 { layoutStage.value.directPLTStart }
  @inline(__always) var pltEntrySize: UInt64 { layoutStage.value.pltEntrySize }
  @inline(__always) var directPLTEntrySize: UInt64 { layoutStage.value.directPLTEntrySize }
  @inline(__always) var loadedEnd: UInt64 { layoutStage.value.loadedEnd }
  @inline(__always) var sectionHeadersOffset: UInt64 { layoutStage.value.sectionHeadersOffset }
  @inline(__always) var outputSize: UInt64 { layoutStage.value.outputSize }
  @inline(__always) var compressedContents: [OutputIndex: UnsafeRawPointer] {
    layoutStage.value.compressedContents
  }
  @inline(__always) var sectionNameTable: StringTableBuilder { layoutStage.value.sectionNameTable }
  @inline(__always) var linkerDefinedSections: SymbolAnchors {
    layoutStage.value.linkerDefinedSections
  }
}
