// `h@V1` and `h@@V1` are one name: a strong definition of it is taken, a weak one left, and it is
// the default version if one of them says so.
//#kinds: shared
//#each: WEAK = new old both
//#each: ORDER = first last
//#object[first]: new.c -DWEAK_$WEAK
//#object: old.c -DWEAK_$WEAK
//#object[last]: new.c -DWEAK_$WEAK
//#link: -Wl,--version-script=$SRC/versions
//#check: readelf --dyn-syms -W $OUT ~ h@@V1( |$)
//#check: readelf --dyn-syms -W $OUT !~ h@V1( |$)
//#without: bfd+both bfd writes both if the default version comes last
//#without: mold mold writes both
//#exit[new]: 1
//#exit[old]: 2
//#exit[both]: 2
int h(void);
int main(void) { return h(); }
