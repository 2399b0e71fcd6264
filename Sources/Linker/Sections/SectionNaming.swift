import ELFFormat
import Platform

/// Which output section an input section goes to, and where in it.
///
/// The custom is GNU ld's default script: `.text.*` to `.text` with the cold, exit, startup and hot
/// parts in front, priorities in front of what has none, `.ctors` with `.init_array`.
enum SectionNaming {
  struct Place {
    var name: ByteString
    var part: UInt16
    /// The words of `.ctors` run from last to first, those of `.init_array` from first to last.
    var isReversed = false
    /// Its place among the outputs that exist from the start; -1 if it has none.
    var common = -1
  }

  /// Names that nearly all sections go to. The first outputs are theirs, so that they are found without
  /// looking them up.
  static let commonNames: [StaticString] = [
    ".text", ".rodata", ".data.rel.ro", ".data", ".bss", ".gcc_except_table", ".tdata", ".tbss",
  ]

  static func place(
    of name: ByteString, flags: SectionFlags, keepsTextPrefixes: Bool
  ) -> Place {
    guard name.count > 1, name[0] == 0x2e, flags.contains(.alloc) else {
      if name.hasPrefix(".gnu.linkonce.wi.") { return Place(name: ".debug_info", part: 0) }
      return Place(name: name, part: 0)
    }
    switch name[1] {
    case UInt8(ascii: "t"):
      if isKind(name, ".text") { return text(name, keepsTextPrefixes) }
      if isKind(name, ".tdata") { return Place(name: ".tdata", part: 0, common: 6) }
      if isKind(name, ".tbss") { return Place(name: ".tbss", part: 0, common: 7) }
    case UInt8(ascii: "r"):
      if isKind(name, ".rodata") { return Place(name: ".rodata", part: 0, common: 1) }
    case UInt8(ascii: "d"):
      if isKind(name, ".data.rel.ro") { return Place(name: ".data.rel.ro", part: 0, common: 2) }
      if isKind(name, ".data") { return Place(name: ".data", part: 0, common: 3) }
      if isKind(name, ".dtors") {
        return Place(name: ".fini_array", part: ctorsPart(name, ".dtors"), isReversed: true)
      }
    case UInt8(ascii: "b"):
      if isKind(name, ".bss.rel.ro") { return Place(name: ".bss.rel.ro", part: 0) }
      if isKind(name, ".bss") { return Place(name: ".bss", part: 0, common: 4) }
    case UInt8(ascii: "i"):
      if isKind(name, ".init_array") {
        return Place(name: ".init_array", part: arrayPart(name, ".init_array"))
      }
    case UInt8(ascii: "f"):
      if isKind(name, ".fini_array") {
        return Place(name: ".fini_array", part: arrayPart(name, ".fini_array"))
      }
    case UInt8(ascii: "p"):
      if isKind(name, ".preinit_array") { return Place(name: ".preinit_array", part: 0) }
    case UInt8(ascii: "c"):
      if isKind(name, ".ctors") {
        return Place(name: ".init_array", part: ctorsPart(name, ".ctors"), isReversed: true)
      }
    case UInt8(ascii: "g"):
      if isKind(name, ".gcc_except_table") {
        return Place(name: ".gcc_except_table", part: 0, common: 5)
      }
      if name.hasPrefix(".gnu.linkonce.") { return linkOnce(name) }
    case UInt8(ascii: "l"):
      if isKind(name, ".ltext") { return Place(name: ".ltext", part: 0) }
      if isKind(name, ".lrodata") { return Place(name: ".lrodata", part: 0) }
      if isKind(name, ".ldata") { return Place(name: ".ldata", part: 0) }
      if isKind(name, ".lbss") { return Place(name: ".lbss", part: 0) }
    default: break
    }
    return Place(name: name, part: 0)
  }

  @inline(__always)
  private static func isKind(_ name: ByteString, _ prefix: StaticString) -> Bool {
    name.hasPrefix(prefix)
      && (name.count == prefix.utf8CodeUnitCount || name[prefix.utf8CodeUnitCount] == 0x2e)
  }

  private static func text(_ name: ByteString, _ keepsPrefixes: Bool) -> Place {
    if name.count == 5 { return Place(name: ".text", part: 5, common: 0) }
    let rest = name.dropFirst(5)
    if isKind(rest, ".unlikely") || rest.hasSuffix("_unlikely") {
      return Place(
        name: keepsPrefixes ? ".text.unlikely" : ".text", part: 0, common: keepsPrefixes ? -1 : 0)
    }
    if isKind(rest, ".split") {
      return Place(
        name: keepsPrefixes ? ".text.split" : ".text", part: 0, common: keepsPrefixes ? -1 : 0)
    }
    if isKind(rest, ".exit") {
      return Place(
        name: keepsPrefixes ? ".text.exit" : ".text", part: 1, common: keepsPrefixes ? -1 : 0)
    }
    if isKind(rest, ".startup") {
      return Place(
        name: keepsPrefixes ? ".text.startup" : ".text", part: 2, common: keepsPrefixes ? -1 : 0)
    }
    if isKind(rest, ".hot") {
      return Place(
        name: keepsPrefixes ? ".text.hot" : ".text", part: 3, common: keepsPrefixes ? -1 : 0)
    }
    return Place(name: ".text", part: 5, common: 0)
  }

  /// `.init_array.N`: N in front of N + 1, all in front of what has no number.
  private static func arrayPart(_ name: ByteString, _ prefix: StaticString) -> UInt16 {
    guard let priority = priority(name, prefix) else { return .max }
    return UInt16(min(priority, 65534))
  }

  /// `.ctors.N` has the opposite order.
  private static func ctorsPart(_ name: ByteString, _ prefix: StaticString) -> UInt16 {
    guard let priority = priority(name, prefix) else { return .max }
    return UInt16(max(0, 65535 - min(priority, 65535)))
  }

  private static func priority(_ name: ByteString, _ prefix: StaticString) -> Int? {
    let start = prefix.utf8CodeUnitCount + 1
    guard name.count > start, name.count < start + 10 else { return nil }
    var value = 0
    for byte in name.dropFirst(start).buffer {
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      value = value * 10 + Int(byte - 0x30)
    }
    return value
  }

  /// Whether a file is a compiler's first or last one, whose `.ctors` and `.dtors` hold the marks of
  /// the beginning (-1) and the end (0) of a list, not functions: they stay apart.
  ///
  /// Source: GNU ld's default script (`*crtbegin.o *crtbegin?.o *crtend.o *crtend?.o`), and the names
  /// that compiler-rt gives its own (`clang_rt.crtbegin-x86_64.o`).
  static func isStartFile(_ path: ByteString) -> Bool {
    guard path.hasSuffix(".o") else { return false }
    let stem = path[0..<path.count - 2]
    for name: StaticString in ["crtbegin", "crtend"] {
      let count = name.utf8CodeUnitCount
      if stem.hasSuffix(name) { return true }
      if stem.count > count, stem[stem.count - 1] != 0x2f,
        stem[0..<stem.count - 1].hasSuffix(name)
      {
        return true
      }
      var base = stem
      while let slash = base.firstIndex(of: 0x2f) { base = base.dropFirst(slash + 1) }
      if base.hasPrefix("clang_rt."), base.dropFirst(9).hasPrefix(name) { return true }
    }
    return false
  }

  /// Groups from before there were groups: `.gnu.linkonce.KIND.NAME`.
  private static func linkOnce(_ name: ByteString) -> Place {
    if name.hasPrefix(".gnu.linkonce.t.") { return Place(name: ".text", part: 5, common: 0) }
    if name.hasPrefix(".gnu.linkonce.r.") { return Place(name: ".rodata", part: 0, common: 1) }
    if name.hasPrefix(".gnu.linkonce.d.rel.ro.") {
      return Place(name: ".data.rel.ro", part: 0, common: 2)
    }
    if name.hasPrefix(".gnu.linkonce.d.") { return Place(name: ".data", part: 0, common: 3) }
    if name.hasPrefix(".gnu.linkonce.b.") { return Place(name: ".bss", part: 0, common: 4) }
    if name.hasPrefix(".gnu.linkonce.td.") { return Place(name: ".tdata", part: 0, common: 6) }
    if name.hasPrefix(".gnu.linkonce.tb.") { return Place(name: ".tbss", part: 0, common: 7) }
    return Place(name: name, part: 0)
  }

  /// `__start_` and `__stop_` can be put in front of it.
  static func isCIdentifier(_ name: ByteString) -> Bool {
    if name.isEmpty || name[0] >= 0x30 && name[0] <= 0x39 { return false }
    return name.buffer.allSatisfy {
      $0 == 0x5f || $0 >= 0x30 && $0 <= 0x39 || $0 >= 0x41 && $0 <= 0x5a || $0 >= 0x61 && $0 <= 0x7a
    }
  }

  static func isDebug(_ name: ByteString) -> Bool {
    name.hasPrefix(".debug") || name.hasPrefix(".zdebug") || name.hasPrefix(".gdb_index")
      || name.hasPrefix(".stab") || name.hasPrefix(".line")
      || name.hasPrefix(".gnu.debuglto_") || name.hasPrefix(".gnu.linkonce.wi.")
  }
}
