/// What options about symbols do.
enum SymbolOption: Sendable {
  case undefined, undefinedGlob, required, wrap, define, trace
  case exportAll, exportGlob, exportGlobFile, dynamicList, dynamicData, dynamicNew, dynamicTypeinfo
  case versionScript, undefinedVersion, defaultVersion, retainFile
  case symbolic, symbolicFunctions, symbolicNonWeak, symbolicNonWeakFunctions, symbolicNone
  case multipleDefinitions, requireDefinitions, unresolved, ignoreUnresolved, warnUnresolved
  case libraryUndefined, warnCommon, sortCommon, defineCommon, gnuUnique
  case strip, stripDebug, discardLocals, discardTemporaries, discardNone
}

extension OptionTable {
  static let symbolRows: [OptionRow] = [
    OptionRow(
      .symbol(.undefined), "-u|--undefined", takes: .required("SYMBOL"),
      "start with an undefined reference to SYMBOL"),
    OptionRow(
      .symbol(.undefinedGlob), "--undefined-glob", takes: .required("GLOB"),
      "start with undefined references to all symbols that match GLOB"),
    OptionRow(
      .symbol(.required), "--require-defined", takes: .required("SYMBOL"),
      "as -u, and an error when SYMBOL stays undefined"),
    OptionRow(
      .symbol(.wrap), "--wrap", takes: .required("SYMBOL"),
      "bind references to SYMBOL to __wrap_SYMBOL, and to __real_SYMBOL to SYMBOL"),
    OptionRow(
      .symbol(.define), "--defsym", takes: .required("SYMBOL=EXPRESSION"), "define SYMBOL"),
    OptionRow(
      .symbol(.trace), "-y|--trace-symbol", takes: .required("SYMBOL"),
      "print each file that mentions SYMBOL"),
    OptionRow(
      .symbol(.exportAll), "-E|--export-dynamic", no: "--no-export-dynamic",
      "put all global symbols of an executable into its dynamic symbol table"),
    OptionRow(
      .symbol(.exportGlob), "--export-dynamic-symbol", takes: .required("GLOB"),
      "put symbols that match GLOB into the dynamic symbol table"),
    OptionRow(
      .symbol(.exportGlobFile), "--export-dynamic-symbol-list", takes: .required("FILE"),
      "read patterns of --export-dynamic-symbol from FILE"),
    OptionRow(
      .symbol(.dynamicList), "--dynamic-list", takes: .required("FILE"),
      "read a list of symbols to export; the others of a shared library bind locally"),
    OptionRow(
      .symbol(.dynamicData), "--dynamic-list-data", "treat all data symbols as in a dynamic list",
      .planned),
    OptionRow(
      .symbol(.dynamicNew), "--dynamic-list-cpp-new",
      "treat C++ operator new and delete as in a dynamic list", .planned),
    OptionRow(
      .symbol(.dynamicTypeinfo), "--dynamic-list-cpp-typeinfo",
      "treat C++ type information as in a dynamic list", .planned),
    OptionRow(
      .symbol(.versionScript), "--version-script", takes: .required("FILE"), "read a version script"
    ),
    OptionRow(
      .symbol(.undefinedVersion), "--undefined-version", no: "--no-undefined-version",
      "allow version scripts to name symbols that are not defined (default)"),
    OptionRow(
      .symbol(.defaultVersion), "--default-symver",
      "give unversioned symbols the soname as their version", .planned),
    OptionRow(
      .symbol(.retainFile), "--retain-symbols-file", takes: .required("FILE"),
      "keep only the symbols that FILE lists", .planned),
    OptionRow(
      .symbol(.symbolic), "-Bsymbolic", "bind a shared library's references to itself"),
    OptionRow(
      .symbol(.symbolicFunctions), "-Bsymbolic-functions",
      "bind a shared library's references to its own functions"),
    OptionRow(
      .symbol(.symbolicNonWeak), "-Bsymbolic-non-weak",
      "bind a shared library's references to its own symbols that are not weak"),
    OptionRow(
      .symbol(.symbolicNonWeakFunctions), "-Bsymbolic-non-weak-functions",
      "bind a shared library's references to its own functions that are not weak"),
    OptionRow(.symbol(.symbolicNone), "-Bno-symbolic", "undo -Bsymbolic and its relatives"),
    OptionRow(
      .symbol(.multipleDefinitions), "--allow-multiple-definition",
      no: "--no-allow-multiple-definition", "let the first of several definitions win"),
    OptionRow(
      .symbol(.requireDefinitions), "--no-undefined",
      "report undefined symbols also in a shared library (same as -z defs)"),
    OptionRow(
      .symbol(.unresolved), "--unresolved-symbols", takes: .required("METHOD"),
      "report-all, ignore-all, ignore-in-object-files or ignore-in-shared-libs"),
    OptionRow(
      .symbol(.ignoreUnresolved), "--ignore-unresolved-symbol", takes: .required("SYMBOL"),
      "do not report SYMBOL when it is undefined", .planned),
    OptionRow(
      .symbol(.warnUnresolved), "--warn-unresolved-symbols", no: "--error-unresolved-symbols",
      "report undefined symbols as warnings"),
    OptionRow(
      .symbol(.libraryUndefined), "--allow-shlib-undefined", no: "--no-allow-shlib-undefined",
      "allow undefined symbols in the shared libraries that are linked"),
    OptionRow(
      .symbol(.warnCommon), "--warn-common", no: "--no-warn-common",
      "warn about common symbols that meet other definitions"),
    OptionRow(
      .symbol(.sortCommon), "--sort-common", takes: .optional("ORDER"),
      "place common symbols by alignment, descending or ascending"),
    OptionRow(
      .symbol(.defineCommon), "-d|-dc|-dp|--define-common", no: "--no-define-common",
      "allocate common symbols even in a relocatable output", .planned),
    OptionRow(
      .symbol(.gnuUnique), "--gnu-unique", no: "--no-gnu-unique",
      "keep the STB_GNU_UNIQUE binding (default)"),
    OptionRow(.symbol(.strip), "-s|--strip-all", "leave symbols and debug information out"),
    OptionRow(.symbol(.stripDebug), "-S|--strip-debug", "leave debug information out"),
    OptionRow(.symbol(.discardLocals), "-x|--discard-all", "leave local symbols out"),
    OptionRow(
      .symbol(.discardTemporaries), "-X|--discard-locals",
      "leave temporary local symbols (.L) out"),
    OptionRow(.symbol(.discardNone), "--discard-none", "keep all local symbols"),
  ]
}
