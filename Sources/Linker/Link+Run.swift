import ELFFormat
import Platform
import ScriptParsing

extension Link {
  /// Links as the options say. What went wrong is in `diagnostics`.
  public static func run(_ options: LinkOptions, diagnostics: Diagnostics) throws(LinkFailed) {
    let link = Link(options: options, diagnostics: diagnostics)
    defer { link.diagnostics.flush() }
    try link.run()
  }

  /// Links as `run` does, then ends the link's threads and gives back the memory that it took: for
  /// processes that link many times. Several links may be under way at once, each on its own thread.
  public static func runAndRelease(
    _ options: LinkOptions, diagnostics: Diagnostics
  ) throws(LinkFailed) {
    defer { diagnostics.flush() }
    try runAndRelease(options, diagnostics: diagnostics, output: nil) { _ in }
  }

  /// As above, but says nothing, and lets `body` take from the link what is wanted of it.
  ///
  /// - Parameters:
  ///   - output: takes the output, in place of a file; nil for a file.
  ///   - body: is called if the link succeeded. Nothing that points into the link's memory may leave
  ///     it.
  static func runAndRelease<R>(
    _ options: LinkOptions, diagnostics: Diagnostics, output: OutputBytes?,
    _ body: (Link) -> R
  ) throws(LinkFailed) -> R {
    let outer = MemoryLedger.current
    let ledger = MemoryLedger()
    MemoryLedger.bind(ledger)
    let link = Link(options: options, diagnostics: diagnostics, output: output)
    defer {
      link.pool.shutDown()
      MemoryLedger.bind(outer)
      ledger.releaseAll()
    }
    try link.run()
    return body(link)
  }

  /// Machines whose objects can be linked.
  private static let targets: [any Target.Type] = [X86_64.self]
  static var imageMachines: [ImageMachine] { targets.map { $0.imageMachine } }

  /// The machine that links are for.
  static var outputTarget: any Target.Type { X86_64.self }

  /// Nil for a machine whose objects cannot be linked.
  static func target(of machine: ImageMachine) -> (any Target.Type)? {
    targets.first { $0.imageMachine == machine }
  }

  /// Where libraries are looked for, a line each, as linker scripts have it.
  public static func searchDirectories(_ options: LinkOptions) -> String {
    LibrarySearch(options: options, standardDirectories: X86_64.libraryDirectories).description
  }

  private func run() throws(LinkFailed) {
    if let emulation = options.emulation, !X86_64.emulations.contains(emulation) {
      diagnostics.error(
        "unknown emulation -m \(emulation); this weld links for: "
          + X86_64.emulations.joined(separator: ", "))
      throw LinkFailed()
    }
    try refuseUnsupported(X86_64.self)
    do {
      try run(X86_64.self)
    } catch {
      // What went wrong may be no more than that.
      services.reportChangedInputs()
      throw error
    }
  }

  /// The passes, in order. Each relies on what those before it have settled, and says so.
  func run<T: Target>(_: T.Type) throws(LinkFailed) {
    // Opening is serial: scripts and `-l` depend on order.
    var loader = InputLoader(serviceStage)
    timer.measure("open inputs") { loader.loadAll() }
    inputs.scriptCommands = loader.scriptCommands
    try checkpoint()
    if loader.objects.isEmpty && loader.lazies.isEmpty {
      diagnostics.error("no input files")
      try checkpoint()
    }
    naming.parsedDefinitions = parseDefinitions()

    // From here on every name is a symbol, and which files are live is settled.
    try timer.measure("read inputs") { () throws(LinkFailed) in
      try ReadInputs<T>.run(
        serviceStage, loader, changingInputs, changingNaming, contentStage)
    }
    if options.tracesFiles { traceMembers() }
    // Groups are elected before sections are read: losers are never looked at.
    timer.measure("elect groups") { ElectGroups.run(serviceStage, inputStage, contentStage) }
    // Every section that stays is an atom; frames hang on their functions.
    try timer.measure("read sections") { () throws(LinkFailed) in
      try ReadSections<T>.run(serviceStage, inputStage, namingStage, contentStage)
      DropTwins<T.Encoding>.run(serviceStage, inputStage, namingStage, contentStage)
    }
    // Every symbol has its definition, or is known to have none.
    try timer.measure("resolve symbols") { () throws(LinkFailed) in
      let duplicates = try ResolveSymbols<T.Encoding>.run(
        serviceStage, inputStage, changingNaming, changingContents)
      SymbolReport(serviceStage, inputStage, namingStage, contentStage)
        .reportDuplicates(T.Encoding.self, duplicates)
      checkRequired()
      try checkpoint()
    }
    PairDroppedMembers<T.Encoding>.run(serviceStage, inputStage, contentStage)
    if !options.tracedSymbols.isEmpty {
      TraceSymbols<T.Encoding>(
        serviceStage: serviceStage, inputStage: inputStage, namingStage: namingStage
      ).print()
    }
    timer.measure("decide exports") {
      DecideExports<T.Encoding>.run(serviceStage, inputStage, changingNaming)
    }
    // Where each file's symbols lead is known in one word each.
    timer.measure("find destinations") {
      naming.destinations = FillDestinations<T.Encoding>.find(
        serviceStage, inputStage, namingStage, contentStage)
    }
    // What is live is settled.
    timer.measure("mark live") {
      if !options.collectsGarbage { return }
      contents.pieceMarks = MarkLive<T>.run(serviceStage, inputStage, namingStage, contentStage)
      DecideExports<T.Encoding>.forgetUnreached(
        serviceStage, inputStage, changingNaming, contentStage)
    }
    timer.measure("merge strings") {
      MergeStrings<T.Encoding>.run(serviceStage, inputStage, namingStage, changingContents)
    }
    try checkpoint()
    // What needs slots, stubs, copies and the loader's help is settled.
    try timer.measure("scan relocations") { () throws(LinkFailed) in
      ScanRelocations<T>.run(
        serviceStage, inputStage, namingStage, contentStage, changingDemands)
      if checksLibraries {
        CheckLibraries<T.Encoding>.run(serviceStage, inputStage, namingStage)
      }
      try checkpoint()
    }
    timer.measure("allocate slots") {
      AllocateSlots<T.Encoding>.run(
        serviceStage, inputStage, namingStage, changingContents, changingDemands)
    }
    timer.measure("lay out frames") {
      contents.frameSection = LayOutFrames<T.Encoding>.run(
        serviceStage, inputStage, contentStage)
    }
    timer.measure("place atoms") {
      PlaceAtoms<T.Encoding>.run(
        serviceStage, inputStage, changingContents, demandStage, changingLayout)
    }
    timer.measure("make tables") {
      MakeTables<T>.run(unplaced, changingTables)
    }
    try checkpoint()
    // Memory layout is fixed; symbols have addresses.
    try timer.measure("assign addresses") { () throws(LinkFailed) in
      try AssignAddresses<T>.run(unplaced, changingTables, changingLayout)
      NameValues.run(unplaced, tableStage, changingLayout)
      try checkpoint()
    }
    timer.measure("settle destinations") {
      if let destinations = naming.destinations {
        FillDestinations<T.Encoding>.settle(
          destinations, serviceStage, inputStage, namingStage, contentStage)
      }
    }
    // What is compressed is relocated before.
    try timer.measure("compress") { () throws(LinkFailed) in
      try CompressDebug<T>.run(unplaced, tableStage, changingLayout)
    }
    try timer.measure("write output") { () throws(LinkFailed) in
      try WriteOutput<T>.run(laidOut)
    }
    if options.printsMap || options.mapFile != nil {
      MapFile<T.Encoding>(
        serviceStage: serviceStage, inputStage: inputStage, namingStage: namingStage,
        contentStage: contentStage, layoutStage: layoutStage
      ).write()
    }
    writeDependencies()
    if let path = options.timeTrace { timer.writeTrace(path, diagnostics) }
    if options.printsStatistics { timer.print(self) }
  }

  /// Says once more where the symbol came from: `--require-defined`.
  private func checkRequired() {
    for name in options.requiredSymbols {
      if let index = names.find(ByteString(copying: name), in: symbols),
        !symbols[index].has.contains(.isUndefined)
      {
        continue
      }
      diagnostics.error("symbol '\(name)' is required (--require-defined) but nothing defines it")
    }
  }

  /// `--dependency-file`: a makefile rule with every input.
  private func writeDependencies() {
    guard let path = options.dependencyFile else { return }
    func escaped(_ path: String) -> String {
      path.replacing(" ", with: "\\ ").replacing("$", with: "$$").replacing("#", with: "\\#")
    }
    var text = "\(escaped(options.outputPath)):"
    let paths = services.openedPaths.all
    for input in paths { text += " \\\n  \(escaped(input))" }
    text += "\n"
    for input in paths { text += "\n\(escaped(input)):\n" }
    do throws(Errno) {
      try FileDescriptor.replaceContents(of: path) { (file) throws(Errno) in try file.write(text) }
    } catch {
      diagnostics.error("cannot write dependency file \(path): \(error)")
    }
  }
}

extension String {
  /// All occurrences of a one-character string, without Foundation.
  fileprivate func replacing(_ what: Character, with text: String) -> String {
    var result = ""
    for character in self {
      if character == what { result += text } else { result.append(character) }
    }
    return result
  }
}
