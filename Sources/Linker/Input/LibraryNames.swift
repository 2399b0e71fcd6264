import Platform

/// The libraries on the command line by DT_SONAME.
///
/// Few are searched one by one: making a hash table of a new kind costs a small link more.
struct LibraryNames {
  /// How many libraries there were.
  let count: Int
  private let libraries: Table<LibraryIndex, SharedLibrary>
  private var table: [ByteString: LibraryIndex]?

  init(_ libraries: Table<LibraryIndex, SharedLibrary>) {
    self.libraries = libraries
    count = libraries.count
    if libraries.count <= 16 { return }
    var table: [ByteString: LibraryIndex] = [:]
    for i in libraries.indices where !libraries[LibraryIndex(i)].isDuplicate {
      table[libraries[LibraryIndex(i)].soname] = LibraryIndex(i)
    }
    self.table = table
  }

  func find(_ name: ByteString) -> LibraryIndex? {
    if let table { return table[name] }
    for i in 0..<count {
      let library = libraries.pointer(LibraryIndex(i))
      if !library.pointee.isDuplicate, library.pointee.soname == name { return LibraryIndex(i) }
    }
    return nil
  }
}
