import ELFFormat
import Platform

/// The offset table of an image: a word for each symbol that code refers to, which holds the
/// symbol's present address. A slot never moves while its symbol lives; slots of dead symbols are
/// used again. Code has a slot's address in its instructions, so what does not fit into the first
/// section goes on in another one, and no slot ever changes its address.
final class SlotTable<E: ELFEncoding> {
  /// Bytes.
  static var width: UInt64 { UInt64(E.wordSize) }

  struct Part {
    var section: ImageSection
    /// Number of its first slot.
    var first: UInt32
    /// The section's.
    var address: UInt64

    init(section: ImageSection, first: UInt32) {
      self.section = section
      self.first = first
      address = section.address
    }
  }
  private(set) var parts: [Part] = []
  /// Who each slot is for; `.none` for free ones.
  private let owners = GrowingMemory<SymbolIndex>(of: "slots")
  private var unused: [UInt32] = []
  private let makePart: () throws(ImageError) -> ImageSection

  /// - Parameter makePart: a new section for slots, where code can reach it.
  init(makePart: @escaping () throws(ImageError) -> ImageSection) {
    self.makePart = makePart
  }

  deinit { owners.release() }

  /// Gives the table its first section, which is empty.
  func reserveFirst(_ section: ImageSection) {
    precondition(parts.isEmpty)
    parts.append(Part(section: section, first: 0))
  }

  var count: Int { owners.count }

  /// A slot for `symbol`, holding zero.
  func allocate(_ symbol: SymbolIndex) throws(ImageError) -> Int32 {
    if let slot = unused.popLast() {
      owners[slot] = symbol
      write(Int32(bitPattern: slot), 0)
      return Int32(bitPattern: slot)
    }
    try owners.makeRoom(for: 1)
    let slot = UInt32(owners.count)
    if let part = parts.last, part.section.size + Self.width <= part.section.reserve {
      try part.section.grow(to: part.section.size + Self.width)
    } else {
      let section = try makePart()
      try section.grow(to: Self.width)
      parts.append(Part(section: section, first: slot))
    }
    owners.append(symbol)
    return Int32(bitPattern: slot)
  }

  func free(_ slot: Int32) {
    write(slot, 0)
    owners[UInt32(bitPattern: slot)] = .none
    unused.append(UInt32(bitPattern: slot))
  }

  func address(_ slot: Int32) -> UInt64 {
    let slot = UInt32(bitPattern: slot)
    let part = index(slot)
    return parts[part].address + UInt64(slot - parts[part].first) * Self.width
  }

  /// Who a slot is for; `.none` for a free one.
  func owner(_ slot: Int32) -> SymbolIndex { owners[UInt32(bitPattern: slot)] }

  /// The slot at an address; nil if there is none.
  func slot(at address: UInt64) -> Int32? {
    part(at: address).map {
      Int32(bitPattern: $0.first) + Int32((address - $0.address) / Self.width)
    }
  }

  /// The section that has the slot at an address; nil if there is none.
  func section(at address: UInt64) -> ImageSection? { part(at: address)?.section }

  private func part(at address: UInt64) -> Part? {
    parts.first { address >= $0.address && address < $0.section.endAddress }
  }

  /// The bytes of a slot; they stay valid until there are more slots.
  func bytes(_ slot: Int32) -> UnsafeRawBufferPointer {
    let (section, offset) = place(slot)
    return UnsafeRawBufferPointer(start: section.pointer(offset), count: Int(Self.width))
  }

  func value(_ slot: Int32) -> UInt64 {
    let (section, offset) = place(slot)
    return E.loadWord(section.pointer(offset))
  }

  /// Makes a slot hold `value`, and says whether it did not before.
  func update(_ slot: Int32, _ value: UInt64) -> Bool {
    let (section, offset) = place(slot)
    if E.loadWord(section.pointer(offset)) == value { return false }
    let bytes = section.mutableBytes(offset..<offset + Self.width)
    E.storeWord(value, bytes.baseAddress.unsafelyUnwrapped)
    return true
  }

  private func write(_ slot: Int32, _ value: UInt64) {
    let (section, offset) = place(slot)
    let bytes = section.mutableBytes(offset..<offset + Self.width)
    E.storeWord(value, bytes.baseAddress.unsafelyUnwrapped)
  }

  /// The part that a slot is in. Each part is twice the one before it, so there are few.
  @inline(__always)
  private func index(_ slot: UInt32) -> Int {
    var index = parts.count - 1
    while parts[index].first > slot { index -= 1 }
    return index
  }

  private func place(_ slot: Int32) -> (ImageSection, UInt64) {
    let slot = UInt32(bitPattern: slot)
    let part = index(slot)
    return (parts[part].section, UInt64(slot - parts[part].first) * Self.width)
  }

  /// What does not hold though it must: owners and slots agree, values are right.
  func violations(
    slot: (SymbolIndex) -> Int32, value expected: (SymbolIndex) -> UInt64
  ) -> [String] {
    var found: [String] = []
    for i in 0..<owners.count {
      let owner = owners[i]
      let number = Int32(truncatingIfNeeded: i)
      if owner.isNone {
        if value(number) != 0 { found.append("free slot \(i) is not zero") }
        continue
      }
      if slot(owner) != number { found.append("slot \(i) belongs to a symbol that has another") }
      if value(number) != expected(owner) {
        found.append(
          "slot \(i) holds 0x\(String(value(number), radix: 16)), its symbol is at"
            + " 0x\(String(expected(owner), radix: 16))")
      }
    }
    for hole in unused where !owners[hole].isNone { found.append("slot \(hole) is free and owned") }
    return found
  }
}
