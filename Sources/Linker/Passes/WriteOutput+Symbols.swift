import ELFFormat
import Platform

/// `.symtab` and `.strtab` on their way into the file.
extension WriteOutput {
  /// A small symbol table is made in memory and written with what is next to it; of a large one,
  /// every span is three ranges of the file: local entries, global entries, names.
  var writesSymbolsBySpan: Bool {
    !synthetic[.symbolTable].isNone && symbolTable.spans.count > 4
  }

  /// Makes the whole tables, for few symbols.
  func makeSymbolTables() -> (
    symbols: UnsafeRawPointer, names: UnsafeRawPointer, extended: UnsafeRawPointer?
  ) {
    let table = reserveAddressSpace(bytes: Int(outputs[synthetic[.symbolTable]].size))
    let names = reserveAddressSpace(bytes: Int(outputs[synthetic[.symbolNames]].size))
    let extended =
      synthetic[.extendedIndices].isNone
      ? nil : reserveAddressSpace(bytes: Int(outputs[synthetic[.extendedIndices]].size))
    let size = SymbolEntry<E>.size
    func writer(_ span: SymbolSpan) -> SymbolWriter<E> {
      var writer = SymbolWriter<E>(
        locals: table + span.firstLocal * size, globals: table + span.firstGlobal * size,
        names: names + span.firstName, nameOffset: span.firstName)
      writer.extendedLocals = extended.map { $0 + span.firstLocal * 4 }
      writer.extendedGlobals = extended.map { $0 + span.firstGlobal * 4 }
      return writer
    }
    for span in symbolTable.spans {
      var writer = writer(span)
      writeSymbols(span, to: &writer)
    }
    var own = writer(symbolTable.ownSpan)
    writeOwnSymbols(to: &own)
    return (UnsafeRawPointer(table), UnsafeRawPointer(names), extended.map { UnsafeRawPointer($0) })
  }

  /// Makes a span's entries and names in `buffer`; returns all bytes, and which of them go where.
  ///
  /// - Parameter number: the span; the one after the last is the linker's own.
  func makeSpan(
    _ number: Int, in buffer: WriteBuffer
  ) -> (bytes: UnsafeRawBufferPointer, parts: [WriteQueue.Part]) {
    let isOwn = number == symbolTable.spans.count
    let span = isOwn ? symbolTable.ownSpan : symbolTable.spans[number]
    let size = SymbolEntry<E>.size
    let hasExtended = !synthetic[.extendedIndices].isNone
    let globalsAt = span.localCount * size
    let namesAt = span.count * size
    let extendedAt = (namesAt + span.nameBytes + 3) & ~3
    let end = hasExtended ? extendedAt + span.count * 4 : namesAt + span.nameBytes
    let start = buffer.room(end)
    var writer = SymbolWriter<E>(
      locals: start, globals: start + globalsAt, names: start + namesAt,
      nameOffset: span.firstName)
    if hasExtended {
      for i in namesAt + span.nameBytes..<extendedAt {
        start.storeBytes(of: 0, toByteOffset: i, as: UInt8.self)
      }
      writer.extendedLocals = start + extendedAt
      writer.extendedGlobals = start + extendedAt + span.localCount * 4
    }
    if isOwn {
      writeOwnSymbols(to: &writer)
    } else {
      writeSymbols(span, to: &writer)
    }

    func part(_ from: Int, _ count: Int, _ output: OutputIndex, _ at: Int) -> WriteQueue.Part {
      WriteQueue.Part(
        bytes: UnsafeRawBufferPointer(start: start + from, count: count),
        offset: Int(outputs[output].fileOffset) + at)
    }
    var parts = [
      part(0, span.localCount * size, synthetic[.symbolTable], span.firstLocal * size),
      part(globalsAt, span.globalCount * size, synthetic[.symbolTable], span.firstGlobal * size),
      part(namesAt, span.nameBytes, synthetic[.symbolNames], span.firstName),
    ]
    if hasExtended {
      let table = synthetic[.extendedIndices]
      let globals = extendedAt + span.localCount * 4
      parts.append(part(extendedAt, span.localCount * 4, table, span.firstLocal * 4))
      parts.append(part(globals, span.globalCount * 4, table, span.firstGlobal * 4))
    }
    return (UnsafeRawBufferPointer(start: start, count: end), parts)
  }
}
