/// Names of sections that mean something to linkers, loaders and tools, whatever is in them. An export
/// may name a section of its own, or the usual one of its kind; under these names it would make a file
/// that is not what it seems. Source: gABI, "Special Sections"; the custom of tools for the rest.
enum SpecialSection {
  /// Why no declaration can go there; nil if some can.
  static func refusal(_ name: String) -> String? {
    // Some take whatever begins so for relocations.
    if name.hasPrefix(".rel") || isOne(of: tables, name) {
      return "section '\(name)' is for what linkers write themselves; choose another name"
    }
    if name == ".init" || name == ".fini" || isOne(of: started, name) {
      return "nothing runs what is in section '\(name)' of an image; call it from the entry, or go"
        + " through a section with a name of your own from its __start_ to its __stop_"
    }
    if isOne(of: [".bss", ".tbss", ".tdata"], name) {
      return "section '\(name)' is for variables of its kind, which are there without naming it;"
        + " name no section, or another"
    }
    return nil
  }

  /// Why what is of another kind cannot go there; nil if it can.
  static func refusal(_ name: String, _ content: ModuleContent) -> String? {
    let kinds: [(String, ModuleContent, String)] = [
      (".text", .function, "functions"), (".rodata", .immutable, "constants"),
      (".data", .mutable, "variables"),
    ]
    for (section, kind, what) in kinds where content != kind && section == name {
      return "section '\(name)' is for \(what); name another"
    }
    return nil
  }

  private static let tables = [
    ".symtab", ".symtab_shndx", ".strtab", ".shstrtab", ".dynamic", ".dynsym", ".dynstr", ".hash",
    ".interp", ".got", ".plt", ".note", ".comment", ".group", ".tcb",
    ".eh_frame", ".eh_frame_hdr", ".gnu", ".gnu_debuglink", ".gnu_debugaltlink", ".line",
    ".debug_", ".zdebug_", ".stab", ".stabstr",
  ]
  private static let started = [
    ".init_array", ".fini_array", ".preinit_array", ".ctors", ".dtors",
  ]

  /// Whether a name is one of these, or one of them with a part behind a dot (`.text.hot`).
  private static func isOne(of names: [String], _ name: String) -> Bool {
    names.contains { special in
      guard name.hasPrefix(special) else { return false }
      return name.utf8.count == special.utf8.count || special.hasSuffix("_")
        || name.utf8.dropFirst(special.utf8.count).first == UInt8(ascii: ".")
    }
  }
}
