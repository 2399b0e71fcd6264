import Platform

/// What one of the instruction forms that linkers rewrite does, in terms that its other forms
/// share (x86-64 psABI, "Optimize GOTPCRELX Relocations" and "TLS Code Models").
struct RelaxedForm {
  enum Action: Equatable {
    case load(UInt8)
    case add(UInt8)
    case operate(UInt8, UInt8)
    case call, jump, none
    case threadPointer
    case threadLocal
  }
  enum Operand {
    case none
    case address(UInt64)
    /// The word at this address.
    case slot(UInt64)
    case immediate(Int32)
  }
  var length: Int
  var action: Action
  var operand: Operand
}

extension Image {
  /// Recognises the forms that start at `offset` of `code`, which is at `address`.
  func relaxedForms(_ code: ByteView, _ offset: Int, address: UInt64) -> [RelaxedForm] {
    var forms: [RelaxedForm] = []
    func target(_ field: Int) -> UInt64? {
      code.i32(field).map { address &+ UInt64(field + 4) &+ UInt64(bitPattern: Int64($0)) }
    }
    func add(_ length: Int, _ action: RelaxedForm.Action, _ operand: RelaxedForm.Operand) {
      forms.append(RelaxedForm(length: length, action: action, operand: operand))
    }
    guard let first = code.u8(offset), let second = code.u8(offset + 1) else { return [] }
    if first == 0xff, second == 0x15, let slot = target(offset + 2) { add(6, .call, .slot(slot)) }
    if first == 0xff, second == 0x25, let slot = target(offset + 2) { add(6, .jump, .slot(slot)) }
    if first == 0x67, second == 0xe8, let to = target(offset + 2) { add(6, .call, .address(to)) }
    if first == 0xe8, code.u8(offset + 5) == 0x90, let to = target(offset + 1) {
      add(6, .call, .address(to))
    }
    if first == 0xe9, code.u8(offset + 5) == 0x90, let to = target(offset + 1) {
      add(6, .jump, .address(to))
    }
    // The call of a TLS descriptor and the nop it becomes.
    if (first == 0xff && second == 0x10) || (first == 0x66 && second == 0x90) {
      add(2, .none, .none)
    }
    threadLocalForms(code, offset, target, add)
    guard first & 0xf0 == 0x40, let modRM = code.u8(offset + 2) else { return forms }
    let wide = first & 0x08 != 0 ? UInt8(0x40) : 0
    let register = (modRM >> 3 & 7) | (first & 4) << 1 | wide
    let base = (modRM & 7) | (first & 1) << 3 | wide
    if modRM & 0xc7 == 0x05, let place = target(offset + 3) {
      switch second {
      case 0x8b: add(7, .load(register), .slot(place))
      case 0x8d: add(7, .load(register), .address(place))
      case 0x03:
        add(7, .add(register), .slot(place))
        add(7, .operate(0, register), .slot(place))
      case 0x85: add(7, .operate(8, register), .slot(place))
      case 0x0b, 0x13, 0x1b, 0x23, 0x2b, 0x33, 0x3b:
        add(7, .operate(second >> 3, register), .slot(place))
      default: break
      }
    }
    if let immediate = code.i32(offset + 3) {
      if second == 0xc7, modRM & 0xf8 == 0xc0 { add(7, .load(base), .immediate(immediate)) }
      if second == 0xf7, modRM & 0xf8 == 0xc0 {
        add(7, .operate(8, base), .immediate(immediate))
      }
      if second == 0x81, modRM & 0xc0 == 0xc0 {
        if modRM & 0x38 == 0 { add(7, .add(base), .immediate(immediate)) }
        add(7, .operate(modRM >> 3 & 7, base), .immediate(immediate))
      }
      if second == 0x8d, modRM & 0xc0 == 0x80, register == base {
        add(7, .add(base), .immediate(immediate))
      }
    }
    return forms
  }

  /// General and local dynamic sequences and what they become in a program.
  private func threadLocalForms(
    _ code: ByteView, _ offset: Int, _ target: (Int) -> UInt64?,
    _ add: (Int, RelaxedForm.Action, RelaxedForm.Operand) -> Void
  ) {
    // data16 lea x@tlsgd(%rip), %rdi; call __tls_get_addr
    if code.u32(offset) == 0x3d8d_4866, let slot = target(offset + 4),
      let call = code.u32(offset + 8), call == 0xe848_6666 || call == 0x15ff_4866
    {
      add(16, .threadLocal, .slot(slot))
    }
    // lea x@tlsld(%rip), %rdi; call __tls_get_addr, directly or through its slot
    if code.u16(offset) == 0x8d48, code.u8(offset + 2) == 0x3d, let slot = target(offset + 3),
      relocations[slot]?.meaning == .tlsModule || file.word(at: slot) == 1
    {
      if code.u8(offset + 7) == 0xe8 { add(12, .threadPointer, .none) }
      if code.u16(offset + 7) == 0x15ff || code.u16(offset + 7) == 0xe867 {
        add(13, .threadPointer, .none)
      }
    }
    // mov %fs:0, %rax; then lea x@tpoff(%rax), %rax or add x@gottpoff(%rip), %rax
    if code.u64(offset) == 0x0000_2504_8b48_64, code.u8(offset + 8) == 0 {
      if code.u16(offset + 9) == 0x8d48, code.u8(offset + 11) == 0x80,
        let immediate = code.i32(offset + 12)
      {
        add(16, .threadLocal, .immediate(immediate))
      }
      if code.u16(offset + 9) == 0x0348, code.u8(offset + 11) == 0x05,
        let slot = target(offset + 12)
      {
        add(16, .threadLocal, .slot(slot))
      }
    }
    // The same load padded with data16 prefixes to the length of a local dynamic call.
    for padding in [3, 4] where code.u32(offset + padding) == 0x048b_4864 {
      var isPadded = code.u8(offset + padding + 4) == 0x25 && code.u32(offset + padding + 5) == 0
      for i in 0..<padding where code.u8(offset + i) != 0x66 { isPadded = false }
      if isPadded { add(padding + 9, .threadPointer, .none) }
    }
  }
}

extension Equivalence {
  func sameForm(_ x: RelaxedForm, _ y: RelaxedForm) -> Bool {
    guard x.length == y.length, x.action == y.action else { return false }
    func word(_ operand: RelaxedForm.Operand, _ image: Image) -> Image.Word? {
      switch operand {
      case .address(let address): .address(address)
      case .slot(let place): image.word(at: place)
      case .immediate(let value): .raw(UInt64(bitPattern: Int64(value)))
      case .none: nil
      }
    }
    switch (x.operand, y.operand) {
    case (.none, .none): return true
    case (.immediate(let x), .immediate(let y)): return sameImmediate(x, y)
    case (.slot(let i), .slot(let j)):
      if sameAddress(i, j) { return true }
    default: break
    }
    guard let one = word(x.operand, a), let two = word(y.operand, b) else { return false }
    if sameWord(one, two) { return true }
    if x.action == .threadLocal || y.action == .threadLocal {
      // A general dynamic pair of slots: the second word has the offset in the module.
      func second(_ operand: RelaxedForm.Operand, _ image: Image, _ word: Image.Word) -> Image.Word?
      {
        guard case .slot(let place) = operand, image.relocations[place]?.meaning == .tlsModule
        else {
          return word
        }
        let next = image.word(at: place &+ UInt64(image.file.wordSize))
        if case .raw(let offset) = next { return .tlsOffset(offset) }
        return next
      }
      if let one = second(x.operand, a, one), let two = second(y.operand, b, two) {
        return sameWord(one, two)
      }
    }
    return false
  }
}
