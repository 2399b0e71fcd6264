import Weld

/// The machines that there are back ends for, and what the rest of the compiler asks of one.
struct MachineFacts: Sendable {
  let machine: ImageMachine
  let wordBytes: Int
  let isBigEndian: Bool
  let codeAlignment: UInt8
  let frameRegister: UInt8
  let threadLayout: ThreadLayout
  let emitFunction:
    @Sendable (IRFunction, [SymbolReference: UInt64]) -> Result<MachineCode, ImageError>
  let makeEntry: @Sendable (UInt64) -> Result<[UInt8], ImageError>

  init<B: Backend>(_: B.Type) {
    machine = B.machine
    wordBytes = B.wordBytes
    isBigEndian = B.isBigEndian
    codeAlignment = B.codeAlignment
    frameRegister = B.frameRegister
    threadLayout = B.threadLayout
    emitFunction = { function, slots in
      do throws(ImageError) {
        return .success(try FunctionEmitter<B>.emit(function, tableSlots: slots))
      } catch { return .failure(error) }
    }
    makeEntry = { slot in
      do throws(ImageError) { return .success(try B.entryCode(slot: slot)) } catch {
        return .failure(error)
      }
    }
  }

  /// nil if there is no back end for the machine.
  init?(_ machine: ImageMachine) {
    switch machine {
    case .x86_64: self.init(X86_64Backend.self)
    case .aarch64: self.init(AArch64Backend.self)
    case .arm: self.init(ARMBackend.self)
    case .riscv64: self.init(RISCV64Backend.self)
    case .sparc64: self.init(SPARC64Backend.self)
    }
  }

  func emit(
    _ function: IRFunction, tableSlots: [SymbolReference: UInt64]
  ) throws(ImageError) -> MachineCode {
    try emitFunction(function, tableSlots).get()
  }

  func entryCode(slot: UInt64) throws(ImageError) -> [UInt8] { try makeEntry(slot).get() }
}
