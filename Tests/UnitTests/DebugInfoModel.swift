import ELFFormat
import Testing

@testable import Linker

/// Numbers that are the same in every run.
struct SeededNumbers: RandomNumberGenerator {
  private var state: UInt64
  init(seed: UInt64) { state = seed }
  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}

/// What debug information is expected to say, in the words of `DwarfWalker`.
struct DebugInfoModel<E: ELFEncoding> {
  enum Described {
    case function(FunctionDebugInfo, size: UInt64)
    case variable(VariableDebugInfo, isThreadLocal: Bool)
  }
  struct Declared {
    var described: Described
    var address: UInt64
    var unit: DebugUnit {
      switch described {
      case .function(let info, _): info.unit
      case .variable(let info, _): info.unit
      }
    }
  }
  var declared: [UInt32: Declared] = [:]

  typealias Walker = DwarfWalker<E>

  var units: Set<Walker.Unit> {
    let groups = Dictionary(grouping: declared.values, by: \.unit)
    return Set(
      groups.map { unit, members in
        var expected = Walker.Unit()
        expected.path = unit.path
        expected.directory = unit.directory
        expected.producer = unit.producer
        var types: Set<DebugType> = []
        for member in members {
          expected.declarations.insert(words(member, &types))
          guard case .function(let info, let size) = member.described else { continue }
          expected.ranges.append(member.address..<member.address + size)
          if !info.lines.isEmpty {
            expected.sequences.insert(rows(info.lines, member.address, size))
          }
        }
        expected.typeCount = types.count
        return expected
      })
  }

  /// Ranges in the order in which they are compared.
  static func sorted(_ units: some Sequence<Walker.Unit>) -> Set<Walker.Unit> {
    Set(
      units.map { unit in
        var copy = unit
        copy.ranges.sort { $0.lowerBound < $1.lowerBound }
        return copy
      })
  }

  var frames: [UInt64: [UInt8]] {
    var found: [UInt64: [UInt8]] = [:]
    for member in declared.values {
      guard case .function(let info, _) = member.described else { continue }
      if !info.frameInstructions.isEmpty { found[member.address] = info.frameInstructions }
    }
    return found
  }

  private func rows(_ lines: [DebugLine], _ address: UInt64, _ size: UInt64) -> [Walker.Row] {
    var rows = lines.map {
      Walker.Row(address: address + UInt64($0.offset), line: Int($0.line), column: Int($0.column))
    }
    var end = rows[rows.count - 1]
    end.address = address + size
    end.isEnd = true
    rows.append(end)
    return rows
  }

  private func words(_ member: Declared, _ types: inout Set<DebugType>) -> String {
    switch member.described {
    case .variable(let info, let isThreadLocal):
      var text = "variable \(info.name)\(info.isExternal ? " external" : "") at \(member.address)"
      text += isThreadLocal ? " of a thread" : ""
      return text + " type \(words(info.type, &types))"
    case .function(let info, let size):
      var text = "function \(info.name)\(info.isExternal ? " external" : "") at \(member.address)"
      text += " size \(size) base \([0x70 + info.frameRegister, 0])"
      text += " result \(words(info.result, &types))"
      for local in info.locals {
        var location: [UInt8] = [0x91]
        var leb = DebugBytes<E>()
        leb.sleb(local.frameOffset)
        location += leb.bytes
        text += local.isParameter ? " parameter" : " local"
        text += " \(local.name) \(location) \(words(local.type, &types))"
      }
      return text
    }
  }

  private func words(_ type: DebugType?, _ types: inout Set<DebugType>) -> String {
    guard let type else { return "void" }
    types.insert(type)
    switch type {
    case .integer(let name, let bytes, let isSigned): return "\(name):\(bytes):\(isSigned ? 5 : 7)"
    case .boolean(let name, let bytes): return "\(name):\(bytes):2"
    case .float(let name, let bytes): return "\(name):\(bytes):4"
    case .pointer(let target): return "*\(E.wordSize)(\(words(target, &types)))"
    case .array(let element, let count): return "[\(count)](\(words(element, &types)))"
    case .incomplete(let name): return "incomplete \(name)"
    case .structure(let name, let bytes, let fields):
      let parts = fields.map { "\($0.name)@\($0.offset) \(words($0.type, &types))" }
      return "struct \(name):\(bytes){\(parts.joined(separator: ","))}"
    case .function(let result, let parameters):
      let parts = parameters.map { words($0, &types) }
      return "(\(parts.joined(separator: ",")))->\(words(result, &types))"
    }
  }
}

/// Descriptions made up at random.
struct DebugInfoMaker {
  var numbers: SeededNumbers
  let units: [DebugUnit]

  init(seed: UInt64, units: Int) {
    numbers = SeededNumbers(seed: seed)
    self.units = (0..<units).map {
      DebugUnit(
        path: "source\($0).t", directory: $0 % 2 == 0 ? "/src" : "/other", language: 0x1d,
        producer: "compiler \($0 / 3)")
    }
  }

  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &numbers) }

  mutating func name(_ prefix: String) -> String {
    prefix + String(repeating: "x", count: below(4) == 0 ? below(60) : below(6))
  }

  mutating func type(_ depth: Int = 3) -> DebugType {
    switch below(depth == 0 ? 4 : 9) {
    case 0: return .integer(name: "int", bytes: 4, isSigned: true)
    case 1: return .integer(name: "word\(below(3))", bytes: 8, isSigned: false)
    case 2: return .boolean(name: "bool", bytes: 1)
    case 3: return .float(name: "double", bytes: 8)
    case 4: return .pointer(to: below(4) == 0 ? nil : type(depth - 1))
    case 5: return .array(of: type(depth - 1), count: UInt64(below(300)))
    case 6: return .incomplete(name: "Node\(below(3))")
    case 7:
      let fields = (0..<below(4)).map {
        DebugType.Field(name: "field\($0)", type: type(depth - 1), offset: UInt64($0 * 8))
      }
      return .structure(name: "Record\(below(3))", bytes: UInt64(fields.count * 8), fields: fields)
    default:
      return .function(
        result: below(2) == 0 ? nil : type(depth - 1),
        parameters: (0..<below(3)).map { _ in type(depth - 1) })
    }
  }

  mutating func lines(size: UInt64) -> [DebugLine] {
    var offset: UInt32 = 0
    var lines: [DebugLine] = []
    for _ in 0..<below(below(5) == 0 ? 60 : 12) {
      lines.append(
        DebugLine(
          offset: offset, line: UInt32(1 + below(below(4) == 0 ? 5000 : 40)),
          column: UInt32(below(3) == 0 ? below(200) : 0)))
      offset = min(UInt32(size), offset + UInt32(below(40)))
    }
    return lines
  }

  mutating func function(_ key: UInt32, size: UInt64) -> FunctionDebugInfo {
    FunctionDebugInfo(
      unit: units[below(units.count)], name: name("f\(key)"), lines: lines(size: size),
      result: below(3) == 0 ? nil : type(),
      locals: (0..<below(below(6) == 0 ? 20 : 5)).map {
        DebugLocal(
          name: name("l\($0)"), type: type(), frameOffset: Int64(below(4000)) - 2000,
          isParameter: $0 < 2)
      },
      frameRegister: UInt8(below(31)),
      frameInstructions: (0..<below(below(3) == 0 ? 50 : 8)).map { _ in UInt8(1 + below(60)) },
      isExternal: below(2) == 0)
  }

  mutating func variable(_ key: UInt32) -> VariableDebugInfo {
    VariableDebugInfo(
      unit: units[below(units.count)], name: name("v\(key)"), type: type(),
      isExternal: below(2) == 0)
  }
}
