import ELFFormat
import Platform

/// Which output section an input section goes to, and where in it: the first rule that matches its name
/// decides, and without one it keeps its name.
///
/// The custom is GNU ld's default script: `.text.*` to `.text` with the cold, exit, startup and hot
/// parts in front, priorities in front of what has none, `.ctors` with `.init_array`.
///
/// Every section of the inputs is asked about. So rules are found by the byte behind the dot, and most
/// are passed over for the last bytes of what they ask for.
struct SectionRules: @unchecked Sendable {
  struct Place {
    var name: ByteString
    /// Where in the output: lower parts first.
    var part: UInt16 = 0
    /// The words of `.ctors` run from last to first, those of `.init_array` from first to last.
    var isReversed = false
    /// The output, if it is one of those that exist from the start.
    var output = OutputIndex.none
  }

  /// Names that nearly all sections go to. The first outputs are theirs, so that they are found without
  /// looking them up.
  static let commonNames: [StaticString] = [
    ".text", ".rodata", ".data.rel.ro", ".data", ".bss", ".gcc_except_table", ".tdata", ".tbss",
  ]

  /// What decides the part of an input section.
  enum Order {
    case part(UInt16)
    /// `.init_array.N`: N in front of N + 1, all in front of what has no number.
    case priority
    /// `.ctors.N`: the other way round, and so are the words.
    case reversePriority
  }

  struct Rule {
    /// Stands for sections of this name, and of this name with a dot and more behind it; with a `*`,
    /// for all that begin and end with what is around it.
    let pattern: StaticString
    let output: StaticString
    /// The output if the parts of the code are to be kept apart (`-z keep-text-section-prefix`).
    let apart: StaticString
    let order: Order

    init(
      _ pattern: StaticString, to output: StaticString, apart: StaticString? = nil,
      _ order: Order = .part(0)
    ) {
      self.pattern = pattern
      self.output = output
      self.apart = apart ?? output
      self.order = order
    }
  }

  /// `.gnu.linkonce.*` is from before there were groups.
  static let gnu = [
    Rule(".text.unlikely", to: ".text", apart: ".text.unlikely", .part(0)),
    Rule(".text.*_unlikely", to: ".text", apart: ".text.unlikely", .part(0)),
    Rule(".text.split", to: ".text", apart: ".text.split", .part(0)),
    Rule(".text.exit", to: ".text", apart: ".text.exit", .part(1)),
    Rule(".text.startup", to: ".text", apart: ".text.startup", .part(2)),
    Rule(".text.hot", to: ".text", apart: ".text.hot", .part(3)),
    Rule(".text", to: ".text", .part(5)),
    Rule(".gnu.linkonce.t.*", to: ".text", .part(5)),
    Rule(".rodata", to: ".rodata"),
    Rule(".gnu.linkonce.r.*", to: ".rodata"),
    Rule(".gcc_except_table", to: ".gcc_except_table"),
    Rule(".tdata", to: ".tdata"),
    Rule(".gnu.linkonce.td.*", to: ".tdata"),
    Rule(".tbss", to: ".tbss"),
    Rule(".gnu.linkonce.tb.*", to: ".tbss"),
    Rule(".preinit_array", to: ".preinit_array"),
    Rule(".init_array", to: ".init_array", .priority),
    Rule(".ctors", to: ".init_array", .reversePriority),
    Rule(".fini_array", to: ".fini_array", .priority),
    Rule(".dtors", to: ".fini_array", .reversePriority),
    Rule(".data.rel.ro", to: ".data.rel.ro"),
    Rule(".gnu.linkonce.d.rel.ro.*", to: ".data.rel.ro"),
    Rule(".data", to: ".data"),
    Rule(".gnu.linkonce.d.*", to: ".data"),
    Rule(".bss.rel.ro", to: ".bss.rel.ro"),
    Rule(".bss", to: ".bss"),
    Rule(".gnu.linkonce.b.*", to: ".bss"),
    Rule(".ltext", to: ".ltext"),
    Rule(".lrodata", to: ".lrodata"),
    Rule(".ldata", to: ".ldata"),
    Rule(".lbss", to: ".lbss"),
  ]

  /// A rule as it is asked.
  private struct Entry {
    let prefix: ByteString
    let suffix: ByteString
    /// The first and the last four bytes of the prefix, which has at least so many.
    let first: UInt32
    let last: UInt32
    /// The last byte of the suffix; 0 if there is none.
    let tail: UInt8
    /// Any byte may follow the prefix.
    let isOpen: Bool
    /// `first` and `last` are the whole prefix, nothing else is asked, and the place is known.
    let isPlain: Bool
    let order: Order
    let place: Place

    init(_ rule: Rule, keepsApart: Bool) {
      let pattern = ByteString(rule.pattern)
      let star = pattern.firstIndex(of: UInt8(ascii: "*"))
      prefix = pattern[0..<(star ?? pattern.count)]
      suffix = pattern.dropFirst(prefix.count + 1)
      first = Self.load(prefix, at: 0)
      last = Self.load(prefix, at: prefix.count - 4)
      tail = suffix.isEmpty ? 0 : suffix[suffix.count - 1]
      isOpen = star != nil
      order = rule.order
      var place = Place(name: ByteString(keepsApart ? rule.apart : rule.output))
      for (i, name) in commonNames.enumerated() where place.name == name {
        place.output = OutputIndex(i)
      }
      if case .reversePriority = order { place.isReversed = true }
      if case .part(let part) = order {
        place.part = part
        isPlain = !isOpen && prefix.count <= 8
      } else {
        isPlain = false
      }
      self.place = place
    }

    @inline(__always)
    private static func load(_ name: ByteString, at offset: Int) -> UInt32 {
      UnsafeRawPointer(name.start + offset).loadUnaligned(as: UInt32.self)
    }

    /// False for nearly all that does not match.
    @inline(__always)
    func mayMatch(_ name: ByteString) -> Bool {
      let count = prefix.count
      return name.count >= count && Self.load(name, at: count &- 4) == last
        && Self.load(name, at: 0) == first
        && (isOpen || name.count == count || name[count] == 0x2e)
        && (tail == 0 || name[name.count &- 1] == tail)
    }

    func matches(_ name: ByteString) -> Bool {
      mayMatch(name) && name.hasPrefix(prefix)
        && (suffix.isEmpty || name.dropFirst(prefix.count).hasSuffix(suffix))
    }

    /// The place of a name that matches.
    func place(of name: ByteString) -> Place {
      var place = place
      switch order {
      case .part: break
      case .priority:
        place.part = priority(of: name).map { UInt16(min($0, 65534)) } ?? .max
      case .reversePriority:
        place.part = priority(of: name).map { UInt16(65535 - min($0, 65535)) } ?? .max
      }
      return place
    }

    /// N of `.init_array.N`.
    private func priority(of name: ByteString) -> Int? {
      let digits = name.dropFirst(prefix.count + 1)
      if digits.isEmpty || digits.count > 9 { return nil }
      var value = 0
      for byte in digits.buffer {
        guard byte >= 0x30, byte <= 0x39 else { return nil }
        value = value * 10 + Int(byte - 0x30)
      }
      return value
    }
  }

  private let entries: UnsafeMutablePointer<Entry>
  /// The entries of a key are those from `starts[key]` up to `starts[key + 1]`.
  private let starts: UnsafeMutablePointer<UInt8>

  /// By the letter behind the dot. Short names are most, and few rules are about them.
  @inline(__always)
  private static func key(_ name: ByteString, isShort: Bool) -> Int {
    Int(name[1] & 31) &+ (isShort ? 32 : 0)
  }
  private static let shortCount = 8
  private static let keyCount = 64

  /// - Parameter keepsApart: the outputs of the parts of the code.
  init(_ rules: [Rule] = gnu, keepsApart: Bool) {
    let entries: UnsafeMutablePointer<Entry> = allocateForever(count: rules.count * 2)
    let starts: UnsafeMutablePointer<UInt8> = allocateZeroed(count: Self.keyCount + 1)
    func forEachKey(_ entry: Entry, _ body: (Int) -> Void) {
      body(Self.key(entry.prefix, isShort: false))
      if entry.prefix.count <= Self.shortCount { body(Self.key(entry.prefix, isShort: true)) }
    }
    for rule in rules { forEachKey(Entry(rule, keepsApart: keepsApart)) { starts[$0] += 1 } }
    for key in 0..<Self.keyCount { starts[key + 1] += starts[key] }
    // From behind: what was the end of a key's entries becomes their start.
    for rule in rules.reversed() {
      let entry = Entry(rule, keepsApart: keepsApart)
      forEachKey(entry) { key in
        starts[key] -= 1
        (entries + Int(starts[key])).initialize(to: entry)
      }
    }
    self.entries = entries
    self.starts = starts
  }

  func place(of name: ByteString, flags: SectionFlags) -> Place {
    guard name.count > 1, name[0] == 0x2e, flags.contains(.alloc) else {
      return Place(name: name.hasPrefix(".gnu.linkonce.wi.") ? ".debug_info" : name)
    }
    let range = starts + Self.key(name, isShort: name.count <= Self.shortCount)
    var entry = entries + Int(range[0])
    let end = entries + Int(range[1])
    while entry < end {
      if entry.pointee.mayMatch(name) {
        if entry.pointee.isPlain { return entry.pointee.place }
        return placeBySearch(name, entry, end)
      }
      entry += 1
    }
    return Place(name: name)
  }

  @inline(never)
  private func placeBySearch(
    _ name: ByteString, _ start: UnsafeMutablePointer<Entry>, _ end: UnsafeMutablePointer<Entry>
  ) -> Place {
    var entry = start
    while entry < end {
      if entry.pointee.matches(name) { return entry.pointee.place(of: name) }
      entry += 1
    }
    return Place(name: name)
  }
}
