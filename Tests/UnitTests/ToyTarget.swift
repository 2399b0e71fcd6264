import ELFFormat
import Platform

@testable import Linker

/// A machine of the tests, in any class and byte order, whose relocations hold no addends: what passes
/// take for granted of x86-64 shows with it.
///
/// A stub is its slot's address and a mark; there are no instructions.
enum Toy<E: ELFEncoding>: Target {
  typealias Encoding = E

  /// Types of relocations; `S`, `A`, `P` and `G` as in processor supplements.
  enum R {
    static var none: UInt32 { 0 }
    /// S + A, a word.
    static var word: UInt32 { 1 }
    /// S + A - P, four bytes.
    static var distance: UInt32 { 2 }
    /// As `distance`; leads to a stub where another component has the function.
    static var call: UInt32 { 3 }
    /// G + A - P, four bytes: the symbol's slot.
    static var slot: UInt32 { 4 }
    /// Offset from the thread pointer, a word.
    static var threadOffset: UInt32 { 5 }
    static var relative: UInt32 { 20 }
    static var globalData: UInt32 { 21 }
    static var jumpSlot: UInt32 { 22 }
    static var copy: UInt32 { 23 }
    static var indirect: UInt32 { 24 }
    static var threadModule: UInt32 { 25 }
  }

  static var machine: UInt16 { 0xf00d }
  static var imageMachine: ImageMachine { .sparc64 }
  static var emulations: [String] { ["toy"] }
  static var formatNames: [String] { ["elf-toy"] }
  static var libraryDirectories: [String] { [] }
  static var interpreter: String { "/lib/ld-toy.so" }
  static var maximumPageSize: UInt64 { 0x2000 }
  static var commonPageSize: UInt64 { 0x1000 }
  static var defaultImageBase: UInt64 { 0x1_0000 }
  static var headerFlags: UInt32 { 0x1234 }
  static var codeFill: UInt8 { 0x99 }
  static var dynamicTypes: DynamicTypes {
    DynamicTypes(
      absolute: R.word, relative: R.relative, globalData: R.globalData, jumpSlot: R.jumpSlot,
      copy: R.copy, indirectRelative: R.indirect, tlsModule: R.threadModule,
      tlsOffset: R.threadOffset, tlsStaticOffset: R.threadOffset, tlsDescriptor: R.none)
  }

  static var relocationsHoldAddends: Bool { false }
  static func addend(type: UInt32, at place: UnsafeRawPointer) -> Int64 {
    width(type) == 4 || !E.is64
      ? Int64(Int32(bitPattern: E.load32(place))) : Int64(bitPattern: E.load64(place))
  }

  static func relocationName(_ type: UInt32) -> String { "R_TOY_\(type)" }

  private static func width(_ type: UInt32) -> UInt64 {
    switch type {
    case R.none: 0
    case R.word, R.threadOffset: UInt64(E.wordSize)
    default: 4
    }
  }

  static func scan(_ link: UnplacedLink, _ context: inout ScanContext, _ index: AtomIndex) {
    let atom = link.atoms[index]
    let relocations = atom.relocationList
    for i in 0..<relocations.count {
      let entry = RelaEntry<E>(relocations.start + i * RelaEntry<E>.size)
      guard entry.offset <= atom.size, atom.size - entry.offset >= width(entry.type) else {
        link.diagnostics.error("\(link.placeName(index, entry.offset)): outside of its section")
        continue
      }
      guard let reference = context.reference(E.self, entry.symbol, index, entry.offset) else {
        continue
      }
      switch entry.type {
      case R.word:
        if reference.isPreemptible {
          context.addDynamic(
            .symbolic, reference, index, entry.offset, entry.addend, type: R.word)
        } else if context.isPositionIndependent, !reference.isFixed {
          context.addRelative(index, entry.offset, entry.addend, entry.symbol)
        }
      case R.call:
        if reference.isPreemptible || reference.isIndirect { context.demand(reference, .needsPLT) }
      case R.slot: context.demand(reference, .needsOffsetSlot)
      case R.distance:
        if reference.isPreemptible {
          context.demand(
            reference, reference.isFunction ? [.needsPLT, .needsCanonicalPLT] : .needsCopy)
        }
      default: break
      }
    }
  }

  static func plainWidth(type: UInt32, isPositionIndependent: Bool) -> UInt64 { 0 }
  static func isCall(type: UInt32) -> Bool { type == R.call }

  static func apply(
    _ link: LaidOutLink, _ context: inout ApplyContext, _ index: AtomIndex,
    _ place: UnsafeMutableRawPointer
  ) {
    let atom = link.atoms[index]
    let relocations = atom.relocationList
    context.enter(link, atom)
    for i in 0..<relocations.count {
      let entry = RelaEntry<E>(relocations.start + i * RelaEntry<E>.size)
      let p = place + Int(entry.offset)
      let address = atom.address &+ entry.offset
      let addend = UInt64(bitPattern: entry.addend)
      let target = link.finalAddress(
        E.self, of: entry.symbol, in: context.file, addend: entry.addend)
      switch entry.type {
      case R.word:
        // The loader adds what it finds to what the place holds.
        let isOurs = !isPreemptible(link, context, entry.symbol)
        E.storeWord(isOurs ? target : addend, p)
        if isOurs, isRelative(link, context, entry.symbol) {
          context.writeRelative(
            Self.self, index, type: R.relative, address: address, value: target)
        }
      case R.distance: E.store32(UInt32(truncatingIfNeeded: target &- address), p)
      case R.call:
        var to = target
        if let extra = context.extra(entry.symbol), let stub = link.pltAddress(extra.pointee) {
          to = stub &+ addend
        }
        E.store32(UInt32(truncatingIfNeeded: to &- address), p)
      case R.slot:
        let slot = context.extra(entry.symbol).map { context.slotAddress($0.pointee.offsetSlot) }
        E.store32(UInt32(truncatingIfNeeded: (slot ?? 0) &+ addend &- address), p)
      case R.threadOffset: E.storeWord(target &- context.threadPointer, p)
      default: break
      }
    }
  }

  private static func has(
    _ link: LaidOutLink, _ context: ApplyContext, _ source: UInt32
  ) -> SymbolFlags? {
    let file = context.file
    if Int(source) < file.pointee.firstGlobal { return nil }
    return link.symbols[file.pointee.globals[Int(source) - file.pointee.firstGlobal]].has
  }

  private static func isPreemptible(
    _ link: LaidOutLink, _ context: ApplyContext, _ source: UInt32
  ) -> Bool { has(link, context, source)?.contains(.isPreemptible) ?? false }

  private static func isRelative(
    _ link: LaidOutLink, _ context: ApplyContext, _ source: UInt32
  ) -> Bool {
    if !context.isPositionIndependent { return false }
    return has(link, context, source)?.isDisjoint(with: [.isAbsolute, .isUndefined]) ?? true
  }

  static func applyData(
    type: UInt32, place: UnsafeMutableRawPointer, value: UInt64, address: UInt64
  ) -> Bool {
    switch type {
    case R.word: E.storeWord(value, place)
    case R.distance: E.store32(UInt32(truncatingIfNeeded: value &- address), place)
    default: break
    }
    return true
  }

  static func dataSize(type: UInt32) -> Int? { type > R.distance ? nil : Int(width(type)) }

  // MARK: Stubs: the slot's address, and a mark that says which kind it is

  static var pltHeaderSize: UInt64 { 16 }
  static var pltEntrySize: UInt64 { 12 }
  static var directPLTEntrySize: UInt64 { 8 }
  static var lazyEntryOffset: UInt64 { 8 }
  static var landingPLTEntrySize: UInt64 { 16 }

  static func writePLTHeader(_ p: UnsafeMutableRawPointer, plt: UInt64, pltSlots: UInt64) {
    stub(p, 1, pltSlots)
  }

  static func writePLTEntry(
    _ p: UnsafeMutableRawPointer, address: UInt64, slot: UInt64, index: Int, plt: UInt64
  ) {
    stub(p, 2, slot)
    E.store32(UInt32(index), p + 8)
  }

  static func writeDirectPLTEntry(_ p: UnsafeMutableRawPointer, address: UInt64, slot: UInt64) {
    stub(p, 3, slot)
  }

  static func writeLandingLazyEntry(
    _ p: UnsafeMutableRawPointer, address: UInt64, index: Int, plt: UInt64
  ) { stub(p, 4, plt) }

  static func writeLandingPLTEntry(_ p: UnsafeMutableRawPointer, address: UInt64, slot: UInt64) {
    stub(p, 5, slot)
  }

  private static func stub(_ p: UnsafeMutableRawPointer, _ mark: UInt32, _ slot: UInt64) {
    E.store32(mark, p)
    E.store32(UInt32(truncatingIfNeeded: slot), p + 4)
  }
}

extension Link {
  /// A link whose stages a test fills.
  static func forTests(
    threads: Int, target: any Target.Type = Link.outputTarget, output: OutputBytes? = nil,
    _ change: (inout LinkOptions) -> Void = { _ in }
  ) -> Link {
    var options = LinkOptions()
    options.threads = threads
    change(&options)
    let link = Link(
      options: options, diagnostics: Diagnostics(options: options), output: output,
      target: target)
    // Reading inputs makes the linker's own file.
    if output == nil { link.objects.append(.empty) }
    return link
  }

  func exports<E: ELFEncoding>(_: E.Type) -> DecideExports<E> {
    DecideExports(
      serviceStage: serviceStage, inputStage: inputStage, changingNaming: changingNaming)
  }

  func makeTables<T: Target>(_: T.Type) -> MakeTables<T> {
    MakeTables(unplaced: unplaced, changingTables: changingTables)
  }

  func writeOutput<T: Target>(_: T.Type) -> WriteOutput<T> {
    WriteOutput(
      unplaced: unplaced, tableStage: tableStage, layoutStage: layoutStage,
      changingMade: Changing(MadeContents()))
  }
}
