import CZlib
import CZstd
import ELFFormat
import Platform

/// Compressed sections of inputs. Source: gABI, "Section Compression"; the older `.zdebug_*` form
/// ("ZLIB", size in 8 bytes big endian, deflated data) as documented with binutils.
///
/// What a section says of its size is believed only as far as its bytes can bear it out: before any
/// room is made, the size is held against what that many bytes can expand to at all, against what
/// the frames inside say, and, by the caller, against the machine's memory.
enum Expansion {
  struct Result {
    var bytes: ByteString
    var alignment: UInt64
  }

  /// The expanded bytes; nil for an `.zdebug_*` section without the mark of compression.
  ///
  /// - Parameter hasRoom: whether so many more bytes may be kept in memory.
  static func expand<E: ELFEncoding>(
    _: E.Type, _ raw: ByteString, isOld: Bool, section: Int, hasRoom: (Int) -> Bool
  ) throws(InputError) -> Result? {
    if isOld {
      guard raw.hasPrefix("ZLIB"), raw.count >= 12 else { return nil }
      var size: UInt64 = 0
      for i in 4..<12 { size = size << 8 | UInt64(raw[i]) }
      return Result(
        bytes: try inflate(raw.dropFirst(12), size: size, section: section, hasRoom),
        alignment: 1)
    }
    guard raw.count >= CompressionHeader<E>.size else {
      throw InputError("compressed section \(section) is too short for its header")
    }
    let header = CompressionHeader<E>(raw.start)
    let data = raw.dropFirst(CompressionHeader<E>.size)
    let bytes: ByteString
    switch header.type {
    case 1: bytes = try inflate(data, size: header.byteCount, section: section, hasRoom)
    case 2: bytes = try expandZstd(data, size: header.byteCount, section: section, hasRoom)
    default: throw InputError("section \(section) has unknown compression type \(header.type)")
    }
    return Result(bytes: bytes, alignment: header.alignment)
  }

  /// The bytes that a section of a file has when it is expanded; nil if that cannot be told.
  static func size<E: ELFEncoding>(_: E.Type, _ file: ObjectFile, _ section: Int) -> UInt64? {
    let header = file.header(E.self, section)
    if header.type == .nobits { return header.byteCount }
    guard let raw = try? ObjectReader.contents(E.self, file, section) else { return nil }
    if header.flags.contains(.compressed) {
      return raw.count < CompressionHeader<E>.size
        ? nil : CompressionHeader<E>(raw.start).byteCount
    }
    if raw.hasPrefix("ZLIB"), raw.count >= 12,
      ObjectFile.name(file.sectionNames, at: header.name).hasPrefix(".zdebug")
    {
      return raw[4..<12].buffer.reduce(0) { $0 << 8 | UInt64($1) }
    }
    return UInt64(raw.count)
  }

  /// `.zdebug_info` → `.debug_info`.
  static func plainName(_ name: ByteString) -> ByteString {
    let bytes = allocateForever(UInt8.self, count: name.count)
    bytes[0] = 0x2e
    (bytes + 1).initialize(from: name.start + 2, count: name.count - 2)
    return ByteString(start: bytes, count: name.count - 1)
  }

  /// Room for what `count` bytes expand to, which is at most `ratio` times as much.
  private static func room(
    _ size: UInt64, of count: Int, ratio: Int, section: Int, _ hasRoom: (Int) -> Bool
  ) throws(InputError) -> UnsafeMutablePointer<UInt8> {
    let (most, overflow) = UInt64(count).multipliedReportingOverflow(by: UInt64(ratio))
    guard size <= most || overflow, let bytes = Int(exactly: size) else {
      throw InputError(
        "compressed section \(section) of \(count) bytes cannot expand to \(size) bytes")
    }
    guard hasRoom(bytes), let start = tryReservingAddressSpace(bytes: bytes) else {
      throw InputError(
        "out of memory: compressed section \(section) expands to \(size) bytes; \(memoryRemedy)")
    }
    return start.bindMemory(to: UInt8.self, capacity: bytes)
  }

  private static func inflate(
    _ data: ByteString, size: UInt64, section: Int, _ hasRoom: (Int) -> Bool
  ) throws(InputError) -> ByteString {
    // 258 bytes in two bits. Source: zlib's "Technical Details", "Maximum Compression Factor".
    let output = try room(size, of: data.count, ratio: 1032, section: section, hasRoom)
    do throws(InputError) {
      try inflate(data, into: output, size: Int(size), section: section)
    } catch {
      releaseAddressSpace(output, bytes: Int(size))
      throw error
    }
    return ByteString(start: output, count: Int(size))
  }

  private static func inflate(
    _ data: ByteString, into output: UnsafeMutablePointer<UInt8>, size: Int, section: Int
  ) throws(InputError) {
    var stream = z_stream()
    guard
      inflateInit_(&stream, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK
    else { throw InputError("out of memory while expanding section \(section)") }
    defer { inflateEnd(&stream) }
    var consumed = 0
    var produced = 0
    while true {
      let give = min(data.count - consumed, 1 << 30)
      let take = min(size - produced, 1 << 30)
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
    guard produced == size else {
      throw InputError(
        "compressed section \(section) expands to \(produced) bytes instead of \(size)")
    }
  }

  private static func expandZstd(
    _ data: ByteString, size: UInt64, section: Int, _ hasRoom: (Int) -> Bool
  ) throws(InputError) -> ByteString {
    if let sum = try zstdSize(data, section: section), sum != size {
      throw InputError(
        "compressed section \(section) expands to \(sum) bytes instead of \(size)")
    }
    // A block of one repeated byte has four bytes and stands for 128 KiB at most. Source: RFC 8878,
    // "Blocks".
    let output = try room(size, of: data.count, ratio: 1 << 15, section: section, hasRoom)
    let result = ZSTD_decompress(output, Int(size), data.start, data.count)
    if ZSTD_isError(result) != 0 || result != Int(size) {
      releaseAddressSpace(output, bytes: Int(size))
      throw InputError("compressed section \(section) is damaged (zstd)")
    }
    return ByteString(start: output, count: Int(size))
  }

  /// What the frames say that they expand to; nil if one does not say.
  private static func zstdSize(
    _ data: ByteString, section: Int
  ) throws(InputError) -> UInt64? {
    var rest = data
    var sum: UInt64 = 0
    while !rest.isEmpty {
      let content = ZSTD_getFrameContentSize(rest.start, rest.count)
      let size = ZSTD_findFrameCompressedSize(rest.start, rest.count)
      // ZSTD_CONTENTSIZE_ERROR and ZSTD_CONTENTSIZE_UNKNOWN, which are casts that Swift can't read.
      guard content != .max - 1, ZSTD_isError(size) == 0, size > 0, size <= rest.count else {
        throw InputError("compressed section \(section) is damaged (zstd)")
      }
      if content == .max { return nil }
      sum = sum &+ content
      rest = rest.dropFirst(size)
    }
    return sum
  }
}
