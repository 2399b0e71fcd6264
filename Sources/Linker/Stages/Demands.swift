import ELFFormat
import Platform
import ScriptParsing

/// What relocations ask for: slots, stubs, copies, the loader's help.
///
/// Made by the scan; the slots are numbered by `allocateSlots`.
struct Demands {
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
  var demandStage: Reading<Demands> { get }
}

/// Changes the demands.
protocol ChangesDemands: ReadsDemands {
  var changingDemands: Changing<Demands> { get }
}

extension ChangesDemands {
  @inline(__always) var demandStage: Reading<Demands> { changingDemands.reading }
  @inline(__always) var demands: Demands {
    @inline(__always) _read { yield changingDemands.value }
    @inline(__always) nonmutating _modify { yield &changingDemands.value }
  }
}

extension ReadsDemands {
  @inline(__always) var demands: Demands {
    @inline(__always) _read { yield demandStage.value }
  }
  @inline(__always) var localDemands: ReservedTable<LocalDemand> { demandStage.value.localDemands }
  @inline(__always) var relativeFirsts: ReservedTable<UInt32> { demandStage.value.relativeFirsts }
  @inline(__always) var loadedBytes: UInt64 { demandStage.value.loadedBytes }
  @inline(__always) var isLargeModelInReach: Bool { demandStage.value.isLargeModelInReach }
  @inline(__always) var isLargeCodeNear: Bool { demandStage.value.isLargeCodeNear }
  @inline(__always) var startFile: FileIndex { demandStage.value.startFile }
  @inline(__always) var relaxesSlots: Bool { demandStage.value.relaxesSlots }
  @inline(__always) var scanFacts: ScanFacts { demandStage.value.scanFacts }
  @inline(__always) var dynamicRelocations: DynamicRelocationTable {
    demandStage.value.dynamicRelocations
  }
  @inline(__always) var copiedSymbols: [SymbolIndex] { demandStage.value.copiedSymbols }
  @inline(__always) var mentionedElsewhere: [SymbolIndex] { demandStage.value.mentionedElsewhere }
  @inline(__always) var offsetTable: OffsetTable { demandStage.value.offsetTable }
  @inline(__always) var procedureLinkage: ProcedureLinkageTable {
    demandStage.value.procedureLinkage
  }
}
