import ELFFormat
import Platform

/// What several passes ask of the tables.
extension Link {
  /// The bytes of an atom as they lie in the file, expanded if they were compressed. The atom has
  /// bytes (`kind` is not `.zeroFill` or `.synthetic`).
  @inline(__always)
  func contents<E: ELFEncoding>(_: E.Type, _ atom: Atom) -> ByteString {
    if atom.has.contains(.isCompressed) {
      return expanded[atom.side].bytes
    }
    let file = objects.pointer(atom.file)
    let header = file.pointee.header(E.self, Int(atom.section))
    return ByteString(start: file.pointee.base + Int(header.offset), count: Int(atom.size))
  }

  /// The relocations of an atom: records with addends, decoded beforehand where the file has
  /// another form.
  @inline(__always)
  func relocations<E: ELFEncoding>(_: E.Type, _ atom: Atom) -> (
    start: UnsafePointer<UInt8>, count: Int
  ) {
    if atom.relocations == 0 { return (objects[FileIndex(0)].base, 0) }
    if atom.has.contains(.decodedRelocations) {
      let decoded = decodedRelocations[atom.relocations]
      return (decoded.start, decoded.count)
    }
    let file = objects.pointer(atom.file)
    let header = file.pointee.header(E.self, Int(atom.relocations))
    return (
      file.pointee.base + Int(header.offset), Int(header.byteCount) / RelaEntry<E>.size
    )
  }

  /// The address of `addend` bytes past a symbol of `file`, after layout. Zero for what is undefined
  /// or was discarded.
  ///
  /// A section symbol of a merged section with its addend names a piece, so the addend has to be
  /// known here.
  @inline(__always)
  func address<E: ELFEncoding>(
    _: E.Type, of symbol: UInt32, in file: UnsafeMutablePointer<ObjectFile>, addend: Int64
  ) -> UInt64 {
    let first = file.pointee.firstGlobal
    if Int(symbol) >= first {
      let index = file.pointee.globals[Int(symbol) &- first]
      return symbols[index].word &+ UInt64(bitPattern: addend)
    }
    return localAddress(E.self, of: symbol, in: file, addend: addend)
  }

  @inline(__always)
  func localAddress<E: ELFEncoding>(
    _: E.Type, of symbol: UInt32, in file: UnsafeMutablePointer<ObjectFile>, addend: Int64
  ) -> UInt64 {
    let entry = file.pointee.symbol(E.self, Int(symbol))
    let section = file.pointee.section(E.self, of: Int(symbol))
    if Int(section) >= file.pointee.sectionCount {
      // SHN_ABS; other reserved numbers were refused.
      return entry.value &+ UInt64(bitPattern: addend)
    }
    let index = file.pointee.sectionAtoms[Int(section)]
    if index.raw >= AtomIndex.discarded.raw { return 0 }
    let atom = atoms.pointer(index)
    if atom.pointee.kind == .merged {
      if entry.type == .section {
        return mergedAddress(atom.pointee, offset: entry.value &+ UInt64(bitPattern: addend))
      }
      return mergedAddress(atom.pointee, offset: entry.value) &+ UInt64(bitPattern: addend)
    }
    return atom.pointee.address &+ entry.value &+ UInt64(bitPattern: addend)
  }
}

extension AtomIndex {
  /// Marks sections that lost their group's election or were excluded.
  @inline(__always) static var discarded: AtomIndex { AtomIndex(raw: .max - 1) }
}

/// The contents of a compressed section.
struct ExpandedContents: BitwiseCopyable {
  var bytes: ByteString
}

/// Relocations that were in a packed form.
struct DecodedRelocations: BitwiseCopyable {
  var start: UnsafePointer<UInt8>
  var count: Int
}
