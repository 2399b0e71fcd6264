import ELFFormat
import Platform

/// `.deplibs`: objects that name the libraries they need, as `#pragma comment(lib, …)` makes them.
///
/// A section holds names, each with a NUL at its end. Only live objects count, so an archive member
/// may bring libraries in the middle of the reading of archives. Their place is behind all that the
/// command line names. Source: LLVM's "Extensions", "SHT_LLVM_DEPENDENT_LIBRARIES Section".
extension ReadInputs {
  /// Loads the libraries that `files` name, and those that these name in turn. True if there were
  /// new ones, in whose archives names may be found that were looked for before.
  func addDependentLibraries(
    of files: [FileIndex], _ loader: inout InputLoader
  ) throws(LinkFailed) -> Bool {
    guard options.usesDependentLibraries else { return false }
    var hasAdded = false
    var pending = files
    while true {
      var hasNames = false
      for file in pending where objects[file].has.contains(.namesLibraries) {
        for name in namedLibraries(file)
        where notes.dependentLibraries.insert(name).inserted {
          loader.loadDependency(String(name), of: objects[file].displayName)
          hasNames = true
        }
      }
      try checkpoint()
      if !hasNames { return hasAdded }
      hasAdded = true
      pending = try addInputs(&loader)
      inputs.isDynamic = isDynamic || libraries.count > 0
      _ = activate(pending)
    }
  }

  private func namedLibraries(_ index: FileIndex) -> [ByteString] {
    let file = objects[index]
    var names: [ByteString] = []
    for i in 1..<max(1, file.sectionCount)
    where file.header(E.self, i).type == .llvmDependentLibraries {
      do throws(InputError) {
        var rest = try ObjectReader.contents(E.self, file, i)
        while !rest.isEmpty {
          guard let end = rest.firstIndex(of: 0) else {
            throw InputError("list of libraries (section \(i)) does not end with NUL")
          }
          names.append(rest[0..<end])
          rest = rest.dropFirst(end + 1)
        }
      } catch {
        diagnostics.error("\(file.displayName): \(error.text)", key: file.position)
      }
    }
    return names
  }
}
