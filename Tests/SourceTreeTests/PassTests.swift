import Testing

/// What passes may reach: a pass is a type that takes the stages it reads (DESIGN.md, "Stages").
@Suite struct PassTests {
  /// Files whose passes are still part of `Link`; the list may only shrink.
  static let partsOfLink: Set<String> = [
    "Atoms/Frame+Writing.swift",
    "Atoms/FrameHeader.swift", "CodeModule/ForeignImage+Reading.swift",
    "Passes/AssignAddresses+Headers.swift",
    "Passes/AssignAddresses+Starts.swift", "Passes/AssignAddresses.swift",
    "Passes/CheckPermissions.swift",
    "Passes/CompressDebug.swift",
    "Passes/LayoutBounds.swift", "Passes/PlaceAtoms.swift",
    "Passes/ScanRelocations.swift",
    "Passes/WriteOutput+Symbols.swift", "Passes/WriteOutput.swift", "Report.swift",
    "Sections/DynamicRelocations.swift", "Sections/DynamicSection.swift",
    "Sections/DynamicSymbolTable.swift", "Sections/HashSections.swift",
    "Sections/OffsetTable.swift",
    "Sections/SymbolTable+Writing.swift", "Sections/SymbolTable.swift",
    "Sections/SyntheticSections.swift", "Sections/VersionSections.swift",
  ]

  @Test func passesAreNoPartOfTheLink() {
    for file in SourceTree.swiftFiles(in: "Sources/Linker") {
      let name = String(file.path.dropFirst("Sources/Linker/".count))
      if name.hasPrefix("Link") && !name.contains("/") { continue }
      let isPart = file.lines.contains {
        $0.hasPrefix("extension Link ") || $0.hasPrefix("extension Link:")
      }
      if isPart {
        #expect(
          Self.partsOfLink.contains(name), "\(file.path): a pass is a type that takes its stages")
      } else {
        #expect(
          !Self.partsOfLink.contains(name),
          "\(file.path): no longer part of Link; take it from the list")
      }
    }
  }

  /// `Link` holds the stages; what exists during one pass only is that pass's. To become a dozen.
  @Test func linkHoldsStages() throws {
    let file = try #require(
      SourceTree.swiftFiles(in: "Sources/Linker").first { $0.path == "Sources/Linker/Link.swift" })
    let stored = file.lines.filter {
      ($0.hasPrefix("  let ") || $0.hasPrefix("  var ")) && !$0.hasSuffix("{")
    }
    #expect(stored.count <= 14)
  }
}
