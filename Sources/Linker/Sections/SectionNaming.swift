import Platform

/// What the names of sections say.
enum SectionNaming {
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
