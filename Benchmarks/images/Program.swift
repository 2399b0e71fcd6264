import Glibc
import Weld

/// An image as a compiler would make it, with many declarations.
struct Program {
  let image: ElfImage
  /// Functions of 200 bytes.
  private(set) var functions: [Declaration] = []
  /// Functions of 120 bytes, with no room for 200.
  private(set) var small: [Declaration] = []
  private let names: [String]
  private let withDebugInfo: Bool

  static let functionSize = 200

  /// One declaration in eight is data that holds a function's address, one a small function, the
  /// others are functions of 200 bytes; all have slots, as all are called.
  init(_ count: Int, path: String, withDebugInfo: Bool = false) throws {
    var options = ImageOptions(machine: .host, path: path)
    options.reserve = 1 << 30
    image = try ElfImage(options)
    self.withDebugInfo = withDebugInfo
    names = (0..<count).map { "module_declaration_\($0)" }
    let entry = Declaration(0)
    for i in 0..<count {
      let declaration = Declaration(UInt64(i))
      let symbol: ImageSymbol
      switch i % 8 {
      case 3 where i > 8:
        let target = try image.symbol(for: functions[functions.count - 1])
        symbol = try image.updateData(
          declaration, name: names[i], kind: .mutable, bytes: [UInt8](repeating: 1, count: 32),
          relocations: [DataRelocation(offset: 8, target: target)])
      case 5:
        small.append(declaration)
        symbol = try update(declaration, Array(repeating: 0x90, count: 120))
      default:
        functions.append(declaration)
        symbol = try update(declaration, Array(repeating: 0x90, count: Self.functionSize))
      }
      _ = try image.offsetTableAddress(of: symbol)
    }
    try image.updateExports(entry, [Export("_start")])
  }

  func name(_ declaration: Declaration) -> String { names[Int(declaration.key)] }

  @discardableResult
  func update(_ declaration: Declaration, _ code: [UInt8]) throws -> ImageSymbol {
    try image.updateFunction(
      declaration, name: name(declaration), code: code,
      debug: withDebugInfo ? debugInfo(declaration, code.count) : nil)
  }

  static let types: [DebugType] = [
    .integer(name: "Int", bytes: 8, isSigned: true),
    .pointer(to: .integer(name: "UInt8", bytes: 1, isSigned: false)),
  ]

  /// Ten lines, two parameters and a local variable; a thousand declarations to a source file.
  func debugInfo(_ declaration: Declaration, _ size: Int, firstLine: UInt32? = nil)
    -> FunctionDebugInfo
  {
    FunctionDebugInfo(
      unit: DebugUnit(
        path: "source\(declaration.key / 1000).code", directory: "/source", producer: "benchmark"),
      name: name(declaration), lines: lines(declaration, size, firstLine: firstLine),
      result: Self.types[0],
      locals: [
        DebugLocal(name: "count", type: Self.types[0], frameOffset: -16, isParameter: true),
        DebugLocal(name: "bytes", type: Self.types[1], frameOffset: -24, isParameter: true),
        DebugLocal(name: "sum", type: Self.types[0], frameOffset: -32, isParameter: false),
      ], frameRegister: 6)
  }

  func lines(_ declaration: Declaration, _ size: Int, firstLine: UInt32? = nil) -> [DebugLine] {
    let first = firstLine ?? UInt32(declaration.key % 1000) * 12 + 1
    return (0..<10).map {
      DebugLine(offset: UInt32(size / 10 * $0) & ~3, line: first + UInt32($0), column: 5)
    }
  }
}

extension ImageMachine {
  /// The machine that this runs on.
  static var host: ImageMachine {
    #if arch(arm64)
      .aarch64
    #else
      .x86_64
    #endif
  }
}

/// A name for an output in `directory`, which is removed with what `body` put there.
func withOutput<R>(in directory: String, _ body: (String) throws -> R) throws -> R {
  let path = "\(directory)/weld-image-benchmark-\(getpid())"
  defer { unlink(path) }
  return try body(path)
}
