// Files that options name are looked for in the directories of -L, too.
//#kinds: shared
//#each: option = version-script dynamic-list export-dynamic-symbol-list script
//#prepare: mkdir -p lists; echo 'VERS_1 { global: exported; main; local: *; };' > lists/names.version-script
//#prepare: echo '{ exported; main; };' > lists/names.dynamic-list; cp lists/names.dynamic-list lists/names.export-dynamic-symbol-list
//#prepare: echo 'exported_too = exported;' > lists/names.script
//#without: dynamic-list+lld looks only where it is said to be
//#without: export-dynamic-symbol-list+lld looks only where it is said to be
//#without: script+mold looks only where it is said to be
//#without: script+bfd takes it for the layout of the output
//#link: -Llists -Wl,--$option,names.$option -Wl,--dependency-file=dependencies.mk
//#check[weld]: cat dependencies.mk ~ lists/names.$option
//#check[version-script]: nm -D $OUT ~ exported@@VERS_1
//#check[script]: nm -D $OUT ~ exported_too
int exported(void) { return 1; }
int main(void) { return 0; }
