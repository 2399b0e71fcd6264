import ELFFormat
import Platform
import Symbolication
import Synchronization

/// What is said about undefined and duplicate symbols: the name as its author wrote it, where it is
/// used (file and line if the object has debug information), and what may be meant.
struct SymbolReport: UsesServices, ReadsInputs, ReadsNaming, ReadsContents {
  let serviceStage: Reading<Services>
  let inputStage: Reading<Inputs>
  let namingStage: Reading<Naming>
  let contentStage: Reading<Contents>

  init(
    _ services: Reading<Services>, _ inputs: Reading<Inputs>, _ naming: Reading<Naming>,
    _ contents: Reading<Contents>
  ) {
    serviceStage = services
    inputStage = inputs
    namingStage = naming
    contentStage = contents
  }

  private static var shownReferences: Int { 3 }

  func reportUndefined(_ references: [UndefinedReference]) {
    if references.isEmpty { return }
    let sorted = references.sorted {
      (key($0.atom, 0), $0.atom.raw, $0.offset) < (key($1.atom, 0), $1.atom.raw, $1.offset)
    }
    var order: [SymbolIndex] = []
    var bySymbol: [SymbolIndex: (shown: [UndefinedReference], count: Int)] = [:]
    for reference in sorted {
      if bySymbol[reference.symbol] == nil { order.append(reference.symbol) }
      var entry = bySymbol[reference.symbol] ?? ([], 0)
      if entry.shown.count < Self.shownReferences { entry.shown.append(reference) }
      entry.count += 1
      bySymbol[reference.symbol] = entry
    }
    // Looking for what may be meant reads every name, so only the first few ask; what is beyond the
    // limit of errors is only counted.
    let limit = options.errorLimit == 0 ? Int.max : options.errorLimit
    for (i, symbol) in order.enumerated() {
      let entry = bySymbol[symbol]!
      var text = undefinedTitle(symbol)
      if i >= limit {
        if reportsUndefined != .warning || isOwn(symbol) {
          diagnostics.error(text, key: key(entry.shown[0].atom, 0))
        }
        continue
      }
      for reference in entry.shown { text += "\n>>> referenced by \(describe(reference))" }
      if entry.count > entry.shown.count {
        text += "\n>>> referenced \(entry.count - entry.shown.count) more times"
      }
      if i < 20, let hint = hint(for: symbol, searchesNames: i < 5) { text += "\n>>> \(hint)" }
      let key = key(entry.shown[0].atom, 0)
      if reportsUndefined == .warning, !isOwn(symbol) {
        diagnostics.warning(text, key: key)
      } else {
        diagnostics.error(text, key: key)
      }
    }
  }

  /// Whether no policy lets the loader look for an undefined symbol.
  private func isOwn(_ index: SymbolIndex) -> Bool {
    !symbols[index].has.isDisjoint(with: [.sawHidden, .sawProtected])
      || hasVersionInReferences(index)
  }

  private func undefinedTitle(_ symbol: SymbolIndex) -> String {
    let visibility =
      symbols[symbol].has.contains(.sawHidden)
      ? "hidden " : symbols[symbol].has.contains(.sawProtected) ? "protected " : ""
    return "undefined \(visibility)symbol: \(displayName(symbol))"
  }

  private func describe(_ reference: UndefinedReference) -> String {
    var text = ""
    if let line = sourceLine(reference.atom, reference.offset) {
      text = "\(line.path):\(line.line)\n>>>               "
    }
    text += placeName(reference.atom, reference.offset)
    if let function = functionName(reference.atom, reference.offset) {
      text += " in \(function)"
    }
    return text
  }

  /// The function that a place lies in, by the file's own symbols.
  private func functionName(_ atom: AtomIndex, _ offset: UInt64) -> String? {
    functionName(encoding, atom, offset)
  }

  private func functionName<E: ELFEncoding>(
    _: E.Type, _ atom: AtomIndex, _ offset: UInt64
  ) -> String? {
    let file = objects[atoms[atom].file]
    for i in 1..<max(1, file.symbolCount) {
      let entry = file.symbol(E.self, i)
      guard entry.type == .function, file.section(E.self, of: i) == atoms[atom].section,
        offset >= entry.value, offset - entry.value < max(entry.byteCount, 1)
      else { continue }
      let name = ObjectFile.name(file.symbolNames, at: entry.name)
      return Symbolication.displayName(name, demangling: options.demangles)
    }
    return nil
  }

  // MARK: Hints

  private func hint(for index: SymbolIndex, searchesNames: Bool) -> String? {
    let symbol = symbols[index]
    if let hidden = hiddenDefinition(index) { return hidden }
    if let at = symbol.name.firstIndex(of: 0x40),
      let plain = names.find(symbol.name[0..<at], in: symbols),
      !symbols[plain].has.contains(.isUndefined)
    {
      return "'\(displayName(plain))' is defined, but not in version"
        + " \(symbol.name.dropFirst(at + 1))"
    }
    if let text = vtableHint(symbol.name) { return text }
    guard searchesNames else { return nil }
    let total = symbols.count
    let name = symbol.name
    let suggesters = pool.map(chunks: (total + 0x3fff) >> 14) { [self] chunk, _ in
      var suggester = SpellingSuggester(undefined: name)
      for i in chunk << 14..<min(total, (chunk + 1) << 14) {
        let other = symbols[SymbolIndex(i)]
        if !other.has.contains(.isUndefined), i != index.int { suggester.consider(other.name) }
      }
      return suggester.suggestion == nil ? nil : FoundSpelling(suggester: suggester)
    }
    var best = SpellingSuggester(undefined: name)
    for case let suggester? in suggesters { best.merge(suggester.suggester) }
    guard let suggestion = best.suggestion else { return nil }
    return describe(suggestion, name)
  }

  private func describe(_ suggestion: SpellingSuggestion, _ undefined: ByteString) -> String {
    let text = suggestion.text(demangling: options.demangles)
    let own = Symbolication.displayName(undefined, demangling: options.demangles)
    switch suggestion.kind {
    case .definitionLacksExternC: return "did you mean to declare \(text) as extern \"C\"?"
    case .referenceLacksExternC:
      return "did you mean extern \"C\"? '\(text)' is defined without C++ mangling; declare \(own)"
        + " as extern \"C\""
    default: return "did you mean: \(text)"
    }
  }

  /// A definition that exists but cannot be used from here.
  private func hiddenDefinition(_ index: SymbolIndex) -> String? {
    hiddenDefinition(encoding, index)
  }

  private func hiddenDefinition<E: ELFEncoding>(_: E.Type, _ index: SymbolIndex) -> String? {
    for i in libraries.indices {
      let library = libraries[LibraryIndex(i)]
      for j in 1..<max(1, library.symbolCount) where library.globals[j] == index {
        if UInt32(library.symbol(E.self, j).sectionIndex) != SectionIndex.undefined {
          let visibility = symbols[index].has.contains(.sawHidden) ? "hidden" : "protected"
          return "\(library.path) defines it, but the reference asks for \(visibility) visibility,"
            + " which only an object of this output can satisfy"
        }
      }
    }
    return hiddenElsewhere(E.self, symbols[index].name)
  }

  /// A local symbol of that name in a library's or an object's full symbol table.
  private func hiddenElsewhere<E: ELFEncoding>(_: E.Type, _ name: ByteString) -> String? {
    for file in liveObjects.dropFirst() {
      let object = objects[file]
      for i in 1..<max(1, object.firstGlobal) {
        let entry = object.symbol(E.self, i)
        if entry.type == .section || entry.type == .file { continue }
        if ObjectFile.name(object.symbolNames, at: entry.name) == name {
          return "\(object.displayName) has a local (static) symbol of that name"
        }
      }
    }
    for i in libraries.indices {
      if let hint = Self.hiddenInLibrary(E.self, libraries[LibraryIndex(i)], name) {
        return hint
      }
    }
    return nil
  }

  /// Libraries keep hidden symbols as local ones in the symbol table that is for debuggers.
  private static func hiddenInLibrary<E: ELFEncoding>(
    _: E.Type, _ library: SharedLibrary, _ name: ByteString
  ) -> String? {
    var file = ObjectFile.empty
    file.base = library.base
    file.byteCount = library.byteCount
    file.sectionHeaders = library.sectionHeaders
    file.sectionCount = library.sectionCount
    for i in 1..<max(1, library.sectionCount) {
      let header = file.header(E.self, i)
      guard header.type == .symbolTable, Int(header.link) < library.sectionCount,
        let entries = try? ObjectReader.contents(E.self, file, i),
        let strings = try? ObjectReader.stringTable(E.self, file, Int(header.link))
      else { continue }
      for j in 0..<entries.count / SymbolEntry<E>.size {
        let entry = SymbolEntry<E>(entries.start + j * SymbolEntry<E>.size)
        guard UInt32(entry.sectionIndex) != SectionIndex.undefined, entry.type != .section,
          entry.binding == .local || entry.visibility != .default,
          ObjectFile.name(strings, at: entry.name) == name
        else { continue }
        return "\(library.path) has a hidden or local symbol of that name; give it default"
          + " visibility there to use it from here"
      }
    }
    return nil
  }

  /// A missing vtable is nearly always a missing key function.
  private func vtableHint(_ name: ByteString) -> String? {
    guard name.hasPrefix("_ZTV") || name.hasPrefix("_ZTI") else { return nil }
    return "the vtable is made where the class's first non-inline virtual function is defined; that"
      + " definition may be missing"
  }

  // MARK: Duplicates

  func reportDuplicates<E: ELFEncoding>(_: E.Type, _ duplicates: [DuplicateDefinition]) {
    let found = duplicates.sorted {
      (objects[$0.loser].order, $0.loserSource) < (objects[$1.loser].order, $1.loserSource)
    }
    for duplicate in found {
      func place(_ file: FileIndex, _ source: UInt32) -> String {
        if file.raw == 0 { return "--defsym or a linker script" }
        let object = objects.pointer(file)
        let section = object.pointee.section(E.self, of: Int(source))
        let value = object.pointee.symbol(E.self, Int(source)).value
        guard Int(section) < object.pointee.sectionCount else { return object.pointee.displayName }
        let name = ObjectFile.name(
          object.pointee.sectionNames, at: object.pointee.header(E.self, Int(section)).name)
        var text = ""
        if let line = sourceLine(E.self, object, section: section, offset: value) {
          text = "\(line.path):\(line.line)\n>>>            "
        }
        return text
          + "\(object.pointee.displayName):(\(name)+0x\(String(value, radix: 16)))"
      }
      diagnostics.error(
        "duplicate symbol: \(displayName(duplicate.symbol))"
          + "\n>>> defined at \(place(duplicate.winner, duplicate.winnerSource))"
          + "\n>>> defined at \(place(duplicate.loser, duplicate.loserSource))"
          + "\n>>> keep one of them, make one static or inline, or link with -z muldefs",
        key: UInt64(objects[duplicate.loser].order) << 32)
    }
  }
}

/// A worker's finding, handed over once.
private struct FoundSpelling: @unchecked Sendable {
  var suggester: SpellingSuggester
}

extension UsesServices {
  /// A name as messages tell it.
  func displayName(_ name: ByteString) -> String {
    Symbolication.displayName(name, demangling: options.demangles)
  }
}

extension UsesServices where Self: ReadsNaming {
  /// The name of a symbol for people.
  func displayName(_ index: SymbolIndex) -> String { displayName(symbols[index].name) }
}
