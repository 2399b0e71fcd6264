final class ImageDebugInfo<T: CodeTarget> {
  init(growth: GrowthGate) throws(ImageError) {}
  func update(function key: UInt32, info: FunctionDebugInfo, address: UInt64, size: UInt64)
    throws(ImageError)
  {}
  func update(variable key: UInt32, info: VariableDebugInfo, address: UInt64) throws(ImageError) {}
  func updateLines(_ key: UInt32, lines: [DebugLine]) throws(ImageError) {}
  func moved(_ key: UInt32, to address: UInt64) {}
  func remove(_ key: UInt32) {}
  var sections: [ImageSection] { [] }
  func violations() -> [String] { [] }
}
