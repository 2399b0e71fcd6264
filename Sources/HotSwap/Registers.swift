import CSystem
import Glibc
import Linker

/// The general registers of a stopped thread.
///
/// Source: the kernel's `struct user_regs_struct` (x86-64) and `struct user_pt_regs` (aarch64), as
/// PTRACE_GETREGSET gives them.
struct Registers: Sendable {
  /// Each may hold an address: a thread that has read a function's address is about to go there.
  private(set) var words: [UInt64]
  private(set) var threadPointer: UInt64 = 0

  #if arch(x86_64)
    static let machine: ImageMachine? = .x86_64
    static let elfMachine: UInt16 = 62
    private static let count = 27
    // r15 r14 r13 r12 rbp rbx r11 r10 r9 r8 rax rcx rdx rsi rdi orig_rax rip cs eflags rsp ss
    // fs_base gs_base ds es fs gs
    var programCounter: UInt64 { words[16] }
    var stackPointer: UInt64 { words[19] }
    /// Bytes below the stack pointer that functions may use. Source: psABI, the red zone.
    static let redZone: UInt64 = 128
    private static let threadPointerIndex = 21
  #elseif arch(arm64)
    static let machine: ImageMachine? = .aarch64
    static let elfMachine: UInt16 = 183
    private static let count = 34
    // x0 to x30, sp, pc, pstate
    var programCounter: UInt64 { words[32] }
    var stackPointer: UInt64 { words[31] }
    static let redZone: UInt64 = 0
    /// NT_ARM_TLS: the thread pointer is a register set of its own.
    private static let threadPointerSet: Int32 = 0x401
  #else
    /// Attaching is refused.
    static let machine: ImageMachine? = nil
    static let elfMachine: UInt16 = 0
    private static let count = 0
    var programCounter: UInt64 { 0 }
    var stackPointer: UInt64 { 0 }
    static let redZone: UInt64 = 0
  #endif

  /// NT_PRSTATUS.
  private static let generalSet: Int32 = 1

  /// Nil if the thread is not in a stop any more, which means that it was killed, or if it has the
  /// registers of a 32-bit program.
  init?(of thread: pid_t) {
    words = [UInt64](repeating: 0, count: Self.count)
    let size = Self.count * 8
    let got = words.withUnsafeMutableBytes {
      weld_trace_registers(thread, Self.generalSet, $0.baseAddress, size)
    }
    guard got == size else { return nil }
    #if arch(x86_64)
      threadPointer = words[Self.threadPointerIndex]
    #elseif arch(arm64)
      _ = weld_trace_registers(thread, Self.threadPointerSet, &threadPointer, 8)
    #endif
  }
}
