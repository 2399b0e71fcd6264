/// Options that were understood but that this linker does not carry out: an error if the output
/// would mean something else without them, a warning if only something on the side is missing.
extension Link {
  func refuseUnsupported<T: Target>(_: T.Type) throws(LinkFailed) {
    let remedy = "use GNU ld or lld for this step"
    func refuse(_ isAsked: Bool, _ what: String) {
      if isAsked { diagnostics.error("\(what) is not supported; \(remedy)") }
    }
    func warn(_ isAsked: Bool, _ what: String, _ effect: String) {
      if isAsked { diagnostics.warning("\(what) is not supported: \(effect)") }
    }
    refuse(options.outputKind == .relocatable, "-r (relocatable output)")
    refuse(options.emitsRelocations, "--emit-relocs")
    refuse(options.isBigEndian == true, "-EB (a big-endian output)")
    refuse(options.packsAndroid, "--pack-dyn-relocs=android")
    refuse(options.reproduceArchive != nil, "--reproduce")
    refuse(options.symbolOrderingFile != nil, "--symbol-ordering-file")
    refuse(options.retainSymbolsFile != nil, "--retain-symbols-file")
    refuse(!options.justSymbols.isEmpty, "--just-symbols")
    refuse(options.inputs.contains { $0.state.isBinary }, "--format=binary")
    refuse(options.outputFormat.map { !T.formatNames.contains($0) } ?? false, "--oformat")
    refuse(options.pageUse != .aligned, "-n (--nmagic) or -N (--omagic)")
    refuse(options.defaultScript != nil, "--default-script")
    refuse(options.defaultSymbolVersion, "--default-symver")
    refuse(!options.ignoredUnresolved.isEmpty, "--ignore-unresolved-symbol")
    refuse(options.listsDataSymbols, "--dynamic-list-data")
    refuse(options.listsOperatorNew, "--dynamic-list-cpp-new")
    refuse(options.listsTypeInformation, "--dynamic-list-cpp-typeinfo")
    refuse(!options.auditLibraries.isEmpty, "--audit")
    refuse(!options.dependencyAuditLibraries.isEmpty, "--depaudit")
    refuse(options.definesCommon == false, "--no-define-common")
    refuse(options.inhibitsErrors, "--noinhibit-exec")
    refuse(options.retpolinePLT, "-z retpolineplt")
    refuse(options.ifuncNoPLT, "-z ifunc-noplt")
    refuse(options.uniqueSymbol, "-z unique-symbol")
    refuse(options.rewritesEndbr, "-z rewrite-endbr")
    refuse(options.uniqueNamespace, "-z unique")
    refuse(options.indirectExternAccess == true, "-z indirect-extern-access")
    for option in options.unsupportedOptions { refuse(true, option) }
    warn(options.gdbIndex, "--gdb-index", "gdb will read the debug information itself")
    warn(options.folding != .none, "--icf", "identical functions are kept apart")
    warn(options.addsNeededOfNeeded, "--copy-dt-needed-entries", "name every library yourself")
    warn(options.crossReferences, "--cref", "no table of cross-references is written")
    warn(options.markPLT, "-z mark-plt", "the dynamic section does not tell of the PLT")
    warn(options.memorySeal, "-z memory-seal", "the loader is not told to seal the mappings")
    warn(options.wxNeeded, "-z wxneeded", "there is no segment that tells of it")
    try checkpoint()
  }
}
