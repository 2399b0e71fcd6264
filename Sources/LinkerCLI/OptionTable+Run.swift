/// What options about messages and about running the linker do.
enum RunOption: Sendable {
  case help, version, versionAndContinue, emulationsAndContinue, printSysroot, printFormat
  case verbose, traceFiles, errorLimit, fatalWarnings, noWarnings, color, noColor, demangle
  case threads, noThreads, threadCount, statistics, timeTrace, keepOutput, warnSearchMismatch
  case warnTextRelocations, warnStack, errorStack, warnWritableCode, errorWritableCode
  case reproduce, keyword
}

extension OptionTable {
  static let runRows: [OptionRow] = [
    OptionRow(
      .run(.keyword), "-z", takes: .required("KEYWORD"), "one of the keywords listed below"),
    OptionRow(.run(.help), "--help|--target-help", "print this help and exit"),
    OptionRow(.run(.version), "--version", "print the version and exit"),
    OptionRow(
      .run(.versionAndContinue), "-v", "print the version; link if there are inputs"),
    OptionRow(
      .run(.emulationsAndContinue), "-V",
      "print the version and the emulations; link if there are inputs"),
    OptionRow(.run(.printSysroot), "--print-sysroot", "print the sysroot and exit"),
    OptionRow(
      .run(.printFormat), "--print-output-format", "print the output's format and exit"),
    OptionRow(
      .run(.verbose), "--verbose", takes: .optional("LEVEL"),
      "print the version, the directories that are searched, and which files are tried"),
    OptionRow(
      .run(.traceFiles), "-t|--trace",
      "print the name of each file that is read, and of each archive member that is linked"),
    OptionRow(
      .run(.errorLimit), "--error-limit", takes: .required("COUNT"),
      "stop after COUNT errors (20); 0: no limit"),
    OptionRow(
      .run(.fatalWarnings), "--fatal-warnings", no: "--no-fatal-warnings",
      "treat warnings as errors"),
    OptionRow(.run(.noWarnings), "-w|--no-warnings", "print no warnings"),
    OptionRow(
      .run(.color), "--color-diagnostics", takes: .optional("WHEN"),
      "color messages: auto (default), always or never"),
    OptionRow(.run(.noColor), "--no-color-diagnostics", "same as --color-diagnostics=never"),
    OptionRow(
      .run(.demangle), "--demangle", no: "--no-demangle", takes: .optional("STYLE"),
      "print symbol names as in the source (default); of all styles the same is used"),
    OptionRow(
      .run(.threads), "--threads", takes: .optional("COUNT"),
      "use COUNT threads; without COUNT: one per processor (default)"),
    OptionRow(.run(.noThreads), "--no-threads", "same as --threads=1"),
    OptionRow(
      .run(.threadCount), "--thread-count", takes: .required("COUNT"), "same as --threads=COUNT"),
    OptionRow(
      .run(.statistics), "--stats|--perf", "print times, counts and memory use"),
    OptionRow(
      .run(.timeTrace), "--time-trace|--time-trace-file", takes: .optional("FILE"),
      "write a trace of the phases (OUTPUT.time-trace)"),
    OptionRow(
      .run(.keepOutput), "--noinhibit-exec", "write the output even after errors", .planned),
    OptionRow(
      .run(.warnSearchMismatch), "--warn-search-mismatch", no: "--no-warn-search-mismatch",
      "warn about libraries for other machines that the search passes over (default)"),
    OptionRow(
      .run(.warnTextRelocations), "--warn-textrel|--warn-shared-textrel",
      no: "--no-warn-textrel|--no-warn-shared-textrel",
      "warn when -z notext lets the output need text relocations"),
    OptionRow(
      .run(.warnStack), "--warn-execstack", no: "--no-warn-execstack",
      "warn when the stack becomes executable"),
    OptionRow(
      .run(.errorStack), "--error-execstack", no: "--no-error-execstack",
      "make an executable stack an error"),
    OptionRow(
      .run(.warnWritableCode), "--warn-rwx-segments", no: "--no-warn-rwx-segments",
      "warn about segments that are writable and executable"),
    OptionRow(
      .run(.errorWritableCode), "--error-rwx-segments", no: "--no-error-rwx-segments",
      "make segments that are writable and executable an error"),
    OptionRow(
      .run(.reproduce), "--reproduce", takes: .required("FILE"),
      "write an archive with all that is needed to repeat the link", .planned),
  ]
}
