import CZlib
import CZstd
import ELFFormat
import Platform

/// Compressed sections of inputs. Source: gABI, "Section Compression"; the older `.zdebug_*` form
/// ("ZLIB", size in 8 bytes big endian, deflated data) as documented with binutils.
enum Expansion {
  struct Result {
    var bytes: ByteString
    var alignment: UInt64
  }

  /// The expanded bytes; nil for an `.zdebug_*` section without the mark of compression.
  static func expand<E: ELFEncoding>(
    _: E.Type, _ raw: ByteString, isOld: Bool, section: Int
  ) throws(InputError) -> Result? {
    if isOld {
      guard raw.hasPrefix("ZLIB"), raw.count >= 12 else { return nil }
      var size: UInt64 = 0
      for i in 4..<12 { size = size << 8 | UInt64(raw[i]) }
      return Result(
        bytes: try inflate(raw.dropFirst(12), size: size, section: section), alignment: 1)
    }
    guard raw.count >= CompressionHeader<E>.size else {
      throw InputError("compressed section \(section) is too short for its header")
    }
    let header = CompressionHeader<E>(raw.start)
    let data = raw.dropFirst(CompressionHeader<E>.size)
    let bytes: ByteString
    switch header.type {
    case 1: bytes = try inflate(data, size: header.byteCount, section: section)
    case 2: bytes = try expandZstd(data, size: header.byteCount, section: section)
    default: throw InputError("section \(section) has unknown compression type \(header.type)")
    }
    return Result(bytes: bytes, alignment: header.alignment)
  }

  /// `.zdebug_info` → `.debug_info`.
  static func plainName(_ name: ByteString) -> ByteString {
    let bytes = allocateForever(UInt8.self, count: name.count)
    bytes[0] = 0x2e
    (bytes + 1).initialize(from: name.start + 2, count: name.count - 2)
    return ByteString(start: bytes, count: name.count - 1)
  }

  private static func room(_ size: UInt64, section: Int) throws(InputError)
    -> UnsafeMutablePointer<UInt8>
  {
    guard size < 1 << 38 else {
      throw InputError("compressed section \(section) says it expands to \(size) bytes")
    }
    return reserveAddressSpace(bytes: Int(size)).bindMemory(to: UInt8.self, capacity: Int(size))
  }

  private static func inflate(
    _ data: ByteString, size: UInt64, section: Int
  ) throws(InputError) -> ByteString {
    // Deflate expands at most 1032 to 1; more is a lie that would cost address space.
    guard size <= UInt64(data.count) * 1100 + 64 else {
      throw InputError("compressed section \(section) cannot expand to \(size) bytes")
    }
    let output = try room(size, section: section)
    var stream = z_stream()
    guard
      inflateInit_(&stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw InputError("out of memory while expanding section \(section)") }
    defer { inflateEnd(&stream) }
    var consumed = 0
    var produced = 0
    while true {
      let give = min(data.count - consumed, 1 << 30)
      let take = min(Int(size) - produced, 1 << 30)
      stream.next_in = UnsafeMutablePointer(mutating: data.start + consumed)
      stream.avail_in = UInt32(give)
      stream.next_out = output + produced
      stream.avail_out = UInt32(take)
      let status = CZlib.inflate(&stream, Z_NO_FLUSH)
      let eaten = give - Int(stream.avail_in)
      let made = take - Int(stream.avail_out)
      consumed += eaten
      produced += made
      if status == Z_STREAM_END { break }
      if status != Z_OK || eaten == 0 && made == 0 {
        throw InputError("compressed section \(section) is damaged (zlib error \(status))")
      }
    }
    guard produced == Int(size) else {
      throw InputError(
        "compressed section \(section) expands to \(produced) bytes instead of \(size)")
    }
    return ByteString(start: output, count: produced)
  }

  private static func expandZstd(
    _ data: ByteString, size: UInt64, section: Int
  ) throws(InputError) -> ByteString {
    let output = try room(size, section: section)
    let result = ZSTD_decompress(output, Int(size), data.start, data.count)
    if ZSTD_isError(result) != 0 || result != Int(size) {
      releaseAddressSpace(output, bytes: Int(size))
      throw InputError("compressed section \(section) is damaged (zstd)")
    }
    return ByteString(start: output, count: Int(size))
  }
}
