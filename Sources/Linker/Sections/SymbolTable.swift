import ELFFormat
import Platform

/// `.symtab` and `.strtab`.
///
/// Every file gets a range of local entries, of global entries and of name bytes, counted before
/// layout; files are then written side by side. A global symbol is written by the file that defines
/// it; what a version script made local goes with the file's locals; what nobody here defines is
/// written by the linker's own file.
///
/// Source: gABI, "Symbol Table": all local symbols precede the others, `sh_info` tells where.
struct SymbolTable {
  var localCount = 0
  var count = 0
  var nameBytes = 0
  /// Undefined and library symbols that the program mentions.
  var references: [SymbolIndex] = []
  /// Symbols that the linker itself defines.
  var own: [SymbolIndex] = []
}

extension Link {
  private enum Placement { case none, local, global }

  /// Whether and where a local symbol of a file is kept.
  @inline(__always)
  private func keepsLocal<E: ELFEncoding>(
    _: E.Type, _ file: UnsafeMutablePointer<ObjectFile>, _ index: Int, _ entry: SymbolEntry<E>,
    _ name: ByteString
  ) -> Bool {
    let type = entry.type
    if type == .section || name.isEmpty && type != .file { return false }
    if options.discard == .locals { return false }
    if type == .file { return true }
    if options.discard == .temporaries, name.count >= 2, name[0] == 0x2e, name[1] == 0x4c {
      return false
    }
    let section = file.pointee.section(E.self, of: index)
    if Int(section) >= file.pointee.sectionCount { return section == ObjectFile.absoluteSection }
    let atom = file.pointee.sectionAtoms[Int(section)]
    if atom.raw >= AtomIndex.discarded.raw { return false }
    return atoms.pointer(atom).pointee.has.contains(.isLive)
      && atoms.pointer(atom).pointee.kind != .frames
  }

  /// Where a global symbol that the file at `file` defines goes.
  @inline(__always)
  private func placement(
    _ symbol: UnsafeMutablePointer<Symbol>, file: UInt32, source: Int
  ) -> Placement {
    if symbol.pointee.file != file || symbol.pointee.source != UInt32(source) { return .none }
    let has = symbol.pointee.has
    if !has.isDisjoint(with: [.isShared, .isUndefined, .isLinkerDefined]) { return .none }
    let atom = symbol.pointee.atom
    if atom.raw < AtomIndex.discarded.raw, !atoms.pointer(atom).pointee.has.contains(.isLive) {
      return .none
    }
    return isLocalInOutput(has) ? .local : .global
  }

  /// The most constraining visibility that any file has given the symbol.
  @inline(__always)
  private func visibility(_ symbol: Symbol) -> UInt8 {
    if symbol.has.contains(.sawHidden) { return SymbolVisibility.hidden.rawValue }
    return symbol.has.contains(.sawProtected) ? SymbolVisibility.protected.rawValue : 0
  }

  @inline(__always)
  private func isLocalInOutput(_ has: SymbolFlags) -> Bool {
    !has.isDisjoint(with: [.sawHidden, .isForcedLocal])
  }

  func countSymbols<T: Target>(_: T.Type) {
    typealias E = T.Encoding
    if options.strip == .all { return }
    pool.forEach(chunks: liveObjects.count) { [self] i, _ in
      let file = objects.pointer(liveObjects[i])
      if i == 0 || file.pointee.has.contains(.isUnlisted) { return }
      var locals: UInt32 = 0
      var globals: UInt32 = 0
      var bytes: UInt64 = 0
      for j in 1..<max(1, file.pointee.firstGlobal) {
        let entry = file.pointee.symbol(E.self, j)
        let name = ObjectFile.name(file.pointee.symbolNames, at: entry.name)
        if keepsLocal(E.self, file, j, entry, name) {
          locals += 1
          bytes += UInt64(name.count + 1)
        }
      }
      let first = file.pointee.firstGlobal
      for j in 0..<file.pointee.globalCount {
        let symbol = symbols.pointer(file.pointee.globals[j])
        switch placement(symbol, file: liveObjects[i].raw, source: first + j) {
        case .none: continue
        case .local:
          if options.discard == .locals { continue }
          locals += 1
        case .global: globals += 1
        }
        bytes += UInt64(outputName(symbol.pointee).count + 1)
      }
      file.pointee.outputLocals = locals
      file.pointee.outputGlobals = globals
      file.pointee.outputNameBytes = bytes
    }
    var table = SymbolTable()
    for own in linkerDefined { table.own.append(own.symbol) }
    for definition in definitions { table.own.append(definition.symbol) }
    let wanted = pool.map(chunks: (symbols.count + 0xffff) >> 16) { [self] chunk, _ in
      var list: [SymbolIndex] = []
      for i in chunk << 16..<min(symbols.count, (chunk + 1) << 16) {
        let has = symbols[SymbolIndex(i)].has
        if has.isDisjoint(with: [.isShared, .isUndefined]) || !has.contains(.isMentioned) {
          continue
        }
        // A weak reference that came to nothing is still told, but not what only dead code names.
        if options.collectsGarbage, has.isDisjoint(with: [.isReached, .isRoot]) { continue }
        list.append(SymbolIndex(i))
      }
      return list
    }
    table.references = wanted.flatMap { $0 }
    var local = 1
    var bytes: UInt64 = 1
    let ownLocals = table.own.filter { isLocalInOutput(symbols[$0].has) }
    let ownGlobals = table.own.filter { !isLocalInOutput(symbols[$0].has) }
    table.own = ownLocals + ownGlobals
    local += ownLocals.count
    for index in liveObjects.dropFirst() {
      objects[index].firstOutputLocal = UInt32(local)
      objects[index].firstOutputName = bytes
      local += Int(objects[index].outputLocals)
      bytes += objects[index].outputNameBytes
    }
    table.localCount = local
    var global = local
    for index in liveObjects.dropFirst() {
      objects[index].firstOutputGlobal = UInt32(global)
      global += Int(objects[index].outputGlobals)
    }
    objects[FileIndex(0)].firstOutputLocal = 1
    objects[FileIndex(0)].firstOutputGlobal = UInt32(global)
    objects[FileIndex(0)].firstOutputName = bytes
    for index in table.own { bytes += UInt64(outputName(symbols[index]).count + 1) }
    for index in table.references {
      bytes += UInt64(referenceName(E.self, symbols[index]).count + 1)
    }
    table.count = global + ownGlobals.count + table.references.count
    table.nameBytes = Int(bytes)
    if bytes > UInt64(UInt32.max) {
      diagnostics.error(
        "the symbol name table is larger than 4 GiB; link with -s, or fewer symbols")
    }
    symbolTable = table
  }

  /// A symbol's name with the version that the file gave it.
  func outputName(_ symbol: Symbol) -> ByteString { symbol.name }

  /// A reference's name with the version that was found for it, as GNU ld and lld write it.
  private func referenceName<E: ELFEncoding>(_: E.Type, _ symbol: Symbol) -> ByteString {
    guard symbol.has.contains(.isShared), symbol.name.firstIndex(of: 0x40) == nil else {
      return symbol.name
    }
    let library = libraries[LibraryIndex(raw: symbol.file)]
    let version = library.version(E.self, of: Int(symbol.source)).index
    guard version >= 2, version < library.versionCount,
      !library.versionNames[version].isEmpty
    else { return symbol.name }
    return joinedName(symbol.name, library.versionNames[version])
  }

  /// Section number of an address in the output, and the word for SHT_SYMTAB_SHNDX if it does not
  /// fit.
  @inline(__always)
  func sectionNumber(_ atom: AtomIndex) -> UInt32 {
    if atom.raw >= AtomIndex.discarded.raw { return SectionIndex.absolute }
    let pointer = atoms.pointer(atom)
    return outputs.pointer(pointer.pointee.output).pointee.headerIndex
  }

  /// Writes one file's symbols.
  ///
  /// - Parameters:
  ///   - symbols, names: the whole tables' bytes; nil to leave that part out.
  func writeSymbols<T: Target>(
    _: T.Type, _ fileNumber: Int, table: UnsafeMutableRawPointer, names: UnsafeMutableRawPointer,
    extended: UnsafeMutableRawPointer?
  ) {
    typealias E = T.Encoding
    let index = liveObjects[fileNumber]
    let file = objects.pointer(index)
    var local = Int(file.pointee.firstOutputLocal)
    var global = Int(file.pointee.firstOutputGlobal)
    var nameAt = Int(file.pointee.firstOutputName)

    func write(
      _ at: Int, _ name: ByteString, info: UInt8, other: UInt8, section: UInt32, value: UInt64,
      size: UInt64
    ) {
      var number = section
      if section >= SectionIndex.reservedStart,
        section != SectionIndex.absolute
          || section & 0x8000_0000 != 0
      {
        number = SectionIndex.extended
        if let extended { E.store32(section & 0x7fff_ffff, extended + at * 4) }
      }
      SymbolEntry<E>.write(
        to: table + at * SymbolEntry<E>.size, name: UInt32(truncatingIfNeeded: nameAt), info: info,
        other: other, sectionIndex: UInt16(truncatingIfNeeded: number), value: value,
        byteCount: size)
      (names + nameAt).copyMemory(from: name.start, byteCount: name.count)
      (names + nameAt + name.count).storeBytes(of: 0, as: UInt8.self)
      nameAt += name.count + 1
    }
    /// Real section numbers in the reserved range are marked, so that they are told apart.
    func real(_ atom: AtomIndex) -> UInt32 {
      let number = sectionNumber(atom)
      if atom.raw < AtomIndex.discarded.raw, number >= SectionIndex.reservedStart {
        return number | 0x8000_0000
      }
      return number
    }

    if fileNumber == 0 {
      for symbolIndex in symbolTable.own {
        let symbol = self.symbols[symbolIndex]
        let isLocal = isLocalInOutput(symbol.has)
        var section = SectionIndex.absolute
        if let output = linkerDefinedSections[symbolIndex] {
          section = outputs[output].headerIndex
        } else if symbol.atom.raw < AtomIndex.discarded.raw {
          section = real(symbol.atom)
        }
        let type: SymbolType =
          symbol.has.contains(.isThreadLocal)
          ? .threadLocal
          : symbol.has.contains(.isIndirectFunction)
            ? .gnuIndirectFunction : symbol.has.contains(.isFunction) ? .function : .none
        let binding: SymbolBinding = isLocal ? .local : .global
        write(
          isLocal ? local : global, symbol.name, info: binding.rawValue << 4 | type.rawValue,
          other: visibility(symbol), section: section,
          value: symbol.has.contains(.isThreadLocal) ? symbol.word &- tlsStart : symbol.word,
          size: 0)
        if isLocal { local += 1 } else { global += 1 }
      }
      for symbolIndex in symbolTable.references {
        let symbol = self.symbols[symbolIndex]
        let isShared = symbol.has.contains(.isShared)
        var info: UInt8 =
          symbol.has.contains(.isReferenced)
          ? SymbolBinding.global.rawValue << 4
          : SymbolBinding.weak.rawValue << 4
        var size: UInt64 = 0
        var section = SectionIndex.undefined
        var value: UInt64 = 0
        if isShared {
          let entry = libraries[LibraryIndex(raw: symbol.file)].symbol(
            E.self, Int(symbol.source))
          let type = entry.type == .gnuIndirectFunction ? SymbolType.function : entry.type
          info |= type.rawValue
          if symbol.has.contains(.needsCopy) {
            section = real(symbol.atom)
            value = symbol.word
            size = entry.byteCount
          } else if symbol.has.contains(.needsCanonicalPLT) {
            value = symbol.word
          }
        } else if !symbol.has.isDisjoint(with: SymbolFlags.threadLocalDemands) {
          info |= SymbolType.threadLocal.rawValue
        }
        write(
          global, referenceName(E.self, symbol), info: info,
          other: isShared ? 0 : visibility(symbol), section: section, value: value, size: size)
        global += 1
      }
      return
    }

    if file.pointee.has.contains(.isUnlisted) { return }
    for j in 1..<max(1, file.pointee.firstGlobal) {
      let entry = file.pointee.symbol(E.self, j)
      let name = ObjectFile.name(file.pointee.symbolNames, at: entry.name)
      guard keepsLocal(E.self, file, j, entry, name) else { continue }
      let inputSection = file.pointee.section(E.self, of: j)
      var section = SectionIndex.absolute
      var value = entry.value
      if Int(inputSection) < file.pointee.sectionCount {
        let atom = file.pointee.sectionAtoms[Int(inputSection)]
        section = real(atom)
        value = localAddress(E.self, of: UInt32(j), in: file, addend: 0)
        if entry.type == .threadLocal { value = value &- tlsStart }
      }
      write(
        local, name, info: entry.info, other: entry.other, section: section, value: value,
        size: entry.byteCount)
      local += 1
    }
    let first = file.pointee.firstGlobal
    for j in 0..<file.pointee.globalCount {
      let pointer = self.symbols.pointer(file.pointee.globals[j])
      let place = placement(pointer, file: index.raw, source: first + j)
      if place == .none || place == .local && options.discard == .locals { continue }
      let symbol = pointer.pointee
      let entry = file.pointee.symbol(E.self, first + j)
      var type = entry.type
      if symbol.has.contains(.isCommon), type == .common { type = .object }
      let binding = place == .local ? SymbolBinding.local : entry.binding
      var value = symbol.word
      if symbol.has.contains(.isThreadLocal) { value = value &- tlsStart }
      write(
        place == .local ? local : global, outputName(symbol),
        info: binding.rawValue << 4 | type.rawValue,
        other: entry.other & ~3 | visibility(symbol), section: real(symbol.atom), value: value,
        // Files may differ about a common symbol's size; its place has the largest.
        size: symbol.has.contains(.isCommon) ? atoms[symbol.atom].size : entry.byteCount)
      if place == .local { local += 1 } else { global += 1 }
    }
  }
}
