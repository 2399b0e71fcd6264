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
    var entries = Entries(atom.relocationList)
    let bytes = place.assumingMemoryBound(to: UInt8.self)
    let file = context.file
    let destinations = file.pointee.destinations
    let symbolCount = file.pointee.symbolCount
    let tombstone = link.tombstone(atom)
    while let entry = entries.popFirst() {
      let site = Site(atom: index, entry: entry, code: atom.contents.start, size: atom.size)
      let source = site.symbol
      let width = width(site.type)
      if site.offset > atom.size || atom.size &- site.offset < width || Int(source) >= symbolCount {
        badUnloaded(&context, site)
        continue
      }
      let place = Place(
        site: site, p: bytes + Int(site.offset), address: atom.address &+ site.offset)
      let value: UInt64
      let destination = destinations[Int(source)]
      let isDead: Bool
      if Destination.isAddress(destination) {
        isDead = false
        value = destination &+ UInt64(bitPattern: site.addend)
      } else {
        isDead =
          destination == Destination.isGone || link.isDead(Encoding.self, source, in: file)
        value =
          isDead
          ? tombstone : link.address(Encoding.self, of: source, in: file, addend: site.addend)
      }
      switch site.type {
      case R.abs64: place.store(truncating: value, as: UInt64.self)
      case R.abs32, R.abs32S: place.store(value, as: Int32.self, or: UInt32.self, &context)
      case R.dtpoff64:
        place.store(truncating: isDead ? tombstone : value &- context.tlsStart, as: UInt64.self)
      case R.dtpoff32:
        place.store(truncating: isDead ? tombstone : value &- context.tlsStart, as: UInt32.self)
      case R.pc32: place.store(truncating: value &- place.address, as: UInt32.self)
      case R.pc64: place.store(truncating: value &- place.address, as: UInt64.self)
      case R.size32: place.store(truncating: size(&context, site), as: UInt32.self)
      case R.size64: place.store(truncating: size(&context, site), as: UInt64.self)
      case R.abs16: place.store(truncating: value, as: UInt16.self)
      case R.abs8: place.store(truncating: value, as: UInt8.self)
      case R.none, 250, 251: break
      default: badUnloaded(&context, site)
      }
    }
  }

  @inline(never)
  private static func badUnloaded(_ context: inout ApplyContext, _ site: Site) {
    let link = context.link
    link.diagnostics.error(
      "\(link.placeName(site.atom, site.offset)): \(relocationName(site.type)) does not belong here,"
        + " lies outside of its section, or names a symbol that isn't there",
      key: link.key(site.atom, site.offset))
  }
}
