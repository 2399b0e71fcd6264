import ELFFormat
import Platform

/// `-Map`, `--print-map`: what lies where, in the order of addresses.
///
/// One line a section, then one a piece of it, then one a symbol in the piece; columns are address,
/// size and alignment in hexadecimal. Made in a byte buffer, because programs have millions of lines.
struct MapFile<E: ELFEncoding>: UsesServices, ReadsInputs, ReadsNaming, ReadsContents, ReadsLayout {
  let serviceStage: Reading<Services>
  let inputStage: Reading<Inputs>
  let namingStage: Reading<Naming>
  let contentStage: Reading<Contents>
  let layoutStage: Reading<Layout>

  /// Writes the map to where options say.
  func write() {
    var text = ByteBuffer()
    text.append("         Address             Size  Align  Out     In      Symbol\n")
    let symbolsByAtom = definedSymbols()
    for index in sectionOrder {
      let output = outputs[index]
      line(&text, output.address, output.size, output.alignment, indentation: 0)
      text.append(output.name)
      text.append("\n")
      guard output.content == .atoms else { continue }
      for i in 0..<output.atomCount {
        let atomIndex = atomOrder[output.firstAtom + i]
        let atom = atoms[atomIndex]
        line(&text, atom.address, atom.size, atom.alignment, indentation: 8)
        let file = objects[atom.file]
        if file.sectionCount == 0 {
          text.append("<linker>")
        } else {
          if !file.archive.isEmpty {
            text.append(file.archive)
            text.append("(")
          }
          text.append(file.name)
          text.append(file.archive.isEmpty ? ":(" : "):(")
          text.append(
            ObjectFile.name(file.sectionNames, at: file.header(E.self, Int(atom.section)).name))
          text.append(")")
        }
        text.append("\n")
        for symbol in symbolsByAtom[atomIndex] ?? [] {
          line(&text, symbol.address, symbol.size, 0, indentation: 16)
          text.append(symbol.name)
          text.append("\n")
        }
      }
    }
    if options.printsMap { StandardOutput.print(text.bytes) }
    if let path = options.mapFile {
      do throws(Errno) {
        try FileDescriptor.replaceContents(of: path) { (file) throws(Errno) in
          try file.write(text.bytes)
        }
      } catch {
        diagnostics.error("cannot write map file \(path): \(error)")
      }
    }
  }

  private struct MapSymbol {
    var address: UInt64
    var size: UInt64
    var name: ByteString
  }

  private func definedSymbols() -> [AtomIndex: [MapSymbol]] {
    var found: [AtomIndex: [MapSymbol]] = [:]
    for i in symbols.indices {
      let symbol = symbols[SymbolIndex(i)]
      let excluded: SymbolFlags = [.isShared, .isUndefined, .isLinkerDefined]
      guard symbol.atom.raw < AtomIndex.discarded.raw, symbol.has.isDisjoint(with: excluded),
        atoms[symbol.atom].has.contains(.isLive)
      else { continue }
      let entry = objects[FileIndex(raw: symbol.file)].symbol(E.self, Int(symbol.source))
      found[symbol.atom, default: []].append(
        MapSymbol(address: symbol.word, size: entry.byteCount, name: symbol.name))
    }
    for key in found.keys {
      found[key]!.sort { ($0.address, $0.name) < ($1.address, $1.name) }
    }
    return found
  }

  private func line(
    _ text: inout ByteBuffer, _ address: UInt64, _ size: UInt64, _ alignment: UInt8,
    indentation: Int
  ) {
    text.append(hexadecimal: address, width: 16)
    text.append(" ")
    text.append(hexadecimal: size, width: 16)
    text.append(" ")
    text.append(hexadecimal: 1 << UInt64(alignment), width: 6)
    text.append("  ")
    for _ in 0..<indentation { text.append(" ") }
  }
}

/// Bytes in the making, for long texts.
private struct ByteBuffer {
  private(set) var bytes: [UInt8] = []

  mutating func append(_ text: ByteString) { bytes.append(contentsOf: text.buffer) }

  /// Right-aligned in `width` columns.
  mutating func append(hexadecimal value: UInt64, width: Int) {
    let text = String(value, radix: 16)
    for _ in 0..<max(0, width - text.utf8.count) { bytes.append(0x20) }
    bytes.append(contentsOf: text.utf8)
  }
}
