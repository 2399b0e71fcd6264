/// A frame description of a live file.
struct Frame: BitwiseCopyable {
  var next: FrameIndex
}

struct FrameSection {
}
import ELFFormat
extension FrameSection { 
  var size: UInt64 { 0 }
  var headerSize: UInt64 { 0 }
  var chunks: [(offset: Int, size: Int)] { [] }
}
extension Link {
  func readFrames<E: ELFEncoding>(_: E.Type, file: FileIndex) {}
  func visitFrameReferences<E: ELFEncoding>(_: E.Type, of atom: AtomIndex, _ body: (_ file: FileIndex, _ symbol: UInt32, _ addend: Int64) -> Void) {}
  func layoutFrames<E: ELFEncoding>(_: E.Type) {}
  func writeFrameChunk<T: Target>(_: T.Type, _ chunk: Int, address: UInt64, to p: UnsafeMutableRawPointer) {}
  func writeFrameHeader<T: Target>(_: T.Type, headerAddress: UInt64, frameAddress: UInt64, to p: UnsafeMutableRawPointer) {}
}
