import Platform

@testable import Linker

/// An archive: its members, its index, and the members that the index names.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzArchive(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let bytes = input(data, count)
  guard Archive.isArchive(bytes), let archive = try? Archive(path: "input.a", bytes: bytes) else {
    return -1
  }
  var sum = 0
  try? archive.forEachMember { member in
    sum &+= Int(member.contents.hash & 0xff) &+ Int(member.name.hash & 0xff)
  }
  try? archive.forEachIndexEntry { name, offset in
    sum &+= Int(name.hash & 0xff)
    if let member = try? archive.member(at: offset) {
      sum &+= Int(member.contents.hash & 0xff)
    }
  }
  // The members of a thin archive are files, which the fuzzer does not open.
  if archive.isThin { return 0 }
  var options = quietOptions()
  options.unresolvedPolicy = .ignoreAll
  options.add("fixture.o", Fixture.object)
  options.add("input.a", bytes)
  link(options)
  return 0
}
