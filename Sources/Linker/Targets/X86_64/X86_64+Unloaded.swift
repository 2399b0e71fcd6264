import ELFFormat
import Platform

extension X86_64 {
  /// Debug information and the like: no slots, no linkage; what was discarded reads as a value that
  /// no debugger takes for an address.
  static func applyUnloaded(
    _ link: LaidOutLink, _ context: inout ApplyContext, _ index: AtomIndex,
    _ place: UnsafeMutableRawPointer
  ) {
    let atom = link.atoms[index]
    let relocations = atom.relocationList
    let bytes = place.assumingMemoryBound(to: UInt8.self)
    let file = context.file
    let destinations = file.pointee.destinations
    let symbolCount = file.pointee.symbolCount
    let tombstone = link.tombstone(atom)
    for i in 0..<relocations.count {
      let entry = RelaEntry<Encoding>(relocations.start + i &* RelaEntry<Encoding>.size)
      let type = entry.type
      let offset = entry.offset
      let source = entry.symbol
      let width = width(type)
      if offset > atom.size || atom.size &- offset < width
        || Int(source) >= symbolCount
      {
        badUnloaded(&context, index, entry)
        continue
      }
      let p = bytes + Int(offset)
      var value: UInt64
      let destination = destinations[Int(source)]
      let isDead: Bool
      if Destination.isAddress(destination) {
        isDead = false
        value = destination &+ UInt64(bitPattern: entry.addend)
      } else {
        isDead =
          destination == Destination.isGone || link.isDead(Encoding.self, source, in: file)
        value =
          isDead
          ? tombstone : link.address(Encoding.self, of: source, in: file, addend: entry.addend)
      }
      switch type {
      case R.abs64: store64(value, p)
      case R.abs32, R.abs32S:
        if value >> 32 != 0, !fitsSigned32(value) { outOfRange(&context, index, entry, value) }
        store32(value, p)
      case R.dtpoff64: store64(isDead ? tombstone : value &- context.tlsStart, p)
      case R.dtpoff32: store32(isDead ? tombstone : value &- context.tlsStart, p)
      case R.pc32:
        value = value &- (atom.address &+ offset)
        store32(value, p)
      case R.pc64: store64(value &- (atom.address &+ offset), p)
      case R.size32, R.size64:
        let size =
          link.symbolSize(Encoding.self, file, source) &+ UInt64(bitPattern: entry.addend)
        if type == R.size32 { store32(size, p) } else { store64(size, p) }
      case R.abs16:
        UnsafeMutableRawPointer(p).storeBytes(
          of: UInt16(truncatingIfNeeded: value), as: UInt16.self)
      case R.abs8: p[0] = UInt8(truncatingIfNeeded: value)
      case R.none, 250, 251: break
      default: badUnloaded(&context, index, entry)
      }
    }
  }

  @inline(never)
  private static func badUnloaded(
    _ context: inout ApplyContext, _ index: AtomIndex, _ entry: RelaEntry<Encoding>
  ) {
    context.link.diagnostics.error(
      "\(context.link.placeName(index, entry.offset)): \(relocationName(entry.type)) does not"
        + " belong here, lies outside of its section, or names a symbol that isn't there",
      key: context.link.key(index, entry.offset))
  }
}
