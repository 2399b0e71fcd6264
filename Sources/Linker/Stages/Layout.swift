import ELFFormat
import Platform
import ScriptParsing

/// Where everything is, in memory and in the file.
///
/// Made by placing atoms and assigning addresses.
struct Layout: @unchecked Sendable {
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
  var compressedContents: [OutputIndex: UnsafeRawPointer] = [:]
}

/// Reads the layout.
protocol ReadsLayout: Sendable {
  var layout: Layout { get }
}

extension ReadsLayout {
  @inline(__always) var atomOrder: UnsafeMutablePointer<AtomIndex> { layout.atomOrder }
  @inline(__always) var sectionOrder: [OutputIndex] { layout.sectionOrder }
  @inline(__always) var segments: [Segment] { layout.segments }
  @inline(__always) var imageBase: UInt64 { layout.imageBase }
  @inline(__always) var headersSize: UInt64 { layout.headersSize }
  @inline(__always) var entryAddress: UInt64 { layout.entryAddress }
  @inline(__always) var tlsStart: UInt64 { layout.tlsStart }
  @inline(__always) var threadPointer: UInt64 { layout.threadPointer }
  @inline(__always) var lazyPLTStart: UInt64 { layout.lazyPLTStart }
  @inline(__always) var directPLTStart: UInt64 { layout.directPLTStart }
  @inline(__always) var pltEntrySize: UInt64 { layout.pltEntrySize }
  @inline(__always) var directPLTEntrySize: UInt64 { layout.directPLTEntrySize }
  @inline(__always) var loadedEnd: UInt64 { layout.loadedEnd }
  @inline(__always) var sectionHeadersOffset: UInt64 { layout.sectionHeadersOffset }
  @inline(__always) var outputSize: UInt64 { layout.outputSize }
  @inline(__always) var compressedContents: [OutputIndex: UnsafeRawPointer] {
    layout.compressedContents
  }
}
