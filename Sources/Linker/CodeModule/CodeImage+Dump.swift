import Platform

/// Every file of an image with its symbols, for people and for programs.
extension CodeImage {
  private struct Line {
    var index: UInt32
    var name: String
    var address: UInt64
    var section: Int
    var atom: UInt32
    var isExport: Bool
    var isImport: Bool
    var isWeak: Bool
    var file: String
  }

  private func lines() -> [Line] {
    (1..<max(symbols.count, 1)).compactMap { raw in
      let symbol = SymbolIndex(raw)
      let record = records[symbol]
      if record.kind == .unused { return nil }
      let atom = symbols[symbol].atom
      return Line(
        index: symbol.raw, name: label(symbol), address: symbols[symbol].word,
        section: atom.isNone ? 0 : Int(headerIndex(of: store.atoms[atom].output)),
        atom: atom.isNone ? 0 : atom.raw, isExport: record.kind == .export,
        isImport: record.kind == .importReference,
        isWeak: record.binding == .weak || record.binding == .linkOnce
          || record.flags.contains(.isWeakReference),
        file: "code module")
    }
  }

  private func label(_ symbol: SymbolIndex) -> String {
    let record = records[symbol]
    if record.nameOffset != 0 { return String(describing: name(symbol)) }
    return record.kind == .declaration ? "declaration.\(record.key)" : "unnamed.\(symbol.raw)"
  }

  func name(containing address: UInt64) -> String? {
    for part in placed
    where address >= part.section.address && address < part.section.endAddress {
      for atom in part.atoms {
        let record = store.atoms[atom]
        guard address >= record.address, address < record.address &+ record.size,
          record.side != .max
        else { continue }
        return label(SymbolIndex(raw: record.side))
      }
    }
    return nil
  }

  /// A line each: `%index : name : @address : sect(n) : atom(n) : EI : weak : file`.
  func dump() -> String {
    var text = "code module:\n"
    for (title, isGlobal) in [("locals", false), ("globals", true)] {
      text += "  \(title)\n"
      for line in lines() where (line.isExport || line.isImport) == isGlobal {
        var flags = ""
        if line.isExport { flags += "E" }
        if line.isImport { flags += "I" }
        text +=
          "    %\(line.index) : \(line.name) : @\(String(line.address, radix: 16))"
          + " : sect(\(line.section)) : atom(\(line.atom)) : \(flags)"
          + " : \(line.isWeak ? "weak" : "") : \(line.file)\n"
      }
    }
    if let image = foreign.image {
      text += "other inputs:\n"
      for (i, symbol) in image.symbols.enumerated() {
        text +=
          "    \(String(describing: symbol.name)) : @\(String(symbol.value, radix: 16))"
          + " : \(i < image.localSymbolCount ? "local" : "global")\n"
      }
    }
    return text
  }

  /// `{"files": [{"name", "locals": [symbol], "globals": [symbol]}]}`.
  func dumpJSON() -> String {
    var text = "{\"files\":[{\"name\":\"code module\""
    for (title, isGlobal) in [("locals", false), ("globals", true)] {
      text += ",\"\(title)\":["
      var isFirst = true
      for line in lines() where (line.isExport || line.isImport) == isGlobal {
        if !isFirst { text += "," }
        isFirst = false
        text +=
          "{\"index\":\(line.index),\"name\":\(Self.quoted(line.name)),\"address\":\(line.address)"
          + ",\"section\":\(line.section),\"atom\":\(line.atom),\"export\":\(line.isExport)"
          + ",\"import\":\(line.isImport),\"weak\":\(line.isWeak)}"
      }
      text += "]"
    }
    text += "}"
    if let image = foreign.image {
      text += ",{\"name\":\"other inputs\""
      for (title, range) in [
        ("locals", 0..<image.localSymbolCount),
        ("globals", image.localSymbolCount..<image.symbols.count),
      ] {
        text += ",\"\(title)\":["
        for i in range {
          let symbol = image.symbols[i]
          if i > range.lowerBound { text += "," }
          text +=
            "{\"name\":\(Self.quoted(String(describing: symbol.name))),\"address\":\(symbol.value)}"
        }
        text += "]"
      }
      text += "}"
    }
    return text + "]}"
  }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"": result += "\\\""
      case "\\": result += "\\\\"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }
}
