import CMessageDigest
import CXXHashVector
import Glibc
import Platform

/// `--build-id`: a digest of the output.
///
/// The output is hashed in the pieces in which it is written, while they are in the cache; the
/// build-id is the digest of the pieces' digests, in file order. Pieces depend on the layout alone,
/// so the result does not depend on the number of threads.
enum BuildID {
  /// Bytes of an identifier.
  static func size(_ kind: LinkOptions.BuildID) -> Int {
    switch kind {
    case .none: 0
    case .fast, .md5, .uuid: 16
    case .standard, .sha1: 20
    case .sha256: 32
    case .bytes(let bytes): bytes.count
    }
  }

  static func digest(_ kind: LinkOptions.BuildID, _ bytes: UnsafeRawBufferPointer) -> [UInt8] {
    let start = bytes.baseAddress?.assumingMemoryBound(to: UInt8.self)
    switch kind {
    case .none, .bytes: return []
    case .fast:
      let hash = weld_xxh3_128(bytes.baseAddress, bytes.count)
      return withUnsafeBytes(of: (hash.low.littleEndian, hash.high.littleEndian)) { Array($0) }
    case .standard:
      // The size that everybody's build-ids have; the last bytes follow from the others.
      let hash = digest(.fast, bytes)
      return hash + hash.withUnsafeBytes { digest(.fast, $0) }.prefix(4)
    case .uuid: return []
    case .md5:
      var context = MD5_CTX()
      MD5Init(&context)
      MD5Update(&context, start, bytes.count)
      var result = [UInt8](repeating: 0, count: 16)
      MD5Final(&result, &context)
      return result
    case .sha1:
      var context = SHA1_CTX()
      SHA1Init(&context)
      SHA1Update(&context, start, bytes.count)
      var result = [UInt8](repeating: 0, count: 20)
      SHA1Final(&result, &context)
      return result
    case .sha256:
      var context = SHA2_CTX()
      SHA256Init(&context)
      SHA256Update(&context, start, bytes.count)
      var result = [UInt8](repeating: 0, count: 32)
      SHA256Final(&result, &context)
      return result
    }
  }

  /// A version 4 UUID.
  static func randomUUID() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 16)
    if let file = try? FileDescriptor.open("/dev/urandom", flags: O_RDONLY) {
      _ = try? retrying { read(file.raw, &bytes, 16) }
      file.close()
    }
    bytes[6] = bytes[6] & 0x0f | 0x40
    bytes[8] = bytes[8] & 0x3f | 0x80
    return bytes
  }
}
