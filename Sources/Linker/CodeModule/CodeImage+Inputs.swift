import ELFFormat
import Platform

/// What an image knows of its other inputs.
struct ForeignState {
  var inputs: [ImageInput] = []
  /// They have to be linked again: names or addresses that they can see have changed.
  var isStale = true
  var image: ForeignImage?
  /// Exports that other inputs refer to, by the offset of their names: when one moves, the link is
  /// stale.
  var referenced: Set<UInt32> = []
  /// Imports whose addresses stand in the module's data.
  var addressImports: Set<UInt32> = []
  /// Where the link's slots lie, and how many it was last made with.
  var slotAddress: UInt64 = 0
  var slotLimit: UInt64 = 0
  /// Where the module's addresses begin: the link's must stay below.
  var addressLimit: UInt64 = 0
  /// Bytes at the file's start that are set aside for the link.
  var fileCapacity: UInt64 = 0
  /// Names in the string table, for the symbols of the other inputs.
  var names: [UInt32] = []
  /// Header index of each section of the link; 0 for those that are left out.
  var headerIndices: [UInt32] = []
  /// Offsets of the names of kept sections, by index in the link.
  var nameOffsets: [Int: UInt32] = [:]
  /// Index in the link of its symbol table, whose place the image's takes.
  var symbolTable: Int?
  /// Header index of the section that has the module's thread-local variables.
  var threadLocalHeader: UInt32 = 0
  /// Imports that may have lost their last user since the link.
  var perhapsUnused: Set<UInt32> = []
  /// Imports that the link was not asked for, since nothing used them.
  var unusedImports: Set<UInt32> = []
  /// Names, by their offsets, of weak exports that another input's definition stands before.
  var overridden: Set<UInt32> = []
  /// Sections of the link that have headers in the image.
  var kept: [Int] = []
}

/// Objects, archives and shared libraries beside the declarations: they are linked by the batch
/// engine, which sees the module as one more object with its exports and imports, and the result is
/// the lower part of the image. It is linked again when names change that it can see, or the address
/// of an export that it refers to.
extension CodeImage {
  func addInput(_ input: ImageInput) throws(ImageError) {
    guard options.inputs != nil else {
      throw ImageError(
        .invalid, "this image was made without other inputs: set `inputs` in its options")
    }
    foreign.inputs.append(input)
    foreign.isStale = true
  }

  /// Sets aside address ranges for the link: its own below the module's, and its slots.
  func reserveForInputs() throws(ImageError) {
    guard Link.imageMachines.contains(options.machine) else {
      throw ImageError(
        .invalid,
        "other inputs cannot be linked into images for \(options.machine.rawValue) yet; they can for"
          + " \(Link.imageMachines.map(\.rawValue).joined(separator: ", "))")
    }
    foreign.addressLimit = baseAddress
    let room = max(options.reserve / 16, T.imagePageSize)
    let range = try reserveAddresses(room, below: T.slotLimit)
    foreign.slotAddress = range.lowerBound
    foreign.slotLimit = range.upperBound
    let section = try ImageSection(
      name: ".got.imports", type: .progbits, flags: [.alloc, .write], alignment: E.is64 ? 3 : 2,
      address: range.lowerBound, reserve: UInt64(range.count), entrySize: UInt64(E.wordSize),
      growth: growth)
    let table = SlotTable<E> { () throws(ImageError) in
      throw ImageError(
        .outOfRoom, "the image has too many imports; make it with a larger `reserve`")
    }
    table.reserveFirst(section)
    importSlots = table
    // Room for the module's variables in the one block of the program: its place is known once the
    // link is made, and never depended on before.
    foreign.isStale = true
  }

  /// The address of an import stands in data, so the link has to settle it.
  func noteAddressOfImport(_ symbol: SymbolIndex) {
    if foreign.addressImports.insert(symbol.raw).inserted { foreign.isStale = true }
  }

  /// Something uses an import that nothing used when the inputs were linked.
  func noteUseOfImport(_ symbol: SymbolIndex) {
    if options.inputs == nil {
      if records[symbol].kind == .importReference, !isPlaced(symbol) { noteUnsettled(symbol) }
      return
    }
    if !foreign.unusedImports.isEmpty, foreign.unusedImports.remove(symbol.raw) != nil {
      foreign.isStale = true
    }
  }

  /// A place no longer refers to a symbol. Whether an import has other users is asked by the next
  /// flush: an edit gives most of them a new place at once.
  func noteEndOfUse(_ symbol: SymbolIndex) {
    if options.inputs != nil, records[symbol].kind == .importReference,
      records[symbol].incoming.isNone
    {
      foreign.perhapsUnused.insert(symbol.raw)
    }
  }

  /// Leaves out of the link what the program has stopped to use.
  func settleEndsOfUse() {
    if foreign.perhapsUnused.isEmpty { return }
    for raw in foreign.perhapsUnused where !foreign.unusedImports.contains(raw) {
      let symbol = SymbolIndex(raw: raw)
      if resolver[records[symbol].name].winner.isNone, !isNeeded(symbol) { foreign.isStale = true }
    }
    foreign.perhapsUnused = []
  }

  /// Whether another input's definition of a name is in force, and not the module's.
  func isOverridden(_ winner: SymbolIndex) -> Bool {
    !foreign.overridden.isEmpty && records[winner].binding != .strong
      && foreign.overridden.contains(records[winner].nameOffset)
  }

  func noteExportMoved(_ export: SymbolIndex) {
    if foreign.referenced.contains(records[export].nameOffset) { foreign.isStale = true }
  }
}
