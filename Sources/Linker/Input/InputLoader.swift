import ELFFormat
import Glibc
import Platform
import ScriptParsing

/// Opens what the command line names, in its order, and sorts it by kind.
///
/// That is serial, because scripts and `-l` depend on what came before; opening what is named by its
/// path (`FilesAhead`) and reading objects is not: they are only listed here, with their position,
/// and read in parallel by `readObjects`.
struct InputLoader: UsesServices, @unchecked Sendable {
  /// Objects to read, live or lazy.
  var objects: [ObjectReader.Source] = []
  var lazyObjects: [ObjectReader.Source] = []
  var libraries: [(bytes: ByteString, path: ByteString, position: UInt64, asNeeded: Bool)] = []
  /// In command-line order: what becomes a provider.
  enum Lazy {
    case archive(Int)
    case object(Int)
    case library(Int)
  }
  var lazies: [Lazy] = []
  var archives: [Archive] = []
  /// Commands of scripts that are about the link, not about files.
  var scriptCommands: [PlacedCommand] = []

  let serviceStage: Reading<Services>
  var search: LibrarySearch
  private var nextPosition: UInt64 = 1
  var depth = 0
  var openLibraries: Set<String> = []
  var arena: InputArena? = InputArena()
  /// Files that were opened to see which machine they are for, until they are loaded.
  var openedBefore: [String: MappedInput] = [:]
  /// For scripts that were looked at, what machine they are for if it is not the output's.
  var otherMachines: [String: String?] = [:]
  /// What scripts that others name have asked for.
  var scriptWork = 0
  /// Archives all of whose members are taken, and how many objects come before them. Their members
  /// are looked for when all archives are open: each header is a page that nobody has touched yet.
  private var wholeArchives: [(archive: Archive, position: UInt64, at: Int)] = []

  init(_ services: Reading<Services>) {
    serviceStage = services
    search = LibrarySearch(
      options: services.value.options,
      standardDirectories: services.value.target.libraryDirectories)
  }

  mutating func loadAll() {
    if options.verbose { StandardOutput.print(search.description) }
    let ahead = FilesAhead(
      options.inputs, memoryFiles: options.memoryFiles, pool: pool)
    defer { ahead.deallocate() }
    for (input, state) in ahead.mapped {
      if case .path(let path) = options.inputs[input].kind { watch.add(path, state) }
    }
    let tellsPaths = options.dependencyFile != nil || options.tracesFiles
    if options.inputs.count > 64 { objects.reserveCapacity(options.inputs.count) }
    for i in options.inputs.indices {
      let file = ahead[i]
      if file.kind == .object, !tellsPaths {
        addObject(file.bytes, name: file.name, options.inputs[i].state, position: takePosition())
        continue
      }
      let input = options.inputs[i]
      switch input.kind {
      case .path(let path): load(path, input.state, opened: file.opened)
      case .script(let path): load(search.text(path), input.state, isScript: true)
      case .library(let name): loadLibrary(name, input.state)
      }
    }
    listWholeArchives()
  }

  /// Puts the members of whole archives into the list of objects.
  private mutating func listWholeArchives() {
    if wholeArchives.isEmpty { return }
    let archives = wholeArchives
    wholeArchives = []
    let services = serviceStage
    let found = pool.map(chunks: archives.count) { i, _ in
      var members: [ObjectReader.Source] = []
      Self.forEachObject(
        of: archives[i].archive, position: archives[i].position, services
      ) { members.append($0) }
      return members
    }
    let others = objects
    objects = []
    objects.reserveCapacity(others.count + found.reduce(0) { $0 + $1.count })
    var next = 0
    for (archive, members) in zip(archives, found) {
      objects += others[next..<archive.at]
      objects += members
      next = archive.at
    }
    objects += others[next...]
  }

  /// Loads what `-l` means.
  ///
  /// - Parameter origin: the script that says so, and its line.
  mutating func loadLibrary(
    _ name: String, _ state: LinkOptions.InputState, origin: String? = nil
  ) {
    if findLibrary(name, state) { return }
    // No file name with `lib` in front: Python's ctypes takes such a word in the messages of a failed
    // link for the library that it asked for.
    let what =
      name.hasPrefix(":")
      ? "file \(name.dropFirst())"
      : state.isStatic ? "archive of that name" : "library of that name"
    let prefix = origin.map { $0 + ": " } ?? ""
    diagnostics.error(
      "\(prefix)unable to find library -l\(name); no \(what) in the search path (see -L)")
  }

  /// Loads what an object names in `.deplibs`: as `-l` finds it, as a file in the search path, or as
  /// a path; as if it came last on the command line.
  ///
  /// Source: LLVM's "Extensions", "Dependent Libraries"; the order is lld's.
  mutating func loadDependency(_ name: String, of object: String) {
    var state = options.inputs.last?.state ?? .init()
    state.wholeArchive = false
    state.isLazy = false
    if !name.isEmpty, !name.hasPrefix(":"), findLibrary(name, state) { return }
    if let path = search.file(inSearchPath: name) ?? (LibrarySearch.exists(name) ? name : nil) {
      if openLibraries.insert(path).inserted { load(path, state) }
      return
    }
    diagnostics.error(
      "\(object): unable to find the library '\(name)' that it names in .deplibs; add its directory"
        + " with -L, or link with --no-dependent-libraries")
  }

  /// Loads what `-l` means by `name`; false if there is none.
  private mutating func findLibrary(_ name: String, _ state: LinkOptions.InputState) -> Bool {
    var found: (path: String, file: MappedInput)?
    let search = search
    let path = search.library(name, isStatic: state.isStatic) { path in
      let mapped: MappedInput
      do throws(Errno) {
        mapped = try MappedInput(path: path, arena: &arena)
      } catch {
        // The search goes on behind what cannot be read, but a lack of memory is no reason to take
        // another file.
        if error.code == ENOMEM { diagnostics.error("cannot open \(path): \(error)") }
        return false
      }
      if let other = otherMachine(mapped, path: path) {
        warnOfMismatch("skipping \(path) while looking for -l\(name): \(other)")
        return false
      }
      found = (path, mapped)
      return true
    }
    guard let path, let found else { return false }
    // The same library twice is one library; an archive may be read anew.
    if openLibraries.contains(path), path.hasSuffix(".so"), !state.wholeArchive { return true }
    openLibraries.insert(path)
    add(found.file, path: path, state: state, isScript: false)
    return true
  }

  func warnOfMismatch(_ text: String) {
    if options.warnsSearchMismatch { diagnostics.warning(text) }
  }

  /// - Parameter origin: the script that names the file, and its line.
  mutating func load(
    _ path: String, _ state: LinkOptions.InputState, isScript: Bool = false,
    opened: MappedInput.Opened? = nil, origin: String? = nil
  ) {
    let mapped: MappedInput
    if case .contents(let input) = opened {
      mapped = input
    } else if !openedBefore.isEmpty, let input = openedBefore.removeValue(forKey: path) {
      mapped = input
    } else if !options.memoryFiles.isEmpty, let bytes = options.memoryFiles[path] {
      mapped = MappedInput(memory: UnsafeRawBufferPointer(bytes.buffer))
    } else {
      do {
        if case .stream(let file) = opened {
          mapped = try MappedInput(stream: file)
        } else {
          mapped = try MappedInput(path: path, arena: &arena)
        }
      } catch {
        diagnostics.error("\(origin.map { $0 + ": " } ?? "")cannot open \(path): \(error)")
        return
      }
    }
    add(mapped, path: path, state: state, isScript: isScript)
  }

  private mutating func add(
    _ mapped: MappedInput, path: String, state: LinkOptions.InputState, isScript: Bool
  ) {
    watch.add(path, mapped)
    if options.dependencyFile != nil { services.openedPaths.add(path) }
    if options.tracesFiles { StandardOutput.print(path + "\n") }
    add(
      ByteString(start: mapped.base.assumingMemoryBound(to: UInt8.self), count: mapped.count),
      path: path, state: state, position: takePosition(), isScript: isScript)
  }

  /// The position of the next file.
  private mutating func takePosition() -> UInt64 {
    defer { nextPosition += 1 }
    return nextPosition << 32
  }

  /// Whether a file is ELF, and not a shared library.
  static func isObject(_ bytes: ByteString) -> Bool {
    bytes.hasPrefix("\u{7f}ELF") && fileType(bytes) != UInt8(FileType.shared)
  }

  /// The lower byte of `e_type`, in the byte order that e_ident[EI_DATA] gives.
  private static func fileType(_ bytes: ByteString) -> UInt8 {
    bytes.count < 18 ? 0 : bytes[5] == 2 ? bytes[17] : bytes[16]
  }

  private mutating func addObject(
    _ bytes: ByteString, name: ByteString, _ state: LinkOptions.InputState, position: UInt64
  ) {
    let source = ObjectReader.Source(
      bytes: bytes, name: name, archive: "", position: position,
      flags: state.isUnlisted ? .isUnlisted : [])
    if state.isLazy {
      lazyObjects.append(source)
      lazies.append(.object(lazyObjects.count - 1))
    } else {
      objects.append(source)
    }
  }

  private mutating func add(
    _ bytes: ByteString, path: String, state: LinkOptions.InputState, position: UInt64,
    isScript: Bool
  ) {
    if isScript {
      readScript(bytes, path: path, state: state)
    } else if bytes.hasPrefix("\u{7f}ELF") {
      let name = ByteString(copying: path)
      if Self.fileType(bytes) == UInt8(FileType.shared) {
        if options.isStatic || state.isStatic {
          diagnostics.error(
            "\(path): a static link cannot use a shared library; name the .a, or "
              + (options.isStatic ? "drop -static" : "put -Bdynamic before it"))
          return
        }
        libraries.append((bytes, name, position, state.asNeeded))
        lazies.append(.library(libraries.count - 1))
        return
      }
      addObject(bytes, name: name, state, position: position)
    } else if Archive.isArchive(bytes) {
      addArchive(bytes, path: path, state: state, position: position)
    } else if Self.isBitcode(bytes) {
      diagnostics.error(Self.bitcodeText(path))
    } else {
      readScript(bytes, path: path, state: state)
    }
  }

  static func isBitcode(_ bytes: ByteString) -> Bool {
    bytes.count >= 4
      && (bytes[0] == 0x42 && bytes[1] == 0x43 && bytes[2] == 0xc0 && bytes[3] == 0xde
        || bytes[0] == 0xde && bytes[1] == 0xc0 && bytes[2] == 0x17 && bytes[3] == 0x0b)
  }

  static func bitcodeText(_ path: String) -> String {
    "\(path): LLVM bitcode (made with -flto) cannot be linked without a link-time optimiser;"
      + " rebuild it without -flto, or with -ffat-lto-objects"
  }

  private mutating func addArchive(
    _ bytes: ByteString, path: String, state: LinkOptions.InputState, position: UInt64
  ) {
    do {
      var archive = try Archive(path: ByteString(copying: path), bytes: bytes)
      archive.state = state
      archive.position = position
      if archive.index != nil && !state.wholeArchive {
        archives.append(archive)
        lazies.append(.archive(archives.count - 1))
        return
      }
      // Whole archives, and those without an index: each member by itself.
      if state.wholeArchive, depth == 0, !archive.isThin {
        wholeArchives.append((archive, position, objects.count))
        return
      }
      Self.forEachObject(of: archive, position: position, serviceStage) {
        if state.wholeArchive {
          objects.append($0)
        } else {
          lazyObjects.append($0)
          lazies.append(.object(lazyObjects.count - 1))
        }
      }
    } catch {
      diagnostics.error("\(path): \(error.text)")
    }
  }

  /// Calls `body` with each member of an archive that is an object.
  private static func forEachObject(
    of archive: Archive, position: UInt64, _ services: Reading<Services>,
    _ body: (ObjectReader.Source) -> Void
  ) {
    let path = String(archive.path)
    let flags: FileFlags = services.value.options.isExcludedLibrary(path) ? .isExcluded : []
    var number: UInt64 = 0
    var members: [Archive.Member] = []
    do {
      try archive.forEachMember { members.append($0) }
    } catch {
      services.value.diagnostics.error("\(path): \(error.text)", key: position)
      return
    }
    for member in members {
      number += 1
      guard
        let source = source(
          of: member, in: archive, position: position | number, flags: flags, services)
      else { continue }
      if isBitcode(source.bytes) {
        services.value.diagnostics.error(
          bitcodeText("\(path)(\(member.name))"), key: position | number)
        continue
      }
      // Other members (Rust's metadata, notes of the packager) are no objects.
      guard source.bytes.hasPrefix("\u{7f}ELF") else { continue }
      body(source)
    }
  }

  /// A member as an object to read; for thin archives, from its own file.
  static func source(
    of member: Archive.Member, in archive: Archive, position: UInt64, flags: FileFlags,
    _ services: Reading<Services>
  ) -> ObjectReader.Source? {
    if !archive.isThin {
      return ObjectReader.Source(
        bytes: member.contents, name: member.name, archive: archive.path, position: position,
        flags: flags)
    }
    var path = String(member.name)
    let archivePath = String(archive.path)
    if !path.hasPrefix("/"), let slash = archivePath.lastIndex(of: "/") {
      path = archivePath[...slash] + path
    }
    do {
      let mapped = try MappedInput(path: path)
      services.value.watch.add(path, mapped)
      return ObjectReader.Source(
        bytes: ByteString(
          start: mapped.base.assumingMemoryBound(to: UInt8.self), count: mapped.count),
        name: member.name, archive: archive.path, position: position, flags: flags)
    } catch {
      services.value.diagnostics.error("\(archive.path): cannot open its member \(path): \(error)")
      return nil
    }
  }
}

/// A command, and the script that it is in.
struct PlacedCommand {
  var command: ScriptCommand
  var path: String
}
