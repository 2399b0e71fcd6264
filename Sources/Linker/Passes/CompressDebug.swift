import CZlib
import CZstd
import ELFFormat
import Glibc
import Platform

/// `--compress-debug-sections`: after addresses are known, because debug information holds them, and
/// before file offsets are, because they depend on the size.
///
/// A section is compressed in shards of a megabyte, side by side: deflate streams can be joined at
/// byte boundaries, zstd frames simply follow each other. Source: gABI, "Section Compression".
struct CompressDebug<T: Target>: FollowsScan, ReadsTables, ChangesLayout {
  typealias E = T.Encoding

  let unplaced: UnplacedLink
  let tableStage: Reading<LinkerTables>
  let changingLayout: Changing<Layout>

  static func run(
    _ link: UnplacedLink, _ tables: Reading<LinkerTables>,
    _ layout: Changing<Layout>
  ) throws(LinkFailed) {
    try CompressDebug(
      unplaced: link, tableStage: tables, changingLayout: layout
    ).compressAll()
  }

  private static var shardSize: Int { 1 << 20 }

  private func compressAll() throws(LinkFailed) {
    guard options.debugCompression != .none else { return }
    for index in sectionOrder {
      let output = outputs.pointer(index)
      guard output.pointee.content == .atoms, !output.pointee.has.contains(.alloc),
        output.pointee.size > 0, SectionNaming.isDebug(output.pointee.name),
        isDense(output.pointee)
      else { continue }
      compress(index)
    }
    try checkpoint()
    // The others follow the smaller ones.
    layOutSectionNames()
    layOutUnloaded(E.self, from: loadedEnd)
  }

  /// Sections that are mostly padding, or have no bytes in the file, only a damaged input has: they
  /// would take memory without end.
  private func isDense(_ output: OutputSection) -> Bool {
    var bytes: UInt64 = 0
    for i in output.firstAtom..<output.firstAtom + output.atomCount {
      let atom = atoms.pointer(atomOrder[i])
      if atom.pointee.kind == .zeroFill { return false }
      bytes += atom.pointee.size
    }
    return output.size <= 2 * bytes + 1 << 20
  }

  private func compress(_ index: OutputIndex) {
    let output = outputs.pointer(index)
    let size = Int(output.pointee.size)
    nonisolated(unsafe) let plain = reserveAddressSpace(bytes: size)
    defer { releaseAddressSpace(plain, bytes: size) }
    nonisolated(unsafe) let order = atomOrder + output.pointee.firstAtom
    let link = LaidOutLink(
      unplaced: unplaced, tableStage: tableStage, layoutStage: layoutStage)
    pool.forEachRange(output.pointee.atomCount, grain: 16) { [atoms] range, _ in
      var context = ApplyContext(link, relativeTable: nil)
      for i in range {
        let atom = atoms[order[i]]
        link.writeAtom(T.self, order[i], atom, plain + Int(atom.address), &context)
      }
    }
    let isZstd = options.debugCompression == .zstd
    let shards = (size + Self.shardSize - 1) / Self.shardSize
    let parts = pool.map(chunks: shards) { i, _ -> [UInt8] in
      let start = i * Self.shardSize
      let n = min(Self.shardSize, size - start)
      return isZstd
        ? Self.zstd(plain + start, n) : Self.deflate(plain + start, n, isLast: i + 1 == shards)
    }
    var checksum = uLong(1)
    if !isZstd {
      var at = 0
      while at < size {
        let n = min(size - at, 1 << 30)
        checksum = adler32(
          checksum, (plain + at).assumingMemoryBound(to: UInt8.self), UInt32(n))
        at += n
      }
    }
    let body = parts.reduce(0) { $0 + $1.count } + (isZstd ? 0 : 6)
    let isOld = options.debugCompression == .zlibGNU
    let headerSize = isOld ? 12 : CompressionHeader<E>.size
    // Compressed forms that are no smaller help nobody.
    if headerSize + body >= size { return }
    let memory = reserveAddressSpace(bytes: headerSize + body)
    if isOld {
      for (i, byte) in "ZLIB".utf8.enumerated() {
        memory.storeBytes(of: byte, toByteOffset: i, as: UInt8.self)
      }
      ELF64Big.store64(UInt64(size), memory + 4)
    } else {
      CompressionHeader<E>.write(
        to: memory, type: isZstd ? 2 : 1, byteCount: UInt64(size),
        alignment: 1 << UInt64(output.pointee.alignment))
    }
    var at = memory + headerSize
    if !isZstd {
      // zlib's header: deflate, 32 KiB window.
      at.storeBytes(of: 0x78, as: UInt8.self)
      at.storeBytes(of: 0x01, toByteOffset: 1, as: UInt8.self)
      at += 2
    }
    for part in parts {
      part.withUnsafeBytes { at.copyMemory(from: $0.baseAddress!, byteCount: $0.count) }
      at += part.count
    }
    if !isZstd { ELF64Big.store32(UInt32(truncatingIfNeeded: checksum), at) }
    layout.compressedContents[index] = UnsafeRawPointer(memory)
    output.pointee.content = .compressed
    output.pointee.size = UInt64(headerSize + body)
    output.pointee.alignment = isOld ? 0 : E.is64 ? 3 : 2
    if isOld {
      let name = String(output.pointee.name)
      output.pointee.name = ByteString(copying: ".z" + name.dropFirst())
    } else {
      output.pointee.flags |= SectionFlags.compressed.rawValue
    }
  }

  /// A raw deflate stream that ends at a byte boundary.
  private static func deflate(_ p: UnsafeMutableRawPointer, _ n: Int, isLast: Bool) -> [UInt8] {
    var stream = z_stream()
    deflateInit2_(
      &stream, 1, Z_DEFLATED, -15, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
      Int32(MemoryLayout<z_stream>.size))
    defer { deflateEnd(&stream) }
    let bound = Int(deflateBound(&stream, uLong(n))) + 16
    return [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
      stream.next_in = p.assumingMemoryBound(to: UInt8.self)
      stream.avail_in = UInt32(n)
      stream.next_out = buffer.baseAddress!
      stream.avail_out = UInt32(bound)
      _ = CZlib.deflate(&stream, isLast ? Z_FINISH : Z_SYNC_FLUSH)
      count = bound - Int(stream.avail_out)
    }
  }

  private static func zstd(_ p: UnsafeMutableRawPointer, _ n: Int) -> [UInt8] {
    let bound = ZSTD_compressBound(n)
    return [UInt8](unsafeUninitializedCapacity: bound) { buffer, count in
      count = ZSTD_compress(buffer.baseAddress!, bound, p, n, 3)
    }
  }
}
