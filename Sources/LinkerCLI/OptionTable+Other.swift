// Options that weld knows and does nothing for: the harmless ones, which other linkers need and
// scripts pass along, and those that would change the meaning of the link and are refused.

extension OptionTable {
  static let harmlessRows: [OptionRow] = [
    .harmless("--keep-memory", no: "--no-keep-memory", "hint about memory"),
    .harmless("--reduce-memory-overheads", "hint about memory"),
    .harmless("--max-cache-size", takes: .required("SIZE"), "hint about memory"),
    .harmless("--hash-size", takes: .required("COUNT"), "hint about the size of symbol tables"),
    .harmless("--hash-bucket-empty-fraction", takes: .required("N"), "hint about hash tables"),
    .harmless("--map-whole-files", no: "--no-map-whole-files", "hint about reading files"),
    .harmless("--keep-files-mapped", no: "--no-keep-files-mapped", "hint about reading files"),
    .harmless("--preread-archive-symbols", "hint about reading archives"),
    .harmless("--mmap-output-file", no: "--no-mmap-output-file", "hint about writing the output"),
    .harmless("--posix-fallocate", no: "--no-posix-fallocate", "hint about writing the output"),
    .harmless("--fork", no: "--no-fork", "hint about how the linker exits"),
    .harmless("--quick-exit", no: "--no-quick-exit", "hint about how the linker exits"),
    .harmless("--no-incremental", "links are complete anyway"),
    .harmless("--thread-count-initial", takes: .required("COUNT"), "threads of one phase"),
    .harmless("--thread-count-middle", takes: .required("COUNT"), "threads of one phase"),
    .harmless("--thread-count-final", takes: .required("COUNT"), "threads of one phase"),
    .harmless("--time-trace-granularity", takes: .required("US"), "detail of --time-trace"),
    .harmless("-fuse-ld", takes: .required("NAME"), "compiler option that gcc passes along"),
    .harmless("-flto", takes: .optional("MODE"), "compiler option that gcc passes along"),
    .harmless("-flto-partition", takes: .required("MODE"), "compiler option that gcc passes along"),
    .harmless("-g", "compatibility with Unix linkers"),
    .harmless("-p", "compatibility with Arm tools"),
    .harmless("-assert", takes: .required("KEYWORD"), "compatibility with SunOS"),
    .harmless("-Qy", "compatibility with System V"),
    .harmless("-qmagic", "compatibility with old Linux"),
    .harmless("--traditional-format", "compatibility with old tools"),
    .harmless(
      "--ld-generated-unwind-info", no: "--no-ld-generated-unwind-info",
      "unwind information of the PLT"),
    .harmless("--long-plt", no: "--no-long-plt", "form of the PLT (Arm only)"),
    .harmless(
      "--warn-mismatch", no: "--no-warn-mismatch", "inputs for other machines are errors anyway"),
    .harmless("--no-accept-unknown-input-arch", "inputs of unknown machines are errors anyway"),
    .harmless(
      "--strip-discarded", no: "--no-strip-discarded", "such symbols are left out"),
    .harmless(
      "--strip-lto-sections", no: "--no-strip-lto-sections",
      "sections with intermediate code are left out"),
    .harmless("--print-map-discarded", no: "--no-print-map-discarded", "detail of the link map"),
    .harmless("--ctf-variables", no: "--no-ctf-variables", "detail of CTF, which is not merged"),
    .harmless(
      "--ctf-share-types", takes: .required("METHOD"), "detail of CTF, which is not merged"),
    .harmless(
      "--enable-linker-version", no: "--disable-linker-version", "detail of linker scripts"),
    .harmless("--text-reorder", no: "--no-text-reorder", "hint about placing functions"),
    .harmless("--ctors-in-init-array", "constructors go to .init_array as objects say"),
    .harmless(
      "--call-graph-ordering-file", takes: .required("FILE"), "hint about placing functions"),
    .harmless(
      "--call-graph-profile-sort", no: "--no-call-graph-profile-sort", takes: .optional("METHOD"),
      "hint about placing functions"),
    .harmless("--irpgo-profile", takes: .required("FILE"), "hint about placing functions"),
    .harmless("--bp-startup-sort", takes: .required("MODE"), "hint about placing functions"),
    .harmless("--bp-compression-sort", takes: .required("MODE"), "hint about placing sections"),
    .harmless("--bp-compression-sort-startup-functions", "hint about placing functions"),
    .harmless(
      "--optimize-bb-jumps", no: "--no-optimize-bb-jumps", "hint about jumps between blocks"),
    .harmless("--branch-to-branch", no: "--no-branch-to-branch", "hint about jumps"),
    .harmless("--xosegment", no: "--no-xosegment", "placement of execute-only code (AArch64 only)"),
    .harmless("--no-execute-only", "code stays readable"),
    .harmless("--fortran-common", "archives are searched for common symbols"),
    .harmless("--no-debug-names", "debug names are not merged"),
    .harmless("--relax-gp", no: "--no-relax-gp", "RISC-V only"),
    .harmless("--merge-exidx-entries", no: "--no-merge-exidx-entries", "Arm only"),
    .harmless("--pcrel-optimize", no: "--no-pcrel-optimize", "PowerPC only"),
    .harmless("--toc-optimize", no: "--no-toc-optimize", "PowerPC only"),
    .harmless(
      "--power10-stubs", no: "--no-power10-stubs", takes: .optional("MODE"), "PowerPC only"),
    .harmless("--warn-once", "undefined symbols are reported once anyway"),
    .harmless("--warn-constructors", no: "--no-warn-constructors", "no such warning is given"),
    .harmless("--warn-multiple-gp", "no such warning is given"),
    .harmless("--warn-section-align", "no such warning is given"),
    .harmless("--warn-alternate-em", no: "--no-warn-alternate-em", "no such warning is given"),
    .harmless("--warn-backrefs", no: "--no-warn-backrefs", "no such warning is given"),
    .harmless("--warn-backrefs-exclude", takes: .required("GLOB"), "no such warning is given"),
    .harmless(
      "--warn-ifunc-textrel", no: "--no-warn-ifunc-textrel", "no such warning is given"),
    .harmless(
      "--warn-symbol-ordering", no: "--no-warn-symbol-ordering", "no such warning is given"),
    .harmless("--warn-drop-version", no: "--no-warn-drop-version", "no such warning is given"),
    .harmless("--detect-odr-violations", no: "--no-detect-odr-violations", "no such check is made"),
    .harmless("--no-enable-non-contiguous-regions-warnings", "no such warning is given"),
    .harmless(
      "--error-handling-script", takes: .required("FILE"), "errors are reported by weld alone"),
    .harmless("--vs-diagnostics", "form of messages"),
    .harmless(
      "-plugin", takes: .required("FILE"),
      "link-time optimisation: objects that need it are refused by name"),
    .harmless("-plugin-opt", takes: .required("OPTION"), "option of the plugin"),
    .harmless("--save-temps", takes: .optional("KINDS"), "link-time optimisation"),
    .harmless("--plugin-save-temps", "link-time optimisation"),
    .harmless("--fat-lto-objects", no: "--no-fat-lto-objects", "machine code is used"),
    .harmless("--disable-verify", "link-time optimisation"),
    .harmless("-mllvm", takes: .required("OPTION"), "link-time optimisation"),
    .harmless("--load-pass-plugin", takes: .required("FILE"), "link-time optimisation"),
    .harmless("--lto", takes: .required("MODE"), "link-time optimisation"),
    .harmless("--lto-O0|--lto-O1|--lto-O2|--lto-O3", "link-time optimisation"),
    .harmless("--lto-CGO0|--lto-CGO1|--lto-CGO2|--lto-CGO3", "link-time optimisation"),
    .harmless("--lto-partitions", takes: .required("COUNT"), "link-time optimisation"),
    .harmless(
      "--lto-aa-pipeline|--lto-newpm-passes", takes: .required("PASSES"), "link-time optimisation"),
    .harmless(
      "--lto-sample-profile|--lto-cs-profile-file", takes: .required("FILE"),
      "link-time optimisation"),
    .harmless("--lto-cs-profile-generate|--lto-debug-pass-manager", "link-time optimisation"),
    .harmless("--lto-basic-block-sections", takes: .required("MODE"), "link-time optimisation"),
    .harmless(
      "--lto-unique-basic-block-section-names", no: "--no-lto-unique-basic-block-section-names",
      "link-time optimisation"),
    .harmless(
      "--lto-pgo-warn-mismatch", no: "--no-lto-pgo-warn-mismatch", "link-time optimisation"),
    .harmless(
      "--lto-whole-program-visibility", no: "--no-lto-whole-program-visibility",
      "link-time optimisation"),
    .harmless("--thinlto-jobs", takes: .required("COUNT"), "link-time optimisation"),
    .harmless("--thinlto-cache-dir", takes: .required("DIR"), "link-time optimisation"),
    .harmless("--thinlto-cache-policy", takes: .required("POLICY"), "link-time optimisation"),
    .harmless(
      "--opt-remarks-filename|--opt-remarks-format|--opt-remarks-passes", takes: .required("VALUE"),
      "link-time optimisation"),
    .harmless(
      "--opt-remarks-hotness-threshold", takes: .required("COUNT"), "link-time optimisation"),
    .harmless("--opt-remarks-with-hotness", "link-time optimisation"),
  ]

  static let refusedRows: [OptionRow] = [
    .refused("-c|--mri-script", takes: .required("FILE"), "read a script of the MRI format"),
    .refused("-A|--architecture", takes: .required("ARCH"), "set the architecture"),
    .refused("--accept-unknown-input-arch", "read inputs of unknown machines"),
    .refused("-C|--directory", takes: .required("DIR"), "change to DIR first"),
    .refused("--chroot", takes: .required("DIR"), "take DIR for the root of all paths"),
    .refused("--be8", "write big-endian data with little-endian code (Arm only)"),
    .refused("--pic-veneer", "make thunks position-independent (Arm only)"),
    .refused("--target1-abs|--target1-rel", "meaning of R_ARM_TARGET1 (Arm only)"),
    .refused("--target2", takes: .required("TYPE"), "meaning of R_ARM_TARGET2 (Arm only)"),
    .refused("--cmse-implib", "write an import library of secure code (Arm only)"),
    .refused(
      "--in-implib", takes: .required("FILE"), "read an import library of secure code (Arm only)"),
    .refused("--out-implib", takes: .required("FILE"), "write an import library"),
    .refused("--execute-only", "make code unreadable (AArch64 only)"),
    .refused("--android-memtag-heap|--android-memtag-stack", "memory tagging (AArch64 only)"),
    .refused("--android-memtag-mode", takes: .required("MODE"), "memory tagging (AArch64 only)"),
    .refused("--unique", takes: .optional("SECTION"), "keep input sections of one name apart"),
    .refused(
      "--split-by-file|--split-by-reloc", takes: .optional("COUNT"), "split output sections"),
    .refused("--embedded-relocs", "write embedded relocations"),
    .refused("--task-link", takes: .required("SYMBOL"), "link on the level of tasks"),
    .refused("--force-exe-suffix", "give the output the suffix .exe"),
    .refused("--disable-multiple-abs-defs", "detail of --just-symbols"),
    .refused("--enable-non-contiguous-regions", "spread sections over memory regions"),
    .refused("--enable-non-contiguous-regions-warnings", "warn about spread sections"),
    .refused("--print-memory-usage", "print the use of memory regions"),
    .refused("--version-exports-section", takes: .required("SYMBOL"), "take exports from .exports"),
    .refused("--default-imported-symver", "version undefined symbols by soname"),
    .refused("--weak-unresolved-symbols", "make undefined symbols weak"),
    .refused("--no-fortran-common", "do not search archives for common symbols"),
    .refused("--no-ctors-in-init-array", "keep .ctors apart"),
    .refused("--section-ordering-file", takes: .required("FILE"), "place sections by a list"),
    .refused("--shuffle-sections", takes: .optional("SEED"), "place sections at random"),
    .refused("--reverse-sections", "place sections in reverse"),
    .refused(
      "--randomize-section-padding", takes: .required("SEED"), "put random gaps between sections"),
    .refused("--compress-sections", takes: .required("GLOB=FORMAT"), "compress other sections"),
    .refused("--debug-names", "merge .debug_names"),
    .refused("--strip-debug-gdb|--strip-debug-non-line", "leave some debug information out"),
    .refused(
      "--separate-debug-file", takes: .optional("FILE"), "write debug information to a file"),
    .refused(
      "--split-stack-adjust-size", takes: .required("SIZE"), "stack for code without split stacks"),
    .refused(
      "--remap-inputs|--remap-inputs-file", takes: .required("VALUE"), "read other files instead"),
    .refused("--why-extract", takes: .required("FILE"), "tell why archive members are linked"),
    .refused("--why-live", takes: .required("GLOB"), "tell why sections are kept"),
    .refused("--print-archive-stats", takes: .required("FILE"), "write counts of archive members"),
    .refused("--print-symbol-order", takes: .required("FILE"), "write the order of symbols"),
    .refused("--print-symbol-counts", takes: .required("FILE"), "write counts of symbols"),
    .refused("--debug", takes: .required("KINDS"), "print internal messages"),
    .refused("-Trodata-segment|-Tldata-segment", takes: .required("ADDRESS"), "place a segment"),
    .refused("--rosegment-gap", takes: .required("SIZE"), "gap before read-only data"),
    .refused("--lto-emit-asm|--lto-emit-llvm", "write the result of link-time optimisation"),
    .refused(
      "--incremental|--incremental-full|--incremental-update", "link incrementally as gold does"),
    .refused("--repro", "put the inputs into the output"),
  ]
}
