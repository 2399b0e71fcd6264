import ELFFormat
import Glibc
import Platform

/// Where some symbols of the output go: local entries, global entries and names each follow one
/// another, but lie apart.
struct SymbolWriter<E: ELFEncoding> {
  /// The next entries.
  var locals: UnsafeMutableRawPointer
  var globals: UnsafeMutableRawPointer
  /// The next words of SHT_SYMTAB_SHNDX; nil if there is none.
  var extendedLocals: UnsafeMutableRawPointer?
  var extendedGlobals: UnsafeMutableRawPointer?
  /// The next name's place, and its offset in the string table.
  var names: UnsafeMutableRawPointer
  var nameOffset: Int
  // Names that follow one another in their file, NUL after NUL, are copied at once.
  private var run: UnsafePointer<UInt8>
  private var runCount = 0

  init(
    locals: UnsafeMutableRawPointer, globals: UnsafeMutableRawPointer,
    names: UnsafeMutableRawPointer, nameOffset: Int
  ) {
    self.locals = locals
    self.globals = globals
    self.names = names
    self.nameOffset = nameOffset
    run = UnsafePointer(names.assumingMemoryBound(to: UInt8.self))
  }

  /// Writes an entry and its name.
  ///
  /// - Parameters:
  ///   - isTerminated: a NUL follows the name where it lies.
  ///   - section: a section's number, marked by `realSection` if it is in the reserved range.
  @inline(__always)
  mutating func write(
    isLocal: Bool, _ name: ByteString, isTerminated: Bool, info: UInt8, other: UInt8,
    section: UInt32, value: UInt64, size: UInt64
  ) {
    var number = section
    var extended: UInt32 = 0
    if section >= SectionIndex.reservedStart, section != SectionIndex.absolute {
      number = SectionIndex.extended
      extended = section & ~Self.realSection
    }
    let entry = isLocal ? locals : globals
    SymbolEntry<E>.write(
      to: entry, name: UInt32(truncatingIfNeeded: nameOffset), info: info, other: other,
      sectionIndex: UInt16(truncatingIfNeeded: number), value: value, byteCount: size)
    if isLocal { locals += SymbolEntry<E>.size } else { globals += SymbolEntry<E>.size }
    if extendedLocals != nil {
      if isLocal {
        E.store32(extended, extendedLocals!)
        extendedLocals! += 4
      } else {
        E.store32(extended, extendedGlobals!)
        extendedGlobals! += 4
      }
    }
    nameOffset += name.count + 1
    if isTerminated {
      if run + runCount != name.start {
        flushNames()
        run = name.start
      }
      runCount += name.count + 1
    } else {
      flushNames()
      names.copyMemory(from: name.start, byteCount: name.count)
      names.storeBytes(of: 0, toByteOffset: name.count, as: UInt8.self)
      names += name.count + 1
    }
  }

  /// Real section numbers in the reserved range are marked, so that they are told apart.
  static var realSection: UInt32 { 0x8000_0000 }

  /// Writes what is left of the names; after the last symbol.
  @inline(__always)
  mutating func flushNames() {
    memcpy(names, run, runCount)
    names += runCount
    runCount = 0
  }
}
