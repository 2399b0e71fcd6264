// `.symver f, f@@V` leaves both `f` and `f@@V` in the object: two names of one definition, whose
// version is the one that the object says.
//#kinds: pie
//#shared: libversions.so = versions.c | -Wl,--version-script=$SRC/versions.map
//#check: readelf --dyn-syms -W libversions.so ~ f@@V2$
//#check: readelf --dyn-syms -W libversions.so !~ [^h] f$
//#without: bfd GNU ld takes them for two definitions
//#exit: 5
int f(void);
int main(void) { return f(); }
