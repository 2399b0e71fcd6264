@freestanding(expression)
macro explained<T>(_ value: T) -> (T, String, Int) =
  #externalMacro(module: "Macros", type: "Explained")

let (value, text, tokens) = #explained(6 * 7)
print("\(text) = \(value), \(tokens) tokens")
