import Glibc
public import Weld

/// A program that is compiled again and again: each update places what has changed since the last
/// one, and nothing else.
///
/// The session keeps, for each declaration, what its bytes were made of. A function whose
/// instructions are the same as before is left alone, and if only its lines have shifted, its line
/// records are rewritten. Other declarations can change as they like: they are reached through the
/// offset table.
public final class Session {
  public struct Options: Sendable {
    /// As messages and the debugger name the source.
    public var path: String
    public var output: String
    public var machine = ImageMachine.x86_64
    /// Without shared libraries.
    public var isStatic = false
    /// The program is changed while it runs: what old code may still use is kept, and its data
    /// stays as it is laid out.
    public var isLive = false
    /// Has the image check itself after each call.
    public var checksInvariants = false

    public init(path: String, output: String) {
      self.path = path
      self.output = output
    }
  }

  /// What an update did, by names of the source.
  public struct Report: Equatable, Sendable {
    public var compiled: [String] = []
    /// Only their lines have shifted.
    public var shifted: [String] = []
    public var placed: [String] = []
    public var removed: [String] = []
    /// Variables with another initial value, which running programs keep.
    public var initialValues: [String] = []

    public var isEmpty: Bool { self == Report() }
  }

  /// What a session has a declaration for.
  enum Name: Hashable {
    case function(String)
    case global(String)
    case entry
  }
  /// What was placed for a name.
  enum Content {
    case function(CheckedFunction, MachineCode)
    case global(CheckedGlobal)
    case runtime
  }

  public let options: Options
  let machine: MachineFacts
  public private(set) var image: ElfImage?
  private var usesLibraries = false
  /// What the program has of libraries since its image was made.
  private var imports: Set<String> = []
  private var keys: [Name: Declaration] = [:]
  private var keyCount: UInt64 = 0
  private var contents: [Name: Content] = [:]
  private var exports: [Name: [String]] = [:]
  /// What is no longer in the source of a running program, and still in memory.
  private var leftBehind: Set<Name> = []

  /// - Throws: `BuildError.image` if there is no back end for the machine.
  public init(_ options: Options) throws(BuildError) {
    guard let machine = MachineFacts(options.machine) else {
      throw .image(
        ImageError(.invalid, "there is no back end for \(options.machine.rawValue)"))
    }
    self.options = options
    self.machine = machine
  }

  /// Compiles a source and places what has changed. `flush` then writes the program.
  ///
  /// - Throws: `BuildError`. After `compile` and `refused` the image is as it was; after `image`,
  ///   what could not be placed is tried again by the next update.
  public func update(_ source: [UInt8]) throws(BuildError) -> Report {
    let program: CheckedProgram
    do throws(CompileErrors) {
      program = try Checker.check(source, machine: machine)
    } catch {
      let file = SourceFile(path: options.path, bytes: source)
      throw .compile(error.diagnostics.map(file.rendered))
    }
    if options.isLive, image != nil {
      let reasons = refusals(of: program)
      if !reasons.isEmpty { throw .refused(reasons) }
    }
    do throws(ImageError) {
      if let image { return try place(program, in: image) }
      return try place(program, in: makeImage(program))
    } catch { throw .image(error) }
  }

  /// Writes the program.
  public func flush() throws(BuildError) {
    do throws(ImageError) { try image?.flush() } catch { throw .image(error) }
  }

  /// The declaration of a name, the same at each use.
  func declaration(_ name: Name) -> Declaration {
    if let known = keys[name] { return known }
    // Never one that something else had before.
    keyCount += 1
    let made = Declaration(keyCount)
    keys[name] = made
    return made
  }

  // MARK: The image

  private func makeImage(_ program: CheckedProgram) throws(ImageError) -> ElfImage {
    var imageOptions = ImageOptions(machine: options.machine, path: options.output)
    imageOptions.checksInvariants = options.checksInvariants
    if options.isLive { imageOptions.liveReserve = 1 << 20 }
    if program.hasExternals {
      // What the libraries bring lies below.
      imageOptions.baseAddress = 0x1000_0000
      imageOptions.inputs = ImageInputs(
        isStatic: options.isStatic,
        startup: .c(os: .linuxGlibc, mode: options.isStatic ? .static : .dynamic))
    }
    let image = try ElfImage(imageOptions)
    let machine = machine
    let runtime = Runtime.compile(for: machine)
    image.setLazyProvider { (_, key) throws(ImageError) in
      guard case .key(let number) = key, let function = RuntimeFunction(rawValue: number),
        let ir = runtime.functions[function]
      else { throw ImageError(.invalid, "the runtime has no such function") }
      return LazyContent(
        bytes: try machine.emit(ir, tableSlots: [:]).bytes, alignment: machine.codeAlignment)
    }
    self.image = image
    usesLibraries = program.hasExternals
    imports = program.imports
    if !program.hasExternals {
      try place(runtime.threadBlock, in: image)
      try placeStart(runtime.functions[.start], in: image)
    }
    return image
  }

  /// Where the kernel starts a program that has no C library.
  private func placeStart(_ start: IRFunction?, in image: ElfImage) throws(ImageError) {
    guard let start else { return }
    let name = Name.function("start")
    let slots = try tableSlots(of: start, for: name, in: image)
    let code = try machine.emit(start, tableSlots: slots)
    let symbol = try image.updateFunction(
      declaration(name), name: "tern_start", code: code.bytes, alignment: machine.codeAlignment)
    contents[name] = .runtime
    let entry = declaration(.entry)
    try image.updateFunction(
      entry, name: "tern_entry",
      code: try machine.entryCode(slot: try image.offsetTableAddress(of: symbol)),
      alignment: machine.codeAlignment)
    try image.updateExports(entry, [Export("_start")])
    contents[.entry] = .runtime
  }

  // MARK: Changes

  private func place(
    _ program: CheckedProgram, in image: ElfImage
  ) throws(ImageError) -> Report {
    var report = Report()
    // In the order of the source, so that a program is the same bytes whenever it is built.
    let wanted =
      program.globals.map { (Name.global($0.name), $0.exportedNames) }
      + program.functions.map {
        (Name.function($0.key), $0.exportedNames + ($0.body.name == "main" ? ["main"] : []))
      }
    try remove(except: Dictionary(uniqueKeysWithValues: wanted), from: image, &report)
    for global in program.globals {
      if case .global(let old)? = contents[.global(global.name)] {
        if old.type == global.type, old.storage == global.storage, old.words == global.words {
          continue
        }
        if old.storage != .constant, global.storage == old.storage {
          report.initialValues.append(global.name)
        }
      }
      try place(global, in: image)
      report.placed.append(global.name)
    }
    for function in program.functions { try place(function, in: image, &report) }
    for (name, names) in wanted where names != exports[name] ?? [] {
      try image.updateExports(declaration(name), names.map { Export($0) })
      exports[name] = names
    }
    return report
  }

  /// Takes away what is no longer in the source, and names that something else may be given. What
  /// is no longer in the source of a running program stays, for code that is still in the old
  /// version of its caller.
  private func remove(
    except wanted: [Name: [String]], from image: ElfImage, _ report: inout Report
  ) throws(ImageError) {
    func key(_ name: Name) -> UInt64 { keys[name]?.key ?? 0 }
    for (name, names) in exports.sorted(by: { key($0.key) < key($1.key) }) {
      for exported in names where !(wanted[name] ?? []).contains(exported) {
        try image.removeExport(declaration(name), name: exported)
        exports[name]?.removeAll { $0 == exported }
      }
    }
    leftBehind.subtract(wanted.keys)
    let gone = contents.filter { wanted[$0.key] == nil && !leftBehind.contains($0.key) }
    for (name, content) in gone.sorted(by: { key($0.key) < key($1.key) }) {
      switch content {
      case .runtime: continue
      case .function(let function, _): report.removed.append(function.body.name)
      case .global(let global):
        if global.name == Runtime.threadBlock { continue }
        report.removed.append(global.name)
      }
      if options.isLive {
        leftBehind.insert(name)
      } else {
        contents[name] = nil
        try image.free(declaration(name))
        keys[name] = nil
      }
    }
    report.removed.sort()
  }

  private func place(
    _ function: CheckedFunction, in image: ElfImage, _ report: inout Report
  ) throws(ImageError) {
    let name = Name.function(function.key)
    if case .function(let old, let code)? = contents[name], old.body == function.body {
      if old.positions != function.positions {
        try image.updateLines(declaration(name), lines: code.lines(at: function.positions))
        contents[name] = .function(function, code)
        report.shifted.append(function.body.name)
      }
      return
    }
    let slots = try tableSlots(of: function.body.ir, for: name, in: image)
    let code = try machine.emit(function.body.ir, tableSlots: slots)
    var relocations: [DataRelocation] = []
    for relocation in code.relocations {
      relocations.append(
        DataRelocation(
          offset: UInt64(relocation.offset),
          target: try symbol(relocation.target, for: name, in: image),
          addend: relocation.addend, kind: relocation.kind))
    }
    try image.updateFunction(
      declaration(name), name: function.body.name, code: code.bytes,
      alignment: machine.codeAlignment, relocations: relocations,
      debug: debugInfo(function, code))
    contents[name] = .function(function, code)
    report.compiled.append(function.body.name)
  }

  private func place(_ global: CheckedGlobal, in image: ElfImage) throws(ImageError) {
    let name = Name.global(global.name)
    var bytes: [UInt8] = []
    var relocations: [DataRelocation] = []
    for word in global.words {
      var value: Int64 = 0
      var reference: SymbolReference?
      switch word {
      case .integer(let number): value = number
      case .boolean(let flag): value = flag ? 1 : 0
      case .string(let text): reference = .string(text)
      case .symbol(let symbol): reference = symbol
      case .list: preconditionFailure("tables hold no lists")
      }
      if let reference {
        relocations.append(
          DataRelocation(
            offset: UInt64(bytes.count), target: try symbol(reference, for: name, in: image)))
      }
      let little = (0..<machine.wordBytes).map { UInt8(truncatingIfNeeded: value >> ($0 * 8)) }
      bytes += machine.isBigEndian ? little.reversed() : little
    }
    let kind: DataKind =
      switch global.storage {
      case .mutable: .mutable
      case .constant: .immutable
      case .threadLocal: .threadLocal
      }
    try image.updateData(
      declaration(name), name: global.name, kind: kind, bytes: bytes,
      zeroFill: UInt64(global.count * machine.wordBytes - bytes.count),
      alignment: machine.wordBytes == 8 ? 3 : 2, relocations: relocations,
      debug: global.name == Runtime.threadBlock ? nil : debugInfo(global))
    contents[name] = .global(global)
  }

  // MARK: References

  private func tableSlots(
    of function: IRFunction, for owner: Name, in image: ElfImage
  ) throws(ImageError) -> [SymbolReference: UInt64] {
    var slots: [SymbolReference: UInt64] = [:]
    for reference in function.references {
      slots[reference] = try image.offsetTableAddress(
        of: try symbol(reference, for: owner, in: image))
    }
    return slots
  }

  private func symbol(
    _ reference: SymbolReference, for owner: Name, in image: ElfImage
  ) throws(ImageError) -> ImageSymbol {
    switch reference {
    case .function(let key): try image.symbol(for: declaration(.function(key)))
    case .global(let name): try image.symbol(for: declaration(.global(name)))
    case .string(let text): try image.unnamedConstant(of: declaration(owner), bytes: text + [0])
    case .imported(let name): try image.importedSymbol(name)
    case .runtime(let function): try image.lazySymbol(.code, .key(function.rawValue))
    }
  }

  /// Why a running program cannot take a change, before anything is done about it.
  private func refusals(of program: CheckedProgram) -> [String] {
    var reasons: [String] = []
    if program.hasExternals, !usesLibraries {
      reasons.append("the program now uses C libraries, which it was started without")
    }
    // Whoever loads a program binds what it imports then, and later nobody does.
    for name in program.imports.subtracting(imports).sorted() where usesLibraries {
      reasons.append("the C function '\(name)' is new, and is bound when the program starts")
    }
    for global in program.globals {
      // What was removed from the source counts too: it is still there.
      guard case .global(let old)? = contents[.global(global.name)] else { continue }
      let (before, after) = (old.type.description, global.type.description)
      if old.storage == .constant, global.storage == .constant {
        // Its new version lies elsewhere, but code that runs may go through all of the old number.
        if old.type.reference != global.type.reference || old.count > global.count {
          reasons.append("the table '\(global.name)' changed from \(before) to \(after)")
        }
      } else if old.type != global.type {
        reasons.append(
          "'\(global.name)' changed from \(before) to \(after), and its value is in use")
      } else if old.storage != global.storage {
        reasons.append("'\(global.name)' changed its kind of memory, and its value is in use")
      }
    }
    return reasons
  }
}

/// Why a program could not be built.
public enum BuildError: Error, Sendable {
  /// Errors in the source, each with its line.
  case compile([String])
  case image(ImageError)
  /// A running program cannot take the change, for these reasons.
  case refused([String])

  /// What to tell the user.
  public var text: String {
    switch self {
    case .compile(let messages): messages.joined(separator: "\n")
    case .image(let error): "error: \(error.message)"
    case .refused(let reasons): reasons.joined(separator: "; ")
    }
  }
}
