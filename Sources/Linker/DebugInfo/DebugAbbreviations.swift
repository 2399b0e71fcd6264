import ELFFormat

/// The codes by which entries of `.debug_info` say what attributes they have. One table serves all
/// units and never changes.
enum DebugAbbreviation: UInt8, CaseIterable {
  case unit = 1
  /// The only entry of a unit that fills a gap between units.
  case paddingUnit
  /// An entry of one byte that means nothing.
  case paddingByte
  /// An entry that means nothing, as long as its block says.
  case padding
  // Those with children come in pairs with those without: an empty list of children is something
  // that verifiers complain of.
  case function
  case functionWithChildren
  case procedure
  case procedureWithChildren
  case variable
  case localVariable
  case parameter
  case baseType
  case pointer
  case untypedPointer
  case array
  case arrayCount
  case structure
  case structureWithChildren
  case incompleteStructure
  case member
  case functionType
  case functionTypeWithChildren
  case procedureType
  case procedureTypeWithChildren
  case parameterType

  private var tag: UInt16 {
    switch self {
    case .unit: DwarfTag.compileUnit
    case .paddingUnit: DwarfTag.partialUnit
    case .paddingByte, .padding: DwarfTag.padding
    case .function, .functionWithChildren, .procedure, .procedureWithChildren:
      DwarfTag.subprogram
    case .variable, .localVariable: DwarfTag.variable
    case .parameter, .parameterType: DwarfTag.formalParameter
    case .baseType: DwarfTag.baseType
    case .pointer, .untypedPointer: DwarfTag.pointerType
    case .array: DwarfTag.arrayType
    case .arrayCount: DwarfTag.subrangeType
    case .structure, .structureWithChildren, .incompleteStructure: DwarfTag.structureType
    case .member: DwarfTag.member
    case .functionType, .functionTypeWithChildren, .procedureType, .procedureTypeWithChildren:
      DwarfTag.subroutineType
    }
  }

  private var hasChildren: Bool {
    switch self {
    case .unit, .functionWithChildren, .procedureWithChildren, .array, .structureWithChildren,
      .functionTypeWithChildren, .procedureTypeWithChildren:
      true
    default: false
    }
  }

  private func attributes(is64: Bool) -> [(UInt16, UInt8)] {
    // Fields that are patched come first, so that they lie at the same offset in every fragment.
    // There is no DW_AT_decl_line: a line inserted above a function would change its entry, and
    // those of all functions below, though only their line records have to follow.
    let code: [(UInt16, UInt8)] = [
      (DwarfAttribute.lowPC, DwarfForm.addr),
      (DwarfAttribute.highPC, is64 ? DwarfForm.data8 : DwarfForm.data4),
      (DwarfAttribute.frameBase, DwarfForm.exprloc),
      (DwarfAttribute.external, DwarfForm.flag),
      (DwarfAttribute.prototyped, DwarfForm.flagPresent),
      (DwarfAttribute.name, DwarfForm.string),
    ]
    let type = (DwarfAttribute.type, DwarfForm.ref4)
    let name = (DwarfAttribute.name, DwarfForm.string)
    let location = (DwarfAttribute.location, DwarfForm.exprloc)
    let size = (DwarfAttribute.byteSize, DwarfForm.udata)
    switch self {
    case .unit:
      return [
        (DwarfAttribute.stmtList, DwarfForm.secOffset),
        (DwarfAttribute.ranges, DwarfForm.secOffset),
        (DwarfAttribute.producer, DwarfForm.lineStrp),
        (DwarfAttribute.language, DwarfForm.data2),
        (DwarfAttribute.name, DwarfForm.lineStrp),
        (DwarfAttribute.compDir, DwarfForm.lineStrp),
        (DwarfAttribute.lowPC, DwarfForm.addr),
      ]
    case .paddingUnit, .padding: return [(DwarfAttribute.padding, DwarfForm.block4)]
    case .paddingByte: return []
    case .function, .functionWithChildren: return code + [type]
    case .procedure, .procedureWithChildren: return code
    case .variable: return [location, (DwarfAttribute.external, DwarfForm.flag), name, type]
    case .localVariable, .parameter: return [location, name, type]
    case .baseType: return [size, (DwarfAttribute.encoding, DwarfForm.data1), name]
    case .pointer: return [size, type]
    case .untypedPointer: return [size]
    case .array: return [type]
    case .arrayCount:
      // Some languages have no lower bound of their own.
      return [
        (DwarfAttribute.lowerBound, DwarfForm.data1), (DwarfAttribute.count, DwarfForm.udata),
      ]
    case .structure, .structureWithChildren: return [size, name]
    case .incompleteStructure:
      return [name, (DwarfAttribute.declaration, DwarfForm.flagPresent)]
    case .member: return [name, type, (DwarfAttribute.dataMemberLocation, DwarfForm.udata)]
    case .functionType, .functionTypeWithChildren:
      return [(DwarfAttribute.prototyped, DwarfForm.flagPresent), type]
    case .procedureType, .procedureTypeWithChildren:
      return [(DwarfAttribute.prototyped, DwarfForm.flagPresent)]
    case .parameterType: return [type]
    }
  }

  /// The contents of `.debug_abbrev`. Source: DWARF 5, 7.5.3.
  static func table<E: ELFEncoding>(_: E.Type) -> [UInt8] {
    var out = DebugBytes<E>()
    for code in allCases {
      out.uleb(UInt64(code.rawValue))
      out.uleb(UInt64(code.tag))
      out.u8(code.hasChildren ? 1 : 0)
      for (attribute, form) in code.attributes(is64: E.is64) {
        out.uleb(UInt64(attribute))
        out.uleb(UInt64(form))
      }
      out.append([0, 0])
    }
    out.u8(0)
    return out.bytes
  }
}
