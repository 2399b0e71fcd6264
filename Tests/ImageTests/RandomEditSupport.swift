import Glibc
import Linker
import TestSupport
import Testing
import Weld

extension Chance {
  /// A count of less than `limit`, of any decade up to that.
  mutating func count(below limit: Int) -> Int {
    var decade = 10
    while decade < limit, Int.random(in: 0..<2, using: &self) == 0 { decade *= 10 }
    return Int.random(in: 0..<min(decade, limit), using: &self)
  }

  /// A number that somebody may have calculated wrong: about a power of two, or any.
  mutating func wild() -> UInt64 {
    switch next() % 6 {
    case 0: return next()
    case 1: return 0 &- next() % 130
    case 2: return UInt64(Int64.max) &- next() % 130
    case 3: return 0 &- (1 as UInt64) << (next() % 64)
    default: return (1 as UInt64) << (next() % 64) &+ next() % 3 &- 1
    }
  }
}

/// What others do to a program's file between flushes.
enum Meddling: CaseIterable {
  case nothing, strip, stripKeepingTimes, rights, removal, truncation, otherFile, secondName, pipe

  func happen(to path: String) {
    switch self {
    case .nothing: break
    case .strip: _ = run(["strip", path])
    case .stripKeepingTimes: _ = run(["strip", "-p", path])
    case .rights: chmod(path, 0o711)
    case .removal: unlink(path)
    case .truncation: truncate(path, 1000)
    case .otherFile:
      _ = run(["cp", "/bin/true", path + ".other"])
      rename(path + ".other", path)
    case .secondName:
      unlink(path + ".link")
      link(path, path + ".link")
    case .pipe:
      unlink(path)
      mkfifo(path, 0o666)
    }
  }

  /// A flush leaves what is no file where it is: somebody takes it away again.
  static func end(at path: String) {
    var status = stat()
    if stat(path, &status) == 0, status.st_mode & S_IFMT != S_IFREG { unlink(path) }
  }
}

extension ElfImage {
  /// A call with numbers that make no sense, and what it may have made of them taken back.
  func callWildly(_ chance: inout Chance) throws {
    let declaration = Declaration(5)
    var relocations: [DataRelocation] = []
    for _ in 0..<Int.random(in: 0..<3, using: &chance) {
      relocations.append(
        DataRelocation(
          offset: chance.wild(),
          target: ImageSymbol(index: UInt32(truncatingIfNeeded: chance.wild())),
          addend: Int64(bitPattern: chance.wild()),
          kind: [.address, .relative32, .threadOffset, .threadOffset32, .slotUse]
            .randomElement(using: &chance)!))
    }
    let alignment = UInt8(truncatingIfNeeded: Bool.random(using: &chance) ? 3 : chance.wild())
    let kind = [DataKind.mutable, .immutable, .threadLocal].randomElement(using: &chance)!
    switch Int.random(in: 0..<4, using: &chance) {
    case 0:
      _ = try address(
        of: ImageSymbol(index: UInt32(truncatingIfNeeded: chance.wild())),
        referencedFrom: ImageSymbol(index: UInt32.random(in: 0..<200, using: &chance)),
        offset: chance.wild() | 1 << 40, addend: Int64(bitPattern: chance.wild()))
    case 1:
      try updateFunction(
        declaration, name: "wild", code: [0, 0, 0, 0, 0, 0, 0, 0], alignment: alignment,
        relocations: relocations)
      try free(declaration)
    default:
      try updateData(
        declaration, name: "wild", kind: kind,
        bytes: [UInt8](repeating: 1, count: Int.random(in: 0..<20, using: &chance)),
        zeroFill: chance.wild(), alignment: alignment, relocations: relocations)
      try free(declaration)
    }
  }
}
