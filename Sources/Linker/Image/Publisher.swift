import CSystem
import Glibc
import Platform

/// Bytes for a file: where they go, and where they lie in memory.
struct FilePiece {
  var offset: UInt64
  /// Nil for zeros.
  var bytes: UnsafeRawPointer?
  var count: UInt64
}

/// A program file that is replaced, whole, by each flush, at the cost of what changed.
///
/// Two files take turns. One is the program; the other, the spare, is the program of the flush
/// before. A flush brings the spare up to date (what the last flush changed, then what this one
/// does), closes it and exchanges the two names in one step. So the program's name always leads to a
/// whole file, nobody can catch it half written, and a program that runs keeps its own file: if that
/// is the one that should be written (the system says ETXTBSY), it is left to the process, and a
/// fresh spare is written from memory.
final class Publisher {
  let path: String
  private let sparePath: String
  /// The spare is there, and lacks only `missing`.
  private var hasSpare = false
  private var missing: [Range<UInt64>] = []
  /// Identity of the file that the last flush published.
  private var published: (device: UInt64, inode: UInt64)?
  private var spare: (device: UInt64, inode: UInt64)?

  init(path: String) {
    self.path = path
    let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    // File systems limit names to 255 bytes.
    let name = String(String.UnicodeScalarView(path[slash...].unicodeScalars.prefix(40)))
    sparePath = path[..<slash] + "." + name + ".weld-\(getpid())-\(Self.number())"
  }

  private static func number() -> UInt64 {
    // Tells the images of one process apart.
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }

  deinit { unlink(sparePath) }

  /// Makes the file at `path` consist of `size` bytes, those of `all`.
  ///
  /// - Parameters:
  ///   - all: the whole content; called if a file has to be written anew, and for ranges that the
  ///     spare lacks.
  ///   - changes: what differs from the file of the last call; disjoint.
  /// - Returns: bytes written.
  func publish(
    size: UInt64, changes: [Range<UInt64>], all: [FilePiece]
  ) throws(ImageError) -> Int {
    var written = 0
    if hasSpare, let file = openSpare() {
      do {
        // What lay behind the end is of no use, and the disk may not have room for it.
        let ranges = Self.merged(missing + changes).map { $0.clamped(to: 0..<size) }
        written = try Self.write(file, Self.cut(all, to: ranges))
        _ = try retrying { ftruncate(file.raw, off_t(size)) }
        file.close()
      } catch {
        file.close()
        discardSpare()
        throw failure(error, "write")
      }
    } else {
      discardSpare()
      written = try writeAnew(size: size, all: all)
    }
    try exchange()
    missing = changes
    return written
  }

  private func openSpare() -> FileDescriptor? {
    guard let file = try? FileDescriptor.open(sparePath, flags: O_WRONLY) else { return nil }
    guard let status = try? file.status(),
      let spare, (UInt64(status.st_dev), UInt64(status.st_ino)) == (spare.device, spare.inode),
      status.st_nlink == 1
    else {
      file.close()
      return nil
    }
    return file
  }

  private func discardSpare() {
    unlink(sparePath)
    hasSpare = false
    spare = nil
  }

  private func writeAnew(size: UInt64, all: [FilePiece]) throws(ImageError) -> Int {
    let file: FileDescriptor
    do {
      file = try FileDescriptor.open(sparePath, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o777)
    } catch {
      throw failure(error, "create a file beside")
    }
    do {
      let written = try Self.write(file, all)
      _ = try retrying { ftruncate(file.raw, off_t(size)) }
      let status = try file.status()
      spare = (UInt64(status.st_dev), UInt64(status.st_ino))
      file.close()
      return written
    } catch {
      file.close()
      discardSpare()
      throw failure(error, "write")
    }
  }

  /// The spare becomes the program, and the program the spare.
  private func exchange() throws(ImageError) {
    var status = stat()
    let isOurs =
      lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
      && published.map { $0 == (UInt64(status.st_dev), UInt64(status.st_ino)) } ?? false
    if isOurs, weld_renameat2(sparePath, path, 2) == 0 {  // RENAME_EXCHANGE
      swap(&published, &spare)
      hasSpare = true
      return
    }
    if rename(sparePath, path) != 0 {
      let error = Errno.current
      discardSpare()
      throw failure(error, "replace")
    }
    published = spare
    spare = nil
    hasSpare = false
  }

  private func failure(_ error: Errno, _ what: String) -> ImageError {
    ImageError(.file, "cannot \(what) \(path): \(error); the file of the last flush is as it was")
  }

  private static func write(_ file: FileDescriptor, _ pieces: [FilePiece]) throws(Errno) -> Int {
    var written = 0
    for piece in pieces where piece.count > 0 {
      if let bytes = piece.bytes {
        let buffer = UnsafeRawBufferPointer(start: bytes, count: Int(piece.count))
        try file.write(buffer, at: Int(piece.offset))
      } else {
        try writeZeros(file, piece)
      }
      written += Int(piece.count)
    }
    return written
  }

  private static func writeZeros(_ file: FileDescriptor, _ piece: FilePiece) throws(Errno) {
    let zeros = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 16, alignment: 8)
    defer { zeros.deallocate() }
    zeros.initializeMemory(as: UInt8.self, repeating: 0)
    var done: UInt64 = 0
    while done < piece.count {
      let n = min(piece.count - done, UInt64(zeros.count))
      try file.write(
        UnsafeRawBufferPointer(rebasing: zeros[..<Int(n)]), at: Int(piece.offset + done))
      done += n
    }
  }

  /// Ascending and disjoint.
  static func merged(_ ranges: [Range<UInt64>]) -> [Range<UInt64>] {
    var merged: [Range<UInt64>] = []
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where !range.isEmpty {
      if let last = merged.last, range.lowerBound <= last.upperBound {
        merged[merged.count - 1] = last.lowerBound..<max(last.upperBound, range.upperBound)
      } else {
        merged.append(range)
      }
    }
    return merged
  }

  /// The parts of `pieces` that lie in `ranges`, and zeros for what no piece covers. Both are
  /// ascending and disjoint.
  static func cut(_ pieces: [FilePiece], to ranges: [Range<UInt64>]) -> [FilePiece] {
    var result: [FilePiece] = []
    var next = 0
    for range in ranges where !range.isEmpty {
      var position = range.lowerBound
      while next < pieces.count, pieces[next].offset + pieces[next].count <= position { next += 1 }
      var i = next
      while position < range.upperBound {
        guard i < pieces.count, pieces[i].offset < range.upperBound else {
          result.append(
            FilePiece(offset: position, bytes: nil, count: range.upperBound - position))
          break
        }
        let piece = pieces[i]
        if piece.offset > position {
          result.append(FilePiece(offset: position, bytes: nil, count: piece.offset - position))
          position = piece.offset
        }
        let end = min(piece.offset + piece.count, range.upperBound)
        let skipped = position - piece.offset
        result.append(
          FilePiece(
            offset: position, bytes: piece.bytes.map { $0 + Int(skipped) }, count: end - position))
        position = end
        i += 1
      }
    }
    return result
  }
}
