extension RustPrinter {
  /// `<path>`. In a value, generic arguments are written `::<…>`, as Rust's grammar wants it.
  mutating func path(inValue: Bool) {
    nested { $0.pathBody(inValue: inValue) }
  }

  private mutating func pathBody(inValue: Bool) {
    switch next() {
    case UInt8(ascii: "C"):
      write(identifier().name)
    case UInt8(ascii: "N"):
      nestedPath(inValue: inValue)
    case UInt8(ascii: "M"):
      skipImplementationPath()
      write("<")
      type()
      write(">")
    case UInt8(ascii: "X"):
      skipImplementationPath()
      write("<")
      type()
      write(" as ")
      path(inValue: false)
      write(">")
    case UInt8(ascii: "Y"):
      write("<")
      type()
      write(" as ")
      path(inValue: false)
      write(">")
    case UInt8(ascii: "I"):
      path(inValue: inValue)
      if inValue { write("::") }
      write("<")
      list(separator: ", ") { $0.genericArgument() }
      write(">")
    case UInt8(ascii: "B"):
      backReference { $0.path(inValue: inValue) }
    default:
      fail()
    }
  }

  private mutating func nestedPath(inValue: Bool) {
    let namespace = next()
    let isSpecial = namespace &- UInt8(ascii: "A") < 26
    guard isSpecial || namespace &- UInt8(ascii: "a") < 26 else { return fail() }
    path(inValue: inValue)
    let (name, disambiguator) = identifier()
    guard isSpecial else {
      if !name.isEmpty { write("::" + name) }
      return
    }
    switch namespace {
    case UInt8(ascii: "C"): write("::{closure")
    case UInt8(ascii: "S"): write("::{shim")
    default: write("::{\(Unicode.Scalar(namespace))")
    }
    if !name.isEmpty { write(":" + name) }
    write("#\(disambiguator)}")
  }

  /// `[<disambiguator>] <path>`: where an `impl` stands, which its type tells well enough.
  private mutating func skipImplementationPath() {
    _ = optionalBase62("s")
    let wasSilent = isSilent
    isSilent = true
    path(inValue: false)
    isSilent = wasSilent
  }

  mutating func genericArgument() {
    if eat("L") {
      lifetime(base62())
    } else if eat("K") {
      constant(inValue: false)
    } else {
      type()
    }
  }

  /// The lifetime with De Bruijn index `index`; 0 is the erased one.
  mutating func lifetime(_ index: UInt64) {
    if index == 0 { return write("'_") }
    guard index <= boundLifetimes else { return fail() }
    writeLifetimeName(boundLifetimes - index)
  }

  /// The lifetimes of a name are lettered from the outside in: 'a … 'z, then '_26.
  mutating func writeLifetimeName(_ number: UInt64) {
    if number < 26 {
      write("'\(Unicode.Scalar(UInt8(ascii: "a") + UInt8(number)))")
    } else {
      write("'_\(number)")
    }
  }

  /// `[<binder>]` and what it binds lifetimes for.
  mutating func withBinder(_ body: (inout RustPrinter) -> Void) {
    let count = optionalBase62("G")
    // Each lifetime is written out; nobody declares a thousand.
    guard !hasFailed, count <= 1000 else { return fail() }
    if count > 0 {
      write("for<")
      for i in 0..<count {
        if i > 0 { write(", ") }
        writeLifetimeName(boundLifetimes + i)
      }
      write("> ")
    }
    boundLifetimes += count
    body(&self)
    boundLifetimes -= count
  }
}
