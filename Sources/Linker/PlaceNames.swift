import ELFFormat
import Platform

/// What places and references are called in messages.
extension UsesServices where Self: ReadsInputs & ReadsNaming & ReadsContents {
  /// Messages come in the order of files, then of places.
  func key(_ atom: AtomIndex, _ offset: UInt64) -> UInt64 {
    UInt64(objects[atoms[atom].file].order) << 32 | UInt64(atoms[atom].section)
  }

  func sectionName(_ atom: AtomIndex) -> String {
    let file = objects[atoms[atom].file]
    if file.sectionCount == 0 { return String(outputs[atoms[atom].output].name) }
    return withEncoding { encoding in
      Self.sectionName(encoding, file, Int(self.atoms[atom].section))
    }
  }

  private static func sectionName<E: ELFEncoding>(
    _: E.Type, _ file: ObjectFile, _ index: Int
  ) -> String {
    String(ObjectFile.name(file.sectionNames, at: file.header(E.self, index).name))
  }

  /// `foo.o:(.text+0x12)`. Of what stands for code that is not a file's, only its name: its sections
  /// mean nothing to anybody.
  func placeName(_ atom: AtomIndex, _ offset: UInt64) -> String {
    if objects[atoms[atom].file].has.contains(.isUnlisted) {
      return objects[atoms[atom].file].displayName
    }
    return
      "\(objects[atoms[atom].file].displayName):(\(sectionName(atom))+0x\(String(offset, radix: 16)))"
  }

  /// `symbol 'foo'`, or `section '.data'` for a section symbol.
  func referenceName(_ file: UnsafeMutablePointer<ObjectFile>, _ source: UInt32) -> String {
    let index = Int(source)
    if index >= file.pointee.firstGlobal {
      return "symbol '\(displayName(file.pointee.globals[index - file.pointee.firstGlobal]))'"
    }
    return withEncoding { encoding in Self.localName(encoding, file, index) }
  }

  private static func localName<E: ELFEncoding>(
    _: E.Type, _ file: UnsafeMutablePointer<ObjectFile>, _ index: Int
  ) -> String {
    let entry = file.pointee.symbol(E.self, index)
    let name = ObjectFile.name(file.pointee.symbolNames, at: entry.name)
    if !name.isEmpty { return "local symbol '\(name)'" }
    let section = file.pointee.section(E.self, of: index)
    guard Int(section) < file.pointee.sectionCount else { return "local symbol \(index)" }
    return "section '\(sectionName(E.self, file.pointee, Int(section)))'"
  }
}

extension UsesServices {
  func withEncoding<R>(_ body: (any ELFEncoding.Type) -> R) -> R {
    body(encoding)
  }
}
