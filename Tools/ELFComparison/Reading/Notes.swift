import Platform

/// One note (gABI, "Note Section"): an owner's name, a type of the owner's, and contents.
struct ELFNote {
  var name: ByteString
  var type: UInt32
  var contents: ByteView

  /// Reads the notes of a section or segment, aligned to 4 or 8 bytes as `alignment` says.
  ///
  /// - Returns: the notes before the first malformed one, and whether there was none such.
  static func read(_ view: ByteView, alignment: UInt64) -> (notes: [ELFNote], isWhole: Bool) {
    let step = alignment == 8 ? 8 : 4
    func padded(_ n: Int) -> Int { (n + step - 1) & ~(step - 1) }
    var notes: [ELFNote] = []
    var at = 0
    while at < view.count {
      guard let nameSize = view.u32(at), let size = view.u32(at + 4), let type = view.u32(at + 8),
        view.slice(at + 12, Int(nameSize)) != nil
      else { return (notes, false) }
      let start = padded(at + 12 + Int(nameSize))
      guard let contents = view.slice(start, Int(size)) else { return (notes, false) }
      notes.append(
        ELFNote(
          name: nameSize > 0 ? view.string(at + 12) ?? ByteString("") : ByteString(""), type: type,
          contents: contents))
      at = padded(start + Int(size))
    }
    return (notes, true)
  }
}
