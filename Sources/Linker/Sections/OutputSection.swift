import ELFFormat
import Platform

/// A section of the output.
struct OutputSection: BitwiseCopyable {
  var name: ByteString
  var type: SectionType.RawValue
  /// Union of the flags of what is in it.
  var flags: SectionFlags.RawValue
  /// log2 of the alignment in bytes.
  var alignment: UInt8
  var content: SectionContent
  var entrySize: UInt64
  /// Bytes.
  var size: UInt64
  var address: UInt64
  var fileOffset: UInt64
  /// Its atoms are `Link.atomOrder[firstAtom..<firstAtom + atomCount]`.
  var firstAtom: Int
  var atomCount: Int
  /// File order and section of the first input, which decides between equals.
  var firstSeen: UInt64
  /// Place in the output: by segment, then by custom.
  var rank: UInt32
  /// Index in the output's section header table; 0 if it is not there.
  var headerIndex: UInt32
  var link: UInt32
  var info: UInt32
  /// Offset in the section name table.
  var nameOffset: UInt32

  @inline(__always) var has: SectionFlags { SectionFlags(rawValue: flags) }
}

/// Who makes the bytes of an output section.
enum SectionContent: UInt8, BitwiseCopyable {
  case atoms
  case interpreter, buildID, propertyNote, packageNote
  case dynamicSymbols, dynamicIndices, dynamicNames, sysvHash, gnuHash
  case versionSymbols, versionDefinitions, versionNeeds
  case dynamicRelocations, pltRelocations, relativeRelocations
  case procedureLinkage, procedureLinkageOffset, procedureLinkageSecond
  case offsetTable, pltOffsetTable
  case dynamic, frames, frameHeader
  case symbolTable, symbolNames, sectionNames, extendedIndices
  /// Debug information compressed before layout; the bytes wait in memory.
  case compressed
}

/// A program header in the making.
struct Segment {
  var type: SegmentType
  var flags: SegmentFlags
  var offset: UInt64 = 0
  var address: UInt64 = 0
  var fileSize: UInt64 = 0
  var memorySize: UInt64 = 0
  var alignment: UInt64 = 1
}

extension Segment {
  /// What its program header says.
  func fields<E: ELFEncoding>(_: E.Type) -> ProgramHeader<E>.Fields {
    .init(
      type: type, flags: flags, offset: offset, address: address, fileSize: fileSize,
      memorySize: memorySize, alignment: alignment)
  }
}
