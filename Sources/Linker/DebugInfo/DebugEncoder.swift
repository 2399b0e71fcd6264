import ELFFormat

/// The bytes of units' headers and declarations' entries. Source: DWARF 5, sections given at each.
enum DebugEncoder<E: ELFEncoding> {
  typealias Bytes = DebugBytes<E>

  // MARK: Headers

  /// The header of a unit, and its entry. Source: 7.5.1.1, 3.1.1.
  static func unit(
    _ unit: DebugUnitState, length: UInt32, line: UInt32, ranges: UInt32
  ) -> [UInt8] {
    var out = unitHeader(length: length, type: DwarfUnitType.compile)
    out.u8(DebugAbbreviation.unit.rawValue)
    out.u32(line)
    out.u32(ranges)
    out.u32(unit.producer)
    out.u16(unit.unit.language)
    out.u32(unit.path)
    out.u32(unit.directory)
    // The base of the ranges, which are absolute.
    out.word(0)
    return out.bytes
  }

  /// - Parameter length: of the whole unit, this header included.
  static func unitHeader(length: UInt32, type: UInt8) -> Bytes {
    var out = Bytes()
    out.u32(length - 4)
    out.u16(5)
    out.u8(type)
    out.u8(UInt8(E.wordSize))
    // All units share one table of abbreviations.
    out.u32(0)
    return out
  }

  /// The header of a unit's list of ranges. Source: 7.28.
  static func rangesHeader(length: UInt32) -> Bytes {
    var out = Bytes()
    out.u32(length - 4)
    out.u16(5)
    out.u8(UInt8(E.wordSize))
    out.u8(0)
    out.u32(0)
    return out
  }

  static var rangesHeaderSize: UInt32 { 12 }
  static var rangeSize: UInt32 { UInt32(1 + 2 * E.wordSize) }

  /// An entry of a list of ranges: always as long. Source: 7.25, DW_RLE_start_end.
  static func range(_ address: UInt64, _ size: UInt64) -> [UInt8] {
    var out = Bytes()
    out.u8(DwarfRange.startEnd)
    out.word(address)
    out.word(address &+ size)
    return out.bytes
  }

  // MARK: Declarations

  /// Where the address is in the entry of a function. See `DebugAbbreviation.attributes`.
  static var functionAddressOffset: UInt32 { 1 }
  /// Where the address is in the entry of a variable.
  static var variableAddressOffset: UInt32 { 3 }

  /// Source: 3.3.
  ///
  /// - Parameters:
  ///   - result: offset of the type's entry in the unit.
  ///   - locals: those of the locals' types.
  static func function(
    _ info: FunctionDebugInfo, address: UInt64, size: UInt64, result: UInt32?, locals: [UInt32]
  ) -> [UInt8] {
    var out = Bytes(reserving: 256)
    let code: DebugAbbreviation =
      if result != nil {
        locals.isEmpty ? .function : .functionWithChildren
      } else {
        locals.isEmpty ? .procedure : .procedureWithChildren
      }
    out.u8(code.rawValue)
    out.word(address)
    out.word(size)
    var base = Bytes()
    if info.frameRegister < 32 {
      base.u8(DwarfOperation.breg0 + info.frameRegister)
    } else {
      base.u8(DwarfOperation.bregx)
      base.uleb(UInt64(info.frameRegister))
    }
    base.sleb(0)
    out.block(base)
    out.u8(info.isExternal ? 1 : 0)
    out.string(info.name)
    if let result { out.u32(result) }
    for (local, type) in zip(info.locals, locals) {
      let code: DebugAbbreviation = local.isParameter ? .parameter : .localVariable
      out.u8(code.rawValue)
      var location = Bytes()
      location.u8(DwarfOperation.fbreg)
      location.sleb(local.frameOffset)
      out.block(location)
      out.string(local.name)
      out.u32(type)
    }
    if !locals.isEmpty { out.u8(0) }
    return out.bytes
  }

  /// Source: 4.1.
  ///
  /// - Parameter address: for a thread-local variable, its offset in the block of each thread.
  static func variable(
    _ info: VariableDebugInfo, address: UInt64, isThreadLocal: Bool, type: UInt32
  ) -> [UInt8] {
    var out = Bytes()
    out.u8(DebugAbbreviation.variable.rawValue)
    var location = Bytes()
    if isThreadLocal {
      location.u8(E.is64 ? DwarfOperation.const8u : DwarfOperation.const4u)
    } else {
      location.u8(DwarfOperation.addr)
    }
    location.word(address)
    if isThreadLocal { location.u8(DwarfOperation.formTLSAddress) }
    out.block(location)
    out.u8(info.isExternal ? 1 : 0)
    out.string(info.name)
    out.u32(type)
    return out.bytes
  }

  // MARK: Types

  /// Types that the description of `type` refers to, in the order of its references.
  static func parts(of type: DebugType) -> [DebugType] {
    switch type {
    case .integer, .boolean, .float, .incomplete: []
    case .pointer(let target): target.map { [$0] } ?? []
    case .array(let element, _): [element]
    case .structure(_, _, let fields): fields.map(\.type)
    case .function(let result, let parameters): (result.map { [$0] } ?? []) + parameters
    }
  }

  /// Source: 5.
  ///
  /// - Parameter parts: offsets of the entries of `parts(of: type)`.
  static func type(_ type: DebugType, parts: [UInt32]) -> [UInt8] {
    var out = Bytes()
    func base(_ name: String, _ size: UInt8, _ encoding: UInt8) {
      out.u8(DebugAbbreviation.baseType.rawValue)
      out.uleb(UInt64(size))
      out.u8(encoding)
      out.string(name)
    }
    switch type {
    case .integer(let name, let size, let isSigned):
      base(name, size, isSigned ? DwarfBaseType.signed : DwarfBaseType.unsigned)
    case .boolean(let name, let size): base(name, size, DwarfBaseType.boolean)
    case .float(let name, let size): base(name, size, DwarfBaseType.float)
    case .pointer(let target):
      let code: DebugAbbreviation = target == nil ? .untypedPointer : .pointer
      out.u8(code.rawValue)
      out.uleb(UInt64(E.wordSize))
      for part in parts { out.u32(part) }
    case .array(_, let count):
      out.u8(DebugAbbreviation.array.rawValue)
      for part in parts { out.u32(part) }
      out.u8(DebugAbbreviation.arrayCount.rawValue)
      out.u8(0)
      out.uleb(count)
      out.u8(0)
    case .structure(let name, let size, let fields):
      let code: DebugAbbreviation = fields.isEmpty ? .structure : .structureWithChildren
      out.u8(code.rawValue)
      out.uleb(size)
      out.string(name)
      for (field, part) in zip(fields, parts) {
        out.u8(DebugAbbreviation.member.rawValue)
        out.string(field.name)
        out.u32(part)
        out.uleb(field.offset)
      }
      if !fields.isEmpty { out.u8(0) }
    case .incomplete(let name):
      out.u8(DebugAbbreviation.incompleteStructure.rawValue)
      out.string(name)
    case .function(let result, let parameters):
      let code: DebugAbbreviation =
        if result != nil {
          parameters.isEmpty ? .functionType : .functionTypeWithChildren
        } else {
          parameters.isEmpty ? .procedureType : .procedureTypeWithChildren
        }
      out.u8(code.rawValue)
      if result != nil { out.u32(parts[0]) }
      for part in parts.suffix(parameters.count) {
        out.u8(DebugAbbreviation.parameterType.rawValue)
        out.u32(part)
      }
      if !parameters.isEmpty { out.u8(0) }
    }
    return out.bytes
  }
}
