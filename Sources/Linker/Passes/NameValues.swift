import ELFFormat
import Platform
import ScriptParsing

/// Values of names that the linker, the command line and scripts define, once layout is known.
struct NameValues: FollowsScan, ReadsTables, ChangesLayout {
  let unplaced: UnplacedLink
  let tableStage: Reading<LinkerTables>
  let changingLayout: Changing<Layout>

  /// Gives the symbols their values, and the output its entry.
  static func run(
    _ link: UnplacedLink, _ tables: Reading<LinkerTables>,
    _ layout: Changing<Layout>
  ) {
    let pass = NameValues(
      unplaced: link, tableStage: tables, changingLayout: layout)
    pass.setLinkerDefinedValues()
    layout.value.linkerDefinedSections.sort()
    pass.evaluateDefinitions()
    pass.findEntry()
  }

  /// Gives the linker's symbols their addresses.
  private func setLinkerDefinedValues() {
    if linkerDefined.isEmpty { return }
    var named: [ByteString: OutputIndex] = [:]
    for index in sectionOrder where named[outputs[index].name] == nil {
      named[outputs[index].name] = index
    }
    for own in linkerDefined {
      symbols[own.symbol].word = value(of: own.kind, own.symbol, named)
    }
  }

  /// - Parameter named: the output sections by name.
  private func value(
    of kind: LinkerDefinedSymbol.Kind, _ symbol: SymbolIndex, _ named: [ByteString: OutputIndex]
  ) -> UInt64 {
    func anchored(_ index: OutputIndex, atEnd: Bool) -> UInt64 {
      let section = outputs[index]
      layout.linkerDefinedSections.add(symbol, in: index)
      return section.address &+ (atEnd ? section.size : 0)
    }
    func bound(_ name: ByteString, atEnd: Bool) -> UInt64 {
      guard let index = named[name] else { return atBase() }
      return anchored(index, atEnd: atEnd)
    }
    /// The start of the image, in a section that moves with it.
    func atBase() -> UInt64 {
      if let first = sectionOrder.first, outputs[first].has.contains(.alloc) {
        layout.linkerDefinedSections.add(symbol, in: first)
      }
      return imageBase
    }
    func own(_ index: OutputIndex, atEnd: Bool = false) -> UInt64 {
      index.isNone ? 0 : anchored(index, atEnd: atEnd)
    }
    /// The last section of those that `isWanted` takes.
    func last(_ isWanted: (OutputSection) -> Bool) -> OutputIndex? {
      sectionOrder.last {
        outputs[$0].has.contains(.alloc) && !isDetached(outputs[$0]) && isWanted(outputs[$0])
      }
    }
    switch kind {
    case .sectionStart(let name), .identifierStart(let name): return bound(name, atEnd: false)
    case .sectionEnd(let name), .identifierStop(let name): return bound(name, atEnd: true)
    case .fileHeader, .executableStart: return atBase()
    case .textEnd:
      return last { $0.has.contains(.execute) }.map { anchored($0, atEnd: true) } ?? imageBase
    case .dataEnd:
      return last {
        // The large model's data lies behind `.bss`, which the name is to come before.
        $0.has.contains(.write) && $0.type != SectionType.nobits.rawValue
          && !$0.has.contains(.threadLocal) && !$0.isLarge
      }.map { anchored($0, atEnd: true) } ?? imageBase
    case .bssStart:
      if let index = named[".bss"] { return anchored(index, atEnd: false) }
      return last { $0.has.contains(.write) && !$0.has.contains(.threadLocal) }
        .map { anchored($0, atEnd: true) } ?? imageBase
    case .imageEnd:
      return last { !$0.has.contains(.threadLocal) }.map { anchored($0, atEnd: true) } ?? imageBase
    case .dynamic: return own(synthetic[.dynamic])
    case .offsetTable: return own(offsetTableAnchor)
    case .frameHeader: return own(synthetic[.frameHeader])
    case .indirectRelocationsStart:
      return isPositionIndependent || synthetic[.pltRelocations].isNone
        ? 0 : own(synthetic[.pltRelocations])
    case .indirectRelocationsEnd:
      return isPositionIndependent || synthetic[.pltRelocations].isNone
        ? 0 : own(synthetic[.pltRelocations], atEnd: true)
    // What a descriptor of the base gives, the code adds DTPOFF to, and in an executable that is the
    // offset from the thread pointer.
    case .threadLocalBase: return isSharedLibrary ? tlsStart : threadPointer
    }
  }

  /// What an expression names that only the loader can find.
  private func libraryVariable(in expression: Expression) -> String? {
    for name in expression.symbols {
      guard let index = names.find(name, in: symbols) else { continue }
      let symbol = symbols[index]
      guard symbol.has.contains(.isShared), valueOfSymbol(name) == nil else { continue }
      return "'\(name)' is defined in \(libraries[LibraryIndex(raw: symbol.file)].path), and its"
        + " address is not known before the program runs; only functions of libraries can be"
        + " aliased, without arithmetic; define the symbol in an object or in that library"
    }
    return nil
  }

  /// Evaluates `--defsym` and scripts' assignments, in their order.
  private func evaluateDefinitions() {
    let environment = Expression.Environment(
      location: nil, sizeOfHeaders: headersSize, maximumPageSize: maximumPageSize,
      commonPageSize: maximumPageSize)
    for definition in definitions {
      do {
        let value = try definition.expression.evaluate(in: environment) { valueOfSymbol($0) }
        symbols[definition.symbol].word = value.address
      } catch {
        let text = libraryVariable(in: definition.expression) ?? error.message
        diagnostics.error("\(definition.origin) \(symbols[definition.symbol].name): \(text)")
      }
    }
    for entry in scriptCommands {
      guard case .assertion(let condition, let message) = entry.command else { continue }
      do {
        if try condition.evaluate(in: environment, resolve: { valueOfSymbol($0) }).address == 0 {
          diagnostics.error("\(entry.path):\(condition.line): assertion failed: \(message)")
        }
      } catch {
        diagnostics.error("\(entry.path):\(condition.line): ASSERT: \(error.message)")
      }
    }
  }

  /// A symbol's value in expressions; nil if it has none.
  private func valueOfSymbol(_ name: ByteString) -> Expression.Value? {
    guard let index = names.find(name, in: symbols) else { return nil }
    let symbol = symbols[index]
    if symbol.has.contains(.isUndefined) { return nil }
    var address = symbol.word
    if symbol.has.contains(.isShared), address == 0 {
      guard !symbol.extra.isNone, let stub = pltAddress(extras[symbol.extra]) else { return nil }
      address = stub
    }
    return Expression.Value(address, of: symbol)
  }

  private func findEntry() {
    if let index = names.find(ByteString(copying: entryName), in: symbols),
      !symbols[index].has.contains(.isUndefined)
    {
      layout.entryAddress = symbols[index].word
    } else if !entryName.isEmpty {
      if let number = Self.number(entryName) {
        layout.entryAddress = number
      } else if options.outputKind == .executable {
        let text = findOutput(".text").map { outputs[$0].address } ?? 0
        layout.entryAddress = text
        diagnostics.warning(
          "cannot find entry symbol '\(entryName)'; the program starts at"
            + " 0x\(String(text, radix: 16)), the beginning of .text")
      }
    }
  }

  private static func number(_ text: String) -> UInt64? {
    if text.hasPrefix("0x") || text.hasPrefix("0X") { return UInt64(text.dropFirst(2), radix: 16) }
    return UInt64(text)
  }
}
