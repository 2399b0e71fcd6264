extension Findings {
  /// The findings as one line of JSON: `{"subject":…,"findings":[{"aspect":…,…}],"dropped":n}`.
  public func json(subject: String) -> String {
    let items = list.map {
      "{\"aspect\":\(quoted($0.aspect.rawValue)),\"subject\":\(quoted($0.subject)),"
        + "\"detail\":\(quoted($0.detail))}"
    }
    return "{\"subject\":\(quoted(subject)),\"findings\":[\(items.joined(separator: ","))],"
      + "\"dropped\":\(dropped.values.reduce(0, +))}\n"
  }
}

/// A JSON string (RFC 8259, section 7).
private func quoted(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    default:
      if scalar.value < 0x20 {
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      } else {
        result.unicodeScalars.append(scalar)
      }
    }
  }
  return result + "\""
}
