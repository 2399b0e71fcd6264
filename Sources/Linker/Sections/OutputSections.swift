import ELFFormat
import Platform
import Synchronization

/// What makes two input sections one output section.
struct OutputKey: Hashable, Sendable {
  var name: ByteString
  var isAlloc: Bool
  var isThreadLocal: Bool
}

/// Output sections by name, while sections are read by all workers.
final class OutputNames: Sendable {
  let indices = Mutex<[OutputKey: OutputIndex]>([:])
  /// Output sections that are writable, whatever single inputs say; made when somebody asks.
  fileprivate let writable = Mutex<[Bool]>([])
}

extension ReadsContents {
  func prepareOutputs() {
    for name in SectionRules.commonNames {
      let name = ByteString(name)
      let index = outputs.append(.named(name))
      let isThreadLocal = name.hasPrefix(".t") && name != ".text"
      contents.outputNames.indices.withLock {
        $0[OutputKey(name: name, isAlloc: true, isThreadLocal: isThreadLocal)] = index
      }
    }
  }

  /// The output section of a place.
  @inline(__always)
  func outputIndex(
    _ place: SectionRules.Place, type: SectionType, flags: SectionFlags
  ) -> OutputIndex {
    place.output.isNone ? outputIndex(place.name, type: type, flags: flags) : place.output
  }

  /// The output section of that name, made if there is none yet. Called by all workers; which index
  /// a section gets is a matter of timing, its place in the output is not.
  func outputIndex(_ name: ByteString, type: SectionType, flags: SectionFlags) -> OutputIndex {
    let key = OutputKey(
      name: name, isAlloc: flags.contains(.alloc), isThreadLocal: flags.contains(.threadLocal))
    return contents.outputNames.indices.withLock { names in
      if let index = names[key] { return index }
      let index = outputs.append(.named(name))
      names[key] = index
      return index
    }
  }
}

extension ReadsContents where Self: ReadsInputs {
  /// Whether an output section is going to be writable, before it is put together: one writable input
  /// makes all of it so. Asked about read-only inputs that the loader would have to write.
  func isWritable(_ index: OutputIndex) -> Bool {
    if OutputSection.isAlwaysWritable(outputs[index].name) { return true }
    return contents.outputNames.writable.withLock { isWritable in
      if isWritable.isEmpty {
        isWritable = [Bool](repeating: false, count: outputs.count)
        for file in liveObjects {
          for i in 0..<objects[file].atomCount {
            let atom = atoms.pointer(AtomIndex(objects[file].firstAtom.int + i))
            if atom.pointee.has.contains([.isLive, .isAlloc, .isWritable]) {
              isWritable[atom.pointee.output.int] = true
            }
          }
        }
      }
      return isWritable[index.int]
    }
  }
}

extension ReadsContents where Self: ReadsLayout {
  /// The output section of that name; the first in the file, if several have it. Looks at all: who
  /// asks for many names makes a table.
  func findOutput(_ name: ByteString) -> OutputIndex? {
    sectionOrder.first { outputs[$0].name == name }
  }
}

extension OutputSection {
  /// The loader writes addresses there, and protects them later, whatever inputs say of themselves.
  static func isAlwaysWritable(_ name: ByteString) -> Bool {
    name == ".ctors" || name == ".dtors"
      || SectionOrder.arrays.contains { name == ByteString($0.name) }
  }

  static func named(_ name: ByteString, content: SectionContent = .atoms) -> OutputSection {
    OutputSection(
      name: name, type: SectionType.null.rawValue, flags: 0, alignment: 0, content: content,
      entrySize: 0, size: 0, address: 0, fileOffset: 0, firstAtom: 0, atomCount: 0,
      firstSeen: .max, rank: 0, headerIndex: 0, link: 0, info: 0, nameOffset: 0)
  }

  /// A section that the linker makes.
  init(_ form: LinkerSection, content: SectionContent, size: UInt64) {
    self = .named(form.name, content: content)
    type = form.type.rawValue
    flags = form.flags.rawValue
    alignment = form.alignment
    entrySize = UInt64(form.entrySize)
    self.size = size
    firstSeen = 0
  }
}
