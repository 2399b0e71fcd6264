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
///
/// Others may write to the program meanwhile, as `strip` does. A file is only built upon if it is as
/// this left it (`FileState`); otherwise it is replaced, and the next one is written from memory.
final class Publisher {
  let path: String
  private let directory: String
  private let sparePath: String
  /// What the names of all spares for this program begin with; process and number follow.
  private let sparePrefix: String
  /// The file that the last flush published, as it was then.
  private var published: FileState?
  /// The spare, which lacks only `missing`, as it was left; nil if there is none.
  private var spare: FileState?
  private var missing: [Range<UInt64>] = []
  /// Those that somebody gave the program; nil for those of any new file.
  private var rights: mode_t?
  private var hasCleanedUp = false

  init(path: String) {
    self.path = path
    let slash = path.lastIndex(of: "/").map { path.index(after: $0) } ?? path.startIndex
    directory = String(path[..<slash])
    // File systems limit names to 255 bytes.
    let name = String(String.UnicodeScalarView(path[slash...].unicodeScalars.prefix(40)))
    sparePrefix = "." + name + ".weld-"
    sparePath = directory + sparePrefix + "\(getpid())-\(Self.number())"
  }

  private static func number() -> UInt64 {
    // Tells the images of one process apart.
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return UInt64(time.tv_sec) &* 1_000_000_000 &+ UInt64(time.tv_nsec)
  }

  deinit { unlink(sparePath) }

  /// Makes the file at `path` consist of `size` bytes, those of `all`. What is no file, such as
  /// `/dev/null`, stays as it is.
  ///
  /// - Parameters:
  ///   - all: the whole content; called if a file has to be written anew, and for ranges that the
  ///     spare lacks.
  ///   - changes: what differs from the file of the last call; disjoint.
  /// - Returns: bytes written.
  func publish(
    size: UInt64, changes: [Range<UInt64>], all: [FilePiece]
  ) throws(ImageError) -> Int {
    try checkLimit(size)
    let present = FileState(path: path)
    if present.map({ !$0.isRegular }) ?? false, isDevice {
      discardSpare()
      published = nil
      return 0
    }
    let wanted = wantedRights(present)
    // What the rights of a new file are, a new file tells.
    if wanted == nil, rights != nil { discardSpare() }
    rights = wanted
    var written = 0
    if let file = openSpare() {
      // What lay behind the end is of no use, and the disk may not have room for it.
      let ranges = Self.merged(missing + changes).map { $0.clamped(to: 0..<size) }
      written = try finish(file, Self.cut(all, to: ranges), size: size)
    } else {
      discardSpare()
      removeLeftovers()
      written = try finish(try createSpare(), all, size: size)
    }
    try exchange(present)
    missing = changes
    return written
  }

  /// Who makes the program private, or takes a right away, means the file of that name, whichever of
  /// the two that is.
  private func wantedRights(_ present: FileState?) -> mode_t? {
    guard let present, let published, published.isFile(present) else { return nil }
    if published.permissions == present.permissions { return rights }
    // A number may be given to another file, once this one is gone: of one with another content only
    // a program's rights can be meant.
    return published.hasContent(of: present) || present.permissions & 0o111 != 0
      ? present.permissions : nil
  }

  /// Refuses what is larger than files of this process may be: a signal would end it.
  private func checkLimit(_ size: UInt64) throws(ImageError) {
    var limit = rlimit()
    // RLIMIT_FSIZE; the named constant has another type in each C library.
    guard getrlimit(__rlimit_resource_t(1), &limit) == 0, size > limit.rlim_cur else { return }
    throw failure(Errno(EFBIG), "write")
  }

  /// Whether the path leads to what bytes cannot be kept in.
  private var isDevice: Bool {
    var status = stat()
    guard stat(path, &status) == 0 else { return false }
    return status.st_mode & S_IFMT != S_IFREG && status.st_mode & S_IFMT != S_IFDIR
  }

  // MARK: The spare

  /// The spare, if it is as it was left.
  private func openSpare() -> FileDescriptor? {
    guard let spare,
      let file = try? FileDescriptor.open(sparePath, flags: O_WRONLY | O_NOFOLLOW)
    else { return nil }
    if let status = try? file.status(), FileState(status) == spare { return file }
    file.close()
    return nil
  }

  private func createSpare() throws(ImageError) -> FileDescriptor {
    do {
      return try FileDescriptor.open(sparePath, flags: O_WRONLY | O_CREAT | O_EXCL, mode: 0o777)
    } catch {
      throw failure(error, "create a file beside")
    }
  }

  private func discardSpare() {
    unlink(sparePath)
    spare = nil
  }

  /// Writes the spare's pieces, gives it its size and rights, and closes it.
  private func finish(
    _ file: FileDescriptor, _ pieces: [FilePiece], size: UInt64
  ) throws(ImageError) -> Int {
    do {
      let written = try Self.write(file, pieces)
      _ = try retrying { ftruncate(file.raw, off_t(size)) }
      // Times that the system sets are a few milliseconds coarse. With this one, whatever is written
      // to the file afterwards gives it another.
      var times = (timespec(tv_sec: 0, tv_nsec: Self.keepsTime), timespec())
      clock_gettime(CLOCK_REALTIME, &times.1)
      _ = withUnsafePointer(to: &times.0) { futimens(file.raw, $0) }
      var state = FileState(try file.status())
      if let rights, state.permissions != rights {
        _ = try retrying { fchmod(file.raw, rights) }
        state = FileState(try file.status())
      }
      spare = state
      file.close()
      return written
    } catch {
      file.close()
      discardSpare()
      throw failure(error, "write")
    }
  }

  /// UTIME_OMIT, which is not known to the compiler.
  private static var keepsTime: Int { (1 << 30) - 2 }

  /// The spare becomes the program, and the program the spare.
  ///
  /// - Parameter present: what is at the program's path.
  private func exchange(_ present: FileState?) throws(ImageError) {
    if let published, published == present, weld_renameat2(sparePath, path, 2) == 0 {
      // RENAME_EXCHANGE. Names are a part of what the system keeps the time of.
      self.published = FileState(path: path).flatMap { $0.isAsWritten(spare) ? $0 : nil }
      spare = FileState(path: sparePath).flatMap { $0.isAsWritten(published) ? $0 : nil }
      return
    }
    if rename(sparePath, path) != 0 {
      let error = Errno.current
      discardSpare()
      throw failure(error, "replace")
    }
    published = FileState(path: path).flatMap { $0.isAsWritten(spare) ? $0 : nil }
    spare = nil
  }

  /// Removes the spares of processes that were killed.
  private func removeLeftovers() {
    if hasCleanedUp { return }
    hasCleanedUp = true
    guard let list = opendir(directory.isEmpty ? "." : directory) else { return }
    defer { closedir(list) }
    while let entry = readdir(list) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(validatingCString: $0) }
      }
      guard let name, name.hasPrefix(sparePrefix) else { continue }
      let numbers = name.dropFirst(sparePrefix.count).split(separator: "-")
      guard numbers.count == 2, let process = pid_t(numbers[0]), process > 0,
        UInt64(numbers[1]) != nil, kill(process, 0) != 0, errno == ESRCH
      else { continue }
      unlink(directory + name)
    }
  }

  private func failure(_ error: Errno, _ what: String) -> ImageError {
    let isFull = [ENOSPC, EDQUOT, EFBIG, ENOMEM].contains(error.code)
    return ImageError(
      isFull ? .outOfRoom : .file,
      "cannot \(what) \(path): \(error); the file of the last flush is as it was")
  }

  // MARK: Pieces

  private static func write(_ file: FileDescriptor, _ pieces: [FilePiece]) throws(Errno) -> Int {
    var written = 0
    for piece in pieces where piece.count > 0 {
      if let bytes = piece.bytes {
        let buffer = UnsafeRawBufferPointer(start: bytes, count: Int(piece.count))
        try file.write(buffer, at: Int(piece.offset))
      } else if makeHole(file, piece) {
        continue
      } else {
        try writeZeros(file, piece)
      }
      written += Int(piece.count)
    }
    return written
  }

  /// Zeros that take no room on the disk, where there are many.
  private static func makeHole(_ file: FileDescriptor, _ piece: FilePiece) -> Bool {
    if piece.count < 1 << 16 { return false }
    // FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE.
    return weld_fallocate(file.raw, 3, Int64(piece.offset), Int64(piece.count)) == 0
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
