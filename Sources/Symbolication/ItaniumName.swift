import Platform

/// The identifiers of an Itanium-mangled name, found without demangling it.
///
/// Demangling takes microseconds and writes text; looking for a misspelt name among half a million
/// needs the identifiers of each in a tenth of that. So this reads the `<name>` of an `<encoding>`
/// (Itanium C++ ABI, section 5.1.2), jumps over template arguments, and leaves the parameters as an
/// opaque tail. Names with expressions, local entities or conversions in them are not understood:
/// those are merely never suggested.
struct ItaniumName {
  /// What a special name is about (`TV`, `GV`); empty for functions and variables.
  private(set) var special = ByteString("")
  /// Namespaces, classes and the entity itself, outermost first: identifiers, and the codes of
  /// operators (`pl`), constructors (`C1`) and abbreviations (`St`). Rust's hash is dropped.
  private(set) var components: [ByteString] = []
  /// The template arguments of the entity, and its parameters.
  private(set) var tail = ByteString("")
  private(set) var hasRustHash = false

  /// Reads another name into the same storage; whether it was understood.
  mutating func parse(_ name: ByteString) -> Bool {
    components.removeAll(keepingCapacity: true)
    hasRustHash = false
    special = ByteString("")
    guard name.hasPrefix("_Z"), name.count > 3 else { return false }
    var position = 2
    if name[2] == UInt8(ascii: "T") {
      guard "VTISWHA".utf8.contains(name[3]) else { return false }
      special = name[2..<4]
      position = 4
    } else if name.dropFirst(2).hasPrefix("GV") {
      special = name[2..<4]
      position = 4
    }
    guard position < name.count else { return false }
    if name[position] == UInt8(ascii: "N") {
      position += 1
      // Qualifiers of a member function.
      while position < name.count, "rVKRO".utf8.contains(name[position]) { position += 1 }
      var lastArguments: Int?
      while position < name.count, name[position] != UInt8(ascii: "E") {
        let start = position
        guard parseComponent(name, &position) else { return false }
        lastArguments = name[start] == UInt8(ascii: "I") ? start : nil
      }
      guard position < name.count else { return false }
      tail = name.dropFirst(lastArguments ?? position + 1)
    } else {
      if name.dropFirst(position).hasPrefix("St") {
        components.append(name[position..<position + 2])
        position += 2
      }
      guard parseComponent(name, &position) else { return false }
      tail = name.dropFirst(position)
    }
    if let last = components.last, components.count > 1, isRustHash(last) {
      components.removeLast()
      hasRustHash = true
    }
    return !components.isEmpty
  }

  private mutating func parseComponent(_ name: ByteString, _ position: inout Int) -> Bool {
    let byte = name[position]
    if byte &- UInt8(ascii: "0") < 10 { return parseIdentifier(name, &position) }
    guard position + 1 < name.count else { return false }
    let next = name[position + 1]
    switch byte {
    case UInt8(ascii: "S"):
      let start = position
      guard skipSubstitution(name, &position) else { return false }
      components.append(name[start..<position])
    case UInt8(ascii: "I"):
      return skipTemplateArguments(name, &position)
    case UInt8(ascii: "L"):  // internal linkage
      position += 1
      return next &- UInt8(ascii: "0") < 10 && parseIdentifier(name, &position)
    case UInt8(ascii: "B"):  // ABI tag
      position += 1
      return sourceName(in: name, at: &position) != nil
    case UInt8(ascii: "C"), UInt8(ascii: "D"):
      guard next &- UInt8(ascii: "0") < 6 else { return false }
      // The variants of a constructor are one to whoever wrote it.
      components.append(name[position..<position + 1])
      position += 2
    default:
      guard byte &- UInt8(ascii: "a") < 26, !name.dropFirst(position).hasPrefix("cv") else {
        return false
      }
      components.append(name[position..<position + 2])
      position += 2
    }
    return true
  }

  private mutating func parseIdentifier(_ name: ByteString, _ position: inout Int) -> Bool {
    guard let identifier = sourceName(in: name, at: &position) else { return false }
    components.append(identifier)
    return true
  }

  /// `St`, `S_`, `S1A_`.
  private func skipSubstitution(_ name: ByteString, _ position: inout Int) -> Bool {
    guard position + 1 < name.count else { return false }
    if name[position + 1] &- UInt8(ascii: "a") < 26 {
      position += 2
      return true
    }
    return skip(past: "_", name, &position)
  }

  private func skip(past end: Unicode.Scalar, _ name: ByteString, _ position: inout Int) -> Bool {
    guard let distance = name.dropFirst(position).firstIndex(of: UInt8(ascii: end)) else {
      return false
    }
    position += distance + 1
    return true
  }

  /// From an `I` to behind the `E` that ends it.
  private func skipTemplateArguments(_ name: ByteString, _ position: inout Int) -> Bool {
    var depth = 0
    while position < name.count {
      let byte = name[position]
      switch byte {
      case UInt8(ascii: "I"), UInt8(ascii: "J"), UInt8(ascii: "N"), UInt8(ascii: "F"):
        depth += 1
        position += 1
      case UInt8(ascii: "E"):
        depth -= 1
        position += 1
        if depth == 0 { return true }
      case UInt8(ascii: "0")...UInt8(ascii: "9"):
        guard sourceName(in: name, at: &position) != nil else { return false }
      case UInt8(ascii: "S"):
        guard skipSubstitution(name, &position) else { return false }
      case UInt8(ascii: "T"), UInt8(ascii: "A"):
        // A template parameter, or the length of an array.
        guard skip(past: "_", name, &position) else { return false }
      case UInt8(ascii: "D"):
        // Built-in types of two letters, and packs; not expressions.
        guard position + 1 < name.count, "pndfehisuac".utf8.contains(name[position + 1]) else {
          return false
        }
        position += 2
      case UInt8(ascii: "L"):
        // A literal: a built-in type or the name of an enumeration, and a value.
        position += 1
        guard position < name.count else { return false }
        if name[position] &- UInt8(ascii: "0") < 10 {
          guard sourceName(in: name, at: &position) != nil else { return false }
        } else if name[position] &- UInt8(ascii: "a") >= 26 {
          return false
        }
        guard skip(past: "E", name, &position) else { return false }
      case UInt8(ascii: "X"), UInt8(ascii: "Z"):
        return false
      default:
        position += 1
      }
    }
    return false
  }
}
