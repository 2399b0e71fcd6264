// As the engine: whoever imports Weld has it.
@_exported public import HotSwap
public import Linker

public typealias HotSwapSession = HotSwap.HotSwapSession
public typealias LiveProcess = HotSwap.LiveProcess
public typealias ProcessEnd = HotSwap.ProcessEnd
public typealias ProgramIdentity = HotSwap.ProgramIdentity
public typealias SwapError = HotSwap.SwapError
public typealias SwapLimits = HotSwap.SwapLimits
public typealias SwapReport = HotSwap.SwapReport

extension ElfImage {
  /// From now on, what flushes change can be brought into a process that runs this image's program
  /// as the last flush wrote it.
  ///
  /// - Throws: `ImageError` if the image cannot be swapped.
  public func hotSwapSession(with process: LiveProcess) throws(ImageError) -> HotSwapSession {
    try HotSwapSession(process: process, engine: engine)
  }
}
