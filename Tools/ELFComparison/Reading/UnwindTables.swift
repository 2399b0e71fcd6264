import Platform

/// A common information entry of `.eh_frame` (LSB Core, "Exception Frames").
struct UnwindCIE {
  var offset: Int
  var augmentation: ByteString
  var codeAlignment: UInt64
  var dataAlignment: Int64
  var returnRegister: UInt64
  var pointerEncoding: UInt8
  var lsdaEncoding: UInt8
  /// The personality routine's address, or its slot's when `isPersonalityIndirect`.
  var personality: UInt64?
  var isPersonalityIndirect: Bool
  /// Where the personality's encoded pointer stands; a dynamic relocation may fill it.
  var personalityPlace: UInt64
  var program: ByteView
}

/// A frame description entry: which code it covers and how to unwind it.
struct UnwindFDE {
  var offset: Int
  var cie: Int
  var start: UInt64
  var size: UInt64
  /// The language-specific data's address; the encoded form's zero is `nil`.
  var lsda: UInt64?
  var program: ByteView
}

/// The decoded `.eh_frame`, in file order.
struct UnwindTables {
  var address: UInt64 = 0
  var cies: [UnwindCIE] = []
  var fdes: [UnwindFDE] = []
  var problems: [String] = []
}

/// The decoded `.eh_frame_hdr` with its search table.
struct UnwindHeader {
  var address: UInt64 = 0
  var framePointer: UInt64?
  var table: [(start: UInt64, fde: UInt64)] = []
  var hasTable = false
  var problems: [String] = []
}

enum PointerEncoding {
  static let omit: UInt8 = 0xff
  static let indirect: UInt8 = 0x80
}

extension ELFFile {
  /// Reads a `DW_EH_PE` encoded pointer; `place` is the address of its first byte.
  ///
  /// - Returns: the raw value (to tell null from a pointer) and the address meant.
  private func encodedPointer(
    _ cursor: inout ByteCursor, _ encoding: UInt8, place: UInt64, data: UInt64 = 0
  ) -> (raw: UInt64, address: UInt64)? {
    var raw: UInt64
    switch encoding & 0x0f {
    case 0x00:
      guard let v = is64 ? cursor.u64() : cursor.u32().map(UInt64.init) else { return nil }
      raw = v
    case 0x01:
      guard let v = cursor.unsignedLEB() else { return nil }
      raw = v
    case 0x02:
      guard let v = cursor.u16() else { return nil }
      raw = UInt64(v)
    case 0x03:
      guard let v = cursor.u32() else { return nil }
      raw = UInt64(v)
    case 0x04, 0x0c:
      guard let v = cursor.u64() else { return nil }
      raw = v
    case 0x09:
      guard let v = cursor.signedLEB() else { return nil }
      raw = UInt64(bitPattern: v)
    case 0x0a:
      guard let v = cursor.u16() else { return nil }
      raw = UInt64(bitPattern: Int64(Int16(bitPattern: v)))
    case 0x0b:
      guard let v = cursor.u32() else { return nil }
      raw = UInt64(bitPattern: Int64(Int32(bitPattern: v)))
    default: return nil
    }
    var address: UInt64
    switch encoding & 0x70 {
    case 0x00: address = raw
    case 0x10: address = raw &+ place
    case 0x30: address = raw &+ data
    default: return nil
    }
    if !is64 { address &= 0xffff_ffff }
    return (raw, address)
  }

  /// Reads `.eh_frame`; `nil` when there is no such section.
  func readUnwindTables() -> UnwindTables? {
    guard let section = section(named: ".eh_frame"), section.type != SHT.nobits else { return nil }
    var tables = UnwindTables()
    tables.address = section.address
    guard let view = contents(section) else {
      tables.problems.append(".eh_frame lies outside the file")
      return tables
    }
    var cieByOffset: [Int: Int] = [:]
    var at = 0
    while at < view.count {
      guard let length32 = view.u32(at) else {
        tables.problems.append(".eh_frame ends inside a length at offset \(hex(at))")
        return tables
      }
      if length32 == 0 {
        // The terminator: the unwinder's linear search ends here, so nothing may follow.
        if at + 4 != view.count {
          tables.problems.append(".eh_frame has a terminator at offset \(hex(at)) before its end")
        }
        at += 4
        continue
      }
      var start = at + 4
      var length = UInt64(length32)
      if length32 == 0xffff_ffff {
        length = view.u64(at + 4) ?? .max
        start = at + 12
      }
      guard let body = view.slice(UInt64(start), length), let id = body.u32(0) else {
        tables.problems.append(".eh_frame record at offset \(hex(at)) exceeds the section")
        return tables
      }
      let address = section.address &+ UInt64(start)
      if id == 0 {
        if let cie = readCIE(body, at: at, address: address) {
          cieByOffset[at] = tables.cies.count
          tables.cies.append(cie)
        } else {
          tables.problems.append("CIE at offset \(hex(at)) of .eh_frame is malformed")
        }
      } else if let cie = cieByOffset[start - Int(id)] {
        if let fde = readFDE(body, at: at, address: address, tables.cies[cie], index: cie) {
          tables.fdes.append(fde)
        } else {
          tables.problems.append("FDE at offset \(hex(at)) of .eh_frame is malformed")
        }
      } else {
        tables.problems.append("FDE at offset \(hex(at)) of .eh_frame names no earlier CIE")
      }
      at = start + body.count
    }
    return tables
  }

  private func readCIE(_ body: ByteView, at offset: Int, address: UInt64) -> UnwindCIE? {
    var cursor = ByteCursor(body, at: 4)
    guard let version = cursor.u8(), version == 1 || version == 3,
      let augmentation = cursor.string(), let code = cursor.unsignedLEB(),
      let data = cursor.signedLEB(),
      let register = version == 1 ? cursor.u8().map(UInt64.init) : cursor.unsignedLEB()
    else { return nil }
    var cie = UnwindCIE(
      offset: offset, augmentation: augmentation, codeAlignment: code, dataAlignment: data,
      returnRegister: register, pointerEncoding: 0, lsdaEncoding: PointerEncoding.omit,
      personality: nil, isPersonalityIndirect: false, personalityPlace: 0, program: body)
    var programStart = cursor.offset
    if augmentation.count > 0, augmentation[0] == UInt8(ascii: "z") {
      guard let size = cursor.unsignedLEB(), let end = Int(exactly: size),
        end <= body.count - cursor.offset
      else { return nil }
      programStart = cursor.offset + end
      for letter in augmentation.dropFirst(1).buffer {
        switch letter {
        case UInt8(ascii: "R"):
          guard let encoding = cursor.u8() else { return nil }
          cie.pointerEncoding = encoding
        case UInt8(ascii: "L"):
          guard let encoding = cursor.u8() else { return nil }
          cie.lsdaEncoding = encoding
        case UInt8(ascii: "P"):
          guard let encoding = cursor.u8() else { return nil }
          let place = address &+ UInt64(cursor.offset)
          guard let pointer = encodedPointer(&cursor, encoding & 0x7f, place: place) else {
            return nil
          }
          cie.personality = pointer.address
          cie.personalityPlace = place
          cie.isPersonalityIndirect = encoding & PointerEncoding.indirect != 0
        case UInt8(ascii: "S"), UInt8(ascii: "B"), UInt8(ascii: "G"): break
        default: return nil
        }
      }
    } else if augmentation.count != 0 {
      return nil
    }
    guard let program = body.slice(programStart, body.count - programStart) else { return nil }
    cie.program = program
    return cie
  }

  private func readFDE(
    _ body: ByteView, at offset: Int, address: UInt64, _ cie: UnwindCIE, index: Int
  ) -> UnwindFDE? {
    var cursor = ByteCursor(body, at: 4)
    let place = address &+ 4
    guard let start = encodedPointer(&cursor, cie.pointerEncoding & 0x7f, place: place),
      let size = encodedPointer(&cursor, cie.pointerEncoding & 0x0f, place: 0)
    else { return nil }
    var lsda: UInt64?
    var programStart = cursor.offset
    if cie.augmentation.count > 0 {
      guard let count = cursor.unsignedLEB(), let length = Int(exactly: count),
        length <= body.count - cursor.offset
      else { return nil }
      programStart = cursor.offset + length
      if cie.lsdaEncoding != PointerEncoding.omit, length > 0 {
        let place = address &+ UInt64(cursor.offset)
        guard let pointer = encodedPointer(&cursor, cie.lsdaEncoding & 0x7f, place: place) else {
          return nil
        }
        if pointer.raw != 0 { lsda = pointer.address }
      }
    }
    guard let program = body.slice(programStart, body.count - programStart) else { return nil }
    return UnwindFDE(
      offset: offset, cie: index, start: start.address, size: size.raw, lsda: lsda,
      program: program)
  }

  /// Reads `PT_GNU_EH_FRAME`; `nil` without such a segment.
  func readUnwindHeader() -> UnwindHeader? {
    guard let segment = segment(PT.ehFrame) else { return nil }
    var header = UnwindHeader()
    header.address = segment.address
    guard let view = bytes.slice(segment.offset, segment.fileSize), view.u8(0) == 1,
      let frameEncoding = view.u8(1), let countEncoding = view.u8(2),
      let tableEncoding = view.u8(3)
    else {
      header.problems.append("PT_GNU_EH_FRAME has no version 1 header")
      return header
    }
    var cursor = ByteCursor(view, at: 4)
    if frameEncoding != PointerEncoding.omit {
      let place = segment.address &+ 4
      header.framePointer =
        encodedPointer(&cursor, frameEncoding, place: place, data: segment.address)?.address
    }
    guard countEncoding != PointerEncoding.omit, tableEncoding != PointerEncoding.omit else {
      return header
    }
    header.hasTable = true
    let countPlace = segment.address &+ UInt64(cursor.offset)
    guard let count = encodedPointer(&cursor, countEncoding, place: countPlace)?.raw else {
      header.problems.append(".eh_frame_hdr ends inside its count")
      return header
    }
    guard count <= UInt64(view.count) else {
      header.problems.append(".eh_frame_hdr counts \(count) entries, more than it has room for")
      return header
    }
    for _ in 0..<Int(count) {
      let place = segment.address &+ UInt64(cursor.offset)
      guard
        let start = encodedPointer(&cursor, tableEncoding, place: place, data: segment.address),
        let fde = encodedPointer(&cursor, tableEncoding, place: place &+ 4, data: segment.address)
      else {
        header.problems.append(".eh_frame_hdr has fewer entries than the \(count) it counts")
        return header
      }
      header.table.append((start.address, fde.address))
    }
    return header
  }
}
