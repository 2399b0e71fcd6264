// Splitting and quoting of command words, and substitution of matrix variables in them.

/// Splits at blanks; single and double quotes keep blanks and are removed.
func splitWords(_ text: some StringProtocol) -> [String] {
  var words: [String] = []
  var word = ""
  var quote: Character?
  var inWord = false
  for character in text {
    if let open = quote {
      if character == open { quote = nil } else { word.append(character) }
    } else if character == "'" || character == "\"" {
      quote = character
      inWord = true
    } else if character == " " || character == "\t" {
      if inWord { words.append(word) }
      word = ""
      inWord = false
    } else {
      word.append(character)
      inWord = true
    }
  }
  if inWord { words.append(word) }
  return words
}

/// The word as a shell would need it.
func shellQuoted(_ word: String) -> String {
  let plain = word.allSatisfy {
    $0.isLetter || $0.isNumber || "-_=+/.,:@%".contains($0)
  }
  return plain && !word.isEmpty
    ? word
    : "'"
      + word.split(separator: "'", omittingEmptySubsequences: false)
      .joined(separator: "'\\''") + "'"
}

/// Replaces `$NAME` for the names given; other uses of `$`, such as `$ORIGIN`, stay.
func substituting(_ variables: [String: String], in text: String) -> String {
  guard text.contains("$") else { return text }
  var result = ""
  var rest = text[...]
  while let dollar = rest.firstIndex(of: "$") {
    result += rest[..<dollar]
    let after = rest[rest.index(after: dollar)...]
    let name = after.prefix { $0.isLetter || $0.isNumber || $0 == "_" }
    if let value = variables[String(name)] {
      result += value
    } else {
      result += "$" + name
    }
    rest = after[name.endIndex...]
  }
  return result + rest
}

/// The text without blanks at either end.
func trimmed(_ text: some StringProtocol) -> String {
  let blank: (Character) -> Bool = { $0 == " " || $0 == "\t" || $0 == "\r" }
  let start = text.drop(while: blank)
  var end = start.endIndex
  while end > start.startIndex, blank(start[start.index(before: end)]) {
    end = start.index(before: end)
  }
  return String(start[..<end])
}
