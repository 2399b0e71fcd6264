public import HotSwap
public import Linker

public typealias HotSwapSession = HotSwap.HotSwapSession
public typealias LiveProcess = HotSwap.LiveProcess
public typealias ProcessEnd = HotSwap.ProcessEnd
public typealias ProgramIdentity = HotSwap.ProgramIdentity
public typealias SwapError = HotSwap.SwapError
public typealias SwapLimits = HotSwap.SwapLimits
public typealias SwapReport = HotSwap.SwapReport

extension ElfImage {
  /// Keeps a running process of this image's program like the image: `HotSwapSession.swap` brings
  /// each flush into it.
  ///
  /// - Parameter process: runs what the last flush wrote.
  /// - Throws: `ImageError` if the image cannot be swapped.
  public func swapSession(with process: LiveProcess) throws(ImageError) -> HotSwapSession {
    try HotSwapSession(process: process, engine: engine)
  }
}
