/// What options about sections and what the linker itself writes do.
enum SectionOption: Sendable {
  case collectGarbage, printGarbage, keepExported, fold, noFolding, printFolding, keepUnique
  case ignoreDataAddresses, ignoreFunctionAddresses
  case optimize, relax, sort, orderingFile, readOnlySegment, checkSections, orphans
  case buildID, noBuildID, hashStyle, frameHeader, compression
  case packRelocations, androidTags, applyRelocations, emitRelocations, gdbIndex
  case groupAllocation, erratum843419, erratum835769, erratumA8
}

extension OptionTable {
  static let sectionRows: [OptionRow] = [
    OptionRow(
      .section(.collectGarbage), "--gc-sections", no: "--no-gc-sections",
      "leave sections out that nothing refers to"),
    OptionRow(
      .section(.printGarbage), "--print-gc-sections", no: "--no-print-gc-sections",
      "list the sections that --gc-sections left out"),
    OptionRow(
      .section(.keepExported), "--gc-keep-exported", no: "--no-gc-keep-exported",
      "keep exported symbols when sections are left out"),
    OptionRow(
      .section(.fold), "--icf", takes: .required("MODE"),
      "fold identical functions: none, safe or all",
      .planned),
    OptionRow(.section(.noFolding), "--no-icf", "same as --icf=none"),
    OptionRow(
      .section(.printFolding), "--print-icf-sections", no: "--no-print-icf-sections",
      "list the sections that --icf folded", .harmless),
    OptionRow(
      .section(.keepUnique), "--keep-unique", takes: .required("SYMBOL"), "do not fold SYMBOL",
      .harmless),
    OptionRow(
      .section(.ignoreDataAddresses), "--ignore-data-address-equality",
      "let --icf make addresses of different data equal", .harmless),
    OptionRow(
      .section(.ignoreFunctionAddresses), "--ignore-function-address-equality",
      "let --icf make addresses of different functions equal", .harmless),
    OptionRow(
      .section(.optimize), "-O", takes: .digits("LEVEL"),
      "effort for a smaller output: 0, 1 (default) or 2 (merges tails of strings)"),
    OptionRow(
      .section(.relax), "--relax", no: "--no-relax",
      "replace instructions by shorter or quicker ones (default)"),
    OptionRow(
      .section(.sort), "--sort-section", takes: .required("KEY"),
      "sort input sections by name or alignment; none: input order"),
    OptionRow(
      .section(.orderingFile), "--symbol-ordering-file", takes: .required("FILE"),
      "place the sections of the symbols that FILE lists first", .planned),
    OptionRow(
      .section(.readOnlySegment), "--rosegment", no: "--no-rosegment",
      "give read-only data a segment of its own (default)"),
    OptionRow(
      .section(.checkSections), "--check-sections", no: "--no-check-sections",
      "report sections that overlap (default)"),
    OptionRow(
      .section(.orphans), "--orphan-handling", takes: .required("MODE"),
      "sections that no script names: place, discard, warn or error", .harmless),
    OptionRow(
      .section(.buildID), "--build-id", takes: .optional("STYLE"),
      "write a build ID of 20 bytes, or in STYLE: fast, md5, sha1, sha256, uuid, 0xHEX or none"),
    OptionRow(.section(.noBuildID), "--no-build-id", "write no build ID"),
    OptionRow(
      .section(.hashStyle), "--hash-style", takes: .required("STYLE"),
      "hash table of dynamic symbols: gnu, sysv or both (default)"),
    OptionRow(
      .section(.frameHeader), "--eh-frame-hdr", no: "--no-eh-frame-hdr",
      "write .eh_frame_hdr, the index of unwind information"),
    OptionRow(
      .section(.compression), "--compress-debug-sections", takes: .required("FORMAT"),
      "compress debug information: none (default), zlib, zlib-gabi, zlib-gnu or zstd"),
    OptionRow(
      .section(.packRelocations), "--pack-dyn-relocs", takes: .required("FORMAT"),
      "pack dynamic relocations: none, relr, android or android+relr"),
    OptionRow(
      .section(.androidTags), "--use-android-relr-tags", no: "--no-use-android-relr-tags",
      "use Android's numbers for RELR sections and tags"),
    OptionRow(
      .section(.applyRelocations), "--apply-dynamic-relocs", no: "--no-apply-dynamic-relocs",
      "write link-time values where dynamic relocations apply"),
    OptionRow(
      .section(.emitRelocations), "-q|--emit-relocs", "keep relocations in the output", .planned),
    OptionRow(
      .section(.gdbIndex), "--gdb-index", no: "--no-gdb-index", "write .gdb_index", .planned),
    OptionRow(
      .section(.groupAllocation), "--force-group-allocation",
      "with -r: place members of section groups as other sections", .harmless),
    OptionRow(
      .section(.erratum843419), "--fix-cortex-a53-843419", no: "--no-fix-cortex-a53-843419",
      "avoid Cortex-A53 erratum 843419 (AArch64 only)", .harmless),
    OptionRow(
      .section(.erratum835769), "--fix-cortex-a53-835769", no: "--no-fix-cortex-a53-835769",
      "avoid Cortex-A53 erratum 835769 (AArch64 only)", .harmless),
    OptionRow(
      .section(.erratumA8), "--fix-cortex-a8", no: "--no-fix-cortex-a8",
      "avoid Cortex-A8 erratum 657417 (Arm only)", .harmless),
  ]
}
