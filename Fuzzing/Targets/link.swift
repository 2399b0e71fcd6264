import Linker
import Platform

/// A whole link. The first two bytes choose the kind of output and options; the rest is a file of
/// any type that the linker takes, linked with a fixed object and library.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzLink(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let bytes = input(data, count)
  guard bytes.count > 2 else { return -1 }
  let kind = bytes[0]
  let more = bytes[1]
  var options = quietOptions()
  switch kind & 3 {
  case 0: options.isStatic = true
  case 1: options.isPositionIndependent = true
  case 2: options.outputKind = .sharedLibrary
  default: break
  }
  options.collectsGarbage = kind & 4 != 0
  options.optimizationLevel = kind & 8 != 0 ? 2 : 1
  options.packsRelative = kind & 16 != 0
  options.exportsAll = kind & 32 != 0
  options.debugCompression = kind & 64 != 0 ? .zlib : .none
  options.buildID = kind & 128 != 0 ? .fast : .none
  options.ehFrameHeader = more & 1 == 0
  options.relaxes = more & 2 == 0
  options.bindsNow = more & 4 != 0
  options.strip = more & 8 != 0 ? .debug : .none
  options.unresolvedPolicy = more & 16 != 0 ? .reportAll : .ignoreAll
  options.discard = more & 32 != 0 ? .locals : .temporaries
  // Names in `.deplibs` would be files of the machine that fuzzes.
  options.usesDependentLibraries = false
  var state = LinkOptions.InputState()
  state.wholeArchive = more & 64 != 0
  state.isLazy = more & 128 != 0
  options.add("fixture.o", Fixture.object)
  options.add("input", bytes.dropFirst(2), state)
  if !options.isStatic { options.add("fixture.so", Fixture.library) }
  link(options)
  return 0
}

@_cdecl("LLVMFuzzerCustomMutator")
public func mutateLink(
  _ data: UnsafeMutablePointer<UInt8>, _ size: Int, _ maximum: Int, _ seed: UInt32
) -> Int {
  mutateELF(data, size, maximum, seed, start: 2)
}
