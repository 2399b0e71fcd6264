import Platform
import ScriptParsing

/// Linker scripts, dynamic lists, and the expressions of `--defsym`, with their evaluation.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzScript(_ data: UnsafePointer<UInt8>?, _ count: Int) -> Int32 {
  let bytes = UnsafeRawBufferPointer(start: data, count: count)
  _ = try? LinkerScript.parse(bytes)
  _ = try? DynamicList.parse(bytes)
  _ = SymbolList.parse(bytes)
  if let expression = try? Expression.parse(bytes) {
    let environment = Expression.Environment(location: .init(0x1000, section: 1))
    _ = try? expression.evaluate(in: environment) { name in
      name.count & 1 == 0 ? .init(name.hash, section: UInt32(name.count)) : nil
    }
  }
  return 0
}
