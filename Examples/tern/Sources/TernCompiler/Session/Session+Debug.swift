import Glibc
import Weld

/// What debuggers are told.
extension Session {
  private var unit: DebugUnit {
    let absolute = options.path.utf8.first == UInt8(ascii: "/")
    var directory = "/"
    if !absolute, let buffer = getcwd(nil, 0) {
      directory = String(cString: buffer)
      free(buffer)
    }
    // DW_LANG_C99: debuggers then read expressions as C, which tern's are close to, and know where
    // a prologue ends. Source: DWARF 5, table 7.17.
    return DebugUnit(path: options.path, directory: directory, language: 0x0c, producer: "tern")
  }

  func debugInfo(_ function: CheckedFunction, _ code: MachineCode) -> FunctionDebugInfo {
    FunctionDebugInfo(
      unit: unit, name: function.body.name, lines: code.lines(at: function.positions),
      result: function.body.result.map { debugType($0) },
      locals: function.body.variables.map {
        DebugLocal(
          name: $0.name, type: debugType($0.type), frameOffset: code.slotOffsets[$0.slot.index],
          isParameter: $0.isParameter)
      },
      frameRegister: machine.frameRegister, frameInstructions: code.frameInstructions)
  }

  func debugInfo(_ global: CheckedGlobal) -> VariableDebugInfo {
    VariableDebugInfo(unit: unit, name: global.name, type: debugType(global.type))
  }

  private func debugType(_ type: Type) -> DebugType {
    let word = UInt8(machine.wordBytes)
    switch type {
    case .int, .error: return .integer(name: "int", bytes: word, isSigned: true)
    case .int32: return .integer(name: "i32", bytes: 4, isSigned: true)
    case .bool: return .boolean(name: "bool", bytes: word)
    case .string: return .pointer(to: .integer(name: "char", bytes: 1, isSigned: true))
    case .array(let element, let count?):
      return .array(of: debugType(element), count: UInt64(count))
    case .array(let element, nil): return .pointer(to: debugType(element))
    case .function(let parameters, let result):
      return .pointer(
        to: .function(
          result: result.map { debugType($0) }, parameters: parameters.map { debugType($0) }))
    }
  }
}
