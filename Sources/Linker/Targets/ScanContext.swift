import ELFFormat
import Platform

/// What the scan of some files finds: one for each worker and chunk.
struct ScanContext {
  let link: UnplacedLink
  var file: UnsafeMutablePointer<ObjectFile>
  let isShared: Bool
  let isPositionIndependent: Bool
  /// GOTPCRELX and its like may be relaxed.
  let relaxes: Bool
  var dynamic: [DynamicRelocation] = []
  var locals: [LocalDemand] = []
  var undefined: [UndefinedReference] = []
  /// Facts about the output, joined over all files.
  var facts: ScanFacts = []
  /// Relative relocations of the file so far, if they are only counted.
  var relativeCount = 0
  /// The last atom that had one.
  var relativeAtom = AtomIndex.none
}

struct ScanFacts: OptionSet, Sendable {
  let rawValue: UInt32
  /// The address of the offset table itself is used.
  static let needsOffsetTable = ScanFacts(rawValue: 1)
  /// A module slot for local-dynamic thread-locals.
  static let needsLocalDynamic = ScanFacts(rawValue: 2)
  static let hasStaticTLS = ScanFacts(rawValue: 4)
  static let hasTextRelocations = ScanFacts(rawValue: 8)
  /// A place takes the address of what nothing defines, where the loader has no say.
  static let bindsToNull = ScanFacts(rawValue: 16)
}

/// A reference that nothing satisfies.
struct UndefinedReference: Sendable {
  var symbol: SymbolIndex
  var atom: AtomIndex
  var offset: UInt64
}

/// What a relocation refers to, as far as the scan cares.
struct Reference {
  /// `.none` for local symbols.
  var symbol: SymbolIndex
  var flags: SymbolFlags
  /// Index in the file's symbol table.
  var source: UInt32

  @inline(__always) var isPreemptible: Bool { flags.contains(.isPreemptible) }
  @inline(__always) var isIndirect: Bool { flags.contains(.isIndirectFunction) }
  @inline(__always) var isFunction: Bool { flags.contains(.isFunction) }
  /// Resolves to zero, or to a number: no base is added to it at run time.
  @inline(__always) var isFixed: Bool {
    flags.contains(.isAbsolute)
      || flags.contains(.isUndefined) && !flags.contains(.isPreemptible)
  }
}

extension ScanContext {
  /// Looks a relocation's symbol up; nil if the index is bad or the reference is an error, which
  /// has been noted.
  @inline(__always)
  mutating func reference<E: ELFEncoding>(
    _: E.Type, _ source: UInt32, _ atom: AtomIndex, _ offset: UInt64
  ) -> Reference? {
    let index = Int(source)
    if index >= file.pointee.firstGlobal {
      guard index < file.pointee.symbolCount else {
        badSymbol(source, atom)
        return nil
      }
      let symbol = file.pointee.globals[index &- file.pointee.firstGlobal]
      let flags = link.symbols.pointer(symbol).pointee.has
      if flags.contains(.isUndefined) {
        return undefinedReference(E.self, symbol, flags, source, atom, offset)
      }
      return Reference(symbol: symbol, flags: flags, source: source)
    }
    return localReference(E.self, source, atom, offset)
  }

  @inline(never)
  private mutating func undefinedReference<E: ELFEncoding>(
    _: E.Type, _ symbol: SymbolIndex, _ flags: SymbolFlags, _ source: UInt32, _ atom: AtomIndex,
    _ offset: UInt64
  ) -> Reference? {
    var isWeak = file.pointee.symbol(E.self, Int(source)).binding == .weak
    // The loader is told a version together with the library that has it: without one, it cannot be
    // asked.
    let lacksVersion =
      link.hasVersionedNames && flags.contains(.isImported)
      && link.hasVersionInReferences(symbol)
    if lacksVersion { isWeak = false }
    let isOurs = !flags.isDisjoint(with: [.sawHidden, .sawProtected]) || lacksVersion
    if !isWeak, link.reportsUndefined != .none || isOurs {
      undefined.append(UndefinedReference(symbol: symbol, atom: atom, offset: offset))
      if link.reportsUndefined == .error || isOurs { return nil }
    }
    return Reference(symbol: symbol, flags: flags, source: source)
  }

  @inline(__always)
  private mutating func localReference<E: ELFEncoding>(
    _: E.Type, _ source: UInt32, _ atom: AtomIndex, _ offset: UInt64
  ) -> Reference? {
    let entry = file.pointee.symbol(E.self, Int(source))
    var flags: SymbolFlags = []
    switch entry.type {
    case .threadLocal: flags.insert(.isThreadLocal)
    case .gnuIndirectFunction: flags.formUnion([.isFunction, .isIndirectFunction])
    case .function: flags.insert(.isFunction)
    default: break
    }
    let section = file.pointee.section(E.self, of: Int(source))
    if Int(section) >= file.pointee.sectionCount {
      guard section == ObjectFile.absoluteSection else {
        badSymbol(source, atom)
        return nil
      }
      flags.insert(.isAbsolute)
    } else if section == 0 {
      // The null symbol: the relocation is about its addend alone.
      flags.insert(.isAbsolute)
    } else {
      let target = file.pointee.sectionAtoms[Int(section)]
      if target == .discarded {
        return discardedReference(E.self, source, atom, offset)
      }
      if target.isNone {
        flags.insert(.isAbsolute)
      } else if link.atoms[target].has.contains(.isThreadLocal) {
        flags.insert(.isThreadLocal)
      }
    }
    return Reference(symbol: .none, flags: flags, source: source)
  }

  @inline(never)
  private func badSymbol(_ source: UInt32, _ atom: AtomIndex) {
    link.diagnostics.error(
      "\(link.placeName(atom, 0)): relocation refers to symbol \(source), which isn't there or has"
        + " a bad section index", key: link.key(atom, 0))
  }

  /// A local symbol of a section that lost its group: the winner cannot stand for it, because
  /// nothing says that it has the same layout.
  @inline(never)
  private mutating func discardedReference<E: ELFEncoding>(
    _: E.Type, _ source: UInt32, _ atom: AtomIndex, _ offset: UInt64
  ) -> Reference? {
    // Older compilers leave a dropped function's exception table outside of its group: nothing finds
    // it without the function.
    if link.outputs[link.atoms[atom].output].name == ".gcc_except_table" {
      return Reference(symbol: .none, flags: .isAbsolute, source: source)
    }
    let entry = file.pointee.symbol(E.self, Int(source))
    let name = ObjectFile.name(file.pointee.symbolNames, at: entry.name)
    let section = file.pointee.section(E.self, of: Int(source))
    let sectionName = ObjectFile.name(
      file.pointee.sectionNames, at: file.pointee.header(E.self, Int(section)).name)
    link.diagnostics.error(
      "\(link.placeName(atom, offset)): relocation refers to"
        + " \(name.isEmpty ? "section '\(sectionName)'" : "'\(name)' in section '\(sectionName)'"),"
        + " which was discarded because another file has the same group",
      key: link.key(atom, offset))
    return nil
  }

  /// Notes that the symbol needs something.
  @inline(__always)
  mutating func demand(_ reference: Reference, _ needs: SymbolFlags) {
    if reference.symbol.isNone {
      let index = FileIndex(file - link.objects.base)
      locals.append(
        LocalDemand(
          file: index, source: reference.source,
          flags: needs.union(reference.flags).rawValue, extra: .none))
    } else {
      atomicOr(&link.symbols.pointer(reference.symbol).pointee.flags, needs.rawValue)
    }
  }

  /// A name that nothing defines is zero for all references, whatever the loader could find.
  @inline(never)
  mutating func bindToNull(_ reference: Reference) {
    // Nobody copies what nothing defines, so the demand says it.
    demand(reference, .needsCopy)
    facts.insert(.bindsToNull)
  }

  /// A dynamic relocation at a place of an atom, which must be in a writable section for it.
  @inline(__always)
  mutating func addDynamic(
    _ kind: DynamicRelocation.Kind, _ reference: Reference, _ atom: AtomIndex, _ offset: UInt64,
    _ addend: Int64, type: UInt32
  ) {
    if !link.atoms[atom].has.contains(.isWritable), !allowsTextRelocation(reference, atom, offset) {
      return
    }
    if kind == .symbolic {
      atomicOr(
        &link.symbols.pointer(reference.symbol).pointee.flags,
        SymbolFlags.needsDynamicSymbol.rawValue)
    }
    dynamic.append(
      DynamicRelocation(
        offset: offset, addend: addend, atom: atom, source: reference.source,
        type: type, kind: kind))
  }

  /// A 64-bit place of an atom to which the loader adds the image's base.
  ///
  /// It is only counted, and the atom told its number: the writer comes by the same relocations in
  /// the same order, and then knows place and value (`ApplyContext.writeRelative`). `.relr.dyn` is
  /// made of places before anything is written, so these are listed for it.
  @inline(__always)
  mutating func addRelative(
    _ atom: AtomIndex, _ offset: UInt64, _ addend: Int64, _ source: UInt32
  ) {
    if !link.atoms.pointer(atom).pointee.has.contains(.isWritable),
      !allowsTextRelocation(Reference(symbol: .none, flags: [], source: source), atom, offset)
    {
      return
    }
    if link.options.packsRelative {
      dynamic.append(
        DynamicRelocation(
          offset: offset, addend: addend, atom: atom, source: source, type: 0, kind: .relative))
      return
    }
    if relativeAtom != atom {
      relativeAtom = atom
      link.relativeFirsts[atom.int] = UInt32(truncatingIfNeeded: relativeCount)
    }
    relativeCount &+= 1
  }

  @inline(never)
  private mutating func allowsTextRelocation(
    _ reference: Reference, _ atom: AtomIndex, _ offset: UInt64
  ) -> Bool {
    if link.isWritable(link.atoms[atom].output) { return true }
    if link.options.textRelocations == .error {
      link.diagnostics.error(
        "\(link.placeName(atom, offset)): relocation against \(name(of: reference)) in a read-only"
          + " section; recompile \(file.pointee.displayName) with -fPIC, or link with -z notext",
        key: link.key(atom, offset))
      return false
    }
    if link.options.textRelocations == .warn, !facts.contains(.hasTextRelocations) {
      link.diagnostics.warning(
        "\(link.placeName(atom, offset)): relocation against \(name(of: reference)) in a read-only"
          + " section makes the text writable at start", key: link.key(atom, offset))
    }
    facts.insert(.hasTextRelocations)
    return true
  }

  /// The symbol of a reference, for messages.
  func name(of reference: Reference) -> String {
    link.referenceName(file, reference.source)
  }
}

/// A relocation that the loader applies, at a place inside an atom. 32 bytes.
struct DynamicRelocation: BitwiseCopyable, Sendable {
  enum Kind: UInt32, BitwiseCopyable {
    /// The image's base is added to symbol + addend, which the link knows.
    case relative
    /// The loader looks the symbol up.
    case symbolic
    /// The address that the resolver function returns.
    case indirect
    /// Where a variable of the component itself lies from the thread pointer.
    case threadLocal
  }
  var offset: UInt64
  var addend: Int64
  var atom: AtomIndex
  /// Index in the symbol table of the atom's file.
  var source: UInt32
  /// Machine's type, for symbolic ones.
  var type: UInt32
  var kind: Kind
}
