/// What options about finding and reading inputs do.
enum InputOption: Sendable {
  case library, libraryPath, runPathLink, sysroot, noStandardLibraries, defaultPath
  case script, defaultScript, justSymbols, format
  case asNeeded, wholeArchive, searchStatic, searchDynamic, searchKind, pushState, popState
  case startGroup, endGroup, startLibrary, endLibrary
  case copyNeeded, excludeLibraries, dependentLibraries
  case quoting
}

extension OptionTable {
  static let inputRows: [OptionRow] = [
    OptionRow(
      .input(.library), "-l|--library", takes: .required("NAME"),
      "link libNAME.so or libNAME.a; -l:FILE looks for FILE itself"),
    OptionRow(
      .input(.libraryPath), "-L|--library-path", takes: .required("DIR"),
      "search DIR for libraries; a leading = stands for the sysroot"),
    OptionRow(
      .input(.runPathLink), "-rpath-link", takes: .required("PATH"),
      "search PATH for libraries that shared libraries need"),
    OptionRow(
      .input(.sysroot), "--sysroot", takes: .required("DIR"),
      "take DIR for the root of the target system"),
    OptionRow(
      .input(.noStandardLibraries), "-nostdlib", "search only the directories given by -L"),
    OptionRow(
      .input(.defaultPath), "-Y", takes: .required("PATH"),
      "search PATH in place of the standard directories"),
    OptionRow(
      .input(.script), "-T|--script", takes: .required("FILE"), "read the linker script FILE",
      .planned),
    OptionRow(
      .input(.defaultScript), "-dT|--default-script", takes: .required("FILE"),
      "read the linker script FILE unless -T is given", .planned),
    OptionRow(
      .input(.justSymbols), "-R|--just-symbols", takes: .required("FILE"),
      "take only symbol values from FILE; of a directory: same as -rpath", .planned),
    OptionRow(
      .input(.format), "-b|--format", takes: .required("FORMAT"),
      "read following inputs as elf or as binary data", .planned),
    OptionRow(
      .input(.asNeeded), "--as-needed", no: "--no-as-needed",
      "add DT_NEEDED for following shared libraries only if they are used"),
    OptionRow(
      .input(.wholeArchive), "--whole-archive", no: "--no-whole-archive",
      "link every member of following archives"),
    OptionRow(
      .input(.searchStatic), "-static|-Bstatic|-dn|-non_shared",
      "let following -l find only archives, and refuse shared libraries"),
    OptionRow(
      .input(.searchDynamic), "-Bdynamic|-dy|-call_shared",
      "let following -l find shared libraries first (default)"),
    OptionRow(
      .input(.searchKind), "-a", takes: .required("KEYWORD"),
      "archive: same as -Bstatic; shared, default: same as -Bdynamic"),
    OptionRow(
      .input(.pushState), "--push-state",
      "save the state of --as-needed, --whole-archive, -Bstatic and --start-lib"),
    OptionRow(.input(.popState), "--pop-state", "restore the state that --push-state saved"),
    OptionRow(
      .input(.startGroup), "-(|--start-group",
      "start a group of archives; archives are searched in any order anyway"),
    OptionRow(.input(.endGroup), "-)|--end-group", "end a group of archives"),
    OptionRow(
      .input(.startLibrary), "--start-lib", "treat following objects as members of an archive"),
    OptionRow(.input(.endLibrary), "--end-lib", "end the effect of --start-lib"),
    OptionRow(
      .input(.copyNeeded), "--copy-dt-needed-entries|--add-needed",
      no: "--no-copy-dt-needed-entries|--no-add-needed",
      "resolve symbols also by libraries that shared libraries need", .planned),
    OptionRow(
      .input(.excludeLibraries), "--exclude-libs", takes: .required("LIB,LIB"),
      "do not export symbols of these archives; ALL: of any archive"),
    OptionRow(
      .input(.dependentLibraries), "--dependent-libraries", no: "--no-dependent-libraries",
      "link the libraries that objects name in .deplibs (default)"),
    OptionRow(
      .input(.quoting), "--rsp-quoting", takes: .required("STYLE"),
      "quoting of response files: posix (default)"),
  ]
}
