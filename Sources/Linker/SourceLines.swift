import CSystem
import ELFFormat
import Platform
import Symbolication
import Synchronization

/// The line tables that messages asked for; nil for files without.
final class SourceLineCache: Sendable {
  /// In order of their use; few files are asked about.
  fileprivate let tables = Mutex<[(file: FileIndex, tables: SourceLineTables?)]>([])
}

extension UsesServices where Self: ReadsInputs & ReadsContents {
  /// File and line of a place in an atom.
  func sourceLine(_ atom: AtomIndex, _ offset: UInt64) -> (path: String, line: Int)? {
    sourceLine(
      encoding, objects.pointer(atoms[atom].file), section: atoms[atom].section, offset: offset)
  }
}

extension UsesServices where Self: ReadsInputs {
  /// File and line of a place in a section.
  func sourceLine<E: ELFEncoding>(
    _: E.Type, _ file: UnsafeMutablePointer<ObjectFile>, section: UInt32, offset: UInt64
  ) -> (path: String, line: Int)? {
    let index = FileIndex(file - objects.base)
    let found = services.sourceLines.tables.withLock { known in
      if let found = known.first(where: { $0.file == index }) { return found.tables }
      let found = SourceLineTables(E.self, file)
      known.append((index, found))
      return found
    }
    guard let tables = found else { return nil }
    let sections = DebugSections(
      line: UnsafeRawBufferPointer(tables.line.buffer),
      lineStrings: UnsafeRawBufferPointer(tables.lineStrings.buffer),
      strings: UnsafeRawBufferPointer(tables.strings.buffer),
      relocation: { tables.places[UInt64($0)] })
    guard let found = lookUpLine(in: sections, section: section, offset: offset) else { return nil }
    return (printable(found.path), found.line)
  }

  /// Paths come from the file, so they may hold anything.
  private func printable(_ path: String) -> String {
    String(String.UnicodeScalarView(path.unicodeScalars.map { $0.value < 32 ? "?" : $0 }))
  }
}

/// Where in the source a place of an object comes from, by its `.debug_line`; for messages only.
///
/// A file's sections are found and expanded once, however many messages speak of it.
struct SourceLineTables {
  var line: ByteString = ""
  var lineStrings: ByteString = ""
  var strings: ByteString = ""
  /// What `.debug_line`'s relocations put at its offsets.
  var places: [UInt64: (section: UInt32, addend: UInt64)] = [:]

  /// Nil if the file has none.
  init?<E: ELFEncoding>(_: E.Type, _ file: UnsafeMutablePointer<ObjectFile>) {
    var lineSection = 0
    for i in 1..<max(1, file.pointee.sectionCount) {
      let header = file.pointee.header(E.self, i)
      let name = ObjectFile.name(file.pointee.sectionNames, at: header.name)
      guard name.hasPrefix(".debug_line") || name == ".debug_str",
        var bytes = try? ObjectReader.contents(E.self, file.pointee, i)
      else { continue }
      if header.flags.contains(.compressed) {
        guard
          let result = try? Expansion.expand(
            E.self, bytes, isOld: false, section: i, hasRoom: { $0 <= weld_memory_size() })
        else {
          continue
        }
        bytes = result.bytes
      }
      if name == ".debug_line" {
        line = bytes
        lineSection = i
      } else if name == ".debug_line_str" {
        lineStrings = bytes
      } else if name == ".debug_str" {
        strings = bytes
      }
    }
    if lineSection == 0 { return nil }
    for i in 1..<file.pointee.sectionCount {
      let header = file.pointee.header(E.self, i)
      guard header.type == .rela, Int(header.info) == lineSection,
        let bytes = try? ObjectReader.contents(E.self, file.pointee, i)
      else { continue }
      for j in 0..<bytes.count / RelaEntry<E>.size {
        let entry = RelaEntry<E>(bytes.start + j * RelaEntry<E>.size)
        guard Int(entry.symbol) < file.pointee.symbolCount else { continue }
        let symbol = file.pointee.symbol(E.self, Int(entry.symbol))
        places[entry.offset] = (
          file.pointee.section(E.self, of: Int(entry.symbol)),
          symbol.value &+ UInt64(bitPattern: entry.addend)
        )
      }
    }
  }
}
