import ELFFormat
import Platform
import ScriptParsing

/// What relocations ask for: slots, stubs, copies, the loader's help.
///
/// Made by the scan; the slots are numbered by `allocateSlots`.
struct Demands: @unchecked Sendable {
  let localDemands = ReservedTable<LocalDemand>(capacity: 1 << 26, of: "local symbols with slots")
  /// For atoms with relative relocations: the number of their first one in the file.
  let relativeFirsts = ReservedTable<UInt32>(capacity: 1 << 27, of: "sections")
  /// Bytes of loaded atoms, without the large model's.
  var loadedBytes: UInt64 = 0
  /// What the large model keeps apart is near enough to be reached directly, too.
  var isLargeModelInReach = false
  /// The large model's code lies beside all other code, and not behind all data.
  var isLargeCodeNear = true
  /// The file with the entry, if its code runs before anybody has relocated the program: what it finds
  /// in slots is not yet right.
  var startFile = FileIndex.none
  /// Accesses through the offset table may be made direct.
  var relaxesSlots = true
  var scanFacts: ScanFacts = []
  var dynamicRelocations = DynamicRelocationTable()
  /// Library variables that the executable holds.
  var copiedSymbols: [SymbolIndex] = []
  /// Mentioned symbols that no object defines, in order.
  var mentionedElsewhere: [SymbolIndex] = []
  var offsetTable = OffsetTable()
  var procedureLinkage = ProcedureLinkageTable()
}

/// Reads the demands.
protocol ReadsDemands: Sendable {
  var demands: Demands { get }
}

extension ReadsDemands {
  @inline(__always) var localDemands: ReservedTable<LocalDemand> { demands.localDemands }
  @inline(__always) var relativeFirsts: ReservedTable<UInt32> { demands.relativeFirsts }
  @inline(__always) var loadedBytes: UInt64 { demands.loadedBytes }
  @inline(__always) var isLargeModelInReach: Bool { demands.isLargeModelInReach }
  @inline(__always) var isLargeCodeNear: Bool { demands.isLargeCodeNear }
  @inline(__always) var startFile: FileIndex { demands.startFile }
  @inline(__always) var relaxesSlots: Bool { demands.relaxesSlots }
  @inline(__always) var scanFacts: ScanFacts { demands.scanFacts }
  @inline(__always) var dynamicRelocations: DynamicRelocationTable { demands.dynamicRelocations }
  @inline(__always) var copiedSymbols: [SymbolIndex] { demands.copiedSymbols }
  @inline(__always) var mentionedElsewhere: [SymbolIndex] { demands.mentionedElsewhere }
  @inline(__always) var offsetTable: OffsetTable { demands.offsetTable }
  @inline(__always) var procedureLinkage: ProcedureLinkageTable { demands.procedureLinkage }
}
