import ELFFormat
import Platform

/// What passes ask of frame descriptions.
extension ReadsContents {
  /// Calls `body` with what the frame descriptions of a function refer to, other than the function:
  /// its language-specific data, and the personality routine of its CIE.
  @inline(__always)
  func visitFrameReferences<E: ELFEncoding>(
    _: E.Type, of atom: AtomIndex,
    _ body: (_ file: FileIndex, _ symbol: UInt32, _ addend: Int64) -> Void
  ) {
    var index = atoms.pointer(atom).pointee.frames
    var lastCIE = FrameIndex.none
    while !index.isNone {
      let frame = frames.pointer(index)
      visitRelocations(E.self, frame.pointee, from: 1, body)
      if frame.pointee.cie != lastCIE {
        lastCIE = frame.pointee.cie
        visitRelocations(E.self, frames.pointer(lastCIE).pointee, from: 0, body)
      }
      index = frame.pointee.next
    }
  }

  @inline(__always)
  private func visitRelocations<E: ELFEncoding>(
    _: E.Type, _ frame: Frame, from first: Int,
    _ body: (_ file: FileIndex, _ symbol: UInt32, _ addend: Int64) -> Void
  ) {
    if Int(frame.relocationCount) <= first { return }
    let section = atoms.pointer(frame.atom)
    let start = section.pointee.relocationList.start
    for i in first..<Int(frame.relocationCount) {
      let entry = RelaEntry<E>(start + (Int(frame.firstRelocation) &+ i) &* RelaEntry<E>.size)
      if entry.type == 0 { continue }
      body(section.pointee.file, entry.symbol, entry.addend)
    }
  }

  /// A record's bytes in its file.
  func bytes(of frame: Frame) -> ByteString {
    let contents = atoms[frame.atom].contents
    return contents[Int(frame.offset)..<Int(frame.offset + frame.size)]
  }
}

extension ReadsContents where Self: ReadsInputs {
  /// Moves all `.frames` atoms.
  func shiftFrameAtoms(by shift: UInt64) {
    for index in liveObjects {
      let file = objects.pointer(index)
      var i = file.pointee.firstFrame.int
      let end = i + file.pointee.frameCount
      while i < end {
        let start = frames.base + i
        atoms.pointer(start.pointee.atom).pointee.address &+= shift
        i += 1 + Int(start.pointee.size)
      }
    }
  }
}
