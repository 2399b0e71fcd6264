/// What a compiler tells of a declaration for debuggers.

/// A type, as a debugger shows it.
public indirect enum DebugType: Hashable, Sendable {
  /// Bytes of the value.
  case integer(name: String, bytes: UInt8, isSigned: Bool)
  case boolean(name: String, bytes: UInt8)
  case float(name: String, bytes: UInt8)
  /// An address of something; nil for anything.
  case pointer(to: DebugType?)
  /// Elements counted from 0.
  case array(of: DebugType, count: UInt64)
  /// Fields with their offsets in bytes.
  case structure(name: String, bytes: UInt64, fields: [Field])
  /// A structure by its name alone, where its description would not end: a list's node points at
  /// `incomplete` nodes. Debuggers look the fields up in the structure of that name.
  case incomplete(name: String)
  /// A function, to be pointed at.
  case function(result: DebugType?, parameters: [DebugType])

  public struct Field: Hashable, Sendable {
    public var name: String
    public var type: DebugType
    public var offset: UInt64
    public init(name: String, type: DebugType, offset: UInt64) {
      self.name = name
      self.type = type
      self.offset = offset
    }
  }
}

/// A compilation unit: one source file.
public struct DebugUnit: Hashable, Sendable {
  /// Path of the source, and the directory it is relative to.
  public var path: String
  public var directory: String
  /// DW_LANG constant. Source: DWARF 5, table 7.17. C99 unless told otherwise: of languages that
  /// they do not know, debuggers do not skip the prologues.
  public var language: UInt16
  public var producer: String
  public init(path: String, directory: String, language: UInt16 = 0x000c, producer: String) {
    self.path = path
    self.directory = directory
    self.language = language
    self.producer = producer
  }
}

/// The line that an instruction belongs to.
public struct DebugLine: Hashable, Sendable {
  /// Bytes from the function's start; ascending.
  public var offset: UInt32
  /// From 1.
  public var line: UInt32
  /// From 1; 0 for none.
  public var column: UInt32
  public init(offset: UInt32, line: UInt32, column: UInt32 = 0) {
    self.offset = offset
    self.line = line
    self.column = column
  }
}

/// A parameter or local variable that lies in the function's frame.
public struct DebugLocal: Hashable, Sendable {
  public var name: String
  public var type: DebugType
  /// Bytes from the frame base (DW_OP_fbreg).
  public var frameOffset: Int64
  public var isParameter: Bool
  public init(name: String, type: DebugType, frameOffset: Int64, isParameter: Bool) {
    self.name = name
    self.type = type
    self.frameOffset = frameOffset
    self.isParameter = isParameter
  }
}

/// What a debugger should know of a function.
public struct FunctionDebugInfo: Hashable, Sendable {
  public var unit: DebugUnit
  /// As the source calls it.
  public var name: String
  /// Lines of its instructions.
  public var lines: [DebugLine]
  public var result: DebugType?
  public var locals: [DebugLocal]
  /// DWARF number of the register that `DebugLocal.frameOffset` counts from.
  public var frameRegister: UInt8
  /// Call frame instructions, after those common to the machine's functions (on entry: the frame is
  /// the stack pointer as the caller left it). Empty: none are written for this function. Code
  /// offsets count by 1 byte on x86-64, 2 on arm and riscv64, 4 on aarch64 and sparc64; saved
  /// registers' offsets by -4 on arm and -8 elsewhere. Source: DWARF 5, 6.4.2.
  public var frameInstructions: [UInt8]
  /// True if other units may refer to it by its name.
  public var isExternal: Bool
  public init(
    unit: DebugUnit, name: String, lines: [DebugLine], result: DebugType? = nil,
    locals: [DebugLocal] = [], frameRegister: UInt8, frameInstructions: [UInt8] = [],
    isExternal: Bool = true
  ) {
    self.unit = unit
    self.name = name
    self.lines = lines
    self.result = result
    self.locals = locals
    self.frameRegister = frameRegister
    self.frameInstructions = frameInstructions
    self.isExternal = isExternal
  }
}

/// What a debugger should know of a variable.
public struct VariableDebugInfo: Hashable, Sendable {
  public var unit: DebugUnit
  public var name: String
  public var type: DebugType
  /// True if other units may refer to it by its name.
  public var isExternal: Bool
  public init(unit: DebugUnit, name: String, type: DebugType, isExternal: Bool = true) {
    self.unit = unit
    self.name = name
    self.type = type
    self.isExternal = isExternal
  }
}
