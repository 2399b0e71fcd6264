import ELFFormat
import Platform
import Synchronization

/// A section group of a live file. Source: gABI, "Section Groups".
struct SectionGroup: BitwiseCopyable {
  /// Header index of the SHT_GROUP section.
  var section: UInt32
  /// Index of the signature in the file's symbol table.
  var source: UInt32
  /// The signature, once names have symbols.
  var signature: SymbolIndex
}

/// Sections that few links have, noted while sections are read.
final class RareSections: Sendable {
  /// Some section is SHF_LINK_ORDER.
  let sawLinkOrder = Atomic<Bool>(false)
  /// Some file has `FileFlags.hasUnloadedMembers`.
  let sawUnloadedMembers = Atomic<Bool>(false)
  let linkOnce = Mutex<[LinkOnceSection]>([])
  /// Sections that were dropped, and what is kept in their place.
  nonisolated(unsafe) var linkOncePairs: [(lost: LinkOnceSection, kept: LinkOnceSection)] = []
}

/// A `.gnu.linkonce.KIND.NAME` section.
struct LinkOnceSection: Sendable {
  var file: FileIndex
  var section: Int
  var name: ByteString

  /// NAME.
  var key: ByteString {
    let rest = name.dropFirst(14)
    guard let dot = rest.firstIndex(of: 0x2e) else { return name }
    return rest.dropFirst(dot + 1)
  }
}

extension ReadsContents {
  /// A group's claim: first by the place of its file, then by its own.
  @inline(__always)
  func groupClaim(_ group: Int, in file: UnsafeMutablePointer<ObjectFile>) -> UInt64 {
    ~(UInt64(file.pointee.order) << 32 | UInt64(group))
  }

  /// Whether another group with the signature is kept.
  @inline(__always)
  func isLost(_ group: Int, in file: UnsafeMutablePointer<ObjectFile>) -> Bool {
    groupClaims[groups[group].signature.int] != groupClaim(group, in: file)
  }
}

extension ReadsContents where Self: ReadsInputs {
  /// Marks in `map` the sections of groups that another file keeps.
  func discardLostGroups<E: ELFEncoding>(
    _: E.Type, _ index: FileIndex, _ map: UnsafeMutablePointer<AtomIndex>
  ) throws(InputError) {
    let file = objects.pointer(index)
    for group in file.pointee.firstGroup..<file.pointee.firstGroup + file.pointee.groupCount {
      if !isLost(group, in: file) { continue }
      let section = Int(groups[group].section)
      let words = try ObjectReader.contents(E.self, file.pointee, section)
      for k in 1..<max(1, words.count / 4) {
        let member = Int(E.load32(words.start + k * 4))
        guard member > 0, member < file.pointee.sectionCount else {
          throw InputError("section group \(section) has bad member \(member)")
        }
        map[member] = .discarded
      }
    }
  }

  /// Who keeps the group of a signature.
  func keptGroup(_ signature: SymbolIndex) -> (file: FileIndex, group: Int) {
    let claim = ~groupClaims[signature.int]
    return (liveFile(order: UInt32(claim >> 32)), Int(claim & 0xffff_ffff))
  }

  /// Header indices of a group's sections, without those of relocations.
  func members<E: ELFEncoding>(
    _: E.Type, of group: Int, in file: UnsafeMutablePointer<ObjectFile>
  ) -> [Int] {
    var found: [Int] = []
    forEachMember(E.self, of: group, in: file) { member, _ in found.append(member) }
    return found
  }

  @inline(__always)
  func forEachMember<E: ELFEncoding>(
    _: E.Type, of group: Int, in file: UnsafeMutablePointer<ObjectFile>,
    _ body: (Int, SectionHeader<E>) -> Void
  ) {
    guard
      let words = try? ObjectReader.contents(E.self, file.pointee, Int(groups[group].section))
    else { return }
    for k in 1..<max(1, words.count / 4) {
      let member = Int(E.load32(words.start + k * 4))
      guard member > 0, member < file.pointee.sectionCount else { continue }
      let header = file.pointee.header(E.self, member)
      switch header.type {
      case .rela, .rel, .crel: continue
      default: body(member, header)
      }
    }
  }
}
