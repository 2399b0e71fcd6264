/// What `.debug_frame` says of a machine's functions on entry: what a function's own frame
/// instructions (`FunctionDebugInfo.frameInstructions`) add to.
struct DebugFrameFacts: Sendable {
  /// Bytes by which DW_CFA_advance_loc counts.
  var codeAlignment: UInt8
  /// Bytes by which DW_CFA_offset counts.
  var dataAlignment: Int8
  /// Column of the return address.
  var returnAddress: UInt8
  /// DWARF number of the stack pointer.
  var stackPointer: UInt8
  /// Bytes from the stack pointer on entry to the frame's address (the CFA).
  var frameOffset: UInt64
  /// True if the return address lies just below the frame's address on entry, rather than in its
  /// register.
  var pushesReturnAddress = false
}
