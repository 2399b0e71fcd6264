import ELFFormat
import Platform

extension ReadsInputs {
  /// `--trace`: the members of archives that are linked; the loader has named all files.
  func traceMembers() {
    var text = ""
    for file in liveObjects.dropFirst() where !objects[file].archive.isEmpty {
      text += "\(objects[file].displayName)\n"
    }
    StandardOutput.print(text)
  }
}

/// `--trace-symbol`: every file that defines a symbol or refers to it, in the order of the files.
struct TraceSymbols<E: ELFEncoding>: UsesServices, ReadsInputs, ReadsNaming {
  let serviceStage: Reading<Services>
  let inputStage: Reading<Inputs>
  let namingStage: Reading<Naming>

  func print() {
    var traced: Set<SymbolIndex> = []
    for name in options.tracedSymbols {
      if let index = names.find(ByteString(copying: name), in: symbols) { traced.insert(index) }
    }
    var lines: [(order: UInt32, text: String)] = []
    for file in liveObjects.dropFirst() {
      let object = objects[file]
      for i in 0..<object.globalCount where traced.contains(object.globals[i]) {
        let section = object.section(E.self, of: object.firstGlobal + i)
        let what =
          section == SectionIndex.undefined
          ? "reference to"
          : section == ObjectFile.commonSection ? "common definition of" : "definition of"
        lines.append(
          (object.order, "\(object.displayName): \(what) \(displayName(object.globals[i]))\n"))
      }
    }
    for i in libraries.indices {
      let library = libraries[LibraryIndex(i)]
      for j in 1..<max(1, library.symbolCount) where traced.contains(library.globals[j]) {
        let isUndefined =
          UInt32(library.symbol(E.self, j).sectionIndex) == SectionIndex.undefined
        let what = isUndefined ? "reference to" : "shared definition of"
        lines.append(
          (library.order, "\(library.path): \(what) \(displayName(library.globals[j]))\n"))
      }
    }
    lines.sort { $0.order < $1.order }
    StandardOutput.print(lines.map(\.text).joined())
  }
}
