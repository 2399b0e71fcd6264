import ELFFormat
import Platform

/// A program under construction: declarations placed one by one, for one machine.
///
/// The tables are the batch link's: symbols and atoms in flat tables by 32-bit index, with side
/// tables for what only images need (`ModuleRecord`, `AtomLinks`). What a call does follows from
/// three rules. *Everything that can fail comes first*: finding places, growing sections and tables;
/// then the changes are made, none of which can fail, so that a call that throws has changed nothing.
/// *An address has few holders*: a symbol's slot, and the places in data that were told to the
/// image; when a symbol moves, those are written and no others. *Memory is the truth*: bytes are
/// written to the sections' memory at once, and to files by `flush`, which writes what is dirty.
///
/// Layout of the address space: each section has a range of its own, so that it grows without moving
/// anything. What outgrows its range goes on in another, twice as large, behind all others. The
/// offset table comes first, where code can reach it.
///
/// The file: headers, then sections, each with room to grow; a section that outgrows its room moves
/// in the file, not in memory.
///
/// Aspects: `+Sections` (ranges), `+Symbols` (records, names, addresses), `+Update` (placing),
/// `+Relocations`, `+Exports`, `+Lazy`, `+Inputs` (what comes from files), `+Flush`, `+Swap` (running
/// programs), `+Dump`, `+Check` (invariants).
final class CodeImage<T: CodeTarget>: ImageEngine {
  typealias E = T.Encoding
  let options: ImageOptions
  var counts = ImageCounts()
  var lazyProvider: ((LazyKind, LazyKey) throws(ImageError) -> LazyContent)?
  /// Everything that can run out goes through here.
  let growth = GrowthGate()

  // MARK: Symbols

  let symbols = GrowingTable<SymbolIndex, Symbol>(of: "symbols")
  /// Parallel to `symbols`.
  let records = GrowingTable<SymbolIndex, ModuleRecord>(of: "symbols")
  var unusedSymbols: [SymbolIndex] = []
  let declarations = KeyTable()
  var headroom = Headroom()
  var resolver = NameResolver()
  let relocations = GrowingTable<RelocationIndex, ModuleRelocation>(of: "relocations")
  var unusedRelocations: [RelocationIndex] = []
  /// Those whose places cannot hold what they should, by raw index: a flush refuses them.
  var misfits: Set<UInt32> = []
  var lazies: [LazyName: LazyRecord] = [:]
  var pendingLazies: [LazyName] = []
  var pendingLazyTables: [LazyName] = []
  /// Symbols whose entries in the symbol table are out of date.
  var staleEntries: [SymbolIndex] = []
  /// Sections that exports ask for, by raw index of the declaration's symbol.
  var sectionNamesOfExports: [UInt32: String] = [:]
  var nameScratch = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: 256)
  /// Declarations that something refers to though they have no bytes yet.
  var unplacedDeclarations: [UInt32: SymbolIndex] = [:]
  /// Symbols that were freed while data refers to them.
  var deadSymbols: Set<UInt32> = []

  // MARK: Sections

  let store = AtomStore()
  /// In the order of their headers.
  var sections: [ImageSection] = []
  /// Those with atoms; an atom's `output` is an index in this list.
  var placed: [PlacedAtoms] = []
  /// The parts of each kind of section, by what tells kinds apart.
  var parts = SectionParts()
  /// Where the next address range may begin.
  var nextAddress: UInt64
  let baseAddress: UInt64
  private(set) var slots: SlotTable<E>!
  /// Slots that the link of other inputs fills; nil for images without any.
  var importSlots: SlotTable<E>?
  var threadLocals: ThreadLocalArea?
  /// The room before the block.
  var threadControl: ImageSection?
  /// With other inputs: the module's variables in their block.
  var threadLocalRoom: ImageSection?

  // MARK: Tables of the file

  private(set) var strings: ImageStrings!
  private(set) var sectionNames: ImageStrings!
  private(set) var symbolTable: ImageSymbolTable<E>!
  var debugInfo: ImageDebugInfo<E>?

  // MARK: The file

  var fileRanges = FileRanges()
  let headers = HeaderBuffer()
  let sectionHeaders = HeaderBuffer()
  var sectionHeadersOffset: UInt64 = 0
  var sectionHeadersCapacity: UInt64 = 0
  /// How many program headers fit where they are.
  var programHeaderRoom = 64
  var isFlushing = false
  /// What the published file lacks.
  var pendingChanges: [Range<UInt64>] = []
  lazy var publisher = Publisher(path: options.path)
  var foreign = ForeignState()
  var swap: SwapState?
  var swapSession: UInt64 = 0

  init(_ options: ImageOptions) throws(ImageError) {
    self.options = options
    // With other inputs, theirs is the machine's usual base, and the image's lies above them.
    baseAddress =
      options.baseAddress ?? (options.inputs == nil ? T.imageBase : T.imageBaseAboveInputs)
    nextAddress = baseAddress
    guard baseAddress % T.imagePageSize == 0, baseAddress < T.addressLimit else {
      throw ImageError(
        .invalid,
        "the base address 0x\(String(baseAddress, radix: 16)) is no multiple of the page size"
          + " (\(T.imagePageSize) bytes) below 0x\(String(T.addressLimit, radix: 16))")
    }
    guard options.reserve > 0, options.reserve <= 1 << 40 else {
      throw ImageError(.invalid, "a section cannot have a reserve of \(options.reserve) bytes")
    }
    guard options.threadLocalReserve <= 1 << 30 else {
      throw ImageError(
        .invalid,
        "\(options.threadLocalReserve) bytes cannot be set aside for thread-local variables: at most"
          + " \(1 << 30) are within reach")
    }
    try makeRoom(symbols: 1)
    // Index 0 is nobody.
    symbols.append(Self.blankSymbol)
    records.append(ModuleRecord())
    // The pages of the headers.
    nextAddress += alignUp(Self.largestHeaders, T.imagePageSize)
    slots = SlotTable { [unowned self] () throws(ImageError) in try makeSlotSection() }
    try makeFileTables()
    if options.inputs != nil { try reserveForInputs() }
    if options.liveReserve > 0 { try makeLiveSections() }
  }

  deinit {
    symbols.release()
    records.release()
    relocations.release()
    nameScratch.deallocate()
  }

  /// Makes sure that a call can make so many symbols and relocations, and what else one declaration
  /// takes. It comes first in each call that does, so that nothing which follows can run out.
  @inline(__always)
  func makeRoom(symbols more: Int = 1, relocations places: Int = 0) throws(ImageError) {
    try growth.pass("symbols")
    try symbols.makeRoom(for: more)
    try records.makeRoom(for: more)
    try relocations.makeRoom(for: places)
    // A part of a section takes one, and a thread-local block that is made anew a few.
    try store.makeRoom(for: 16)
    try declarations.makeRoom()
    try headroom.check(entries: symbols.count)
  }

  private func makeFileTables() throws(ImageError) {
    let entries = try makeSection(
      ".symtab", .symbolTable, [], alignment: UInt8(E.is64 ? 3 : 2),
      entrySize: UInt64(SymbolEntry<E>.size))
    let names = try makeSection(".strtab", .stringTable, [], alignment: 0)
    let sectionNames = try makeSection(".shstrtab", .stringTable, [], alignment: 0)
    strings = try ImageStrings(section: names)
    self.sectionNames = try ImageStrings(section: sectionNames)
    symbolTable = try ImageSymbolTable(section: entries) { [unowned self] symbol, index in
      records[symbol].entry = index
    }
    // The first one holds what does not fit the file header: it is made with the slots at once, so
    // that they have the lowest addresses.
    slots.reserveFirst(try makeSlotSection())
  }
}

/// What tells sections of atoms apart.
struct SectionKey: Hashable {
  var name: String
  var flags: SectionFlags.RawValue
  var isZeroFill: Bool
}

/// Indices in `CodeImage.placed` by kind of section. Asked for with each update, and nearly always
/// for one of the few kinds that programs consist of: those are found without hashing a name.
struct SectionParts {
  private var keys: [SectionKey] = []
  private var lists: [[Int]] = []
  private var indices: [SectionKey: Int] = [:]
  private static let tried = 8

  subscript(key: SectionKey) -> [Int]? {
    get { index(of: key).map { lists[$0] } }
    set {
      let list = newValue ?? []
      if let index = index(of: key) {
        lists[index] = list
      } else {
        indices[key] = keys.count
        keys.append(key)
        lists.append(list)
      }
    }
  }

  subscript(key: SectionKey, default none: [Int]) -> [Int] {
    get { self[key] ?? none }
    set { self[key] = newValue }
  }

  /// The parts of the kind that a part is of.
  func siblings(of part: Int) -> [Int] { lists.first { $0.contains(part) } ?? [] }

  private func index(of key: SectionKey) -> Int? {
    for i in 0..<min(keys.count, Self.tried) where keys[i] == key { return i }
    return keys.count > Self.tried ? indices[key] : nil
  }
}
