import ELFFormat
import Platform
import ScriptParsing

/// Linker scripts among the inputs, and which machine a library is for.
extension InputLoader {
  mutating func readScript(_ bytes: ByteString, path: String, state: LinkOptions.InputState) {
    if scriptWork > Self.mostScriptWork { return }
    guard depth < 16 else {
      diagnostics.error("\(path): linker scripts include each other more than 16 deep")
      scriptWork = .max
      return
    }
    if depth > 0 { spend(bytes.count + Self.workPerInput, on: path) }
    depth += 1
    defer { depth -= 1 }
    let commands: [ScriptCommand]
    do {
      commands = try LinkerScript.parse(UnsafeRawBufferPointer(bytes.buffer))
    } catch {
      let isText = !bytes.buffer.prefix(64).contains { $0 < 9 }
      diagnostics.error(
        isText
          ? "\(path):\(error)"
          : "\(path): unknown file format; neither an ELF object, an archive nor a linker script")
      return
    }
    for command in commands {
      switch command {
      case .input(let inputs), .group(let inputs):
        for input in inputs { load(input, of: path, state) }
      case .searchDirectory(let directory): search.add(String(directory))
      case .include(let name, let line):
        let origin = "\(path):\(line)"
        guard let found = search.file(String(name), from: path) else {
          diagnostics.error("\(origin): cannot find \(name)")
          continue
        }
        load(found, state, isScript: true, origin: origin)
      case .output(let name):
        diagnostics.warning("\(path): OUTPUT(\(name)) has no effect; name the output with -o")
      default: scriptCommands.append(PlacedCommand(command: command, path: path))
      }
    }
  }

  /// A few scripts that name each other ask for any number of files: more than this is refused. It
  /// counts the bytes of scripts that others name, and so many for each of those and for each file that
  /// they name.
  private static var mostScriptWork: Int { 1 << 26 }
  private static var workPerInput: Int { 1 << 8 }

  private mutating func spend(_ work: Int, on path: String) {
    if scriptWork > Self.mostScriptWork { return }
    scriptWork += work
    if scriptWork > Self.mostScriptWork {
      diagnostics.error(
        "\(path): linker scripts name each other again and again; name each file in one script")
    }
  }

  /// Loads what INPUT or GROUP of a script names.
  private mutating func load(
    _ input: ScriptInput, of script: String, _ state: LinkOptions.InputState
  ) {
    if depth > 1 { spend(Self.workPerInput, on: script) }
    if scriptWork > Self.mostScriptWork { return }
    var inner = state
    inner.asNeeded = state.asNeeded || input.asNeeded
    let name = String(input.name)
    let origin = "\(script):\(input.line)"
    switch input.kind {
    case .library: loadLibrary(name, inner, origin: origin)
    case .path:
      let (path, skipped) = find(name, from: script)
      for text in skipped { warnOfMismatch("\(origin): skipping \(text)") }
      if let path {
        load(path, inner, origin: origin)
      } else {
        diagnostics.error("\(origin): cannot find \(name)")
      }
    }
  }

  /// The file that a script means by `name`. Those along the search path that are for another machine
  /// are passed over, with the reasons in `skipped`; an absolute path means that file.
  private mutating func find(
    _ name: String, from script: String
  ) -> (path: String?, skipped: [String]) {
    var skipped: [String] = []
    let search = search
    let path = search.file(name, from: script) { path in
      guard let mapped = opened(path) else { return true }
      guard let other = otherMachine(mapped, path: path) else { return true }
      openedBefore[path] = nil
      skipped.append("\(path): \(other)")
      return false
    }
    return (path, skipped)
  }

  /// The contents of a file that is going to be loaded; nil if it cannot be read, which is told then.
  private mutating func opened(_ path: String) -> MappedInput? {
    if let opened = openedBefore[path] { return opened }
    guard let mapped = try? MappedInput(path: path, arena: &arena) else { return nil }
    openedBefore[path] = mapped
    return mapped
  }

  /// What machine a file is for, if it is not the output's, as the end of a sentence. An archive is
  /// for the machine of its first object; a script for the one that it names, or that of its files.
  mutating func otherMachine(_ file: MappedInput, path: String) -> String? {
    let bytes = ByteString(file.bytes)
    if bytes.hasPrefix("\u{7f}ELF") || Archive.isArchive(bytes) {
      return otherMachine(file).map { "it is for \($0)" }
    }
    // Scripts may name each other. One that is being looked at says nothing more.
    if let known = otherMachines[path] { return known }
    otherMachines[path] = .some(nil)
    let other = otherMachine(ofScript: file.bytes, path: path)
    otherMachines[path] = .some(other)
    return other
  }

  private mutating func otherMachine(
    ofScript bytes: UnsafeRawBufferPointer, path: String
  ) -> String? {
    // What is wrong with a script is told when it is read.
    guard depth < 16, !Self.isBitcode(ByteString(bytes)),
      let commands = try? LinkerScript.parse(bytes)
    else { return nil }
    depth += 1
    defer { depth -= 1 }
    for case .outputFormat(let format, _, _) in commands
    where !target.formatNames.contains(String(format)) {
      return "its OUTPUT_FORMAT is \(format)"
    }
    for command in commands {
      switch command {
      case .input(let inputs), .group(let inputs):
        for input in inputs where input.kind == .path {
          if let other = otherMachine(of: String(input.name), from: path) { return other }
        }
      default: break
      }
    }
    return nil
  }

  private mutating func otherMachine(of name: String, from script: String) -> String? {
    let (path, skipped) = find(name, from: script)
    guard let path else { return skipped.first.map { "it names \($0)" } }
    guard let mapped = opened(path), let other = otherMachine(mapped, path: path) else {
      return nil
    }
    openedBefore[path] = nil
    return "it names \(path), and \(other)"
  }
}

extension UsesServices {
  /// The machine that a library is for, if it is not the output's; libraries found by `-l` are then
  /// passed over. An archive is for the machine of its first object.
  func otherMachine(_ file: MappedInput) -> String? {
    var bytes = ByteString(
      start: file.base.assumingMemoryBound(to: UInt8.self), count: file.count)
    if Archive.isArchive(bytes) {
      guard let archive = try? Archive(path: "", bytes: bytes), !archive.isThin else { return nil }
      var offset = Archive.magicCount
      while offset < archive.bytes.count, let member = try? archive.member(at: offset) {
        if !member.isSpecial {
          bytes = member.contents
          break
        }
        offset = member.next
      }
    }
    guard bytes.count >= 20, bytes.hasPrefix("\u{7f}ELF") else { return nil }
    let isBig = bytes[5] == 2
    let number =
      isBig
      ? UInt16(bytes[18]) << 8 | UInt16(bytes[19]) : UInt16(bytes[19]) << 8 | UInt16(bytes[18])
    if number == target.machine, bytes[4] == (target.encoding.is64 ? 2 : 1),
      isBig == target.encoding.isBigEndian
    {
      return nil
    }
    return "\(MachineNumber.name(number)), \(bytes[4] == 2 ? "64" : "32")-bit"
  }
}
