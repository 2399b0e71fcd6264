import ELFFormat
import Platform

/// `.symtab` and `.strtab` on their way into the file.
extension Link {
  /// A small symbol table is made in memory and written with what is next to it; of a large one,
  /// every span is three ranges of the file: local entries, global entries, names.
  var writesSymbolsBySpan: Bool {
    !synthetic.symbolTable.isNone && symbolTable.spans.count > 4
  }

  /// Makes the whole tables, for few symbols.
  func makeSymbolTables<E: ELFEncoding>(_: E.Type) -> (
    symbols: UnsafeRawPointer, names: UnsafeRawPointer, extended: UnsafeRawPointer?
  ) {
    let table = reserveAddressSpace(bytes: Int(outputs[synthetic.symbolTable].size))
    let names = reserveAddressSpace(bytes: Int(outputs[synthetic.symbolNames].size))
    let extended =
      synthetic.extendedIndices.isNone
      ? nil : reserveAddressSpace(bytes: Int(outputs[synthetic.extendedIndices].size))
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
      writeSymbols(E.self, span, to: &writer)
    }
    var own = writer(symbolTable.ownSpan)
    writeOwnSymbols(E.self, to: &own)
    return (UnsafeRawPointer(table), UnsafeRawPointer(names), extended.map { UnsafeRawPointer($0) })
  }

  /// Writes a span's entries and names to the file, and returns the bytes that were written.
  ///
  /// - Parameter number: the span; the one after the last is the linker's own.
  func writeSpan<E: ELFEncoding>(
    _: E.Type, _ number: Int, _ file: OutputFile, _ buffer: WriteBuffer
  ) throws(Errno) -> UnsafeRawBufferPointer {
    let isOwn = number == symbolTable.spans.count
    let span = isOwn ? symbolTable.ownSpan : symbolTable.spans[number]
    let size = SymbolEntry<E>.size
    let hasExtended = !synthetic.extendedIndices.isNone
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
      writeOwnSymbols(E.self, to: &writer)
    } else {
      writeSymbols(E.self, span, to: &writer)
    }

    func write(_ from: Int, _ count: Int, _ output: OutputIndex, _ at: Int) throws(Errno) {
      if count == 0 { return }
      try file.write(
        UnsafeRawBufferPointer(start: start + from, count: count),
        at: Int(outputs[output].fileOffset) + at)
    }
    try write(0, span.localCount * size, synthetic.symbolTable, span.firstLocal * size)
    try write(globalsAt, span.globalCount * size, synthetic.symbolTable, span.firstGlobal * size)
    try write(namesAt, span.nameBytes, synthetic.symbolNames, span.firstName)
    if hasExtended {
      try write(
        extendedAt, span.localCount * 4, synthetic.extendedIndices, span.firstLocal * 4)
      try write(
        extendedAt + span.localCount * 4, span.globalCount * 4, synthetic.extendedIndices,
        span.firstGlobal * 4)
    }
    return UnsafeRawBufferPointer(start: start, count: end)
  }
}

/// A worker's buffer, which stays in the cache from chunk to chunk.
final class WriteBuffer: @unchecked Sendable {
  private var start: UnsafeMutableRawPointer?
  private var size = 0

  func room(_ bytes: Int) -> UnsafeMutableRawPointer {
    if bytes > size || start == nil {
      if let start { releaseAddressSpace(start, bytes: size) }
      size = max(bytes, 1 << 20)
      start = reserveAddressSpace(bytes: size)
    }
    return start!
  }
}
