// A version of a script hides the names of its `local` list, those with that version included; other
// versions of them stay.
//#kinds: shared
//#each: SCRIPT = all name
//#object: versions.c
//#link: -Wl,--version-script=$SRC/$SCRIPT.map
//#check: readelf --dyn-syms -W $OUT !~ f@V1( |$)
//#check: readelf --dyn-syms -W $OUT ~ g@V1( |$)
//#check: readelf --dyn-syms -W $OUT ~ f@@V2( |$)
//#without: lld+name lld hides every version of a name that is listed in full
//#without: mold mold exports f@V1
//#exit: 2
int f(void);
int main(void) { return f(); }
