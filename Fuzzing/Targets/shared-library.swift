import Linker
import Platform

/// A shared library that a program is linked with.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLibrary(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  var options = quietOptions()
  options.unresolvedPolicy = .ignoreAll
  options.add("fixture.o", Fixture.object)
  options.add("input.so", input(data, count))
  link(options)
  return 0
}

@_cdecl("LLVMFuzzerCustomMutator")
public func mutateLibrary(
  _ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int, _ seed: UInt32
) -> Int {
  mutateELF(data, size, maximum, seed, start: 0)
}
