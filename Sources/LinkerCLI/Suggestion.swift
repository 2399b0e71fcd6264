import Platform

/// The option that was probably meant by one that doesn't exist.
enum Suggestion {
  /// The message for a word that begins with a dash and names no option.
  static func unknownOption(_ word: String) -> String {
    for prefix in ["-Wl,", "-Xlinker"] where word.hasPrefix(prefix) {
      return
        "unknown option '\(word)'; '\(prefix)' is for compilers, give the linker what follows it"
    }
    let name = Array(word.utf8.drop { $0 == UInt8(ascii: "-") }.prefix { $0 != UInt8(ascii: "=") })
    guard let spelling = nearest(to: name, in: OptionTable.options) else {
      return "unknown option '\(word)'"
    }
    let dashes = spelling.name.count == 1 ? "-" : spelling.dashes == 1 ? "-" : "--"
    return "unknown option '\(word)'; did you mean '\(dashes)\(spelling.name)'?"
  }

  /// The warning about a `-z` keyword that doesn't exist.
  static func unknownKeyword(_ text: String) -> String {
    let name = Array(text.utf8.prefix { $0 != UInt8(ascii: "=") })
    guard let spelling = nearest(to: name, in: OptionTable.keywords) else {
      return "unknown option '-z \(text)' is ignored"
    }
    return "unknown option '-z \(text)' is ignored; did you mean '-z \(spelling.name)'?"
  }

  /// The name with the fewest edits, if those are few for its length; of equals the first.
  ///
  /// Complexity: the number of names times the product of the lengths. Very long words aren't
  /// looked up, as they can't be near to any name.
  private static func nearest(to name: [UInt8], in index: OptionIndex) -> OptionIndex.Spelling? {
    if name.count < 2 || name.count > 64 { return nil }
    var best: OptionIndex.Spelling?
    var bestDistance = max(1, name.count / 3) + 1
    for spelling in index.spellings where spelling.name.count > 1 {
      let other = Array(spelling.name.buffer)
      if abs(other.count - name.count) >= bestDistance { continue }
      let distance = editDistance(name, other)
      if distance < bestDistance {
        bestDistance = distance
        best = spelling
      }
    }
    return best
  }

  /// Insertions, deletions, replacements and swaps of neighbours that turn `a` into `b`.
  static func editDistance(_ a: [UInt8], _ b: [UInt8]) -> Int {
    var beforeLast = [Int](repeating: 0, count: b.count + 1)
    var last = Array(0...b.count)
    var row = last
    for i in 0..<a.count {
      row[0] = i + 1
      for j in 0..<b.count {
        var cost = last[j] + (a[i] == b[j] ? 0 : 1)
        cost = min(cost, last[j + 1] + 1, row[j] + 1)
        if i > 0, j > 0, a[i] == b[j - 1], a[i - 1] == b[j] {
          cost = min(cost, beforeLast[j - 1] + 1)
        }
        row[j + 1] = cost
      }
      (beforeLast, last, row) = (last, row, beforeLast)
    }
    return last[b.count]
  }
}
