import ELFFormat
import Platform

extension X86_64 {
  /// The relocations of an atom, one after the other.
  struct Entries {
    private var next: UnsafePointer<UInt8>
    private let end: UnsafePointer<UInt8>

    @inline(__always)
    init(_ list: (start: UnsafePointer<UInt8>, count: Int)) {
      next = list.start
      end = list.start + list.count &* RelaEntry<Encoding>.size
    }

    @inline(__always) var isEmpty: Bool { next == end }

    @inline(__always)
    mutating func popFirst() -> RelaEntry<Encoding>? {
      if isEmpty { return nil }
      defer { next += RelaEntry<Encoding>.size }
      return RelaEntry<Encoding>(next)
    }

    /// Passes over the relocation of the call that ends a dynamic sequence (TLSGD, TLSLD), so that
    /// neither the scan nor the writer asks it anything.
    ///
    /// - Parameter site: the sequence's first relocation.
    /// - Returns: false if the next relocation is not that call's.
    mutating func skipResolverCall(of site: Site) -> Bool {
      if isEmpty { return false }
      let call = RelaEntry<Encoding>(next)
      switch call.type {
      case R.plt32, R.pc32, R.gotpcrelx, R.gotpcrel, R.pltoff64: break
      default: return false
      }
      guard call.offset > site.offset, call.offset &- site.offset <= 8 else { return false }
      next += RelaEntry<Encoding>.size
      return true
    }
  }

  /// A relocation where it stands in its input: what the scan and the writer decide by, both in the
  /// same way. Where relocations overlap, the bytes in the output are no longer what the scan saw.
  struct Site {
    let atom: AtomIndex
    let entry: RelaEntry<Encoding>
    /// The atom's bytes in the input.
    let code: UnsafePointer<UInt8>
    /// How many they are.
    let size: UInt64

    @inline(__always) var type: UInt32 { entry.type }
    @inline(__always) var offset: UInt64 { entry.offset }
    @inline(__always) var symbol: UInt32 { entry.symbol }
    @inline(__always) var addend: Int64 { entry.addend }
    /// The first byte that the relocation changes.
    @inline(__always) var p: UnsafePointer<UInt8> { code + Int(offset) }
  }

  /// Where a relocation is written. Source: psABI, "Relocation", P.
  struct Place {
    let site: Site
    /// The first byte in the output.
    let p: UnsafeMutablePointer<UInt8>
    let address: UInt64

    /// The field of an instruction that has taken another's place, so many bytes on.
    @inline(__always)
    func moved(by distance: Int) -> Place {
      Place(
        site: site, p: p + distance, address: address &+ UInt64(bitPattern: Int64(distance)))
    }

    /// Writes a value into a field of as many bytes as `Field` has, which is extended to 64 bits as
    /// `Field` is; says so if that gives another value.
    @inline(__always)
    func store<Field: FixedWidthInteger>(
      _ value: UInt64, as _: Field.Type, _ context: inout ApplyContext
    ) {
      if !X86_64.store(value, as: Field.self, at: p) { outOfRange(&context, site, value) }
    }

    /// As `store`, where nobody extends the field: it may be meant as signed or not.
    @inline(__always)
    func store<Signed: SignedInteger & FixedWidthInteger, Field: FixedWidthInteger>(
      _ value: UInt64, as _: Signed.Type, or _: Field.Type, _ context: inout ApplyContext
    ) {
      if !X86_64.store(value, as: Field.self, at: p), !X86_64.store(value, as: Signed.self, at: p) {
        outOfRange(&context, site, value)
      }
    }

    /// Writes the low bytes of a value, whatever is above them.
    @inline(__always)
    func store<Field: FixedWidthInteger>(truncating value: UInt64, as _: Field.Type) {
      _ = X86_64.store(value, as: Field.self, at: p)
    }
  }

  /// Writes the low bytes of a value, as many as `Field` has.
  ///
  /// - Returns: whether they are the value, extended to 64 bits as `Field` is.
  @inline(__always)
  static func store<Field: FixedWidthInteger>(
    _ value: UInt64, as _: Field.Type, at p: UnsafeMutableRawPointer
  ) -> Bool {
    let field = Field(truncatingIfNeeded: value)
    p.storeBytes(of: field.littleEndian, as: Field.self)
    return UInt64(truncatingIfNeeded: field) == value
  }

  @inline(never)
  private static func outOfRange(
    _ context: inout ApplyContext, _ site: Site, _ value: UInt64
  ) {
    let link = context.link
    link.diagnostics.error(
      "\(link.placeName(site.atom, site.offset)): relocation \(relocationName(site.type)) against"
        + " \(link.referenceName(context.file, site.symbol)) is out of range:"
        + " \(Int64(bitPattern: value)) does not fit in \(width(site.type) * 8) bits; recompile"
        + " \(context.file.pointee.displayName) with -fPIC or -mcmodel=large, or bring the sections"
        + " closer together", key: link.key(site.atom, site.offset))
  }
}
