import ELFFormat
import Platform

/// What a target needs while it writes relocations into an atom's bytes. One for each worker and
/// chunk; addresses are final.
struct ApplyContext {
  let link: LaidOutLink
  var file: UnsafeMutablePointer<ObjectFile>
  let isShared: Bool
  let isPositionIndependent: Bool
  let relaxes: Bool
  /// Address that `_GLOBAL_OFFSET_TABLE_` stands for.
  let offsetTableAnchor: UInt64
  /// Bytes of a slot.
  let wordSize: UInt64
  /// Address of slot 0 of the offset table.
  let offsetSlots: UInt64
  let tlsStart: UInt64
  /// What the thread pointer is relative to the TLS image, as an address.
  let threadPointer: UInt64
  /// Where relative entries of `.rela.dyn` go; nil if there are none to be written.
  let relativeTable: UnsafeMutableRawPointer?
  let relativeCount: Int
  /// `--no-apply-dynamic-relocs`: the place of a relative entry is zero.
  let clearsRelative: Bool
  /// The atom that had the last of them, and the number of the next.
  var relativeAtom = AtomIndex.none
  var nextRelative = 0

  init(_ link: LaidOutLink, relativeTable: UnsafeMutableRawPointer?) {
    self.link = link
    file = link.objects.base
    isShared = link.isSharedLibrary
    wordSize = UInt64(link.encoding.wordSize)
    isPositionIndependent = link.isPositionIndependent
    relaxes = link.relaxesSlots
    offsetTableAnchor =
      link.offsetTableAnchor.isNone ? 0 : link.outputs[link.offsetTableAnchor].address
    offsetSlots =
      link.synthetic[.offsetTable].isNone ? 0 : link.outputs[link.synthetic[.offsetTable]].address
    tlsStart = link.tlsStart
    threadPointer = link.threadPointer
    relativeCount = link.dynamicRelocations.countedRelative
    clearsRelative = link.options.appliesDynamicRelocations == false
    self.relativeTable = relativeCount == 0 ? nil : relativeTable
  }

  @inline(__always)
  mutating func enter(_ link: LaidOutLink, _ atom: Atom) {
    file = link.objects.pointer(atom.file)
  }

  /// Writes the next relative entry of an atom: the scan has counted it.
  ///
  /// - Parameters:
  ///   - address: of the place; `value`: what the base is added to.
  @inline(__always)
  mutating func writeRelative<T: Target>(
    _: T.Type, _ atom: AtomIndex, type: UInt32, address: UInt64, value: UInt64
  ) {
    guard let relativeTable else { return }
    if relativeAtom != atom {
      relativeAtom = atom
      nextRelative = file.pointee.firstRelative &+ Int(link.relativeFirsts[atom.int])
    }
    precondition(nextRelative < relativeCount, "more relative relocations than the scan has seen")
    LoaderRelocation<T>.write(
      to: relativeTable + nextRelative &* LoaderRelocation<T>.size, offset: address, type: type,
      symbol: 0,
      addend: Int64(bitPattern: value))
    nextRelative &+= 1
  }

  /// The extra record of a reference, which has one because the scan asked for a slot.
  @inline(__always)
  func extra(_ source: UInt32) -> UnsafeMutablePointer<SymbolExtra>? {
    let index = Int(source)
    if index >= file.pointee.firstGlobal {
      let symbol = file.pointee.globals[index &- file.pointee.firstGlobal]
      let extra = link.symbols.pointer(symbol).pointee.extra
      return extra.isNone ? nil : link.extras.pointer(extra)
    }
    return link.localExtra(source, in: file)
  }

  @inline(__always)
  func slotAddress(_ slot: Int32) -> UInt64 {
    offsetSlots &+ UInt64(bitPattern: Int64(slot)) &* wordSize
  }
}
