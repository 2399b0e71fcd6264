import ELFFormat
import Platform

extension ReadInputs {
  /// Finds the libraries behind those that are linked, for an executable, which exports what they
  /// leave undefined.
  func findIndirectLibraries() {
    if isSharedLibrary || libraries.count == 0 { return }
    let directories =
      options.runPathLinks
      + options.runPaths.flatMap { $0.split(separator: ":").map { String($0) } }
    if directories.isEmpty { return }
    var here: Set<ByteString> = []
    var needed: [ByteString] = []
    for i in libraries.indices {
      let library = libraries[LibraryIndex(i)]
      here.insert(library.soname)
      if library.isLoaded {
        needed += neededNames[library.firstNeeded..<library.firstNeeded + library.neededCount]
      }
    }
    inputs.indirectLibraries = IndirectLibraries(
      E.self, machine: target.machine, needed: needed, here: here, in: directories)
    inputs.indirectLibraries.forEachUndefined { name in
      if let index = names.find(name, in: symbols) {
        symbols[index].flags |= SymbolFlags.isReferencedByLibrary.rawValue
      }
    }
  }
}
