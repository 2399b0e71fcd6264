/// A frame description of a live file.
struct Frame: BitwiseCopyable {
  var next: FrameIndex
}

struct FrameSection {
}
