import ELFFormat
import Platform

/// How much of the symbol table each span of symbols takes.
extension MakeTables {
  /// Symbols of a span: what fits a worker's buffer, with its names.
  private static var spanSize: Int { 1 << 12 }

  func countSymbols() {
    if options.strip == .all { return }
    var table = SymbolTable()
    table.spans = FileSpan.spans(files: 1..<liveObjects.count, grain: Self.spanSize) {
      objects[liveObjects[$0]].symbolCount
    }.map { SymbolSpan(files: $0) }
    table.spans.withUnsafeMutableBufferPointer { buffer in
      nonisolated(unsafe) let spans = buffer.baseAddress
      pool.forEach(chunks: buffer.count) { [self] i, _ in countSymbols(&spans![i]) }
    }
    for own in linkerDefined { table.own.append(own.symbol) }
    for definition in definitions { table.own.append(definition.symbol) }
    table.references = mentionedElsewhere.filter {
      // A weak reference that came to nothing is still told, but not what only dead code names.
      !options.collectsGarbage || !symbols[$0].has.isDisjoint(with: [.isReached, .isRoot])
    }
    let ownLocals = table.own.filter { isLocalInOutput(symbols[$0].has) }
    let ownGlobals = table.own.filter { !isLocalInOutput(symbols[$0].has) }
    table.own = ownLocals + ownGlobals
    // The null symbol, and the NUL that names it, are the linker's own, too.
    table.ownSpan.localCount = 1 + ownLocals.count
    table.ownSpan.globalCount = ownGlobals.count + table.references.count
    var local = table.ownSpan.localCount
    var name = 1
    for i in table.spans.indices {
      table.spans[i].firstLocal = local
      table.spans[i].firstName = name
      local += table.spans[i].localCount
      name += table.spans[i].nameBytes
    }
    table.localCount = local
    var global = local
    for i in table.spans.indices {
      table.spans[i].firstGlobal = global
      global += table.spans[i].globalCount
    }
    table.ownSpan.firstGlobal = global
    table.ownSpan.firstName = name
    for index in table.own { table.ownSpan.nameBytes += symbols[index].name.count + 1 }
    for index in table.references {
      table.ownSpan.nameBytes += referenceName(E.self, symbols[index]).count + 1
    }
    table.count = global + table.ownSpan.globalCount
    table.nameBytes = name + table.ownSpan.nameBytes
    if table.nameBytes > Int(UInt32.max) {
      diagnostics.error(
        "the symbol name table is larger than 4 GiB; link with -s, or fewer symbols")
    }
    tables.symbolTable = table
  }

  private func countSymbols(_ span: inout SymbolSpan) {
    for number in span.files.files {
      let index = liveObjects[number]
      let file = objects.pointer(index)
      if file.pointee.has.contains(.isUnlisted) { continue }
      let range = span.files.items(file.pointee.symbolCount)
      let first = file.pointee.firstGlobal
      for j in range.clamped(to: 1..<max(1, first)) {
        let entry = file.pointee.symbol(E.self, j)
        let name = ObjectFile.name(file.pointee.symbolNames, at: entry.name)
        if keepsLocal(E.self, file, j, entry, name) {
          span.localCount += 1
          span.nameBytes += name.count + 1
        }
      }
      for j in range.clamped(to: first..<file.pointee.symbolCount) {
        let symbol = symbols.pointer(file.pointee.globals[j - first])
        switch placement(symbol, file: index.raw, source: j) {
        case .none: continue
        case .local:
          if options.discard == .locals { continue }
          span.localCount += 1
        case .global: span.globalCount += 1
        }
        span.nameBytes += symbol.pointee.name.count + 1
      }
    }
  }
}
