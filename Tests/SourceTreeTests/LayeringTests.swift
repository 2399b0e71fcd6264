import Testing

/// What may know what. A module that is not listed may import anything but Foundation.
@Suite struct LayeringTests {
  static let allowedImports: [String: Set<String>] = [
    "ELFFormat": [],
    "Platform": ["CSystem", "Glibc", "Synchronization"],
    "ScriptParsing": ["Glibc", "Platform"],
    "Symbolication": ["CSystem", "Glibc", "Platform", "Synchronization"],
    "Linker": [
      "CMessageDigest", "CSystem", "CXXHashVector", "CZlib", "CZstd", "ELFFormat", "Glibc",
      "Platform",
      "ScriptParsing", "Symbolication", "Synchronization",
    ],
    "HotSwap": ["CSystem", "Glibc", "Linker", "Platform", "Synchronization"],
    "Weld": ["HotSwap", "Linker"],
    "CWeld": ["CWeldHeader", "Glibc", "HotSwap", "Synchronization", "Weld"],
    "LinkerCLI": ["Glibc", "Linker", "Platform"],
    "weld": ["Glibc", "Linker", "LinkerCLI", "Platform"],
  ]

  /// The module that a line imports, nil if it imports none.
  static func imported(_ line: Substring) -> Substring? {
    let words = line.split(separator: " ")
    guard let at = words.firstIndex(of: "import"), at + 1 < words.count else { return nil }
    let modifiers: Set<Substring> = ["public", "package", "internal", "fileprivate", "private"]
    guard words[..<at].allSatisfy({ $0.hasPrefix("@") || modifiers.contains($0) }) else {
      return nil
    }
    let kinds: Set<Substring> = [
      "class", "enum", "func", "let", "protocol", "struct", "typealias", "var",
    ]
    let name = kinds.contains(words[at + 1]) && at + 2 < words.count ? words[at + 2] : words[at + 1]
    return name.split(separator: ".").first
  }

  @Test func importsAreFound() {
    #expect(Self.imported("import Glibc") == "Glibc")
    #expect(Self.imported("@testable import Linker") == "Linker")
    #expect(Self.imported("  public import struct Platform.Errno") == "Platform")
    #expect(Self.imported("// import nothing") == nil)
    #expect(Self.imported("let important = 1") == nil)
  }

  @Test func modulesImportOnlyWhatLiesBelowThem() {
    let files = SourceTree.swiftFiles(in: "Sources")
    #expect(files.count > 100, "the tests do not find the sources")
    for file in files {
      let module = String(file.path.split(separator: "/")[1])
      for line in file.lines {
        guard let name = Self.imported(line).map({ String($0) }) else { continue }
        #expect(!name.hasPrefix("Foundation"), "\(file.path): the linker does without Foundation")
        if let allowed = Self.allowedImports[module] {
          #expect(allowed.contains(name), "\(file.path): \(module) may not import \(name)")
        }
      }
    }
  }

  /// Nothing outside a machine's own files knows its name, but the one place that chooses the target.
  /// Comments may; so may the command line, whose options have machines in their names.
  @Test func machinesAreNamedInTheirOwnFiles() {
    let own = ["Sources/Linker/Targets/", "Sources/ELFFormat/Machines/"]
    let exceptions: Set<String> = [
      "Sources/Linker/Link+Run.swift",
      // The format's list of all machines.
      "Sources/ELFFormat/Records.swift",
      // What systems call machines.
      "Sources/Linker/CodeModule/StartupFiles+Machines.swift",
    ]
    for module in ["ELFFormat", "Platform", "ScriptParsing", "Symbolication", "Linker"] {
      for file in SourceTree.swiftFiles(in: "Sources/\(module)")
      where !exceptions.contains(file.path) && !own.contains(where: { file.path.hasPrefix($0) }) {
        for (number, line) in file.lines.enumerated() {
          let code = Self.code(line).lowercased()
          // Which instances of a generic function the compiler makes; the code is the same for all.
          if code.drop(while: { $0 == " " }).hasPrefix("@specialized(where t == ") { continue }
          for name in ["x86_64", "x86-64", "aarch64", "riscv", "sparc"] where code.contains(name) {
            Issue.record(
              "\(file.path):\(number + 1): names a machine; ask the Target protocol instead")
          }
        }
      }
    }
  }

  /// Bits of the format that only x86 has, by the files that act on them; the list may only shrink.
  @Test func processorBitsDoNotSpread() {
    let known: Set<String> = [
      "Sources/Linker/Input/ObjectFile.swift", "Sources/Linker/Passes/AssignAddresses.swift",
      "Sources/Linker/Passes/PlaceAtoms.swift", "Sources/Linker/Passes/ReadSections.swift",
    ]
    for file in SourceTree.swiftFiles(in: "Sources/Linker")
    where !file.path.hasPrefix("Sources/Linker/Targets/X86_64/") && !known.contains(file.path) {
      for (number, line) in file.lines.enumerated()
      where Self.code(line).split(separator: ".").dropFirst().contains(where: {
        $0.hasPrefix("x86") && !$0.hasPrefix("x86_64")
      }) {
        Issue.record("\(file.path):\(number + 1): acts on a bit of one machine")
      }
    }
  }

  /// The class and the byte order come from the target.
  @Test func encodingsAreNotFixed() {
    for file in SourceTree.swiftFiles(in: "Sources/Linker")
    where !file.path.hasPrefix("Sources/Linker/Targets/") {
      for (number, line) in file.lines.enumerated() {
        let code = Self.code(line)
        // What the link holds before the target is chosen.
        if code.contains("var encoding: any ELFEncoding.Type") { continue }
        for name in ["ELF64Little", "ELF64Big", "ELF32Little", "ELF32Big"]
        where code.contains("\(name).self") || code.contains("<\(name)>") {
          Issue.record("\(file.path):\(number + 1): uses \(name) instead of the link's encoding")
        }
      }
    }
  }

  /// A line without its comment.
  static func code(_ line: Substring) -> Substring {
    guard let comment = line.range(of: "//") else { return line }
    return line[..<comment.lowerBound]
  }
}

extension Substring {
  /// Where a text first occurs, without Foundation.
  func range(of text: String) -> Range<Index>? { firstRange(of: text) }
}
