extension RustPrinter {
  /// `<type>`.
  mutating func type() {
    nested { $0.typeBody() }
  }

  private mutating func typeBody() {
    let tag = peek
    if let name = Self.basicType(tag) {
      position += 1
      return write(name)
    }
    switch tag {
    case UInt8(ascii: "A"):
      position += 1
      write("[")
      type()
      write("; ")
      constant(inValue: true)
      write("]")
    case UInt8(ascii: "S"):
      position += 1
      write("[")
      type()
      write("]")
    case UInt8(ascii: "T"):
      position += 1
      write("(")
      let count = list(separator: ", ") { $0.type() }
      write(count == 1 ? ",)" : ")")
    case UInt8(ascii: "R"), UInt8(ascii: "Q"):
      position += 1
      write("&")
      if eat("L") {
        let index = base62()
        if index != 0 {
          lifetime(index)
          write(" ")
        }
      }
      if tag == UInt8(ascii: "Q") { write("mut ") }
      type()
    case UInt8(ascii: "P"):
      position += 1
      write("*const ")
      type()
    case UInt8(ascii: "O"):
      position += 1
      write("*mut ")
      type()
    case UInt8(ascii: "F"):
      position += 1
      withBinder { $0.functionSignature() }
    case UInt8(ascii: "D"):
      position += 1
      write("dyn ")
      withBinder { printer in
        printer.list(separator: " + ") { $0.traitObject() }
      }
      guard eat("L") else { return fail() }
      let index = base62()
      if index != 0 {
        write(" + ")
        lifetime(index)
      }
    case UInt8(ascii: "B"):
      position += 1
      backReference { $0.type() }
    default:
      path(inValue: false)
    }
  }

  /// `["U"] ["K" <abi>] {<type>} "E" <type>`.
  private mutating func functionSignature() {
    if eat("U") { write("unsafe ") }
    if eat("K") {
      var abi = "C"
      if !eat("C") {
        // Dashes, which symbol names cannot have, are written as underscores.
        abi = String(undisambiguatedIdentifier().map { $0 == "_" ? "-" : $0 })
      }
      write("extern \"\(abi)\" ")
    }
    write("fn(")
    list(separator: ", ") { $0.type() }
    write(")")
    // `()` goes without saying.
    if eat("u") { return }
    write(" -> ")
    type()
  }

  /// `<path> {"p" <undisambiguated-identifier> <type>}`: the associated types join the trait's
  /// generic arguments between one pair of angle brackets.
  private mutating func traitObject() {
    var isOpen = pathLeavingGenericsOpen()
    while eat("p") {
      write(isOpen ? ", " : "<")
      isOpen = true
      write(undisambiguatedIdentifier() + " = ")
      type()
    }
    if isOpen { write(">") }
  }

  /// Writes a path; whether it ends in generic arguments whose `>` is still to be written.
  private mutating func pathLeavingGenericsOpen() -> Bool {
    var isOpen = false
    nested { printer in
      if printer.eat("B") {
        printer.backReference { isOpen = $0.pathLeavingGenericsOpen() }
      } else if printer.eat("I") {
        printer.path(inValue: false)
        printer.write("<")
        printer.list(separator: ", ") { $0.genericArgument() }
        isOpen = true
      } else {
        printer.path(inValue: false)
      }
    }
    return isOpen
  }

  static func basicType(_ tag: UInt8) -> String? {
    switch tag {
    case UInt8(ascii: "a"): "i8"
    case UInt8(ascii: "b"): "bool"
    case UInt8(ascii: "c"): "char"
    case UInt8(ascii: "d"): "f64"
    case UInt8(ascii: "e"): "str"
    case UInt8(ascii: "f"): "f32"
    case UInt8(ascii: "h"): "u8"
    case UInt8(ascii: "i"): "isize"
    case UInt8(ascii: "j"): "usize"
    case UInt8(ascii: "l"): "i32"
    case UInt8(ascii: "m"): "u32"
    case UInt8(ascii: "n"): "i128"
    case UInt8(ascii: "o"): "u128"
    case UInt8(ascii: "p"): "_"
    case UInt8(ascii: "s"): "i16"
    case UInt8(ascii: "t"): "u16"
    case UInt8(ascii: "u"): "()"
    case UInt8(ascii: "v"): "..."
    case UInt8(ascii: "x"): "i64"
    case UInt8(ascii: "y"): "u64"
    case UInt8(ascii: "z"): "!"
    default: nil
    }
  }
}
