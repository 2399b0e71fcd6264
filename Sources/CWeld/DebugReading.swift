import CWeldHeader
import Weld

// What a compiler in C tells of its declarations for debuggers.

extension DebugLine {
  static func list(
    _ start: UnsafePointer<weld_debug_line>?, _ count: Int
  ) throws -> [DebugLine] {
    try copied(CWeld.list(start, count, "the list of lines"), "the list of lines").map {
      DebugLine(offset: $0.offset, line: $0.line, column: $0.column)
    }
  }
}

extension DebugUnit {
  init(_ pointer: UnsafePointer<weld_debug_unit>?) throws {
    let unit = try structure(pointer, "the debug unit")
    self.init(
      path: try text(unit.path, "the path of a debug unit"),
      directory: try text(unit.directory, "the directory of a debug unit"),
      producer: try text(unit.producer, "the producer of a debug unit"))
    if unit.language != 0 { language = unit.language }
  }
}

extension FunctionDebugInfo {
  init?(_ pointer: UnsafePointer<weld_function_debug>?) throws {
    guard pointer != nil else { return nil }
    let debug = try structure(pointer, "the debug information of a function")
    var types = TypeReader()
    self.init(
      unit: try DebugUnit(debug.unit),
      name: try text(debug.name, "a function's name for debuggers"),
      lines: try DebugLine.list(debug.lines, debug.line_count),
      result: try debug.result.map { try types.read($0) },
      locals: try copied(
        list(debug.locals, debug.local_count, "the list of locals"), "the list of locals"
      ).map {
        DebugLocal(
          name: try text($0.name, "the name of a local"), type: try types.read($0.type),
          frameOffset: $0.frame_offset, isParameter: $0.is_parameter != 0)
      },
      frameRegister: debug.frame_register,
      frameInstructions: Array(
        try copied(
          list(
            debug.frame_instructions, debug.frame_instruction_size, "the call frame instructions"),
          "the call frame instructions")),
      isExternal: debug.is_internal == 0)
  }
}

extension VariableDebugInfo {
  init?(_ pointer: UnsafePointer<weld_variable_debug>?) throws {
    guard pointer != nil else { return nil }
    let debug = try structure(pointer, "the debug information of a variable")
    var types = TypeReader()
    self.init(
      unit: try DebugUnit(debug.unit),
      name: try text(debug.name, "a variable's name for debuggers"),
      type: try types.read(debug.type), isExternal: debug.is_internal == 0)
  }
}

/// Makes values of C's types, which are connected by pointers: they may lead in circles, or by many
/// ways to the same, and must not lead out of memory or stack.
private struct TypeReader {
  private var depth = 0
  private var count = 0

  mutating func read(_ pointer: UnsafePointer<weld_debug_type>?) throws -> DebugType {
    guard let type = pointer?.pointee else {
      throw Failure.invalid("the type of something for debuggers is null")
    }
    depth += 1
    count += 1
    defer { depth -= 1 }
    guard depth <= 64, count <= 1 << 16 else {
      throw Failure.invalid(
        "a type for debuggers does not end: where it leads back to itself, use"
          + " WELD_TYPE_INCOMPLETE")
    }
    switch type.kind {
    case WELD_TYPE_INTEGER:
      return .integer(
        name: try name(type), bytes: try bytes(type), isSigned: type.is_signed != 0)
    case WELD_TYPE_BOOLEAN: return .boolean(name: try name(type), bytes: try bytes(type))
    case WELD_TYPE_FLOAT: return .float(name: try name(type), bytes: try bytes(type))
    case WELD_TYPE_POINTER: return .pointer(to: try type.target.map { try read($0) })
    case WELD_TYPE_ARRAY: return .array(of: try read(type.target), count: type.count)
    case WELD_TYPE_STRUCTURE:
      var fields: [DebugType.Field] = []
      for field in try list(type.fields, try elements(type), "the list of fields") {
        fields.append(
          DebugType.Field(
            name: try text(field.name, "the name of a field"), type: try read(field.type),
            offset: field.offset))
      }
      return .structure(name: try name(type), bytes: type.bytes, fields: fields)
    case WELD_TYPE_INCOMPLETE: return .incomplete(name: try name(type))
    case WELD_TYPE_FUNCTION:
      let result = try type.target.map { try read($0) }
      var parameters: [DebugType] = []
      for parameter in try list(type.parameters, try elements(type), "the list of parameters") {
        parameters.append(try read(parameter))
      }
      return .function(result: result, parameters: parameters)
    default: throw Failure.invalid("\(type.kind.rawValue) is no kind of type")
    }
  }

  private func name(_ type: weld_debug_type) throws -> String {
    try text(type.name, "the name of a type")
  }

  private func bytes(_ type: weld_debug_type) throws -> UInt8 {
    guard let bytes = UInt8(exactly: type.bytes) else {
      throw Failure.invalid("no number has \(type.bytes) bytes")
    }
    return bytes
  }

  private func elements(_ type: weld_debug_type) throws -> Int {
    guard let count = Int(exactly: type.count) else {
      throw Failure.invalid("a type cannot have \(type.count) members")
    }
    return count
  }
}
