/// What a keyword of `-z` does.
enum Keyword: Sendable {
  case now, lazy, relro, code, loadableSegments
  case maximumPageSize, commonPageSize, stackSize
  case textError, textAllow, requireDefinitions, executableStack, stackIfNeeded, noStackHeader
  case noDelete, noOpen, noDump, noDefaultLibrary, origin, initFirst, interpose, global
  case loadFilter, globalAudit, uniqueNamespace
  case combineRelocations, copyRelocations, dynamicWeak, multipleDefinitions
  case textPrefix, readOnlyDynamic, packRelative, sectionHeaders
  case startStopGarbage, startStopVisibility, uniqueSymbol
  case ibt, shstk, forceIBT, ibtPLT, cetReport, isaBaseline, isa2, isa3, isa4, lamU48, lamU57
  case markPLT, rewriteEndbr, retpoline, ifuncNoPLT, wxNeeded, memorySeal
  case protectedData, indirectAccess, deadRelocation
  case machine
}

extension OptionTable {
  static let keywordRows: [OptionRow] = [
    OptionRow(
      .keyword(.now), "now", "resolve all symbols when the program starts"),
    OptionRow(.keyword(.lazy), "lazy", "resolve functions when they are first called (default)"),
    OptionRow(
      .keyword(.relro), "relro", no: "norelro",
      "make data read-only after relocation (default)"),
    OptionRow(
      .keyword(.code), "separate-code", no: "noseparate-code",
      "share no page between code and data (default)"),
    OptionRow(
      .keyword(.loadableSegments), "separate-loadable-segments",
      "share no page between any two segments"),
    OptionRow(
      .keyword(.maximumPageSize), "max-page-size", takes: .required("SIZE"),
      "align segments for pages of up to SIZE bytes"),
    OptionRow(
      .keyword(.commonPageSize), "common-page-size", takes: .required("SIZE"),
      "lay out for pages of SIZE bytes"),
    OptionRow(
      .keyword(.stackSize), "stack-size", takes: .required("SIZE"), "ask for a SIZE-byte stack"),
    OptionRow(.keyword(.textError), "text", "make text relocations an error (default)"),
    OptionRow(.keyword(.textAllow), "notext|textoff", "allow text relocations"),
    OptionRow(
      .keyword(.requireDefinitions), "defs", no: "undefs|nodefs",
      "report undefined symbols also in a shared library"),
    OptionRow(
      .keyword(.executableStack), "execstack", no: "noexecstack", "make the stack executable"),
    OptionRow(
      .keyword(.stackIfNeeded), "execstack-if-needed",
      "make the stack executable if an input asks for it"),
    OptionRow(.keyword(.noStackHeader), "nognustack", "write no PT_GNU_STACK"),
    OptionRow(.keyword(.noDelete), "nodelete", "never unload the library"),
    OptionRow(.keyword(.noOpen), "nodlopen", "forbid dlopen"),
    OptionRow(.keyword(.noDump), "nodump", "forbid dldump"),
    OptionRow(
      .keyword(.noDefaultLibrary), "nodefaultlib",
      "do not search the default directories at run time"),
    OptionRow(.keyword(.origin), "origin", "tell the loader that $ORIGIN is used"),
    OptionRow(.keyword(.initFirst), "initfirst", "initialise the library before all others"),
    OptionRow(.keyword(.interpose), "interpose", "let the library interpose on all others"),
    OptionRow(.keyword(.global), "global", "let later libraries see the library's symbols"),
    OptionRow(.keyword(.loadFilter), "loadfltr", "load filtees at once (DF_1_LOADFLTR)"),
    OptionRow(
      .keyword(.globalAudit), "globalaudit", "require global auditing (DF_1_GLOBAUDIT)"),
    OptionRow(
      .keyword(.uniqueNamespace), "unique", no: "nounique",
      "load the library once, in the main namespace (DF_GNU_1_UNIQUE)", .planned),
    OptionRow(
      .keyword(.combineRelocations), "combreloc", no: "nocombreloc",
      "sort dynamic relocations (default)"),
    OptionRow(
      .keyword(.copyRelocations), "copyreloc", no: "nocopyreloc",
      "make copy relocations (default)"),
    OptionRow(
      .keyword(.dynamicWeak), "dynamic-undefined-weak", no: "nodynamic-undefined-weak",
      "leave undefined weak symbols to the loader"),
    OptionRow(
      .keyword(.multipleDefinitions), "muldefs", "let the first of several definitions win"),
    OptionRow(
      .keyword(.textPrefix), "keep-text-section-prefix", no: "nokeep-text-section-prefix",
      "keep .text.hot, .text.unlikely, .text.startup and .text.exit apart"),
    OptionRow(.keyword(.readOnlyDynamic), "rodynamic", "make .dynamic read-only"),
    OptionRow(
      .keyword(.packRelative), "pack-relative-relocs", no: "nopack-relative-relocs",
      "pack relative relocations (DT_RELR)"),
    OptionRow(
      .keyword(.sectionHeaders), "sectionheader", no: "nosectionheader",
      "write section headers (default)"),
    OptionRow(
      .keyword(.startStopGarbage), "start-stop-gc", no: "nostart-stop-gc",
      "let --gc-sections remove sections that only __start_ and __stop_ symbols refer to"),
    OptionRow(
      .keyword(.startStopVisibility), "start-stop-visibility", takes: .required("VISIBILITY"),
      "visibility of __start_ and __stop_ symbols: default, internal, hidden or protected"),
    OptionRow(
      .keyword(.uniqueSymbol), "unique-symbol", no: "nounique-symbol",
      "make names of local symbols unique", .planned),
    OptionRow(.keyword(.ibt), "ibt", "mark the output for indirect branch tracking"),
    OptionRow(.keyword(.shstk), "shstk", "mark the output for shadow stacks"),
    OptionRow(
      .keyword(.forceIBT), "force-ibt",
      "as ibt, with a PLT for it, and warn about objects without it"),
    OptionRow(
      .keyword(.ibtPLT), "ibtplt", "make a PLT for indirect branch tracking"),
    OptionRow(
      .keyword(.cetReport), "cet-report", takes: .required("LEVEL"),
      "report objects without ibt or shstk: none, warning or error"),
    OptionRow(.keyword(.isaBaseline), "x86-64-baseline", "mark the output as for x86-64"),
    OptionRow(.keyword(.isa2), "x86-64-v2", "mark the output as for x86-64-v2"),
    OptionRow(.keyword(.isa3), "x86-64-v3", "mark the output as for x86-64-v3"),
    OptionRow(.keyword(.isa4), "x86-64-v4", "mark the output as for x86-64-v4"),
    OptionRow(.keyword(.lamU48), "lam-u48", "mark the output for address masking above bit 47"),
    OptionRow(.keyword(.lamU57), "lam-u57", "mark the output for address masking above bit 56"),
    OptionRow(
      .keyword(.markPLT), "mark-plt", no: "nomark-plt", "describe the PLT by dynamic tags",
      .planned),
    OptionRow(
      .keyword(.rewriteEndbr), "rewrite-endbr", no: "norewrite-endbr",
      "replace landing marks that nothing needs by nops", .planned),
    OptionRow(.keyword(.retpoline), "retpolineplt", "make a PLT with retpolines", .planned),
    OptionRow(
      .keyword(.ifuncNoPLT), "ifunc-noplt", "resolve IFUNC calls without a PLT", .planned),
    OptionRow(.keyword(.wxNeeded), "wxneeded", "write PT_OPENBSD_WXNEEDED", .planned),
    OptionRow(
      .keyword(.memorySeal), "memory-seal", no: "nomemory-seal",
      "let the loader seal the image's memory", .planned),
    OptionRow(
      .keyword(.protectedData), "extern-protected-data", no: "noextern-protected-data",
      "let executables copy protected data", .harmless),
    OptionRow(
      .keyword(.indirectAccess), "indirect-extern-access", no: "noindirect-extern-access",
      "mark the output as needing indirect access to other images", .planned),
    OptionRow(
      .keyword(.deadRelocation), "dead-reloc-in-nonalloc", takes: .required("GLOB=VALUE"),
      "write VALUE where debug information refers to removed code"),
    OptionRow(
      .keyword(.machine), "force-bti|pac-plt|gcs-report-dynamic|hazardplt|separate-got",
      "keywords of other machines", .harmless),
    OptionRow(
      .keyword(.machine), "bti-report|gcs|gcs-report|pauth-report|zicfilp|zicfiss",
      takes: .required("VALUE"), "keywords of other machines", .harmless),
    .harmless("rela", "relocations with addends, as the machine has them"),
    .refused("rel", "write relocations without addends"),
    .refused("noreloc-overflow", "do not check whether relocations overflow"),
    .refused("common", "write common symbols as STT_COMMON"),
    .harmless("nocommon", "common symbols become objects"),
    .harmless("call-nop", takes: .required("PADDING"), "padding of shortened calls"),
    .harmless("bndplt", "memory protection extensions, which no machine has"),
    .harmless("nobtcfi", "OpenBSD only"),
    .harmless(
      "lam-report|lam-u48-report|lam-u57-report", takes: .required("LEVEL"),
      "no such warning is given"),
    .harmless("report-relative-reloc", "no such report is given"),
    .harmless(
      "keep-data-section-prefix", no: "nokeep-data-section-prefix", "hint about placing data"),
    .harmless(
      "text-unlikely-segment", no: "notext-unlikely-segment", "hint about placing functions"),
  ]
}
