// `.symver api, api@V1` leaves both `api` and `api@V1` in the object. The version is an old one: it
// does not become the default by being named in the script, unless the script gives `api` another.
//#kinds: shared
//#each: SCRIPT = same other
//#object: versions.c
//#link: -Wl,--version-script=$SRC/$SCRIPT.map
//#check: readelf --dyn-syms -W $OUT ~ api@V1( |$)
//#check: readelf --dyn-syms -W $OUT !~ api@@V1( |$)
//#check[other]: readelf --dyn-syms -W $OUT ~ api@@V2( |$)
//#check: readelf --dyn-syms -W $OUT !~ api$
//#without: bfd+other bfd gives api no version V2
//#without: mold mold exports api@@V1, too
//#exit: 4
int api(void);
int main(void) { return api(); }
