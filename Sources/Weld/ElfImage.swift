// What the calls take and return is the engine's; whoever imports Weld has it.
@_exported public import Linker

/// A program under construction, held by a compiler: each declaration is placed as soon as its
/// bytes are known, at an address that stays, and an edit rewrites that declaration alone.
///
/// Code calls other code, and reaches data, through the offset table: a slot for each symbol, at an
/// address that never changes, holds the symbol's present address. So when something moves, its slot
/// is rewritten, and the places in data that hold its address; no other code is touched.
///
/// An image is used by one thread at a time. Each call that throws leaves the image as it was.
/// `flush` writes the program; until then the file of the last flush stays whole.
public final class ElfImage {
  let engine: any ImageEngine

  /// - Throws: `ImageError` if the options contradict each other.
  public init(_ options: ImageOptions) throws(ImageError) {
    engine = try makeImageEngine(options)
  }

  public var options: ImageOptions { engine.options }

  // MARK: Declarations

  /// The symbol of a declaration, made on first use, before or after its bytes are known.
  public func symbol(for declaration: Declaration) throws(ImageError) -> ImageSymbol {
    try engine.symbol(for: declaration)
  }

  /// Places a function, or replaces its bytes.
  ///
  /// - Parameters:
  ///   - name: its name in the symbol table, local to this program.
  ///   - alignment: log2 of bytes.
  ///   - relocations: the only ones that its bytes have; earlier ones are forgotten.
  @discardableResult
  public func updateFunction(
    _ declaration: Declaration, name: String, code: UnsafeRawBufferPointer, alignment: UInt8 = 4,
    relocations: [DataRelocation] = [], debug: FunctionDebugInfo? = nil
  ) throws(ImageError) -> ImageSymbol {
    try engine.updateFunction(
      declaration, name: name, code: code, alignment: alignment, relocations: relocations,
      debug: debug)
  }

  /// As above, for bytes in an array.
  @discardableResult
  public func updateFunction(
    _ declaration: Declaration, name: String, code: [UInt8], alignment: UInt8 = 4,
    relocations: [DataRelocation] = [], debug: FunctionDebugInfo? = nil
  ) throws(ImageError) -> ImageSymbol {
    // A typed error does not pass through the closure of `withUnsafeBytes`.
    let bytes = code.withUnsafeBytes { UnsafeRawBufferPointer($0) }
    defer { withExtendedLifetime(code) {} }
    return try engine.updateFunction(
      declaration, name: name, code: bytes, alignment: alignment, relocations: relocations,
      debug: debug)
  }

  /// Places a variable or constant, or replaces its bytes. Its section follows from its kind and
  /// bytes each time: what was a constant may become a variable, and keeps its slot.
  ///
  /// - Parameters:
  ///   - zeroFill: bytes of zero after `bytes`; a large zeroed variable costs no memory.
  ///   - alignment: log2 of bytes.
  @discardableResult
  public func updateData(
    _ declaration: Declaration, name: String, kind: DataKind, bytes: [UInt8], zeroFill: UInt64 = 0,
    alignment: UInt8 = 3, relocations: [DataRelocation] = [], debug: VariableDebugInfo? = nil
  ) throws(ImageError) -> ImageSymbol {
    let buffer = bytes.withUnsafeBytes { UnsafeRawBufferPointer($0) }
    defer { withExtendedLifetime(bytes) {} }
    return try engine.updateData(
      declaration, name: name, kind: kind, bytes: buffer, zeroFill: zeroFill,
      alignment: alignment, relocations: relocations, debug: debug)
  }

  /// As above, for bytes that are in memory.
  @discardableResult
  public func updateData(
    _ declaration: Declaration, name: String, kind: DataKind, bytes: UnsafeRawBufferPointer,
    zeroFill: UInt64 = 0, alignment: UInt8 = 3, relocations: [DataRelocation] = [],
    debug: VariableDebugInfo? = nil
  ) throws(ImageError) -> ImageSymbol {
    try engine.updateData(
      declaration, name: name, kind: kind, bytes: bytes, zeroFill: zeroFill,
      alignment: alignment, relocations: relocations, debug: debug)
  }

  /// An edit that only shifted a function's lines: rewrites its line records and nothing else.
  public func updateLines(_ declaration: Declaration, lines: [DebugLine]) throws(ImageError) {
    try engine.updateLines(declaration, lines: lines)
  }

  /// Gives up a declaration: its bytes, constants, exports, slot, debug information, and the
  /// relocations in it. Places that hold its address are written as if it were undefined: a flush
  /// that still finds them says so.
  public func free(_ declaration: Declaration) throws(ImageError) {
    try engine.free(declaration)
  }

  /// Read-only bytes without a name, which belong to `declaration` and die when it is next updated
  /// or freed.
  public func unnamedConstant(
    of declaration: Declaration, bytes: [UInt8], alignment: UInt8 = 0,
    relocations: [DataRelocation] = []
  ) throws(ImageError) -> ImageSymbol {
    let buffer = bytes.withUnsafeBytes { UnsafeRawBufferPointer($0) }
    defer { withExtendedLifetime(bytes) {} }
    return try engine.unnamedConstant(
      of: declaration, bytes: buffer, alignment: alignment, relocations: relocations)
  }

  /// As above, for bytes that are in memory.
  public func unnamedConstant(
    of declaration: Declaration, bytes: UnsafeRawBufferPointer, alignment: UInt8 = 0,
    relocations: [DataRelocation] = []
  ) throws(ImageError) -> ImageSymbol {
    try engine.unnamedConstant(
      of: declaration, bytes: bytes, alignment: alignment, relocations: relocations)
  }

  // MARK: Names

  /// Sets by which names a declaration is known outside; names no longer listed are removed.
  public func updateExports(
    _ declaration: Declaration, _ exports: [Export]
  ) throws(ImageError) {
    try engine.updateExports(declaration, exports)
  }

  /// Removes one name of a declaration. Where it was the definition in force, the next best takes
  /// its place.
  public func removeExport(_ declaration: Declaration, name: String) throws(ImageError) {
    try engine.removeExport(declaration, name: name)
  }

  /// The symbol of a name that other files, or other declarations' exports, define. If nobody does
  /// by the next flush, that flush says so; a weak one is then zero.
  public func importedSymbol(_ name: String, isWeak: Bool = false) throws(ImageError) -> ImageSymbol
  {
    try engine.importedSymbol(name, isWeak: isWeak)
  }

  // MARK: Addresses

  /// The address of `symbol`'s slot in the offset table, fixed for as long as the symbol lives.
  public func offsetTableAddress(of symbol: ImageSymbol) throws(ImageError) -> UInt64 {
    try engine.offsetTableAddress(of: symbol)
  }

  /// The instructions by which this image's machine calls `symbol` through its slot.
  ///
  /// - Parameter address: where they will stand is not known before placement, and they do not
  ///   depend on it.
  public func callSequence(to symbol: ImageSymbol) throws(ImageError) -> [UInt8] {
    try engine.callSequence(to: symbol)
  }

  /// Records that the bytes of `holder` at `offset` hold the address of `symbol` plus `addend`, and
  /// returns today's value. When the symbol moves, the place is written again.
  @discardableResult
  public func address(
    of symbol: ImageSymbol, referencedFrom holder: ImageSymbol, offset: UInt64, addend: Int64 = 0
  ) throws(ImageError) -> UInt64 {
    try engine.address(of: symbol, referencedFrom: holder, offset: offset, addend: addend)
  }

  /// Today's address of a symbol; nil while it is not placed.
  public func currentAddress(of symbol: ImageSymbol) -> UInt64? {
    engine.currentAddress(of: symbol)
  }

  // MARK: Lazy symbols

  /// Makes the bytes of lazy symbols when they are asked for: at their first use, or for
  /// `LazyKey.all`, at each flush that follows a use.
  public func setLazyProvider(
    _ provider: @escaping (LazyKind, LazyKey) throws(ImageError) -> LazyContent
  ) {
    engine.lazyProvider = provider
  }

  /// The symbol of something made at its first use.
  public func lazySymbol(_ kind: LazyKind, _ key: LazyKey) throws(ImageError) -> ImageSymbol {
    try engine.lazySymbol(kind, key)
  }

  // MARK: Other inputs

  /// Adds a relocatable object.
  public func addObject(_ path: String) throws(ImageError) { try engine.addInput(.object(path)) }
  /// Adds an archive; members come in as their symbols are needed.
  public func addArchive(_ path: String) throws(ImageError) { try engine.addInput(.archive(path)) }
  /// Adds a shared library.
  public func addSharedLibrary(_ path: String) throws(ImageError) {
    try engine.addInput(.sharedLibrary(path))
  }
  /// Adds a library by name, as `-l` does.
  public func addLibrary(_ name: String) throws(ImageError) { try engine.addInput(.library(name)) }
  /// Adds what a program in C starts and ends with on a system, and its C library; the entry is then
  /// `_start`, which calls `main`. What is linked before and behind all other inputs is seen to.
  public func addStartupFiles(
    for system: StartupFiles.System, mode: StartupFiles.Mode
  ) throws(ImageError) {
    try engine.addInput(.startupFiles(system, mode))
  }

  // MARK: Output

  /// Writes what changed since the last flush, and makes it the file at `options.path`.
  public func flush() throws(ImageError) { try engine.flush() }

  /// Every file of the image with its local and global symbols, a line each.
  public func dump() -> String { engine.dump() }
  /// The same as JSON.
  public func dumpJSON() -> String { engine.dumpJSON() }

  /// What was done since the image was made.
  public var counts: ImageCounts { engine.counts }

  /// Checks everything that must always hold; returns what does not. For tests.
  public func violations() -> [String] { engine.violations() }
}
