/// A stage as a pass has it that only reads.
///
/// Stages lie where the link put them, and passes hold a word for each. A pass is a small value without
/// counted references, which workers copy for nothing: a value that is generic and holds references is
/// copied by way of its type's metadata, whose making costs a small link half a percent.
struct Reading<Stage>: BitwiseCopyable, @unchecked Sendable {
  fileprivate let pointer: UnsafePointer<Stage>

  @inline(__always) var value: Stage {
    @inline(__always) unsafeAddress { pointer }
  }
}

/// A stage as a pass has it that changes it, and as the link has it, which owns it.
struct Changing<Stage>: BitwiseCopyable, @unchecked Sendable {
  fileprivate let pointer: UnsafeMutablePointer<Stage>

  /// Puts a stage at a place of its own; `deallocate` ends it.
  init(_ stage: consuming Stage) {
    pointer = .allocate(capacity: 1)
    pointer.initialize(to: stage)
  }

  func deallocate() {
    pointer.deinitialize(count: 1)
    pointer.deallocate()
  }

  @inline(__always) var reading: Reading<Stage> { Reading(pointer: UnsafePointer(pointer)) }

  @inline(__always) var value: Stage {
    @inline(__always) unsafeAddress { UnsafePointer(pointer) }
    @inline(__always) nonmutating unsafeMutableAddress { pointer }
  }
}
