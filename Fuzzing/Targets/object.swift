import Linker
import Platform

/// An object alone, into a shared library that may have undefined symbols: what is wrong with it
/// is never hidden by what is missing around it.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzObject(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  var options = quietOptions()
  options.outputKind = .sharedLibrary
  options.textRelocations = .allow
  options.ehFrameHeader = true
  options.add("input.o", input(data, count))
  link(options)
  return 0
}

@_cdecl("LLVMFuzzerCustomMutator")
public func mutateObject(
  _ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int, _ seed: UInt32
) -> Int {
  mutateELF(data, size, maximum, seed, start: 0)
}
