/// Numbers of DWARF 5 that images' debug information is made of. Source: DWARF 5, 7.

enum DwarfTag {
  static let arrayType: UInt16 = 0x01
  static let formalParameter: UInt16 = 0x05
  static let member: UInt16 = 0x0d
  static let pointerType: UInt16 = 0x0f
  static let compileUnit: UInt16 = 0x11
  static let structureType: UInt16 = 0x13
  static let subroutineType: UInt16 = 0x15
  static let subrangeType: UInt16 = 0x21
  static let baseType: UInt16 = 0x24
  static let subprogram: UInt16 = 0x2e
  static let variable: UInt16 = 0x34
  static let partialUnit: UInt16 = 0x3c
  /// In the range for vendors: readers pass over what they do not know.
  static let padding: UInt16 = 0x5cc1
}

enum DwarfAttribute {
  static let location: UInt16 = 0x02
  static let name: UInt16 = 0x03
  static let byteSize: UInt16 = 0x0b
  static let stmtList: UInt16 = 0x10
  static let lowPC: UInt16 = 0x11
  static let highPC: UInt16 = 0x12
  static let language: UInt16 = 0x13
  static let lowerBound: UInt16 = 0x22
  static let compDir: UInt16 = 0x1b
  static let producer: UInt16 = 0x25
  static let prototyped: UInt16 = 0x27
  static let count: UInt16 = 0x37
  static let dataMemberLocation: UInt16 = 0x38
  static let declaration: UInt16 = 0x3c
  static let encoding: UInt16 = 0x3e
  static let external: UInt16 = 0x3f
  static let frameBase: UInt16 = 0x40
  static let type: UInt16 = 0x49
  static let ranges: UInt16 = 0x55
  /// In the range for vendors.
  static let padding: UInt16 = 0x3cca
}

enum DwarfForm {
  static let addr: UInt8 = 0x01
  static let block4: UInt8 = 0x04
  static let data2: UInt8 = 0x05
  static let data4: UInt8 = 0x06
  static let data8: UInt8 = 0x07
  static let string: UInt8 = 0x08
  static let data1: UInt8 = 0x0b
  static let flag: UInt8 = 0x0c
  static let udata: UInt8 = 0x0f
  static let ref4: UInt8 = 0x13
  static let secOffset: UInt8 = 0x17
  static let exprloc: UInt8 = 0x18
  static let flagPresent: UInt8 = 0x19
  static let lineStrp: UInt8 = 0x1f
}

enum DwarfUnitType {
  static let compile: UInt8 = 0x01
  static let partial: UInt8 = 0x03
}

enum DwarfOperation {
  static let addr: UInt8 = 0x03
  static let const4u: UInt8 = 0x0c
  static let const8u: UInt8 = 0x0e
  static let breg0: UInt8 = 0x70
  static let fbreg: UInt8 = 0x91
  static let bregx: UInt8 = 0x92
  static let formTLSAddress: UInt8 = 0x9b
}

enum DwarfBaseType {
  static let boolean: UInt8 = 0x02
  static let float: UInt8 = 0x04
  static let signed: UInt8 = 0x05
  static let unsigned: UInt8 = 0x07
}

/// Line number programs. Source: DWARF 5, 6.2.
enum DwarfLine {
  static let advancePC: UInt8 = 0x02
  static let advanceLine: UInt8 = 0x03
  static let setFile: UInt8 = 0x04
  static let setColumn: UInt8 = 0x05
  /// Changes a register that no reader of ours looks at: an operation of one byte that does
  /// nothing.
  static let setBasicBlock: UInt8 = 0x07
  static let endSequence: UInt8 = 0x01
  static let setAddress: UInt8 = 0x02

  static let contentPath: UInt8 = 0x01
  static let contentDirectoryIndex: UInt8 = 0x02
  /// In the range for vendors.
  static let contentPadding: UInt64 = 0x2001

  static let lineBase = -5
  static let lineRange = 14
  static let opcodeBase = 13
  static let operandCounts: [UInt8] = [0, 1, 1, 1, 1, 0, 0, 0, 1, 0, 0, 1]
}

enum DwarfRange {
  static let endOfList: UInt8 = 0x00
  static let startEnd: UInt8 = 0x06
}
