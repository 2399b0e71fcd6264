import Platform
import ScriptParsing

/// Version scripts, and matching with the patterns in them.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzVersionScript(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let bytes = UnsafeRawBufferPointer(start: data, count: count)
  guard let script = try? VersionScript.parse(bytes) else { return 0 }
  _ = script.undefinedParent()
  let matcher = PatternMatcher(script.matcherEntries { node, _ in UInt32(node) })
  for name: ByteString in ["", "a", "abc", "foo", "ns::f(int)", "operator new(unsigned long)"] {
    _ = matcher.match(name)
    _ = matcher.match(name, demangled: name)
  }
  // A pattern's own text is the name that comes nearest to matching.
  for node in script.nodes {
    for pattern in node.globals + node.locals {
      _ = matcher.match(pattern.text)
      _ = Glob(pattern.text).matches(pattern.text)
    }
  }
  return 0
}
