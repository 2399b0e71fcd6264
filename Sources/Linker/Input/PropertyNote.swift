import ELFFormat
import Platform

/// `.note.gnu.property` of x86 objects. Source: x86-64 psABI, "Program Property"; gABI Linux
/// extensions, "NT_GNU_PROPERTY_TYPE_0".
enum PropertyNote {
  static let featureAnd: UInt32 = 0xc000_0002
  static let isaNeeded: UInt32 = 0xc000_8002
  static let ibt: UInt32 = 1
  static let shstk: UInt32 = 2
  static let lamU48: UInt32 = 4
  static let lamU57: UInt32 = 8

  /// Notes what one object says of itself; damaged notes say nothing, as with GNU ld.
  static func read<E: ELFEncoding>(
    _: E.Type, _ bytes: ByteString, into file: UnsafeMutablePointer<ObjectFile>
  ) throws(InputError) {
    let align = E.is64 ? 8 : 4
    var at = 0
    while at <= bytes.count - 12 {
      let nameSize = Int(E.load32(bytes.start + at))
      let size = Int(E.load32(bytes.start + at + 4))
      let type = E.load32(bytes.start + at + 8)
      let nameStart = at + 12
      let start = nameStart + (nameSize + 3) & ~3
      guard start + size <= bytes.count else {
        throw InputError(".note.gnu.property is damaged: a note is longer than the section")
      }
      if type == 5, nameSize == 4, bytes[nameStart..<nameStart + 4] == "GNU\0" {
        var p = start
        while p <= start + size - 8 {
          let kind = E.load32(bytes.start + p)
          let count = Int(E.load32(bytes.start + p + 4))
          guard p + 8 + count <= start + size else {
            throw InputError(".note.gnu.property is damaged: a property is longer than its note")
          }
          if count >= 4 {
            let value = E.load32(bytes.start + p + 8)
            if kind == featureAnd {
              file.pointee.features |= value
              file.pointee.flags |= FileFlags.hasFeatures.rawValue
            } else if kind == isaNeeded {
              file.pointee.isaNeeded |= value
            }
          }
          p += 8 + (count + align - 1) & ~(align - 1)
        }
      }
      at = start + (size + align - 1) & ~(align - 1)
    }
  }
}
